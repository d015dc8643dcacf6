"""PSNR worked by hand; SSIM against an implementation that walks every window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paintnet.errors import PictureError
from paintnet.metrics import mean_squared_error, psnr, psnr_of, ssim
from paintnet.picture import open_picture

rng = np.random.default_rng(7)


def window() -> np.ndarray:
    """Gaussian of 11 x 11, sigma 1.5, adding up to 1 (Wang et al. 2004, section III-B)."""
    offset = np.arange(-5, 6)
    weights = np.exp(-(offset[:, None] ** 2 + offset**2) / (2 * 1.5**2))
    return weights / weights.sum()


def slow_ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Equations 13 to 16 of Wang et al. 2004, window by window."""
    w = window()
    found = []
    for channel in range(a.shape[2]):
        for y in range(a.shape[0] - 10):
            for x in range(a.shape[1] - 10):
                p = a[y : y + 11, x : x + 11, channel].astype(np.float64)
                q = b[y : y + 11, x : x + 11, channel].astype(np.float64)
                mean_p, mean_q = (w * p).sum(), (w * q).sum()
                variance_p = (w * (p - mean_p) ** 2).sum()
                variance_q = (w * (q - mean_q) ** 2).sum()
                covariance = (w * (p - mean_p) * (q - mean_q)).sum()
                luminance = (2 * mean_p * mean_q + 1e-4) / (mean_p**2 + mean_q**2 + 1e-4)
                structure = (2 * covariance + 9e-4) / (variance_p + variance_q + 9e-4)
                found.append(luminance * structure)
    return float(np.mean(found))


@pytest.mark.parametrize(
    ("difference", "decibels"),
    [(1.0, 0.0), (0.1, 20.0), (0.01, 40.0), (1 / 255, 48.130804), (0.5, 6.0205999)],
)
def test_hand_worked_psnr(difference: float, decibels: float) -> None:
    a = np.zeros((4, 5, 3))
    assert psnr(a, a + difference) == pytest.approx(decibels, abs=1e-6)


def test_psnr_of_one_wrong_pixel_among_a_hundred() -> None:
    a = np.zeros((10, 10, 1), dtype=np.float32)
    b = a.copy()
    b[3, 4] = 1
    assert mean_squared_error(a, b) == 0.01
    assert psnr(a, b) == 20


def test_equal_pictures_are_infinitely_close_and_fully_similar() -> None:
    a = rng.random((20, 15, 3), dtype=np.float32)
    assert psnr(a, a) == psnr_of(0.0) == float("inf")
    assert ssim(a, a) == 1


@pytest.mark.parametrize("shape", [(11, 11, 1), (12, 17, 3), (25, 14, 3)])
@pytest.mark.parametrize("noise", [0.02, 0.3])
def test_ssim_is_the_published_one(shape: tuple[int, int, int], noise: float) -> None:
    row, column, channel = np.indices(shape)
    a = 0.5 + 0.4 * np.sin(row / 3 + channel) * np.cos(column / 4)
    b = np.clip(a + noise * rng.normal(size=shape), 0, 1)
    assert ssim(a, b) == pytest.approx(slow_ssim(a, b), abs=1e-6)
    assert 0 < ssim(a, b) < 1


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_is_that_of_scikit_image(channels: int) -> None:
    metrics = pytest.importorskip("skimage.metrics")
    rng = np.random.default_rng(channels)
    a = open_picture("sample:bird").pixels[:, :, :channels]
    b = np.clip(a + 0.1 * rng.standard_normal(a.shape).astype(np.float32), 0, 1)
    theirs = metrics.structural_similarity(
        a,
        b,
        data_range=1.0,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert ssim(a, b) == pytest.approx(theirs, abs=1e-4)


def test_ssim_of_flat_pictures_is_the_luminance_term() -> None:
    a, b = np.full((16, 16, 1), 0.25), np.full((16, 16, 1), 0.75)
    assert ssim(a, b) == pytest.approx((2 * 0.25 * 0.75 + 1e-4) / (0.0625 + 0.5625 + 1e-4), abs=1e-7)


def test_ssim_does_not_lose_small_variances() -> None:
    a = rng.random((13, 13, 1), dtype=np.float32)
    b = np.clip(a + np.float32(0.05), 0, 1)
    assert ssim(a, b) == pytest.approx(slow_ssim(a, b), abs=1e-6)


def test_ssim_of_a_negative_is_negative() -> None:
    a = rng.random((20, 20, 1))
    assert ssim(a, 1 - a) < 0


@given(st.integers(1, 14), st.integers(1, 14), st.integers(0, 99))
def test_measures_hold_at_any_size(height: int, width: int, seed: int) -> None:
    a, b = np.random.default_rng(seed).random((2, height, width, 3))
    assert ssim(a, b) == pytest.approx(ssim(b, a), abs=1e-12)
    assert psnr(a, b) == psnr(b, a)
    assert -1 <= ssim(a, b) <= 1
    assert ssim(a, a) == pytest.approx(1, abs=1e-12)


def test_a_color_that_cannot_be_seen_cannot_be_wrong() -> None:
    a = rng.random((12, 12, 4))
    a[:6, :, 3] = 0
    b = a.copy()
    b[:6, :, :3] = 1 - b[:6, :, :3]
    assert psnr(a, b) == float("inf")
    assert ssim(a, b) == 1


def test_half_transparent_differences_count_by_half() -> None:
    a = np.full((2, 2, 4), 0.5)
    b = a.copy()
    b[..., :3] += 0.2
    # Premultiplied, three of the four channels differ by 0.1 and alpha by nothing.
    assert mean_squared_error(a, b) == pytest.approx(0.01 * 3 / 4)


@pytest.mark.parametrize("measure", [mean_squared_error, psnr, ssim])
def test_pictures_of_different_shapes_are_refused(measure: object) -> None:
    with pytest.raises(PictureError) as caught:
        measure(np.zeros((2, 3, 1)), np.zeros((4, 5, 3)))  # type: ignore[operator]
    assert str(caught.value) == (
        "pictures: they differ in size: 3 x 2 with 1 channels and 5 x 4 with 3 channels; "
        "give two of the same size"
    )


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_ssim_in_float32_is_that_in_float64(level: float) -> None:
    """Flat parts beside others are the hardest: their variance is a difference of nearly equal sums."""
    a = np.where(np.indices((40, 40))[0][:, :, None] < 20, level, rng.random((40, 40, 1)))
    b = np.clip(a + rng.normal(0, 0.004, a.shape), 0, 1)
    assert ssim(a, b) == pytest.approx(slow_ssim(a, b), abs=1e-5)
