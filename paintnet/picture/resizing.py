"""Sizes: a smaller copy of a picture, for learning from fewer pixels, and what size a painting gets."""

import numpy as np
from numpy.typing import NDArray

from paintnet.errors import SettingsError
from paintnet.picture.alpha import premultiply, unpremultiply

LARGEST_SIDE = 10**12
"""Sizes are cut to this before they are judged: larger ones overflow."""


def shrink(pixels: NDArray[np.float32], max_side: int) -> NDArray[np.float32]:
    """Make a picture smaller until its longer side is ``max_side`` pixels.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, channels)
        Values in [0, 1], straight alpha.
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
        return pixels
    small = (max(1, round(width * max_side / longest)), max(1, round(height * max_side / longest)))
    weighted = premultiply(pixels)
    planes = [_shrink_plane(weighted[..., channel], small) for channel in range(channels)]
    return unpremultiply(np.clip(np.stack(planes, axis=-1), 0, 1))


def _shrink_plane(plane: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Resize one channel to (width, height) in floating point.

    The Hamming filter is about as sharp as a cubic one but never negative: flat colors
    stay flat, without the halo that a Lanczos filter draws along their edges.
    """
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))
    return np.asarray(image.resize(size, Image.Resampling.HAMMING), dtype=np.float32)


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
