"""The grid encoding: several coarse-to-fine grids laid over the picture.

A position touches a few vertices of each grid, with weights that add up to
one. As the input of a dense layer the weights select and blend rows of that
layer's matrix, so the matrix IS a table of trainable features, as in
multiresolution hash encodings (Mueller et al. 2022, "Instant Neural Graphics
Primitives", section 3) with one dense table per level and the levels summed.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from paintnet.checked_settings import listed
from paintnet.encoding.base import EncodingSpec, LatticeMap, PositionMap, SparseMap, add_taps
from paintnet.encoding.extent import Extent
from paintnet.errors import SettingsError
from paintnet.typing import Array

MAX_VERTICES = 65_536
"""On the short side of a level."""


def _linear(t: Array) -> list[Array]:
    return [1 - t, t]


def _quadratic(t: Array) -> list[Array]:
    return [(1 - t) ** 2 / 2, (1 + 2 * t * (1 - t)) / 2, t**2 / 2]


def _cubic(t: Array) -> list[Array]:
    u = 1 - t
    return [u**3 / 6, (4 - 3 * t**2 * (2 - t)) / 6, (4 - 3 * u**2 * (2 - u)) / 6, t**3 / 6]


def _keys(t: Array) -> list[Array]:
    u = 1 - t
    return [-t * u**2 / 2, 1 - t**2 * (5 - 3 * t) / 2, 1 - u**2 * (5 - 3 * u) / 2, -u * t**2 / 2]


BASES: dict[str, tuple[int, Callable[[Array], list[Array]]]] = {
    "linear": (1, _linear),
    "quadratic": (2, _quadratic),
    "cubic": (3, _cubic),
    "keys": (3, _keys),
}
"""Name -> (degree, weights of the degree + 1 vertices around a position).

