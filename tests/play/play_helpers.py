"""A server on this machine, and a page that talks to it as a browser's does."""

import json
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from paintnet.play.server import Server
from tests.command_line import environment

TOKEN = "a-token-that-nobody-guesses"
QUICK = {"preset": "draft", "engine": "numpy", "epochs": 8, "max_side": 128}
SECONDS = 60.0


class Visitor:
    """A page: it asks, and hears what the stream tells."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=address, timeout=SECONDS, trust_env=False)
        self.opened = self.client.post("pages").json()
        self.id = self.opened["id"]
        self.heard: list[tuple[dict[str, Any], bytes]] = []
        self._listen()

    def _listen(self) -> None:
        self._stream = self.client.stream("GET", f"pages/{self.id}/stream")
        self._response = self._stream.__enter__()
        self._bytes = self._response.iter_raw()
        self._held = b""

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self, *, is_gone: bool = False) -> None:
        if self.client.is_closed:
            return
        if not is_gone:
            self.ask("leave")
        self._hang_up()
        self.client.close()

    def _hang_up(self) -> None:
        self._bytes.close()
        self._response.close()
        self._stream.__exit__(None, None, None)

    def listen_again(self) -> None:
        """As a page does whose connection has broken; what it has not read is lost."""
        self._hang_up()
        self.heard.clear()
        self._listen()

    def post(self, verb: str, **asked: Any) -> httpx.Response:
        return self.client.post(f"pages/{self.id}/{verb}", content=json.dumps(asked))

    def ask(self, verb: str, **asked: Any) -> Any:
        answer = self.post(verb, **asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def upload(self, content: bytes, name: str) -> httpx.Response:
        return self.client.post(f"pages/{self.id}/upload", content=content, headers={"X-File-Name": name})

    def take(self, kind: str) -> bytes:
        answer = self.client.get(f"pages/{self.id}/take/{kind}")
        assert answer.status_code == 200, answer.text
        return answer.content

    def messages(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        while True:
            while len(self._held) >= 8:
                head, body = struct.unpack_from("<II", self._held)
                if len(self._held) < 8 + head + body:
                    break
                message = json.loads(self._held[8 : 8 + head]), self._held[8 + head : 8 + head + body]
                self._held = self._held[8 + head + body :]
                self.heard.append(message)
                yield message
            self._held += next(self._bytes)

    def wait(self, wanted: Callable[[dict[str, Any]], bool]) -> tuple[dict[str, Any], bytes]:
        """The next message of a kind."""
        deadline = time.monotonic() + SECONDS
        for header, body in self.messages():
            assert header.get("phase") != "failed" or wanted(header), header
            if wanted(header):
                return header, body
            assert time.monotonic() < deadline, header
        raise AssertionError("the stream has ended")

    def phase(self, *phases: str) -> dict[str, Any]:
        return self.wait(lambda header: header.get("phase") in phases)[0]

    def kind(self, kind: str) -> tuple[dict[str, Any], bytes]:
        return self.wait(lambda header: header["kind"] == kind)

    def begin(self, source: str | None = None, **settings: Any) -> None:
        """Choose settings and a picture, and wait until it can start."""
        self.ask("configure", **QUICK | settings)
        self.ask("open", **({} if source is None else {"source": source}))
        self.phase("ready")

    def learn(self) -> dict[str, Any]:
        self.ask("start")
        return self.phase("ended")


@contextmanager
def visiting(server: Server) -> Iterator[Visitor]:
    with Visitor(server.address) as visitor:
        yield visitor


def a_png(width: int = 24, height: int = 16) -> bytes:
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    content = BytesIO()
    Image.fromarray(np.stack([across, down, 255 - across], axis=2).astype(np.uint8)).save(content, "PNG")
    return content.getvalue()


@contextmanager
def program(folder: Path, *options: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The program in a folder, and what it says first."""
    words = [sys.executable, "-m", "paintnet", "play", "--no-browser", "--json", *options]
    with subprocess.Popen(
        words, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        try:
            yield running, json.loads(running.stdout.readline())
        finally:
            running.kill()
