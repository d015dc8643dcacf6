import io
import random
import struct
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paintnet.errors import PictureError
from paintnet.picture import OpenLimits, open_picture
from tests.picture.picture_helpers import CONVERT, PATTERN, encoded, picture_file, png_chunk


def huge_png(width: int = 50_000, height: int = 50_000) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100_000))
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "seen"),
    [
        (b"", ": it is empty"),
        (b"<!DOCTYPE html><html></html>", ": it is an HTML page"),
        (b"\n <svg xmlns='http://www.w3.org/2000/svg'/>", ": it is SVG"),
        (b"just words", ""),
        (b"P", ""),
    ],
)
def test_fault_01_what_is_no_picture(tmp_path: Path, data: bytes, seen: str) -> None:
    path = picture_file(tmp_path, data)
    with pytest.raises(PictureError) as caught:
        open_picture(path)
    assert str(caught.value) == f"{path}: not a supported image{seen}; {CONVERT}"


def test_fault_02_damaged_png_is_told(tmp_path: Path) -> None:
    data = encoded(Image.fromarray(PATTERN), "PNG")
    with pytest.raises(PictureError, match=r"damaged image: its PNG data cannot be decoded"):
        open_picture(picture_file(tmp_path, data[: len(data) // 2]))


@pytest.mark.parametrize("chunk", [b"IHDR", b"IDAT", b"IEND"])
def test_fault_02_png_with_a_bad_crc(tmp_path: Path, chunk: bytes) -> None:
    data = bytearray(encoded(Image.fromarray(PATTERN), "PNG"))
    start = data.index(chunk)
    (length,) = struct.unpack(">I", data[start - 4 : start])
    data[start + 4 + length] ^= 1
    if chunk == b"IEND":  # nothing hangs on the last one: the picture is whole
        assert open_picture(picture_file(tmp_path, bytes(data))).pixels.shape == PATTERN.shape
        return
    with pytest.raises(PictureError, match=r"damaged image"):
        open_picture(picture_file(tmp_path, bytes(data)))


FORMATS = [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True}), ("GIF", {}), ("BMP", {}), ("PPM", {})]
FORMATS += [("WEBP", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})]


@pytest.mark.parametrize(("name", "options"), FORMATS)
def test_fault_02_truncated_anywhere_it_is_damaged_or_whole(name: str, options: dict[str, object]) -> None:
    data = encoded(Image.fromarray(PATTERN), name, **options)
    whole = open_picture("-", stdin=io.BytesIO(data)).pixels
    for length in range(len(data)):
        try:
            part = open_picture("-", stdin=io.BytesIO(data[:length])).pixels
        except PictureError:
            continue
        assert np.array_equal(part, whole), f"half a picture after {length} bytes"


@pytest.mark.parametrize(("name", "options"), FORMATS)
def test_fault_02_flipped_bytes_give_a_picture_or_an_error(
    name: str, options: dict[str, object], capfd: pytest.CaptureFixture[str]
) -> None:
    data = encoded(Image.fromarray(PATTERN), name, **options)
    chance, messages = random.Random(3), [""]
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(chance.choice((1, 1, 4))):
            damaged[chance.randrange(len(data))] = chance.randrange(256)
        try:
            limits = OpenLimits(max_pixels=100_000)
            pixels = open_picture("-", limits=limits, stdin=io.BytesIO(damaged)).pixels
        except PictureError as error:
            messages.append(str(error))
            continue
        assert np.isfinite(pixels).all()
        assert 0 <= pixels.min() <= pixels.max() <= 1
    assert all(message.isprintable() for message in messages)
    assert capfd.readouterr() == ("", "")  # libtiff likes to talk to stderr


