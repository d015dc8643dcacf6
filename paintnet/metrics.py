"""How close a painting comes to its picture: PSNR and SSIM.

Both compare pictures with values in [0, 1]. Transparent pictures are compared
with their colours multiplied by alpha, since a colour that cannot be seen
cannot be wrong.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paintnet.errors import PictureError
from paintnet.picture import premultiply

Array = NDArray[Any]

SSIM_SIGMA = 1.5
SSIM_RADIUS = 5
"""Gaussian window of 11 x 11 pixels, as in Wang et al. 2004."""


def mean_squared_error(a: Array, b: Array) -> float:
    """Mean squared difference of two pictures of the same shape.

    Examples
    --------
    >>> mean_squared_error(np.zeros((1, 2, 1)), np.array([[[0.5], [0.0]]]))
    0.125
    """
    _check_same_shape(a, b)
    difference = premultiply(a).astype(np.float64) - premultiply(b)
    return float(np.mean(np.square(difference)))


def psnr_of(mse: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean squared error, peak 1; infinite for 0.

    Examples
    --------
    >>> psnr_of(0.01)
    20.0
    """
    return float("inf") if mse == 0 else float(-10 * np.log10(mse))


def psnr(a: Array, b: Array) -> float:
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

    Examples
    --------
    >>> round(psnr(np.zeros((8, 8, 3)), np.full((8, 8, 3), 0.1)), 6)
    20.0
    """
    return psnr_of(mean_squared_error(a, b))


def ssim(a: Array, b: Array) -> float:
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
    _check_same_shape(a, b)
    first, second = premultiply(a), premultiply(b)
    channels = range(first.shape[2])
    return float(np.mean([_channel_ssim(first[:, :, c], second[:, :, c]) for c in channels]))


def _channel_ssim(a: Array, b: Array) -> float:
    # SciPy is slow to load and only measuring needs it.
    from scipy.ndimage import gaussian_filter

    def blur(values: Array) -> Array:
        return np.asarray(gaussian_filter(values, SSIM_SIGMA, radius=SSIM_RADIUS))

    a, b = a.astype(np.float64), b.astype(np.float64)
    mean_a, mean_b = blur(a), blur(b)
    variance_a = blur(a * a) - mean_a**2
    variance_b = blur(b * b) - mean_b**2
    covariance = blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    similarity = ((2 * mean_a * mean_b + c1) * (2 * covariance + c2)) / (
        (mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2)
    )
    if min(a.shape) > 2 * SSIM_RADIUS:
        similarity = similarity[SSIM_RADIUS:-SSIM_RADIUS, SSIM_RADIUS:-SSIM_RADIUS]
    return float(similarity.mean())


def _check_same_shape(a: Array, b: Array) -> None:
    if a.shape != b.shape:
        seen = " and ".join(f"{p.shape[1]} x {p.shape[0]} with {p.shape[2]} channels" for p in (a, b))
        raise PictureError("pictures", f"they differ in size: {seen}", "give two of the same size")
