"""Quick paintings: positions whose encoding is computed once, and the network again and again.

While a network learns, its positions on the screen stay the same. What stands between them and the
first layer is kept, for a grid as a sparse matrix, so that a painting costs little beyond its layers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from paintnet.activations import HIDDEN, OUTPUT
from paintnet.encoding.base import DenseMap, PositionMap
from paintnet.encoding.grid import GridMap
from paintnet.network import Network, add_to_rows
from paintnet.typing import Array

CHUNK = 8192
"""Positions run through the layers at once: they stay in the cache of one core."""

MOST_FEATURES = 16_000_000
"""Numbers of dense features that are kept, 64 MB; of more, they are computed anew each time."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """Centers of the cells of a display, and their encoding.

    Parameters
    ----------
    width, height : int
        Cells across and down.
    xy : float32 array of shape (width * height, 2)
        Their centers, in pixels of the picture.
    encoding : PositionMap
        Of the network.
    kept : list
        For each chunk what multiplies the first weights; empty where nothing is kept.
    """

    width: int
    height: int
    xy: Array
    encoding: PositionMap
    kept: list[Any]

    @classmethod
    def over(cls, encoding: PositionMap, picture: tuple[int, int], size: tuple[int, int]) -> "Lattice":
        """Lay a display of some size over a picture; both are (width, height)."""
        xy = centers(picture, size)
        kept: list[Any] = []
        chunks = [xy[start : start + CHUNK] for start in range(0, len(xy), CHUNK)]
        if isinstance(encoding, GridMap):
            kept = [_selecting(encoding, chunk) for chunk in chunks]
        elif isinstance(encoding, DenseMap) and len(xy) * encoding.n_features <= MOST_FEATURES:
            kept = [encoding.transform(chunk) for chunk in chunks]
        return cls(*size, xy, encoding, kept)

    def outputs(self, network: Network) -> Array:
        """Outputs of the network at all cells, (width * height, outputs)."""
        return np.concatenate([layers[-1] for layers in self._forward(network)])

    def responses(self, network: Network) -> list[Array]:
        """What every unit of every hidden layer answers, and the outputs, (width * height, units) each."""
        parts = [list(layers) for layers in self._forward(network)]
        return [np.concatenate(layer) for layer in zip(*parts, strict=True)]

    def _forward(self, network: Network) -> Iterator[list[Array]]:
        hidden, output = HIDDEN[network.activation].function, OUTPUT[network.output].function
        first = network.coefs[0]
        for number, start in enumerate(range(0, len(self.xy), CHUNK)):
            with np.errstate(all="ignore"):  # a rate that runs away is told by the training
                if self.kept:
                    z = self.kept[number] @ first
                else:
                    xy = self.xy[start : start + CHUNK].astype(first.dtype, copy=False)
                    z = self.encoding.first_layer(xy, first)
                add_to_rows(z, network.intercepts[0])
                layers = []
                for coef, intercept in zip(network.coefs[1:], network.intercepts[1:], strict=True):
                    layers.append(hidden(z, out=z))
                    z = z @ coef
                    add_to_rows(z, intercept)
                layers.append(output(z, out=z))
            yield layers


def centers(picture: tuple[int, int], size: tuple[int, int]) -> Array:
    """Centers of (width, height) equal cells over a picture, row by row, float32 (n, 2).

    Examples
    --------
    >>> centers((4, 2), (2, 1)).tolist()
    [[0.5, 0.5], [2.5, 0.5]]
    """
    xs, ys = (
        (np.arange(cells, dtype=np.float32) + 0.5) * np.float32(side / cells) - np.float32(0.5)
        for side, cells in zip(picture, size, strict=True)
    )
    return np.stack([np.tile(xs, size[1]), np.repeat(ys, size[0])], axis=1)


def fitted(picture: tuple[int, int], most: int, side: int) -> tuple[int, int]:
    """Give the size of a display: at most so many cells, and so many along its longer side.

    Examples
    --------
    >>> fitted((768, 512), 1_000_000, 384), fitted((768, 512), 600, 384), fitted((10, 10_000), 100, 384)
    ((384, 256), (30, 20), (1, 100))
    """
    width, height = picture
    factor = min(side / max(picture), (most / (width * height)) ** 0.5)
    columns, rows = max(1, round(width * factor)), max(1, round(height * factor))
    return min(columns, max(1, most // rows)), min(rows, max(1, most // columns))


def _selecting(encoding: GridMap, xy: Array) -> Any:
    """The sparse matrix whose product with a table of features is their sum at each position."""
    # Whoever trains has it loaded; for a painting that is only looked at it takes some 0.2 s.
    from scipy.sparse import csr_matrix

    vertices, weights = encoding.corners(xy)
    ends = np.arange(0, vertices.size + 1, vertices.shape[1])
    parts = (np.asarray(weights, dtype=np.float32).ravel(), vertices.ravel(), ends)
    return csr_matrix(parts, shape=(len(xy), encoding.n_features))
