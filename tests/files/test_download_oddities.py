"""What servers do that browsers take in their stride: served all the same, inside the limits."""

import socket
import time
import traceback
from dataclasses import replace

import pytest

from paintnet.errors import DownloadError, PictureError
from paintnet.files.download import download
from paintnet.picture import OpenLimits, open_picture
from tests import http_server as web
from tests.http_server import HttpServer, Talk
from tests.picture.picture_helpers import BIRD, HASTY, QUICK, failure, fetch

HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nX-Many: 1\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"


@pytest.mark.parametrize(
    "interim",
    [
        HINTS,
        CONTINUE,
        PROCESSING,
        HINTS * 3,
        CONTINUE + HINTS + PROCESSING + CONTINUE,
        b"HTTP/1.1 199 Odd\r\n\r\n",
    ],
    ids=["103", "100", "102", "three hints", "all", "199"],
)
def test_fault_32_interim_answers_are_passed_over(server: HttpServer, interim: bytes) -> None:
    server.pages["/cat.png"] = lambda talk: talk.send(interim, web.head(Content_Length=len(BIRD)), BIRD)
    assert fetch(server, "/cat.png") == BIRD


def test_fault_32_interim_answer_before_an_error_or_a_redirect(server: HttpServer) -> None:
    server.pages["/gone"] = lambda talk: talk.send(HINTS, web.head("404 Not Found", Content_Length=0))
    server.pages["/moved"] = lambda talk: talk.send(HINTS, web.head("302 Found", Location="/bird.png"))
    assert failure(server, "/gone").startswith("the server answered 404 Not Found;")
    assert fetch(server, "/moved") == BIRD


def test_fault_32_switch_to_another_protocol_is_refused(server: HttpServer) -> None:
    server.pages["/cat.png"] = lambda talk: talk.send(web.head("101 Switching Protocols", Upgrade="x"))
    assert failure(server, "/cat.png").startswith("the server answered 101 Switching Protocols;")


@pytest.mark.parametrize("piece", [HINTS * 500, HINTS[:-2] + b"X: 1\r\n" * 1000], ids=["answers", "headers"])
def test_fault_32_endless_interim_answers_end_at_the_time_limit(server: HttpServer, piece: bytes) -> None:
    def page(talk: Talk) -> None:
        while not talk.stopping.is_set():
            talk.send(piece)

    server.pages["/cat.png"] = page
    assert failure(server, "/cat.png", HASTY) == "took longer than 0.6 seconds; try again later"


def test_fault_32_interim_answer_and_then_nothing(server: HttpServer) -> None:
    server.pages["/cat.png"] = lambda talk: talk.send(HINTS)
    assert failure(server, "/cat.png") == "the server closed the connection; try again later"


@pytest.mark.parametrize(
    "name", ["UTF-8", "binary", "none", "image/png", "identity", "", "8bit, identity", "  "]
)
def test_fault_32_word_that_packs_nothing_is_no_packing(server: HttpServer, name: str) -> None:
    server.pages["/cat.png"] = web.good(BIRD, Content_Encoding=name)
    assert fetch(server, "/cat.png") == BIRD


@pytest.mark.parametrize(
    "name", ["gzip", "GZIP", "br", "deflate", "zstd", "compress", "x-gzip", "identity, br"]
)
def test_fault_32_packed_body_is_refused(server: HttpServer, name: str) -> None:
    server.pages["/cat.png"] = web.good(BIRD, Content_Encoding=name)
    packing = name.lower().split(", ")[-1]
    assert failure(server, "/cat.png").startswith(
        f"the server sent it packed ({packing}), though asked not to;"
    )


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        (b"/caf\xe9.png", "/caf%E9.png"),
        (b"/caf\xc3\xa9.png", "/caf%C3%A9.png"),
        (b"/caf%C3%A9.png", "/caf%C3%A9.png"),
        (b"/a b\xe9\xff.png", "/a%20b%E9%FF.png"),
        (b"\xe9t\xe9.png", "/%E9t%E9.png"),
    ],
)
def test_fault_32_raw_bytes_of_a_redirect_are_asked_for_as_they_came(
    server: HttpServer, target: bytes, asked: str
) -> None:
    server.pages["/cat.png"] = lambda talk: talk.send(
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + target + b"\r\n\r\n"
    )
    server.pages[asked] = web.good(BIRD)
    assert fetch(server, "/cat.png") == BIRD


@pytest.mark.parametrize("line", ["408 Request Timeout", "425 Too Early", "429 Too Many Requests"])
def test_fault_32_server_that_asks_to_wait_is_asked_again(server: HttpServer, line: str) -> None:
    busy = web.status(line, Retry_After="0")
    server.pages["/cat.png"] = web.one_after_the_other([busy, web.status(line), web.good(BIRD)])
    assert fetch(server, "/cat.png") == BIRD
    assert len(server.requests) == 3


def test_fault_32_wait_that_a_server_asks_for_is_kept(server: HttpServer) -> None:
    busy = web.status("429 Too Many Requests", Retry_After="1")
    server.pages["/cat.png"] = web.one_after_the_other([busy, web.good(BIRD)])
    start = time.monotonic()
    assert fetch(server, "/cat.png") == BIRD
    assert time.monotonic() - start >= 1


@pytest.mark.parametrize("line", ["408 Request Timeout", "429 Too Many Requests"])
def test_fault_32_wait_beyond_the_time_limit_is_not_begun(server: HttpServer, line: str) -> None:
    server.pages["/cat.png"] = web.status(line, Retry_After="3600")
    assert failure(server, "/cat.png") == f"the server answered {line}; try again later"
    assert len(server.requests) == 1


