"""The preset `tutorial` against the classic lesson, written with scikit-learn alone."""

import warnings
from typing import Any

import numpy as np
import pytest
from painter_helpers import epochs_of, levels_of_a_square, picture_of, run
from sklearn.neural_network import MLPClassifier, MLPRegressor

from paintnet.dataset.classes import Classes
from paintnet.painter.events import EpochFinished, Event
from paintnet.painter.painter import Painter
from paintnet.painter.run import Run
from paintnet.painting import Painting

LEVELS = levels_of_a_square()
SQUARE = picture_of(LEVELS)
THRESHOLD = Classes(threshold=600)


def lesson(mode: str, epochs: int, levels: np.ndarray = LEVELS) -> Any:
    """The classic lesson, written with scikit-learn alone."""
    rows, columns = levels.shape[:2]
    inputs = np.array([(row, column) for row in range(rows) for column in range(columns)])
    colors = levels.reshape(-1, 3)
    if mode == "regress":
        network, targets = MLPRegressor, colors / 255
    else:
        dark = colors.astype(int).sum(axis=1) <= 600
        network, targets = MLPClassifier, np.stack([~dark, dark], axis=1).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trained = network(hidden_layer_sizes=(100,) * 10, max_iter=epochs, random_state=0)
        return trained.fit(inputs, targets)


@pytest.mark.parametrize("mode", ["regress", "classify"])
def test_the_tutorial_is_the_lesson_weight_by_weight(mode: str) -> None:
    classes = {"classes": THRESHOLD} if mode == "classify" else {}
    painted: dict[int, Painting] = {}

    def keep(event: Event, run: Run) -> None:
        if isinstance(event, EpochFinished):
            painted[event.epoch] = run.painting()

    painting = Painter("tutorial", mode=mode, epochs=15, listeners=(keep,), **classes).fit(SQUARE)
    for epochs in (1, 2, 5, 15):
        expected, found = lesson(mode, epochs), painted[epochs].patches[0].network
        assert all(map(np.array_equal, expected.coefs_, found.coefs))
        assert all(map(np.array_equal, expected.intercepts_, found.intercepts))
        assert expected.out_activation_ == found.output
    assert found.layers == (100,) * 10
    rows, columns = np.indices((16, 20)).reshape(2, -1)
    xy, row_column = np.stack([columns, rows], axis=1), np.stack([rows, columns], axis=1)
    answers = painting.patches[0].network.forward(xy)
    if mode == "regress":
        np.testing.assert_allclose(answers, expected.predict(row_column), atol=1e-12)
    else:
        probabilities = expected.predict_proba(row_column)
        np.testing.assert_allclose(answers, probabilities, atol=1e-12)
        assert answers.shape == (320, 2)
        assert painting.palette is not None
        assert np.array_equal(painting.predict(xy), painting.palette[probabilities.argmax(axis=1)])


@pytest.mark.parametrize("mode", ["regress", "classify"])
def test_the_tutorial_stops_where_the_lesson_stops(mode: str) -> None:
    levels = np.full((6, 5, 3), 90, dtype=np.uint8)
    classes = {"classes": THRESHOLD} if mode == "classify" else {}
    expected = lesson(mode, 200, levels)
    assert 11 < expected.n_iter_ < 200
    painting, events = run("tutorial", picture_of(levels), mode=mode, **classes)
    assert painting.training.epochs == expected.n_iter_
    assert painting.training.ended_by == "tol"
    assert [event.loss for event in epochs_of(events)] == expected.loss_curve_
    assert all(map(np.array_equal, expected.coefs_, painting.patches[0].network.coefs))
