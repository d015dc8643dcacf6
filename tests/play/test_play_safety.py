"""Who is turned away, what is refused, and that the server lives on."""

import socket
import struct
import threading
import time
import zlib

import httpx
import pytest
from play_helpers import TOKEN, Visitor, a_png

from paintnet.errors import SettingsError
from paintnet.play.guard import POLICY
from paintnet.play.outbox import MOST_POINTS, Outbox
from paintnet.play.pages import Pages
from paintnet.play.routes import UPLOAD_BYTES
from paintnet.play.server import Server, ServerError, checked_token
from paintnet.play.visit import Page, PageError


def status(served: Server, path: str, method: str = "GET", **headers: str) -> int:
    with httpx.Client(trust_env=False) as client:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.request(method, f"http://127.0.0.1:{served.port}{path}", headers=given).status_code


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 200),
        ({"Host": "localhost:{port}"}, 200),
        ({"Host": "127.0.0.1:{port}", "Origin": "http://127.0.0.1:{port}"}, 200),
        ({"Host": "evil.example:{port}"}, 421),
        ({"Host": "127.0.0.1"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:{port}"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_only_its_own_page_is_answered(served: Server, headers: dict[str, str], expected: int) -> None:
    given = {name: value.format(port=served.port) for name, value in headers.items()}
    for path, method in ((f"/{TOKEN}/", "GET"), (f"/{TOKEN}/pages/none/start", "POST")):
        found = status(served, path, method, **given)
        assert found == (404 if method == "POST" and expected == 200 else expected)


@pytest.mark.parametrize(
    "path", ["/", "//", "/wrong/", f"/{TOKEN[:-1]}/", f"/{TOKEN}x/", f"/x/{TOKEN}/", "/own/main.js"]
)
def test_without_the_token_there_is_nothing(served: Server, path: str) -> None:
    assert status(served, path) == 404
    assert status(served, path, "POST") == 404


def test_every_answer_forbids_what_the_page_does_not_need(served: Server) -> None:
    with httpx.Client(base_url=served.address, trust_env=False) as client:
        answers = [client.get(""), client.get("own/main.js"), client.get("own/none"), client.get("../x")]
        answers += [client.post("pages/none/start"), client.get("own/..%2f..%2fserver.py")]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 404, 404, 404]
    for answer in answers:
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["referrer-policy"] == "no-referrer"
    for banned in ("unsafe", "http:", "https:", "*"):
        assert banned not in POLICY
    page = answers[0].text
    assert "<style" not in page
    assert "onclick" not in page
    assert page.count("<script") == 1


def a_header_of(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    shape = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + shape + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "evil?[2J.png: not a supported image: it is empty"),
        (b"<html>" * 1000, "not a supported image"),
        (a_png()[:-30], "damaged"),
        (a_header_of(50_000, 50_000), "50,000,000"),
        (a_header_of(10_000, 5_001), "50,000,000"),
    ],
)
def test_a_hostile_file_is_refused_with_a_clear_message(visitor: Visitor, content: bytes, said: str) -> None:
    visitor.begin("sample:bird")
    answer = visitor.upload(content, "../../etc/evil\x1b[2J.png")
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert "\x1b" not in answer.text
    visitor.learn()


@pytest.mark.parametrize(
    "source", ["/etc/passwd", "file:///etc/passwd", "-", "http://127.0.0.1:1/", "http://[::1]/", 5]
)
def test_a_page_opens_no_files_and_nothing_in_the_network_behind(visitor: Visitor, source: object) -> None:
    assert visitor.post("open", source=source).status_code == 400


