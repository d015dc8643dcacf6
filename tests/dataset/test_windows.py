"""How a picture is divided among patches."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paintnet.dataset.windows import MARGIN, Window, _parts, patch_side, windows_of
from paintnet.errors import SettingsError

lengths = st.integers(1, 400)


@given(lengths, lengths, st.integers(32, 200), st.booleans())
def test_windows_cover_the_picture_and_overlap_by_twice_the_margin(width, height, side, is_even):
    windows = windows_of(width, height, side, is_even=is_even)
    covered = np.zeros((height, width), dtype=int)
    for window in windows:
        assert 0 <= window.left < window.right <= width
        assert 0 <= window.top < window.bottom <= height
        assert max(window.width, window.height) <= side + 2 * MARGIN
        window.of(covered)[:] += 1
    assert covered.min() >= 1
    least = -(-width // side) * -(-height // side)
    if is_even and least > 1:
        assert len(windows) % 2 == 0
        assert least <= len(windows) <= least + min(-(-width // side), -(-height // side))
    else:
        assert len(windows) == least
    for first, second in pairwise(windows):
        if first.top == second.top:
            assert MARGIN < first.right - second.left <= 2 * MARGIN


@given(st.integers(1, 10_000), st.integers(32, 900))
def test_parts_are_of_one_size_to_a_pixel_and_no_larger_than_asked(length, side):
    parts = [end - begin for begin, end in _parts(length, -(-length // side))]
    assert sum(parts) == length
    assert max(parts) - min(parts) <= 1
    assert max(parts) <= side


def test_a_window_stays_inside_the_picture():
    assert Window(5, 5, 20, 10).grown(8, 24, 16) == Window(0, 0, 24, 16)


@pytest.mark.parametrize("side", [0, 31, -5, 40.5, True, "large"])
def test_a_side_that_cannot_be_used_is_refused(side):
    with pytest.raises(SettingsError, match=r"patch: a side of .* cannot be used; give a whole number of at"):
        patch_side(100, 100, side)


def test_only_large_pictures_are_divided_unasked():
    assert patch_side(1200, 1000) is None
    assert patch_side(1201, 1000) == 768
    assert patch_side(4000, 3000, None) is None
    assert patch_side(40_000, 40) == 768
