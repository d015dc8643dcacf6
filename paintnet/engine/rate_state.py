"""What the training of a painting in few bytes works on, all in place."""

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import NamedTuple

import numpy as np

from paintnet.coding.coded import MOST_PIXELS, MOST_SIDE, Shape, is_size
from paintnet.coding.context import context_shapes
from paintnet.coding.layout import N_SEEN, RUN, Layout
from paintnet.encoding.pyramid import TAPS, PyramidLevel
from paintnet.engine.blocks import SIDE
from paintnet.errors import SettingsError
from paintnet.network import outputs_of
from paintnet.typing import Array

GAIN = 2.9
"""Of a level at the start, times the root of the multiplier: about a step of the finest quantization."""


class Pyramid(NamedTuple):
    """Where each row and column of pixels finds its numbers in each level, and their weights."""

    bases: Array
    strides: Array
    n_taps: Array
    down: Array
    down_weights: Array
    across: Array
    across_weights: Array


class Runs(NamedTuple):
    """Runs of numbers: where they begin, their levels, and what is seen from a number."""

    places: Array
    levels: Array
    neighbors: Array
    parent_neighbors: Array
    valid: Array
    n_levels: int


class Blocks(NamedTuple):
    """The picture in blocks: targets (blocks, channels, pixels) and which pixels count.

    Of classes, the only channel holds their numbers.
    """

    targets: Array
    mask: Array
    columns: int
    is_classes: bool


class Net(NamedTuple):
    """All weights of a network in one vector, with Adam's moments and its units."""

    weights: Array
    first: Array
    second: Array
    units: Array


@dataclass(eq=False)
class RateState:
    """A pyramid, its decoder and its context model, and the picture that they learn.

    Parameters
    ----------
    layout : Layout
        Of the pyramid.
    targets : float32 array of shape (height, width, channels)
        Colors; where there are classes, their numbers, in one channel.
    mask : float32 array of shape (height, width)
        1 where a pixel is learned, else 0.
    hidden : tuple of int
        Units of the decoder behind its first layer.
    context : (int, int)
        Units of the context model.
    multiplier : float
        Of a bit per pixel beside the mean squared error, at the start.
    rng : Generator
        Draws the first weights.
    n_classes : int or None
        Classes that are learned; None where colors are.

    Raises
    ------
    SettingsError
        If nobody could read a file of so many pixels.
    """

    layout: Layout
    targets: Array
    mask: Array
    hidden: tuple[int, ...]
    context: tuple[int, int]
    multiplier: float
    rng: np.random.Generator
    n_classes: int | None = None

    def __post_init__(self) -> None:
        layout = self.layout
        if not is_size(layout.width, layout.height):
            most = f"of at most {MOST_SIDE:,} pixels a side and {MOST_PIXELS:,} in all"
            why = f"{layout.width:,} x {layout.height:,} pixels are too many for one network for storing"
            raise SettingsError("picture", why, f"learn from a copy {most}")
        channels, _ = outputs_of(self.targets.shape[2], self.n_classes)
        self.shape = Shape(layout, channels, self.hidden, self.context)
        self.valid = np.zeros(layout.size, np.float32)
        for level in range(layout.n_levels):
            layout.view(self.valid, level)[...] = 1
        self.y, self.q, self.slope, self.parent = (np.zeros(layout.size, np.float32) for _ in range(4))
        self.first, self.second = np.zeros(layout.size, np.float32), np.zeros(layout.size, np.float32)
        self.pyramid = _pyramid(layout)
        runs = [
            (base + RUN * k, level)
            for level, (base, n) in enumerate(zip(layout.bases, layout.runs, strict=True))
            for k in range(n)
        ]
        places, levels = np.array(runs, dtype=np.int64).T.copy()
        self.runs = Runs(
            places, levels, layout.neighbors, layout.parent_neighbors, self.valid, layout.n_levels
        )
        self.blocks = _blocks(self.targets, self.mask, is_classes=self.n_classes is not None)
        self.decoder = _net([layout.n_levels, *self.hidden, channels], self._decoder_weights())
        self.model = _net([N_SEEN, *self.context, 2], self._model_weights())
        self.steps = {"decoder": 0, "model": 0, "numbers": 0}
        self.n_learned = float(self.mask.sum())

    def _decoder_weights(self) -> list[Array]:
        shapes = self.shape.decoder
        weights = [np.full(shapes[0], GAIN * np.sqrt(self.multiplier))]
        for number, (n, m) in enumerate(shapes[1::2]):
            is_last = number == len(shapes) // 2 - 1
            scale = 0.5 * np.sqrt(1 / n) if is_last else np.sqrt(2 / n)
            is_color = is_last and self.n_classes is None
            bias = self._mean_color() if is_color else np.zeros(m)
            weights += [scale * self.rng.standard_normal((n, m)), bias]
        return weights

    def _mean_color(self) -> Array:
        share = self.mask.astype(np.float64) / max(1.0, float(self.mask.sum()))
        return np.asarray(np.einsum("hwc,hw->c", self.targets, share))

    def _model_weights(self) -> list[Array]:
        a, b = self.context
        draw = self.rng.standard_normal
        return [
            np.full((self.layout.n_levels, a), 0.1),
            draw((N_SEEN, a)) * 0.5 / np.sqrt(N_SEEN),
            draw((a, b)) * np.sqrt(2 / a),
            np.zeros(b),
            draw((b, 2)) * 0.2 * np.sqrt(2 / b),
            np.zeros(2),
        ]

    def round(self, factor: float = 1.0) -> None:
        """Round the numbers to whole ones, in steps that are so many times as large."""
        self.q[:] = np.floor(self.y / np.float32(factor) + np.float32(0.5)) * self.valid

    def coarsen(self, factor: float) -> None:
        """Make a whole number stand for more, while the picture stays: bits follow at once."""
        n_levels = self.layout.n_levels
        self.y /= np.float32(factor)
        self.first *= np.float32(factor)
        self.second *= np.float32(factor**2)
        self.decoder.weights[:n_levels] *= np.float32(factor)

    def changing(self) -> dict[str, Array]:
        """All that a training changes and goes on from."""
        arrays = {"y": self.y, "y_first": self.first, "y_second": self.second, "q": self.q}
        for name, net in (("decoder", self.decoder), ("model", self.model)):
            arrays |= {name: net.weights, f"{name}_first": net.first, f"{name}_second": net.second}
        return arrays

    def split(self) -> list[Array]:
        """Weights of decoder and context model, group by group, as windows."""
        n_levels = self.layout.n_levels
        return [
            *windows(self.decoder.weights, self.shape.decoder),
            *windows(self.model.weights, context_shapes(n_levels, self.context)),
        ]