def test_what_is_no_request_is_refused(visitor: Visitor) -> None:
    for verb, content in (
        ("configure", b"{"),
        ("configure", b"[1]"),
        ("configure", b'{"nothing": 1}'),
        ("configure", b'{"layers": "65536,65536"}'),
        ("configure", b'{"learning_rate": NaN}'),
        ("configure", b'{"max_side": 100000}'),
        ("configure", b'{"levels": "9x"}'),
        ("probe", b'{"x": true, "y": 1}'),
        ("probe", b'{"x": 1e300, "y": 1}'),
        ("look", b'{"width": "x"}'),
        ("look", b'{"view": "x"}'),
        ("look", b'{"unit": []}'),
        ("rewind", b"{}"),
        ("configure", b"[" * 50_000),
    ):
        answer = visitor.client.post(f"pages/{visitor.id}/{verb}", content=content)
        assert answer.status_code in (400, 404), (verb, content[:40], answer.text)
        assert answer.json()["error"]
    assert visitor.post("nothing").status_code == 404
    assert visitor.client.post(f"pages/{visitor.id}/start", content=b" " * 200_000).status_code == 404
    visitor.begin("sample:bird")


def test_an_upload_that_is_too_long_is_refused_before_it_is_read(served: Server, visitor: Visitor) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        head = f"POST /{TOKEN}/pages/{visitor.id}/upload HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
        connection.sendall(f"{head}Content-Length: {UPLOAD_BYTES + 1}\r\n\r\n".encode())
        connection.settimeout(30)
        assert b" 404 " in connection.recv(4000).splitlines()[0]


def test_a_hundred_connections_leave_the_server_alive(served: Server, visitor: Visitor) -> None:
    held = [socket.create_connection(("127.0.0.1", served.port), timeout=30) for _ in range(100)]
    line = f"GET /{TOKEN}/ HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nConnection: close\r\n\r\n".encode()
    try:
        for connection in held:
            connection.sendall(line)
        first = {connection.recv(12) for connection in held}
        assert first <= {b"HTTP/1.1 200", b"HTTP/1.1 503"}
    finally:
        for connection in held:
            connection.close()
    deadline = time.monotonic() + 30
    while status(served, f"/{TOKEN}/") != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    visitor.begin("sample:bird")


def test_a_page_that_does_not_read_costs_no_memory() -> None:
    outbox = Outbox()
    for number in range(3 * MOST_POINTS):
        outbox.put("frame", {"epoch": number}, bytes(100))
        outbox.gather("points", [number, 0.0, 0.0, None])
    messages = {header["kind"]: header for header, _ in outbox.take()}
    assert messages["frame"]["epoch"] == 3 * MOST_POINTS - 1
    points = [item[0] for item in messages["points"]["items"]]
    assert len(points) <= MOST_POINTS
    assert points == sorted(points)
    assert points[-1] == 3 * MOST_POINTS - 1


def test_pages_are_bounded_and_end_when_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    from paintnet.picture import OpenLimits

    made: list[Page] = []

    def make() -> Page:
        made.append(Page(OpenLimits(), lambda source, wish: None))
        return made[-1]

    pages = Pages(make, most=2)
    first, _ = pages.add(), pages.add()
    with pytest.raises(PageError, match="2 are open already"):
        pages.add()
    first.configure({"preset": "draft", "engine": "numpy", "epochs": 1_000_000})
    first.open("sample:bird")
    learner = first.learner
    assert learner is not None
    learner.start()
    first.seen_at -= 1000
    pages.sweep()
    learner.join(60)
    assert learner.run is None
    assert first.is_closed
    assert len(pages) == 1
    pages.close()
    for page in made:
        page.display.join(60)
    assert not [t for t in threading.enumerate() if t.name == "paintnet-learner" and t is learner._thread]


def test_another_run_begins_only_when_the_one_before_has_ended(visitor: Visitor, served: Server) -> None:
    visitor.begin("sample:bird", epochs=1_000_000)
    visitor.ask("start")
    visitor.phase("running")
    page = served.pages.find(visitor.id)
    before = page.learner
    visitor.begin("sample:bird", epochs=4)
    assert before is not None
    assert not before._thread.is_alive()
    visitor.learn()


def test_ports_and_tokens_that_cannot_be(served: Server) -> None:
    with pytest.raises(ServerError, match="cannot be listened at"):
        Server(port=served.port)
    with pytest.raises(SettingsError, match="hard to guess"):
        checked_token("short")
    with pytest.raises(SettingsError, match="fit into an address"):
        checked_token("a/b" * 10)
    assert len({checked_token(None) for _ in range(20)}) == 20
