"""What the compiled kernel works on: numba takes named tuples of arrays and numbers, but no classes."""

from typing import NamedTuple

import numpy as np

from paintnet.typing import Array


class Batches(NamedTuple):
    """Batch k holds the blocks ends[k] to ends[k + 1] of `rows` and `columns`; `pixels[k]` are learned."""

    ends: Array
    rows: Array
    columns: Array
    pixels: Array


class Plan(NamedTuple):
    """Where each row and column of blocks finds its vertices, and the few weights of each pixel (`taps`)."""

    stride: int
    top: Array
    left: Array
    high: Array
    wide: Array
    down_vertices: Array
    down_weights: Array
    across_vertices: Array
    across_weights: Array


class Table(NamedTuple):
    """The grid's features (vertices, units) and their moments; `first` is unused where beta_1 is 0."""

    features: Array
    first: Array
    second: Array


class Dense(NamedTuple):
    """All layers behind the table in one vector, its moments, and what kind of network it is."""

    dense: Array
    first: Array
    second: Array
    is_weight: Array
    units: Array
    kinds: Array
    """Codes of the activations of hidden and output units."""
    alpha: np.float32


class Targets(NamedTuple):
    """The picture in planes, 1 where a pixel is learned, and the emphasis on means of 2 x 2."""

    values: Array
    mask: Array
    emphasis: np.float32


class Rates(NamedTuple):
    """Adam's (rate, beta_1, beta_2, epsilon) for grid and dense layers, and the dense updates so far."""

    grid: Array
    dense: Array
    dense_rate: float
    step: int


class Room(NamedTuple):
    """Scratch arrays, from outside: allocating them for each batch costs more than using them.

    `a`, `delta`, `lines` and `rows` are one for each thread, `gradients` and `losses` one for each block.
    """

    a: Array
    delta: Array
    lines: Array
    rows: Array
    gradients: Array
    losses: Array
