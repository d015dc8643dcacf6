import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from paintnet.errors import PictureError
from paintnet.picture import OpenedPicture, open_picture
from tests.picture.picture_helpers import deep_tiff, icc_profile, raw_png

PATTERN = np.random.default_rng(5).integers(0, 256, (6, 9, 4), dtype=np.uint8)
BLUE = (29, 161, 242)


def opened(image: Image.Image, name: str = "PNG", **options: object) -> OpenedPicture:
    buffer = io.BytesIO()
    image.save(buffer, format=name, **options)
    return open_picture("-", stdin=io.BytesIO(buffer.getvalue()))


def levels(picture: OpenedPicture) -> np.ndarray:
    return np.rint(picture.pixels * 255).astype(int)


def test_rgb_and_grey() -> None:
    assert np.array_equal(levels(opened(Image.fromarray(PATTERN[..., :3]))), PATTERN[..., :3])
    grey = opened(Image.fromarray(PATTERN[..., 0]))
    assert grey.pixels.shape == (6, 9, 1)
    assert np.array_equal(levels(grey)[..., 0], PATTERN[..., 0])


@pytest.mark.parametrize("name", ["PNG", "WEBP", "GIF"])
def test_fault_31_picture_that_is_wholly_transparent_is_said_to_be(name: str) -> None:
    options = {"lossless": True, "exact": True} if name == "WEBP" else {}
    picture = opened(Image.new("RGBA", (4, 4), (9, 9, 9, 0)), name, **options)
    assert not picture.pixels.any()
    assert picture.notes == ("every pixel of it is transparent",)


@pytest.mark.parametrize("name", ["PNG", "TIFF", "WEBP"])
def test_fault_06_rgba_keeps_transparency_and_hides_no_color(name: str) -> None:
    pattern = PATTERN.copy()
    pattern[:2, :, 3] = 0
    options = {"lossless": True, "exact": True} if name == "WEBP" else {}
    seen = levels(opened(Image.fromarray(pattern), name, **options))
    assert np.array_equal(seen[2:], pattern[2:])
    assert not seen[:2].any()


def test_fault_06_16_bit_grey_keeps_its_levels() -> None:
    ramp = np.arange(0, 65_536, 257 // 2, dtype=np.uint16).reshape(1, -1)
    for name in ("PNG", "TIFF"):
        pixels = opened(Image.fromarray(ramp), name).pixels
        assert pixels.shape == (1, ramp.size, 1)
        assert np.array_equal(np.rint(pixels[..., 0].astype(float) * 65_535), ramp)


def test_fault_06_big_endian_16_bit_tiff() -> None:
    image = Image.frombytes("I;16B", (2, 1), struct.pack(">HH", 256, 65_535))
    assert np.rint(opened(image, "TIFF").pixels.ravel() * 65_535).tolist() == [256, 65_535]


def test_fault_06_16_bit_grey_with_a_transparent_level() -> None:
    rows = b"\0" + struct.pack(">HHH", 1000, 1001, 65_535)
    data = raw_png(3, 1, 16, 0, rows, (b"tRNS", struct.pack(">H", 1001)))
    pixels = open_picture("-", stdin=io.BytesIO(data)).pixels
    assert np.rint(pixels * 65_535).tolist() == [[[1000] * 3 + [65_535], [0] * 4, [65_535] * 4]]


DEEP = np.random.default_rng(6).integers(0, 65_536, (9, 7, 4), dtype=np.uint16)
DEEP[..., 3] |= 1  # none hides its color


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"byteorder": ">"},
        {"compression": "zlib"},
        {"compression": "zlib", "byteorder": ">", "predictor": True},
        {"tile": (16, 16)},
    ],
)
def test_fault_06_16_bit_colors_keep_their_levels_in_a_tiff(channels: int, options: dict[str, Any]) -> None:
    levels = DEEP[..., :channels]
    picture = open_picture(deep_tiff(levels, **options))
    assert picture.notes == ()
    assert np.array_equal(np.rint(picture.pixels * 65_535), levels)


def test_fault_06_16_bit_colors_keep_their_levels_in_a_png() -> None:
    for kind, channels in ((2, 3), (6, 4)):
        levels = DEEP[..., :channels]
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
        picture = open_picture(raw_png(7, 9, 16, kind, rows))
        assert picture.notes == ()
        assert np.array_equal(np.rint(picture.pixels * 65_535), levels)


