"""How close a painting comes to its picture: PSNR and SSIM.

Both compare pictures with values in [0, 1]. Transparent pictures are compared
with their colors multiplied by alpha, since a color that cannot be seen
cannot be wrong.
"""

from collections.abc import Iterator

import numpy as np

from paintnet.errors import PictureError
from paintnet.picture import premultiply
from paintnet.picture.arrays import pixels_of
from paintnet.picture.levels import LevelPicture, Pixels
from paintnet.typing import Array

BAND_ROWS = 64
"""Rows that are measured at once: memory does not grow with the picture."""

SSIM_SIGMA = 1.5
SSIM_RADIUS = 5
"""Gaussian window of 11 x 11 pixels, as in Wang et al. 2004."""

_WINDOW = np.exp(-((np.arange(2 * SSIM_RADIUS + 1) - SSIM_RADIUS) ** 2) / (2 * SSIM_SIGMA**2))
_WINDOW = (_WINDOW / _WINDOW.sum()).astype(np.float32)


def mean_squared_error(a: Pixels, b: Pixels) -> float:
    """Mean squared difference of two pictures of the same shape.

    Examples
    --------
    >>> mean_squared_error(np.zeros((1, 2, 1)), np.array([[[0.5], [0.0]]]))
    0.125
    """
    a, b = _two_pictures(a, b)
    total = 0.0
    # Band by band: a large picture's differences in float64 would not fit beside it.
    for top in range(0, len(a), BAND_ROWS):
        band = slice(top, top + BAND_ROWS)
        difference = premultiply(a[band]).astype(np.float64) - premultiply(b[band])
        total += float(np.square(difference, out=difference).sum())
    return total / a.size


def difference_bands(a: Pixels, b: Pixels) -> Iterator[Array]:
    """Yield how far apart two pictures of the same shape are, from top to bottom, some rows at a time.

    Examples
    --------
    >>> next(difference_bands(np.zeros((1, 2, 1)), np.array([[[0.5], [0.0]]]))).ravel().tolist()
    [0.5, 0.0]
    """
    a, b = _two_pictures(a, b)
    for top in range(0, len(a), BAND_ROWS):
        band = slice(top, top + BAND_ROWS)
        yield np.abs(premultiply(a[band]) - premultiply(b[band]))


def largest_difference(a: Pixels, b: Pixels) -> tuple[float, tuple[int, int]]:
    """Find the largest difference of two pictures, and the first position (x, y) that has it.

    Examples
    --------
    >>> largest_difference(np.zeros((1, 2, 1)), np.array([[[0.0], [0.25]]]))
    (0.25, (1, 0))
    """
    largest, place, top = -1.0, (0, 0), 0
    for band in difference_bands(a, b):
        row, column, _ = np.unravel_index(band.argmax(), band.shape)
        if band.max() > largest:
            largest, place = float(band.max()), (int(column), top + int(row))
        top += len(band)
    return largest, place