``t`` is the position inside its cell, 0 to 1. Linear, quadratic and cubic are uniform B-splines: de
Boor, "A Practical Guide to Splines" (1978), chapter IX, for equally spaced knots. Keys is cubic
convolution with a = -1/2: R. G. Keys, "Cubic convolution interpolation for digital image processing",
IEEE TASSP 29(6), 1981, equation 15. Unlike a B-spline of its degree it blurs nothing, for at a vertex
only that vertex counts; unlike linear weights it has no kink there, which would show as a lattice where
the painting is enlarged.
"""


@dataclass(frozen=True)
class GridLevel:
    """One grid of square cells.

    Parameters
    ----------
    rows, columns : int
        Vertices down and across.
    spacing : float
        Pixels between neighbouring vertices.
    """

    rows: int
    columns: int
    spacing: float

    @property
    def n_vertices(self) -> int:
        """Vertices in all."""
        return self.rows * self.columns


@dataclass(frozen=True)
class GridMap(SparseMap, LatticeMap):
    """Weights of the vertices around a position, all levels side by side.

    Parameters
    ----------
    extent : Extent
        The rectangle that the grids cover; positions outside count as its edge.
    levels : tuple of GridLevel
        Coarse to fine.
    basis : {"linear", "quadratic", "cubic", "keys"}, default="linear"
        Whose weights are used: linear touches 4 vertices of a level,
        quadratic 9, cubic and keys 16.

    Examples
    --------
    >>> grid = GridMap.over(Extent.of_picture(width=5, height=3), vertices=[3])
    >>> grid.levels
    (GridLevel(rows=3, columns=5, spacing=1.0),)
    >>> vertices, weights = grid.corners(np.array([[1.5, 0.25]]))
    >>> vertices
    array([[1, 2, 6, 7]], dtype=int32)
    >>> weights
    array([[0.375, 0.375, 0.125, 0.125]])
    """

    extent: Extent
    levels: tuple[GridLevel, ...]
    basis: str = "linear"
    name: ClassVar[str] = "grid"

    @classmethod
    def over(cls, extent: Extent, vertices: Sequence[int], basis: str = "linear") -> Self:
        """Lay grids of square cells over an extent.

        Parameters
        ----------
        extent : Extent
            The rectangle to cover.
        vertices : sequence of int
            For each level, how many vertices the short side has (2 or more);
            the long side gets as many as squares of that size need.
        basis : str, default="linear"
            See the class.
        """
        degree = BASES[basis][0]
        width, height = extent.right - extent.left, extent.bottom - extent.top
        levels = []
        for n in vertices:
            spacing = extent.short_side / (n - 1)
            rows, columns = (max(1, _cells(side, spacing)) + degree for side in (height, width))
            levels.append(GridLevel(rows, columns, spacing))
        return cls(extent, tuple(levels), basis)

    @property
    def n_features(self) -> int:
        """Vertices of all levels together."""
        return sum(level.n_vertices for level in self.levels)

    @property
    def description(self) -> str:
        """The basis, and how many levels where there are several."""
        return self.basis if len(self.levels) == 1 else f"{len(self.levels)} x {self.basis}"

    @property
    def n_touched(self) -> int:
        """Vertices that one position touches."""
        return len(self.levels) * (BASES[self.basis][0] + 1) ** 2

    def corners(self, xy: Array) -> tuple[NDArray[np.int32], Array]:
        """Find the vertices around each position.

        Parameters
        ----------
        xy : array of shape (n, 2)
            Positions in pixels.

        Returns
        -------
        vertices : int32 array of shape (n, n_touched)
            Feature numbers, ascending along each row.
        weights : array of shape (n, n_touched), dtype of `xy`
            Each level's part adds up to 1.
        """
        vertices = np.empty((len(xy), self.n_touched), dtype=np.int32)
        weights = np.empty((len(xy), self.n_touched), dtype=xy.dtype)
        # The last cells may reach over the edge, where nothing was learned.
        x = np.clip(xy[:, 0], self.extent.left, self.extent.right) - self.extent.left
        y = np.clip(xy[:, 1], self.extent.top, self.extent.bottom) - self.extent.top
        first, column = 0, 0
        for level in self.levels:
            x_index, x_weight = self.axis(x, level.spacing, level.columns)
            y_index, y_weight = self.axis(y, level.spacing, level.rows)
            part = slice(column, column + x_index.shape[1] * y_index.shape[1])
            index = first + y_index[:, :, None] * level.columns + x_index[:, None, :]
            shape = len(xy), part.stop - part.start
            vertices[:, part] = index.reshape(shape)
            weights[:, part] = (y_weight[:, :, None] * x_weight[:, None, :]).reshape(shape)
            first, column = first + level.n_vertices, part.stop
        return vertices, weights

    def axis(self, distance: Array, spacing: float, count: int) -> tuple[NDArray[np.int64], Array]:
        """Vertices and weights along one axis, each (n, degree + 1).

        Parameters
        ----------
        distance : array of shape (n,)
            Pixels from the extent's edge.
        spacing : float
            Pixels between vertices.
        count : int
            Vertices along this axis.
        """
        degree, weigh = BASES[self.basis]
        cells = count - degree
        # float64: a float32 quotient loses the fraction on pictures thousands of pixels wide.
        at = np.clip(np.asarray(distance, dtype=np.float64) / spacing, 0, cells)
        cell = np.minimum(at.astype(np.int64), cells - 1)
        return cell[:, None] + np.arange(degree + 1), np.stack(weigh(at - cell), axis=1)

    def transform(self, xy: Array) -> Any:
        """Encode positions (n, 2) as a CSR matrix (n, n_features) of the dtype of `xy`."""
        matrix = self.matrix(xy)
        matrix.has_sorted_indices = True
        return matrix

    def first_layer_on(self, xs: Array, ys: Array, coefs: Array) -> Array:
        """Weighted sums of the first layer on a lattice, (len(ys), len(xs), units).

        A vertex's weight is one along x times one along y, so the sums are taken along y first, for
        all columns of vertices that count, and then along x.
        """
        xs, ys = (values.astype(coefs.dtype, copy=False) for values in (xs, ys))
        x = np.clip(xs, self.extent.left, self.extent.right) - self.extent.left
        y = np.clip(ys, self.extent.top, self.extent.bottom) - self.extent.top
        units = coefs.shape[1]
        sums = np.zeros((len(xs), len(ys) * units), dtype=coefs.dtype)
        first = 0
        for level in self.levels:
            table = coefs[first : first + level.n_vertices].reshape(level.rows, level.columns, units)
            first += level.n_vertices
            x_index, x_weight = self.axis(x, level.spacing, level.columns)
            y_index, y_weight = self.axis(y, level.spacing, level.rows)
            columns, x_place = np.unique(x_index, return_inverse=True)
            is_row = len(columns) == columns[-1] + 1 - columns[0]
            wanted = slice(columns[0], columns[-1] + 1) if is_row else columns
            top, bottom = y_index.min(), y_index.max() + 1
            rows = np.ascontiguousarray(table[top:bottom, wanted]).reshape(bottom - top, -1)
            along = np.zeros((len(ys), rows.shape[1]), dtype=coefs.dtype)
            add_taps(along, rows, y_index - top, y_weight, axis=0)
            # Whole rows are read as they lie, so columns become rows for the second sum.
            by_column = along.reshape(len(ys), len(columns), units).transpose(1, 0, 2)
            values = by_column.reshape(len(columns), -1)
            add_taps(sums, values, x_place.reshape(x_index.shape), x_weight, axis=0)
        return sums.reshape(len(xs), len(ys), units).transpose(1, 0, 2)

    def to_document(self) -> dict[str, Any]:
        """Settings as JSON values."""
        levels = [[level.rows, level.columns, level.spacing] for level in self.levels]
        return {"name": self.name, "extent": self.extent.to_list(), "basis": self.basis, "levels": levels}

    @classmethod
    def from_document(cls, document: dict[str, Any], tensors: dict[str, Array]) -> Self:
        """Build the map again from `to_document`, refusing what could not have come from it."""
        basis = document["basis"]
        if basis not in BASES:
            raise ValueError(f"unknown basis {basis!r}")
        levels = tuple(GridLevel(int(rows), int(cols), float(gap)) for rows, cols, gap in document["levels"])
        fewest = BASES[basis][0] + 1
        for level in levels:
            if min(level.rows, level.columns) < fewest or not (0 < level.spacing < np.inf):
                raise ValueError(f"impossible grid level {level}")
        if not levels:
            raise ValueError("a grid without levels")
        return cls(Extent.from_list(document["extent"]), levels, basis)


@dataclass(frozen=True)
class GridSpec(EncodingSpec):
    """Settings of the grid encoding.

    Parameters
    ----------
    levels : tuple of int
        For each grid, vertices on the short side, 2 to 65,536. There is no default: a picture's
        size decides, and presets do so.
    basis : {"linear", "quadratic", "cubic", "keys"}, default="linear"
        Of the weights: B-splines, or Keys's cubic convolution; the smoother ones suit pictures
        that will be enlarged.
    """

    levels: tuple[int, ...]
    basis: str = "linear"
    name: ClassVar[str] = "grid"
    map_type: ClassVar[type[PositionMap]] = GridMap
    choices: ClassVar[Mapping[str, Collection[str]]] = {"basis": tuple(BASES)}
    explanations: ClassVar[Mapping[str, str]] = {
        "levels": "Vertices on the short side of each grid; by default one, as fine as the picture needs.",
        "basis": "How a position is mixed from vertices around it: B-splines, or Keys's cubic convolution.",
    }

    def validate(self) -> None:
        """Raise `SettingsError` for the first value that cannot be used."""
        super().validate()
        if not self.levels or not all(2 <= n <= MAX_VERTICES for n in self.levels):
            raise SettingsError(
                "levels",
                f"{listed(self.levels)} is out of range",
                f"use 2 to {MAX_VERTICES:,} vertices a level",
            )

    def build(self, extent: Extent, seed: int) -> GridMap:
        """Lay the grids over a picture; nothing is random."""
        return GridMap.over(extent, self.levels, self.basis)


def _cells(side: float, spacing: float) -> int:
    """Cells that cover a side; rounding must not add one where the division is exact."""
    return int(np.ceil(side / spacing - 1e-9))
