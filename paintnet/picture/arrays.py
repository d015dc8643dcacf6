"""Pixels that come as an array, or as anything that NumPy can make one of."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paintnet.errors import SettingsError

_SHAPE = "give an array of shape (height, width, channels), with 1, 3 or 4 channels"


def pixels_of(array: Any) -> NDArray[Any]:
    """Check an array of pixels, and bring it to a type that can be learned.

    Parameters
    ----------
    array : array-like of shape (height, width, channels)
        Real numbers in [0, 1]; channels 1, 3 or 4; an array, nested lists, a masked array of
        which nothing is masked, or what offers ``__array__``.

    Returns
    -------
    ndarray of float32 or float64
        The array itself where it is one of these.

    Raises
    ------
    SettingsError
        If it is no picture.

    Examples
    --------
    >>> pixels_of([[[0], [1]]])
    array([[[0.],
            [1.]]], dtype=float32)
    """
    numbers = _numbers(array)
    if numbers.ndim != 3 or numbers.shape[2] not in (1, 3, 4) or not numbers.size:
        raise SettingsError("picture", f"an array of shape {numbers.shape} is no picture", _SHAPE)
    if not (np.isfinite(numbers).all() and numbers.min() >= 0 and numbers.max() <= 1):
        raise SettingsError(
            "picture", "some of its values are not in the range 0 to 1", "divide 8-bit levels by 255"
        )
    return numbers if numbers.dtype in (np.float32, np.float64) else numbers.astype(np.float32)


def _numbers(array: Any) -> NDArray[Any]:
    """Make a plain array of real numbers."""
    if np.ma.isMaskedArray(array) and np.ma.is_masked(array):
        raise SettingsError("picture", "some of its values are masked", "fill them with colors first")
    try:
        numbers = np.asarray(array)
        if numbers.dtype == object:
            numbers = numbers.astype(np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:  # what other libraries raise too
        raise SettingsError("picture", "its rows do not make an array of numbers", _SHAPE) from error
    if numbers.dtype.kind not in "biuf":
        why = f"an array of type {numbers.dtype.name} holds no colors"
        raise SettingsError("picture", why, "give real numbers in the range 0 to 1")
    return numbers.astype(numbers.dtype.newbyteorder("="), copy=False)
