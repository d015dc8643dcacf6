"""TIFF: which page is the picture, and what its samples mean."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from paintnet.errors import PictureError
from paintnet.picture import OpenedPicture, open_picture, opening
from tests.picture.picture_helpers import TiffPage, encoded, icc_profile, raw_tiff, srgb_level

FULL = bytes(range(60))
REDUCED, MASK, PAGE = {254: 1}, {254: 4}, {254: 2}
LAYOUTS = [("<", False), (">", False), ("<", True)]


@pytest.fixture(autouse=True, params=[opening.HELD_BYTES, 0], ids=["held", "on the disk"])
def _held_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files are read as large ones are, too."""
    monkeypatch.setattr(opening, "HELD_BYTES", request.param)


def opened(data: bytes) -> OpenedPicture:
    return open_picture("-", stdin=io.BytesIO(data))


def levels(picture: OpenedPicture) -> np.ndarray:
    return np.rint(picture.pixels * 255).astype(int)


def full(**tags: int) -> TiffPage:
    return TiffPage(10, 6, FULL, dict(tags))


def small(tags: dict[int, int] | None = None, **more: list[TiffPage]) -> TiffPage:
    return TiffPage(5, 3, bytes([200] * 15), tags or {}, **more)


def is_full(picture: OpenedPicture) -> bool:
    return picture.pixels.shape == (6, 10, 1) and levels(picture).ravel().tolist() == list(FULL)


@pytest.mark.parametrize(("order", "big"), LAYOUTS)
def test_fault_31_thumbnail_by_its_own_word_is_passed_over(order: str, big: bool) -> None:
    picture = opened(raw_tiff(small(REDUCED), full(), order=order, big=big))
    assert is_full(picture)
    assert picture.notes == ("page 2 of 2: the first is a small copy or a mask",)


@pytest.mark.parametrize("tags", [{255: 2}, MASK, {254: 5}], ids=["old tag", "mask", "mask of a copy"])
def test_fault_31_other_words_for_what_is_no_picture(tags: dict[int, int]) -> None:
    assert is_full(opened(raw_tiff(small(tags), small(REDUCED), full())))


@pytest.mark.parametrize(("order", "big"), LAYOUTS)
@pytest.mark.parametrize("tags", [{}, PAGE, {254: 0}], ids=["no word", "pages", "said to be full"])
def test_fault_31_thumbnail_without_a_word_is_told_by_its_size(
    order: str, big: bool, tags: dict[int, int]
) -> None:
    picture = opened(raw_tiff(small(tags), full(), small(), order=order, big=big))
    assert is_full(picture)
    assert picture.notes == ("page 2 of 3, the largest",)


@pytest.mark.parametrize(("order", "big"), LAYOUTS)
def test_fault_31_full_picture_inside_a_thumbnail(order: str, big: bool) -> None:
    """As cameras write it: the first directory is small and holds the way to the other one."""
    picture = opened(raw_tiff(small(REDUCED, inside=[full()]), order=order, big=big))
    assert is_full(picture)
    assert picture.notes == ("the full picture inside its first page, which is a small copy",)


def test_fault_31_thumbnail_written_by_pillow() -> None:
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8))
    data = encoded(image.resize((8, 6)), "TIFF", save_all=True, append_images=[image])
    picture = opened(data)
    assert np.array_equal(levels(picture), np.asarray(image))
    assert picture.notes == ("page 2 of 2, the largest",)


@pytest.mark.parametrize(
    "others",
    [[small(REDUCED)], [small()], [TiffPage(12, 6, bytes(72))], [TiffPage(20, 6, bytes(120), REDUCED)]],
    ids=["small copy", "small page", "somewhat larger page", "large copy"],
)
def test_fault_31_first_page_stays_the_picture(others: list[TiffPage]) -> None:
    picture = opened(raw_tiff(full(), *others))
    assert is_full(picture)
    assert picture.notes == ("only the first of several pages was read",)


def test_fault_31_nothing_but_a_small_copy_is_read() -> None:
    picture = opened(raw_tiff(small(REDUCED)))
    assert picture.pixels.shape == (3, 5, 1)
    assert picture.notes == ()


