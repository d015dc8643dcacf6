"""Where the numbers of a pyramid lie in memory, and which of them are seen when the next one is coded.

All levels lie in one flat array, each with empty rows and columns around it, so that a neighbor is one
offset away everywhere. Levels are coded coarse to fine. Inside one, a number is coded after those of a few
rows above it: all numbers on one steep diagonal (a wave) depend on earlier waves only, so that NumPy takes
them at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from paintnet.typing import Array

PAD = 3
"""Empty rows and columns around a level."""

RUN = 256
"""Numbers in a row that the training takes at once; a run may reach beyond its level."""

NEIGHBORS = (
    (0, -1), (0, -2), (-1, -2), (-1, -1), (-1, 0), (-1, 1), (-1, 2),
    (-2, -2), (-2, -1), (-2, 0), (-2, 1), (-2, 2),
)  # fmt: skip
"""Rows and columns from a number to those that are seen when it is coded."""

PARENTS = ((0, 0), (1, 0), (0, 1), (1, 1))
"""The same in the next coarser level, enlarged to this one's size."""

SLOPE = 3
"""Columns by which a wave moves left from row to row: more than a neighbor above lies to the right."""

N_SEEN = len(NEIGHBORS) + len(PARENTS)

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """The flat array of a pyramid.

    Parameters
    ----------
    width, height : int
        Of the picture.
    spacings : tuple of int
        Pixels between the numbers of each level, ascending powers of two.

    Examples
    --------
    >>> layout = Layout(5, 3, (1, 2))
    >>> layout.rows.tolist(), layout.columns.tolist()
    ([3, 2], [5, 3])
    >>> layout.view(np.arange(layout.size), 1).shape
    (2, 3)
    """

    width: int
    height: int
    spacings: tuple[int, ...]

    @property
    def n_levels(self) -> int:
        """Levels of the pyramid."""
        return len(self.spacings)

    @cached_property
    def rows(self) -> Whole:
        """Rows of each level."""
        return np.array([-(-self.height // s) for s in self.spacings], dtype=np.int64)

    @cached_property
    def columns(self) -> Whole:
        """Columns of each level."""
        return np.array([-(-self.width // s) for s in self.spacings], dtype=np.int64)

    @cached_property
    def strides(self) -> Whole:
        """Places from a number to the one below it."""
        return self.columns + 2 * PAD

    @cached_property
    def runs(self) -> Whole:
        """Runs that cover each level, its empty columns included."""
        return -(-((self.rows - 1) * self.strides + self.columns) // RUN)

    @cached_property
    def _lengths(self) -> Whole:
        return (2 * PAD + 1) * self.strides + 2 * PAD + self.runs * RUN

    @cached_property
    def bases(self) -> Whole:
        """Where the first number of each level lies."""
        starts = np.concatenate([[0], np.cumsum(self._lengths)[:-1]])
        return np.asarray(starts + PAD * self.strides + PAD, dtype=np.int64)

    @cached_property
    def size(self) -> int:
        """Length of the flat array."""
        return int(self._lengths.sum())

    @property
    def n_numbers(self) -> int:
        """Numbers of all levels together."""
        return int((self.rows * self.columns).sum())

    @cached_property
    def parents(self) -> Whole:
        """Next coarser level of each, -1 for the coarsest."""
        return np.array([*range(1, self.n_levels), -1], dtype=np.int64)

    @cached_property
    def shifts(self) -> Whole:
        """How often the parent's spacing is halved to that of a level."""
        ratios = [b // a for a, b in zip(self.spacings, self.spacings[1:], strict=False)]
        return np.array([*(ratio.bit_length() - 1 for ratio in ratios), 0], dtype=np.int64)

    @cached_property
    def neighbors(self) -> Whole:
        """Offsets to what is seen in a level itself, (levels, neighbors)."""
        return np.array([[dy * s + dx for dy, dx in NEIGHBORS] for s in self.strides], dtype=np.int64)

    @cached_property
    def parent_neighbors(self) -> Whole:
        """Offsets to what is seen in the parent enlarged, (levels, parents)."""
        return np.array([[dy * s + dx for dy, dx in PARENTS] for s in self.strides], dtype=np.int64)

    def view(self, flat: Array, level: int) -> Array:
        """Give the numbers of a level as a window (rows, columns) on the flat array."""
        step, base = flat.strides[0], int(self.bases[level])
        shape = int(self.rows[level]), int(self.columns[level])
        return np.lib.stride_tricks.as_strided(flat[base:], shape, (int(self.strides[level]) * step, step))

    def enlarge_parent(self, flat: Array, enlarged: Array, level: int) -> None:
        """Write the parent of a level into `enlarged`, at this level's size and a little beyond."""
        if self.parents[level] < 0:
            return
        parent = self.view(flat, level + 1)
        high, wide = int(self.rows[level]) + 1, int(self.columns[level]) + 1
        shift, base, stride = int(self.shifts[level]), int(self.bases[level]), int(self.strides[level])
        down = np.minimum(np.arange(high) >> shift, parent.shape[0] - 1)
        across = np.minimum(np.arange(wide) >> shift, parent.shape[1] - 1)
        step = enlarged.strides[0]
        target = np.lib.stride_tricks.as_strided(enlarged[base:], (high, wide), (stride * step, step))
        target[...] = parent[down[:, None], across[None, :]]

    def waves(self, level: int) -> Iterator[tuple[int, int, int]]:
        """Waves of a level in turn: the number of each, its first row, and the one behind its last."""
        rows, columns = int(self.rows[level]), int(self.columns[level])
        for wave in range(columns + SLOPE * (rows - 1)):
            # Row i has column wave - SLOPE * i.
            first, end = max(0, -(-(wave - columns + 1) // SLOPE)), min(rows - 1, wave // SLOPE) + 1
            if first < end:
                yield wave, first, end

    def waves_of(self, flat: Array, level: int, offset: int = 0) -> Array:
        """Give a level, or what lies so many places from its numbers, as a window (waves, rows) on the array.

        Only what `waves` names belongs to the level.
        """
        rows, stride, step = int(self.rows[level]), int(self.strides[level]), flat.strides[0]
        shape = int(self.columns[level]) + SLOPE * (rows - 1), rows
        start = int(self.bases[level]) + offset
        return np.lib.stride_tricks.as_strided(flat[start:], shape, (step, (stride - SLOPE) * step))
