"""What is expected of a number by those around it: a small network in fixed point.

Its weights are whole numbers of 1/4096. All products and sums are whole numbers below 2**53, which float64
holds exactly in whatever order they are added: so every machine expects the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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

    def expect(self, seen: Array, level: int) -> tuple[Whole, Whole]:
        """Mean, in 1/16, and number of the scale, for each row of what is seen (n, seen)."""
        first_bias, first, second, second_bias, last, last_bias = self.parameters
        hidden = np.clip(seen, -MOST_SEEN, MOST_SEEN) @ first
        hidden += first_bias[level]
        np.clip(hidden, 0, MOST_SUM, out=hidden)
        hidden = hidden @ second
        hidden += second_bias * ONE + ONE / 2
        hidden *= 1 / ONE
        np.floor(hidden, out=hidden)
        np.clip(hidden, 0, MOST_SUM, out=hidden)
        sums = hidden @ last
        sums += last_bias * ONE + (1 << 19)
        sums *= 1 / (1 << 20)  # from 1/2**24 to 1/16
        np.floor(sums, out=sums)
        mean = np.clip(sums[:, 0], -MOST_MEAN, MOST_MEAN).astype(np.int64)
        scale = np.clip(sums[:, 1] - LOWEST, 0, SCALES - 1).astype(np.int64)
        return mean, scale


def context_shapes(n_levels: int, units: tuple[int, int]) -> list[tuple[int, ...]]:
    """Shapes of a context model's parameters."""
    a, b = units
    return [(n_levels, a), (N_SEEN, a), (a, b), (b,), (b, 2), (2,)]


def seen_at(layout: Layout, places: Whole, flat: Array, parent: Array, level: int) -> Array:
    """What is seen at places of the flat array, (places, seen)."""
    offsets = layout.neighbors[level], layout.parent_neighbors[level]
    return np.concatenate(
        [values[places[:, None] + around] for values, around in zip((flat, parent), offsets, strict=True)],
        axis=1,
    )
