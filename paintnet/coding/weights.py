"""Weights of a small network in whole steps, and their bits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paintnet.coding.range_coder import RangeDecoder, RangeEncoder
from paintnet.coding.tables import SCALES, TOTAL, intervals
from paintnet.typing import Array

MOST_HALVINGS = 15
MOST_STEPS = 32_767


@dataclass(frozen=True, eq=False)
class Steps:
    """A group of weights as whole multiples of one step, which is 1 halved some times.

    Parameters
    ----------
    numbers : int64 array
        How many steps each weight has.
    halvings : int
        Of the step; 0 to 15.

    Examples
    --------
    >>> Steps.of(np.array([0.3, -1.0]), halvings=2).values.tolist()
    [0.25, -1.0]
    """

    numbers: Array
    halvings: int

    @classmethod
    def of(cls, weights: Array, halvings: int) -> "Steps":
        """Round weights to steps."""
        scaled = np.rint(np.asarray(weights, np.float64) * 2.0**halvings)
        return cls(np.clip(scaled, -MOST_STEPS, MOST_STEPS).astype(np.int64), halvings)

    @property
    def values(self) -> Array:
        """The weights, float64."""
        return np.asarray(self.numbers * 2.0**-self.halvings)

    @property
    def most(self) -> int:
        """Largest number of steps, either way."""
        return int(np.abs(self.numbers).max(initial=0))

    @property
    def coded(self) -> tuple[int, float]:
        """Number of the scale that takes the fewest bits, and these."""
        most = self.most
        if most == 0:
            return 0, 0.0
        scales = np.arange(SCALES)[:, None]
        lengths = intervals(self.numbers[None], np.zeros_like(scales), scales, -most, most)[1]
        bits = (np.log2(TOTAL + 2 * most + 1) - np.log2(lengths)).sum(axis=1)
        best = int(bits.argmin())
        return best, float(bits[best])


def encode_weights(encoder: RangeEncoder, groups: Sequence[Steps]) -> None:
    """Write groups; their halvings, scales and largest numbers are told elsewhere."""
    for group in groups:
        most = group.most
        if most:
            scale = np.full(len(group.numbers), group.coded[0])
            begins, lengths = intervals(group.numbers, 0 * scale, scale, -most, most)
            encoder.put(begins.tolist(), lengths.tolist(), TOTAL + 2 * most + 1)


def decode_weights(decoder: RangeDecoder, size: int, halvings: int, scale: int, most: int) -> Steps:
    """Read one group."""
    if not most:
        return Steps(np.zeros(size, np.int64), halvings)
    numbers = np.arange(-most, most + 2)
    begins = intervals(numbers, 0 * numbers, 0 * numbers + scale, -most, most)[0]
    begins[-1] = TOTAL + 2 * most + 1
    found, total = np.empty(size, np.int64), int(begins[-1])
    for k in range(size):
        index = int(np.searchsorted(begins, decoder.seek(total), "right")) - 1
        decoder.take(int(begins[index]), int(begins[index + 1] - begins[index]))
        found[k] = index - most
    return Steps(found, halvings)
