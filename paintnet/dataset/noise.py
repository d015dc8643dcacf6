"""Noise of a picture: how strong it is, and how much of the details between pixels it leaves.

Details divide what the mean over a pixel has blurred, and so they sharpen grain too. Where the pixels
around show no more details than the grain alone would make, there is nothing to divide.

References
----------
.. [1] J. Immerkær, "Fast noise variance estimation", Computer Vision and Image Understanding 64(2), 1996.
.. [2] X. Liu, M. Tanaka, M. Okutomi, "Single-image noise level estimation for blind denoising", IEEE TIP
       22(12), 2013: among all patches, those of the least variance show the noise alone.
.. [3] M. K. Mihçak, I. Kozintsev, K. Ramchandran, P. Moulin, "Low-complexity image denoising based on
       statistical modeling of wavelet coefficients", IEEE Signal Processing Letters 6(12), 1999.
"""

import math
from collections.abc import Iterable
from functools import reduce

import numpy as np
from scipy.ndimage import correlate1d, uniform_filter

from paintnet.typing import Array

SQUARE = 9
"""Pixels along a side of the squares among which one without texture is looked for."""

QUIET_SHARE = 0.1
"""Share of the squares that are taken for quiet; the least of all would be too low by chance."""

DARKEST, LIGHTEST = 8 / 255, 247 / 255
"""Means of squares that count: beyond them noise is cut off, and seems weaker than it is."""

FEWEST = 1024
"""Squares, one around each pixel, that are enough to tell."""

WINDOW = 5
"""Pixels along a side of the square in which the energy of the details is measured."""

DETAILS_OF_NOISE = (0.087, 0.087, 0.014)
"""Variance of the three details that noise of variance 1 makes, measured; those of its histospline alone
are 0.087, 0.087 and 0.0076."""

CAUTION = 2.0
"""Times the energy of noise alone that is taken for noise: a window of 25 pixels may show that by chance."""


def noise_deviation(plane: Array) -> float:
    """Estimate the standard deviation of a plane's noise.

    A second difference along both axes leaves noise and texture [1]_, and the quietest squares have no
    texture [2]_. In a picture that is all texture the estimate is too high.

    Parameters
    ----------
    plane : float32 array of shape (height, width)
        Values in [0, 1].

    Returns
    -------
    float
        In the same unit; 0 where there is too little to tell.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0.5, 0.02, (80, 80)).astype(np.float32)
    >>> 0.75 * 0.02 < noise_deviation(noise) < 0.02
    True
    """
    second = np.array([1, -2, 1], dtype=np.float32)
    rest = correlate1d(correlate1d(plane, second, 0, mode="reflect"), second, 1, mode="reflect")
    means = uniform_filter(plane, SQUARE, mode="reflect")
    energies = uniform_filter(np.square(rest), SQUARE, mode="reflect")
    counted = energies[(means > DARKEST) & (means < LIGHTEST)]
    if len(counted) < FEWEST:
        return 0.0
    # The squares of the nine weights of both differences add up to 36; sums that run may fall below 0.
    return math.sqrt(max(0.0, float(np.quantile(counted, QUIET_SHARE))) / 36)


def shares_beyond_noise(details: Iterable[Array], variance: float) -> Array:
    """Give the share of its details that each pixel keeps: those of noise alone are none.

    It is Wiener's, signal over signal and noise, with the energy around a pixel for both [3]_.

    Parameters
    ----------
    details : iterable of float32 arrays of shape (height, width, 3)
        Of each channel.
    variance : float
        Of the noise, summed over the channels.

    Returns
    -------
    float32 array of shape (height, width, 3)
        From 0 to 1.

    Examples
    --------
    >>> details = np.full((9, 9, 3), 0.1, dtype=np.float32)
    >>> [f"{shares_beyond_noise([details], variance).min():.3f}" for variance in (0.0, 0.01, 0.1)]
    ['1.000', '0.826', '0.000']
    """
    shares = reduce(np.add, map(np.square, details))
    for number, of_noise in enumerate(DETAILS_OF_NOISE):
        energy = uniform_filter(shares[:, :, number], WINDOW, mode="reflect")
        # Sums that run along a row may fall below 0 by rounding.
        np.maximum(energy, np.finfo(np.float32).tiny, out=energy)
        shares[:, :, number] = 1 - np.float32(CAUTION * of_noise * variance) / energy
    return np.maximum(shares, 0, out=shares)
