import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from paintnet.errors import SettingsError
from paintnet.picture import premultiply, shrink, unpremultiply

UNIT = st.floats(0, 1, width=32)
RGBA = arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(4)), elements=UNIT)


@given(RGBA)
def test_unpremultiply_undoes_premultiply(pixels: np.ndarray) -> None:
    pixels[..., 3] = np.where(pixels[..., 3] < 1e-3, 0, pixels[..., 3])
    back = unpremultiply(premultiply(pixels))
    expected = np.where(pixels[..., 3:] > 0, pixels, 0)
    assert back.dtype == np.float32
    assert np.allclose(back, expected, atol=1e-5)


@given(RGBA)
def test_unpremultiply_stays_within_0_and_1(pixels: np.ndarray) -> None:
    back = unpremultiply(pixels)
    assert np.isfinite(back).all()
    assert 0 <= back.min() <= back.max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
def test_other_channel_counts_pass_through(channels: int) -> None:
    pixels = np.full((2, 2, channels), 0.3, np.float32)
    assert premultiply(pixels) is pixels
    assert unpremultiply(pixels) is pixels


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 3, 4])),
        elements=UNIT,
    ),
    st.integers(1, 25),
)
def test_shrink_keeps_range_and_shape(pixels: np.ndarray, max_side: int) -> None:
    small = shrink(pixels, max_side)
    longest = max(pixels.shape[:2])
    assert small.dtype == np.float32
    assert max(small.shape[:2]) == min(longest, max_side)
    assert small.shape[2] == pixels.shape[2]
    if pixels.shape[2] != 4:  # no halos: no value beyond those that were there
        assert pixels.min() - 1e-6 <= small.min() <= small.max() <= pixels.max() + 1e-6


def test_shrink_averages() -> None:
    board = np.indices((64, 64)).sum(axis=0) % 2
    small = shrink(board[..., np.newaxis].astype(np.float32), 8)
    assert np.allclose(small, 0.5, atol=0.02)


def test_shrink_leaves_a_small_picture_alone() -> None:
    pixels = np.zeros((3, 5, 3), np.float32)
    assert shrink(pixels, 5) is pixels


def test_shrink_lets_no_hidden_color_bleed() -> None:
    pixels = np.zeros((8, 8, 4), np.float32)
    pixels[:, :4] = (0, 0, 1, 1)
    pixels[:, 4:] = (1, 0, 0, 0)  # red, but nobody sees it
    small = shrink(pixels, 3)
    visible = small[..., 3] > 0
    assert np.allclose(small[visible][:, :3], (0, 0, 1), atol=1e-5)
    assert not small[~visible].any()


def test_shrink_to_nothing_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^max side 0: a picture has at least 1 pixel; give 1 or more$"):
        shrink(np.zeros((2, 2, 1), np.float32), 0)
