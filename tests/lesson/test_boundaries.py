import numpy as np
import pytest

from paintnet.errors import SettingsError
from paintnet.lesson.boundaries import (
    DATASETS,
    VIEW,
    Boundary,
    draw_panel,
    draw_sheet,
    layers_named,
    percent,
    schedule,
    sheet_size,
    watch,
)

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


def test_a_panel_shows_regions_line_and_points() -> None:
    panel = draw_panel(taught("and"), 200)
    assert (panel.shape, panel.dtype) == ((200, 200, 3), np.uint8)
    r, g, b = panel[190, 10].astype(int)  # (0, 0) is below and left: class 0, blue
    assert b > g > r
    r, g, b = panel[10, 190].astype(int)  # (1, 1) is above and right: class 1, orange
    assert r > g > b
    dark = (panel.max(axis=2) < 120).sum()
    assert 200 < dark < 1000, "a line of about one and a half pixels, and no more"


def test_points_lie_where_they_belong() -> None:
    boundary = taught("and")
    panel = draw_panel(boundary, 200)
    for (x, y), label in zip(boundary.points.xy, boundary.points.classes, strict=True):
        column, row = int((x + VIEW) / (2 * VIEW) * 200), int((VIEW - y) / (2 * VIEW) * 200)
        r, _, b = panel[row, column].astype(int)
        assert (r > 200) == (label == 1), "orange"
        assert (b > 150) == (label == 0), "blue"


def test_wrong_points_have_a_dark_ring() -> None:
    boundary = taught("xor")
    panel = draw_panel(boundary, 200).astype(int)
    dark = panel.max(axis=2) < 80
    across, down = np.meshgrid(np.arange(200), np.arange(200))
    for (x, y), right in zip(boundary.points.xy, boundary.is_right, strict=True):
        column, row = (x + VIEW) / (2 * VIEW) * 200 - 0.5, (VIEW - y) / (2 * VIEW) * 200 - 0.5
        near = np.hypot(across - column, down - row) < 8
        assert ((dark & near).sum() > 10) == (not right)


def test_a_plane_without_a_slope_has_no_line() -> None:
    from paintnet.lesson.boundaries import _line_cover

    assert _line_cover(np.zeros((5, 5)), 1.5).max() == 0
    steep = np.full((5, 6), -30.0)
    steep[:, 3:] = 30
    assert _line_cover(steep, 2.0)[2].tolist() == [0, 0, 0.5, 0.5, 0, 0]


def test_a_sheet_has_the_size_that_was_told() -> None:
    row = [Boundary("xor", ()), Boundary("xor", (4,)), Boundary("xor", (100,) * 3 + (7,) * 9)]
    for size in (100, 131):
        sheet = draw_sheet([row, row], size)
        assert sheet.shape == (*reversed(sheet_size(2, 3, size)), 3)
        assert [side % 2 for side in sheet.shape[:2]] == [0, 0]


def test_seeded_sheets_are_equal() -> None:
    first, second = (draw_sheet([[taught("moons", 4, epochs=30, seed=3)]], 120) for _ in range(2))
    assert np.array_equal(first, second)
    other = draw_sheet([[taught("moons", 4, epochs=30, seed=4)]], 120)
    assert not np.array_equal(first, other)


def test_watching_ends_with_the_finished_sheet() -> None:
    rows = [[Boundary("and", ()), Boundary("xor", ())]]
    frames = list(watch(rows, 100, epochs=40, frames=5))
    assert len(frames) == 5
    assert np.array_equal(frames[-1], draw_sheet([[taught("and", epochs=40), taught("xor", epochs=40)]], 100))
    assert not np.array_equal(frames[0], frames[-1])


def test_watching_ends_early_once_all_have_learned() -> None:
    rows = [[Boundary("and", (4,))]]
    frames = list(watch(rows, 100, epochs=2000, frames=12))
    assert 2 < len(frames) < 12
    assert rows[0][0].is_done


@pytest.mark.parametrize(("epochs", "frames"), [(1, 1), (1, 10), (1500, 60), (1500, 1000), (7, 1000)])
def test_schedule(epochs: int, frames: int) -> None:
    chosen = schedule(epochs, frames)
    assert chosen == sorted(set(chosen))
    assert chosen[-1] == epochs
    assert chosen[0] >= 1
    assert len(chosen) <= frames


def test_words() -> None:
    assert [layers_named(layers) for layers in [(4,), (16, 16, 16), (8,) * 4, (8, 4, 4, 4)]] == [
        "layer 4",
        "layers 16,16,16",
        "layers 8x4",
        "layers 8,4,4,4",
    ]
    assert [percent(share) for share in (0, 0.5, 0.58, 199 / 200, 1)] == [
        "0 %",
        "50 %",
        "58 %",
        "99 %",
        "100 %",
    ]


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
