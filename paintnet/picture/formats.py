"""The formats that pictures are written in, each by its file extension."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paintnet.errors import OutputError
from paintnet.typing import Levels


@dataclass(frozen=True)
class OutputFormat:
    """One way to write a picture.

    Parameters
    ----------
    name : str
        What people call it.
    encode : callable
        From 8-bit levels, (height, width, channels), to the bytes of a file.
    keeps_alpha : bool
        Whether transparency survives.
    max_side : int
        The longest side that the format can hold.
    """

    name: str
    encode: Callable[[Levels], bytes]
    keeps_alpha: bool
    max_side: int


def _encoder(pillow_name: str, **options: Any) -> Callable[[Levels], bytes]:
    """Build the function that writes one format; Pillow is imported when it is first called."""

    def encode(levels: Levels) -> bytes:
        from PIL import Image

        flat = levels[..., 0] if levels.shape[-1] == 1 else levels
        buffer = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(flat)).save(buffer, format=pillow_name, **options)
        return buffer.getvalue()

    return encode


_PNG = OutputFormat("PNG", _encoder("PNG"), keeps_alpha=True, max_side=2**31 - 1)
# Full color resolution: a painting has sharp color edges, and halved chroma would smear them.
_JPEG = OutputFormat("JPEG", _encoder("JPEG", quality=95, subsampling=0), keeps_alpha=False, max_side=65_500)
# Lossless: what is written is what was painted.
_WEBP = OutputFormat("WebP", _encoder("WEBP", lossless=True), keeps_alpha=True, max_side=16_383)
_TIFF = OutputFormat("TIFF", _encoder("TIFF", compression="tiff_lzw"), keeps_alpha=True, max_side=2**31 - 1)
# A BMP can carry a fourth channel, but most readers take it for padding.
_BMP = OutputFormat("BMP", _encoder("BMP"), keeps_alpha=False, max_side=2**31 - 1)

OUTPUT_FORMATS: dict[str, OutputFormat] = {
    ".png": _PNG,
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": _WEBP,
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".bmp": _BMP,
}


def encode_picture(pixels: NDArray[Any], extension: str) -> tuple[bytes, tuple[str, ...]]:
    r"""Turn a picture into the bytes of a file.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, channels)
        1, 3 or 4 channels in [0, 1], straight alpha. Values outside are clipped, each is
        rounded to the nearest of 256 levels.
    extension : str
        A key of ``OUTPUT_FORMATS``, in any case.

    Returns
    -------
    tuple of bytes and tuple of str
        The file, and sentences on what was changed to fit the format.

    Raises
    ------
    OutputError
        When the extension is unknown, a value is not a number, or the format cannot hold the size.

    Examples
    --------
    >>> data, notes = encode_picture(np.zeros((2, 2, 4)), ".jpg")
    >>> data[:3], notes
    (b'\xff\xd8\xff', ('transparency was flattened on white: JPEG has none',))
    """
    chosen = OUTPUT_FORMATS.get(extension.lower())
    if chosen is None:
        known = " ".join(sorted(OUTPUT_FORMATS))
        raise OutputError(f"extension {extension!r}", "no picture format has it", f"use one of {known}")
    longest = max(pixels.shape[:2])
    if longest > chosen.max_side:
        why = f"{chosen.name} holds at most {chosen.max_side:,} pixels a side"
        raise OutputError(f"a picture {longest:,} pixels long", why, "write a PNG or a smaller picture")
    if not np.isfinite(pixels).all():
        raise OutputError("the picture", "some of its values are not numbers", "train it again")
    notes: tuple[str, ...] = ()
    if pixels.shape[-1] == 4 and not chosen.keeps_alpha:
        if (to_levels(pixels[..., 3]) < 255).any():
            notes = (f"transparency was flattened on white: {chosen.name} has none",)
        pixels = flatten(pixels)
    levels = to_levels(pixels)
    if levels.shape[-1] == 4:
        levels[levels[..., 3] == 0] = 0  # what cannot be seen must not be found in the file either
    return chosen.encode(levels), notes


def to_levels(pixels: NDArray[Any]) -> Levels:
    """Round values in [0, 1] to 8-bit levels.

    Parameters
    ----------
    pixels : ndarray
        Values outside [0, 1] are clipped.

    Returns
    -------
    ndarray of uint8
        The nearest of 256 levels each.

    Examples
    --------
    >>> to_levels(np.array([-0.2, 0.5, 1.0]))
    array([  0, 128, 255], dtype=uint8)
    """
    levels = np.clip(pixels, 0, 1) * 255
    return np.asarray(np.rint(levels, out=levels), dtype=np.uint8)


def flatten(pixels: NDArray[Any]) -> NDArray[Any]:
    """Lay an RGBA picture on white.

    Parameters
    ----------
    pixels : ndarray of shape (..., 4)
        Straight alpha.

    Returns
    -------
    ndarray of shape (..., 3)
        What it looks like on white paper.

    Examples
    --------
    >>> flatten(np.array([[0.0, 0.0, 1.0, 0.5]]))
    array([[0.5, 0.5, 1. ]])
    """
    opacity = np.clip(pixels[..., 3:], 0, 1)
    return np.asarray(np.clip(pixels[..., :3], 0, 1) * opacity + (1 - opacity))
