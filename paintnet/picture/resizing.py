"""Sizes: a smaller copy of a picture, for learning from fewer pixels, and what size a painting gets."""

import numpy as np
from numpy.typing import NDArray

from paintnet.errors import SettingsError
from paintnet.picture.alpha import premultiply, unpremultiply
from paintnet.picture.levels import LevelPicture, Pixels

LARGEST_SIDE = 10**12
"""Sizes are cut to this before they are judged: larger ones overflow."""


BAND_PIXELS = 4_000_000
"""So many of a picture that is made smaller are float32 at once: 50 megapixels would take 600 MB and more."""


def shrink(pixels: Pixels, max_side: int) -> NDArray[np.float32]:
    """Make a picture smaller until its longer side is ``max_side`` pixels.

    Parameters
    ----------
    pixels : ndarray or LevelPicture of shape (height, width, channels)
        Values in [0, 1], straight alpha. Of a large one some rows are looked at at a time.
    max_side : int
        The longest side of the copy, at least 1.

    Returns
    -------
    ndarray of float32
        The smaller copy; the picture itself when it is small enough already.

    Raises
    ------
    SettingsError
        When ``max_side`` is below 1.

    Examples
    --------
    >>> shrink(np.zeros((300, 600, 3), np.float32), 100).shape
    (50, 100, 3)
    """
    if max_side < 1:
        raise SettingsError(f"max side {max_side}", "a picture has at least 1 pixel", "give 1 or more")
    height, width, channels = pixels.shape
    longest = max(height, width)
    if longest <= max_side:
        return pixels[:] if isinstance(pixels, LevelPicture) else pixels
    columns, rows = (max(1, round(side * max_side / longest)) for side in (width, height))
    step = height / rows
    at_once = max(1, int(BAND_PIXELS / (width * step)))
    small = np.empty((rows, columns, channels), dtype=np.float32)
    for first in range(0, rows, at_once):
        last = min(first + at_once, rows)
        # The filter reaches one step beyond what a row covers.
        top = max(0, int((first - 1) * step) - 1)
        weighted = premultiply(pixels[top : min(height, int((last + 1) * step) + 2)])
        box = (0, first * step - top, width, min(last * step - top, len(weighted)))
        for channel in range(channels):
            small[first:last, :, channel] = _shrink_plane(
                weighted[..., channel], (columns, last - first), box
            )
    return unpremultiply(np.clip(small, 0, 1))


def _shrink_plane(
    plane: NDArray[np.float32], size: tuple[int, int], box: tuple[float, float, float, float]
) -> NDArray[np.float32]:
    """Resize a box (left, top, right, bottom) of one channel to (width, height) in floating point.

    The Hamming filter is about as sharp as a cubic one but never negative: flat colors
    stay flat, without the halo that a Lanczos filter draws along their edges.
    """
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
    return np.asarray(image.resize(size, Image.Resampling.HAMMING, box), dtype=np.float32)


def output_size(
    own: tuple[float, float], scale: float | None, size: tuple[int, int] | None, max_pixels: int
) -> tuple[int, int]:
    """Size of a painted picture, as a multiple of its own or as given.

    Parameters
    ----------
    own : (width, height)
        In pixels.
    scale : float or None
        Factor; by default 1.
    size : (width, height) or None
        In pixels, instead of the factor.
    max_pixels : int
        Limit of width times height.

    Raises
    ------
    SettingsError
        If both are given, or the picture would have too many pixels.

    Examples
    --------
    >>> output_size((30, 20), 2.5, None, 10_000)
    (75, 50)
    """
    if scale is not None and size is not None:
        raise SettingsError("scale and size", "they cannot be combined", "give only one of them")
    wanted = size or tuple(side * (scale or 1) for side in own)
    width, height = (max(1, round(min(max(side, 1), LARGEST_SIDE))) for side in wanted)
    if width * height > max_pixels:
        why = f"{width * height:,} pixels are more than the limit of {max_pixels:,}"
        raise SettingsError(f"size {width}x{height}", why, "paint it smaller, or raise the limit", "max_size")
    return width, height
