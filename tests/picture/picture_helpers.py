"""What several tests of pictures need."""

import io
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paintnet.errors import DownloadError
from paintnet.files.download import DownloadLimits, download
from paintnet.picture.samples import sample_bytes
from tests.http_server import HttpServer

QUICK = DownloadLimits(connect_seconds=0.5, read_seconds=0.5, total_seconds=3, pause_seconds=0.01)
HASTY = replace(QUICK, total_seconds=0.6)
BIRD = sample_bytes("bird")


def fetch(server: HttpServer, path: str, limits: DownloadLimits = QUICK) -> bytes:
    return download(server.url(path), allow_private=True, limits=limits)


def failure(server: HttpServer, path: str, limits: DownloadLimits = QUICK) -> str:
    """The message without the URL, whose port changes."""
    with pytest.raises(DownloadError) as caught:
        fetch(server, path, limits)
    assert str(caught.value).startswith(f"{server.url(path)}")
    assert str(caught.value).isprintable()
    return str(caught.value).removeprefix(server.url(path)).removeprefix(": ")


def resolver(
    monkeypatch: pytest.MonkeyPatch, names: dict[str, list[str]], port: int | None = None
) -> list[str]:
    """Answer name look-ups from a table; give the list of those that were made."""
    asked: list[str] = []

    def look_up(host: str, wanted: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        if host not in names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        found = []
        for address in names[host]:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            place = (address, port or wanted, 0, 0) if ":" in address else (address, port or wanted)
            found.append((family, socket.SOCK_STREAM, 6, "", place))
        return found

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


PATTERN = np.random.default_rng(7).integers(0, 256, (11, 17, 3), dtype=np.uint8)
CONVERT = "convert it to PNG, JPEG, WebP, TIFF, BMP, GIF or PPM"


def encoded(image: Image.Image, name: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=name, **options)
    return buffer.getvalue()


def picture_file(folder: Path, data: bytes, name: str = "cat.png") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path
