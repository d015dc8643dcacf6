"""Who would harm the page from outside: other pages in the same browser, crowds, giants and dawdlers."""

import json
import socket
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from play_helpers import QUICK, TOKEN, Visitor, program
from screen import DESK

from paintnet.play.server import Server
from tests import http_server as web
from tests.http_server import HttpServer

ATTACKS = """async ([address, id]) => {
  const tried = {};
  const attempt = async (name, act) => {
    try { tried[name] = (await act()) ?? 'unknown'; } catch { tried[name] = 'refused'; }
  };
  const blindly = (path) => fetch(address + path, { method: 'POST', mode: 'no-cors' }).then(() => null);
  const loads = (kind, path) => new Promise((done) => {
    const item = document.createElement(kind);
    item.onload = () => done('loaded');
    item.onerror = () => done('refused');
    item.src = address + path;
    document.body.append(item);
  });
  await attempt('read', async () => (await fetch(address)).status);
  await attempt('open a page', async () => (await fetch(`${address}pages`, { method: 'POST' })).status);
  await attempt('open blindly', () => blindly('pages'));
  await attempt('start blindly', () => blindly(`pages/${id}/start`));
  await attempt('close blindly', () => (navigator.sendBeacon(`${address}pages/${id}/leave`), null));
  await attempt('script', () => loads('script', 'own/main.js'));
  await attempt('picture', () => loads('img', 'own/icon.svg'));
  await attempt('socket', () => new Promise((done) => {
    const way = new WebSocket(address.replace('http', 'ws'));
    way.onopen = () => done('open');
    way.onerror = () => done('refused');
  }));
  await new Promise((done) => {
    const frame = document.createElement('iframe');
    frame.onload = done;
    frame.src = address;
    document.body.append(frame);
  });
  return tried;
}"""
"""What a page elsewhere can try; what it tries blindly, it cannot know the answer of."""


def test_another_page_in_the_same_browser_gets_nothing(
    browser: Any, served: Server, visitor: Visitor
) -> None:
    visitor.begin("sample:bird")
    context = browser.new_context(**DESK)
    with HttpServer({"/": web.good(b"<!doctype html><body>", Content_Type="text/html")}) as other:
        page = context.new_page()
        answers: list[tuple[str, int]] = []
        page.on("response", lambda answer: answers.append((answer.url, answer.status)))
        page.goto(other.url())
        before = len(served.pages)
        # It even knows the token, as a page might that was shown the address.
        tried = page.evaluate(ATTACKS, [served.address, visitor.id])
        assert set(tried.values()) == {"refused", "unknown"}, tried
        page.wait_for_timeout(100)
        ours = [status for url, status in answers if url.startswith(served.address)]
        assert ours
        assert set(ours) <= {403}
        assert len(served.pages) == before
        assert page.frames[1].evaluate("document.querySelector('#start')") is None
        # A name of its own that it has led to this machine.
        page.goto(f"http://rebound.localhost:{served.port}/{TOKEN}/")
        assert answers[-1][1] == 421
    context.close()
    visitor.learn()  # nobody has closed or started it


def crowd(served: Server, content: bytes) -> Iterator[socket.socket]:
    for _ in range(100):
        connection = socket.create_connection(("127.0.0.1", served.port), timeout=30)
        connection.sendall(content)
        yield connection


@pytest.mark.parametrize("is_whole", [True, False], ids=["streams", "half requests"])
def test_a_crowd_is_served_or_refused_and_a_run_goes_on(
    served: Server, visitor: Visitor, *, is_whole: bool
) -> None:
    visitor.begin("sample:bird", epochs=20)
    visitor.ask("start")
    request = f"GET /{TOKEN}/pages/{visitor.id}/stream HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n".encode()
    held = list(crowd(served, request + b"\r\n" * is_whole))
    if is_whole:
        assert {connection.recv(12) for connection in held} <= {b"HTTP/1.1 200", b"HTTP/1.1 503"}
    for connection in held:
        connection.close()
    page = served.pages.find(visitor.id)
    deadline = time.monotonic() + 60
    while page.learner is None or page.learner.phase != "ended":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with Visitor(served.address) as another:
        another.begin("sample:bird")
        another.learn()


def test_what_waits_for_a_reader_that_does_not_read_is_bounded(served: Server, visitor: Visitor) -> None:
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(30)
        slow.connect(("127.0.0.1", served.port))
        other = visitor.client.post("pages").json()["id"]
        path = f"/{TOKEN}/pages/{other}/"
        slow.sendall(f"GET {path}stream HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n\r\n".encode())
        for verb, asked in (("configure", QUICK | {"epochs": 40}), ("open", {}), ("look", {"width": 2048})):
            assert visitor.client.post(f"pages/{other}/{verb}", content=json.dumps(asked)).status_code == 200
        page = served.pages.find(other)
        assert page.learner is not None
        page.learner.start()
        deadline = time.monotonic() + 60
        while page.learner.phase != "ended":
            page.seen_at = time.monotonic()  # it counts as there: what it costs is the question
            assert time.monotonic() < deadline
            time.sleep(0.05)
        waiting = sum(len(body) for _, body in page.outbox.take())
        # One painting of all pixels, and what the system's own buffers hold of those before.
        assert waiting < 4 * 2048 * 2048 + 4_000_000
        assert visitor.client.post(f"pages/{other}/leave").status_code == 200
    visitor.begin("sample:bird")
    visitor.learn()


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGBA")])
def test_a_picture_of_fifty_megapixels_is_taken_in_bounded_memory(folder: Path, kind: str, mode: str) -> None:
    content = BytesIO()
    color = (200, 90, 30, 128)[: len(mode)]
    Image.new(mode, (8660, 5770), color).save(content, kind, quality=50, compress_level=1)
    with program(folder) as (running, said), Visitor(said["address"]) as visitor:
        assert visitor.upload(content.getvalue(), "large").status_code == 200
        visitor.ask("configure", **QUICK)
        visitor.phase("ready")
        visitor.learn()
        status = Path(f"/proc/{running.pid}/status")
        if status.exists():
            most = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
            # As float32 it would take 600 or 800 MB; the bytes that are decoded take a quarter.
            assert int(most.split()[1]) < 1_000_000
