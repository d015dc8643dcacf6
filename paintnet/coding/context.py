"""What is expected of a number by those around it: a small network in fixed point.

Its weights are whole numbers of 1/4096. All products and sums are whole numbers below 2**53, which float64
holds exactly in whatever order they are added: so every machine expects the same.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from paintnet.coding.layout import N_SEEN, Layout, Whole
from paintnet.coding.tables import LOWEST, SCALES
from paintnet.typing import Array

FRACTION_BITS = 12
ONE = float(1 << FRACTION_BITS)

MOST_WEIGHT = 1 << 20
"""Of a weight, in 1/4096."""

MOST_SEEN = float(1 << 10)
MOST_SUM = float(1 << 28)
"""Of a hidden unit, in 1/4096: with 2**20 of a weight and 16 units the next sums stay below 2**53."""

MOST_MEAN = float(1 << 20)
"""Of a mean, in 1/16."""

MOST_UNITS = 16

_BOUNDS = np.array([[-MOST_MEAN], [0.0]]), np.array([[MOST_MEAN], [SCALES - 1.0]])
"""Of a mean and of a scale: the lowest and the highest."""

Expect = Callable[[Array], tuple[Array, Array]]


@dataclass(frozen=True, eq=False)
class ContextModel:
    """A network of two hidden layers; the first has biases for each level.

    Parameters
    ----------
    parameters : sequence of float64 arrays
        Whole numbers of 1/4096: first biases (levels, units), first weights (seen, units), second
        weights and biases, last weights (units, 2) and biases.
    """

    parameters: Sequence[Array]

    @classmethod
    def of(cls, parameters: Sequence[Array]) -> Self:
        """Make it of weights, which are rounded to 1/4096."""
        whole = [np.rint(np.asarray(each, np.float64) * ONE) for each in parameters]
        return cls([np.clip(each, -MOST_WEIGHT, MOST_WEIGHT) for each in whole])

    def of_level(self, level: int, most: float = math.inf) -> Expect:
        """Give the function that expects a level's numbers.

        Parameters
        ----------
        level : int
            Of the pyramid.
        most : float, default=inf
            Largest number, either way, that will be seen. Bounds that cannot be reached are not looked at.

        Returns
        -------
        callable
            Takes what is seen and a last row of ones, (seen + 1, n). Gives the mean, in 1/16, and the number
            of the scale for each column: whole numbers in float64.
        """
        firsts, second, last = self._matrices
        first = firsts[level]
        first_most = float(np.abs(first).sum(axis=1).max()) * max(min(most, MOST_SEEN), 1.0)
        second_most = float(np.abs(second).sum(axis=1).max()) * min(max(first_most, 1.0), MOST_SUM)
        lowest, highest = _BOUNDS

        def expect(seen: Array) -> tuple[Array, Array]:
            if most > MOST_SEEN:
                seen = np.clip(seen, -MOST_SEEN, MOST_SEEN)
            hidden = first @ seen
            np.maximum(hidden, 0, out=hidden)
            if first_most > MOST_SUM:
                np.minimum(hidden, MOST_SUM, out=hidden)
            hidden = second @ hidden
            np.floor(hidden, out=hidden)
            np.maximum(hidden, 0, out=hidden)
            if second_most > MOST_SUM:
                np.minimum(hidden, MOST_SUM, out=hidden)
            sums = last @ hidden
            np.floor(sums, out=sums)
            mean, scale = np.minimum(np.maximum(sums, lowest, out=sums), highest, out=sums)
            return mean, scale

        return expect

    @cached_property
    def _matrices(self) -> tuple[Array, Array, Array]:
        """Matrices that stand before a column whose last number is 1, which has the biases' place.

        Powers of two that all sums of a layer share are taken off before: to halve a number is exact.
        """
        first_bias, first, second, second_bias, last, last_bias = self.parameters
        levels = [_with_bias(first, bias) for bias in first_bias]
        to_sixteenths = 1 / (1 << 20)  # from 1/2**24
        return (
            np.stack(levels),
            _with_bias(second / ONE, second_bias + 0.5),
            _with_bias(last * to_sixteenths, (last_bias * ONE + (1 << 19)) * to_sixteenths - (0, LOWEST))[
                :-1
            ],
        )


def _with_bias(weights: Array, biases: Array) -> Array:
    """Make one matrix (units + 1, inputs + 1) of weights (inputs, units) and biases; its last unit is 1."""
    matrix = np.zeros((weights.shape[1] + 1, weights.shape[0] + 1))
    matrix[:-1, :-1], matrix[:-1, -1], matrix[-1, -1] = weights.T, biases, 1
    return matrix


def context_shapes(n_levels: int, units: tuple[int, int]) -> list[tuple[int, ...]]:
    """Shapes of a context model's parameters."""
    a, b = units
    return [(n_levels, a), (N_SEEN, a), (a, b), (b,), (b, 2), (2,)]


def seen_at(layout: Layout, places: Whole, flat: Array, parent: Array, level: int) -> Array:
    """What is seen at places of the flat array, and ones, (seen + 1, places)."""
    offsets = layout.neighbors[level], layout.parent_neighbors[level]
    seen = [values[places + around[:, None]] for values, around in zip((flat, parent), offsets, strict=True)]
    return np.concatenate([*seen, np.ones((1, len(places)))])


def waves_seen(layout: Layout, flat: Array, parent: Array, level: int) -> list[tuple[slice, Array]]:
    """Give what is seen as windows on both arrays: which rows of `seen_at` each has, (these, waves, rows)."""
    windows, first = [], 0
    for values, offsets in ((flat, layout.neighbors[level]), (parent, layout.parent_neighbors[level])):
        at = 0
        while at < len(offsets):
            # As many as lie equally far apart.
            gaps = np.diff(offsets[at:])
            count = 1 + next((n for n, gap in enumerate(gaps) if gap != gaps[0]), len(gaps))
            window, gap = layout.waves_of(values, level, int(offsets[at])), int(gaps[0]) if count > 1 else 0
            shape, strides = (count, *window.shape), (gap * values.strides[0], *window.strides)
            windows.append(
                (
                    slice(first + at, first + at + count),
                    np.lib.stride_tricks.as_strided(window, shape, strides),
                )
            )
            at += count
        first += len(offsets)
    return windows
