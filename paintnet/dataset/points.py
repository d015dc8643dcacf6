"""A picture as points: two by two in each pixel, with the pixel as their mean.

A pixel of a camera, a scanner or a resized picture is a mean over its area. What is painted is the
function underneath, so it is learned at the centers of the four quarters of each pixel. They differ
from their mean by three details: right less left, bottom less top, and one diagonal less the other.
Two estimates of the details are added:

1. The histospline's: of the quadratic spline whose mean over each pixel is that pixel, along both axes.
2. What the true details of other photographs had beyond it, guessed by a small network from the
   brightness of the pixels around. ``tools/learn_details.py`` makes it; it has seen JPEG and noise, so
   that it sharpens neither blocks nor grain.

Where the pixels around show no more details than their noise alone would make, none are left. They are
then limited, so that no point leaves [0, 1] or makes a halo and every mean stays; where there is alpha,
projections in turns keep colors below it. The means are of the stored (gamma-encoded) values, as nearly
all programs resize.

References
----------
.. [1] I. J. Schoenberg, "Splines and histograms", in Spline Functions and Approximation Theory,
       Birkhäuser, 1973.
.. [2] C. Dong, C. C. Loy, K. He, X. Tang, "Image super-resolution using deep convolutional networks",
       IEEE TPAMI 38(2), 2016.
.. [3] D. C. Youla, H. Webb, "Image restoration by the method of convex projections", IEEE TMI 1(2), 1982.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, reduce
from importlib.resources import files
from itertools import product
from typing import Self

import numpy as np
from scipy.ndimage import correlate1d, distance_transform_edt, maximum_filter, minimum_filter

from paintnet.blas import OneBlasThread
from paintnet.dataset.noise import noise_deviation, shares_beyond_noise
from paintnet.threads import in_threads
from paintnet.typing import Array

FILE = "details.safetensors"
SIDE = 9
"""Pixels along a side of the patch that the network looks at."""

WINDOW = 1.8
"""Standard deviation of the Gaussian window in which brightness and contrast are measured, in pixels."""

FLOOR = np.float32(0.01)
"""Contrast below this (of a range of 1) is not amplified."""

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
BAND_PIXELS = 2048
"""Pixels whose patches are held at once, in whole rows: what the layers make of them stays in the cache."""

OVERSHOOT = np.float32(0.1)
"""How far points may leave the range of the pixels around, as a share of it."""

PROJECTIONS = 4
"""More change no level of 8 bits in photographs."""

# The weights of the pixels beside fall by the pole of the quadratic spline, 3 ** 0.5 - 2: the eighth is 1e-5.
_BESIDE = 0.75 * (2 - 3**0.5) * (3**0.5 - 2) ** np.arange(8)
HISTOSPLINE = np.concatenate([-_BESIDE[::-1], [0], _BESIDE]).astype(np.float32)
"""Half of what the right half's mean is above the left half's, from the pixels of a row."""

TURNS: list[tuple[bool, ...]] = list(product((False, True), repeat=3))
"""The symmetries of the square: transposed, then upside down, then mirrored."""


def quarter_points(
    picture: Array,
    *,
    turns: int = 1,
    has_time: Callable[[float], bool] = lambda share: True,
    threads: int = 1,
) -> Array:
    """Give the colors at the centers of the four quarters of each pixel.

    Parameters
    ----------
    picture : float32 array of shape (height, width, channels)
        Values in [0, 1]; colors are premultiplied by alpha.
    turns : {1, 2, 4, 8}, default=1
        Orientations in which the network looks at a patch; the mean of eight is better and takes
        eight times as long.
    has_time : callable, optional
        Called with the share that is done before each turn, and at the end; where it says no, the
        turns until then have to do, but for the first.
    threads : int, default=1
        How many bands of the picture are looked at at a time; no result depends on it.

    Returns
    -------
    float32 array of shape (2 height, 2 width, channels)
        Values in [0, 1]; the mean of the four points in a pixel is the pixel, to rounding.

    Examples
    --------
    >>> step = np.repeat(np.float32([0, 0, 0, 1, 1, 1]), 6).reshape(6, 6, 1).transpose(1, 0, 2)
    >>> points = quarter_points(step)
    >>> points.shape, bool(np.abs(points.reshape(6, 2, 6, 2, 1).mean(axis=(1, 3)) - step).max() < 1e-6)
    ((12, 12, 1), True)
    """
    learned = _learned_details(picture, turns, has_time, threads)
    planes = [np.ascontiguousarray(plane, dtype=np.float32) for plane in np.moveaxis(picture, 2, 0)]
    colors = planes[:3]
    noise = sum(noise_deviation(plane) ** 2 for plane in colors)
    # Made twice, since those of all channels at once would take more memory than all else.
    kept = noise and shares_beyond_noise((histospline_details(plane) + learned[0] for plane in colors), noise)
    points = np.empty((2 * picture.shape[0], 2 * picture.shape[1], picture.shape[2]), dtype=np.float32)
    # Alpha comes first: it bounds the colors.
    for channel in reversed(range(len(planes))):
        plane = planes[channel]
        details = histospline_details(plane) + learned[min(channel // 3, len(learned) - 1)]
        if noise and channel < 3:
            details *= kept
        found = np.clip(quarters(plane, limited(details, plane)), 0, 1)
        has_bound = len(planes) == 4 and channel < 3
        points[:, :, channel] = project(found, plane, points[:, :, 3]) if has_bound else found
    return points


def histospline_details(plane: Array) -> Array:
    """Details (height, width, 3) of the histospline of a plane [1]_."""
    across, down = (correlate1d(plane, HISTOSPLINE, axis, mode="reflect") for axis in (1, 0))
    return np.stack([across, down, correlate1d(across, HISTOSPLINE, 0, mode="reflect")], axis=2)


def quarters(plane: Array, details: Array) -> Array:
    """Points (2 height, 2 width) of a plane (height, width) and its details (height, width, 3)."""
    height, width = plane.shape
    points = np.empty((height, 2, width, 2), dtype=np.float32)
    for number, offset in enumerate(_offsets(details)):
        np.add(plane, offset, out=points[:, number // 2, :, number % 2])
    return points.reshape(2 * height, 2 * width)


def _offsets(details: Array) -> list[Array]:
    """What the points of each pixel are above it: top left, top right, bottom left, bottom right."""
    across, down, diagonal = np.ascontiguousarray(np.moveaxis(details, 2, 0))
    falling, rising = across + down, across - down
    return [diagonal - falling, rising - diagonal, -rising - diagonal, falling + diagonal]


def details_of(points: Array) -> Array:
    """Undo `quarters`: the details (height, width, 3) of a plane of points."""
    top_left, top_right = points[::2, ::2], points[::2, 1::2]
    bottom_left, bottom_right = points[1::2, ::2], points[1::2, 1::2]
    across = top_right + bottom_right - top_left - bottom_left
    down = bottom_left + bottom_right - top_left - top_right
    diagonal = top_left + bottom_right - top_right - bottom_left
    return np.stack([across, down, diagonal], axis=2) / np.float32(4)


def limited(details: Array, plane: Array) -> Array:
    """Shrink the details of each pixel until its four points are in range and make no halo.

    A point may leave the range of the 3 x 3 pixels around it by a tenth of that range: less than
    Lanczos interpolation does. The three details of a pixel shrink together, so its mean stays.
    """
    highest, lowest = maximum_filter(plane, 3), minimum_filter(plane, 3)
    beyond = OVERSHOOT * (highest - lowest)
    room_up = np.minimum(1, highest + beyond) - plane
    room_down = plane - np.maximum(0, lowest - beyond)
    offsets = _offsets(details)
    up, down = reduce(np.maximum, offsets), -reduce(np.minimum, offsets)
    tiny = np.finfo(np.float32).tiny
    share = np.minimum(room_up / np.maximum(up, tiny), room_down / np.maximum(down, tiny))
    return np.asarray(details * np.minimum(share, 1)[:, :, None])


def project(points: Array, plane: Array, highest: Array) -> Array:
    """Move a plane of points between 0 and `highest` where the mean of four is the pixel still [3]_."""
    height, width = plane.shape
    blocks = points.reshape(height, 2, width, 2)
    limits = highest.reshape(blocks.shape)
    mean = plane[:, None, :, None]
    for _ in range(PROJECTIONS):
        np.clip(blocks, 0, limits, out=blocks)
        blocks += mean - blocks.mean(axis=(1, 3), keepdims=True)
    # The little that is outside still: all four come closer to their mean until none is.
    beyond = np.where(blocks < 0, -blocks, blocks - limits)
    room = np.where(blocks < 0, mean, limits - mean)
    share = np.divide(room, room + beyond, out=np.ones_like(blocks), where=beyond > 0)
    blocks = mean + np.clip(share.min(axis=(1, 3), keepdims=True), 0, 1) * (blocks - mean)
    return np.asarray(np.clip(blocks, 0, limits, out=blocks)).reshape(2 * height, 2 * width)


def filled(picture: Array, known: Array) -> Array:
    """Give each pixel that is not known the color of the nearest one that is."""
    if known.all():
        return picture
    row, column = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(picture[row, column])


def normalized_patches(plane: Array) -> Iterator[tuple[Array, Array]]:
    """Yield patches (n, SIDE * SIDE), less their mean and over their contrast, and the contrast (n,).

    They come in bands of rows; past the edge the plane is mirrored.
    """
    return (_normalized(band) for band in _bands(plane))


def _bands(plane: Array) -> Iterator[Array]:
    """Cut a plane into bands of rows, each with the rows and columns that its patches reach into."""
    padded = np.pad(plane, SIDE // 2, mode="symmetric")
    rows = max(1, BAND_PIXELS // plane.shape[1])
    for top in range(0, len(plane), rows):
        yield padded[top : min(top + rows, len(plane)) + SIDE - 1]


def _normalized(band: Array) -> tuple[Array, Array]:
    """Patches of a band and their contrast, as `normalized_patches` yields them."""
    at = np.exp(-0.5 * ((np.arange(SIDE) - SIDE // 2) / WINDOW) ** 2)
    window = (np.outer(at, at) / at.sum() ** 2).ravel().astype(np.float32)
    patches = np.lib.stride_tricks.sliding_window_view(band, (SIDE, SIDE)).reshape(-1, SIDE * SIDE)
    patches = patches - (patches @ window)[:, None]
    contrast = np.sqrt(np.square(patches) @ window + FLOOR**2)
    patches /= contrast[:, None]
    return patches, contrast


def turned_patch(turn: tuple[bool, ...]) -> Array:
    """Which pixel of a patch comes where when it is turned."""
    transposed, upside_down, mirrored = turn
    numbers = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    numbers = numbers.T if transposed else numbers
    numbers = numbers[::-1] if upside_down else numbers
    return (numbers[:, ::-1] if mirrored else numbers).ravel()


def turned_back(details: Array, turn: tuple[bool, ...]) -> Array:
    """Details (n, 3) of the pixel as it stands, from those of the turned one."""
    transposed, upside_down, mirrored = turn
    across, down = (-1 if mirrored else 1), (-1 if upside_down else 1)
    upright = details * np.array([across, down, across * down], dtype=np.float32)
    return np.asarray(upright[:, [1, 0, 2]] if transposed else upright)


@dataclass(frozen=True, eq=False)
class DetailsNetwork:
    """From patches to what the true details have beyond the histospline's, over the contrast.

    Parameters
    ----------
    weights, biases : lists of float32 arrays
        Of each layer; ReLU between.
    """

    weights: list[Array]
    biases: list[Array]

    @classmethod
    def load(cls) -> Self:
        """Read the one that is kept with the package."""
        from safetensors.numpy import load

        tensors = load(files("paintnet.dataset").joinpath(FILE).read_bytes())
        numbers = range(len(tensors) // 2)
        read = [[tensors[f"{kind}.{i}"].astype(np.float32) for i in numbers] for kind in ("weight", "bias")]
        return cls(*read)

    def forward(self, patches: Array) -> Array:
        """Details (n, 3) of normalized patches (n, SIDE * SIDE)."""
        values = patches
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            values = values @ weight
            values += bias
            np.maximum(values, 0, out=values)
        return values @ self.weights[-1] + self.biases[-1]

    def turned(self, turn: tuple[bool, ...]) -> "DetailsNetwork":
        """Give the network that sees a patch as this one sees the turned one, and turns its details back."""
        first, *between, last = self.weights
        weights = [first[np.argsort(turned_patch(turn))], *between, turned_back(last, turn)]
        return DetailsNetwork(weights, [*self.biases[:-1], turned_back(self.biases[-1][None], turn)[0]])

    def details(self, plane: Array, threads: int = 1) -> Array:
        """Details (height, width, 3) of a plane: none of a flat one, whatever the biases say."""
        of_nothing = self.forward(np.zeros((1, SIDE * SIDE), dtype=np.float32))

        def of_band(band: Array) -> Array:
            patches, contrast = _normalized(band)
            return (self.forward(patches) - of_nothing) * contrast[:, None]

        return np.concatenate(list(in_threads(of_band, _bands(plane), threads))).reshape(*plane.shape, 3)


@cache
def details_network() -> DetailsNetwork:
    """Keep what was read once."""
    return DetailsNetwork.load()


def _learned_details(
    picture: Array, turns: int, has_time: Callable[[float], bool], threads: int
) -> list[Array]:
    """Of the brightness, which all colors share (color follows it, and is coarser), and of the alpha."""
    picture = picture.astype(np.float32, copy=False)
    planes = [picture[:, :, :3] @ LUMA if picture.shape[2] >= 3 else picture[:, :, 0]]
    if picture.shape[2] == 4:
        planes.append(np.ascontiguousarray(picture[:, :, 3]))
    totals = [np.zeros((*plane.shape, 3), dtype=np.float32) for plane in planes]
    seen = 0
    for turn in TURNS[:: len(TURNS) // turns]:
        if not has_time(seen / turns) and seen:
            break
        network = details_network().turned(turn)
        # Threads of BLAS beside those of the bands would wait for each other, and move the last bits.
        with OneBlasThread():
            for total, plane in zip(totals, planes, strict=True):
                total += network.details(plane, threads)
        seen += 1
    has_time(1.0)
    return [total / np.float32(seen) for total in totals]