def test_fault_32_server_that_never_has_time_is_asked_three_times(server: HttpServer) -> None:
    server.pages["/cat.png"] = web.status("429 Too Many Requests")
    assert failure(server, "/cat.png") == "the server answered 429 Too Many Requests; try again later"
    assert len(server.requests) == 3


def cookie_wall(talk: Talk) -> None:
    """Send whoever has no cookie round, with one."""
    if "\r\nCookie: seen=1; where=here" in talk.request or "\r\nCookie: where=here; seen=1" in talk.request:
        talk.send(web.head(Content_Length=len(BIRD)), BIRD)
        return
    lines = b"Set-Cookie: seen=1; Path=/\r\nSet-Cookie: where=here; Path=/; HttpOnly\r\n\r\n"
    talk.send(web.head("302 Found", Location=talk.request.split(" ")[1])[:-2] + lines)


def test_fault_32_site_that_sets_a_cookie_and_redirects(server: HttpServer) -> None:
    server.pages["/cat.png"] = cookie_wall
    assert fetch(server, "/cat.png") == BIRD
    assert len(server.requests) == 2


def test_fault_32_cookies_of_one_download_are_not_those_of_the_next(server: HttpServer) -> None:
    server.pages["/cat.png"] = cookie_wall
    assert fetch(server, "/cat.png") == BIRD
    assert fetch(server, "/cat.png") == BIRD
    assert len(server.requests) == 4


def test_fault_32_cookie_is_not_sent_to_another_host(
    server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, port, **options: real("127.0.0.1", port, **options)
    )
    other = f"http://other.example:{server.port}/bird.png"
    server.pages["/cat.png"] = lambda talk: talk.send(
        web.head("302 Found", Location=other, Set_Cookie="seen=1; Path=/")
    )
    url = f"http://first.example:{server.port}/cat.png"
    assert download(url, allow_private=True, limits=QUICK) == BIRD
    assert "Host: other.example" in server.requests[-1]
    assert "Cookie" not in server.requests[-1]


def test_fault_32_cookie_wall_without_end_ends(server: HttpServer) -> None:
    server.pages["/cat.png"] = web.status("302 Found", Location="/cat.png", Set_Cookie="seen=0")
    assert failure(server, "/cat.png").startswith("more than 5 redirects;")


def test_fault_32_answer_that_a_proxy_changed_is_taken(server: HttpServer) -> None:
    server.pages["/cat.png"] = lambda talk: talk.send(
        web.head("203 Non-Authoritative Information", Content_Length=len(BIRD)), BIRD
    )
    assert fetch(server, "/cat.png") == BIRD


@pytest.mark.parametrize("line", ["201 Created", "202 Accepted", "204 No Content", "206 Partial Content"])
def test_fault_32_other_answers_are_not_the_picture(server: HttpServer, line: str) -> None:
    server.pages["/cat.png"] = web.status(line)
    assert failure(server, "/cat.png").startswith(f"the server answered {line};")


@pytest.mark.parametrize("target", ["data:image/png;base64,SECRET", "javascript:SECRET", "blob:SECRET"])
def test_fault_32_redirect_to_what_is_no_place(server: HttpServer, target: str) -> None:
    server.pages["/cat.png"] = web.redirect(target)
    scheme = target.partition(":")[0]
    message = failure(server, "/cat.png")
    assert message.endswith(
        f"(redirected to {scheme}:...): {scheme} addresses are not opened; give an http or https URL"
    )


@pytest.mark.parametrize("target", ["http://[::1/cat.png", "//[", "http://a]b/", "http://[x]/"])
def test_fault_32_redirect_to_brackets_that_hold_no_address(server: HttpServer, target: str) -> None:
    server.pages["/cat.png"] = web.redirect(target)
    message = failure(server, "/cat.png")
    assert "it redirects to what is not a URL; check the URL" in message or "is not a URL" in message


@pytest.mark.parametrize("form", [" {}", "\t{}", "<{}>", "<URL:{}>", '"{}"', "{}\n"])
def test_fault_30_address_in_its_wrappings_is_opened(server: HttpServer, form: str) -> None:
    url = server.url("/bird.png").replace("http://", "HTTP://ann:SECRET@") + "?token=SECRET"
    opened = open_picture(form.format(url), limits=OpenLimits(allow_private=True))
    assert opened.name == "bird"
    assert opened.source == server.url("/bird.png?...").replace("http", "HTTP")


@pytest.mark.parametrize(
    "page",
    [
        web.hang_up(),
        web.silent(),
        web.status("404 Not Found"),
        web.redirect("ftp://ann:SECRET@a.org/"),
        web.short(b"x", 9),
    ],
    ids=["hang up", "silent", "404", "redirect", "short"],
)
def test_fault_30_traceback_shows_no_secret(server: HttpServer, page: web.Page) -> None:
    server.pages["/cat.png"] = page
    url = server.url("/cat.png?token=SECRET").replace("http://", "http://ann:SECRET@")
    with pytest.raises(DownloadError) as caught:
        download(url, allow_private=True, limits=replace(QUICK, tries=2))
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "url",
    [
        "https:ann:SECRET@example.org/cat.png",
        "https://ann:SEC/SECRET@example.org/cat.png",
        "https:///ann:SECRET@/cat.png",
        "http://[ann:SECRET@example.org/cat.png",
        "http://ann:SECRET@/cat.png",
    ],
)
def test_fault_30_url_that_is_none_shows_no_secret(url: str) -> None:
    with pytest.raises(PictureError) as caught:
        open_picture(url)
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))