def windows(vector: Array, shapes: list[tuple[int, ...]]) -> list[Array]:
    """Cut a vector into arrays of these shapes, without a copy.

    Examples
    --------
    >>> [part.tolist() for part in windows(np.arange(5), [(2, 2), (1,)])]
    [[[0, 1], [2, 3]], [4]]
    """
    ends = np.cumsum([0, *map(prod, shapes)])
    parts = [vector[a:b] for a, b in pairwise(ends)]
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def _net(units: list[int], parts: list[Array]) -> Net:
    weights = np.concatenate([part.ravel() for part in parts]).astype(np.float32)
    return Net(weights, np.zeros_like(weights), np.zeros_like(weights), np.array(units, np.int64))


def _pyramid(layout: Layout) -> Pyramid:
    """Taps of whole blocks; pixels beyond the picture's edge have those of the edge."""
    axes = []
    n_taps = np.array([1 if s == 1 else TAPS for s in layout.spacings], np.int64)
    for side, counts in ((layout.height, layout.rows), (layout.width, layout.columns)):
        size = -(-side // SIDE) * SIDE
        pixels = np.minimum(np.arange(size), side - 1)
        numbers = np.zeros((layout.n_levels, size, TAPS), np.int32)
        weights = np.zeros((layout.n_levels, size, TAPS), np.float32)
        for level, spacing in enumerate(layout.spacings):
            if spacing == 1:
                numbers[level, :, 0], weights[level, :, 0] = pixels, 1
            else:
                plane = PyramidLevel(int(layout.rows[level]), int(layout.columns[level]), spacing)
                numbers[level], weights[level] = plane.axis(pixels, int(counts[level]))
        axes += [numbers, weights]
    return Pyramid(layout.bases, layout.strides, n_taps, *axes)


def _blocks(targets: Array, mask: Array, *, is_classes: bool) -> Blocks:
    height, width, channels = targets.shape
    rows, columns = -(-height // SIDE), -(-width // SIDE)
    padding = ((0, rows * SIDE - height), (0, columns * SIDE - width))
    planes = np.pad(np.concatenate([targets, mask[:, :, None]], axis=2), (*padding, (0, 0)))
    tiles = planes.reshape(rows, SIDE, columns, SIDE, channels + 1).transpose(0, 2, 4, 1, 3)
    tiles = np.ascontiguousarray(tiles, dtype=np.float32).reshape(rows * columns, channels + 1, SIDE**2)
    return Blocks(
        np.ascontiguousarray(tiles[:, :channels]),
        np.ascontiguousarray(tiles[:, channels]),
        columns,
        is_classes,
    )
