"""The connection to a server: a clock over the whole download, and only addresses that were checked.

``requests`` gives time limits for single steps only, and looks a host name up by itself. Here
the name is looked up once, every address it has is checked, and the connection goes to one of
exactly these addresses: a name that answers differently the second time gains nothing. TLS still
checks the certificate against the name.
"""

import http
import http.client
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from paintnet.files.addresses import refusal

_LONGEST_LINE = 65_536


class RefusedAddressError(Exception):
    """A host has an address that must not be connected to."""

    def __init__(self, host: str, address: str, reason: str) -> None:
        super().__init__(f"{host} has {reason}, {address}")
        self.host = host
        self.address = address
        self.reason = reason


class NoSuchHostError(Exception):
    """A host name has no address; ``passing`` when asking again may help."""

    def __init__(self, host: str, passing: bool) -> None:
        super().__init__(host)
        self.host = host
        self.passing = passing


class NotConnectedError(Exception):
    """A host was found, but none of its addresses took the connection; the cause is an OSError."""


class TimeIsUpError(Exception):
    """The download as a whole took too long."""


class NoThreadError(Exception):
    """The system has no room for another thread, without which nothing bounds the time."""


class Connection:
    """The sockets and the clock of one download; a context manager.

    Parameters
    ----------
    total_seconds : float
        After this time every socket is shut down, whatever is being waited for.
    allow_private : bool
        Whether private and loopback addresses are allowed.
    """

    def __init__(self, total_seconds: float, *, allow_private: bool) -> None:
        self._end = time.monotonic() + total_seconds
        self._allow_private = allow_private
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._watchdog = threading.Timer(total_seconds, self._shut_down)
        self._watchdog.daemon = True

    def __enter__(self) -> Self:
        _start(self._watchdog)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watchdog.cancel()
        with self._lock:
            for each in self._sockets:
                each.close()
            self._sockets.clear()

    @property
    def allows_private(self) -> bool:
        """Whether private and loopback addresses are allowed."""
        return self._allow_private

    @property
    def remaining(self) -> float:
        """Seconds that are left, 0 when the time is up."""
        return max(0.0, self._end - time.monotonic())

    def check_time(self) -> None:
        """Raise TimeIsUpError when no time is left."""
        if self.remaining <= 0:
            raise TimeIsUpError

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect to a host at the first of its addresses that answers, all of them checked."""
        return self._connect(self.check_host(host, port), timeout)

    def connect_to_proxy(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect to a proxy, which may be anywhere: who set it is trusted, unlike who wrote a URL."""
        return self._connect(self._look_up(host.strip("[]"), port), timeout)

    def check_host(self, host: str, port: int) -> list[Any]:
        """Look up a host, and check every address that it has."""
        found = self._look_up(host.strip("[]"), port)
        for *_, place in found:
            reason = refusal(str(place[0]), allow_private=self._allow_private)
            if reason is not None:
                raise RefusedAddressError(host, str(place[0]), reason)
        return found

    def _connect(self, found: list[Any], timeout: float) -> socket.socket:
        problem = OSError("no address")
        for family, kind, protocol, _, place in found:
            self.check_time()
            try:
                return self._open(family, kind, protocol, place, min(timeout, self.remaining))
            except OSError as error:
                problem = error
        # Not an OSError: urllib3 would take a time-out for one of reading.
        raise NotConnectedError from problem

    def _open(
        self, family: int, kind: int, protocol: int, place: tuple[Any, ...], timeout: float
    ) -> socket.socket:
        """Connect to one numeric address, and let the watchdog know."""
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(max(timeout, 0.001))
            connection.connect(place)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                # A duplicate: TLS takes the descriptor away from the socket that it wraps.
                self._sockets.append(connection.dup())
            self.check_time()  # else the watchdog may have passed just before
        except BaseException:
            connection.close()
            raise
        return connection

    def _look_up(self, host: str, port: int) -> list[Any]:
        """Resolve a name within the time that is left: the resolver itself cannot be told one."""
        answer: list[Any] = []
        problem: list[BaseException] = []

        def ask() -> None:
            try:
                answer.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                problem.append(error)

        thread = threading.Thread(target=ask, daemon=True)
        _start(thread)
        thread.join(self.remaining)
        if thread.is_alive():
            raise TimeIsUpError
        if problem:
            passing = getattr(problem[0], "errno", None) == socket.EAI_AGAIN
            raise NoSuchHostError(host, passing) from problem[0]
        return answer

    def _shut_down(self) -> None:
        """End every transfer: whoever waits for data gets an error or an end of file at once."""
        with self._lock:
            for each in self._sockets:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the other side was faster


def _start(thread: threading.Thread) -> None:
    try:
        thread.start()
    except RuntimeError as error:
        raise NoThreadError from error


class ConnectionAdapter(HTTPAdapter):
    """Makes ``requests`` connect by a :class:`Connection` only.

    Parameters
    ----------
    connection : Connection
        The connection of this download.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        """Let urllib3 build its connections from the two classes below."""
        super().init_poolmanager(connections, maxsize, block, **options)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = _pool_classes(self._connection.connect, self._connection.check_time)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Let what goes through a proxy be connected under the same clock."""
        manager: Any = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _pool_classes(
            self._connection.connect_to_proxy, self._connection.check_time
        )
        return manager


class FinalResponse(http.client.HTTPResponse):
    """An answer that comes after any number of interim ones, such as 103 Early Hints.

    The standard library passes over 100 Continue only (RFC 9110, section 15.2, has a client
    expect any of them). ``_read_status`` is its step that reads one status line.
    """

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200 or status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            while self.fp.readline(_LONGEST_LINE).strip():
                continue


def _pool_classes(
    connect: Callable[[str, int, float], socket.socket], check_time: Callable[[], None]
) -> dict[str, Any]:
    """Build the pools of one connection. ``_new_conn`` is urllib3's step that opens the socket."""

    class GuardedHTTPConnection(HTTPConnection):
        response_class = FinalResponse

        def _new_conn(self) -> socket.socket:
            return connect(self.host, self.port, _seconds(self.timeout))

    class GuardedHTTPSConnection(HTTPSConnection):
        response_class = FinalResponse

        def _new_conn(self) -> socket.socket:
            return connect(self.host, self.port or 443, _seconds(self.timeout))

        def _tunnel(self) -> None:
            super()._tunnel()
            # An answer that the watchdog has cut looks whole, and TLS on a socket that is shut would leak it.
            check_time()

    class GuardedHTTPPool(HTTPConnectionPool):
        ConnectionCls = GuardedHTTPConnection

    class GuardedHTTPSPool(HTTPSConnectionPool):
        ConnectionCls = GuardedHTTPSConnection

    return {"http": GuardedHTTPPool, "https": GuardedHTTPSPool}


def _seconds(timeout: object) -> float:
    return float(timeout) if isinstance(timeout, int | float) else 5.0
