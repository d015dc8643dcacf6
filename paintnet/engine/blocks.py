"""A picture cut into square blocks, and the patch of grid vertices under each.

Inside a block, interpolation is separable: the values at its 16 x 16 pixels
are ``down @ patch @ across.T`` with two small matrices that depend only on
the block's row and column. No sparse matrix is needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from paintnet.encoding.grid import GridMap
from paintnet.typing import Array

SIDE = 16
"""Pixels along a block's side: 256 pixels fill a cache, and vector units, well."""


@dataclass(frozen=True, eq=False)
class BlockPlan:
    """How a picture under one grid is cut into blocks.

    Parameters
    ----------
    width, height : int
        Size of the picture in pixels.
    top, left : int32 arrays of shape (block rows,), (block columns,)
        First vertex row and column of a block's patch.
    high, wide : int32 arrays of shape (block rows,), (block columns,)
        Vertex rows and columns of a block's patch.
    down : float32 array of shape (block rows, SIDE, largest patch rows)
        Weight of each vertex row for each pixel row; 0 past the patch.
    across : float32 array of shape (block columns, SIDE, largest patch columns)
        Weight of each vertex column for each pixel column; 0 past the patch.
    stride : int
        Vertices in one row of the grid.

    Notes
    -----
    Blocks that touch at an edge or a corner share vertices. A multicolor
    ordering (Adams and Ortega 1982, "A multi-color SOR method for parallel
    computation"; Saad, "Iterative Methods for Sparse Linear Systems", section
    12.4.3) gives them four colors, as rows and columns alternate, and a batch
    holds blocks of one color only. So no two blocks of a batch share a vertex,
    each may update its own vertices at once, and the result does not depend on
    the order or on the number of threads.
    """

    width: int
    height: int
    top: Array
    left: Array
    high: Array
    wide: Array
    down: Array
    across: Array
    stride: int

    @classmethod
    def over(cls, grid: GridMap, width: int, height: int, step: float = 1.0) -> Self | None:
        """Cut a picture whose pixels lie at multiples of `step` from (0, 0).

        Returns
        -------
        BlockPlan or None
            None unless the grid has one level, so fine that blocks of one color share no vertex.
        """
        if len(grid.levels) != 1:
            return None
        (level,) = grid.levels
        top, high, down = _axis_patches(grid, level.spacing / step, level.rows, height)
        left, wide, across = _axis_patches(grid, level.spacing / step, level.columns, width)
        if (top[2:] < top[:-2] + high[:-2]).any() or (left[2:] < left[:-2] + wide[:-2]).any():
            return None
        return cls(width, height, top, left, high, wide, down, across, level.columns)

    @property
    def rows(self) -> int:
        """Rows of blocks."""
        return -(-self.height // SIDE)

    @property
    def columns(self) -> int:
        """Columns of blocks."""
        return -(-self.width // SIDE)

    def batches(self, rng: np.random.Generator, n_blocks: int) -> Iterator[tuple[Array, Array]]:
        """Deal all blocks out once, at random.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of the order.
        n_blocks : int
            Blocks per batch, at most.

        Yields
        ------
        rows, columns : int32 arrays
            Where the blocks of one batch lie; all of one color.
        """
        batches: list[Array] = []
        numbers = np.arange(self.rows * self.columns, dtype=np.int32).reshape(self.rows, self.columns)
        for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
            members = rng.permutation(numbers[row::2, column::2].ravel())
            batches += np.array_split(members, -(-len(members) // n_blocks)) if len(members) else []
        for index in rng.permutation(len(batches)):
            yield np.divmod(batches[index], np.int32(self.columns))

    def padded(self, values: Array) -> Array:
        """Give whole blocks: (channels, height, width) padded with zeros to multiples of SIDE."""
        down, right = self.rows * SIDE - self.height, self.columns * SIDE - self.width
        return np.ascontiguousarray(np.pad(values, ((0, 0), (0, down), (0, right))))


def _axis_patches(grid: GridMap, spacing: float, count: int, side: int) -> tuple[Array, Array, Array]:
    """First vertex and number of vertices of each block along one axis, and the weights."""
    n_blocks = -(-side // SIDE)
    # Positions past the picture's end count as its last pixel; their targets are masked out.
    pixels = np.minimum(np.arange(n_blocks * SIDE), side - 1)
    vertices, weights = grid.axis(pixels, spacing, count)
    low = vertices[:, 0].reshape(n_blocks, SIDE).min(axis=1)
    high = vertices[:, -1].reshape(n_blocks, SIDE).max(axis=1)
    counts = high - low + 1
    matrix = np.zeros((n_blocks, SIDE, int(counts.max())), dtype=np.float32)
    block, pixel = np.divmod(np.arange(n_blocks * SIDE), SIDE)
    for tap in range(vertices.shape[1]):
        matrix[block, pixel, vertices[:, tap] - low[block]] += weights[:, tap].astype(np.float32)
    return low.astype(np.int32), counts.astype(np.int32), matrix
