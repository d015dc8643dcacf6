"""The server of the page: on this machine only, unless somebody asks for more."""

import asyncio
import secrets
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from paintnet.errors import PaintnetError, SettingsError
from paintnet.picture import OpenLimits
from paintnet.play.checking import check_server
from paintnet.play.controls import Wish
from paintnet.play.guard import Guard
from paintnet.play.pages import Pages
from paintnet.play.visit import Page

LOOPBACK = "127.0.0.1"
LEAST_TOKEN = 16
MOST_CONNECTIONS = 64
"""At once: a page has one that stays and a few short ones; what is above is turned away."""

SECONDS_TO_END = 3.0


class ServerError(PaintnetError):
    """The page cannot be served."""


def checked_token(token: str | None) -> str:
    """Give the token of a server: a random one, or the one that is given.

    Raises
    ------
    SettingsError
        If it could be guessed, or does not fit into an address.

    Examples
    --------
    >>> len(checked_token(None)), checked_token("abcdefgh-1234-5678")
    (22, 'abcdefgh-1234-5678')
    """
    if token is None:
        return secrets.token_urlsafe(16)
    plain = token.replace("-", "").replace("_", "")
    if len(token) < LEAST_TOKEN or not (plain.isascii() and plain.isalnum()):
        remedy = f"give {LEAST_TOKEN} or more letters, digits, - and _, or leave it out"
        raise SettingsError("token", "it must be hard to guess and fit into an address", remedy)
    return token


class Server:
    """Serves the page in threads of its own; a context, which ends it.

    Parameters
    ----------
    source : str, Path or None
        Picture that a page begins with; a path is read anew by each page.
    command_line : callable
        Writes the command that repeats a run.
    folder : Path
        Where files are saved on request.
    host : str
        Address to listen at.
    port : int
        0: any that is free.
    token : str, optional
        By default a random one.
    limits : OpenLimits, optional
        Of pictures.

    Raises
    ------
    SettingsError
        If a package is missing.
    ServerError
        If the port cannot be had.
    """

    def __init__(
        self,
        source: Any = "sample:bird",
        *,
        command_line: Callable[[str, Wish], str | None] = lambda source, wish: None,
        folder: Path | None = None,
        host: str = LOOPBACK,
        port: int = 0,
        token: str | None = None,
        limits: OpenLimits | None = None,
    ) -> None:
        check_server()
        import uvicorn

        from paintnet.play.routes import Routes

        self.token = checked_token(token)
        self._socket = _listening(host, port)
        self.host, self.port = host, int(self._socket.getsockname()[1])
        kept = limits or OpenLimits()
        self.pages = Pages(lambda: Page(kept, command_line, source))
        routes = Routes(self.pages, folder or Path.cwd())
        guard = Guard(routes.app(), self.token, self._names())
        config = uvicorn.Config(
            guard,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=1,
            server_header=False,
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="paintnet-server", daemon=True)
        self._sweeper = threading.Thread(target=self._sweep, name="paintnet-sweeper", daemon=True)
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._sweeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.pages.close()
        self._server.should_exit = True
        self._thread.join(SECONDS_TO_END)
        self._socket.close()

    @property
    def address(self) -> str:
        """What a browser opens."""
        shown = LOOPBACK if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - compared, not bound
        return f"http://{_bracketed(shown)}:{self.port}/{self.token}/"

    def _names(self) -> list[str]:
        """What the server may be called; where it listens to others too, by its name and addresses."""
        hosts = {LOOPBACK, "localhost", "::1", self.host}
        if self.host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
            name = socket.gethostname()
            hosts |= {name, f"{name}.local", *_own_addresses(name)}
        names = [f"{_bracketed(host)}:{self.port}" for host in hosts]
        return names + [_bracketed(host) for host in hosts] if self.port == 80 else names

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def _sweep(self) -> None:
        while not self._over.wait(2.0):
            self.pages.sweep()


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
        try:
            if sys.platform != "win32":  # where it would let two servers have one port
                found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind(address)
            found.listen(128)
        except BaseException:
            found.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ServerError(
            f"{host}:{port}", f"cannot be listened at ({why})", "choose another port"
        ) from error
    return found


def _own_addresses(name: str) -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(name, None)}
    except OSError:
        return set()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
