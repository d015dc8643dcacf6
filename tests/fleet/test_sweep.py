"""Trials: which combinations are tried, what they are called, and which are the best."""

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest

from paintnet.dataset.classes import Classes
from paintnet.errors import PaintnetError, SettingsError
from paintnet.fleet import sweep_results
from paintnet.fleet.batch import run_batch
from paintnet.fleet.sweep import Result, pareto_front, plan_sweep, results_of, trials_of
from paintnet.fleet.sweep_results import as_csv, as_json, check_plot, plot
from tests.fleet.fleet_helpers import SETTINGS, manifest_of, pictures_in, settings_in


def test_every_combination_is_tried_once() -> None:
    trials = trials_of({"preset": ["draft"], "epochs": [1, 2], "learning_rate": [0.1, 0.2, 0.3]})
    assert [(each["epochs"], each["learning_rate"]) for each in trials.settings] == [
        (1, 0.1),
        (1, 0.2),
        (1, 0.3),
        (2, 0.1),
        (2, 0.2),
        (2, 0.3),
    ]
    assert trials.varied == ("epochs", "learning_rate")
    assert not trials.passed_over


def test_what_belongs_to_another_encoding_is_left_out() -> None:
    axes = {"encoding": ["grid", "raw"], "levels": [(4,), (8,)], "grid_beta_1": [0.5]}
    trials = trials_of(axes)
    assert trials.settings == [
        {"encoding": "grid", "levels": (4,), "grid_beta_1": 0.5},
        {"encoding": "grid", "levels": (8,), "grid_beta_1": 0.5},
        {"encoding": "raw"},
    ]
    assert trials.passed_over == {"equal to another": 1}


def test_what_cannot_be_is_passed_over() -> None:
    axes: dict[str, list[Any]] = {"encoding": ["grid", "fourier"], "engine": ["numpy", "stock"]}
    trials = trials_of(axes)
    assert [tuple(each.values()) for each in trials.settings] == [
        ("grid", "numpy"),
        ("grid", "stock"),
        ("fourier", "stock"),
    ]
    assert trials.passed_over == {"impossible": 1}
    both = trials_of({"mode": ["regress", "classify"], "classes": [Classes(threshold=300)]})
    assert [each["mode"] for each in both.settings] == ["classify"]


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"epochs": [0]}, "epochs: 0 is out of range"),
        ({"encoding": ["raw"], "sigma": [1.0, 2.0]}, "sigma: no combination has it; try it with another enc"),
        ({"epochs": range(1, 200), "seed": range(100)}, "settings: there are 19,900 combinations; try fewer"),
        ({"preset": ["nothing"]}, "preset: unknown name"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused(axes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        trials_of(axes)


def test_a_sample_is_a_part_of_the_whole_and_the_seed_chooses_it() -> None:
    axes = {"epochs": range(1, 1001), "seed": range(100_000)}
    few = trials_of(axes, sample=20, seed=3)
    assert few.settings == trials_of(axes, sample=20, seed=3).settings
    assert few.settings != trials_of(axes, sample=20, seed=4).settings
    assert len(few.settings) == 20
    assert all(1 <= each["epochs"] <= 1000 and 0 <= each["seed"] < 100_000 for each in few.settings)
    small = {"epochs": [1, 2], "seed": [0, 1]}
    assert trials_of(small, sample=9).settings == trials_of(small).settings


def test_a_sweep_goes_on_and_grows(folder: Path) -> None:
    pictures_in(folder, "a.png")
    base = settings_in(folder / "out", endings=("paintnet",))
    axes = {"preset": ["draft"], **{name: [value] for name, value in SETTINGS.items()}, "seed": [0, 1]}
    trials = trials_of(axes)
    plan = plan_sweep(base, folder / "a.png", trials)
    rows = list(run_batch(plan))
    assert [row["state"] for row in rows] == ["done", "done"]
    results = results_of(plan, trials, rows)
    assert results[0].quality >= results[1].quality
    assert sorted(each.varied["seed"] for each in results) == [0, 1]
    assert [each.size for each in results] == [
        (folder / "out" / each.row["outputs"][0]["path"]).stat().st_size for each in results
    ]
    trials = trials_of({**axes, "seed": [2, 1, 0]})
    plan = plan_sweep(base, folder / "a.png", trials)
    assert [row["state"] for row in run_batch(plan)] == ["skipped", "skipped", "done"]
    names = sorted(path.name[:9] for path in (folder / "out").glob("*.paintnet"))
    assert names == ["a-seed-0-", "a-seed-1-", "a-seed-2-"]
    assert len(manifest_of(folder / "out")) == 6


def result(number: int, psnr: float | None, seconds: float, size: int, **varied: Any) -> Result:
    outputs = [{"path": f"{number}.paintnet", "bytes": size}]
    row = {"state": "done", "psnr": psnr, "ssim": 0.5, "epochs": 3, "ended_by": "epochs"}
    return Result(number, varied, {**row, "outputs": outputs, "seconds": seconds})


ERROR = {"what": "a", "why": "=cmd()", "remedy": "", "parameter": None}
FAILED = Result(3, {"sigma": 9.0}, {"state": "failed", "outputs": [], "error": ERROR, "seconds": 0.1})
RESULTS = [
    result(2, 40.0, 3.0, 900, levels=(4, 9)),
    result(0, 30.5, 1.0, 100, sigma=5.0),
    result(1, 20.0, 2.0, 300, sigma=0.1),
    FAILED,
]


def test_tables_have_the_same_columns_for_all() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(RESULTS).decode())))
    assert [(row["trial"], row["levels"], row["sigma"], row["psnr"]) for row in rows] == [
        ("3", "4,9", "", "40.0"),
        ("1", "", "5", "30.5"),
        ("2", "", "0.1", "20.0"),
        ("4", "", "9", ""),
    ]
    assert rows[3]["state"] == "failed"
    assert rows[3]["error"] == "a: =cmd()"
    document = json.loads(as_json(RESULTS, "paintnet fit a.png"))
    assert document["command"] == "paintnet fit a.png"
    assert [row["bytes"] for row in document["trials"]] == [900, 100, 300, 0]
    assert document["trials"][0]["sigma"] is None


