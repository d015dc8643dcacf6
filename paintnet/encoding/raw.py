"""The raw encoding: the position itself, scaled or in plain pixel numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from paintnet.encoding.base import DenseMap, EncodingSpec, PositionMap
from paintnet.encoding.extent import Extent
from paintnet.typing import Array


@dataclass(frozen=True)
class RawMap(DenseMap):
    """The position itself, in the order (row, column).

    Parameters
    ----------
    extent : Extent
        The rectangle of positions, in pixels.
    normalize : bool, default=True
        Scale the extent's longer side to [-1, 1], its center at 0. Without it
        the inputs are row and column numbers in pixels, the classic recipe.
    """

    extent: Extent
    normalize: bool = True
    name: ClassVar[str] = "raw"
    description: ClassVar[str] = ""

    @property
    def n_features(self) -> int:
        """Two: row and column."""
        return 2

    @property
    def center(self) -> tuple[float, float]:
        """Position (x, y) whose inputs are 0."""
        return self.extent.center if self.normalize else (0.0, 0.0)

    @property
    def unit(self) -> float:
        """Pixels from an input of 0 to one of 1."""
        return self.extent.long_side / 2 if self.normalize else 1.0

    def transform(self, xy: Array) -> Array:
        """Encode positions (n, 2) as (row, column), (n, 2)."""
        row_column = xy[:, ::-1]
        if not self.normalize:
            return np.ascontiguousarray(row_column)
        return np.asarray((row_column - np.array(self.center[::-1], xy.dtype)) / xy.dtype.type(self.unit))

    def to_document(self) -> dict[str, Any]:
        """Settings as JSON values."""
        return {"name": self.name, "extent": self.extent.to_list(), "normalize": self.normalize}

    @classmethod
    def from_document(cls, document: dict[str, Any], tensors: dict[str, Array]) -> Self:
        """Build the map again from `to_document`."""
        return cls(Extent.from_list(document["extent"]), bool(document["normalize"]))


@dataclass(frozen=True)
class RawSpec(EncodingSpec):
    """Settings of the raw encoding.

    Parameters
    ----------
    normalize : bool, default=True
        Scale the longer side to [-1, 1]; without it, plain pixel numbers.
    """

    normalize: bool = True
    name: ClassVar[str] = "raw"
    map_type: ClassVar[type[PositionMap]] = RawMap
    explanations: ClassVar[Mapping[str, str]] = {
        "normalize": "Scale positions to [-1, 1], or leave them plain pixel numbers; by default scaled, "
        "but with the preset tutorial plain.",
    }

    def build(self, extent: Extent, seed: int) -> RawMap:
        """Lay the encoding over a picture; nothing is random."""
        return RawMap(extent, bool(self.normalize))
