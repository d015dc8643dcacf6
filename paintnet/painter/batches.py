"""The training set in encoded parts, so that memory does not grow with the picture."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paintnet.dataset import Dataset
from paintnet.encoding.maps import PositionMap

Array = NDArray[Any]

PART_PIXELS = 65_536
CACHE_BYTES = 256 * 2**20


@dataclass(eq=False)
class EncodedParts:
    """Random parts of the learned pixels, encoded once where they fit in memory.

    Parameters
    ----------
    dataset : Dataset
        Targets and learned pixels.
    encoding : PositionMap
        Turns positions into inputs.
    targets : array
        Targets in the form the network takes, one row per pixel.
    dtype : str
        Of the inputs.
    rng : numpy.random.Generator
        Deals the pixels out.

    Notes
    -----
    A picture of one part is left in its own order, row by row: then a run is
    exactly scikit-learn's own on the whole training set.
    """

    dataset: Dataset
    encoding: PositionMap
    targets: Array
    dtype: str
    rng: np.random.Generator
    _parts: list[Array] = field(init=False)
    _cache: dict[int, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        pixels = self.dataset.learned
        n_parts = -(-len(pixels) // PART_PIXELS)
        if n_parts > 1:
            pixels = self.rng.permutation(pixels)
        self._parts = np.array_split(pixels, n_parts)

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def smallest(self) -> int:
        """Pixels of the smallest part."""
        return min(len(part) for part in self._parts)

    def __iter__(self) -> Iterator[tuple[Any, Array]]:
        for number, pixels in enumerate(self._parts):
            inputs = self._cache.get(number)
            if inputs is None:
                inputs = self.encoding.transform(self.dataset.xy(pixels).astype(self.dtype, copy=False))
                if (number + 1) * _bytes(inputs) <= CACHE_BYTES:
                    self._cache[number] = inputs
            yield inputs, self.targets[pixels]


def _bytes(inputs: Any) -> int:
    """Size of encoded inputs, dense or CSR."""
    return int(inputs.nbytes) if isinstance(inputs, np.ndarray) else int(inputs.data.nbytes * 2)
