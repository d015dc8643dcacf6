"""Training for few bytes: gradients, the target, threads, and a run that is taken up again."""

from typing import Any

import numpy as np
import pytest

from paintnet import Painter, Painting
from paintnet.coding.layout import Layout
from paintnet.coding.network import CodedNetwork
from paintnet.engine.compiler import has_compiler
from paintnet.engine.rate_state import RateState
from paintnet.engine.rate_step import CompiledRate, adam_numbers
from paintnet.errors import SettingsError, TrainingError
from paintnet.painter.checkpoint import Checkpoint

pytestmark = pytest.mark.skipif(not has_compiler(), reason="needs numba")

RANDOM = np.random.default_rng(5)
Y, X = np.mgrid[:38, :50] / 8
PICTURE = np.stack([np.sin(X) * np.cos(Y), np.sin(Y + X), np.cos(X * Y / 9)], axis=2) * 0.4 + 0.5
PICTURE = (PICTURE + 0.02 * RANDOM.standard_normal(PICTURE.shape)).clip(0, 1).astype(np.float32)
GIVEN: dict[str, Any] = {"preset": "draft", "epochs": 120, "bpp": 8.0}


def a_state(rng: np.random.Generator) -> RateState:
    mask = np.ones((20, 37), np.float32)
    mask[3:5, 6:30] = 0
    targets = rng.random((20, 37, 3), dtype=np.float32)
    state = RateState(Layout(37, 20, (1, 2, 4)), targets, mask, (5, 4), (4, 3), 0.5, rng)
    state.y[:] = rng.normal(size=state.layout.size) * 2 * state.valid
    state.q[:] = state.y
    return state


def test_gradients_by_the_numbers_are_those_of_small_changes() -> None:
    rng = np.random.default_rng(2)
    state = a_state(rng)
    step, still = CompiledRate(state, 2), adam_numbers(0.0, 0.9, 0.9)
    blocks, runs = np.arange(len(state.blocks.mask)), np.arange(len(state.runs.places))

    def loss() -> float:
        error = step.paint_epoch(blocks, still) * state.n_learned
        return error + 0.1 * step.rate_epoch(runs, 0.1, still, learns=True)

    step.drop_gradients()
    loss()
    gradient = step.gradient.sum(axis=0)
    for level in range(3):
        row, column = (int(rng.integers(each[level])) for each in (state.layout.rows, state.layout.columns))
        at = state.layout.bases[level] + row * state.layout.strides[level] + column
        kept, slopes = state.q[at], []
        for change in (0.01, -0.01):
            state.q[at] = kept + np.float32(change)
            slopes.append(loss())
        state.q[at] = kept
        assert gradient[at] == pytest.approx((slopes[0] - slopes[1]) / 0.02, rel=0.05, abs=0.05)


def test_what_was_not_learned_does_not_count() -> None:
    state = a_state(np.random.default_rng(3))
    step = CompiledRate(state, 1)
    before = step.error(np.arange(len(state.blocks.mask)), state.decoder.weights)
    state.blocks.targets[0, :, 3 * 16 + 6 : 3 * 16 + 16] = 77  # row 3 of the first block, where the mask is 0
    assert step.error(np.arange(len(state.blocks.mask)), state.decoder.weights) == before


@pytest.fixture(scope="module")
def painting() -> Painting:
    return Painter(**GIVEN).fit(PICTURE)


def test_a_file_is_as_large_as_was_asked_for_and_never_larger(painting: Painting) -> None:
    content = painting.to_bytes()
    assert 0.985 * 8.0 < 8 * len(content) / (50 * 38) <= 8.0
    assert painting.training.psnr > 30
    again = Painting.from_bytes(content)
    np.testing.assert_array_equal(again.render(), painting.render())
    assert again.render(size=(7, 200)).shape == (200, 7, 3)


def test_the_fitted_estimator_predicts_the_painting() -> None:
    run = Painter(**GIVEN).start(PICTURE)
    for _ in run:
        pass
    painting = run.result()
    xy = np.array([[3.0, 4.0], [12.25, 30.5], [49.0, 37.0]], np.float32)
    network = painting.patches[0].network
    assert isinstance(network, CodedNetwork)
    estimator = run._trainer.estimator
    np.testing.assert_allclose(
        estimator.predict(network.encoding.transform(xy)), network.forward(xy), atol=2e-5
    )
    assert [coef.shape[1] for coef in estimator.coefs_] == [7, 24, 24, 3]


def test_threads_do_not_change_a_byte(painting: Painting) -> None:
    assert Painter(**GIVEN, threads=1).fit(PICTURE).to_bytes() == painting.to_bytes()


def test_a_run_that_is_taken_up_again_ends_with_the_same_bytes(painting: Painting) -> None:
    run = Painter(**GIVEN).start(PICTURE)
    for event in run:
        if event.epoch == 15:
            break
    content = run.checkpoint().to_bytes()
    later = Painter(**GIVEN).start(PICTURE)
    later.restore(Checkpoint.from_bytes(content))
    for _ in later:
        pass
    assert later.result().to_bytes() == painting.to_bytes()


def test_nothing_is_lost_where_the_file_is_rounded() -> None:
    """To take whole numbers away cost decibels: what is coded after them was expected from them."""
    picture = np.tile(PICTURE, (2, 2, 1))
    run = Painter("draft", epochs=120, bpp=3.0).start(picture)
    learned = [event.psnr for event in run][-1]
    painting = run.result()
    assert 0.99 * 3.0 * 7600 / 8 < len(painting.to_bytes()) <= 3.0 * 7600 / 8
    assert painting.training.psnr > learned - 1.0  # its networks, which are rounded too, are a tenth of it


def test_a_target_in_decibels_is_met_with_few_bytes() -> None:
    sizes = []
    for target in (24.0, 30.0):
        painting = Painter("draft", epochs=300, purpose="storing", target_psnr=target).fit(PICTURE)
        assert painting.training.ended_by == "epochs"
        assert painting.training.psnr == pytest.approx(target, abs=1.0)
        sizes.append(len(painting.to_bytes()))
    assert sizes[0] < sizes[1]


def test_a_size_that_no_painting_has_is_told() -> None:
    with pytest.raises(
        TrainingError, match=r"file_size: 70 bytes are too few: this painting takes \d+; allow"
    ):
        Painter("draft", epochs=20, file_size=70).fit(PICTURE)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 20, 1), (20, 3, 4)])
def test_pictures_of_any_size_and_kind(shape: tuple[int, int, int]) -> None:
    picture = np.full(shape, 0.25, np.float32)
    picture[..., -1] = 0.75
    painting = Painter("draft", purpose="storing", epochs=60).fit(picture)
    again = Painting.from_bytes(painting.to_bytes())
    assert again.render().shape == shape
    assert np.abs(again.render() - picture).max() < 0.15


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"bpp": 1.0, "file_size": 1000}, "file_size: bpp is given too; give one of the two"),
        ({"bpp": 1.0, "target_psnr": 30}, "target_psnr: bpp is given too; give one of the two"),
        ({"bpp": 1.0, "purpose": "copying"}, "bpp: purpose copying does not count the bytes of its file"),
        ({"bpp": 1.0, "mode": "classify", "one_hot": True}, "one_hot: storing learns classes by softmax"),
        ({"bpp": 1.0, "encoding": "grid"}, "encoding: storing needs the encoding pyramid, not grid"),
    ],
)
def test_what_does_not_fit_storing_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Painter(**given).start(PICTURE)
