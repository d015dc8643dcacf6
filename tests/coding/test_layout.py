"""Where a pyramid's numbers lie, and in which order they are coded."""

import numpy as np
import pytest

from paintnet.coding.context import seen_at, waves_seen
from paintnet.coding.layout import N_SEEN, NEIGHBORS, PAD, RUN, Layout


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (33, 20)])
def test_levels_lie_apart_with_room_around_each(size: tuple[int, int]) -> None:
    layout = Layout(*size, (1, 2, 8))
    taken = np.zeros(layout.size, int)
    for level in range(3):
        layout.view(taken, level)[...] += 1
        # All that a run of any number of it looks at lies in the array.
        end = layout.bases[level] + layout.runs[level] * RUN
        assert layout.bases[level] + layout.neighbors[level].min() >= 0
        assert end + layout.strides[level] + 1 <= layout.size
        assert layout.rows[level] == -(-size[1] // (1, 2, 8)[level])
    assert taken.max() == 1
    assert taken.sum() == layout.n_numbers
    assert min(abs(row) for row, _ in NEIGHBORS) == 0 and PAD > 2  # noqa: PT018


@pytest.mark.parametrize("size", [(1, 1), (7, 1), (1, 7), (13, 6)])
def test_a_wave_sees_only_numbers_of_earlier_waves(size: tuple[int, int]) -> None:
    layout = Layout(*size, (1,))
    turn = np.full(layout.size, -1)
    places = layout.waves_of(turn, 0)
    for number, (wave, first, end) in enumerate(layout.waves(0)):
        assert (places[wave, first:end] == -1).all()
        places[wave, first:end] = number
    own = layout.view(turn, 0)
    assert (own >= 0).all()
    places = np.flatnonzero(turn >= 0)
    seen = turn[places[:, None] + layout.neighbors[0]]
    assert (seen < turn[places][:, None]).all()


def test_a_parent_is_enlarged_to_the_size_of_its_child() -> None:
    layout = Layout(5, 3, (1, 2))
    flat, enlarged = np.zeros(layout.size), np.zeros(layout.size)
    layout.view(flat, 1)[...] = [[1, 2, 3], [4, 5, 6]]
    layout.enlarge_parent(flat, enlarged, 0)
    expected = [[1, 1, 2, 2, 3], [1, 1, 2, 2, 3], [4, 4, 5, 5, 6]]
    np.testing.assert_array_equal(layout.view(enlarged, 0), expected)


@pytest.mark.parametrize("size", [(1, 1), (7, 1), (1, 7), (13, 6)])
def test_a_wave_sees_in_windows_what_each_of_its_numbers_sees(size: tuple[int, int]) -> None:
    layout = Layout(*size, (1, 2))
    places = np.arange(layout.size)
    flat, parent = np.random.default_rng(0).random((2, layout.size))
    for level in range(2):
        windows = waves_seen(layout, flat, parent, level)
        for wave, first, end in layout.waves(level):
            seen = np.ones((N_SEEN + 1, end - first))
            for rows, window in windows:
                seen[rows] = window[:, wave, first:end]
            own = layout.waves_of(places, level)[wave, first:end]
            np.testing.assert_array_equal(seen, seen_at(layout, own, flat, parent, level))
