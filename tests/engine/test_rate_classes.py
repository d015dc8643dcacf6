"""Classes in few bytes: gradients, accuracy, the size of the file, and what is in it."""

from typing import Any

import numpy as np
import pytest
from rate_helpers import check_gradients, step_over

from paintnet import Painter, Painting
from paintnet.dataset.classes import Classes
from paintnet.engine.compiler import has_compiler
from paintnet.engine.rate_step import adam_numbers

pytestmark = pytest.mark.skipif(not has_compiler(), reason="slow without numba")

COLORS = np.array([[240, 240, 230], [20, 40, 90], [200, 60, 40], [60, 150, 90]], np.float32) / np.float32(255)
Y, X = np.mgrid[:60, :80]
LABELS = np.where(np.hypot(X - 25, Y - 30) < 18, 1, np.where(X + Y > 100, 2, np.where(X > 70, 3, 0)))
PICTURE = COLORS[LABELS]
GIVEN: dict[str, Any] = {"preset": "draft", "mode": "classify", "epochs": 120}


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_gradients_of_classes_are_those_of_small_changes(n_classes: int, engine: str) -> None:
    rng = np.random.default_rng(4)
    labels = rng.integers(0, n_classes, (20, 37, 1)).astype(np.float32)
    step, still = step_over(labels, rng, engine, n_classes), adam_numbers(0.0, 0.9, 0.9)
    state = step.state
    blocks = np.arange(len(state.blocks.mask))
    learned = step.paint_epoch(blocks, still)
    assert learned == pytest.approx(step.error(blocks, state.decoder.weights), rel=1e-4)
    check_gradients(step, lambda: step.paint_epoch(blocks, still) * state.n_learned, rng, 0.02)


@pytest.mark.parametrize(("colors", "output"), [(4, "softmax"), (2, "logistic"), (1, "logistic")])
def test_nearly_all_pixels_have_their_class(colors: int, output: str) -> None:
    labels = np.minimum(LABELS, colors - 1)
    run = Painter(**GIVEN, classes=Classes(colors=colors), bpp=2.2).start(COLORS[labels])
    for _ in run:
        pass
    painting = run.result()
    content = painting.to_bytes()
    assert len(content) <= 2.2 * 60 * 80 / 8
    assert painting.training.accuracy >= 0.999
    assert painting.patches[0].network.output == output
    again = Painting.from_bytes(content)
    np.testing.assert_array_equal(again.render(), painting.render())
    assert np.abs(again.palette[:, None] - COLORS[None, :colors]).max(axis=2).min(axis=0).max() < 1 / 255
    assert (again.mode, again.render((200, 150)).shape) == ("classify", (150, 200, 3))
    xy = np.array([[3.0, 4.0], [25.0, 30.0]], np.float32)
    estimator, network = run._trainer.estimator, painting.patches[0].network
    expected = estimator.predict_proba(network.encoding.transform(xy))
    np.testing.assert_allclose(expected[:, -1], network.forward(xy)[:, -1], atol=1e-3)


def test_with_fewer_bits_more_pixels_are_wrong_and_the_file_still_fits() -> None:
    found = []
    for target in (800, 1300):
        painting = Painter(**GIVEN, classes=Classes(colors=4), file_size=target).fit(PICTURE)
        assert len(painting.to_bytes()) <= target
        found.append(painting.training.accuracy)
    assert 0.8 < found[0] <= found[1]


def test_classes_in_patches_have_one_palette() -> None:
    given = {**GIVEN, "epochs": 60}
    painting = Painter(**given, classes=Classes(colors=4), patch=50, file_size=3600).fit(PICTURE)
    content = painting.to_bytes()
    assert len(painting.patches) == 4
    assert len(content) <= 3600
    assert painting.training.accuracy > 0.98
    np.testing.assert_array_equal(Painting.from_bytes(content).render(), painting.render())
