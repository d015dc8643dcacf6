"""What the numbers of a decoded image mean, where Pillow's image itself does not say."""

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from paintnet.picture import png_reading, tiff
from paintnet.picture.bmp import color_profile
from paintnet.picture.content import Content, opened, whole
from paintnet.picture.profiles import leaves_alone
from paintnet.picture.spaces import ColorSpace, space_of_png

# What one unit of a PNG's transparent grey is worth in the 8-bit levels that Pillow makes.
_KEY_STEPS = {"1": 255, "L;2": 85, "L;4": 17}

_SIGNED = (2,)

# Layouts of colors with 16 bits each, big-endian, little-endian, or as the machine has them.
_DEEP_COLORS = frozenset(f"{mode};16{order}" for mode in ("RGB", "RGBA") for order in "BLN")
_OWN = "L" if sys.byteorder == "little" else "B"


@dataclass(frozen=True)
class Meaning:
    """What the numbers of an image mean.

    Parameters
    ----------
    step : int, default=1
        What one unit of the file's own transparent color is worth in the levels of the image:
        above 1 where the file has fewer than 8 bits a sample.
    white : int, default=65535
        The value that means white in an image of 16-bit mode.
    inverted : bool, default=False
        Whether 0 is white in an image of 16-bit or floating point mode.
    signed : bool, default=False
        Whether the samples are signed numbers, of which Pillow shows 8-bit ones as if they were not.
    lower : LowerBytes, ndarray of uint8, shape (height, width, channels), or None
        The lower bytes of 16-bit colors, of which Pillow's image has the upper ones.
    is_deep : bool, default=False
        Whether they belong to the pixels; otherwise they only tell the transparent color from its neighbors.
    space : ColorSpace or None
        The color space, where the file gives it by numbers; it goes before an ICC profile.
    profile : bytes or None
        The ICC profile, where Pillow has not found it.
    """

    step: int = 1
    white: int = 65_535
    inverted: bool = False
    signed: bool = False
    lower: "LowerBytes | NDArray[np.uint8] | None" = None
    is_deep: bool = False
    space: ColorSpace | None = None
    profile: bytes | None = None


def meaning_of(image: Image.Image, data: Content) -> tuple[Meaning, list[str]]:
    """Find out what the numbers of an image mean.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened by one of Pillow's decoders, and not loaded yet.
    data : bytes or StoredBytes
        The file that it was opened from.

    Returns
    -------
    tuple of Meaning and list of str
        And what there is to say about it.

    Examples
    --------
    >>> from PIL.PpmImagePlugin import PpmImageFile
    >>> file = b"P5 1 1 255 a"
    >>> meaning_of(PpmImageFile(opened(file)), file)[0] == Meaning()
    True
    """
    if isinstance(image, PngImageFile):
        return _of_png(image, whole(data))
    if isinstance(image, TiffImageFile):
        return _of_tiff(image, data), []
    if image.format == "BMP":
        profile, notes = color_profile(whole(data))
        return Meaning(profile=profile), notes
    return Meaning(), []


def _of_png(image: PngImageFile, data: bytes) -> tuple[Meaning, list[str]]:
    raw_mode = raw_mode_of(image)
    space, notes = space_of_png(image.info, png_reading.cicp(data))
    has_deep_key = raw_mode == "RGB;16B" and "transparency" in image.info
    is_deep = raw_mode in _DEEP_COLORS and (space is not None or leaves_alone(image))
    lower = LowerBytes(data, PngImageFile) if is_deep or has_deep_key else None
    return Meaning(step=_KEY_STEPS.get(raw_mode, 1), lower=lower, is_deep=is_deep, space=space), notes


class LowerBytes:
    """The halves of 16-bit colors that Pillow leaves out, decoded when some of them are looked at.

    Parameters
    ----------
    data : bytes or StoredBytes
        The file.
    kind : type
        Of the image that decodes it.
    """

    def __init__(self, data: Content, kind: type[PngImageFile] | type[TiffImageFile]) -> None:
        self._data, self._kind = data, kind

    @cached_property
    def _all(self) -> NDArray[np.uint8]:
        image = self._kind(opened(self._data))
        read_lower(image)
        return np.asarray(image)

    def __getitem__(self, place: Any) -> NDArray[np.uint8]:
        return np.asarray(self._all[place])


def read_lower(image: Image.Image) -> None:
    """Let an image that is not loaded yet read 16-bit colors as if the other byte came first."""
    image.tile = [tile._replace(args=_swapped(tile.args)) for tile in image.tile]  # type: ignore[attr-defined]


def _swapped(args: Any) -> Any:
    """Arguments of a decoder, of which the layout of the samples is the first, or all."""
    if not isinstance(args, str):
        return (_swapped(args[0]), *args[1:])
    order = args[-1].replace("N", _OWN)
    return args[:-1] + {"L": "B", "B": "L"}[order]


def _of_tiff(image: TiffImageFile, data: Content) -> Meaning:
    tags = image.tag_v2
    inverted = image.mode in ("I;16", "F") and tags.get(tiff.PHOTOMETRIC) == 0
    white = 2**12 - 1 if tags.get(tiff.BITS_PER_SAMPLE) == (12,) else 2**16 - 1
    signed = tags.get(tiff.SAMPLE_FORMAT) == _SIGNED and tags.get(tiff.BITS_PER_SAMPLE) in ((8,), (16,))
    is_deep = image.mode in ("RGB", "RGBA") and _layout_of(image) in _DEEP_COLORS and leaves_alone(image)
    lower = LowerBytes(data, TiffImageFile) if is_deep else None
    return Meaning(white=white, inverted=inverted, signed=signed, lower=lower, is_deep=is_deep)


def raw_mode_of(image: Image.Image) -> str:
    """Name the layout of the samples in the file.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened and not loaded yet.

    Returns
    -------
    str
        As Pillow names it; empty where there is none.
    """
    tiles = getattr(image, "tile", [])
    return str(tiles[0][3]) if tiles else ""


def _layout_of(image: Image.Image) -> str:
    """Name the layout of the samples alone, where the decoder is told more."""
    tiles = getattr(image, "tile", [])
    args = tiles[0][3] if tiles else ""
    return args if isinstance(args, str) else str((*args, "")[0])
