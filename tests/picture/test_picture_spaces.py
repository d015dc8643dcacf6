"""Color spaces that a PNG gives by numbers: gAMA, cHRM and cICP."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from paintnet.picture import OpenedPicture, open_picture
from tests.picture.picture_helpers import encoded, icc_profile, raw_png, srgb_level

SRGB_POINTS = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
ADOBE_POINTS = (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
P3_POINTS = (0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)


def gama(gamma: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(gamma * 100_000))


def chrm(*points: float) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in points))


def cicp(*points: int) -> tuple[bytes, bytes]:
    return b"cICP", bytes(points)


def colored(color: tuple[int, ...], *parts: tuple[bytes, bytes]) -> OpenedPicture:
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[len(color)]
    return open_picture("-", stdin=io.BytesIO(raw_png(1, 1, 8, kind, bytes([0, *color]), *parts)))


def levels(picture: OpenedPicture) -> list[int]:
    return np.rint(picture.pixels[0, 0] * 255).astype(int).tolist()


@pytest.mark.parametrize(
    ("gamma", "name"), [(1.0, "linear light"), (0.55556, "gamma 1.8"), (0.3333, "gamma 3")]
)
@pytest.mark.parametrize("color", [(64,), (64, 200), (64, 64, 64), (64, 64, 64, 200)])
def test_fault_31_gamma_of_a_png_is_applied(gamma: float, name: str, color: tuple[int, ...]) -> None:
    picture = colored(color, gama(gamma))
    seen = levels(picture)
    assert np.abs(np.array(seen[:3]) - srgb_level((64 / 255) ** (1 / gamma))).max() <= 1
    assert seen[3:] == [200] * (len(seen) == 4)
    assert picture.notes == (f"colors converted from {name} to sRGB",)


def test_fault_31_gamma_of_16_bit_grey_is_applied_to_all_levels() -> None:
    rows = b"\0" + struct.pack(">3H", 16, 17, 32_768)
    picture = open_picture("-", stdin=io.BytesIO(raw_png(3, 1, 16, 0, rows, gama(1.0))))
    expected = [12.92 * 16 / 65_535, 12.92 * 17 / 65_535, 1.055 * (32_768 / 65_535) ** (1 / 2.4) - 0.055]
    assert np.allclose(picture.pixels.ravel(), expected, atol=1e-6)


def test_fault_31_gamma_of_a_palette_png_is_applied() -> None:
    image = Image.new("P", (1, 1), 0)
    image.putpalette([64, 64, 64])
    data = encoded(image, "PNG")
    with_gamma = data[:33] + raw_png(1, 1, 8, 0, b"\0\0", gama(1.0))[33:49] + data[33:]
    assert levels(open_picture("-", stdin=io.BytesIO(with_gamma))) == [137] * 3


@pytest.mark.parametrize(
    "parts",
    [
        [gama(0.45455)],
        [gama(0.45)],
        [gama(0.45455), chrm(*SRGB_POINTS)],
        [(b"sRGB", b"\0"), gama(1.0), chrm(*P3_POINTS)],
        [cicp(1, 13, 0, 1), gama(1.0)],
    ],
    ids=["gAMA of sRGB", "nearly", "with cHRM", "sRGB goes before gAMA", "cICP goes before gAMA"],
)
def test_fault_31_png_that_says_srgb_is_left_alone(parts: list[tuple[bytes, bytes]]) -> None:
    picture = colored((64, 120, 250), *parts)
    assert levels(picture) == [64, 120, 250]
    assert picture.notes == ()


def test_fault_31_display_p3_by_cicp() -> None:
    # Worked by https://www.w3.org/TR/css-color-4/#color-conversion-code: P3 (0.5, 0.4, 0.3) in sRGB.
    picture = colored((128, 102, 77), cicp(12, 13, 0, 1))
    assert np.abs(np.array(levels(picture)) - (134, 101, 73)).max() <= 2
    assert picture.notes == ("colors converted from Display P3 to sRGB",)
    white = levels(colored((255, 255, 255), cicp(12, 13, 0, 1)))
    assert white == [255] * 3


def test_fault_31_cicp_goes_before_a_profile() -> None:
    image = Image.new("RGB", (1, 1), (64, 64, 64))
    data = encoded(image, "PNG", icc_profile=icc_profile(3.0))
    with_cicp = data[:33] + raw_png(1, 1, 8, 0, b"\0\0", cicp(1, 8, 0, 1))[33:49] + data[33:]
    picture = open_picture("-", stdin=io.BytesIO(with_cicp))
    assert levels(picture) == [137] * 3
    assert picture.notes == ("colors converted from linear BT.709 to sRGB",)


def test_fault_31_chromaticities_agree_with_a_profile_of_the_same_primaries() -> None:
    """The way by numbers and the way by littlecms, an oracle, meet."""
    color = (180, 90, 60)
    by_numbers = levels(colored(color, gama(1 / 1.8), chrm(*SRGB_POINTS)))
    profile = icc_profile(1.8)
    by_profile = levels(
        open_picture(
            "-", stdin=io.BytesIO(encoded(Image.new("RGB", (1, 1), color), "PNG", icc_profile=profile))
        )
    )
    assert np.abs(np.array(by_numbers) - by_profile).max() <= 1


def test_fault_31_wide_primaries_make_colors_stronger() -> None:
    picture = colored((200, 120, 100), gama(0.45455), chrm(*ADOBE_POINTS))
    seen = levels(picture)
    assert seen[0] > 205
    assert picture.notes == ("colors converted from the curve of sRGB and primaries of its own to sRGB",)
    assert levels(colored((128,), chrm(*ADOBE_POINTS))) == [128]  # grey has no primaries


@pytest.mark.parametrize(
    ("parts", "note"),
    [
        ([cicp(9, 16, 0, 1)], "its high dynamic range (PQ) was not converted: its colors look pale"),
        ([cicp(9, 18, 0, 1)], "its high dynamic range (HLG) was not converted: its colors look pale"),
        ([cicp(1, 13, 0, 0)], "its color space (cICP 1, 13, 0, 0) is not known and was ignored"),
        ([cicp(77, 13, 0, 1)], "its color space (cICP 77, 13, 0, 1) is not known and was ignored"),
        ([cicp(1, 13)], "its cICP part is damaged and was ignored"),
        ([gama(0)], "its gamma of 0 makes no sense and was ignored"),
        ([gama(20_000)], "its gamma of 20000 makes no sense and was ignored"),
        ([chrm(*(0,) * 8)], "its chromaticities make no sense and were ignored"),
        ([chrm(*(0.3,) * 8)], "its chromaticities make no sense and were ignored"),
    ],
)
def test_fault_31_what_is_not_applied_is_said(parts: list[tuple[bytes, bytes]], note: str) -> None:
    picture = colored((64, 120, 250), *parts)
    assert levels(picture) == [64, 120, 250]
    assert picture.notes == (note,)