def test_fault_06_16_bit_colors_without_a_use_for_alpha() -> None:
    levels = DEEP.copy()
    levels[..., 3] = 0
    picture = open_picture(deep_tiff(levels))
    assert np.array_equal(np.rint(picture.pixels * 65_535), levels[..., :3])


def test_fault_06_16_bit_colors_are_said_to_be_read_with_8_where_a_profile_converts_them() -> None:
    same = open_picture(deep_tiff(DEEP[..., :3], iccprofile=icc_profile(None)))
    assert same.notes == ()
    assert np.array_equal(np.rint(same.pixels * 65_535), DEEP[..., :3])
    picture = open_picture(deep_tiff(DEEP[..., :3], iccprofile=icc_profile(1.0)))
    assert picture.notes[0] == "16-bit colors were read with 8 bits each"
    assert picture.notes[1].startswith("colors converted from ")


@pytest.mark.parametrize(("kind", "said"), [("16-bit PPM", True), ("8-bit PPM", False), ("5-bit BMP", False)])
def test_fault_31_only_what_has_16_bits_is_said_to_have_them(kind: str, said: bool) -> None:
    if kind == "5-bit BMP":
        header = struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 16, 3, 4, 0, 0, 0, 0)
        data = b"BM" + struct.pack("<IHHI", 70, 0, 0, 66) + header
        data += struct.pack("<III", 0xF800, 0x7E0, 0x1F) + struct.pack("<HH", 0xFFFF, 0)
    else:
        data = b"P6 1 1 65535 " + b"\xff" * 6 if said else b"P6 1 1 255 " + b"\xff" * 3
    picture = open_picture("-", stdin=io.BytesIO(data))
    assert picture.pixels.tolist() == [[[1, 1, 1]]]
    assert picture.notes == (("16-bit colors were read with 8 bits each",) if said else ())


@pytest.mark.parametrize(("bits", "row"), [(1, 0b0100_0000), (2, 0b0001_0000), (4, 0b0000_0001)])
def test_fault_06_few_bits_with_a_transparent_level(bits: int, row: int) -> None:
    data = raw_png(2, 1, bits, 0, bytes([0, row]), (b"tRNS", struct.pack(">H", 1)))
    seen = levels(open_picture("-", stdin=io.BytesIO(data)))
    assert seen.tolist() == [[[0, 0, 0, 255], [0, 0, 0, 0]]]


@pytest.mark.parametrize("interlaced", [0, 1])
def test_fault_31_transparent_16_bit_color_is_compared_whole(interlaced: int) -> None:
    key = (0x1DA1, 0xA1F2, 0xF21D)
    near = [(0x1DA0, 0xA1F2, 0xF21D), (0x1DA1, 0xA1F3, 0xF21D), (0x1DA1, 0xA1F2, 0x001D), (0x1DA1,) * 3]
    pixels = [key, *near, key]
    rows = b"\0" + b"".join(struct.pack(">3H", *each) for each in pixels)
    parts = [(b"tRNS", struct.pack(">3H", *key))]
    data = raw_png(len(pixels), 1, 16, 2, rows, *parts)
    if interlaced:
        # One row of Adam7: columns 0, 4, then 2, then 1, 3, 5.
        order = [[0], [4], [2], [1, 3, 5]]
        passes = b"".join(
            b"\0" + b"".join(struct.pack(">3H", *pixels[column]) for column in columns) for columns in order
        )
        data = raw_png(len(pixels), 1, 16, 2, passes, *parts, interlaced=True)
    seen = np.rint(open_picture("-", stdin=io.BytesIO(data)).pixels[0] * 65_535)
    assert seen[:, 3].tolist() == [0, *[65_535] * 4, 0]
    assert seen[1:5, :3].tolist() == [list(each) for each in near]
    assert not seen[0].any()


def test_fault_06_rgb_with_a_transparent_color() -> None:
    image = Image.new("RGB", (2, 1), BLUE)
    image.putpixel((1, 0), (1, 2, 3))
    assert levels(opened(image, transparency=(1, 2, 3))).tolist() == [[[*BLUE, 255], [0] * 4]]


def test_fault_06_grey_with_alpha_becomes_rgba() -> None:
    image = Image.new("LA", (2, 1), (100, 200))
    image.putpixel((1, 0), (50, 0))
    assert levels(opened(image)).tolist() == [[[100, 100, 100, 200], [0] * 4]]