def test_fault_03_huge_header_is_refused_before_anything_is_decoded(tmp_path: Path) -> None:
    path = picture_file(tmp_path, huge_png())
    tracemalloc.start()
    with pytest.raises(PictureError) as caught:
        open_picture(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert str(caught.value) == (
        f"{path}: 50000 x 50000 is more than the limit of 50,000,000 pixels;"
        " raise the limit or use a smaller copy"
    )
    assert peak < 20_000_000


HUGE = {
    "jpeg": b"\xff\xd8\xff\xc0\0\x11\x08" + struct.pack(">HH", 50_000, 50_000)
    + b"\3\1\x11\0\2\x11\0\3\x11\0\xff\xda\0\0",
    "gif": b"GIF89a" + struct.pack("<HHBBB", 50_000, 50_000, 0x80, 0, 0) + bytes(6)
    + b"\x2c\0\0\0\0" + struct.pack("<HHB", 50_000, 50_000, 0) + b"\2\2\x44\1\0;",
    "bmp": b"BM" + struct.pack("<IHHIIiiHH", 100, 0, 0, 54, 40, 50_000, 50_000, 1, 24) + bytes(24),
    "ppm": b"P6 50000 50000 255\n",
    "webp": b"RIFF\x40\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0\x4f\xc3\0\x4f\xc3\0"
    + b"VP8L\x10\0\0\0\x2f" + bytes(40),
}  # fmt: skip


@pytest.mark.parametrize("name", HUGE)
def test_fault_03_huge_header_of_any_format_takes_no_memory(tmp_path: Path, name: str) -> None:
    path = picture_file(tmp_path, HUGE[name])
    script = (
        "import resource, sys\n"
        "import paintnet.picture.decoding\n"
        "from paintnet.errors import PictureError\n"
        "from paintnet.picture import open_picture\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    open_picture(sys.argv[1])\n"
        "except PictureError as error:\n    print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    message, kilobytes = done.stdout.splitlines()
    assert "limit of 50,000,000 pixels" in message or (name == "webp" and "damaged image" in message)
    assert int(kilobytes) < 100_000


@pytest.mark.parametrize("name", ["PNG", "WEBP", "TIFF", "GIF"])
def test_pixel_limit_can_be_raised_beyond_pillows_own(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    data = encoded(Image.new("RGB", (20, 20)), name)
    opened = open_picture("-", limits=OpenLimits(max_pixels=400), stdin=io.BytesIO(data))
    assert opened.pixels.shape == (20, 20, 3)
    assert Image.MAX_IMAGE_PIXELS == 10
    with pytest.raises(PictureError, match=r"is more than the limit of 399 pixels"):
        open_picture("-", limits=OpenLimits(max_pixels=399), stdin=io.BytesIO(data))


STRANGERS = {
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
    "DOS EPS": (b"\xc5\xd0\xd3\xc6" + bytes(40), "EPS"),
    "PDF": (b"%PDF-1.4\n", "a PDF"),
    "FITS": (b"SIMPLE  =                    T".ljust(2880), "FITS"),
    "PSD": (b"8BPS\0\1" + bytes(40), "a Photoshop file"),
}


@pytest.mark.parametrize("kind", STRANGERS)
@pytest.mark.parametrize("name", ["cat.png", "cat.eps", "cat"])
def test_fault_04_other_formats_are_refused_under_any_name(tmp_path: Path, kind: str, name: str) -> None:
    data, seen = STRANGERS[kind]
    path = picture_file(tmp_path, data, name)
    with pytest.raises(PictureError) as caught:
        open_picture(path)
    assert str(caught.value) == f"{path}: not a supported image: it is {seen}; {CONVERT}"


def test_fault_04_parsers_of_other_formats_are_not_even_imported(tmp_path: Path) -> None:
    path = picture_file(tmp_path, STRANGERS["EPS"][0])
    script = (
        "import sys\nfrom paintnet.errors import PictureError\nfrom paintnet.picture import open_picture\n"
        "try:\n    open_picture(sys.argv[1])\nexcept PictureError:\n    pass\n"
        "print([name for name in sys.modules if name in "
        "('PIL.EpsImagePlugin', 'PIL.PdfImagePlugin', 'PIL.FitsImagePlugin', 'PIL.PsdImagePlugin')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
