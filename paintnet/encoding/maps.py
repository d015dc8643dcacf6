"""Position maps: what stands between a position (x, y) and the network.

A map is frozen, needs NumPy only and so starts fast; a saved painting carries
one. The public scikit-learn transformers in ``transformers.py`` wrap them.
A new encoding is one class here (or in a file of its own, such as ``grid.py``)
and one line in `MAPS`.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import GridMap
from paintnet.errors import SettingsError
from paintnet.typing import Array


class PositionMap(Protocol):
    """What every map offers."""

    name: ClassVar[str]

    @property
    def n_features(self) -> int:
        """Number of inputs that the network sees."""

    def transform(self, xy: Array) -> Any:
        """Encode positions (n, 2) as network inputs (n, n_features), dense or CSR."""

    def first_layer(self, xy: Array, coefs: Array) -> Array:
        """Weighted sums of the first layer: ``transform(xy) @ coefs``, without SciPy."""

    def to_document(self) -> dict[str, Any]:
        """Settings as JSON values."""

    def tensors(self) -> dict[str, Array]:
        """Learned or drawn numbers that belong in the model file."""

    @classmethod
    def from_document(cls, document: dict[str, Any], tensors: dict[str, Array]) -> Self:
        """Build the map again from `to_document` and `tensors`."""


class _DenseMap:
    """Shared by maps whose features are a plain array."""

    def transform(self, xy: Array) -> Array:
        raise NotImplementedError

    def first_layer(self, xy: Array, coefs: Array) -> Array:
        """Weighted sums of the first layer, (n, units)."""
        sums: Array = self.transform(xy) @ coefs
        return sums

    def tensors(self) -> dict[str, Array]:
        """Nothing but settings to save."""
        return {}


@dataclass(frozen=True)
class RawMap(_DenseMap):
    """The position itself, in the order (row, column).

    Parameters
    ----------
    extent : Extent
        The rectangle of positions, in pixels.
    normalize : bool, default=True
        Scale the extent's longer side to [-1, 1], its centre at 0. Without it
        the inputs are row and column numbers in pixels, the classic recipe.
    """

    extent: Extent
    normalize: bool = True
    name: ClassVar[str] = "raw"

    @property
    def n_features(self) -> int:
        """Two: row and column."""
        return 2

    def transform(self, xy: Array) -> Array:
        """Encode positions (n, 2) as (row, column), (n, 2)."""
        row_column = xy[:, ::-1]
        if not self.normalize:
            return np.ascontiguousarray(row_column)
        centre = np.array(self.extent.centre[::-1], dtype=xy.dtype)
        return np.asarray((row_column - centre) / xy.dtype.type(self.extent.long_side / 2))

    def to_document(self) -> dict[str, Any]:
        """Settings as JSON values."""
        return {"name": self.name, "extent": self.extent.to_list(), "normalize": self.normalize}

    @classmethod
    def from_document(cls, document: dict[str, Any], tensors: dict[str, Array]) -> Self:
        """Build the map again from `to_document`."""
        return cls(Extent.from_list(document["extent"]), bool(document["normalize"]))


@dataclass(frozen=True, eq=False)
class FourierMap(_DenseMap):
    """Sines and cosines of random directions.

    Random Fourier features (Tancik et al. 2020, "Fourier Features Let Networks
    Learn High Frequency Functions in Low Dimensional Domains", section 5).

    Parameters
    ----------
    extent : Extent
        The rectangle of positions, in pixels; phases are counted from its corner.
    frequencies : array of shape (2, n)
        Cycles per pixel along x (row 0) and y (row 1).
    """

    extent: Extent
    frequencies: Array
    name: ClassVar[str] = "fourier"

    @classmethod
    def draw(cls, extent: Extent, n_frequencies: int, sigma: float, rng: np.random.Generator) -> Self:
        """Draw directions from a normal distribution of bandwidth `sigma`.

        Parameters
        ----------
        extent : Extent
            The rectangle of positions, in pixels.
        n_frequencies : int
            How many directions; twice as many features.
        sigma : float
            Standard deviation, in cycles per short side of the extent.
        rng : numpy.random.Generator
            Where the directions come from.

        Notes
        -----
        A pixel grid cannot tell a frequency above half a cycle per pixel (the
        Nyquist limit) from a lower one, so such draws are scaled back to it.
        """
        nyquist = 0.5
        draws = rng.normal(0.0, sigma / extent.short_side, (2, n_frequencies))
        fastest = np.abs(draws).max(axis=0)
        draws *= np.minimum(1.0, nyquist / np.maximum(fastest, nyquist))
        return cls(extent, draws.astype(np.float32))

    @property
    def n_features(self) -> int:
        """A sine and a cosine for each direction."""
        return 2 * int(self.frequencies.shape[1])

    def transform(self, xy: Array) -> Array:
        """Encode positions (n, 2) as features (n, 2 * frequencies) in [-1, 1]."""
        corner = np.array([self.extent.left, self.extent.top], dtype=xy.dtype)
        cycles = (xy - corner) @ self.frequencies.astype(xy.dtype, copy=False)
        # The fraction of a cycle is all that matters; large arguments lose precision in float32.
        phase = xy.dtype.type(2 * np.pi) * (cycles - np.rint(cycles))
        return np.concatenate([np.sin(phase), np.cos(phase)], axis=1)

    def to_document(self) -> dict[str, Any]:
        """Settings as JSON values."""
        return {"name": self.name, "extent": self.extent.to_list()}

    def tensors(self) -> dict[str, Array]:
        """The drawn directions."""
        return {"frequencies": self.frequencies}

    @classmethod
    def from_document(cls, document: dict[str, Any], tensors: dict[str, Array]) -> Self:
        """Build the map again from `to_document` and `tensors`."""
        frequencies = tensors["frequencies"]
        if frequencies.ndim != 2 or frequencies.shape[0] != 2:
            raise ValueError(f"frequencies of shape {frequencies.shape}, expected (2, n)")
        return cls(Extent.from_list(document["extent"]), frequencies)


MAPS: dict[str, type[PositionMap]] = {"raw": RawMap, "fourier": FourierMap, "grid": GridMap}


def map_named(name: str) -> type[PositionMap]:
    """Look an encoding up in the registry.

    Raises
    ------
    SettingsError
        If there is none of that name.

    Examples
    --------
    >>> map_named("grid").__name__
    'GridMap'
    """
    if name not in MAPS:
        raise SettingsError("encoding", f"unknown name {name!r}", f"use one of {', '.join(MAPS)}")
    return MAPS[name]