def psnr_of(mse: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean squared error, peak 1; infinite for 0.

    Examples
    --------
    >>> psnr_of(0.01)
    20.0
    """
    return float("inf") if mse == 0 else float(-10 * np.log10(mse))


def psnr(a: Pixels, b: Pixels) -> float:
    """Peak signal-to-noise ratio of two pictures in dB, peak 1.

    Parameters
    ----------
    a, b : array of shape (height, width, channels)
        Pictures in [0, 1].

    Returns
    -------
    float
        ``10 log10(1 / MSE)``; infinite where the pictures are equal.

    Raises
    ------
    PictureError
        If the shapes differ.
    SettingsError
        If one is no picture.

    Examples
    --------
    >>> round(psnr(np.zeros((8, 8, 3)), np.full((8, 8, 3), 0.1)), 6)
    20.0
    """
    return psnr_of(mean_squared_error(a, b))


def ssim(a: Pixels, b: Pixels) -> float:
    """Structural similarity of two pictures, 1 where they are equal.

    Parameters
    ----------
    a, b : array of shape (height, width, channels)
        Pictures in [0, 1].

    Returns
    -------
    float
        Mean over channels and over the pixels whose whole window lies inside
        the picture (over all pixels of a picture smaller than a window).

    Notes
    -----
    Wang, Bovik, Sheikh and Simoncelli 2004, "Image quality assessment: from
    error visibility to structural similarity", equation 13: Gaussian window of
    11 x 11 with sigma 1.5, K1 = 0.01, K2 = 0.03.

    Examples
    --------
    >>> ssim(np.full((16, 16, 1), 0.3), np.full((16, 16, 1), 0.3))
    1.0
    """
    a, b = _two_pictures(a, b)
    # A window needs its neighbours, so bands overlap by its radius on both sides.
    margin = SSIM_RADIUS if min(a.shape[:2]) > 2 * SSIM_RADIUS else 0
    inside = a.shape[0] - 2 * margin
    total = 0.0
    for top in range(0, inside, BAND_ROWS if margin else inside):
        rows = min(BAND_ROWS, inside - top) if margin else inside
        band = slice(top, top + rows + 2 * margin)
        first, second = premultiply(a[band]), premultiply(b[band])
        for channel in range(a.shape[2]):
            similarity = _similarity(first[:, :, channel], second[:, :, channel], margin > 0)
            total += float(similarity.sum(dtype=np.float64))
    return float(total / (inside * (a.shape[1] - 2 * margin) * a.shape[2]))


def _similarity(a: Array, b: Array, is_inner: bool) -> Array:
    """SSIM at each pixel of one channel; at those with a whole window, or with the edges mirrored."""
    # Variances are small differences of large sums: around a mean the sums are small too, and float32 will
    # do, to 1e-4 (Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance").
    center = np.float32((a.mean(dtype=np.float64) + b.mean(dtype=np.float64)) / 2)
    a, b = a.astype(np.float32) - center, b.astype(np.float32) - center
    if not is_inner:
        a, b = np.pad(a, SSIM_RADIUS, mode="symmetric"), np.pad(b, SSIM_RADIUS, mode="symmetric")
    mean_a, mean_b = _blurred(a), _blurred(b)
    squares = mean_a * mean_a + mean_b * mean_b
    product = mean_a * mean_b
    # Only the sum of the two variances is asked for, so one blur does for both.
    variances = _blurred(a * a + b * b) - squares
    covariance = _blurred(a * b) - product
    c1, c2 = np.float32(0.01**2), np.float32(0.03**2)
    # Products of the means themselves: (x + c)(y + c) = xy + c (x + y) + c c.
    shift = center * (mean_a + mean_b) + center * center
    luminance = (2 * (product + shift) + c1) / (squares + 2 * shift + c1)
    similarity: Array = luminance * ((2 * covariance + c2) / (variances + c2))
    return similarity


def _blurred(values: Array) -> Array:
    """Weigh each pixel's window by a Gaussian, along one axis and then the other; the margin is lost."""
    for axis in (0, 1):
        rows = values if axis == 0 else values.T
        inside = len(rows) - 2 * SSIM_RADIUS
        blurred = _WINDOW[SSIM_RADIUS] * rows[SSIM_RADIUS : SSIM_RADIUS + inside]
        for k in range(SSIM_RADIUS):  # the window is symmetric
            mirrored = rows[2 * SSIM_RADIUS - k :][:inside]
            blurred += _WINDOW[k] * (rows[k : k + inside] + mirrored)
        values = blurred if axis == 0 else blurred.T
    return values


def _two_pictures(a: Pixels, b: Pixels) -> tuple[Pixels, Pixels]:
    """Check that these are pictures of one shape."""
    a, b = (each if isinstance(each, LevelPicture) else pixels_of(each) for each in (a, b))
    if a.shape != b.shape:
        seen = " and ".join(f"{p.shape[1]} x {p.shape[0]} with {p.shape[2]} channels" for p in (a, b))
        raise PictureError("pictures", f"they differ in size: {seen}", "give two of the same size")
    return a, b
