"""A picture as points: two by two in each pixel, with the pixel as their mean.

A pixel of a camera, a scanner or a resized picture is a mean over its area. What is painted is the
function underneath, so it is learned at the centers of the four quarters of each pixel. They differ
from their mean by three details: right less left, bottom less top, and one diagonal less the other.
The details are those of the histospline [1]_, the quadratic spline whose mean over each pixel is that
pixel, along both axes. Projections in turns then keep all points inside the range and the mean of each
pixel where it was [2]_. The means are of the stored (gamma-encoded) values, as nearly all programs
resize.

References
----------
.. [1] I. J. Schoenberg, "Splines and histograms", in Spline Functions and Approximation Theory, 1973.
.. [2] D. C. Youla, H. Webb, "Image restoration by the method of convex projections", IEEE TMI 1(2), 1982.
"""

import numpy as np
from scipy.fft import dctn, idctn
from scipy.ndimage import correlate1d, distance_transform_edt

from paintnet.typing import Array

PROJECTIONS = 4
"""More change no level of 8 bits in photographs."""

SHARE = np.float32(0.5)
"""Of estimates along edges, in the points of a picture that will be enlarged."""

# The weights of the pixels beside fall by the pole of the quadratic spline, 3 ** 0.5 - 2: the eighth is 1e-5.
_BESIDE = 0.75 * (2 - 3**0.5) * (3**0.5 - 2) ** np.arange(8)
HISTOSPLINE = np.concatenate([-_BESIDE[::-1], [0], _BESIDE]).astype(np.float32)
"""Half of what the right half's mean is above the left half's, from the pixels of a row."""


def quarter_points(picture: Array, halfway: Array | None = None) -> Array:
    """Give the colors at the centers of the four quarters of each pixel.

    Parameters
    ----------
    picture : float32 array of shape (height, width, channels)
        Values in [0, 1]; colors are premultiplied by alpha.
    halfway : float array of shape (2 height - 1, 2 width - 1, channels), optional
        An estimate of the function at the pixels' centers and halfway between them; half of its
        details are taken.

    Returns
    -------
    float32 array of shape (2 height, 2 width, channels)
        Values in [0, 1], colors at most their alpha; the mean of the four points in a pixel is the
        pixel, nearly to rounding.

    Examples
    --------
    >>> step = np.repeat(np.float32([0, 0, 0, 1, 1, 1]), 6).reshape(6, 6, 1).transpose(1, 0, 2)
    >>> points = quarter_points(step)
    >>> points.shape, bool(np.abs(points.reshape(6, 2, 6, 2, 1).mean(axis=(1, 3)) - step).max() < 0.01)
    ((12, 12, 1), True)
    """
    height, width, channels = picture.shape
    points = np.empty((2 * height, 2 * width, channels), dtype=np.float32)
    # Alpha comes first: it bounds the colors.
    for channel in reversed(range(channels)):
        plane = np.ascontiguousarray(picture[:, :, channel], dtype=np.float32)
        details = histospline_details(plane)
        if halfway is not None:
            details += SHARE * (details_of(_quarters_between(halfway[:, :, channel])) - details)
        highest = points[:, :, 3] if channels == 4 and channel < 3 else np.float32(1)
        points[:, :, channel] = project(quarters(plane, details), plane, highest)
    return points


def histospline_details(plane: Array) -> Array:
    """Details (height, width, 3) of the histospline of a plane [1]_."""
    across, down = (correlate1d(plane, HISTOSPLINE, axis, mode="reflect") for axis in (1, 0))
    return np.stack([across, down, correlate1d(across, HISTOSPLINE, 0, mode="reflect")], axis=2)


def quarters(plane: Array, details: Array) -> Array:
    """Points (2 height, 2 width) of a plane (height, width) and its details (height, width, 3)."""
    height, width = plane.shape
    across, down, diagonal = np.moveaxis(details, 2, 0)
    points = np.empty((height, 2, width, 2), dtype=np.float32)
    points[:, 0, :, 0] = plane - across - down + diagonal
    points[:, 0, :, 1] = plane + across - down - diagonal
    points[:, 1, :, 0] = plane - across + down - diagonal
    points[:, 1, :, 1] = plane + across + down + diagonal
    return points.reshape(2 * height, 2 * width)


def details_of(points: Array) -> Array:
    """Undo `quarters`: the details (height, width, 3) of a plane of points."""
    top_left, top_right = points[::2, ::2], points[::2, 1::2]
    bottom_left, bottom_right = points[1::2, ::2], points[1::2, 1::2]
    across = top_right + bottom_right - top_left - bottom_left
    down = bottom_left + bottom_right - top_left - top_right
    diagonal = top_left + bottom_right - top_right - bottom_left
    return np.stack([across, down, diagonal], axis=2) / np.float32(4)


def project(points: Array, plane: Array, highest: Array | np.float32) -> Array:
    """Move a plane of points between 0 and `highest` where the mean of four is the pixel still [2]_."""
    height, width = plane.shape
    blocks = points.reshape(height, 2, width, 2)
    limits = highest.reshape(blocks.shape) if isinstance(highest, np.ndarray) else highest
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


def center_values(picture: Array) -> Array:
    """Values at the pixels' centers of what has the pixels as its means: the picture divided by sinc.

    Parameters
    ----------
    picture : float array of shape (height, width, channels)
        The pixels, mirrored past the edge.

    Returns
    -------
    float array of shape (height, width, channels)
        Above and below the range where the picture is sharp.

    Notes
    -----
    The mean over a pixel of a wave of ``f`` cycles a pixel is ``sinc(f)`` times its value at the center.
    """
    height, width, _ = picture.shape
    spectrum = dctn(picture, axes=(0, 1), norm="ortho")
    for side, shape in ((height, (-1, 1, 1)), (width, (1, -1, 1))):
        spectrum /= np.sinc(np.arange(side) / (2 * side)).astype(picture.dtype).reshape(shape)
    return np.asarray(idctn(spectrum, axes=(0, 1), norm="ortho"))


def filled(picture: Array, known: Array) -> Array:
    """Give each pixel that is not known the color of the nearest one that is."""
    if known.all():
        return picture
    row, column = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(picture[row, column])


def _quarters_between(halfway: Array) -> Array:
    """From a lattice of half pixels to the one shifted by a quarter, by Keys's cubic convolution."""
    for _ in range(2):
        padded = np.pad(halfway, ((2, 2), (0, 0)), mode="reflect" if len(halfway) > 2 else "edge")
        inner, outer = padded[1:-2] + padded[2:-1], padded[:-3] + padded[3:]
        halfway = ((9 * inner - outer) / 16).T
    return np.asarray(halfway, dtype=np.float32)
