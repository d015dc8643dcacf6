"""What is measured, and that unknown pixels have no part in anything."""

from typing import Any

import numpy as np
import pytest
from painter_helpers import levels_of_a_square, picture_of, run

from paintnet.dataset.classes import Classes
from paintnet.engine.choice import make_trainer
from paintnet.engine.compiler import has_compiler
from paintnet.engine.schedule import Schedule
from paintnet.engine.sklearn_mlp import output_activation, weights
from paintnet.engine.stock_trainer import StockTrainer
from paintnet.network import Network
from paintnet.painter.quality import Quality
from paintnet.painter.run import make_dataset
from paintnet.painting import Painting
from paintnet.patches import Patch
from paintnet.settings.presets import settings_for

PICTURE = picture_of(levels_of_a_square(40, 36))
KNOWN = np.random.default_rng(5).random((36, 40)) < 0.8
KNOWN[:, 24:] = False  # whole blocks, and vertices that no known pixel touches


def figures(quality: Quality) -> tuple[float | None, ...]:
    return quality.psnr, quality.held_out_psnr, quality.accuracy


def learn(picture: np.ndarray, known: np.ndarray | None = None, n_epochs: int = 2, **given: Any) -> Quality:
    """A few epochs, measured."""
    height, width, channels = picture.shape
    settings = settings_for(width, height, "draft", channels=channels, **given)
    dataset = make_dataset(picture, settings, known)
    encoding = settings.encoding.build(dataset.extent, settings.seed)
    schedule = Schedule.of(settings)
    trainer = make_trainer(dataset, encoding, settings, schedule)
    if settings.solver == "lbfgs":
        assert isinstance(trainer, StockTrainer)
        trainer.at_once()
    else:
        for _ in range(n_epochs):
            trainer.epoch()
    coefs, intercepts = weights(trainer.estimator, settings.precision)
    output = output_activation(trainer.estimator)
    network = Network(encoding, coefs, intercepts, settings.activation, output)
    patches = (Patch.whole(network, width, height),)
    pixel = "area" if dataset.origin else "center"
    painting = Painting(settings.mode, width, height, channels, patches, dataset.palette, pixel=pixel)
    return Quality(painting, picture, dataset)


@pytest.mark.parametrize("hold_out", [0.0, 0.2])
@pytest.mark.parametrize(
    "given",
    [
        {"engine": "numpy"},
        {"engine": "numpy", "start": "picture", "activation": "relu"},
        {"engine": "numpy", "mode": "classify", "classes": Classes(colors=3)},
        {"engine": "stock", "start": "pretrained"},
        {"engine": "stock", "start": "features"},
        {"engine": "stock", "encoding": "raw", "start": "mean"},
        {"engine": "stock", "mode": "classify", "classes": Classes(threshold=400)},
        {"engine": "stock", "encoding": "fourier", "mode": "classify", "classes": Classes(colors=2)},
        {"solver": "lbfgs", "iterations": 3},
        pytest.param(
            {"engine": "compiled"},
            marks=pytest.mark.skipif(not has_compiler(), reason="numba is not installed"),
        ),
    ],
    ids=lambda given: " ".join(map(str, given.values())),
)
def test_values_of_unknown_pixels_change_no_weight_and_no_figure(
    given: dict[str, Any], hold_out: float
) -> None:
    _assert_unknown_have_no_part({**given, "hold_out": hold_out})


def test_values_of_unknown_pixels_change_nothing_that_is_enlarged() -> None:
    _assert_unknown_have_no_part({"purpose": "enlarging", "engine": "numpy"})


def _assert_unknown_have_no_part(given: dict[str, Any]) -> None:
    noise = np.random.default_rng(6).random(PICTURE.shape, dtype=np.float32)
    one, other = (
        learn(np.where(KNOWN[:, :, None], PICTURE, values), KNOWN, **given) for values in (PICTURE, noise)
    )
    first, second = (quality.painting.patches[0].network for quality in (one, other))
    for a, b in zip((*first.coefs, *first.intercepts), (*second.coefs, *second.intercepts), strict=True):
        assert np.isfinite(a).all()
        assert np.array_equal(a, b)
    assert one.rendered.tobytes() == other.rendered.tobytes()
    assert figures(one) == figures(other)
    # The figures are not blind: what is known does move them.
    known_otherwise = learn(np.where(KNOWN[:, :, None], noise, PICTURE), KNOWN, **given)
    assert figures(known_otherwise) != figures(one)


def test_figures_by_hand() -> None:
    painting, _ = run("draft", PICTURE, mode="classify", classes=Classes(colors=2), epochs=5)
    rendered = painting.render()
    settings = settings_for(40, 36, "draft", mode="classify", classes=Classes(colors=2), hold_out=0.1)
    dataset = make_dataset(PICTURE, settings, KNOWN)
    quality = Quality(painting, PICTURE, dataset)
    levels = np.rint(rendered * 255) / np.float32(255)
    squares = np.square(levels.astype(np.float64) - PICTURE).reshape(-1, 3)
    assert quality.psnr == pytest.approx(-10 * np.log10(squares[KNOWN.ravel()].mean()), abs=1e-9)
    assert quality.held_out_psnr == pytest.approx(-10 * np.log10(squares[dataset.held_out].mean()), abs=1e-9)
    y, x = np.nonzero(KNOWN)
    labels = painting.predict_proba(np.stack([x, y], axis=1)).argmax(axis=1)
    assert quality.accuracy == np.mean(labels == dataset.targets[KNOWN.ravel()])


def test_where_all_is_known_nothing_else_is_measured_than_before() -> None:
    painting, _ = run("draft", PICTURE, hold_out=0.1, epochs=5)
    dataset = make_dataset(PICTURE, settings_for(40, 36, "draft", hold_out=0.1))
    quality, record = Quality(painting, PICTURE, dataset), painting.training
    assert record is not None
    assert (quality.psnr, quality.held_out_psnr) == (record.psnr, record.held_out_psnr)


@pytest.mark.parametrize("start", ["mean", "features", "picture", "pretrained"])
def test_no_start_takes_the_unknown_for_black(start: str) -> None:
    white = np.ones((36, 40, 3), dtype=np.float32)
    activation = "relu" if start == "picture" else "tanh"
    before = learn(white, KNOWN, n_epochs=0, engine="numpy", start=start, activation=activation)
    assert np.abs(before.rendered[KNOWN] - 1).max() < 0.25


def test_what_is_known_is_learned_as_well_as_without_the_unknown() -> None:
    given = {"engine": "numpy", "start": "picture", "activation": "relu"}
    black_outside = np.where(KNOWN[:, :, None], PICTURE, 0)
    assert learn(black_outside, KNOWN, **given).psnr > learn(PICTURE, **given).psnr - 2
