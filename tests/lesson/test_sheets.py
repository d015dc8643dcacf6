import numpy as np
import pytest

from paintnet.lesson.boundaries import Boundary
from paintnet.lesson.sheets import (
    LEGEND,
    VIEW,
    _legend_lines,
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
    from paintnet.lesson.sheets import _line_cover

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
    assert [layers_named(layers) for layers in [(), (4,), (16, 16, 16), (8, 4, 4, 4)]] == [
        "one neuron",
        "1 hidden layer of 4",
        "3 hidden layers of 16",
        "hidden layers of 8, 4, 4, 4",
    ]
    assert [percent(share) for share in (0, 0.5, 0.58, 199 / 200, 1)] == [
        "0 %",
        "50 %",
        "58 %",
        "99 %",
        "100 %",
    ]


def test_a_legend_says_what_colors_and_rings_mean() -> None:
    row = [Boundary("xor", ())]
    sheet, panel = draw_sheet([row], 200).astype(int), draw_panel(row[0], 200)
    below = sheet[sheet.shape[0] - (len(_legend_lines(sheet.shape[1], 11)) * 15) :]
    for _, color, _ in LEGEND[:2]:
        assert (np.abs(below - color).max(axis=2) == 0).sum() > 10
        assert (panel == color).all(axis=2).any(), "the same as in the panel"
    wide, narrow = (_legend_lines(width, 11) for width in (1000, 120))
    assert [len(wide), len(narrow)] == [1, 2]
    assert [words for line in narrow for words in line] == wide[0] == [words for words, _, _ in LEGEND]
