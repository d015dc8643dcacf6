"""Where a network's weights begin, set on scikit-learn's public ``coefs_`` and ``intercepts_``.

A random start leaves the colors to a few lucky units and moves the result by
1.5 dB from seed to seed. These starts carry the colors through the network
from the first step; docs/engine.md has the figures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from paintnet.dataset.pixels import Dataset
from paintnet.encoding.base import PositionMap
from paintnet.encoding.grid import GridLevel, GridMap
from paintnet.engine.pretrained import pretrained_starts
from paintnet.picture import premultiply
from paintnet.typing import Array

FEATURE_SCALE = 0.05
"""Bound of random grid features."""

SHIFT = 0.5
"""Added to the colors in a ReLU unit: above 0, the unit passes them on unchanged."""

LAST_SCALE = 0.17
"""Share of the last layer's usual random weights, so that noise does not hide the colors."""

PICTURE_LAST_SCALE = 0.06
"""The same where the picture is there already: a third of it makes no difference in the end."""

TANH_GAIN = 0.7
"""Of hidden weights in front of tanh units."""

OPAQUE = 0.999
"""Alpha from which a point counts as opaque: it is a quarter of an 8-bit level from 1."""

SHARPNESS = 20.0
"""Of class scores: a start score is minus this times the squared distance from the class's color."""


@dataclass(frozen=True, eq=False)
class StartContext:
    """What a start may look at.

    Parameters
    ----------
    estimator : MLPRegressor or MLPClassifier
        Has seen one sample; its weights are changed in place.
    dataset : Dataset
        What will be learned.
    encoding : PositionMap
        What the network's inputs are.
    rng : numpy.random.Generator
        Source of random weights.
    """

    estimator: Any
    dataset: Dataset
    encoding: PositionMap
    rng: np.random.Generator


def begin_with_mean(context: StartContext) -> None:
    """Let the network say the mean color; classes begin as scikit-learn has them."""
    estimator, dataset = context.estimator, context.dataset
    if isinstance(context.encoding, GridMap):
        table = estimator.coefs_[0]
        table[...] = context.rng.uniform(-FEATURE_SCALE, FEATURE_SCALE, table.shape)
    if dataset.palette is None:
        estimator.intercepts_[-1][...] = _learned_mean(dataset)


def begin_with_features(context: StartContext) -> None:
    """Small random features and a small last layer at the mean color: slower at first, better in the end.

    The hidden weights have He et al.'s (2015) uniform bounds, times 0.7 since tanh is straight around 0.
    """
    begin_with_mean(context)
    estimator, rng = context.estimator, context.rng
    for weight, bias in zip(estimator.coefs_[1:], estimator.intercepts_[:-1], strict=True):
        bound = TANH_GAIN * np.sqrt(6 / weight.shape[0])
        weight[...] = rng.uniform(-bound, bound, weight.shape)
        bias[...] = 0
    estimator.coefs_[-1][...] *= LAST_SCALE / TANH_GAIN


def begin_with_pretrained(context: StartContext) -> None:
    """Take the start that other photographs taught; a network of another shape begins with the picture.

    Where that has no way through the layers either, features are random.
    """
    estimator, grid, dataset = context.estimator, context.encoding, context.dataset
    if dataset.palette is None:
        channels, colors = dataset.targets.shape[1], _filled(dataset)
        is_opaque = channels == 4 and bool((colors[:, :, 3] > OPAQUE).all())
        for learned in pretrained_starts(channels, is_opaque):
            if isinstance(grid, GridMap) and learned.fits(estimator, grid):
                learned.begin(estimator, grid, colors, dataset.step)
                return
    if can_begin_with_picture(estimator, grid, dataset):
        begin_with_picture(context)
    else:
        begin_with_features(context)


def begin_with_picture(context: StartContext) -> None:
    """Let the first units hold the picture at the vertices, and the layers behind pass it on.

    The finest grid's features are the mean colors around each vertex, less
    the mean of all; a shift in the bias keeps ReLU units from cutting them
    off; identity weights lead them to the outputs. All other weights are
    random: they have only the difference left to learn.
    """
    estimator, grid, rng = context.estimator, context.encoding, context.rng
    if not can_begin_with_picture(estimator, grid, context.dataset):
        begin_with_mean(context)
        return
    assert isinstance(grid, GridMap)  # noqa: S101 - checked above; told to mypy
    colors = _colors(context.dataset)
    channels, mean = colors.shape[2], _learned_mean(context.dataset, colors)
    table = estimator.coefs_[0]
    table[...] = rng.uniform(-FEATURE_SCALE, FEATURE_SCALE, table.shape)
    table[:, :channels] = 0
    finest = grid.levels[-1]
    table[-finest.n_vertices :, :channels] = vertex_means(
        grid, finest, colors, context.dataset.mask(), context.dataset.step, mean
    )
    estimator.intercepts_[0][...] = 0
    estimator.intercepts_[0][:channels] = SHIFT
    for weight, bias in zip(estimator.coefs_[1:], estimator.intercepts_[1:], strict=True):
        bound = np.sqrt(6 / weight.shape[0])
        weight[...] = rng.uniform(-bound, bound, weight.shape)
        bias[...] = 0
        if weight is not estimator.coefs_[-1]:
            weight[:, :channels] = 0
            weight[:channels, :channels] = np.eye(channels)
    last, bias = estimator.coefs_[-1], estimator.intercepts_[-1]
    last *= PICTURE_LAST_SCALE
    last[:channels], offset = _output_weights(context.dataset, channels, last.shape[1])
    # Units hold color - mean + SHIFT.
    bias[...] = offset + (mean - SHIFT) @ last[:channels]


