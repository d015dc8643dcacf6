"""From a decoded image to a picture: a small one at once, a large one band by band into a file."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from paintnet.picture.content import Content, NoScratchError
from paintnet.picture.file_levels import FileLevels
from paintnet.picture.levels import LevelPicture, Pixels
from paintnet.picture.meaning import Meaning
from paintnet.picture.modes import DEEP, NOTHING_SEEN, to_pixels
from paintnet.picture.spaces import SRGB
from paintnet.picture.tiff_tiles import TiledImage

HELD_PIXELS = 8_000_000
"""A picture of more pixels is held as levels in a temporary file, not as float32 in memory."""

BAND_PIXELS = 2**20
"""Pixels that are converted at once."""

_ORIENTATION = 274  # of EXIF
_TRANSPOSED, _TURNED, _MIRRORED = (5, 6, 7, 8), (3, 4, 7, 8), (2, 3, 6, 7)


def picture_of(image: Image.Image | TiledImage, meaning: Meaning) -> tuple[Pixels, list[str]]:
    """Turn a decoded image into a picture, upright and in sRGB.

    Parameters
    ----------
    image : PIL.Image.Image or TiledImage
        The former loaded.
    meaning : Meaning
        What its numbers mean.

    Returns
    -------
    tuple of float32 array or LevelPicture, and list of str
        And what there is to say about it.

    Raises
    ------
    UnusableValuesError
        When the image holds numbers that are no colors.
    NoScratchError
        When a large picture finds no place.

    Examples
    --------
    >>> picture_of(Image.new("L", (2, 1), 255), Meaning())[0].shape
    (1, 2, 1)
    """
    orientation = _orientation(image)
    # What floats and signed numbers mean, all of them tell together.
    is_small = image.width * image.height <= HELD_PIXELS or image.mode == "F" or meaning.signed
    if is_small and not isinstance(image, TiledImage):
        pixels, notes = to_pixels(image, meaning)
        return np.ascontiguousarray(_upright(pixels, orientation)), notes
    return _banded(image, meaning, orientation)


def in_tiles(image: Image.Image, data: Content, meaning: Meaning) -> TiledImage | None:
    """Give what decodes a large TIFF tile by tile; None where all of it is decoded at once.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened and not loaded.
    data : bytes or StoredBytes
        Its file.
    meaning : Meaning
        What its numbers mean.

    Raises
    ------
    Exception
        What a decoder raises that meets a damaged file.
    """
    if not isinstance(image, TiffImageFile) or image.width * image.height <= HELD_PIXELS or meaning.signed:
        return None
    tiled = TiledImage.of(image, data)
    return None if tiled is None or tiled.has_empty_alpha() else tiled


def without_empty_alpha(name: str, image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Drop an alpha that is 0 everywhere: in a BMP or TIFF it is a byte that nobody has set.

    Parameters
    ----------
    name : str
        The format.
    image : PIL.Image.Image
        Loaded.
    """
    if name not in ("BMP", "TIFF") or image.mode not in ("RGBA", "LA") or image.getchannel("A").getbbox():
        return image, []
    plain = image.convert(image.mode.removesuffix("A"))
    if name == "TIFF" and not plain.getbbox():
        return image, []  # there is nothing to be seen either way
    return plain, ["its transparency is 0 everywhere and was ignored"]


def _banded(image: Image.Image | TiledImage, meaning: Meaning, orientation: int) -> tuple[Pixels, list[str]]:
    sides = image.size if orientation in _TRANSPOSED else image.size[::-1]
    notes: dict[str, int] = {}
    bands = _bands(image, meaning, orientation, sides, notes)
    first = next(bands)
    # Colors of a space of their own, and deep ones, have more than 256 levels.
    is_deep = (
        meaning.is_deep or image.mode in DEEP or (meaning.space is not None and meaning.space is not SRGB)
    )
    try:
        levels = FileLevels.of_bands(
            _after(first, bands), (*sides, first.shape[2]), np.dtype(np.uint16 if is_deep else np.uint8)
        )
    except OSError as error:
        raise NoScratchError(error.strerror or str(error)) from error
    count = notes.pop("")
    return LevelPicture(levels), [
        note for note, times in notes.items() if note != NOTHING_SEEN or times == count
    ]


def _after(first: NDArray[Any], rest: Iterator[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    yield first
    yield from rest


def _bands(
    image: Image.Image | TiledImage,
    meaning: Meaning,
    orientation: int,
    sides: tuple[int, int],
    notes: dict[str, int],
) -> Iterator[NDArray[np.float32]]:
    """Rows of the upright picture, each from its part of the image; counts how often each note comes.

    The empty note is counted too: that is how many bands there are.
    """
    height, width = sides
    rows = max(1, BAND_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        start, end = (height - bottom, height - top) if orientation in _TURNED else (top, bottom)
        box = (start, 0, end, width) if orientation in _TRANSPOSED else (0, start, width, end)
        part = meaning
        if meaning.lower is not None:
            lower = image.lower if isinstance(image, TiledImage) else meaning.lower
            part = replace(meaning, lower=lower[box[1] : box[3], box[0] : box[2]])
        pixels, said = to_pixels(image.crop(box), part)
        for note in ("", *said):
            notes[note] = notes.get(note, 0) + 1
        yield _upright(pixels, orientation)


def _orientation(image: Image.Image | TiledImage) -> int:
    """Read the EXIF orientation. Pillow has applied it to a TIFF, and removed the tag."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # EXIF data are a format of their own, and often damaged
        return 1


def is_turned_on_its_side(image: Image.Image | TiledImage) -> bool:
    """Whether its rows are the columns of the upright picture."""
    return _orientation(image) in _TRANSPOSED


def _upright(pixels: NDArray[np.float32], orientation: int) -> NDArray[np.float32]:
    if orientation in _TRANSPOSED:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in _TURNED:
        pixels = pixels[::-1]
    if orientation in _MIRRORED:
        pixels = pixels[:, ::-1]
    return pixels
