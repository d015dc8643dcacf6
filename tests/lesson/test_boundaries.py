import numpy as np
import pytest

from paintnet.errors import SettingsError
from paintnet.lesson.boundaries import DATASETS, Boundary
from paintnet.lesson.sheets import VIEW

EPOCHS = 1500
"""The default of the command."""


def taught(data: str, *layers: int, epochs: int = EPOCHS, **settings: object) -> Boundary:
    boundary = Boundary(data, layers, **settings)  # type: ignore[arg-type]
    boundary.learn(epochs)
    return boundary


@pytest.mark.parametrize("data", ["and", "or"])
def test_one_neuron_learns_and_and_or(data: str) -> None:
    assert taught(data).accuracy == 1


def test_one_neuron_cannot_learn_xor_and_a_layer_can() -> None:
    neuron = taught("xor")
    assert neuron.accuracy <= 0.75
    assert np.abs(neuron.certainty(neuron.points.xy)).max() < 0.1, "it is in doubt everywhere"
    assert taught("xor", 4).accuracy == 1


def test_layers_without_a_bend_are_one_neuron() -> None:
    assert taught("xor", 4, 4, activation="identity").accuracy <= 0.75


def test_one_hidden_layer_learns_circles_and_moons() -> None:
    assert taught("circles", 4).accuracy > 0.95
    assert taught("moons", 4).accuracy > 0.95
    assert taught("circles").accuracy < 0.7


def test_several_layers_learn_two_spirals() -> None:
    assert taught("spirals", 16, 16, 16).accuracy > 0.95
    assert taught("spirals", 16, 16).accuracy > 0.95
    assert taught("spirals").accuracy < 0.7


@pytest.mark.parametrize("name", DATASETS)
def test_points(name: str) -> None:
    points = DATASETS[name](0)
    assert points.xy.shape == (len(points.classes), 2)
    assert set(points.classes.tolist()) == {0, 1}
    assert np.abs(points.xy).max() < VIEW
    again = DATASETS[name](0)
    assert np.array_equal(points.xy, again.xy)
    assert np.array_equal(points.classes, again.classes)


def test_truth_tables_are_those_of_the_lesson() -> None:
    for name, answers in {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "xor": [0, 1, 1, 0]}.items():
        points = DATASETS[name](0)
        assert (points.xy > 0).astype(int).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
        assert points.classes.tolist() == answers


def test_spirals_are_those_of_1988() -> None:
    points = DATASETS["spirals"](0)
    assert np.bincount(points.classes).tolist() == [97, 97]
    first, second = points.xy[:97], points.xy[97:]
    assert np.abs(first + second).max() < 0.1, "one is the other, turned by half a turn"
    radius = np.hypot(*first.T)
    assert radius[0] == pytest.approx(1, abs=0.04)
    assert radius[-1] == pytest.approx(8 / 104, abs=0.04)
    turns = np.abs(np.diff(np.unwrap(np.arctan2(*first.T)))).sum() / (2 * np.pi)
    assert turns == pytest.approx(3, abs=0.3)
    assert not np.array_equal(points.xy, DATASETS["spirals"](1).xy)


def test_learning_goes_on_where_it_stopped() -> None:
    at_once, in_steps = taught("circles", 4, epochs=60), taught("circles", 4, epochs=20)
    in_steps.learn(60)
    assert (at_once.epochs, in_steps.epochs) == (60, 60)
    places = at_once.points.xy
    assert np.array_equal(at_once.certainty(places), in_steps.certainty(places))


def test_it_stops_once_it_has_learned() -> None:
    boundary = taught("and", 4)
    assert boundary.is_done
    assert boundary.epochs < EPOCHS
    before = boundary.epochs
    boundary.learn(EPOCHS)
    assert boundary.epochs == before


def test_one_neuron_stops_where_it_will_stay() -> None:
    settled = taught("circles")
    assert 50 < settled.epochs < EPOCHS
    places = np.array([[1.0, 1.0], [-1.0, 1.0]])
    assert np.ptp(settled.certainty(places)) > 1e-6, "it still has a line"


def test_parameters_are_counted() -> None:
    assert Boundary("xor", ()).n_parameters == 3
    assert Boundary("xor", (4,)).n_parameters == 17  # as the lesson says


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"data": "nor"},
            "data 'nor': there is no such data set; choose one of and, or, xor, circles, moons, spirals",
        ),
        (
            {"activation": "step"},
            "activation 'step': there is no such function; choose one of relu, tanh, logistic, identity",
        ),
        ({"layers": (4, 0)}, "layers (4, 0): a layer has at least 1 unit; give 1 or more"),
        ({"seed": -1}, "seed -1: it is out of range; use 0 to 4,294,967,295"),
    ],
)
def test_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Boundary(**{"data": "xor", "layers": (), **settings})  # type: ignore[arg-type]
    assert str(refused.value) == message
