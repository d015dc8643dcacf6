"""A start that was learned on other photographs.

Every photograph needs nearly the same decoder, so one that many runs agreed on
is kept with the package (a learned initialization: Tancik et al. 2021, found
by Reptile, Nichol et al. 2018). A small network beside it, the encoder,
guesses from the pixels around a vertex which features training would give it.
``tools/learn_start.py`` makes both, from photographs that are not in the benchmarks.
"""

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Self

import numpy as np

from paintnet.encoding.grid import GridLevel, GridMap
from paintnet.typing import Array

FILE = "pretrained.safetensors"
FREE_SCALE = 0.1
"""Of the weights behind a feature that begins at 0."""

SIDE = 4
"""Pixels along a side of the patch that the encoder looks at."""

SPACING = 2**0.5
"""Pixels between vertices where the encoder was learned; on wider grids it looks at pixels further apart."""

VERTICES_BEFORE = {"linear": 0, "keys": 1}
"""Bases whose features are the function's at their vertex, and how many vertices lie before the edge."""

VERTEX_ROWS = 64
"""Rows of vertices that are encoded at once."""


@dataclass(frozen=True, eq=False)
class PretrainedStart:
    """Weights to begin with, for pictures of one number of channels.

    Parameters
    ----------
    encoder, decoder : list of float32 arrays
        Weight matrices and biases in turn. The encoder has tanh units and goes from a patch to
        features; the decoder begins with the bias of the features.
    """

    encoder: list[Array]
    decoder: list[Array]

    def fits(self, estimator: Any, grid: GridMap) -> bool:
        """Whether a network has just this decoder's shape, behind a grid of one level."""
        shapes = [array.shape for array in decoder_of(estimator)]
        return (
            len(grid.levels) == 1
            and grid.basis in VERTICES_BEFORE
            and estimator.activation == "tanh"
            and shapes == [array.shape for array in self.decoder]
        )

    def begin(self, estimator: Any, grid: GridMap, colors: Array, step: float = 1.0) -> None:
        """Set a network's weights, in place; `colors` are `step` pixels of the picture apart."""
        for weight, learned in zip(decoder_of(estimator), self.decoder, strict=True):
            weight[...] = learned
        level = replace(grid.levels[0], spacing=grid.levels[0].spacing / step)
        estimator.coefs_[0][...] = self.features(level, colors, VERTICES_BEFORE[grid.basis])

    def for_grey(self) -> Self:
        """Give the start for grey pictures that treats them as this one treats the same saved as colors."""
        first, *others = self.encoder
        *layers, matrix, bias = self.decoder
        colors = first[:-2].reshape(SIDE * SIDE, matrix.shape[1], -1).sum(axis=1)
        mean = [matrix.mean(axis=1, keepdims=True), bias.mean(keepdims=True)]
        return type(self)([np.concatenate([colors, first[-2:]]), *others], [*layers, *mean])

    def for_opaque(self) -> Self:
        """Give the start for RGBA pictures without transparency: this one's colors, and an alpha of 1.

        A fifth feature begins at 0 everywhere, and with small weights behind it is free to learn what
        the four cannot hold: the picture comes out 0.1 to 4.6 dB above the same as RGB (docs/engine.md).
        The start that learned from transparent pictures is behind RGB on some.
        """
        first, *others, matrix, bias = self.encoder
        colors = first[:-2].reshape(SIDE * SIDE, -1, first.shape[1])
        unseen = np.zeros_like(colors[:, :1])
        first = np.concatenate(
            [np.concatenate([colors, unseen], axis=1).reshape(-1, first.shape[1]), first[-2:]]
        )
        encoder = [first, *others, np.pad(matrix, ((0, 0), (0, 1))), np.pad(bias, (0, 1))]
        of_features, behind, *others, matrix, bias = self.decoder
        rng = np.random.default_rng(0)  # as fixed as everything else here
        free = (FREE_SCALE * rng.standard_normal((1, behind.shape[1]))).astype(np.float32)
        decoder = [np.pad(of_features, (0, 1)), np.concatenate([behind, free]), *others]
        return type(self)(
            encoder, [*decoder, np.pad(matrix, ((0, 0), (0, 1))), np.append(bias, np.float32(1))]
        )

    def features(self, level: GridLevel, colors: Array, n_before: int = 0) -> Array:
        """Guess the features of every vertex.

        Parameters
        ----------
        level : GridLevel
            Where the vertices are.
        colors : float32 array of shape (height, width, channels)
            The picture.
        n_before : int, default=0
            Vertices that lie before the first pixel, along each axis.

        Returns
        -------
        float32 array of shape (vertices, features)
        """
        in_matrix, in_bias, out_matrix, out_bias = self.encoder
        parts = [
            np.tanh(rows @ in_matrix + in_bias) @ out_matrix + out_bias
            for rows in _patches(level, colors, n_before)
        ]
        return np.concatenate(parts)


