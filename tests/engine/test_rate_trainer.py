"""Training for few bytes: gradients, the target, threads, and a run that is taken up again."""

from typing import Any

import numpy as np
import pytest

from paintnet import Painter, Painting
from paintnet.coding.network import CodedNetwork
from paintnet.engine.compiler import has_compiler
from paintnet.engine.rate_landing import COARSEST
from paintnet.errors import CheckpointError, SettingsError, TrainingError
from paintnet.painter.checkpoint import Checkpoint
from paintnet.picture import open_picture

ENGINES = [
    pytest.param("compiled", marks=pytest.mark.skipif(not has_compiler(), reason="needs numba")),
    "numpy",
]

RANDOM = np.random.default_rng(5)
Y, X = np.mgrid[:38, :50] / 8
PICTURE = np.stack([np.sin(X) * np.cos(Y), np.sin(Y + X), np.cos(X * Y / 9)], axis=2) * 0.4 + 0.5
PICTURE = (PICTURE + 0.02 * RANDOM.standard_normal(PICTURE.shape)).clip(0, 1).astype(np.float32)
GIVEN: dict[str, Any] = {"preset": "draft", "epochs": 120, "bpp": 8.0}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module")
def painting(engine: str) -> Painting:
    return Painter(**GIVEN, engine=engine).fit(PICTURE)


def test_a_file_is_as_large_as_was_asked_for_and_never_larger(painting: Painting) -> None:
    content = painting.to_bytes()
    assert 0.985 * 8.0 < 8 * len(content) / (50 * 38) <= 8.0
    assert painting.training.psnr > 30
    again = Painting.from_bytes(content)
    np.testing.assert_array_equal(again.render(), painting.render())
    assert again.render(size=(7, 200)).shape == (200, 7, 3)


@pytest.mark.skipif(not has_compiler(), reason="takes NumPy minutes")
@pytest.mark.parametrize(("name", "seed"), [("flower", 2), ("china", 3)])
def test_a_decoder_does_not_die_of_numbers_that_say_nothing_yet(name: str, seed: int) -> None:
    picture = open_picture(f"sample:{name}").pixels
    run = Painter("draft", bpp=4.0, seed=seed, epochs=100, engine="compiled").start(picture)
    learned = next(event.psnr for event in run if event.epoch == 6)
    flat = -10 * np.log10(picture.var(axis=(0, 1)).mean())
    # Where the decoder's rate is whole from the first epoch on, 0.0 and 1.0 dB.
    assert learned > flat + 8


@pytest.mark.skipif(not has_compiler(), reason="takes NumPy minutes")
@pytest.mark.parametrize(("name", "most"), [("flower", 0.2), ("china", 0.08)])
def test_a_run_does_not_begin_with_fine_numbers_that_are_not_worth_their_bits(name: str, most: float) -> None:
    """The finest level has a number for each pixel, of which a quarter of a bit pays few; none goes back."""
    picture = open_picture(f"sample:{name}").pixels
    run = Painter("draft", bpp=0.25, seed=1, epochs=80, engine="compiled").start(picture)
    next(event for event in run if event.epoch == 10)
    state = run._trainer.state_
    state.round()
    # Where a bit has its own price from the first epoch on, 0.304 and 0.146; now 0.109 and 0.025.
    assert np.count_nonzero(state.layout.view(state.q, 0)) < most * picture.shape[0] * picture.shape[1]


def test_the_fitted_estimator_predicts_the_painting() -> None:
    run = Painter(**GIVEN).start(PICTURE)
    for event in run:
        assert event.bits_per_pixel is not None
    painting = run.result()
    # The numbers were counted with noise, or as they are and with other weights of their model.
    assert event.bits_per_pixel == pytest.approx(8 * len(painting.to_bytes()) / (50 * 38), rel=0.1)
    xy = np.array([[3.0, 4.0], [12.25, 30.5], [49.0, 37.0]], np.float32)
    network = painting.patches[0].network
    assert isinstance(network, CodedNetwork)
    estimator = run._trainer.estimator
    np.testing.assert_allclose(
        estimator.predict(network.encoding.transform(xy)), network.forward(xy), atol=2e-5
    )
    assert [coef.shape[1] for coef in estimator.coefs_] == [7, 24, 24, 3]