def can_begin_with_picture(estimator: Any, encoding: PositionMap, dataset: Dataset) -> bool:
    """Whether there is a grid, and every layer is wide and straight enough to pass colors on."""
    channels = _colors(dataset).shape[2]
    return (
        isinstance(encoding, GridMap)
        and estimator.activation in ("relu", "identity")
        and min(bias.shape[0] for bias in estimator.intercepts_[:-1]) >= channels
    )


def vertex_means(
    grid: GridMap,
    level: GridLevel,
    values: Array,
    mask: Array,
    step: float = 1.0,
    center: ArrayLike = 0.0,
) -> Array:
    """Mean of the learned pixels around each vertex, by the weights that the pixels give it.

    Parameters
    ----------
    grid : GridMap
        The encoding.
    level : GridLevel
        One of its levels.
    values : array of shape (height, width, channels)
        Colors.
    mask : array of shape (height, width)
        1 where a pixel is learned.
    step : float, default=1.0
        Distance of neighbouring values, in pixels of the picture.
    center : array-like of shape (channels,), default=0.0
        Taken off the means.

    Returns
    -------
    float32 array of shape (vertices, channels)
        0 for a vertex that no learned pixel touches.
    """
    from scipy.sparse import csr_matrix

    height, width, channels = values.shape
    axes = []
    for side, count in ((height, level.rows), (width, level.columns)):
        vertices, weights = grid.axis(np.arange(side) * step, level.spacing, count)
        ends = np.arange(0, vertices.size + 1, vertices.shape[1])
        axes.append(
            csr_matrix((np.abs(weights).astype(np.float32).ravel(), vertices.ravel(), ends), (side, count))
        )
    down, across = axes

    def gather(plane: Array) -> Array:
        """Add up a plane (height, width) at the vertices, one axis after the other."""
        return np.asarray(across.T @ (down.T @ plane).T).T

    mask = mask.astype(np.float32, copy=False)
    share = gather(mask)
    touched = share > 0
    means = np.zeros((*share.shape, channels), dtype=np.float32)
    for channel, middle in enumerate(np.broadcast_to(center, channels)):
        sums = gather(values[:, :, channel] * mask)
        means[touched, channel] = sums[touched] / share[touched] - middle
    return means.reshape(-1, channels)


def _output_weights(dataset: Dataset, channels: int, n_outputs: int) -> tuple[Array, Array]:
    """Weights and biases that turn true colors into the outputs wanted."""
    if dataset.palette is None:
        return np.eye(channels), np.zeros(channels)
    if len(dataset.palette) == 1:
        # The only class is trained as 0 of two: nowhere is it the other one.
        return np.zeros((channels, n_outputs)), np.full(n_outputs, -1.0)
    weights, biases = _score_weights(premultiply(dataset.palette[None])[0].astype(np.float64))
    if n_outputs == 1:
        # Two classes share one output: its sum is the lead of class 1.
        return weights[:, 1:2] - weights[:, :1], biases[1:2] - biases[:1]
    return weights, biases


def _score_weights(palette: Array) -> tuple[Array, Array]:
    """Scores of classes, linear in the color: the nearest class's is the highest.

    ``-|x - c|^2`` and ``2 c x - |c|^2`` differ by ``|x|^2``, which is the same for all classes.
    """
    return np.asarray(2 * SHARPNESS * palette.T), np.asarray(-SHARPNESS * (palette**2).sum(axis=1))


def _colors(dataset: Dataset) -> Array:
    """The picture as the network should paint it, (height, width, channels)."""
    if dataset.palette is None:
        return np.asarray(dataset.targets.reshape(dataset.height, dataset.width, -1))
    colors = premultiply(dataset.palette[None])[0][dataset.targets]
    return np.asarray(colors.reshape(dataset.height, dataset.width, -1))


def _filled(dataset: Dataset) -> Array:
    """Give the picture with the mean of learned neighbours where a pixel is not learned."""
    colors = _colors(dataset)
    if dataset.n_learned == dataset.states.size:
        return colors
    from scipy.ndimage import uniform_filter

    mask = dataset.mask()[:, :, None]
    window = (5, 5, 1)
    share = uniform_filter(mask, window)
    means = uniform_filter(colors * mask, window) / np.maximum(share, np.float32(1e-6))
    # No learned pixel is near: rounding may leave a share just above 0.
    means[share[:, :, 0] < 0.5 / 25] = _learned_mean(dataset)
    return np.where(mask > 0, colors, means.astype(np.float32))


def _learned_mean(dataset: Dataset, colors: Array | None = None) -> Array:
    pixels = dataset.targets if colors is None else colors.reshape(-1, colors.shape[2])
    return np.asarray(dataset.of_learned(pixels).mean(axis=0, dtype=np.float64))


STARTS: dict[str, Callable[[StartContext], None]] = {
    "stock": lambda context: None,
    "mean": begin_with_mean,
    "features": begin_with_features,
    "pretrained": begin_with_pretrained,
    "picture": begin_with_picture,
}
"""Named starts; "stock" leaves scikit-learn's own."""