def test_fault_31_full_page_that_cannot_be_read_is_not_replaced_by_its_thumbnail() -> None:
    strange = TiffPage(10, 6, FULL, {262: 32_803})  # the raw samples of a camera
    with pytest.raises(PictureError, match=r"a TIFF of an unusual kind \(unknown pixel mode\)"):
        opened(raw_tiff(small(REDUCED), strange))


def test_fault_03_limit_holds_for_the_page_that_is_read() -> None:
    huge = TiffPage(60_000, 60_000, FULL)
    with pytest.raises(PictureError, match=r"60000 x 60000 is more than the limit of 50,000,000 pixels"):
        opened(raw_tiff(small(REDUCED), huge))


def test_fault_09_endless_chain_of_pages_ends() -> None:
    data = bytearray(raw_tiff(full(), small()))
    first = struct.unpack_from("<I", data, 4)[0]
    data[-4:] = struct.pack("<I", first)
    picture = opened(bytes(data))
    assert is_full(picture)
    assert picture.notes == ("only the first of several pages was read",)


SIGNED = {339: 2}


@pytest.mark.parametrize("order", "<>")
def test_fault_31_signed_8_bit_samples(order: str) -> None:
    samples = struct.pack("5b", -128, -1, 0, 1, 127)
    picture = opened(raw_tiff(TiffPage(5, 1, samples, SIGNED), order=order))
    assert levels(picture).ravel().tolist() == [0, 127, 128, 129, 255]
    assert picture.notes == ("its samples are signed numbers: -128 was taken for black and 127 for white",)


@pytest.mark.parametrize("order", "<>")
def test_fault_31_signed_16_bit_samples(order: str) -> None:
    samples = struct.pack(order + "5h", -32_768, -1, 0, 1, 32_767)
    picture = opened(raw_tiff(TiffPage(5, 1, samples, {**SIGNED, 258: 16}), order=order))
    assert np.rint(picture.pixels.ravel() * 65_535).tolist() == [0, 32_767, 32_768, 32_769, 65_535]
    assert picture.notes == (
        "its samples are signed numbers: -32768 was taken for black and 32767 for white",
    )


@pytest.mark.parametrize(("bits", "top"), [(8, 127), (16, 32_767)])
def test_fault_31_signed_samples_of_which_none_is_negative(bits: int, top: int) -> None:
    samples = struct.pack("<3b" if bits == 8 else "<3h", 0, top // 2, top)
    picture = opened(raw_tiff(TiffPage(3, 1, samples, {**SIGNED, 258: bits})))
    assert np.allclose(picture.pixels.ravel(), [0, (top // 2) / top, 1])
    assert picture.notes == (f"its samples are signed numbers: 0 was taken for black and {top} for white",)


def test_fault_33_directory_beyond_all_numbers_is_damaged() -> None:
    data = bytearray(raw_tiff(full(), big=True))
    data[8:16] = b"\xff" * 8
    with pytest.raises(PictureError, match=r"damaged image: "):
        opened(bytes(data))


def test_fault_31_unsigned_samples_need_no_note() -> None:
    picture = opened(raw_tiff(TiffPage(3, 1, b"\0\x80\xff", {339: 1})))
    assert levels(picture).ravel().tolist() == [0, 128, 255]
    assert picture.notes == ()


def test_fault_31_profile_counts_from_black_where_0_is_white() -> None:
    image = Image.fromarray(np.full((4, 4), round(0.25 * 65_535), np.uint16))
    data = bytearray(encoded(image, "TIFF", icc_profile=icc_profile(1.0, space="GRAY")))
    place = data.index(struct.pack("<HHI", 262, 3, 1)) + 8
    data[place] = 0
    assert np.abs(levels(opened(bytes(data))) - srgb_level(0.75)).max() <= 2


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_fault_31_alpha_that_is_0_everywhere(mode: str) -> None:
    color = (30, 160, 240, 0) if mode == "RGBA" else (90, 0)
    image = Image.new(mode, (4, 3), color)
    picture = opened(encoded(image, "TIFF"))
    assert levels(picture)[0, 0].tolist() == list(color[:-1])
    assert picture.notes == ("its transparency is 0 everywhere and was ignored",)
    image.putpixel((1, 1), (*color[:-1], 1))
    kept = opened(encoded(image, "TIFF"))
    assert kept.pixels.shape == (3, 4, 4)
    assert kept.notes == ()
