"""Whatever the library is given for a picture: it does what was meant, or says what is wrong."""

import array
import io
import pathlib
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import paintnet
from paintnet.errors import PaintnetError, PictureError, SettingsError
from paintnet.picture import OpenedPicture, OpenLimits, open_picture
from tests.picture.picture_helpers import PATTERN, encoded, icc_profile, picture_file

PIXELS = np.linspace(0, 1, 4 * 5 * 3, dtype=np.float32).reshape(4, 5, 3)
GIVE = "give a path, a URL, an array, a Pillow image, or the bytes of a picture file"
SHAPE = "give an array of shape (height, width, channels), with 1, 3 or 4 channels"


class Named:
    """A path-like object."""

    def __init__(self, path: object) -> None:
        self.path = path

    def __fspath__(self) -> Any:
        return self.path


class Offers:
    """What another library would hand over."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if isinstance(self.values, Exception):
            raise self.values
        return np.asarray(self.values, dtype)


def levels(picture: OpenedPicture) -> np.ndarray:
    return np.rint(picture.pixels * 255).astype(int)


@pytest.mark.parametrize(
    "kind", [str, Path, pathlib.PurePosixPath, np.str_, Named, lambda p: Named(p.encode())]
)
def test_fault_29_path_likes(tmp_path: Path, kind: Any) -> None:
    path = picture_file(tmp_path, encoded(Image.fromarray(PATTERN), "PNG"))
    opened = open_picture(kind(str(path)))
    assert np.array_equal(levels(opened), PATTERN)
    assert (opened.name, opened.source) == ("cat", str(path))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO])
def test_fault_29_content_of_a_file(kind: Any) -> None:
    opened = open_picture(kind(encoded(Image.fromarray(PATTERN), "PNG")))
    assert np.array_equal(levels(opened), PATTERN)
    assert opened.name == "picture"


def test_fault_29_open_file(tmp_path: Path) -> None:
    path = picture_file(tmp_path, encoded(Image.fromarray(PATTERN), "PNG"))
    with path.open("rb") as file:
        assert open_picture(file).name == "cat"
    with pytest.raises(
        SettingsError, match=r"^the file object: does not give bytes; open it in binary mode$"
    ):
        open_picture(file)  # it is closed
    with path.open(encoding="latin-1") as file, pytest.raises(SettingsError, match="open it in binary mode"):
        open_picture(file)


@pytest.mark.parametrize(
    "mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I;16", "F", "YCbCr", "HSV", "LAB"]
)
def test_fault_29_pillow_image_is_what_its_file_is(mode: str) -> None:
    image = Image.fromarray(PATTERN)
    if mode == "I;16":
        image = Image.fromarray(PATTERN[..., 0].astype(np.uint16) * 257)
    elif mode == "F":
        image = Image.fromarray(PATTERN[..., 0].astype(np.float32) / 255)
    elif mode == "LAB":
        image = Image.new("LAB", (4, 4), (200, 128, 128))
    else:
        image = image.convert(mode)
    opened = open_picture(image)
    name = "TIFF" if mode in ("CMYK", "F", "LAB") else "PNG"
    stored = image.convert("RGB") if mode in ("YCbCr", "HSV") else image
    assert np.array_equal(opened.pixels, open_picture(encoded(stored, name)).pixels)
    assert opened.pixels.dtype == np.float32
    assert (opened.name, opened.source) == ("picture", "the Pillow image")


def test_fault_29_pillow_image_of_a_file_keeps_its_meaning(tmp_path: Path) -> None:
    image = Image.new("RGB", (6, 3), (64, 64, 64))
    exif = Image.Exif()
    exif[274] = 6
    path = picture_file(tmp_path, encoded(image, "PNG", exif=exif, icc_profile=icc_profile(1.0)))
    with Image.open(path) as lazy:
        before = dict(lazy.info)
        opened = open_picture(lazy)
        assert lazy.info == before
    assert opened.name == "cat"
    assert np.array_equal(opened.pixels, open_picture(path).pixels)
    assert opened.notes == open_picture(path).notes


@pytest.mark.parametrize("image", [Image.new("RGB", (0, 4)), Image.new("L", (3, 0))])
def test_fault_29_pillow_image_without_pixels(image: Image.Image) -> None:
    with pytest.raises(PictureError, match=r"^the Pillow image: it has no pixels; give a picture with some$"):
        open_picture(image)


def test_fault_29_pillow_image_that_is_broken_or_closed(tmp_path: Path) -> None:
    path = picture_file(tmp_path, encoded(Image.fromarray(PATTERN), "PNG")[:100])
    with Image.open(path) as lazy, pytest.raises(PictureError, match=r"^the Pillow image: damaged image: "):
        open_picture(lazy)
    with pytest.raises(PictureError):
        open_picture(lazy)


def test_fault_29_limits_hold_for_what_is_held_already() -> None:
    for source in (Image.new("L", (20, 20)), np.zeros((20, 20, 1))):
        with pytest.raises(PictureError, match=r"20 x 20 is more than the limit of 0\.0001 megapixels"):
            open_picture(source, limits=OpenLimits(max_pixels=100))
        with pytest.raises(SettingsError, match="there are no bytes to compare with a checksum"):
            open_picture(source, limits=OpenLimits(sha256="0" * 64))
    with pytest.raises(PictureError, match=r"^the bytes: has more than 64 MB"):
        open_picture(b"\x89PNG\r\n\x1a\n" + bytes(70_000_000), limits=OpenLimits(max_pixels=1))


@pytest.mark.parametrize(
    "source",
    [
        PIXELS,
        PIXELS.tolist(),
        tuple(map(tuple, PIXELS.tolist())),
        [*PIXELS],
        PIXELS.astype(np.float64),
        PIXELS.astype(">f4"),
        PIXELS.astype(object),
        np.ma.masked_array(PIXELS, mask=False),
        np.ma.masked_less(PIXELS, -1),
        np.asfortranarray(PIXELS),
        PIXELS[::-1][::-1],
        Offers(PIXELS),
    ],
    ids=[
        "array",
        "lists",
        "tuples",
        "rows",
        "float64",
        "swapped",
        "object",
        "masked",
        "none masked",
        "order",
        "view",
        "offers",
    ],
)
def test_fault_29_arrays_that_mean_colors(source: Any) -> None:
    opened = open_picture(source)
    assert opened.pixels.dtype == np.float32
    assert np.array_equal(opened.pixels, PIXELS)
    painting = paintnet.fit(source, preset="draft", epochs=1)
    assert (painting.height, painting.width, painting.channels) == PIXELS.shape


REFUSED = {
    "None": (None, f"None is no picture; {GIVE}"),
    "object": (object(), f"a value of type object is no picture; {GIVE}"),
    "number": (5, f"a value of type int is no picture; {GIVE}"),
    "flag": (True, f"a value of type bool is no picture; {GIVE}"),
    "complex number": (1j, f"a value of type complex is no picture; {GIVE}"),
    "dictionary": ({"path": "cat.png"}, f"a value of type dict is no picture; {GIVE}"),
    "set": ({1, 2}, f"a value of type set is no picture; {GIVE}"),
    "generator": ((each for each in PIXELS), f"a value of type generator is no picture; {GIVE}"),
    "module": (types, f"a value of type module is no picture; {GIVE}"),
    "class": (Image.Image, f"a value of type type is no picture; {GIVE}"),
    "array of the library": (array.array("f", [1.0]), f"a value of type array is no picture; {GIVE}"),
    "empty bytes": (
        b"",
        "these bytes are no picture file; give a path as text, or the whole content of a picture file",
    ),
    "bytes of a path": (
        b"cat.png",
        "these bytes are no picture file; give a path as text, or the whole content of a picture file",
    ),
    "path that is none": (Named(7), f"its path is no path; {GIVE}"),
    "complex": (
        PIXELS.astype(complex),
        "an array of type complex128 holds no colors; give real numbers in the range 0 to 1",
    ),
    "text": (["cat.png"], "an array of type str224 holds no colors; give real numbers in the range 0 to 1"),
    "dates": (
        np.zeros((2, 2, 3), "M8[s]"),
        "an array of type datetime64[s] holds no colors; give real numbers in the range 0 to 1",
    ),
    "records": (
        np.zeros((2, 2, 3), [("r", "f4")]),
        "an array of type void32 holds no colors; give real numbers in the range 0 to 1",
    ),
    "masked": (np.ma.masked_less(PIXELS, 0.5), "some of its values are masked; fill them with colors first"),
    "objects": (np.full((2, 2, 3), object()), f"its rows do not make an array of numbers; {SHAPE}"),
    "words": (np.full((2, 2, 3), "x", object), f"its rows do not make an array of numbers; {SHAPE}"),
    "ragged": ([[[0.0], [1.0]], [[0.0]]], f"its rows do not make an array of numbers; {SHAPE}"),
    "offers nothing": (
        Offers(RuntimeError("on another device")),
        f"its rows do not make an array of numbers; {SHAPE}",
    ),
    "empty list": ([], f"an array of shape (0,) is no picture; {SHAPE}"),
    "number of NumPy": (np.float32(1), f"an array of shape () is no picture; {SHAPE}"),
    "two dimensions": (PIXELS[..., 0], f"an array of shape (4, 5) is no picture; {SHAPE}"),
    "levels": (PATTERN, "some of its values are not in the range 0 to 1; divide 8-bit levels by 255"),
    "no number": (
        PIXELS * np.nan,
        "some of its values are not in the range 0 to 1; divide 8-bit levels by 255",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_fault_29_what_means_no_picture_is_said_to_mean_none(kind: str) -> None:
    source, message = REFUSED[kind]
    with pytest.raises(SettingsError) as caught:
        open_picture(source)
    assert str(caught.value) == f"picture: {message}"
    for call in (lambda: paintnet.fit(source, preset="draft"), lambda: paintnet.Painter("draft").fit(source)):
        with pytest.raises(PaintnetError):
            call()


@pytest.mark.parametrize("source", ["cat.png", b"cat.png", Path("cat.png"), None, Image.fromarray(PATTERN)])
def test_fault_29_painter_wants_pixels(source: Any) -> None:
    with pytest.raises(SettingsError, match=r"^picture: "):
        paintnet.Painter("draft").fit(source)


@pytest.mark.parametrize("source", ["", " ", "\0", "a" * 5000, "\ud800", "http:", "https://", "sample:", "-"])
def test_fault_29_texts_that_name_nothing(source: str) -> None:
    with pytest.raises(PictureError):
        open_picture(source)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"max_pixels": "5"}, "max pixels '5': is not a whole number; give 1 or more"),
        ({"max_pixels": None}, "max pixels None: is not a whole number; give 1 or more"),
        ({"max_pixels": 2.5}, "max pixels 2.5: is not a whole number; give 1 or more"),
        ({"max_pixels": float("nan")}, "max pixels nan: is not a whole number; give 1 or more"),
        (
            {"sha256": 5},
            "sha256 5: is not a SHA-256 checksum; give its 64 hexadecimal digits, as sha256sum prints them",
        ),
        ({"sha256": b"0" * 64}, f"sha256 b'{'0' * 64}': is not a SHA-256 checksum; give its 64"),
    ],
)
def test_fault_29_limits_of_another_type(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        OpenLimits(**fields)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("number", [np.int64(100), np.uint8(100), 100.0, np.float32(100)])
def test_fault_29_limits_that_are_whole_numbers(number: Any) -> None:
    assert OpenLimits(max_pixels=number).max_pixels == 100
    assert type(OpenLimits(max_pixels=number).max_pixels) is int