def patches(level: GridLevel, colors: Array) -> Array:
    """Give the encoder's inputs for every vertex.

    Parameters
    ----------
    level : GridLevel
        Where the vertices are.
    colors : float32 array of shape (height, width, channels)
        The picture.

    Returns
    -------
    float32 array of shape (vertices, SIDE * SIDE * channels + 2)
        Colors of the pixels around, less 0.5, then where the vertex lies between them: -0.5 to 0.5
        down and across.

    Examples
    --------
    >>> ramp = np.arange(5, dtype=np.float32).reshape(1, 5, 1)
    >>> patches(GridLevel(rows=1, columns=2, spacing=1.5), ramp)[1].reshape(-1)[[0, 1, 2, 3, -2, -1]]
    array([-0.5,  0.5,  1.5,  2.5, -0.5,  0. ], dtype=float32)
    """
    return np.concatenate(list(_patches(level, colors, 0)))


def _patches(level: GridLevel, colors: Array, n_before: int) -> Any:
    """Yield `patches` in parts: all at once would be many times the picture."""
    height, width, _ = colors.shape
    rows, down = _around(level.rows, level.spacing, height, n_before)
    columns, across = _around(level.columns, level.spacing, width, n_before)
    for begin in range(0, level.rows, VERTEX_ROWS):
        part = slice(begin, begin + VERTEX_ROWS)
        pixels = colors[rows[part, None, :, None], columns[None, :, None, :]] - np.float32(0.5)
        n_rows, n_columns = pixels.shape[:2]
        inputs = np.empty((n_rows, n_columns, pixels[0, 0].size + 2), dtype=np.float32)
        inputs[:, :, :-2] = pixels.reshape(n_rows, n_columns, -1)
        inputs[:, :, -2] = down[part, None]
        inputs[:, :, -1] = across
        yield inputs.reshape(n_rows * n_columns, -1)


def _around(n_vertices: int, spacing: float, side: int, n_before: int) -> tuple[Array, Array]:
    """Numbers of the pixels around each vertex along one axis, and its place between the middle two."""
    at = (np.arange(n_vertices) - n_before) * spacing
    before = np.floor(at).astype(np.int64)
    stride = max(1, round(spacing / SPACING))
    offsets = (np.arange(SIDE) - (SIDE // 2 - 1)) * stride
    return np.clip(before[:, None] + offsets, 0, side - 1), (at - before - 0.5).astype(np.float32)


def decoder_of(estimator: Any) -> list[Array]:
    """Every parameter behind the table, from the bias of the features on."""
    arrays = [estimator.intercepts_[0]]
    for weight, bias in zip(estimator.coefs_[1:], estimator.intercepts_[1:], strict=True):
        arrays += [weight, bias]
    return arrays


@cache
def pretrained_starts(channels: int, is_opaque: bool = False) -> list[PretrainedStart]:
    """Read the starts for pictures of 1, 3 or 4 channels; those of grey ones differ in features.

    `is_opaque` says of 4 channels that alpha is 1 everywhere.
    """
    if is_opaque:
        return [pretrained_starts(3)[0].for_opaque()]
    from safetensors.numpy import load

    tensors = load(files("paintnet.engine").joinpath(FILE).read_bytes())

    def numbered(part: str) -> list[Array]:
        prefix = f"{channels}.{part}."
        numbers = sorted(int(name.removeprefix(prefix)) for name in tensors if name.startswith(prefix))
        return [tensors[f"{prefix}{number}"] for number in numbers]

    own = PretrainedStart(numbered("encoder"), numbered("decoder"))
    return [own, pretrained_starts(3)[0].for_grey()] if channels == 1 else [own]
