"""Points: their mean is the pixel, they keep to the range, and unknown pixels have no part in them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paintnet.dataset.pixels import area_dataset
from paintnet.dataset.points import (
    center_values,
    details_of,
    histospline_details,
    project,
    quarter_points,
    quarters,
)

planes = arrays(
    np.float32, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(0, 1, width=32)
)


def means(points: np.ndarray) -> np.ndarray:
    height, width = points.shape[:2]
    return points.reshape(height // 2, 2, width // 2, 2, -1).mean(axis=(1, 3))


def test_the_histospline_reproduces_a_parabola() -> None:
    """Of x ** 2 the mean over a pixel is x ** 2 + 1/12, over its right half x ** 2 + x / 2 + 1/12."""
    x = np.arange(-30, 31.0)
    plane = np.tile(x**2 + 1 / 12, (3, 1)).astype(np.float32) / 1000
    across, down, diagonal = np.moveaxis(histospline_details(plane)[1, 20:41], 1, 0)
    np.testing.assert_allclose(across, x[20:41] / 2000, atol=2e-5)
    np.testing.assert_allclose([down, diagonal], 0, atol=2e-5)


def test_hand_worked_points_of_details() -> None:
    points = quarters(np.float32([[0.5]]), np.float32([[[0.1, 0.02, 0.003]]]))
    np.testing.assert_allclose(points, [[0.383, 0.577], [0.417, 0.623]], rtol=1e-6)
    np.testing.assert_allclose(details_of(points), [[[0.1, 0.02, 0.003]]], rtol=1e-5)


@given(planes)
def test_the_mean_of_the_points_is_the_pixel_and_none_leaves_the_range(plane: np.ndarray) -> None:
    points = quarter_points(plane[:, :, None])
    assert points.min() >= 0
    assert points.max() <= 1
    assert np.abs(means(points)[:, :, 0] - plane).max() < 1e-6


def test_projection_by_hand() -> None:
    """0.1 is the mean of -0.2, 0.2, 0.2, 0.2: clipped, then lowered together until it is again."""
    points = project(np.float32([[-0.2, 0.2], [0.2, 0.2]]), np.float32([[0.1]]), np.float32(1))
    np.testing.assert_allclose(points, [[0, 0.4 / 3], [0.4 / 3, 0.4 / 3]], atol=1e-3)
    np.testing.assert_allclose(points.mean(), 0.1, rtol=1e-6)
    assert points.min() >= 0


def test_colors_stay_below_their_alpha() -> None:
    rng = np.random.default_rng(0)
    alpha = (rng.random((12, 12, 1)) > 0.5).astype(np.float32)
    picture = np.concatenate([rng.random((12, 12, 3), dtype=np.float32) * alpha, alpha], axis=2)
    points = quarter_points(picture)
    assert (points[:, :, :3] <= points[:, :, 3:]).all()
    assert np.abs(means(points) - picture).max() < 1e-6


@pytest.mark.parametrize("waves", [1, 3, 7])
def test_a_wave_comes_out_at_its_height(waves: int) -> None:
    """Mirrored at the edge, a cosine's mean over each pixel is sinc(frequency) times its value there."""
    frequency = waves / 64
    at = np.cos(2 * np.pi * frequency * (np.arange(32) + 0.5))
    pixels = np.sinc(frequency) * at.reshape(1, 32, 1).repeat(5, axis=0)
    np.testing.assert_allclose(center_values(pixels)[2, :, 0], at, atol=1e-9)


@pytest.mark.parametrize("hold_out", [0.0, 0.3])
def test_what_is_not_learned_has_no_part_in_the_points(hold_out: float) -> None:
    rng = np.random.default_rng(2)
    picture = rng.random((14, 11, 3), dtype=np.float32)
    known = rng.random((14, 11)) < 0.7
    one = area_dataset(picture, known=known, hold_out=hold_out)
    learned = one.mask()[::2, ::2] > 0
    assert learned.sum() == one.n_learned / 4
    other = np.where(learned[:, :, None], picture, rng.random(picture.shape, dtype=np.float32))
    two = area_dataset(other, known=known, hold_out=hold_out)
    assert one.of_learned(one.targets).tobytes() == two.of_learned(two.targets).tobytes()
    assert (one.held_out == two.held_out).all()
    assert known.ravel()[one.held_out].all()