def test_a_table_runs_no_formula() -> None:
    wild = Result(0, {}, {**FAILED.row, "error": {**ERROR, "what": "=1+1"}})
    (row,) = csv.DictReader(io.StringIO(as_csv([wild]).decode()))
    assert row["error"] == "'=1+1: =cmd()"


def test_perfect_is_best_and_failed_is_last() -> None:
    assert result(0, None, 1.0, 1).quality == math.inf
    assert FAILED.quality == -math.inf


def test_the_front_is_what_nothing_beats() -> None:
    points = [(each.row["seconds"], each.quality) for each in RESULTS[:3]]
    assert pareto_front(points) == [1, 0]
    assert pareto_front([(1.0, 5.0), (1.0, 7.0), (2.0, 7.0)]) == [1]
    assert pareto_front([]) == []


@pytest.mark.parametrize("extension", [".svg", ".png"])
def test_a_plot_names_the_front_and_is_the_same_each_time(extension: str) -> None:
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    content = plot(RESULTS, extension)
    assert content == plot(RESULTS, extension)
    if extension == ".svg":
        text = content.decode()
        assert text.count("3: levels 4,9") == text.count("1: sigma 5") == 2
        assert "2: sigma 0.1" not in text
        assert "seconds" in text
    else:
        assert content.startswith(b"\x89PNG")
    with pytest.raises(PaintnetError, match="there is no trial to draw"):
        plot([FAILED], extension)


def test_words_on_a_plot_stay_in_it() -> None:
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 4.5), layout="constrained")
    axes = figure.subplots()
    results = [result(0, 30.0, 1.0, 100_000, learning_rate=0.1), result(1, 40.0, 9.0, 900_000, levels=400)]
    sweep_results._draw(axes, results, [100_000.0, 900_000.0], "bytes")
    figure.draw_without_rendering()
    frame = axes.get_window_extent()
    assert len(axes.texts) == 2
    for words in axes.texts:
        place = words.get_window_extent()
        assert frame.x0 < place.x0 < place.x1 < frame.x1, words
    assert "200 k" in [tick.get_text() for tick in axes.get_xticklabels()]


def test_a_plot_that_cannot_be_is_refused_before_work(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        SettingsError, match=r"a\.bmp: unknown extension '\.bmp'; use one of \.svg \.png \.pdf"
    ):
        check_plot("a.bmp")
    monkeypatch.setattr(sweep_results, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"a\.svg: a plot needs matplotlib, .* pip install .*\[plot\]"):
        check_plot("a.svg")