def test_threads_do_not_change_a_byte(painting: Painting, engine: str) -> None:
    assert Painter(**GIVEN, engine=engine, threads=1).fit(PICTURE).to_bytes() == painting.to_bytes()


@pytest.mark.parametrize("epochs", [0, 15, 75, 116, 120])
def test_a_run_that_is_taken_up_again_ends_with_the_same_bytes(
    painting: Painting, engine: str, epochs: int
) -> None:
    run = Painter(**GIVEN, engine=engine).start(PICTURE)
    for _ in range(epochs):
        next(run)
    content = run.checkpoint().to_bytes()
    later = Painter(**GIVEN, engine=engine).start(PICTURE)
    later.restore(Checkpoint.from_bytes(content))
    for _ in later:
        pass
    assert later.result().to_bytes() == painting.to_bytes()


@pytest.mark.skipif(not has_compiler(), reason="needs numba")
def test_a_checkpoint_is_of_its_engine() -> None:
    run = Painter(**GIVEN, engine="numpy").start(PICTURE)
    next(run)
    with pytest.raises(CheckpointError, match="numpy"):
        Painter(**GIVEN, engine="compiled").start(PICTURE).restore(run.checkpoint())


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_where_the_file_is_rounded(seed: int) -> None:
    """Neither numbers that are taken away, nor numbers rounded far more coarsely than they were learned.

    Both cost four to eight decibels: what is coded after them was expected from them. Half of so small a
    file are its networks, which are rounded too: that costs up to 0.6.
    """
    picture = np.tile(PICTURE, (2, 2, 1))
    run = Painter("draft", epochs=120, bpp=3.0, engine="numpy", seed=seed).start(picture)
    learned = [event.psnr for event in run][-1]
    painting = run.result()
    assert 0.99 * 3.0 * 7600 / 8 < len(painting.to_bytes()) <= 3.0 * 7600 / 8
    assert painting.training.psnr > learned - 1


def test_numbers_that_were_learned_are_not_rounded_far_more_coarsely_for_a_few_bits() -> None:
    """A percent of the bits is found at a factor of two, if at all by rounding, and costs decibels."""
    run = Painter(**GIVEN, engine="numpy").start(PICTURE)
    for _ in run:
        pass
    landing = run._trainer.landing
    learned = landing._bits_at(1.0)
    for share in (0.99, 0.96, 0.5):
        factor = landing.meet(share * learned, COARSEST)
        assert factor is None or factor <= COARSEST
    assert factor is None


def test_what_ctrl_c_leaves_is_a_file_of_the_size_that_was_asked_for() -> None:
    """At any time: before numbers are rounded hard, while networks are weighed, and after the landing."""
    for epochs, amid_weighing in ((1, False), (70, True), (116, False)):
        run = Painter(**GIVEN, engine="numpy").start(PICTURE)
        for _ in range(epochs):
            next(run)
        if amid_weighing:
            landing = run._trainer.landing
            landing._stepped = interrupt
            with pytest.raises(KeyboardInterrupt):
                landing.weigh(run._trainer.multiplier)
            del landing._stepped
        run.stop("ctrl-c")
        painting = run.result()
        assert painting.training.ended_by == "ctrl-c"
        assert len(painting.to_bytes()) <= 50 * 38
        assert painting.training.psnr > (10 if epochs == 1 else 20)


def interrupt(multiplier: float) -> None:
    raise KeyboardInterrupt


def test_the_clock_ends_a_run_with_such_a_file() -> None:
    painting = Painter("draft", seconds=1.5, bpp=8.0, engine="numpy").fit(PICTURE)
    assert painting.training.ended_by == "time"
    assert len(painting.to_bytes()) <= 50 * 38
    assert painting.training.psnr > 15


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
        ({"bpp": 1.0, "engine": "stock"}, "engine: storing has a training of its own; leave it out"),
    ],
)
def test_what_does_not_fit_storing_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Painter(**given).start(PICTURE)
