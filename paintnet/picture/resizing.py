"""A smaller copy of a picture, for learning from fewer pixels."""

import numpy as np
from numpy.typing import NDArray

from paintnet.errors import SettingsError
from paintnet.picture.alpha import premultiply, unpremultiply


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
