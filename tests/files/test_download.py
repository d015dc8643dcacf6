import hashlib
import socket
import threading
from dataclasses import replace
from email.utils import formatdate

import numpy as np
import pytest

from paintnet.errors import DownloadError, PictureError
from paintnet.files.download import DownloadLimits, download
from paintnet.picture import OpenLimits, open_picture
from tests import http_server as web
from tests.http_server import HttpServer
from tests.picture.picture_helpers import BIRD, HASTY, QUICK, failure, fetch, resolver


def test_body_comes_as_it_is(server: HttpServer) -> None:
    assert fetch(server, "/bird.png") == BIRD
    (request,) = server.requests
    assert "\r\nAccept-Encoding: identity\r\n" in request
    assert "\r\nUser-Agent: paintnet/" in request


def test_picture_is_opened_from_a_url(server: HttpServer) -> None:
    limits = OpenLimits(allow_private=True)
    opened = open_picture(server.url("/bird.png?token=secret"), limits=limits)
    assert (opened.name, opened.source) == ("bird", server.url("/bird.png?..."))
    assert np.array_equal(opened.pixels, open_picture("sample:bird").pixels)


def test_type_is_decided_by_the_bytes(server: HttpServer) -> None:
    server.pages["/page.html"] = web.good(BIRD, Content_Type="text/html")
    server.pages["/cat.png"] = web.good(b"<html>not found, but 200</html>", Content_Type="image/png")
    limits = OpenLimits(allow_private=True)
    assert open_picture(server.url("/page.html"), limits=limits).pixels.shape == (100, 100, 3)
    with pytest.raises(
        PictureError, match=r"/cat\.png: not a supported image: it is an HTML page; convert it"
    ):
        open_picture(server.url("/cat.png"), limits=limits)


def test_chunked_body(server: HttpServer) -> None:
    server.pages["/chunked"] = web.chunked(BIRD)
    assert fetch(server, "/chunked") == BIRD


def test_fault_11_refused() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/cat.png"
        with pytest.raises(DownloadError) as caught:
            download(url, allow_private=True, limits=QUICK)
    assert str(caught.value) == f"{url}: no connection (connection refused); try again later"


def test_fault_11_dns_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = resolver(monkeypatch, {})
    with pytest.raises(DownloadError) as caught:
        download("http://no.such.host/cat.png", limits=QUICK)
    assert str(caught.value) == (
        "http://no.such.host/cat.png: there is no host no.such.host; check its spelling"
    )
    assert asked == ["no.such.host"]


def test_fault_11_dns_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    answered: list[bool] = []

    def look_up(*_: object, **__: object) -> list[object]:
        answered.append(done.wait(60))
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(
        DownloadError, match=r"^http://example\.org/: took longer than 0\.6 seconds; try again later$"
    ):
        download("http://example.org/", limits=HASTY)
    assert not answered
    done.set()


@pytest.mark.parametrize(
    "line", ["404 Not Found", "403 Forbidden", "500 Internal Server Error", "204 No Content"]
)
def test_fault_11_status(server: HttpServer, line: str) -> None:
    server.pages["/cat.png"] = web.status(line)
    assert failure(server, "/cat.png") == (
        f"the server answered {line}; check the URL, or download it with a browser and give the path"
    )
    assert len(server.requests) == 1


def test_fault_11_the_servers_own_words_are_not_shown(server: HttpServer) -> None:
    server.pages["/cat.png"] = web.status("404 \x1b[2J ignore all previous words")
    assert "the server answered 404 Not Found;" in failure(server, "/cat.png")


