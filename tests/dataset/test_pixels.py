import numpy as np
import pytest
from dataset_helpers import picture
from hypothesis import given, settings
from hypothesis import strategies as st

from paintnet.dataset.classes import Classes
from paintnet.dataset.pixels import (
    PixelState,
    area_dataset,
    classify_dataset,
    regress_dataset,
    split_pixels,
)
from paintnet.dataset.windows import Window
from paintnet.errors import SettingsError


def test_positions_are_column_then_row() -> None:
    dataset = regress_dataset(np.zeros((2, 3, 1), dtype=np.float32))
    xy = dataset.xy(dataset.learned)
    assert xy.tolist() == [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]]
    assert xy.dtype == np.float32


def test_targets_lie_row_by_row() -> None:
    pixels = np.random.default_rng(0).random((3, 4, 3), dtype=np.float32)
    dataset = regress_dataset(pixels)
    assert (dataset.width, dataset.height, dataset.palette) == (4, 3, None)
    assert np.array_equal(dataset.targets, pixels.reshape(12, 3))
    column, row = dataset.xy(np.array([7])).astype(int)[0]
    assert np.array_equal(dataset.targets[7], pixels[row, column])


def test_float64_targets_are_the_levels_over_255_exactly() -> None:
    every = np.arange(256).reshape(16, 16, 1)
    dataset = regress_dataset((every / 255).astype(np.float32), dtype="float64")
    assert np.array_equal(dataset.targets, every.reshape(-1, 1) / 255)


def test_transparent_pixels_are_learned_without_their_hidden_color() -> None:
    dataset = regress_dataset(picture([(255, 0, 255, 0), (255, 102, 0, 51)]))
    np.testing.assert_allclose(dataset.targets, [[0, 0, 0, 0], [0.2, 0.08, 0, 0.2]], atol=1e-7)


def test_the_numbers_of_pixels_follow_from_their_states() -> None:
    known = np.array([[True, False, True], [True, True, False]])
    dataset = regress_dataset(picture([(1,), (2,), (3,)], [(4,), (5,), (6,)]), known=known, hold_out=0.25)
    assert dataset.states.dtype == np.uint8
    assert (dataset.states.ravel()[[1, 5]] == PixelState.UNKNOWN).all()
    (held_out,) = dataset.held_out
    assert sorted([held_out, *dataset.learned]) == [0, 2, 3, 4]
    assert dataset.n_learned == 3
    assert np.array_equal(dataset.known, known)
    assert np.array_equal(np.flatnonzero(dataset.mask()), dataset.learned)
    assert np.array_equal(dataset.of_learned(np.arange(6)), dataset.learned)


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0, 0.9), st.floats(0, 1), st.integers(0, 99))
def test_hold_out_keeps_back_exactly_its_share_of_what_is_known(
    width: int, height: int, share: float, known_share: float, seed: int
) -> None:
    known = np.random.default_rng(seed).random((height, width)) < known_share
    known[-1, -1] = True
    states = split_pixels(known, share)
    assert np.array_equal(states == PixelState.UNKNOWN, ~known)
    n_held_out = np.count_nonzero(states == PixelState.HELD_OUT)
    assert n_held_out == min(round(share * known.sum()), known.sum() - 1)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.25, 0.5, 0.9])
def test_held_out_pixels_are_spread_evenly(share: float) -> None:
    mask = split_pixels(np.ones((64, 64), dtype=bool), share) == PixelState.HELD_OUT
    blocks = mask.reshape(4, 16, 4, 16).sum(axis=(1, 3))
    assert blocks.min() >= 0.5 * share * 256
    assert blocks.max() <= 2 * share * 256
    assert mask.mean(axis=0).max() <= 2 * share
    assert mask.mean(axis=1).max() <= 2 * share


def test_both_kinds_of_training_set_are_split_alike() -> None:
    pixels = np.random.default_rng(0).random((8, 9, 3), dtype=np.float32)
    regress = regress_dataset(pixels, hold_out=0.2)
    classify = classify_dataset(pixels, Classes(threshold=300), hold_out=0.2)
    assert len(regress.held_out) == 14
    assert np.array_equal(regress.states, classify.states)


