"""Whole files of a kind that Pillow cannot read are not called damaged."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from paintnet.errors import PictureError
from paintnet.picture import open_picture
from tests.picture.picture_helpers import CONVERT, PATTERN, TiffPage, encoded, raw_tiff


def refused(data: bytes) -> str:
    with pytest.raises(PictureError) as caught:
        open_picture("-", stdin=io.BytesIO(data))
    return str(caught.value)


def unusual(name: str, kind: str) -> str:
    return f"stdin: not a supported image: a {name} of an unusual kind ({kind}); {CONVERT}"


def page(**_: object) -> TiffPage:
    return TiffPage(10, 6, bytes(60))


def test_fault_33_big_endian_bigtiff_is_unusual() -> None:
    assert refused(raw_tiff(page(), order=">", big=True)) == unusual("TIFF", "big-endian BigTIFF")
    assert open_picture("-", stdin=io.BytesIO(raw_tiff(page(), big=True))).pixels.shape == (6, 10, 1)


@pytest.mark.parametrize(
    ("number", "name"), [(34_712, "JPEG 2000"), (34_887, "LERC"), (50_002, "JPEG XL"), (34_933, "PNG")]
)
@pytest.mark.parametrize("order", "<>")
def test_fault_33_tiff_packed_in_an_unusual_way(number: int, name: str, order: str) -> None:
    data = raw_tiff(TiffPage(10, 6, bytes(60), {259: number}), order=order)
    assert refused(data) == unusual("TIFF", f"{name} compression")


@pytest.mark.parametrize("tags", [{258: 64, 339: 3}, {262: 32_803}, {262: 34_892}], ids=str)
def test_fault_33_tiff_of_unusual_samples(tags: dict[int, int]) -> None:
    assert "a TIFF of an unusual kind (unknown pixel mode)" in refused(
        raw_tiff(TiffPage(10, 6, bytes(480), tags))
    )


@pytest.mark.parametrize(
    ("marker", "bits", "kind"),
    [
        (0xC3, 8, "lossless"),
        (0xC7, 8, "lossless"),
        (0xC5, 8, "hierarchical"),
        (0xF7, 8, "JPEG-LS"),
        (0xC1, 12, "12 bits a sample"),
    ],
)
def test_fault_33_jpeg_of_an_unusual_process(marker: int, bits: int, kind: str) -> None:
    """The frame header of a plain JPEG, changed to that of another process."""
    data = encoded(Image.fromarray(PATTERN), "JPEG")
    place = data.index(b"\xff\xc0")
    changed = data[:place] + bytes([0xFF, marker]) + data[place + 2 : place + 4] + bytes([bits])
    assert refused(changed + data[place + 5 :]) == unusual("JPEG", kind)


def test_fault_33_bmp_with_a_jpeg_inside_is_unusual() -> None:
    data = b"BM" + struct.pack("<IHHI", 100, 0, 0, 54)
    data += struct.pack("<IiiHHIIiiII", 40, 4, 4, 1, 24, 4, 46, 0, 0, 0, 0) + bytes(46)
    assert "a BMP of an unusual kind (Unsupported BMP compression (4))" in refused(data)


@pytest.mark.parametrize("name", ["JPEG", "TIFF", "PNG", "BMP", "GIF", "WEBP"])
def test_fault_33_what_is_cut_off_is_damaged_not_unusual(name: str) -> None:
    data = encoded(Image.fromarray(PATTERN), name)
    assert "damaged image: " in refused(data[: len(data) // 2])


def test_fault_33_damaged_directory_is_not_unusual() -> None:
    data = bytearray(raw_tiff(page()))
    data[4:8] = struct.pack("<I", len(data) * 2)
    assert "damaged image: " in refused(bytes(data))


def test_fault_33_other_16_bit_pages_are_read() -> None:
    samples = np.arange(60, dtype=">u2").tobytes()
    opened = open_picture("-", stdin=io.BytesIO(raw_tiff(TiffPage(10, 6, samples, {258: 16}), order=">")))
    assert np.rint(opened.pixels.ravel() * 65_535).tolist() == list(range(60))
