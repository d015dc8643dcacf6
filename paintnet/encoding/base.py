"""What an encoding is: settings (its spec) that lay a map from positions to network inputs over a picture.

Maps are frozen and need NumPy only, so they start fast; a saved painting carries one.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from paintnet.checked_settings import CheckedSettings
from paintnet.encoding.extent import Extent
from paintnet.typing import Array


class PositionMap(Protocol):
    """What every map offers."""

    name: ClassVar[str]

    @property
    def n_features(self) -> int:
        """Number of inputs that the network sees."""

    @property
    def description(self) -> str:
        """What it makes of a position, in a word or two; empty where the position itself goes in."""

    def transform(self, xy: Array) -> Any:
        """Encode positions (n, 2) as network inputs (n, n_features), dense or CSR, of the dtype of `xy`."""

    def first_layer(self, xy: Array, coefs: Array) -> Array:
        """Weighted sums of the first layer: ``transform(xy) @ coefs``, without SciPy."""

    def to_document(self) -> dict[str, Any]:
        """Its name and what it is made from, as JSON values."""

    def tensors(self) -> dict[str, Array]:
        """Learned or drawn numbers that belong in the model file."""

    @classmethod
    def from_document(cls, document: dict[str, Any], tensors: dict[str, Array]) -> Self:
        """Build the map again from `to_document` and `tensors`, refusing what could not have come from them.

        They come from a file, so nothing in them is to be trusted: a `KeyError`, `TypeError` or
        `ValueError` says that the file is damaged.
        """


class DenseMap(ABC):
    """Base of maps whose features are a plain array."""

    @abstractmethod
    def transform(self, xy: Array) -> Array:
        """Encode positions (n, 2) as features (n, n_features), of the dtype of `xy`."""

    def first_layer(self, xy: Array, coefs: Array) -> Array:
        """Weighted sums of the first layer, (n, units)."""
        sums: Array = self.transform(xy) @ coefs
        return sums

    def tensors(self) -> dict[str, Array]:
        """Nothing but the document to save."""
        return {}


class SparseMap(ABC):
    """Base of maps of which a position touches few features."""

    @property
    @abstractmethod
    def n_features(self) -> int:
        """Features in all."""

    @property
    @abstractmethod
    def n_touched(self) -> int:
        """Features that one position touches."""

    @abstractmethod
    def corners(self, xy: Array) -> tuple[NDArray[np.int32], Array]:
        """Find the features that each position touches, and their weights, each (n, n_touched)."""

    def matrix(self, xy: Array) -> Any:
        """Write what `corners` finds as a CSR matrix (n, n_features)."""
        # Imported here since painting needs no SciPy and so starts faster.
        from scipy.sparse import csr_matrix

        numbers, weights = self.corners(xy)
        ends = np.arange(0, numbers.size + 1, self.n_touched)
        return csr_matrix((weights.ravel(), numbers.ravel(), ends), shape=(len(xy), self.n_features))

    def first_layer(self, xy: Array, coefs: Array) -> Array:
        """Weighted sums of the first layer, (n, units)."""
        numbers, weights = self.corners(xy.astype(coefs.dtype, copy=False))
        sums: Array = np.einsum("nk,nku->nu", weights, coefs[numbers])
        return sums

    def tensors(self) -> dict[str, Array]:
        """Nothing but settings to save: the features are the network's first layer."""
        return {}


class LatticeMap(ABC):
    """Base of maps that answer for all points of a lattice with less work than for each alone."""

    @abstractmethod
    def first_layer_on(self, xs: Array, ys: Array, coefs: Array) -> Array:
        """Weighted sums of the first layer, (len(ys), len(xs), units), at ``(xs[column], ys[row])``."""


@dataclass(frozen=True)
class EncodingSpec(CheckedSettings, ABC):
    """Base of an encoding's settings: a frozen dataclass that builds the map.

    A child has a field with a default for each setting, named otherwise than any field of
    `PainterSettings`, `ranges` and `choices` for them (see `CheckedSettings`), and:

    - ``explanations``, a sentence about each: the command line makes an option of every setting;
    - ``name``, the encoding's, and that of its map;
    - ``map_type``, the class of its map;
    - `build`.
    """

    name: ClassVar[str]
    map_type: ClassVar[type[PositionMap]]

    @abstractmethod
    def build(self, extent: Extent, seed: int) -> PositionMap:
        """Lay the encoding over a picture.

        Parameters
        ----------
        extent : Extent
            The rectangle of positions, in pixels.
        seed : int
            The one source of all that is random.
        """

    def to_document(self) -> dict[str, Any]:
        """Give the encoding's name and settings as JSON values."""
        return {"name": self.name, **super().to_document()}


def add_taps(sums: Array, values: Array, numbers: NDArray[np.int64], weights: Array, *, axis: int) -> None:
    """Add up rows (axis 0) or columns (axis 1) of values by the few that each of the sums touches."""
    shape = [1] * sums.ndim
    shape[axis] = -1
    for number, weight in zip(numbers.T, weights.T.astype(sums.dtype), strict=True):
        if weight.any():
            part = values.take(number, axis=axis)
            part *= weight.reshape(shape)
            sums += part
