"""A guess of the multiplier that a picture needs for its bits or its quality, before anything is learned.

What a picture costs is told by its Haar coefficients (Haar 1910), along the axes of its colors: each takes
about half the logarithm of one plus its square over that of a step. What is lost is what lies below a step.
The constants are measured on two photographs at five rates: bits are met to 8 % and errors to 3 %.
"""

import math
from collections.abc import Callable

import numpy as np

from paintnet.typing import Array

LEAST, MOST = 1e-7, 0.1
"""Multipliers that are given."""

STEP, EXCESS = 4.0, 0.41
"""A step, times the root of the multiplier; and the bits that it gives, for each that a painting takes."""

LOST_STEP, LOST = 1.26, 0.73
"""A step below which all is lost, in the same way; and the error that it gives, for each of a painting."""

NETWORK_BITS = 11_000
"""Of both networks, about; the constants hold for pictures of `PIXELS`."""

PIXELS = 768 * 512

HALVINGS = 20

MAGNITUDES = np.arange(-40, 24.25, 0.25)
"""Logarithms of squares, in quarters: with the middle of each in place of all in it, bits are as good."""


def multiplier_for_bits(picture: Array, bits: float) -> float:
    """Multiplier of a bit for each pixel with which a picture takes so many.

    Examples
    --------
    >>> noise = np.random.default_rng(0).random((64, 64, 3))
    >>> multiplier_for_bits(noise, 40_000) < multiplier_for_bits(noise, 20_000)
    True
    """
    squares = _squares(picture)
    left = max(bits - _bits_of_networks(picture), 0.3 * bits)

    def is_enough(multiplier: float) -> bool:
        found = np.log2(1 + squares / (STEP**2 * multiplier)).sum() / 2
        return bool(found / EXCESS <= left)

    return least_multiplier(is_enough)


def multiplier_for_error(picture: Array, error: float) -> float:
    """Multiplier with which a picture is learned up to a mean squared error."""
    squares = _squares(picture)

    def is_enough(multiplier: float) -> bool:
        found = np.minimum(squares, LOST_STEP**2 * multiplier).sum() / picture.size
        return bool(found / LOST >= error)

    return least_multiplier(is_enough)


class BitsOfPicture:
    """Bits that a picture takes with each multiplier; much less to keep than the picture.

    Parameters
    ----------
    picture : array of shape (height, width, channels)
        Colors.

    Examples
    --------
    >>> noise = np.random.default_rng(0).random((64, 64, 3))
    >>> bits = BitsOfPicture(noise)
    >>> bits.at(1e-3) > bits.at(1e-2) > BitsOfPicture(0.1 * noise).at(1e-2)
    True
    """

    def __init__(self, picture: Array) -> None:
        squares = _squares(picture)
        self._counts = np.histogram(np.log2(squares + 2.0 ** MAGNITUDES[0]), MAGNITUDES)[0]
        self._fixed = _bits_of_networks(picture)

    def at(self, multiplier: float) -> float:
        """Bits, those of the networks included."""
        squares = 2.0 ** ((MAGNITUDES[:-1] + MAGNITUDES[1:]) / 2)
        each = np.log2(1 + squares / (STEP**2 * multiplier)) / 2
        return float(self._counts @ each / EXCESS + self._fixed)


def least_multiplier(is_enough: Callable[[float], bool]) -> float:
    """Find the least multiplier that is enough."""
    low, high = LEAST, MOST
    for _ in range(HALVINGS):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _bits_of_networks(picture: Array) -> float:
    """Small pictures pay more for them."""
    height, width, _ = picture.shape
    return float(NETWORK_BITS * (1 - height * width / PIXELS))


def _squares(picture: Array) -> Array:
    """Squares of all Haar coefficients but the last means, along the principal axes of the colors."""
    colors = picture.reshape(-1, picture.shape[2]).astype(np.float64)
    colors = colors - colors.mean(axis=0)
    planes = (colors @ np.linalg.eigh(colors.T @ colors)[1]).reshape(picture.shape)
    found = [np.zeros(0)]
    while min(planes.shape[:2]) >= 2:
        height, width = (side // 2 * 2 for side in planes.shape[:2])
        down = planes[:height:2, :width], planes[1:height:2, :width]
        sums, differences = (down[0] + down[1]) / 2, (down[0] - down[1]) / 2
        # Sums and differences of both axes, each times 1/2: lengths stay what they were.
        found += [
            np.square(part[:, ::2] + sign * part[:, 1::2]).ravel()
            for part, sign in ((sums, -1), (differences, 1), (differences, -1))
        ]
        planes = sums[:, ::2] + sums[:, 1::2]
    return np.concatenate(found)
