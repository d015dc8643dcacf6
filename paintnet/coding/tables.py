"""How probable each whole number is: Laplace distributions in integers, the same on every machine.

A number is expected to lie near a mean, in steps of 1/16, with a scale that is one of 129, from e**-3.5 to
e**4.5 in steps of a factor e**(1/16). Everything is computed in Python's integers of any length, so that no
rounding of a floating-point unit or a library decides a bit of a file.
"""

from functools import cache
from math import isqrt

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]

SCALES = 129
STEPS = 16
"""Of a mean for each whole number, and of a scale for each factor e."""

LOWEST = -56
"""Logarithm of the smallest scale, in sixteenths."""

REACH = 4096
"""Steps from the mean from which on nothing but the least probability is left."""

CENTER = REACH + 3 * STEPS
SPAN = 2 * CENTER + 1
"""Of a row of `chances`: where its middle is, and how long it is."""

TOTAL = 1 << 18
"""What the probabilities of a distribution add up to, before every number gets one more."""

_BITS = 96
_E = 2718281828459045235360287471352662497757  # times 10**39 (OEIS A001113)


@cache
def tails() -> Whole:
    """Half of the probability that lies farther out than so many steps, (SCALES, REACH + 1).

    Row s, column t holds ``round(TOTAL / 2 * exp(-t / 16 / scale))``.

    Examples
    --------
    >>> table = tails()
    >>> int(table[56, 0]), int(table[56, 16]), round(131072 * np.exp(-1.0))  # scale 1, one whole number
    (131072, 48219, 48219)
    """
    one, half = 1 << _BITS, 1 << _BITS - 1
    sixteenth = _E * one // 10**39  # e, of which the fourth square root is e**(1/16)
    for _ in range(4):
        sixteenth = isqrt(sixteenth * one)
    inverse = one * one // sixteenth
    # 1 / scale, smallest scale first.
    rate = one
    for _ in range(-LOWEST):
        rate = rate * sixteenth >> _BITS
    table = np.zeros((SCALES, REACH + 1), dtype=np.int64)
    for scale in range(SCALES):
        factor = _exp_of_minus(rate // STEPS)
        value, tail = one * TOTAL // 2, TOTAL // 2
        row: list[int] = []
        while tail and len(row) <= REACH:
            row.append(tail)
            value = value * factor >> _BITS
            tail = (value + half) >> _BITS
        table[scale, : len(row)] = row
        rate = rate * inverse >> _BITS
    return table


def _exp_of_minus(x: int) -> int:
    """Exponential of -x, both times 2**96, by its series after halving."""
    halvings = 8
    x >>= halvings
    one = 1 << _BITS
    total, term = one, one
    for n in range(1, 24):
        term = -term * x // (n * one)
        total += term
    for _ in range(halvings):
        total = total * total >> _BITS
    return total


@cache
def chances() -> NDArray[np.int32]:
    """Probability below a point that lies so many steps from the mean, of TOTAL, flat.

    It is found at ``scale * SPAN + CENTER + steps``, for steps from -CENTER to CENTER; beyond REACH nothing
    changes.

    Examples
    --------
    >>> [int(chances()[56 * SPAN + CENTER + steps]) for steps in (-16, 0, 16)]
    [48219, 131072, 213925]
    """
    table = np.pad(tails(), ((0, 0), (0, CENTER - REACH)), mode="edge")
    return np.concatenate([table[:, :0:-1], TOTAL - table], axis=1).astype(np.int32).ravel()


def below(scale: Whole, steps: Whole) -> Whole:
    """Probability below a point that lies so many steps from the mean, of TOTAL."""
    return chances()[scale * SPAN + CENTER + np.clip(steps, -REACH, REACH)].astype(np.int64)


def intervals(numbers: Whole, mean: Whole, scale: Whole, low: int, high: int) -> tuple[Whole, Whole]:
    """Begin and length of what the range coder gives to each number, of ``TOTAL + high - low + 1``.

    Examples
    --------
    >>> numbers = np.arange(-2, 3)
    >>> begins, lengths = intervals(numbers, 0 * numbers, 0 * numbers + 56, -2, 2)
    >>> begins.tolist()[:3], int(lengths.sum()) == int(TOTAL + 5)
    ([0, 29247, 79501], True)
    """
    edge = STEPS // 2
    begins = np.where(numbers <= low, 0, below(scale, STEPS * numbers - edge - mean)) + numbers - low
    ends = np.where(numbers >= high, TOTAL, below(scale, STEPS * numbers + edge - mean))
    return begins, ends + numbers + 1 - low - begins
