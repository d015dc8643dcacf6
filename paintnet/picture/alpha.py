"""Color and transparency: from straight alpha to premultiplied and back.

A picture holds straight alpha: the color of a pixel as if it were opaque, and
its opacity beside it. Wherever pixels are mixed (shrinking, learning,
interpolating) colors have to be weighted by their opacity first, or the hidden
color of transparent pixels bleeds into their neighbours.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def premultiply(pixels: NDArray[Any]) -> NDArray[Any]:
    """Weight colors by opacity.

    Parameters
    ----------
    pixels : ndarray of shape (..., channels)
        Straight RGBA when it has four channels; anything else is returned as it is.

    Returns
    -------
    ndarray of shape (..., channels)
        A new array for RGBA, the given one otherwise.

    Examples
    --------
    >>> premultiply(np.array([[1.0, 0.5, 0.0, 0.5]]))
    array([[0.5 , 0.25, 0.  , 0.5 ]])
    """
    if pixels.shape[-1] != 4:
        return pixels
    weighted = pixels.copy()
    weighted[..., :3] *= pixels[..., 3:]
    return weighted


def unpremultiply(pixels: NDArray[Any]) -> NDArray[Any]:
    """Undo :func:`premultiply`; where opacity is 0 the color becomes 0.

    Parameters
    ----------
    pixels : ndarray of shape (..., channels)
        Premultiplied RGBA when it has four channels; anything else is returned as it is.

    Returns
    -------
    ndarray of shape (..., channels)
        Colors within [0, 1] for RGBA, the given array otherwise.

    Examples
    --------
    >>> unpremultiply(np.array([[0.5, 0.25, 0.0, 0.5], [0.3, 0.3, 0.3, 0.0]]))
    array([[1. , 0.5, 0. , 0.5], [0. , 0. , 0. , 0. ]])
    """
    if pixels.shape[-1] != 4:
        return pixels
    straight = pixels.copy()
    opacity = pixels[..., 3:]
    visible = opacity > 0
    # A painted color may exceed its opacity a little, and by a tiny opacity the ratio overflows.
    with np.errstate(over="ignore"):
        ratio = np.divide(pixels[..., :3], opacity, out=np.zeros_like(pixels[..., :3]), where=visible)
    straight[..., :3] = np.clip(ratio, 0, 1)
    return straight
