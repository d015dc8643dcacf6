"""What the server answers: the page's own files, and what the page asks for."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from paintnet.errors import PaintnetError, SettingsError
from paintnet.files.new import write_new
from paintnet.picture.samples import SAMPLES
from paintnet.play.controls import CONTROLS
from paintnet.play.outbox import packed
from paintnet.play.pages import Pages
from paintnet.play.refusals import refusal_of
from paintnet.play.taking import KINDS, taken
from paintnet.play.visit import Page, PageError

UPLOAD_BYTES = 100_000_000
"""Of a picture or a model that is dropped on the page; larger ones are named on the command line."""

COMMAND_BYTES = 100_000
UPLOAD_SECONDS = 120.0
HEARTBEAT = 2.0
"""Seconds after which a stream says that it lives, and sees whether anybody listens."""

BREATH = 0.03
"""Seconds between two looks for messages: what comes faster goes together."""

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}

Answer = Callable[[Page, dict[str, Any]], Any]


def _number(document: dict[str, Any], name: str) -> float:
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise SettingsError(name, "is no position", "send a number")
    return float(value)


def _line(page: Page, asked: dict[str, Any]) -> Any:
    x0, y0, x1, y1 = (_number(asked, name) for name in ("x0", "y0", "x1", "y1"))
    return page.line((x0, y0), (x1, y1))


ANSWERS: dict[str, Answer] = {
    "open": lambda page, asked: page.open(asked.get("source")),
    "configure": lambda page, asked: page.configure(asked),
    "start": lambda page, asked: page.start(),
    "pause": lambda page, asked: page.pause(),
    "step": lambda page, asked: page.step(),
    "rewind": lambda page, asked: page.rewind(int(_number(asked, "epoch"))),
    "look": lambda page, asked: page.look(asked),
    "probe": lambda page, asked: page.probe(_number(asked, "x"), _number(asked, "y")),
    "line": _line,
    "classes": lambda page, asked: page.classes(asked),
}
"""What a page may ask for by a POST with a JSON object."""


class Routes:
    """Answers of one server.

    Parameters
    ----------
    pages : Pages
        Those that are open.
    folder : Path
        Where files are saved on request.
    """

    def __init__(self, pages: Pages, folder: Path) -> None:
        self.pages, self.folder = pages, folder
        self._uploads = asyncio.Semaphore(1)
        self._own = {
            item.name: item.read_bytes()
            for item in files("paintnet.play").joinpath("page").iterdir()
            if item.is_file()
        }

    def app(self) -> Starlette:
        """Give the application."""
        routes = [
            Route("/", self.own_file),
            Route("/own/{name}", self.own_file),
            Route("/pages", self.add_page, methods=["POST"]),
            Route("/pages/{id}/stream", self.stream),
            Route("/pages/{id}/upload", self.upload, methods=["POST"]),
            Route("/pages/{id}/leave", self.leave, methods=["POST"]),
            Route("/pages/{id}/take/{kind}", self.take),
            Route("/pages/{id}/save/{kind}", self.save, methods=["POST"]),
            Route("/pages/{id}/{verb}", self.answer, methods=["POST"]),
        ]
        handlers: dict[Any, Any] = {PaintnetError: self.refuse, ClientDisconnect: self.refuse}
        return Starlette(routes=routes, exception_handlers=handlers)

    async def own_file(self, request: Request) -> Response:
        """Give one of the page's own files."""
        name = request.path_params.get("name", "index.html")
        content = self._own.get(name)
        if content is None:
            return Response("there is no such file", 404, media_type="text/plain")
        return Response(content, media_type=TYPES.get(Path(name).suffix, "application/octet-stream"))

    async def add_page(self, request: Request) -> Response:
        """Open a page."""
        page = await asyncio.to_thread(self.pages.add)
        controls = [control.to_document() for control in CONTROLS]
        document = {"id": page.id, "controls": controls, "samples": list(SAMPLES)}
        return JSONResponse(document, 201)

    async def stream(self, request: Request) -> Response:
        """Tell a page, as long as it listens, what there is to tell."""
        page = self.pages.find(request.path_params["id"])
        return StreamingResponse(self._messages(page), media_type="application/octet-stream")

    async def _messages(self, page: Page) -> AsyncIterator[bytes]:
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(news.set)

        page.outbox.wake = wake
        page.outbox.repeat()
        yield packed(({"kind": "hello"}, b""))
        while not page.is_closed:
            page.seen_at = time.monotonic()
            news.clear()
            messages = page.outbox.take()
            for message in messages:
                yield packed(message)
                page.seen_at = time.monotonic()
            if messages:
                await asyncio.sleep(BREATH)
                continue
            try:
                await asyncio.wait_for(news.wait(), HEARTBEAT)
            except TimeoutError:
                yield packed(({"kind": "alive"}, b""))

    async def answer(self, request: Request) -> Response:
        """Do what a page asks for."""
        page, verb = self.pages.find(request.path_params["id"]), request.path_params["verb"]
        if verb not in ANSWERS:
            raise PageError(verb[:40], "is nothing that can be asked", f"use one of {', '.join(ANSWERS)}")
        body = await _body(request, COMMAND_BYTES)
        try:
            asked = json.loads(body or b"{}")
        except (ValueError, RecursionError) as error:
            raise SettingsError("request", "is not JSON", "send an object") from error
        if not isinstance(asked, dict):
            raise SettingsError("request", "is no object", "send an object")
        said = await asyncio.to_thread(ANSWERS[verb], page, asked)
        return JSONResponse(said or {})

    async def upload(self, request: Request) -> Response:
        """Take a picture or a model that was dropped on the page."""
        page = self.pages.find(request.path_params["id"])
        name = unquote(request.headers.get("x-file-name", "picture"))[:200]
        async with self._uploads:  # one at a time: a decoded one may take hundreds of megabytes
            content = await _body(request, UPLOAD_BYTES)
            is_model = name.lower().endswith(".paintnet")
            await asyncio.to_thread(page.open_model if is_model else page.open, content, name)
        return JSONResponse({"is_model": is_model})

    async def leave(self, request: Request) -> Response:
        """Close a page: its tab is being closed."""
        await asyncio.to_thread(self.pages.drop, request.path_params["id"])
        return JSONResponse({})

    async def take(self, request: Request) -> Response:
        """Send a file to be kept by the browser."""
        page, kind = self.pages.find(request.path_params["id"]), request.path_params["kind"]
        name, content = await asyncio.to_thread(taken, page, kind)
        disposition = f"attachment; filename*=UTF-8''{quote(name)}"
        return Response(content, media_type=KINDS[kind][1], headers={"content-disposition": disposition})

    async def save(self, request: Request) -> Response:
        """Write a file into the folder that the server was started in, never over another."""
        page, kind = self.pages.find(request.path_params["id"]), request.path_params["kind"]
        name, content = await asyncio.to_thread(taken, page, kind)
        path = await asyncio.to_thread(partial(write_new, self.folder, name, content))
        return JSONResponse({"name": path.name})

    def refuse(self, request: Request, error: Exception) -> Response:
        """Say what was wrong."""
        if not isinstance(error, PaintnetError):
            return Response(status_code=400)
        status = 404 if isinstance(error, PageError) else 400
        return JSONResponse(refusal_of(error), status)


async def _body(request: Request, most: int) -> bytes:
    """Read what is sent, up to a limit and for a limited time."""
    too_long = PageError("upload", f"it has more than {most:,} bytes", "use a smaller copy")
    if int(request.headers.get("content-length") or 0) > most:
        raise too_long
    content = bytearray()
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            async for piece in request.stream():
                content += piece
                if len(content) > most:
                    raise too_long
    except TimeoutError as error:
        raise PageError("upload", "it took too long", "try again") from error
    return bytes(content)
