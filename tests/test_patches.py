"""Patches: networks side by side, whose outputs are blended where they overlap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paintnet.encoding.extent import Extent
from paintnet.encoding.raw import RawMap
from paintnet.network import Network
from paintnet.painting import Painting
from paintnet.patches import Mosaic, Patch

Array = np.ndarray


def patch(
    extent: tuple[float, ...],
    outputs: list[float],
    slope: tuple[float, float] = (0, 0),
    output: str = "identity",
) -> Patch:
    """A patch whose network says the same everywhere, or rises along y and x by a slope."""
    rectangle = Extent(*extent)
    coef = np.repeat(np.array(slope, np.float32)[:, None], len(outputs), axis=1)
    intercept = np.array(outputs, np.float32)
    network = Network(RawMap(rectangle, normalize=False), (coef,), (intercept,), "relu", output)
    return Patch(network, rectangle)


def along(mosaic: Mosaic, xs: list[float] | Array, y: float = 5.0) -> Array:
    """The first output along a row."""
    xs = np.asarray(xs, dtype=np.float64)
    return mosaic.forward(np.stack([xs, np.full_like(xs, y)], axis=1))[:, 0]


SIDE_BY_SIDE = Mosaic([patch((0, 0, 60, 20), [0.0]), patch((40, 0, 100, 20), [1.0])])
FOUR = Mosaic(
    [
        patch((0, 0, 60, 50), [0.0]),
        patch((40, 0, 100, 50), [1.0]),
        patch((0, 30, 60, 90), [10.0]),
        patch((40, 30, 100, 90), [11.0]),
    ]
)


def test_weights_leave_and_arrive_without_a_bend() -> None:
    np.testing.assert_allclose(
        along(SIDE_BY_SIDE, [0, 39, 40, 45, 50, 55, 60, 61, 100]),
        [0, 0, 0, 0.1, 0.5, 0.9, 1, 1, 1],
        atol=1e-6,
    )
    assert np.array_equal(along(SIDE_BY_SIDE, np.arange(40)), np.zeros(40)), "alone it has all the weight"


def test_where_four_meet_they_blend_along_both_axes() -> None:
    xy = np.array([[50, 40], [45, 35], [10, 40], [50, 0], [50, 90], [90, 80]], dtype=float)
    np.testing.assert_allclose(FOUR.forward(xy)[:, 0], [5.5, 0.1 + 1, 5.0, 0.5, 10.5, 11], rtol=1e-5)


@given(
    st.lists(st.floats(-20, 120), min_size=1, max_size=30), st.floats(-20, 120), st.sampled_from([1, 5, 50])
)
def test_networks_that_agree_are_not_changed_by_blending(xs: list[float], y: float, step: int) -> None:
    """The weights add up to 1, whatever the layout: overlaps wide and narrow, and gaps."""
    extents = [(x, y, x + 30, y + 40) for x in range(0, 80, 10 + step) for y in range(0, 80, 40)]
    mosaic = Mosaic([patch(extent, [7.0], (0.5, -2.0)) for extent in extents])
    expected = 7 + 0.5 * np.full(len(xs), y) - 2 * np.array(xs)
    np.testing.assert_allclose(along(mosaic, xs, y), expected, atol=1e-3)


def test_there_is_no_step_anywhere_along_a_walk() -> None:
    t = np.linspace(0, 1, 20_001)
    for start, end in (([-5, 3], [105, 88]), ([50, -5], [50, 95]), ([105, 40], [-5, 45])):
        walk = np.array(start) + t[:, None] * (np.array(end) - start)
        steps = np.abs(np.diff(FOUR.forward(walk)[:, 0]))
        # At most 10 in the 20 pixels of an overlap, twice as steep in its middle.
        assert steps.max() < 2.4 * 10 / 20 * np.linalg.norm(np.subtract(end, start)) / 20_000


@pytest.mark.parametrize(
    ("xy", "expected"),
    [((-9, 5), 0), ((50, -7), 0.5), ((500, 1e9), 11), ((1e300, 40), 6), ((50, 1e3), 10.5)],
)
def test_a_position_outside_all_has_the_weights_of_the_nearest_edge(
    xy: tuple[float, float], expected: float
) -> None:
    np.testing.assert_allclose(FOUR.forward(np.array([xy], dtype=float)), [[expected]], atol=1e-5)


@given(
    st.lists(st.floats(-20, 120), min_size=1, max_size=12),
    st.lists(st.floats(-20, 120), min_size=1, max_size=12),
    st.sampled_from([10, 15, 29, 31]),
)
def test_a_lattice_has_the_values_of_its_points(xs: list[float], ys: list[float], step: int) -> None:
    extents = [(x, y, x + 30, y + 30) for x in range(0, 90, step) for y in range(0, 60, step)]
    mosaic = Mosaic([patch(extent, [float(k), 1.0], (0.1 * k, -0.2)) for k, extent in enumerate(extents)])
    lattice = mosaic.forward_on(np.sort(xs), np.sort(ys))
    points = np.stack(np.meshgrid(np.sort(xs), np.sort(ys)), axis=2)
    np.testing.assert_allclose(
        lattice, mosaic.forward(points.reshape(-1, 2)).reshape(lattice.shape), atol=1e-4
    )


def test_a_patch_far_from_the_origin_tells_hundredths_of_a_pixel_apart() -> None:
    near = patch((0, 0, 99, 99), [0.0], (0.0, 1.0))
    far = Patch(near.network, Extent(1e6, 1e6, 1e6 + 99, 1e6 + 99), origin=(1e6, 1e6))
    xy = np.array([[10.0, 50], [10.01, 50], [10.02, 50]])
    assert np.array_equal(Mosaic([far]).forward(xy + 1e6), near.forward(xy.round(2)))
    assert np.ptp(Mosaic([far]).forward(xy + 1e6)) == pytest.approx(0.02, rel=1e-3)


def test_in_a_gap_the_nearest_patch_answers_and_on_a_shared_edge_both() -> None:
    apart = Mosaic([patch((0, 0, 9, 9), [0.0]), patch((10, 0, 20, 9), [1.0]), patch((20, 0, 30, 9), [2.0])])
    np.testing.assert_allclose(along(apart, [9, 9.4, 9.6, 10, 20, 21]), [0, 0, 1, 1, 1.5, 2], atol=1e-6)


def test_one_patch_is_its_network_to_the_bit_even_outside() -> None:
    alone = patch((0, 0, 10, 10), [0.1, 0.2, 0.3], (0.01, 0.02))
    xy = np.random.default_rng(0).uniform(-50, 50, (500, 2))
    assert np.array_equal(Mosaic([alone]).forward(xy), alone.network.forward(xy))


def test_the_largest_outputs_are_blended_without_a_warning() -> None:
    largest = float(np.finfo(np.float32).max)
    corners = [(0, 0, 60, 50), (40, 0, 100, 50), (0, 30, 60, 90), (40, 30, 100, 90)]
    huge = Mosaic([patch(corner, [largest]) for corner in corners])
    xy = np.random.default_rng(0).uniform((40, 30), (60, 50), (2000, 2))
    assert (huge.forward(xy) >= 0.999 * largest).all()


def test_no_position_gives_no_outputs() -> None:
    assert FOUR.forward(np.empty((0, 2))).shape == (0, 1)


def test_what_is_no_mosaic_is_refused() -> None:
    with pytest.raises(ValueError, match="a painting without patches"):
        Mosaic([])
    with pytest.raises(ValueError, match=r"patches with different outputs: \[\(1, 'identity'\), \(3,"):
        Mosaic([patch((0, 0, 1, 1), [0.0]), patch((0, 0, 1, 1), [0.0] * 3)])


def test_outputs_are_blended_before_they_become_colors() -> None:
    """Transparency stays premultiplied until the end: a hidden color does not bleed into its neighbour."""
    red, clear = patch((0, 0, 6, 4), [1.0, 0.0, 0.0, 1.0]), patch((2, 0, 9, 4), [0.0, 0.0, 0.0, 0.0])
    painting = Painting("regress", 10, 5, 4, (red, clear))
    np.testing.assert_allclose(painting.predict([[4, 2]]), [[1, 0, 0, 0.5]], atol=1e-6)
    assert painting.render(size=(20, 10)).shape == (10, 20, 4)
    assert painting.n_parameters == 2 * (2 * 4 + 4)


def test_probabilities_of_classes_are_blended_too() -> None:
    palette = np.array([[1.0], [0.0], [0.5]], np.float32)
    rare = -100.0  # its exponential is 0 to rounding
    left = patch((0, 0, 6, 4), [0.0, rare, rare], output="softmax")
    right = patch((2, 0, 9, 4), [rare, np.log(0.75), np.log(0.25)], output="softmax")
    painting = Painting("classify", 10, 5, 1, (left, right), palette)
    np.testing.assert_allclose(painting.predict_proba([[3, 1], [5, 1]])[:, 0], [0.9, 0.1], atol=1e-6)
    assert painting.predict([[3, 1], [5, 1]]).ravel().tolist() == [1, 0]


def test_ten_thousand_patches_answer_at_a_point() -> None:
    patches = [
        patch((60 * column, 60 * row, 60 * column + 79, 60 * row + 79), [float(column + 100 * row)])
        for row in range(100)
        for column in range(100)
    ]
    answers = Mosaic(patches).forward(np.array([[30.0, 30.0], [6049.5, 30.0], [3030.0, 3030.0]]))
    np.testing.assert_allclose(answers[:, 0], [0, 99, 50 + 5000])
    whole = Mosaic(patches).forward(np.array([[60 + 9.5, 30.0]]))
    np.testing.assert_allclose(whole, [[0.5]], rtol=1e-5)
