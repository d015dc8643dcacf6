"""Color profiles are judged by what they do to colors, whatever their names say."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from paintnet.picture import OpenedPicture, open_picture
from tests.picture.picture_helpers import encoded, icc_profile, srgb_level

NAMES = ["sRGB", "sRGB IEC61966-2.1", "sRGB linear", "Camera RGB"]


def opened(image: Image.Image, name: str = "PNG", **options: object) -> OpenedPicture:
    return open_picture("-", stdin=io.BytesIO(encoded(image, name, **options)))


def levels(picture: OpenedPicture) -> np.ndarray:
    return np.rint(picture.pixels * 255).astype(int)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("gamma", [1.0, 1.8, 3.0])
def test_fault_31_profile_is_judged_by_its_curves(name: str, gamma: float) -> None:
    picture = opened(Image.new("RGB", (4, 4), (64, 64, 64)), icc_profile=icc_profile(gamma, name))
    expected = srgb_level((64 / 255) ** gamma)  # 137 where the profile is linear
    assert np.abs(levels(picture) - expected).max() <= 2
    assert picture.notes == (f"colors converted from {name} to sRGB",)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "WEBP"])
def test_fault_31_linear_profile_in_every_format(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    picture = opened(
        Image.new("RGB", (8, 8), (64, 64, 64)), kind, icc_profile=icc_profile(1.0, "sRGB"), **options
    )
    assert np.abs(levels(picture) - 137).max() <= 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_fault_31_profile_that_is_srgb_changes_nothing(name: str, mode: str) -> None:
    image = Image.fromarray(np.arange(252, dtype=np.uint8).reshape(6, 14, 3)).convert(mode)
    picture = opened(image, icc_profile=icc_profile(None, name))
    assert np.array_equal(picture.pixels, opened(image).pixels)
    assert picture.notes == ()


@pytest.mark.parametrize(("mode", "space"), [("L", "GRAY"), ("LA", "GRAY"), ("L", "RGB")])
def test_fault_31_linear_profile_of_a_grey_picture(mode: str, space: str) -> None:
    image = Image.new(mode, (4, 4), (64, 200)[: len(mode)] if mode == "LA" else 64)
    picture = opened(image, "TIFF", icc_profile=icc_profile(1.0, "sGrey", space))
    seen = levels(picture)
    assert np.abs(seen[..., :3] - 137).max() <= 2
    if mode == "LA":
        assert (seen[..., 3] == 200).all()
    assert picture.notes == ("colors converted from sGrey to sRGB",)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_fault_31_linear_profile_of_16_bit_grey_keeps_its_levels(kind: str) -> None:
    ramp = np.arange(0, 65_536, 16, dtype=np.uint16).reshape(1, -1)
    picture = opened(Image.fromarray(ramp), kind, icc_profile=icc_profile(1.0, "sGrey", "GRAY"))
    expected = [srgb_level(value / 65_535) for value in ramp[0].tolist()]
    assert np.abs(picture.pixels[0, :, 0] * 255 - expected).max() <= 2
    assert len(np.unique(picture.pixels)) == ramp.size
    assert picture.notes == ("colors converted from sGrey to sRGB",)


@pytest.mark.parametrize("profile", [icc_profile(None, "any", "GRAY"), icc_profile(None, "any"), b"rubbish"])
def test_fault_31_16_bit_grey_as_it_is(profile: bytes) -> None:
    ramp = np.arange(0, 65_536, 255, dtype=np.uint16).reshape(1, -1)
    picture = opened(Image.fromarray(ramp), "TIFF", icc_profile=profile)
    assert np.array_equal(np.rint(picture.pixels[..., 0] * 65_535), ramp)
    assert picture.notes == (
        ("its color profile is damaged and was ignored",) if profile == b"rubbish" else ()
    )


def swapped_profile() -> bytes:
    """sRGB with its red and blue changed over, still named sRGB."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", data[128:132])[0]
    for index in range(count):
        place = 132 + 12 * index
        name = bytes(data[place : place + 4])
        data[place : place + 4] = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(name, name)
    return bytes(data)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_fault_31_other_primaries_are_converted_to_srgb(mode: str) -> None:
    image = Image.new(mode, (4, 4), (255, 0, 0, 90)[: len(mode)])
    picture = opened(image, icc_profile=swapped_profile())
    assert np.abs(levels(picture)[..., :3] - (0, 0, 255)).max() <= 2
    assert picture.notes == ("colors converted from sRGB built-in to sRGB",)
    if mode == "RGBA":
        assert (levels(picture)[..., 3] == 90).all()


def test_profile_that_pillow_writes_changes_nothing() -> None:
    pattern = np.random.default_rng(5).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = opened(Image.fromarray(pattern), icc_profile=profile)
    assert np.array_equal(levels(picture), pattern)
    assert picture.notes == ()


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "CMYK"])
@pytest.mark.parametrize("profile", [b"rubbish", bytes(200)])
def test_broken_profile_is_ignored_with_a_note(mode: str, profile: bytes) -> None:
    picture = opened(Image.new(mode, (4, 4), (9, 255) if mode == "LA" else 9), "TIFF", icc_profile=profile)
    assert picture.notes == ("its color profile is damaged and was ignored",)


@pytest.mark.parametrize(
    ("mode", "space", "why"), [("RGB", "GRAY", "grey, not for RGB"), ("CMYK", "RGB", "RGB, not for CMYK")]
)
def test_profile_of_another_kind_is_ignored_with_a_note(mode: str, space: str, why: str) -> None:
    picture = opened(Image.new(mode, (4, 4)), "TIFF", icc_profile=icc_profile(1.0, space=space))
    assert picture.notes == (f"its color profile is for {why}, and was ignored",)
