"""Noise of a picture, and the details that it leaves."""

import numpy as np
import pytest
from PIL import Image

from paintnet.dataset import points
from paintnet.dataset.noise import noise_deviation, shares_beyond_noise


def grain(sigma, seed=0, size=160):
    """Noise of a deviation in levels, on a slow gradient."""
    gradient = np.linspace(60, 200, size)[:, None] + np.linspace(0, 20, size)
    levels = gradient + np.random.default_rng(seed).normal(0, sigma, (size, size))
    return (np.rint(levels) / 255).astype(np.float32)


@pytest.mark.parametrize("sigma", [1.0, 2.0, 4.0, 8.0])
def test_the_deviation_of_noise_is_found(sigma):
    # The quietest tenth of the blocks has a fifth less than the mean, by chance.
    assert 0.7 * sigma < 255 * noise_deviation(grain(sigma)) < 1.1 * sigma


def test_what_has_no_noise_has_none_whatever_its_edges():
    drawing = np.zeros((80, 80), dtype=np.float32) + np.float32(0.4)
    drawing[:, 40:] = 0.8
    drawing[20:30] = 0.1
    assert noise_deviation(drawing) < 1e-6  # of rounding
    assert noise_deviation(grain(4.0)[:5]) == 0  # too small to tell
    assert noise_deviation(np.ones((80, 80), dtype=np.float32)) == 0


def test_noise_that_is_cut_off_at_black_does_not_hide_the_rest():
    noisy = grain(4.0)
    half_black = np.where(np.arange(160)[:, None] < 60, np.float32(0), noisy)
    assert noise_deviation(half_black) == pytest.approx(noise_deviation(noisy), rel=0.1)


def test_shares_are_wieners_by_hand():
    details = np.full((9, 9, 3), 0.1, dtype=np.float32)
    # The energy of two channels is 0.02, so along the axes it is 1 - 2 x 0.087 x 0.0032 / 0.02.
    expected = [0.97216, 0.97216, 0.99552]
    np.testing.assert_allclose(shares_beyond_noise([details, details], 0.0032)[4, 4], expected, rtol=1e-4)


def test_noise_is_not_sharpened():
    noisy = np.stack([grain(3.0, seed) for seed in range(3)], axis=2)
    flat = noisy - np.linspace(60, 200, 160, dtype=np.float32)[:, None, None] / 255
    dense = points.quarter_points(noisy) - points.quarter_points(noisy - flat)
    # Their mean is the pixel, so the points cannot have less; without the shares they have 1.09 times it.
    assert 1 <= dense.std() / flat.std() < 1.02


def test_a_clean_edge_keeps_its_details_amid_noise():
    clean = np.full((160, 160, 1), 0.3, dtype=np.float32)
    clean[:, 80:] = 0.7
    blurred = np.asarray(Image.fromarray(clean[:, :, 0]).resize((80, 80), Image.Resampling.BICUBIC))[
        ..., None
    ]
    noise = np.random.default_rng(0).normal(0, 2 / 255, blurred.shape).astype(np.float32)
    found = points.details_of(points.quarter_points(blurred + noise)[:, :, 0])[:, 39:41, 0]
    expected = points.details_of(points.quarter_points(blurred)[:, :, 0])[:, 39:41, 0]
    assert np.abs(expected).max() > 0.02
    np.testing.assert_allclose(found.mean(axis=0), expected.mean(axis=0), rtol=0.1, atol=2e-3)