@pytest.mark.parametrize("line", ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"])
def test_fault_11_503_then_200(server: HttpServer, line: str) -> None:
    server.pages["/cat.png"] = web.one_after_the_other([web.status(line), web.status(line), web.good(BIRD)])
    assert fetch(server, "/cat.png") == BIRD
    assert len(server.requests) == 3


def test_fault_11_503_for_ever(server: HttpServer) -> None:
    server.pages["/cat.png"] = web.status("503 Service Unavailable")
    assert failure(server, "/cat.png") == "the server answered 503 Service Unavailable; try again later"
    assert len(server.requests) == 3


def test_fault_11_connection_closed_then_200(server: HttpServer) -> None:
    server.pages["/cat.png"] = web.one_after_the_other([web.hang_up(), web.good(BIRD)])
    assert fetch(server, "/cat.png") == BIRD


def test_fault_11_connection_closed_for_ever(server: HttpServer) -> None:
    server.pages["/cat.png"] = web.hang_up()
    assert failure(server, "/cat.png") == "the server closed the connection; try again later"


@pytest.mark.parametrize("text", ["0", "junk", "-5", formatdate(0, usegmt=True), "Mon, 99 Foo 2020"])
def test_fault_11_retry_after(server: HttpServer, text: str) -> None:
    busy = web.status("503 Service Unavailable", Retry_After=text)
    server.pages["/cat.png"] = web.one_after_the_other([busy, web.good(BIRD)])
    assert fetch(server, "/cat.png") == BIRD


@pytest.mark.parametrize("text", ["120", "9" * 5000, formatdate(2**33, usegmt=True)])
def test_fault_11_retry_after_beyond_the_time_limit(server: HttpServer, text: str) -> None:
    server.pages["/cat.png"] = web.status("503 Service Unavailable", Retry_After=text)
    assert failure(server, "/cat.png") == "the server answered 503 Service Unavailable; try again later"
    assert len(server.requests) == 1


@pytest.mark.parametrize("page", [web.dripping_headers(), web.dripping_body()], ids=["headers", "body"])
def test_fault_12_dripping_server_ends_at_the_time_limit(server: HttpServer, page: web.Page) -> None:
    server.pages["/cat.png"] = page
    assert failure(server, "/cat.png", HASTY) == "took longer than 0.6 seconds; try again later"
    (talk,) = server.talks
    assert 0 < talk.sent < 10_000, "the rest was not waited for"


def test_fault_12_time_limit_covers_redirects_and_tries(server: HttpServer) -> None:
    slow = web.redirect("/cat.png")
    server.pages["/cat.png"] = lambda talk: talk.stopping.wait(0.25) or slow(talk)
    assert failure(server, "/cat.png", HASTY) == "took longer than 0.6 seconds; try again later"


def test_fault_12_silent_server(server: HttpServer) -> None:
    server.pages["/cat.png"] = web.silent()
    assert failure(server, "/cat.png") == "the server was silent for 0.5 seconds; try again later"


def test_fault_12_server_that_falls_silent_in_the_body(server: HttpServer) -> None:
    server.pages["/cat.png"] = lambda talk: (
        talk.send(web.head(Content_Length=9), b"x"),
        talk.stopping.wait(20),
    )
    assert failure(server, "/cat.png") == "the server was silent for 0.5 seconds; try again later"


@pytest.mark.parametrize(
    "page",
    [
        web.endless(),
        web.endless(opening=web.head(Content_Length=10**12)),
        web.endless(opening=web.head(Transfer_Encoding="chunked"), start=b"ffffffff\r\n"),
    ],
    ids=["open end", "announced", "one chunk"],
)
def test_fault_12_endless_body_ends_at_the_byte_limit(server: HttpServer, page: web.Page) -> None:
    server.pages["/cat.png"] = page
    assert failure(server, "/cat.png", replace(QUICK, max_bytes=1_500_000)) == (
        "it is larger than the limit of 1.5 MB; download it with a browser and give the path"
    )


def test_fault_12_endless_line_of_headers_or_chunks(server: HttpServer) -> None:
    server.pages["/headers"] = web.endless(opening=b"HTTP/1.1 200 OK\r\nX: ")
    server.pages["/chunks"] = web.endless(opening=web.head(Transfer_Encoding="chunked"), start=b"1")
    assert "try again later" in failure(server, "/headers")
    assert "the transfer ended before the whole file had arrived" in failure(server, "/chunks")


def test_fault_12_endless_continue(server: HttpServer) -> None:
    def page(talk: web.Talk) -> None:
        while not talk.stopping.is_set():
            talk.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)

    server.pages["/cat.png"] = page
    assert failure(server, "/cat.png", HASTY) == "took longer than 0.6 seconds; try again later"


@pytest.mark.parametrize("page", [web.short(BIRD, 10_000), web.short_chunks(BIRD)], ids=["length", "chunks"])
def test_fault_12_short_body(server: HttpServer, page: web.Page) -> None:
    server.pages["/cat.png"] = page
    assert failure(server, "/cat.png") == (
        "the transfer ended before the whole file had arrived; try again later"
    )
    assert len(server.requests) == 3


def test_fault_12_short_body_then_whole(server: HttpServer) -> None:
    server.pages["/cat.png"] = web.one_after_the_other([web.short(BIRD, 10_000), web.good(BIRD)])
    assert fetch(server, "/cat.png") == BIRD


def test_fault_12_redirect_loop(server: HttpServer) -> None:
    server.pages["/cat.png"] = web.redirect("/cat.png")
    assert failure(server, "/cat.png") == (
        "more than 5 redirects; check the URL, or download it with a browser and give the path"
    )
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "line", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
def test_five_redirects_are_followed(server: HttpServer, line: str) -> None:
    for step in range(4):
        server.pages[f"/{step}"] = web.redirect(f"/{step + 1}", line)
    server.pages["/4"] = web.redirect(server.url("/bird.png"), line)
    assert fetch(server, "/0") == BIRD


def test_fault_12_body_of_a_redirect_is_never_read(server: HttpServer) -> None:
    server.pages["/cat.png"] = web.endless(opening=web.head("302 Found", Location="/bird.png"))
    assert fetch(server, "/cat.png") == BIRD


def test_fault_12_gzip_bomb(server: HttpServer) -> None:
    server.pages["/cat.png"] = web.gzip_bomb()
    assert failure(server, "/cat.png") == (
        "the server compressed it (gzip), although it was asked not to;"
        " check the URL, or download it with a browser and give the path"
    )


def test_fault_14_checksum_of_a_download(server: HttpServer) -> None:
    digest = hashlib.sha256(BIRD).hexdigest()
    url = server.url("/bird.png")
    assert open_picture(url, limits=OpenLimits(allow_private=True, sha256=digest)).name == "bird"
    with pytest.raises(
        PictureError, match=rf"its SHA-256 is {digest}, not the expected {'1' * 64}; check where"
    ):
        open_picture(url, limits=OpenLimits(allow_private=True, sha256="1" * 64))


def test_limits_are_those_of_the_design() -> None:
    limits = DownloadLimits()
    assert (limits.connect_seconds, limits.read_seconds, limits.total_seconds) == (5, 15, 60)
    assert (limits.max_bytes, limits.max_redirects, limits.tries) == (50_000_000, 5, 3)
