"""What the numbers of a decoded image mean, where Pillow's image itself does not say."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from paintnet.picture import png_reading, tiff
from paintnet.picture.bmp import color_profile
from paintnet.picture.spaces import ColorSpace, space_of_png

# What one unit of a PNG's transparent grey is worth in the 8-bit levels that Pillow makes.
_KEY_STEPS = {"1": 255, "L;2": 85, "L;4": 17}

_SIGNED = (2,)


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
    lower : ndarray of uint8, shape (height, width, 3), or None
        The lower bytes of 16-bit colors, where a transparent color is to be found among them.
    space : ColorSpace or None
        The color space, where the file gives it by numbers; it goes before an ICC profile.
    profile : bytes or None
        The ICC profile, where Pillow has not found it.
    """

    step: int = 1
    white: int = 65_535
    inverted: bool = False
    signed: bool = False
    lower: NDArray[np.uint8] | None = None
    space: ColorSpace | None = None
    profile: bytes | None = None


def meaning_of(image: Image.Image, data: bytes) -> tuple[Meaning, list[str]]:
    """Find out what the numbers of an image mean.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened by one of Pillow's decoders, and not loaded yet.
    data : bytes
        The file that it was opened from.

    Returns
    -------
    tuple of Meaning and list of str
        And what there is to say about it.

    Examples
    --------
    >>> from PIL.PpmImagePlugin import PpmImageFile
    >>> file = b"P5 1 1 255 a"
    >>> meaning_of(PpmImageFile(io.BytesIO(file)), file)[0] == Meaning()
    True
    """
    if isinstance(image, PngImageFile):
        return _of_png(image, data)
    if isinstance(image, TiffImageFile):
        return _of_tiff(image), []
    if image.format == "BMP":
        profile, notes = color_profile(data)
        return Meaning(profile=profile), notes
    return Meaning(), []


def _of_png(image: PngImageFile, data: bytes) -> tuple[Meaning, list[str]]:
    raw_mode = raw_mode_of(image)
    space, notes = space_of_png(image.info, png_reading.cicp(data))
    has_deep_key = raw_mode == "RGB;16B" and "transparency" in image.info
    lower = _lower_bytes(data) if has_deep_key else None
    return Meaning(step=_KEY_STEPS.get(raw_mode, 1), lower=lower, space=space), notes


def _lower_bytes(data: bytes) -> NDArray[np.uint8]:
    """Decode the halves of 16-bit colors that Pillow leaves out: read as if the low byte came last."""
    image = PngImageFile(io.BytesIO(data))
    image.tile = [tile._replace(args="RGB;16L") for tile in image.tile]
    return np.asarray(image)


def _of_tiff(image: TiffImageFile) -> Meaning:
    tags = image.tag_v2
    inverted = image.mode in ("I;16", "F") and tags.get(tiff.PHOTOMETRIC) == 0
    white = 2**12 - 1 if tags.get(tiff.BITS_PER_SAMPLE) == (12,) else 2**16 - 1
    signed = tags.get(tiff.SAMPLE_FORMAT) == _SIGNED and tags.get(tiff.BITS_PER_SAMPLE) in ((8,), (16,))
    return Meaning(white=white, inverted=inverted, signed=signed)


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
