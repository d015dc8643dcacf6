"""What several tests of pictures need."""

import io
import socket
import struct
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

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


SRGB_PRIMARIES = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
"""XYZ of red, green and blue, adapted to the D50 of profiles."""


def icc_profile(gamma: float | None, name: str = "test", space: str = "RGB") -> bytes:
    """A display profile with the primaries of sRGB and a power law, or the curve of sRGB for None."""

    def xyz(values: tuple[float, ...]) -> bytes:
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65_536 * value) for value in values))

    if gamma is None:
        curve = b"para" + struct.pack(">IHH", 0, 3, 0)
        curve += struct.pack(
            ">5i", *(round(65_536 * v) for v in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
        )
    else:
        curve = b"curv" + struct.pack(">II", 0, 1) + struct.pack(">H", round(256 * gamma)) + b"\0\0"
    text = name.encode() + b"\0"
    description = b"desc" + struct.pack(">II", 0, len(text)) + text + bytes(78)
    tags = {b"desc": description, b"wtpt": xyz((0.9642, 1, 0.8249))}
    if space == "GRAY":
        tags[b"kTRC"] = curve
    else:
        for letter, primary in zip(b"rgb", SRGB_PRIMARIES, strict=True):
            tags[bytes([letter]) + b"XYZ"] = xyz(primary)
            tags[bytes([letter]) + b"TRC"] = curve
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    header = struct.pack(">I4sI4s4s4s", 0, b"test", 0x02400000, b"mntr", space.ljust(4).encode(), b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63_190, 65_536, 54_061) + bytes(48)
    whole = header + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(whole)) + whole[4:]


def srgb_level(linear: float) -> int:
    """The 8-bit level of a linear intensity, by IEC 61966-2-1."""
    encoded = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return round(255 * encoded)


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def raw_png(
    width: int,
    height: int,
    bits: int,
    color: int,
    rows: bytes,
    *more: tuple[bytes, bytes],
    interlaced: bool = False,
) -> bytes:
    """A PNG of these rows, each with the number of its filter, and with more parts before the pixels."""
    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, interlaced)
    extra = b"".join(png_chunk(name, data) for name, data in more)
    body = png_chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + extra + body + png_chunk(b"IEND", b"")


@dataclass
class TiffPage:
    """One directory of a TIFF that is made by hand: 8-bit grey where no tag says otherwise."""

    width: int
    height: int
    samples: bytes
    tags: dict[int, int] = field(default_factory=dict)
    inside: list["TiffPage"] = field(default_factory=list)


def raw_tiff(*pages: TiffPage, order: str = "<", big: bool = False) -> bytes:
    """A TIFF of these pages; its directories stand after all samples."""
    mark = {"<": b"II", ">": b"MM"}[order]
    letter, size = ("Q", 8) if big else ("I", 4)
    start = mark + struct.pack(order + ("HHHQ" if big else "HI"), *((43, 8, 0, 0) if big else (42, 0)))
    out = bytearray(start)

    def write(page: TiffPage) -> int:
        """Write a page and give the place where its directory begins; its last number is the next one."""
        inside = [write(each) for each in page.inside]
        strip = len(out)
        out.extend(page.samples)
        out.extend(bytes(-len(out) % 8))
        tags = {256: page.width, 257: page.height, 258: 8, 259: 1, 262: 1, 273: strip, 277: 1}
        tags |= {278: page.height, 279: len(page.samples), **page.tags}
        if inside:
            tags[330] = inside[0]  # one at most: it stands in the entry itself
        place = len(out)
        out.extend(struct.pack(order + ("Q" if big else "H"), len(tags)))
        for number, value in sorted(tags.items()):
            kind = (16 if big else 4) if number in (273, 279, 330) else 3
            count = struct.pack(order + letter, 1)
            text = struct.pack(order + {3: "H", 4: "I", 16: "Q"}[kind], value).ljust(size, b"\0")
            out.extend(struct.pack(order + "HH", number, kind) + count + text)
        out.extend(bytes(size))
        return place

    pointer = len(start) - size
    for page in pages:
        place = write(page)
        out[pointer : pointer + size] = struct.pack(order + letter, place)
        pointer = len(out) - size
    return bytes(out)


def deep_tiff(levels: np.ndarray, **options: Any) -> bytes:
    """A TIFF with 16 bits a color."""
    tifffile = pytest.importorskip("tifffile")
    buffer = io.BytesIO()
    extra = {"extrasamples": ["unassalpha"]} if levels.shape[2] == 4 else {}
    tifffile.imwrite(buffer, levels, photometric="rgb", **extra, **options)
    return buffer.getvalue()
