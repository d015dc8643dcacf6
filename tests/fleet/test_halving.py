"""Successive halving: it spends less, finds the best of a sweep, and goes on where it ended."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from paintnet.errors import SettingsError
from paintnet.fleet.batch import run_batch
from paintnet.fleet.halving import FOLDER, Rung, epochs_of, halve, rungs_of
from paintnet.fleet.plan import BatchSettings, Plan
from paintnet.fleet.sweep import Result, Trials, plan_sweep, results_of, trials_of
from tests.fleet.fleet_helpers import manifest_of, pictures_in, settings_in

RATES = (1e-6, 3e-5, 3e-4, 1e-3, 0.003, 0.01, 0.03, 1e8)
EPOCHS = 32
AXES = {"epochs": [EPOCHS], "batch_size": [64], "engine": ["numpy"], "learning_rate": RATES}


@pytest.fixture
def here(folder: Path) -> Path:
    return pictures_in(folder, "a.png")


def base_in(folder: Path) -> BatchSettings:
    return settings_in(folder, endings=("paintnet",), job={"settings": {}})


def halved(
    base: BatchSettings, trials: Trials, most: int = 1000
) -> tuple[list[Result], list[tuple[Rung, list[int]]]]:
    """Halve, and end after so many rows; the rungs and their trials too."""
    rungs: list[tuple[Rung, list[int]]] = []
    left = most

    def do(plan: Plan, rung: Rung, numbers: Sequence[int]) -> list[dict[str, Any]]:
        nonlocal left
        rungs.append((rung, list(numbers)))
        rows = []
        run = run_batch(plan)
        for row in run:
            rows.append(row)
            left -= 1
            if not left:
                break
        run.close()
        return rows

    return halve(base, Path("a.png"), trials, do), rungs


def spent(folder: Path) -> int:
    """Epochs that all trials took together."""
    return sum(row["epochs"] for row in manifest_of(folder) if row["state"] == "done")


def test_it_finds_the_best_of_a_sweep_for_a_part_of_its_epochs(here: Path) -> None:
    trials = trials_of(AXES)
    plan = plan_sweep(base_in(here / "all"), here / "a.png", trials)
    best = results_of(plan, trials, list(run_batch(plan)))[0]
    results, rungs = halved(base_in(here / "few"), trials)
    assert [rung for rung, _ in rungs] == rungs_of(8, EPOCHS)
    assert [len(numbers) for _, numbers in rungs] == [8, 4, 2, 1]
    assert all(set(fewer) < set(more) for (_, more), (_, fewer) in pairwise(rungs))
    assert results[0].number == best.number
    assert results[0].row["epochs"] == EPOCHS
    name = results[0].row["outputs"][0]["path"]
    assert (here / "few" / name).read_bytes() == (here / "all" / name).read_bytes()
    assert spent(here / "few") < 0.6 * spent(here / "all")
    assert sorted(each.number for each in results) == list(range(8))
    # Those that came furthest are first, and the one that learns nothing is last.
    assert [each.row.get("epochs") for each in results] == [32, 16, 8, 8, 4, 4, 4, None]
    assert results[-1].varied == {"learning_rate": 1e8}
    assert [path.name for path in (here / "few").glob("*.paintnet")] == [name]
    assert len(list((here / "few" / FOLDER).glob("*.paintnet"))) == 7 + 4 + 2


def test_it_goes_on_where_it_ended(here: Path) -> None:
    trials = trials_of(AXES)
    whole, _ = halved(base_in(here / "whole"), trials)
    for most in (3, 9, 1000):
        results, _ = halved(base_in(here / "out"), trials, most)
    assert [each.number for each in results] == [each.number for each in whole]
    assert spent(here / "out") == spent(here / "whole")
    before = len(manifest_of(here / "out"))
    again, _ = halved(base_in(here / "out"), trials)
    assert [each.number for each in again] == [each.number for each in whole]
    assert len(manifest_of(here / "out")) == before + 2, "only what failed is tried again"


def test_where_all_fail_there_is_nothing_to_halve(here: Path) -> None:
    results, rungs = halved(base_in(here / "out"), trials_of({**AXES, "learning_rate": [1e8, 3e8]}))
    assert [each.row["state"] for each in results] == ["failed", "failed"]
    assert len(rungs) == 1


@pytest.mark.parametrize(
    ("count", "epochs", "expected"),
    [
        (1, 100, [(1, 1)]),
        (2, 100, [(2, 2), (1, 1)]),
        (5, 1, [(5, 1)]),
        (9, 5, [(9, 4), (5, 2), (3, 1)]),
        (1000, 10**6, [(-(-1000 // 2**step), 2 ** (10 - step)) for step in range(11)]),
    ],
)
def test_rungs(count: int, epochs: int, expected: list[tuple[int, int]]) -> None:
    assert rungs_of(count, epochs) == [Rung(*each) for each in expected]


def test_epochs_are_those_of_the_preset_for_this_picture(here: Path) -> None:
    trials = trials_of({"preset": ["draft"], "epochs": [None, 7]})
    trials = Trials([{"preset": "draft"}, {"preset": "draft", "epochs": 7}], trials.varied)
    small, given = epochs_of(plan_sweep(base_in(here / "out"), here / "a.png", trials))
    assert given == 7
    assert small > epochs_of(plan_sweep(base_in(here / "out"), "sample:china", trials))[0]
    with pytest.raises(
        SettingsError, match=r"^successive_halving: the epochs follow from the size of the pi"
    ):
        epochs_of(plan_sweep(base_in(here / "out"), "https://example.org/a.png", trials))


@pytest.mark.parametrize("settings", [{"solver": ["lbfgs"], "encoding": ["raw"]}, {"seconds": [5.0]}])
def test_what_has_no_epochs_is_refused(here: Path, settings: dict[str, list[Any]]) -> None:
    with pytest.raises(
        SettingsError, match=r"^successive_halving: it halves epochs, and a trial with the sol"
    ):
        halved(base_in(here / "out"), trials_of(settings))
    assert not (here / "out").exists()