def test_fault_06_palette() -> None:
    image = Image.new("P", (2, 1), 0)
    image.putpalette([*BLUE, 1, 2, 3])
    image.putpixel((1, 0), 1)
    assert levels(opened(image)).tolist() == [[list(BLUE), [1, 2, 3]]]
    assert levels(opened(image, transparency=1)).tolist() == [[[*BLUE, 255], [0] * 4]]
    assert levels(opened(image, transparency=bytes([128, 255]))).tolist() == [[[*BLUE, 128], [1, 2, 3, 255]]]
    assert levels(opened(image, "GIF", transparency=1)).tolist() == [[[*BLUE, 255], [0] * 4]]


@pytest.mark.parametrize("name", ["PNG", "TIFF", "BMP", "PPM"])
def test_fault_06_1_bit(name: str) -> None:
    image = Image.new("1", (2, 1), 0)
    image.putpixel((1, 0), 1)
    seen = levels(opened(image, name))
    assert seen.min(axis=-1).tolist() == [[0, 255]]


@pytest.mark.parametrize("name", ["JPEG", "TIFF"])
def test_fault_06_cmyk_gives_right_colors(name: str) -> None:
    options = {"quality": 100} if name == "JPEG" else {}
    red = levels(opened(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), name, **options))
    assert np.abs(red - (255, 0, 0)).max() <= 2
    white = levels(opened(Image.new("CMYK", (8, 8), (0, 0, 0, 0)), name, **options))
    assert white.min() >= 253


def test_fault_06_cmyk_of_adobe_is_stored_inverted() -> None:
    buffer = io.BytesIO()
    Image.new("CMYK", (8, 8), (0, 0, 0, 255)).save(buffer, format="JPEG", quality=100)
    assert b"Adobe" in buffer.getvalue()
    assert levels(open_picture("-", stdin=io.BytesIO(buffer.getvalue()))).max() <= 2


def test_fault_06_lab_tiff() -> None:
    assert np.abs(levels(opened(Image.new("LAB", (1, 1), (255, 128, 128)), "TIFF")) - 255).max() <= 6


def test_32_bit_integers_within_16_bits() -> None:
    picture = opened(Image.fromarray(np.array([[0, 65_535]], np.int32)), "TIFF")
    assert picture.pixels.ravel().tolist() == [0, 1]


@pytest.mark.parametrize("values", [[0, 65_536], [-1, 5], [0, 2**31 - 1]])
def test_fault_07_32_bit_integers_beyond_are_refused(values: list[int]) -> None:
    with pytest.raises(PictureError) as caught:
        opened(Image.fromarray(np.array([values], np.int32)), "TIFF")
    assert str(caught.value) == (
        f"stdin: its integers run from {values[0]:,} to {values[1]:,}, but those of a 16-bit picture from 0"
        " to 65,535; scale them to 0 to 65,535 and save the picture again"
    )


def test_float_tiff_within_0_and_1_is_used_as_it_is() -> None:
    values = np.array([[0, 0.25, 1]], np.float32)
    assert np.array_equal(opened(Image.fromarray(values), "TIFF").pixels[..., 0], values)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_fault_07_float_tiff_with_nan(odd: float) -> None:
    with pytest.raises(
        PictureError, match=r"^stdin: some of its floating point values are not finite numbers; scale"
    ):
        opened(Image.fromarray(np.array([[0, odd]], np.float32)), "TIFF")


@pytest.mark.parametrize(
    ("values", "seen", "run"),
    [
        ([-2, 405.25, 812.5], [0, 0.5, 1], "-2 to 812.5"),
        ([0, 51, 255], [0, 0.2, 1], "0 to 255"),
        ([-3e38, 0, 3e38], [0, 0.5, 1], "-3e+38 to 3e+38"),
        ([0.5, 1, 1.5], [0, 0.5, 1], "0.5 to 1.5"),
    ],
)
@pytest.mark.parametrize("name", ["TIFF", "PFM"])
def test_fault_31_floats_far_beyond_0_and_1_are_scaled(
    name: str, values: list[float], seen: list[float], run: str
) -> None:
    image = Image.fromarray(np.array([values], np.float32))
    picture = opened(image, "PPM" if name == "PFM" else name)
    assert np.allclose(picture.pixels.ravel(), seen, atol=1e-6)
    assert picture.notes == (
        f"its values run from {run}: the lowest was taken for black and the highest for white",
    )


@pytest.mark.parametrize(
    ("values", "seen", "run"),
    [([-0.01, 0.5, 1.02], [0, 0.5, 1], "-0.01 to 1.02"), ([7, 7, 7], [1] * 3, "7 to 7")],
)
def test_fault_31_floats_a_little_beyond_0_and_1_are_cut(
    values: list[float], seen: list[float], run: str
) -> None:
    picture = opened(Image.fromarray(np.array([values], np.float32)), "TIFF")
    assert picture.pixels.ravel().tolist() == seen
    assert picture.notes == (f"its values run from {run}: what is outside 0 to 1 was cut off",)


