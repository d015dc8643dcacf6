import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paintnet.encoding.extent import Extent
from paintnet.encoding.fourier import FourierMap, FourierSpec

EXTENT = Extent.of_picture(9, 5)


def fourier(*frequencies: tuple[float, float], extent: Extent = EXTENT) -> FourierMap:
    return FourierMap(extent, np.array(frequencies).T)


def test_hand_worked_features() -> None:
    xy = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 1.0]])
    quarter, diagonal = (0.25, 0.0), (0.125, 0.25)
    s = np.sqrt(0.5)
    expected = [[0, 0, 1, 1], [1, s, 0, s], [0, 0, -1, -1]]
    np.testing.assert_allclose(fourier(quarter, diagonal).transform(xy), expected, atol=1e-15)


def test_phases_are_counted_from_the_corner() -> None:
    moved = fourier((0.25, 0.1), extent=Extent(100, 50, 108, 54))
    xy = np.array([[3.0, 2.0]])
    there, here = moved.transform(xy + np.array([100, 50])), fourier((0.25, 0.1)).transform(xy)
    np.testing.assert_allclose(there, here, atol=1e-12)


@given(
    st.integers(1, 500), st.integers(1, 500), st.floats(1e-6, 1e6), st.integers(0, 1000), st.integers(1, 40)
)
def test_no_frequency_is_above_nyquist(width: int, height: int, sigma: float, seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    encoding = FourierMap.draw(Extent.of_picture(width, height), n, sigma, rng)
    assert encoding.n_features == 2 * n
    assert np.isfinite(encoding.frequencies).all()
    assert np.abs(encoding.frequencies).max() <= 0.5


def test_a_capped_frequency_keeps_its_direction_and_slow_ones_their_length() -> None:
    extent = Extent.of_picture(101, 201)
    draws = np.random.default_rng(4).normal(0, 30 / 100, (2, 300))
    frequencies = FourierMap.draw(extent, 300, 30, np.random.default_rng(4)).frequencies
    slow = np.abs(draws).max(axis=0) <= 0.5
    assert 0 < slow.sum() < 300
    np.testing.assert_allclose(frequencies[:, slow], draws[:, slow], rtol=1e-6)
    np.testing.assert_allclose(np.arctan2(*frequencies), np.arctan2(*draws), rtol=1e-5)
    np.testing.assert_allclose(np.abs(frequencies[:, ~slow]).max(axis=0), 0.5, rtol=1e-6)


def test_sigma_is_the_spread_in_cycles_per_short_side() -> None:
    frequencies = FourierMap.draw(
        Extent.of_picture(1001, 201), 20_000, 10, np.random.default_rng(0)
    ).frequencies
    assert frequencies.std() == pytest.approx(10 / 200, rel=0.02)


def test_frequencies_that_would_overflow_are_refused() -> None:
    document = fourier((1.0, 0.5)).to_document()
    for worst in (1.001e6, -3e38):
        with pytest.raises(ValueError, match=r"^frequencies over 1,000,000 cycles a pixel$"):
            FourierMap.from_document(document, {"frequencies": np.array([[0.1], [worst]], np.float32)})
    fastest = FourierMap.from_document(document, {"frequencies": np.array([[1e6], [-1e6]], np.float32)})
    assert np.isfinite(fastest.transform(np.array([[1e9, -1e9]], np.float32))).all()


def test_float32_keeps_the_phase_on_a_wide_picture() -> None:
    encoding = FourierMap.draw(Extent.of_picture(8000, 8000), 64, 4000, np.random.default_rng(1))
    xy = np.random.default_rng(2).integers(0, 8000, (500, 2))
    difference = encoding.transform(xy.astype(np.float32)) - encoding.transform(xy.astype(np.float64))
    assert np.abs(difference).max() < 5e-3


def test_frequencies_of_another_shape_are_refused() -> None:
    document = fourier((0.1, 0.2)).to_document()
    with pytest.raises(ValueError, match=r"frequencies of shape \(3, 4\), expected \(2, n\)"):
        FourierMap.from_document(document, {"frequencies": np.zeros((3, 4))})


def test_one_seed_draws_the_same_directions() -> None:
    spec = FourierSpec(n_frequencies=5, sigma=2.0)
    first, again, other = (spec.build(EXTENT, seed).frequencies for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
