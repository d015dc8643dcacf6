"""Downloads through the proxy of the environment: followed, bounded, and no way around the guard."""

import base64
import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from paintnet.errors import DownloadError
from paintnet.files.download import download
from paintnet.files.proxies import UnusableProxyError, proxy_for
from tests import http_server as web
from tests.http_server import HttpServer, Talk
from tests.picture.picture_helpers import BIRD, HASTY, QUICK, resolver

CERTIFICATE = Path(__file__).parent / "localhost.pem"


class AnyPath(dict[str, web.Page]):
    """A proxy is asked for whole addresses, and for host:port by CONNECT: one page for all of them."""

    def __init__(self, page: web.Page) -> None:
        super().__init__()
        self.page = page

    def get(self, key: str, default: object = None) -> web.Page:  # type: ignore[override]
        return self.page


@contextlib.contextmanager
def proxy(page: web.Page) -> Iterator[HttpServer]:
    with HttpServer(pages=AnyPath(page)) as server:
        yield server


def tunnel_to(port: int) -> web.Page:
    """What CONNECT asks for, whatever the name: bytes to and fro."""

    def page(talk: Talk) -> None:
        with socket.create_connection(("127.0.0.1", port)) as there:
            talk.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            ends = {talk.connection: there, there: talk.connection}
            while not talk.stopping.is_set():
                for end in select.select(list(ends), [], [], 0.1)[0]:
                    data = end.recv(65_536)
                    if not data:
                        return
                    ends[end].sendall(data)

    return page


@pytest.fixture
def secure() -> Iterator[int]:
    """An https server for the name localhost that always has the bird; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                connection.settimeout(5)
                with connection, context.wrap_socket(connection, server_side=True) as line:
                    line.recv(65_536)
                    line.sendall(web.head(Content_Length=len(BIRD)) + BIRD)

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def refused(url: str, *, allow_private: bool = False) -> str:
    with pytest.raises(DownloadError) as caught:
        download(url, allow_private=allow_private, limits=QUICK)
    chain: BaseException | None = caught.value
    assert "secret" not in str(chain)
    return str(chain).removeprefix(f"{url}: ")


def test_http_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, {"cats.example": ["93.184.216.34"], "127.0.0.1": ["127.0.0.1"]})
    with proxy(web.good(BIRD)) as middle:
        monkeypatch.setenv("HTTP_PROXY", f"http://ann:secret@127.0.0.1:{middle.port}")
        assert download("http://cats.example/bird.png", limits=QUICK) == BIRD
    (request,) = middle.requests
    assert request.startswith("GET http://cats.example/bird.png HTTP/1.1\r\n")
    token = base64.b64encode(b"ann:secret").decode()
    assert f"\r\nProxy-Authorization: Basic {token}\r\n" in request


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_https_goes_through_a_tunnel(secure: int, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with proxy(tunnel_to(secure)) as middle:
        monkeypatch.setenv(name, f"127.0.0.1:{middle.port}")
        assert download(f"https://localhost:{secure}/bird.png", allow_private=True, limits=QUICK) == BIRD
    (request,) = middle.requests
    assert request.startswith(f"CONNECT localhost:{secure} HTTP/1.")


@pytest.mark.parametrize("value", ["127.0.0.1", "localhost,127.0.0.0/8", "*"])
def test_no_proxy_is_respected(server: HttpServer, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", value)
    assert download(server.url("/bird.png"), allow_private=True, limits=QUICK) == BIRD


def test_fault_13_a_proxy_is_no_way_around_the_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(
        monkeypatch,
        {"inside.example": ["10.0.0.7"], "cats.example": ["93.184.216.34"], "127.0.0.1": ["127.0.0.1"],
         "169.254.169.254": ["169.254.169.254"]},
    )  # fmt: skip
    with proxy(web.redirect("http://169.254.169.254/latest/meta-data")) as middle:
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{middle.port}")
        assert refused("http://inside.example/") == (
            "refused, since inside.example leads to 10.0.0.7, a private address; allow private addresses"
        )
        assert "is a loopback address" in refused("https://127.0.0.1/")
        assert refused("http://only-inside.example/") == (
            "only-inside.example has no address here that could be checked before the proxy is asked; "
            "allow private addresses"
        )
        assert middle.requests == []
        assert "refused, since 169.254.169.254 is a link-local address" in refused("http://cats.example/")
        assert len(middle.requests) == 1


def test_a_name_that_only_the_proxy_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, {"127.0.0.1": ["127.0.0.1"]})
    with proxy(web.good(BIRD)) as middle:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{middle.port}")
        assert download("http://only-inside.example/", allow_private=True, limits=QUICK) == BIRD


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (
            web.status("403 Forbidden"),
            "the proxy answered 403 Forbidden; check the URL, or ask who runs the proxy",
        ),
        (web.status("503 Busy"), "the proxy answered 503 Service Unavailable; try again later"),
        (
            web.status("407 Proxy Authentication Required"),
            "the proxy asks for a user name and a password; "
            "put them into the proxy's address, as in http://user:password@proxy:3128",
        ),
        (web.hang_up(), "the proxy closed the connection; try again later"),
    ],
    ids=["403", "503", "407", "hang up"],
)
def test_what_a_proxy_refuses(monkeypatch: pytest.MonkeyPatch, page: web.Page, message: str) -> None:
    resolver(monkeypatch, {"cats.example": ["93.184.216.34"], "127.0.0.1": ["127.0.0.1"]})
    with proxy(page) as middle:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ann:secret@127.0.0.1:{middle.port}")
        assert refused("https://cats.example/") == message


def test_http_proxy_that_wants_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, {"cats.example": ["93.184.216.34"], "127.0.0.1": ["127.0.0.1"]})
    with proxy(web.status("407 Proxy Authentication Required")) as middle:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{middle.port}")
        assert refused("http://cats.example/").startswith("the proxy asks for a user name and a password; ")


def test_a_proxy_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, {"cats.example": ["93.184.216.34"], "127.0.0.1": ["127.0.0.1"]})
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        monkeypatch.setenv("HTTP_PROXY", f"http://ann:secret@127.0.0.1:{port}")
        assert refused("http://cats.example/") == (
            f"no connection (connection refused) to the proxy 127.0.0.1:{port}; try again later"
        )


def test_a_dripping_proxy_ends_at_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, {"cats.example": ["93.184.216.34"], "127.0.0.1": ["127.0.0.1"]})
    with proxy(web.dripping_headers()) as middle:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{middle.port}")
        with pytest.raises(DownloadError, match=r"took longer than 0\.6 seconds"):
            download("https://cats.example/", limits=HASTY)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("socks5://127.0.0.1:1080", "the environment names a socks5 proxy, which is not supported"),
        ("http://", "the proxy that the environment names has no valid address"),
        ("http://a:99999", "the proxy that the environment names has no valid address"),
    ],
)
def test_what_is_no_proxy(monkeypatch: pytest.MonkeyPatch, value: str, why: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(UnusableProxyError) as caught:
        proxy_for("https://cats.example/")
    assert str(caught.value) == why
    assert refused("https://cats.example/") == f"{why}; name an http proxy in HTTPS_PROXY, or unset it"


def test_the_name_of_a_proxy_holds_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ann:secret@proxy.example:3128")
    found = proxy_for("https://cats.example/")
    assert found is not None
    assert found.name == "proxy.example:3128"
    assert proxy_for("http://cats.example/") is None