def test_fault_07_float_rgb_tiff_is_not_supported() -> None:
    tags = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 32), (259, 3, 1, 1), (262, 3, 1, 2)]
    tags += [(273, 4, 1, 8), (277, 3, 1, 3), (278, 3, 1, 1), (279, 4, 1, 12), (339, 3, 1, 3)]
    directory = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    data = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", len(tags)) + directory + bytes(16)
    with pytest.raises(PictureError, match=r"not a supported image: a TIFF of an unusual kind"):
        open_picture("-", stdin=io.BytesIO(data))


def test_tiff_in_which_0_is_white() -> None:
    def tiff(bits: int, values: bytes, kind: int) -> bytes:
        tags = [(256, 3, 1, 2), (257, 3, 1, 1), (258, 3, 1, bits), (259, 3, 1, 1), (262, 3, 1, 0)]
        tags += [
            (273, 4, 1, 200),
            (277, 3, 1, 1),
            (278, 3, 1, 1),
            (279, 4, 1, len(values)),
            (339, 3, 1, kind),
        ]
        directory = b"".join(struct.pack("<HHII", *tag) for tag in tags)
        start = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", len(tags)) + directory + bytes(4)
        return start.ljust(200, b"\0") + values

    for data in (tiff(8, b"\0\xff", 1), tiff(16, b"\0\0\xff\xff", 1), tiff(32, struct.pack("<ff", 0, 1), 3)):
        assert open_picture("-", stdin=io.BytesIO(data)).pixels.ravel().tolist() == [1, 0]


def test_12_bit_tiff_is_not_dark() -> None:
    tags = [(256, 3, 1, 2), (257, 3, 1, 1), (258, 3, 1, 12), (259, 3, 1, 1), (262, 3, 1, 1)]
    tags += [(273, 4, 1, 200), (277, 3, 1, 1), (278, 3, 1, 1), (279, 4, 1, 3)]
    directory = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    start = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", len(tags)) + directory + bytes(4)
    data = start.ljust(200, b"\0") + b"\xff\xf0\x00"
    assert open_picture("-", stdin=io.BytesIO(data)).pixels.ravel().tolist() == [1, 0]


TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("name", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", TURNS)
def test_fault_08_exif_orientation(orientation: int, name: str) -> None:
    upright = PATTERN[..., :3]
    exif = Image.Exif()
    exif[274] = orientation
    stored = Image.fromarray(np.ascontiguousarray(TURNS[orientation](upright)))
    options = {"lossless": True} if name == "WEBP" else {}
    picture = opened(stored, name, exif=exif, **options)
    assert np.array_equal(levels(picture), upright)
    assert picture.pixels.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize("orientation", TURNS)
def test_fault_08_exif_orientation_of_a_jpeg(orientation: int) -> None:
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :16] = 255
    exif = Image.Exif()
    exif[274] = orientation
    stored = Image.fromarray(np.ascontiguousarray(TURNS[orientation](upright)))
    seen = levels(opened(stored, "JPEG", exif=exif, quality=95))
    assert seen.shape == upright.shape
    assert np.abs(seen - upright).max() < 10


@pytest.mark.parametrize("exif", [b"Exif\0\0MM\0*\0\0\0\x08\0\x05", b"Exif\0\0rubbish", b"Exif\0\0"])
def test_fault_08_damaged_exif_does_no_harm(exif: bytes) -> None:
    assert opened(Image.new("RGB", (8, 8), BLUE), "JPEG", exif=exif).pixels.shape == (8, 8, 3)


def test_fault_02_text_bomb_in_a_png_is_no_harm() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("comment", "a" * 20_000_000, zip=True)
    picture = opened(Image.new("L", (1, 1), 255), pnginfo=info)
    assert picture.pixels.tolist() == [[[1]]]
    assert picture.notes == ("damaged parts beside the pixels were ignored",)


def test_warnings_of_the_decoder_become_notes(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("1", (32, 32)).save(buffer, format="TIFF", compression="group4")
    path = tmp_path / "fax.tif"
    path.write_bytes(buffer.getvalue()[:-2])
    notes = open_picture(path).notes
    assert notes
    assert all(note.startswith("the decoder remarked: ") for note in notes)
