"""BMP: an alpha that nobody has set, and a profile that stands at the end."""

import io
import struct

import numpy as np
import pytest

from paintnet.picture import OpenedPicture, open_picture
from tests.picture.picture_helpers import icc_profile, srgb_level

MASKS = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)


def bmp(*pixels: tuple[int, int, int, int], kind: bytes = b"BGRs", profile: bytes = b"") -> bytes:
    """One row of BGRA under a version 5 header."""
    header = struct.pack("<IiiHHIIiiII", 124, len(pixels), 1, 1, 32, 3, 4 * len(pixels), 0, 0, 0, 0)
    header += MASKS + kind + bytes(48)
    body = b"".join(bytes([blue, green, red, alpha]) for red, green, blue, alpha in pixels)
    header += struct.pack("<IIII", 0, 124 + len(body), len(profile), 0)
    assert len(header) == 124
    return b"BM" + struct.pack("<IHHI", 138 + len(body), 0, 0, 138) + header + body + profile


def opened(data: bytes) -> OpenedPicture:
    return open_picture("-", stdin=io.BytesIO(data))


def levels(picture: OpenedPicture) -> list[list[int]]:
    return np.rint(picture.pixels[0] * 255).astype(int).tolist()


def test_fault_31_alpha_that_is_0_everywhere() -> None:
    picture = opened(bmp((30, 160, 240, 0), (1, 2, 3, 0)))
    assert levels(picture) == [[30, 160, 240], [1, 2, 3]]
    assert picture.notes == ("its transparency is 0 everywhere and was ignored",)


def test_fault_31_alpha_that_is_0_everywhere_on_black() -> None:
    assert levels(opened(bmp((0, 0, 0, 0), (0, 0, 0, 0)))) == [[0, 0, 0]] * 2


def test_fault_31_alpha_that_is_set_anywhere_counts() -> None:
    picture = opened(bmp((30, 160, 240, 0), (1, 2, 3, 9)))
    assert levels(picture) == [[0, 0, 0, 0], [1, 2, 3, 9]]
    assert picture.notes == ()


def test_fault_31_embedded_profile_is_applied() -> None:
    picture = opened(bmp((64, 64, 64, 255), kind=b"DEBM", profile=icc_profile(1.0, "sRGB")))
    assert np.abs(np.array(levels(picture)[0][:3]) - srgb_level(64 / 255)).max() <= 2
    assert picture.notes == ("colors converted from sRGB to sRGB",)


@pytest.mark.parametrize(
    ("kind", "profile", "note"),
    [
        (b"DEBM", b"rubbish", "its color profile is damaged and was ignored"),
        (b"DEBM", b"", "its color profile is damaged and was ignored"),
        (b"KNIL", b"C:\\a.icc\0", "its color profile lies in another file and was ignored"),
    ],
)
def test_fault_31_profile_that_cannot_be_used_is_said(kind: bytes, profile: bytes, note: str) -> None:
    picture = opened(bmp((64, 64, 64, 255), kind=kind, profile=profile))
    assert levels(picture)[0][:3] == [64, 64, 64]
    assert picture.notes == (note,)
