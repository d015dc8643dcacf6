"""Double the resolution of a picture with what the picture itself teaches.

The points diagonally between four given pixels come first, then the remaining ones, for which the
lattice of all points known by then is the same square lattice turned by 45 degrees. At each point two
estimators are mixed:

1. Local least squares: the point is a weighted sum of its 4 nearest neighbours; the weights are the ones
   that predict the given pixels around from THEIR neighbours in the same directions at twice the distance
   (Li & Orchard 2001), with a Gaussian window and a ridge toward the plain mean.
2. A small ReLU network from the 16 nearest neighbours (brightness and contrast normalised, oriented at
   random in training, mean of the 8 orientations in use) to the point, learned on the picture's given
   pixels, predicted from neighbours at 2 and at 2**.5 times the distance (self-similarity across scale:
   Glasner, Bagon & Irani 2009; learned from the one picture: Shocher, Cohen & Irani 2018).

A soft decision follows (Zhang & Wu 2008): the new points, with the local weights, should predict the
given pixels in turn. No data other than the picture enters. Everything is linear in the pixels.

References
----------
.. [1] X. Li, M. T. Orchard, "New edge-directed interpolation", IEEE TIP 10(10), 2001.
.. [2] X. Zhang, X. Wu, "Image interpolation by adaptive 2-D autoregressive modeling and soft-decision
       estimation", IEEE TIP 17(6), 2008.
.. [3] D. Glasner, S. Bagon, M. Irani, "Super-resolution from a single image", ICCV 2009.
.. [4] A. Shocher, N. Cohen, M. Irani, "Zero-shot super-resolution using deep internal learning", CVPR 2018.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from paintnet.blas import OneBlasThread
from paintnet.dataset.points import filled
from paintnet.typing import Array

Offsets = list[tuple[int, int]]

SIDE = 4  # the network sees SIDE x SIDE neighbours
SMALLEST = 12  # pixels a side
HIDDEN = (64, 64)
EPOCHS, BATCH, RATE = 6, 512, 3e-3
VISITS = 6_000_000  # most training samples seen; beyond, the epochs become shorter
PART_BATCHES = 24  # batches between two looks at the clock
CHUNK = 3072  # patches that the network sees at once: its layers fit in the cache, half the time
SOLVE_ROWS = 64  # rows of the picture whose weights are solved for at once
TRAINING = 2 / 3  # share of the time that goes into the network's training
FLOOR = 0.01  # contrast below this (of a range of 1) is not amplified
WINDOWS = (2.0, 4.0)  # standard deviations of the Gaussian windows, in given pixels
RIDGE = 0.1  # relative to the mean diagonal of the normal equations
SHARE = 0.4  # of the local least squares in the mix
SOFT, SOFT_STEPS = 0.4, 10  # weight of the soft decision, conjugate gradient steps
# brightness and two color differences, decorrelated enough for one network to serve all three
LUMA = np.array([[0.299, 0.587, 0.114], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]])

DIAGONAL: Offsets = [(-1, -1), (-1, 1), (1, -1), (1, 1)]
CROSS: Offsets = [(-1, 0), (0, -1), (0, 1), (1, 0)]
LATTICES = (((1, 1), DIAGONAL), ((0, 1), CROSS), ((1, 0), CROSS))
"""Where the points of each step begin in the dense lattice, and their nearest neighbours."""


def _neighbours(image: Array, offsets: Offsets, step: int = 1, start: tuple[int, int] = (0, 0)) -> Array:
    """Values at ``offsets`` around every ``step``-th pixel from ``start``; mirrored at the borders."""
    m = 1 + max(max(abs(i), abs(j)) for i, j in offsets)
    padded = np.pad(image, ((m, m), (m, m)) + ((0, 0),) * (image.ndim - 2), mode="reflect")
    (h, w), (y, x) = image.shape[:2], start
    return np.stack(
        [padded[m + y + i : m + h + i : step, m + x + j : m + w + j : step] for i, j in offsets], -1
    )


def _square(diagonal: bool, side: int = SIDE) -> Offsets:
    """Offsets of a ``side`` x ``side`` square lattice around the centre of a cell.

    With ``diagonal`` the nearest are at (+-1, +-1), otherwise, turned by 45 degrees, at (+-1, 0), (0, +-1).
    """
    at = [2 * i - side + 1 for i in range(side)]
    return [(a, b) if diagonal else ((a + b) // 2, (a - b) // 2) for a in at for b in at]


def _orientations(side: int = SIDE) -> list[NDArray[np.intp]]:
    """The 8 symmetries of the square as permutations of its ``side * side`` points."""
    grid = np.arange(side * side).reshape(side, side)
    return [f.ravel() for g in (grid, grid.T) for f in (g, g[::-1], g[:, ::-1], g[::-1, ::-1])]


def _local_weights(
    picture: Array, known: Array, offsets: Offsets, centre: tuple[float, float], sigma: float
) -> Array:
    """Weights (h, w, 4) of the 4 neighbours, learned on known pixels around pixel + ``centre`` [1]_.

    They apply to the differences from the neighbours' mean; all channels share them.
    """

    def blur(a: Array) -> Array:
        for axis, c in enumerate(centre):
            r = int(np.ceil(3 * sigma))
            at = np.arange(-r, r) + 0.5 if c else np.arange(-r, r + 1.0)
            k = np.exp(-0.5 * (at / sigma) ** 2)
            a = correlate1d(a, k / k.sum(), axis, mode="reflect", origin=-1 if c else 0)
        return a

    near = _neighbours(picture, offsets)
    mean = near.mean(-1)
    near, rest = (near - mean[..., None]) * known[:, :, None, None], picture - mean
    normal, right = np.empty((*picture.shape[:2], 4, 4)), np.empty((*picture.shape[:2], 4))
    for i in range(4):
        right[..., i] = blur((near[..., i] * rest).sum(2))
        for j in range(i, 4):
            normal[..., i, j] = normal[..., j, i] = blur((near[..., i] * near[..., j]).sum(2))
    ridge = RIDGE * np.trace(normal, axis1=2, axis2=3) / 4 + 1e-5
    weights = np.empty_like(right)
    for top in range(0, len(weights), SOLVE_ROWS):
        rows = slice(top, top + SOLVE_ROWS)
        ridged = normal[rows] + ridge[rows, :, None, None] * np.eye(4)
        weights[rows] = np.linalg.solve(ridged, right[rows, :, :, None])[..., 0]
    return np.asarray(weights - weights.mean(-1, keepdims=True))


def _normalise(patches: Array) -> tuple[Array, Array, Array]:
    """Patches (n, 16) less their mean and over their contrast, both weighted toward the centre."""
    g = np.exp(-0.5 * ((np.arange(SIDE) - (SIDE - 1) / 2) / 1.2) ** 2)
    g = (np.outer(g, g) / g.sum() ** 2).ravel().astype(np.float32)
    mean = patches @ g
    patches = patches - mean[:, None]
    contrast = np.sqrt(patches**2 @ g + np.float32(FLOOR**2))
    return patches / contrast[:, None], mean, contrast


def _bicubic() -> Array:
    k = np.zeros(SIDE)
    k[SIDE // 2 - 2 : SIDE // 2 + 2] = -1 / 16, 9 / 16, 9 / 16, -1 / 16
    return np.outer(k, k).ravel().astype(np.float32)


class _Network:
    """16 neighbours -> what bicubic interpolation misses; ReLU layers, Adam, falling rate.

    Not scikit-learn's: each batch is turned at random, and the oldest supported
    version cannot weigh samples.
    """

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        sizes = (SIDE * SIDE, *HIDDEN, 1)
        self.coefs = [
            self.rng.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32) for a, b in pairwise(sizes)
        ]
        self.coefs[-1] *= np.float32(0.1)
        self.intercepts = [np.zeros(b, np.float32) for b in sizes[1:]]

    def forward(self, x: Array) -> list[Array]:
        layers = [x]
        for i, (w, b) in enumerate(zip(self.coefs, self.intercepts, strict=True)):
            z = layers[-1] @ w + b
            layers.append(np.maximum(z, 0, out=z) if i < len(HIDDEN) else z)
        return layers

    def train(self, x: Array, y: Array, weight: Array) -> Iterator[float]:
        """Learn, yielding the share that is done every few batches."""
        turns, params = _orientations(), self.coefs + self.intercepts
        first, second = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
        batch = min(BATCH, len(x))
        total = max(1, min(EPOCHS * len(x), VISITS) // batch)
        order, at = self.rng.permutation(len(x)), 0
        for t in range(1, total + 1):
            if at + batch > len(x):
                order, at = self.rng.permutation(len(x)), 0
            rows, at = order[at : at + batch], at + batch
            layers = self.forward(x[rows][:, turns[self.rng.integers(8)]])
            d = ((layers[-1][:, 0] - y[rows]) * weight[rows])[:, None] / np.float32(batch)
            grads: list[Array] = list(params)  # each is replaced below
            for i in range(len(HIDDEN), -1, -1):
                grads[i], grads[len(HIDDEN) + 1 + i] = layers[i].T @ d, d.sum(0)
                d = (d @ self.coefs[i].T) * (layers[i] > 0) if i else d
            rate = np.float32(RATE * (1 - (t - 1) / total) * np.sqrt(1 - 0.99**t) / (1 - 0.9**t))
            for p, g, m, v in zip(params, grads, first, second, strict=True):
                m += np.float32(0.1) * (g - m)
                v += np.float32(0.01) * (g * g - v)
                p -= rate * m / (np.sqrt(v) + np.float32(1e-7))
            if t % PART_BATCHES == 0:
                yield t / total

    def estimate(self, patches: Array, turns: list[NDArray[np.intp]]) -> Array:
        """Estimates for patches (n, 16): bicubic plus the learned rest, mean of some orientations."""
        z, mean, contrast = _normalise(patches.astype(np.float32))
        rest = np.mean([self.forward(z[:, turn])[-1][:, 0] for turn in turns], axis=0)
        return np.asarray(mean + contrast * (z @ _bicubic() + rest))


def _examples(channels: Array, known: Array) -> tuple[Array, Array, Array]:
    """What the network learns from: the known pixels, from neighbours at 2 and at 2**.5 times the distance.

    Returns the normalised patches, what bicubic interpolation misses, and the examples' weights.
    """
    xs, ys, weights = [], [], []
    for channel in np.moveaxis(channels, -1, 0):
        for diagonal in (False, True):
            patches = _neighbours(channel, _square(diagonal))[known]
            z, mean, contrast = _normalise(patches.astype(np.float32))
            xs.append(z)
            ys.append((channel[known] - mean) / contrast - z @ _bicubic())
            weights.append(contrast)
    weight = np.concatenate(weights)
    return np.concatenate(xs), np.concatenate(ys).astype(np.float32), weight / weight.mean()


def _soften(points: Array, picture: Array, known: Array, weights: Array) -> Array:
    """Move ``points`` (at +.5, +.5) so that, with ``weights``, they also predict the known pixels [2]_.

    Conjugate gradients on ``|u - points|^2 + SOFT |picture - A u|^2``; the border of 3 is left out.
    """
    corners = ((0, 0), (0, 1), (1, 0), (1, 1))
    weights = 0.25 + np.mean([np.roll(weights, s, (0, 1)) for s in corners], axis=0)[..., None, :]
    inner = np.zeros((*picture.shape[:2], 1))
    inner[3:-3, 3:-3] = SOFT * known[3:-3, 3:-3, None]

    def predict(u: Array) -> Array:
        turned = [weights[..., t] * np.roll(u, (1 - i, 1 - j), (0, 1)) for t, (i, j) in enumerate(corners)]
        return np.asarray(np.sum(turned, axis=0))

    def transposed(r: Array) -> Array:
        turned = [np.roll(weights[..., t] * r, (i - 1, j - 1), (0, 1)) for t, (i, j) in enumerate(corners)]
        return np.asarray(np.sum(turned, axis=0))

    u = points.astype(float)
    r = transposed(inner * (picture - predict(u)))
    p, size = r.copy(), (r * r).sum()
    for _ in range(SOFT_STEPS):
        if size < 1e-12:
            break
        q = p + transposed(inner * predict(p))
        step = size / (p * q).sum()
        u, r = u + step * p, r - step * q
        size, old = (r * r).sum(), size
        p = r + size / old * p
    return u


class _Work(NamedTuple):
    """What stands at hand for every point."""

    given: Array
    known: Array
    mix: Array
    network: _Network


@dataclass(eq=False)
class Upsampling:
    """The work of doubling a picture's resolution; its own pixels stay as they are.

    Iterating does the work, a little at a time. Each part yields the share that is done, and leaves BLAS
    with the threads that it had.

    Parameters
    ----------
    picture : array of shape (height, width, channels)
        Values in [0, 1]; three channels are taken for red, green and blue.
    seed : int, default=0
        Of the small network's start and order of training.
    known : bool array of shape (height, width), optional
        Pixels whose value is known; all of them by default. The others have no part in anything.

    Attributes
    ----------
    dense : array of shape (2 height - 1, 2 width - 1, channels), dtype of `picture`
        The result, once all is done. Even positions are exactly the given pixels, where they are known.
    dense_known : bool array of shape (2 height - 1, 2 width - 1)
        Where all pixels at or next to a point are known.

    Examples
    --------
    >>> ramp = np.linspace(0, 1, 10).reshape(1, 10, 1).repeat(10, axis=0)
    >>> upsampling = Upsampling(ramp)
    >>> shares = list(upsampling)
    >>> shares[0], shares[-1], shares == sorted(shares)
    (0.0, 1.0, True)
    >>> upsampling.dense.shape, bool(np.abs(upsampling.dense[9, 5, 0] - 2.5 / 9) < 0.01)
    ((19, 19, 1), True)
    """

    picture: Array
    seed: int = 0
    known: Array | None = None
    dense: Array = field(init=False)
    dense_known: Array = field(init=False)
    _turns: list[NDArray[np.intp]] = field(init=False, default_factory=_orientations)
    _hurried: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        known = np.ones(self.picture.shape[:2], dtype=bool) if self.known is None else self.known
        self.dense_known = known.repeat(2, axis=0).repeat(2, axis=1)[:-1, :-1]
        self.dense_known[1::2] &= self.dense_known[2::2]
        self.dense_known[:, 1::2] &= self.dense_known[:, 2::2]

    def hurry(self) -> None:
        """Take the short way from here on: with what was learned so far, in one orientation instead of 8."""
        self._hurried = True
        self._turns = self._turns[:1]

    def __iter__(self) -> Iterator[float]:
        """Do the work; yields the share that is done, from 0 to 1."""
        parts, one_thread = self._parts(), OneBlasThread()
        while True:
            with one_thread:
                share = next(parts, None)
            if share is None:
                return
            yield share

    def _parts(self) -> Iterator[float]:
        height, width, channels = self.picture.shape
        yield 0.0
        # The smallest picture whose windows can be mirrored at the border.
        missing = [(0, max(0, SMALLEST - height)), (0, max(0, SMALLEST - width)), (0, 0)]
        given = np.pad(self.picture.astype(float), missing, mode="edge")
        known = np.pad(self.dense_known[::2, ::2], missing[:2], mode="edge")
        given = filled(given, known)
        mix = LUMA if channels == 3 else np.eye(channels)
        network = _Network(self.seed)
        work = _Work(given, known, mix, network)
        for share in network.train(*_examples(given @ mix.T, known)):
            yield TRAINING * share
            if self._hurried:
                break
        dense = np.zeros((2 * given.shape[0], 2 * given.shape[1], channels))
        dense[::2, ::2] = given
        for number, (start, offsets) in enumerate(LATTICES):
            for share in self._between(dense, work, start, offsets):
                yield TRAINING + (1 - TRAINING) * (number + share) / len(LATTICES)
        self.dense = dense[: 2 * height - 1, : 2 * width - 1].astype(self.picture.dtype)
        yield 1.0

    def _between(
        self, dense: Array, work: _Work, start: tuple[int, int], offsets: Offsets
    ) -> Iterator[float]:
        """Estimate every second point of the dense lattice from `start` on, in place."""
        given, known, mix, network = work
        centre = (start[0] / 2, start[1] / 2)
        weights = np.mean([_local_weights(given, known, offsets, centre, sigma) for sigma in WINDOWS], axis=0)
        near = _neighbours(dense, offsets, 2, start)
        local = near.mean(-1) + (near * weights[:, :, None]).sum(-1)
        patches = _neighbours(dense @ mix.T, _square(offsets is DIAGONAL), 2, start)
        patches = patches.reshape(-1, len(mix), SIDE * SIDE)
        estimates = np.empty(patches.shape[:2], np.float32)
        for at in range(0, len(patches), CHUNK):
            chunk = slice(at, at + CHUNK)
            for i in range(len(mix)):
                estimates[chunk, i] = network.estimate(patches[chunk, i], self._turns)
            yield at / len(patches)
        learned = estimates.reshape(given.shape) @ np.linalg.inv(mix).T
        points = SHARE * local + (1 - SHARE) * learned
        if offsets is DIAGONAL:
            points = _soften(points, given, known, weights)
        points = np.clip(points, given.min((0, 1)), given.max((0, 1)))
        dense[start[0] :: 2, start[1] :: 2] = points
