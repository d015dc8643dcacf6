"""Positions, sizes and regions as they are given, checked."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from paintnet.errors import SettingsError
from paintnet.typing import Array


def numbers_of(name: str, given: Any, count: int, remedy: str) -> list[float]:
    """Give so many finite numbers."""
    numbers = _plain_numbers(name, given, remedy)
    if numbers.shape != (count,):
        raise SettingsError(name, f"an array of shape {numbers.shape} is not {count} numbers", remedy)
    if not np.isfinite(numbers).all():
        raise SettingsError(name, "some of its numbers are not finite", remedy)
    return [float(number) for number in numbers]


def _plain_numbers(name: str, given: Any, remedy: str) -> Array:
    try:
        # What is masked has no value, even where there is a number beneath the mask.
        return np.ma.filled(np.ma.asarray(given, dtype=np.float64), np.nan)
    except (TypeError, ValueError, OverflowError) as error:
        raise SettingsError(name, "these are not numbers", remedy) from error


def positions_of(xy: ArrayLike) -> Array:
    """Give positions (n, 2), in float64 and finite."""
    positions = _plain_numbers("xy", xy, "give each position as x and y")
    if positions.ndim != 2 or positions.shape[1] != 2:
        raise SettingsError(
            "xy",
            f"an array of shape {positions.shape} holds no positions",
            "give one of shape (n, 2): x and y",
        )
    if not np.isfinite(positions).all():
        raise SettingsError("xy", "some positions are not finite", "give finite numbers")
    return positions