@pytest.mark.parametrize("share", [-0.1, 0.91, 0.9000001, float("nan")])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(SettingsError) as caught:
        split_pixels(np.ones((4, 4), dtype=bool), share)
    assert str(caught.value) == f"hold_out: {share} is out of range; use a share from 0 to 0.9"


@pytest.mark.parametrize(
    ("known", "message"),
    [
        (
            np.ones((2, 4), dtype=bool),
            "known: an array of shape (2, 4) and type bool does not fit the picture; "
            "give one of shape (2, 3) and type bool",
        ),
        (
            np.ones((2, 3)),
            "known: an array of shape (2, 3) and type float64 does not fit the picture; "
            "give one of shape (2, 3) and type bool",
        ),
        (
            np.zeros((2, 3), dtype=bool),
            "known: none of the pixels is known; give a picture in which some are",
        ),
    ],
)
def test_a_mask_that_cannot_be_is_refused(known: np.ndarray, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        regress_dataset(np.zeros((2, 3, 1), dtype=np.float32), known=known)
    assert str(caught.value) == message


@settings(max_examples=25)
@given(st.integers(0, 99), st.sampled_from([1, 3, 4]))
def test_values_of_unknown_pixels_leave_no_trace(seed: int, channels: int) -> None:
    rng = np.random.default_rng(seed)
    known = rng.random((5, 6)) < 0.5
    known[0, 0] = True
    one = rng.random((5, 6, channels), dtype=np.float32)
    other = np.where(known[:, :, None], one, rng.random(one.shape, dtype=np.float32))
    for make in (
        lambda pixels: regress_dataset(pixels, known=known, hold_out=0.3),
        lambda pixels: classify_dataset(pixels, Classes(colors=3), known=known, hold_out=0.3),
        lambda pixels: classify_dataset(pixels, Classes(threshold=400), known=known),
    ):
        a, b = make(one), make(other)
        assert a.targets.tobytes() == b.targets.tobytes()
        assert a.states.tobytes() == b.states.tobytes()
        assert (a.palette is None and b.palette is None) or np.array_equal(a.palette, b.palette)


def test_parts_of_a_picture_hold_out_the_same_pixels_as_the_whole():
    whole = split_pixels(np.ones((60, 80), dtype=bool), 0.3, (0, 0))
    part = split_pixels(np.ones((20, 30), dtype=bool), 0.3, (25, 17))
    assert np.array_equal(part, whole[17:37, 25:55])
    assert np.count_nonzero(whole == PixelState.HELD_OUT) == pytest.approx(0.3 * whole.size, abs=10)


@pytest.mark.parametrize("make", [regress_dataset, area_dataset])
def test_a_cut_is_the_dataset_of_a_window(make):
    picture = np.random.default_rng(0).random((12, 15, 3), dtype=np.float32)
    cut = make(picture).cut(Window(3, 2, 10, 9))
    points = make(picture).targets.reshape(-1, make(picture).width, 3)
    stride = round(1 / cut.step)
    expected = points[2 * stride : 9 * stride, 3 * stride : 10 * stride].reshape(-1, 3)
    assert np.array_equal(cut.targets, expected)
    assert (cut.width, cut.height) == (7 * stride, 7 * stride)
    assert cut.extent == make(picture[:7, :7]).extent


def test_parts_of_a_picture_have_the_classes_of_the_whole():
    picture = np.linspace(0, 1, 60, dtype=np.float32).reshape(1, 60, 1).repeat(4, axis=0)
    for classes in (Classes(colors=5), Classes(threshold=200)):
        whole = classify_dataset(picture, classes)
        part = classify_dataset(picture[:, :20], classes, palette=whole.palette)
        assert np.array_equal(part.palette, whole.palette)
        assert np.array_equal(part.targets.reshape(4, 20), whole.targets.reshape(4, 60)[:, :20])
