"""Damage beside the pixels of a PNG is no reason to refuse it; damage of the pixels is."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from paintnet.errors import PictureError
from paintnet.picture import OpenedPicture, open_picture
from tests.picture.picture_helpers import PATTERN, encoded, icc_profile, png_chunk

PIXELS = Image.fromarray(PATTERN)


def rich_png() -> bytes:
    """A PNG with a part of every kind that cameras and editors write."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "cat")
    info.add_text("Comment", "a cat", zip=True)
    info.add(b"gAMA", struct.pack(">I", 45_455))
    info.add(b"tIME", bytes(7))
    exif = Image.Exif()
    exif[270] = "cat"
    return encoded(PIXELS, "PNG", pnginfo=info, exif=exif, dpi=(72, 72), icc_profile=icc_profile(None))


def place_of(data: bytes, name: bytes) -> tuple[int, int]:
    """Where the content of a part begins, and where its checksum does."""
    start = data.index(name) + 4
    return start, start + struct.unpack(">I", data[start - 8 : start - 4])[0]


def with_bad_checksum(data: bytes, *names: bytes) -> bytes:
    damaged = bytearray(data)
    for name in names:
        damaged[place_of(data, name)[1]] ^= 1
    return bytes(damaged)


def opened(data: bytes) -> OpenedPicture:
    return open_picture("-", stdin=io.BytesIO(data))


@pytest.mark.parametrize("name", [b"tEXt", b"zTXt", b"gAMA", b"tIME", b"pHYs", b"eXIf", b"iCCP"])
def test_fault_02_bad_checksum_beside_the_pixels_is_a_note(name: bytes) -> None:
    picture = opened(with_bad_checksum(rich_png(), name))
    assert np.array_equal(np.rint(picture.pixels * 255), PATTERN)
    assert picture.notes == (f"damaged parts beside the pixels were ignored ({name.decode()})",)


def test_fault_02_several_bad_checksums_beside_the_pixels() -> None:
    names = (b"tEXt", b"zTXt", b"gAMA", b"tIME", b"pHYs", b"eXIf")
    picture = opened(with_bad_checksum(rich_png(), *names))
    assert np.array_equal(np.rint(picture.pixels * 255), PATTERN)
    (note,) = picture.notes
    assert note.startswith("damaged parts beside the pixels were ignored (")
    assert note.endswith(" and more)")


def test_fault_02_damaged_transparent_color_is_said() -> None:
    data = encoded(Image.new("RGB", (2, 1), (1, 2, 3)), "PNG", transparency=(1, 2, 3))
    assert opened(data).pixels.shape == (1, 2, 4)
    picture = opened(with_bad_checksum(data, b"tRNS"))
    assert picture.pixels.shape == (1, 2, 3)
    assert picture.notes == ("damaged parts beside the pixels were ignored (tRNS)",)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (b"gAMA", b"\0"),
        (b"cHRM", b"\0\0"),
        (b"pHYs", b"\0"),
        (b"iCCP", b"name\0\x05packed"),
        (b"zTXt", b"a\0\0" + b"no zlib"),
        (b"acTL", bytes(8)),
    ],
)
def test_fault_02_nonsense_beside_the_pixels_is_no_harm(name: bytes, content: bytes) -> None:
    data = encoded(PIXELS, "PNG")
    picture = opened(data[:33] + png_chunk(name, content) + data[33:])
    assert np.array_equal(np.rint(picture.pixels * 255), PATTERN)


@pytest.mark.parametrize("name", [b"IHDR", b"IDAT", b"PLTE"])
def test_fault_02_bad_checksum_of_the_pixels_is_refused(name: bytes) -> None:
    data = encoded(PIXELS.quantize(8), "PNG")
    with pytest.raises(PictureError, match=r"damaged image: its PNG data cannot be decoded"):
        opened(with_bad_checksum(data, name))


@pytest.mark.parametrize("name", [b"IHDR", b"IDAT", b"PLTE"])
def test_fault_02_damage_to_the_name_of_pixels_is_refused(name: bytes) -> None:
    """One bit makes a part look like one that may be left out."""
    data = encoded(PIXELS.quantize(8), "PNG")
    with pytest.raises(PictureError, match=r"damaged image: its PNG data cannot be decoded"):
        opened(data.replace(name, bytes([name[0] | 0x20]) + name[1:]))


def test_fault_02_rubbish_after_the_end_is_no_harm() -> None:
    picture = opened(encoded(PIXELS, "PNG") + b"\0\0\0\x05tEXt" + bytes(20))
    assert np.array_equal(np.rint(picture.pixels * 255), PATTERN)
    assert picture.notes == ()
