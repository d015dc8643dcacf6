import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from paintnet.errors import DownloadError
from paintnet.files.download import download
from tests import http_server as web
from tests.http_server import HttpServer
from tests.picture.picture_helpers import BIRD, HASTY, QUICK, failure, resolver

PEM = Path(__file__).with_name("localhost.pem")
Resolver = dict[str, list[str]]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/cat.png", "gopher://127.0.0.1/1"])
def test_fault_13_redirect_to_another_scheme(server: HttpServer, target: str) -> None:
    server.pages["/cat.png"] = web.redirect(target)
    scheme = target.partition(":")[0]
    assert failure(server, "/cat.png") == (
        f" (redirected to {target}): {scheme} addresses are not supported; give an http or https URL"
    )


@pytest.mark.parametrize(
    ("host", "kind", "remedy"),
    [
        ("127.0.0.1", "a loopback address", "allow private addresses"),
        ("10.0.0.1", "a private address", "allow private addresses"),
        ("169.254.169.254", "a link-local address", "give another URL"),
        ("0.0.0.0", "an unspecified address", "give another URL"),
        ("224.0.0.1", "a multicast address", "give another URL"),
        ("[::1]", "a loopback address", "allow private addresses"),
        ("[::ffff:127.0.0.1]", "an IPv4 address inside an IPv6 address", "give another URL"),
        ("[64:ff9b::7f00:1]", "an IPv4 address inside an IPv6 address", "give another URL"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_fault_13_numeric_address(scheme: str, host: str, kind: str, remedy: str) -> None:
    url = f"{scheme}://{host}/cat.png"
    with pytest.raises(DownloadError) as caught:
        download(url, limits=QUICK)
    shown = str(caught.value)
    assert shown.startswith(f"{url}: refused, since ")
    assert shown.endswith(f" is {kind}; {remedy}")


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "017700000001", "127.1", "localhost", "LOCALHOST."]
)
def test_fault_13_other_spellings_of_loopback(host: str) -> None:
    with pytest.raises(
        DownloadError, match=r"refused, since .* leads to (127\.0\.0\.1|::1), a loopback address"
    ):
        download(f"http://{host}/cat.png", limits=QUICK)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "192.168.0.1", "::ffff:10.0.0.1", "fe80::1"]
)
def test_fault_13_name_that_leads_inside(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolver(monkeypatch, {"cats.example": ["93.184.216.34", address]})
    with pytest.raises(DownloadError, match=rf"refused, since cats.example leads to {address}, an? "):
        download("http://cats.example/cat.png", limits=QUICK)


def test_fault_13_redirect_inside_is_refused(server: HttpServer) -> None:
    server.pages["/cat.png"] = web.redirect("http://169.254.169.254/latest/meta-data")
    assert failure(server, "/cat.png") == (
        " (redirected to http://169.254.169.254/latest/meta-data):"
        " refused, since 169.254.169.254 is a link-local address; give another URL"
    )


def test_fault_13_name_is_looked_up_once_and_its_address_used(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that changes its answer after the check (DNS rebinding) gains nothing."""
    names = {"cats.example": ["127.0.0.1"]}
    asked = resolver(monkeypatch, names, server.port)
    assert download("http://cats.example/bird.png", allow_private=True, limits=QUICK) == BIRD
    assert asked == ["cats.example"]
    assert "\r\nHost: cats.example\r\n" in server.requests[0]


def test_fault_13_every_address_is_checked_before_any_is_used(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver(monkeypatch, {"cats.example": ["127.0.0.1", "169.254.169.254"]}, server.port)
    with pytest.raises(DownloadError, match=r"link-local"):
        download("http://cats.example/bird.png", allow_private=True, limits=QUICK)
    assert server.requests == []


def test_next_address_is_tried_when_one_does_not_answer(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver(monkeypatch, {"cats.example": ["::1", "127.0.0.1"]}, server.port)
    assert download("http://cats.example/bird.png", allow_private=True, limits=QUICK) == BIRD


def test_password_of_a_url_is_used_but_never_shown(server: HttpServer) -> None:
    url = f"http://ann:secret@127.0.0.1:{server.port}/cat.png?token=hidden"
    with pytest.raises(DownloadError) as caught:
        download(url, allow_private=True, limits=QUICK)
    chain: BaseException | None = caught.value
    assert "secret" not in str(chain)
    assert "hidden" not in str(chain)
    assert "\r\nAuthorization: Basic " in server.requests[0]


@pytest.mark.parametrize(
    "url", ["http://", "http:///cat.png", "https:cat.png", "http://[::1", "http://a:99999/", "http://a b/"]
)
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(
        DownloadError, match=r"(is not a URL|names no host|there is no host .*); check its spelling$"
    ):
        download(url, limits=QUICK)


@pytest.fixture
def secure() -> Iterator[int]:
    """An https server for the name localhost; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(5)
            try:
                with context.wrap_socket(connection, server_side=True) as line:
                    line.recv(65_536)
                    line.sendall(web.head(Content_Length=len(BIRD)) + BIRD)
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_https_with_the_certificates_of_the_environment(
    secure: int, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(PEM))
    assert download(f"https://localhost:{secure}/bird.png", allow_private=True, limits=QUICK) == BIRD


def test_https_with_an_unknown_certificate_is_refused(secure: int) -> None:
    with pytest.raises(
        DownloadError, match=r"the certificate of the server cannot be trusted; check the URL, or"
    ):
        download(f"https://localhost:{secure}/bird.png", allow_private=True, limits=QUICK)


def test_https_checks_the_name_not_the_address(secure: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
    resolver(monkeypatch, {"cats.example": ["127.0.0.1"]}, secure)
    with pytest.raises(DownloadError, match=r"the certificate of the server cannot be trusted"):
        download("https://cats.example/bird.png", allow_private=True, limits=QUICK)


def test_certificates_that_do_not_exist(secure: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file.pem")
    with pytest.raises(
        DownloadError, match=r"SSL_CERT_FILE names a file that does not exist; correct or unset it$"
    ):
        download(f"https://localhost:{secure}/bird.png", allow_private=True, limits=QUICK)


def test_fault_12_tls_server_that_never_shakes_hands(server: HttpServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"https://127.0.0.1:{deaf.getsockname()[1]}/"
        with pytest.raises(DownloadError, match=r"try again later$"):
            download(url, allow_private=True, limits=HASTY)
