"""Points in the quarters of pixels."""

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from scipy.ndimage import maximum_filter, minimum_filter

from paintnet.dataset import points
from paintnet.dataset.pixels import area_dataset
from paintnet.metrics import psnr


def halved(picture):
    height, width, channels = picture.shape
    return picture.reshape(height // 2, 2, width // 2, 2, channels).mean(axis=(1, 3))


pictures = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 12), st.integers(1, 12), st.sampled_from([1, 3])),
    elements=st.floats(0, 1, width=32),
)


@given(pictures)
def test_the_mean_of_the_points_is_the_pixel_and_none_leaves_the_range(picture):
    dense = points.quarter_points(picture)
    assert dense.min() >= 0
    assert dense.max() <= 1
    np.testing.assert_allclose(halved(dense), picture, atol=1e-6)


@given(pictures)
def test_no_point_leaves_the_range_of_the_pixels_around_by_more_than_a_tenth(picture):
    dense = points.quarter_points(picture)
    highest, lowest = (find(picture, (3, 3, 1)) for find in (maximum_filter, minimum_filter))
    beyond = 0.1 * (highest - lowest) + 1e-6
    for row in (0, 1):
        for column in (0, 1):
            quarter = dense[row::2, column::2]
            assert (quarter <= highest + beyond).all()
            assert (quarter >= lowest - beyond).all()


def test_the_histospline_of_a_parabola_is_the_parabola():
    edges = np.arange(41) / 40
    means = np.diff(edges**3 / 3) * 40  # of x squared over each pixel
    quarters = np.diff((np.arange(81) / 80) ** 3 / 3) * 80
    details = points.histospline_details(np.tile(means.astype(np.float32), (3, 1)))
    truth = (quarters[1::2] - quarters[::2]) / 2
    # At the edge the picture is mirrored, which a parabola is not.
    np.testing.assert_allclose(details[1, 10:-10, 0], truth[10:-10], atol=1e-5)


def test_details_and_points_are_each_others_inverse():
    rng = np.random.default_rng(0)
    plane, details = rng.random((4, 5)), rng.random((4, 5, 3))
    np.testing.assert_allclose(points.details_of(points.quarters(plane, details)), details, atol=1e-6)


def test_a_flat_picture_has_flat_points():
    flat = np.full((30, 40, 3), 0.37, np.float32)
    np.testing.assert_array_equal(points.quarter_points(flat), np.float32(0.37))


def test_with_all_turns_a_turned_picture_has_turned_points():
    picture = np.random.default_rng(0).random((20, 30, 1), dtype=np.float32)
    dense = points.quarter_points(picture, turns=8)
    turned = points.quarter_points(np.ascontiguousarray(np.rot90(picture)), turns=8)
    np.testing.assert_allclose(turned, np.rot90(dense), atol=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
def test_points_are_closer_to_a_drawing_than_lanczos_interpolation_is(channels):
    image = Image.new("L", (512, 512), 200)
    draw = ImageDraw.Draw(image)
    for k in range(8):
        draw.line([20, 30 + 55 * k, 490, 60 + 45 * k], fill=40, width=4 + 2 * k)
    large, small = (
        np.asarray(image.resize((side, side), Image.Resampling.BOX), dtype=np.float32) / 255
        for side in (256, 128)
    )
    lanczos = np.asarray(Image.fromarray(small).resize((256, 256), Image.Resampling.LANCZOS))
    dense = points.quarter_points(np.repeat(small[:, :, None], channels, axis=2))
    truth = large[:, :, None]
    assert psnr(dense[:, :, :1], truth) > psnr(np.clip(lanczos, 0, 1)[:, :, None], truth) + 2


def test_a_clock_that_runs_out_leaves_the_turns_until_then():
    picture = np.random.default_rng(0).random((9, 8, 3), dtype=np.float32)
    shares = []

    def until_a_quarter(share):
        shares.append(share)
        return share < 1 / 4

    hurried = points.quarter_points(picture, turns=8, has_time=until_a_quarter)
    assert shares == [0, 1 / 8, 1 / 4, 1]
    assert np.abs(hurried - points.quarter_points(picture, turns=8)).max() > 1e-3
    at_once = points.quarter_points(picture, turns=8, has_time=lambda share: False)
    np.testing.assert_array_equal(at_once, points.quarter_points(picture, turns=1))


def test_colors_stay_below_their_alpha():
    rng = np.random.default_rng(0)
    alpha = (rng.random((12, 12, 1)) > 0.5).astype(np.float32)
    picture = np.concatenate([rng.random((12, 12, 3), dtype=np.float32) * alpha, alpha], axis=2)
    dense = points.quarter_points(picture)
    assert (dense[:, :, :3] <= dense[:, :, 3:]).all()
    assert np.abs(halved(dense) - picture).max() < 1e-6


@pytest.mark.parametrize("hold_out", [0.0, 0.3])
def test_what_is_not_learned_has_no_part_in_the_points(hold_out):
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


@pytest.mark.parametrize("channels", [1, 4])
def test_no_point_depends_on_the_number_of_threads(channels, monkeypatch):
    monkeypatch.setattr(points, "BAND_PIXELS", 40)
    picture = np.random.default_rng(4).random((23, 17, channels), dtype=np.float32)
    one, *others = (points.quarter_points(picture, turns=2, threads=n).tobytes() for n in (1, 2, 5))
    assert all(other == one for other in others)


def test_points_are_made_where_no_thread_can_be_started(monkeypatch):
    def no_room(self):
        raise RuntimeError("can't start new thread")

    picture = np.random.default_rng(4).random((40, 80, 1), dtype=np.float32)
    expected = points.quarter_points(picture)
    monkeypatch.setattr("threading.Thread.start", no_room)
    np.testing.assert_array_equal(points.quarter_points(picture, threads=2), expected)


def test_a_turned_network_sees_what_the_network_sees_of_the_turned_patch():
    network = points.details_network()
    patches = np.random.default_rng(5).standard_normal((7, points.SIDE**2)).astype(np.float32)
    for turn in points.TURNS:
        seen = points.turned_back(network.forward(patches[:, points.turned_patch(turn)]), turn)
        np.testing.assert_allclose(network.turned(turn).forward(patches), seen, atol=1e-5)
