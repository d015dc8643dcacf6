"""The pyramid encoding: planes of single numbers, from one for each pixel to one for each 64th.

Each level has one feature. In a painting that is made for storing the features are whole numbers, and the
first layer of the network has one unit a level, which is why its matrix is zero but for one block of a
column in each. The idea of integer latents with upsampling and a small decoder is that of Cool-chic (Ladune
et al. 2023, "COOL-CHIC: Coordinate-based Low Complexity Hierarchical Image Codec").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from paintnet.checked_settings import listed
from paintnet.encoding.base import EncodingSpec, LatticeMap, PositionMap, SparseMap, add_taps
from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import BASES
from paintnet.errors import SettingsError
from paintnet.typing import Array

SPACINGS = (1, 2, 4, 8, 16, 32, 64)
"""Pixels between the numbers of each level."""

MAX_SPACING = 4096
TAPS = 4
"""Numbers of a level that a position touches along an axis."""


@dataclass(frozen=True)
class PyramidLevel:
    """One plane of numbers.

    Parameters
    ----------
    rows, columns : int
        Numbers down and across.
    spacing : int
        Pixels between them; the first one lies half of that from the picture's edge.
    """

    rows: int
    columns: int
    spacing: int

    @property
    def n_numbers(self) -> int:
        """Numbers in all."""
        return self.rows * self.columns

    def axis(self, distance: Array, count: int) -> tuple[NDArray[np.int64], Array]:
        """Numbers and weights along one axis, each (n, 4).

        Parameters
        ----------
        distance : array of shape (n,)
            Pixels from the center of the first pixel.
        count : int
            Numbers along this axis; the first and the last go on beyond the edge.

        Notes
        -----
        A plane with a number for each pixel passes through its numbers, by Keys's weights; all others are
        smoothed by cubic B-splines.
        """
        at = (np.asarray(distance, dtype=np.float64) + 0.5) / self.spacing - 0.5
        first = np.floor(at)
        weigh = BASES["keys" if self.spacing == 1 else "cubic"][1]
        numbers = first.astype(np.int64)[:, None] + np.arange(-1, TAPS - 1)
        return np.clip(numbers, 0, count - 1), np.stack(weigh(at - first), axis=1)


@dataclass(frozen=True)
class PyramidMap(SparseMap, LatticeMap):
    """Weights of the numbers around a position, all levels side by side.

    Parameters
    ----------
    extent : Extent
        The rectangle that the levels cover; positions outside count as its edge.
    spacings : tuple of int
        Pixels between the numbers of each level, fine to coarse.

    Examples
    --------
    >>> pyramid = PyramidMap(Extent.of_picture(width=5, height=3), (1, 2))
    >>> pyramid.levels
    (PyramidLevel(rows=3, columns=5, spacing=1), PyramidLevel(rows=2, columns=3, spacing=2))
    >>> features = pyramid.transform(np.array([[1.0, 0.0]])).toarray()
    >>> features.shape, features[0, :15].nonzero()[0]
    ((1, 21), array([1]))
    """

    extent: Extent
    spacings: tuple[int, ...] = SPACINGS
    name: ClassVar[str] = "pyramid"

    @property
    def levels(self) -> tuple[PyramidLevel, ...]:
        """The planes, fine to coarse."""
        width, height = self._sides
        return tuple(PyramidLevel(-(-height // s), -(-width // s), s) for s in self.spacings)

    @property
    def _sides(self) -> tuple[int, int]:
        extent = self.extent
        width, height = extent.right - extent.left, extent.bottom - extent.top
        return int(np.ceil(width - 1e-9)) + 1, int(np.ceil(height - 1e-9)) + 1

    @property
    def n_features(self) -> int:
        """Numbers of all levels together."""
        return sum(level.n_numbers for level in self.levels)

    @property
    def description(self) -> str:
        """How many levels there are."""
        return f"{len(self.spacings)} levels"

    @property
    def n_touched(self) -> int:
        """Numbers that one position touches."""
        return len(self.spacings) * TAPS**2

    def corners(self, xy: Array) -> tuple[NDArray[np.int32], Array]:
        """Find the numbers around each position, and their weights, each (n, n_touched)."""
        shape = len(xy), len(self.spacings), TAPS**2
        numbers, weights = np.empty(shape, np.int32), np.empty(shape, xy.dtype)
        first = 0
        for k, (level, rows, columns) in enumerate(self._taps(xy)):
            index = first + rows[0][:, :, None] * level.columns + columns[0][:, None, :]
            numbers[:, k] = index.reshape(len(xy), -1)
            weights[:, k] = (rows[1][:, :, None] * columns[1][:, None, :]).reshape(len(xy), -1)
            first += level.n_numbers
        return numbers.reshape(len(xy), -1), weights.reshape(len(xy), -1)

    def _taps(self, xy: Array) -> Any:
        extent = self.extent
        x = np.clip(xy[:, 0], extent.left, extent.right) - extent.left
        y = np.clip(xy[:, 1], extent.top, extent.bottom) - extent.top
        for level in self.levels:
            yield level, level.axis(y, level.rows), level.axis(x, level.columns)

    def interpolated(self, xy: Array, planes: Sequence[Array]) -> Array:
        """Value of each level at positions, (n, levels): what the first layer comes to, a unit a level.

        Parameters
        ----------
        xy : array of shape (n, 2)
            Positions in pixels.
        planes : sequence of arrays
            For each level its numbers, (rows, columns).
        """
        values = np.empty((len(xy), len(planes)), dtype=xy.dtype)
        for k, (_, rows, columns) in enumerate(self._taps(xy)):
            around = planes[k][rows[0][:, :, None], columns[0][:, None, :]]
            lines = np.einsum("nij,nj->ni", around, columns[1].astype(around.dtype))
            values[:, k] = np.einsum("ni,ni->n", lines, rows[1].astype(around.dtype))
        return values

    def interpolated_on(self, xs: Array, ys: Array, planes: Sequence[Array]) -> Array:
        """Value of each level at all points of a lattice, (levels, len(ys), len(xs)).

        A number's weight is one along x times one along y, so the sums are taken along y first, for all
        columns of numbers that count, and then along x. Weights that are 0 everywhere cost nothing: three of
        four at the centers of pixels, where the finest level passes through its numbers.

        Parameters
        ----------
        xs, ys : float64 arrays
            Positions in pixels.
        planes : sequence of arrays
            For each level its numbers, (rows, columns) or (rows, columns, units).

        Returns
        -------
        array of shape (levels, len(ys), len(xs)), or with the units behind
        """
        extent, dtype = self.extent, planes[0].dtype
        x = np.clip(xs, extent.left, extent.right) - extent.left
        y = np.clip(ys, extent.top, extent.bottom) - extent.top
        values = np.zeros((len(planes), len(ys), len(xs), *planes[0].shape[2:]), dtype=dtype)
        for level, plane, value in zip(self.levels, planes, values, strict=True):
            columns, across = level.axis(x, level.columns)
            left, right = columns.min(), columns.max() + 1
            lines = np.zeros((len(ys), right - left, *plane.shape[2:]), dtype=dtype)
            add_taps(lines, plane[:, left:right], *level.axis(y, level.rows), axis=0)
            add_taps(value, lines, columns - left, across, axis=1)
        return values

    def first_layer_on(self, xs: Array, ys: Array, coefs: Array) -> Array:
        """Weighted sums of the first layer on a lattice, (len(ys), len(xs), units)."""
        ends = np.cumsum([level.n_numbers for level in self.levels])[:-1]
        parts = zip(self.levels, np.split(coefs, ends), strict=True)
        planes = [part.reshape(level.rows, level.columns, -1) for level, part in parts]
        return np.asarray(self.interpolated_on(xs, ys, planes).sum(axis=0))

    def transform(self, xy: Array) -> Any:
        """Encode positions (n, 2) as a CSR matrix (n, n_features) of the dtype of `xy`."""
        matrix = self.matrix(xy)
        matrix.sum_duplicates()  # at the edge one number counts more than once
        matrix.eliminate_zeros()
        return matrix

    def to_document(self) -> dict[str, Any]:
        """Settings as JSON values."""
        return {"name": self.name, "extent": self.extent.to_list(), "spacings": list(self.spacings)}

    @classmethod
    def from_document(cls, document: dict[str, Any], tensors: dict[str, Array]) -> Self:
        """Build the map again from `to_document`, refusing what could not have come from it."""
        spacings = tuple(int(spacing) for spacing in document["spacings"])
        if not are_spacings(spacings):
            raise ValueError(f"impossible spacings {spacings}")
        return cls(Extent.from_list(document["extent"]), spacings)


def are_spacings(spacings: Sequence[int]) -> bool:
    """Whether these are powers of two in ascending order.

    Examples
    --------
    >>> are_spacings((1, 2, 8)), are_spacings((1, 3)), are_spacings((2, 1))
    (True, False, False)
    """
    ascending = list(spacings) == sorted(set(spacings)) and len(spacings) > 0
    return ascending and all(1 <= s <= MAX_SPACING and s & (s - 1) == 0 for s in spacings)


@dataclass(frozen=True)
class PyramidSpec(EncodingSpec):
    """Settings of the pyramid encoding.

    Parameters
    ----------
    spacings : tuple of int, default=(1, 2, 4, 8, 16, 32, 64)
        Pixels between the numbers of each level: powers of two, ascending.
    """

    spacings: tuple[int, ...] = SPACINGS
    name: ClassVar[str] = "pyramid"
    map_type: ClassVar[type[PositionMap]] = PyramidMap
    explanations: ClassVar[Mapping[str, str]] = {
        "spacings": "Pixels between the numbers of each level: powers of two, ascending; by default 1 to 64.",
    }

    def validate(self) -> None:
        """Raise `SettingsError` for the first value that cannot be used."""
        super().validate()
        if not are_spacings(self.spacings):
            remedy = f"use powers of two from 1 to {MAX_SPACING:,}, ascending, such as 1, 2, 4, 8"
            raise SettingsError("spacings", f"{listed(self.spacings)} cannot be used", remedy)

    def build(self, extent: Extent, seed: int) -> PyramidMap:
        """Lay the levels over a picture; nothing is random."""
        return PyramidMap(extent, self.spacings)
