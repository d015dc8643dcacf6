"""The Fourier encoding: sines and cosines of random directions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from paintnet.encoding.base import DenseMap, EncodingSpec, PositionMap
from paintnet.encoding.extent import Extent
from paintnet.typing import Array

MAX_FREQUENCY = 1e6
"""Cycles a pixel in a file, where drawn ones have at most half of one: phases stay finite in float32."""


@dataclass(frozen=True, eq=False)
class FourierMap(DenseMap):
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
    description: ClassVar[str] = "sin, cos"

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
        if not (np.abs(frequencies) <= MAX_FREQUENCY).all():
            raise ValueError(f"frequencies over {MAX_FREQUENCY:,.0f} cycles a pixel")
        return cls(Extent.from_list(document["extent"]), frequencies)


@dataclass(frozen=True)
class FourierSpec(EncodingSpec):
    """Settings of the Fourier encoding.

    Parameters
    ----------
    n_frequencies : int, default=128
        Random directions, 1 to 65,536; the network sees twice as many features.
    sigma : float, default=10.0
        Bandwidth: standard deviation in cycles per short side, 1e-6 to 1e6, capped at the
        Nyquist limit of half a cycle per pixel.
    """

    n_frequencies: int = 128
    sigma: float = 10.0
    name: ClassVar[str] = "fourier"
    map_type: ClassVar[type[PositionMap]] = FourierMap
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {"n_frequencies": (1, 65_536), "sigma": (1e-6, 1e6)}
    explanations: ClassVar[Mapping[str, str]] = {
        "n_frequencies": "How many waves of random direction; by default 128.",
        "sigma": "Bandwidth of the waves in cycles per short side; by default 10.",
    }

    def build(self, extent: Extent, seed: int) -> FourierMap:
        """Draw the directions."""
        return FourierMap.draw(extent, self.n_frequencies, self.sigma, np.random.default_rng(seed))
