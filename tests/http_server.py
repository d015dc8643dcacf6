"""A web server on the loopback address that misbehaves on demand.

``with HttpServer() as server:`` serves whatever ``server.pages`` holds, a dictionary from paths
to pages. A page is a function that gets a ``Talk`` and sends what it likes; the functions below
build the usual ones. ``server.url("/cat.png")`` is what to open.
"""

import contextlib
import gzip
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass
class Talk:
    """One connection: what was asked, and the means to answer."""

    connection: socket.socket
    request: str
    stopping: threading.Event
    sent: int = 0

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.connection.sendall(part)
            self.sent += len(part)

    def drip(self, data: bytes, seconds: float) -> None:
        """Send a byte at a time, until all is sent, the other side has gone or the server stops."""
        for byte in data:
            self.send(bytes([byte]))
            if self.stopping.wait(seconds):
                return


Page = Callable[[Talk], None]


def head(status: str = "200 OK", **headers: object) -> bytes:
    lines = [f"HTTP/1.1 {status}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def good(body: bytes, **headers: object) -> Page:
    return lambda talk: talk.send(head(Content_Length=len(body), **headers), body)


def status(line: str, **headers: object) -> Page:
    return lambda talk: talk.send(head(line, Content_Length=0, **headers))


def redirect(target: str, line: str = "302 Found") -> Page:
    return status(line, Location=target)


def short(body: bytes, announced: int) -> Page:
    return lambda talk: talk.send(head(Content_Length=announced), body)


def short_chunks(body: bytes) -> Page:
    """The last chunk never comes."""
    return lambda talk: talk.send(head(Transfer_Encoding="chunked"), b"%x\r\n%s\r\n" % (len(body), body))


def chunked(body: bytes) -> Page:
    data = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    return lambda talk: talk.send(head(Transfer_Encoding="chunked"), data)


def gzip_bomb(size: int = 10_000_000) -> Page:
    packed = gzip.compress(bytes(size))
    return good(packed, Content_Encoding="gzip")


def endless(start: bytes = b"", *, opening: bytes | None = None) -> Page:
    """Send zeros as fast as the line takes them, until the other side has gone."""

    def page(talk: Talk) -> None:
        talk.send(head() if opening is None else opening, start)
        while not talk.stopping.is_set():
            talk.send(bytes(65_536))

    return page


def dripping_headers(seconds: float = 0.05) -> Page:
    return lambda talk: talk.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 10_000, seconds)


def dripping_body(seconds: float = 0.05) -> Page:
    def page(talk: Talk) -> None:
        talk.send(head(Content_Length=10_000))
        talk.drip(bytes(10_000), seconds)

    return page


def silent() -> Page:
    """Take the request and say nothing."""

    def page(talk: Talk) -> None:
        talk.stopping.wait(30)

    return page


def hang_up() -> Page:
    """Close the connection without an answer."""
    return lambda talk: None


def one_after_the_other(pages: Iterable[Page]) -> Page:
    """A new page for each request, the last one for ever."""
    waiting = list(pages)

    def page(talk: Talk) -> None:
        (waiting.pop(0) if len(waiting) > 1 else waiting[0])(talk)

    return page


@dataclass
class HttpServer:
    """The server; every connection gets a thread and one answer."""

    pages: dict[str, Page] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self._threads: list[threading.Thread] = []
        self._connections: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        for each in (self._listener, *self._connections):
            with contextlib.suppress(OSError):  # most are closed already
                each.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for it
        self._accepting.join()
        self._listener.close()
        for thread in self._threads:
            thread.join()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:  # a time-out, or the end
                continue
            thread = threading.Thread(target=self._answer, args=(connection,))
            self._threads.append(thread)
            self._connections.append(connection)
            thread.start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            try:
                request = self._read(connection)
                path = request.split(" ")[1].partition("?")[0]
                self.requests.append(request)
                talk = Talk(connection, request, self._stopping)
                self.talks.append(talk)
                self.pages.get(path, status("404 Not Found"))(talk)
            except (OSError, IndexError):
                return  # the other side has gone

    @staticmethod
    def _read(connection: socket.socket) -> str:
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65_536)
            if not more:
                break
            data += more
        return data.decode("latin-1")
