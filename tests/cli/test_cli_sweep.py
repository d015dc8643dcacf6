"""`paintnet sweep`: the command around the trials; which they are is tested in tests/fleet."""

import csv
import shlex
from pathlib import Path

import pytest

from paintnet.cli.fit import fit
from paintnet.cli.help import Option
from paintnet.cli.sweep import NOT_OF_SWEEP, sweep
from tests.command_line import Run, levels_of, snapshot
from tests.fleet.fleet_helpers import pictures_in

QUICK = ("--preset", "draft", "--epochs", "3", "--batch-size", "64", "--engine", "numpy")
TWO = ("--seed", "0", "--seed", "1", "--basis", "linear", "--basis", "keys")


@pytest.fixture
def here(folder: Path) -> Path:
    pictures_in(folder, "a.png", "b.png")
    return folder


def test_it_has_the_options_of_fit_that_decide_a_painting() -> None:
    ours = {each.name: each for each in sweep.params}
    groups = ("What is learned", "The network", "The encoding", "Fine tuning", "When it ends")
    for each in fit.params:
        if isinstance(each, Option) and each.heading in groups and each.name not in NOT_OF_SWEEP:
            assert ours[each.name].opts == each.opts
            assert not each.multiple, "fit's own are left as they were"
    assert ours["levels"].multiple
    assert ours["preset"].multiple
    assert not ours["threads"].multiple
    assert not ours["max_side"].multiple


def test_the_best_is_told_by_a_command_that_repeats_it(run: Run, here: Path) -> None:
    outcome = run("sweep", "a.png", *QUICK, *TWO, "--out-dir", "out", "--sheet", "s.png").done()
    lines = outcome.out.splitlines()
    assert lines[0] == "4 done"
    assert len(lines) == 7
    assert lines[5] == "the best again:"
    rows = list(csv.DictReader(Path("out/sweep.csv").read_text().splitlines()))
    assert [float(row["psnr"]) for row in rows] == sorted((float(row["psnr"]) for row in rows), reverse=True)
    assert {(row["seed"], row["basis"]) for row in rows} == {
        (seed, basis) for seed in "01" for basis in ("linear", "keys")
    }
    assert lines[1].startswith(f"{float(rows[0]['psnr']):.2f} dB, ")
    assert lines[1].endswith(f": --seed {rows[0]['seed']} --basis {rows[0]['basis']}")
    program, *words = shlex.split(lines[6])
    assert program == "paintnet"
    again = run(*words, "-m", "best.paintnet", "--json").done()
    assert again.document["psnr"] == pytest.approx(float(rows[0]["psnr"]), abs=1e-4)
    assert Path("best.paintnet").read_bytes() == Path("out", rows[0]["file"]).read_bytes()
    assert levels_of(Path("s.png")).shape[1] == 4 * 168 + 8


def test_the_same_command_does_only_what_is_missing(run: Run, here: Path) -> None:
    words = ("sweep", "a.png", *QUICK, *TWO, "--out-dir", "out")
    run(*words).done()
    table = Path("out/sweep.csv").read_bytes()
    next(Path("out").glob("*.paintnet")).unlink()
    outcome = run(*words, "--json").done()
    assert (outcome.document["done"], outcome.document["skipped"]) == (1, 3)
    assert [line.split(b",")[:3] for line in Path("out/sweep.csv").read_bytes().splitlines()] == [
        line.split(b",")[:3] for line in table.splitlines()
    ]


def test_workers_find_the_same(run: Run, here: Path) -> None:
    for workers in (1, 2):
        run("sweep", "a.png", *QUICK, *TWO, "--out-dir", str(workers), "--workers", workers).done()
    one, two = ({path.name: path.read_bytes() for path in Path(folder).glob("*.paintnet")} for folder in "12")
    assert len(one) == 4
    assert one == two


def test_a_trial_that_fails_is_named_and_the_others_go_on(run: Run, here: Path) -> None:
    rates = ("--learning-rate", "0.003", "--learning-rate", "100000000")
    outcome = run("sweep", "a.png", *QUICK, *rates, "--out-dir", "out", "--json")
    assert outcome.code == 3
    assert outcome.err.startswith("failed: --learning-rate 100000000.0: ")
    assert [row["state"] for row in outcome.document["trials"]] == ["done", "failed"]
    assert outcome.document["command"].startswith("paintnet fit --preset draft ")
    assert "--learning-rate 0.003" in outcome.document["command"]


def test_what_is_passed_over_is_counted(run: Run, here: Path) -> None:
    words = ("--encoding", "grid", "--encoding", "raw", "--levels", "4", "--levels", "8", "--epochs", "3")
    outcome = run("sweep", "a.png", *words, "--out-dir", "out", "--dry-run").done()
    assert outcome.err == "note: passed over: 1 equal to another\n"
    lines = outcome.out.splitlines()
    assert [line.partition(" -> ")[0] for line in lines[:3]] == [
        "--encoding grid --levels 4",
        "--encoding grid --levels 8",
        "--encoding raw",
    ]
    assert lines[3].startswith("3 to do, 0 done; ")
    assert not Path("out").exists()
    few = run("sweep", "a.png", *words, "--out-dir", "out", "--dry-run", "--random", "1", "--json").done()
    assert len(few.document["items"]) == 1


def test_what_cannot_be_is_refused_before_anything_is_written(run: Run, here: Path) -> None:
    before = snapshot(here)
    told = run("sweep", ".", *QUICK, "--out-dir", "out").failed(2)
    assert told == "IMAGE: these are 2 pictures, and a sweep is about one; name one of them"
    assert run("sweep", "a.png", "--sigma", "1", "--out-dir", "out").failed(2).startswith("--sigma: no comb")
    assert (
        run("sweep", "a.png", "--plot", "x.bmp", "--out-dir", "out").failed(2).startswith("x.bmp: unknown ")
    )
    assert run("sweep", "a.png").failed(2).startswith("Missing option '--out-dir'")
    assert snapshot(here) == before
    Path("out").mkdir()
    Path("out/sweep.csv").write_text("of a stranger")
    assert run("sweep", "a.png", *QUICK, "--out-dir", "out").failed().startswith("out/sweep.csv: ")
    assert Path("out/sweep.csv").read_text() == "of a stranger"


def test_successive_halving_tells_its_rungs_and_the_command_of_the_best(run: Run, here: Path) -> None:
    rates = [word for rate in ("1e-06", "0.003", "0.01", "0.0001") for word in ("--learning-rate", rate)]
    options = ("--batch-size", 64, "--engine", "numpy", "--epochs", 12, *rates, "--out-dir", "out")
    words = ("sweep", "a.png", *options, "--successive-halving")
    rungs = "note: trials by the part of their epochs that they get: 4 with 1/4, 2 with 1/2, 1 with all\n"
    planned = run(*words, "--dry-run").done()
    assert planned.err == rungs
    assert planned.out.splitlines()[-1].startswith("4 to do, 0 done; ")
    outcome = run(*words).done()
    assert outcome.err == rungs
    lines = outcome.out.splitlines()
    assert lines[0] == "4 done"
    rows = list(csv.DictReader(Path("out/sweep.csv").read_text().splitlines()))
    assert [row["epochs"] for row in rows] == ["12", "6", "3", "3"]
    assert lines[1].endswith(f", 12 epochs: --learning-rate {float(rows[0]['learning_rate'])}")
    assert float(rows[0]["learning_rate"]) in (0.003, 0.01)
    again = run(*shlex.split(lines[-1])[1:], "-m", "best.paintnet").done()
    assert again.err == ""
    assert Path("best.paintnet").read_bytes() == Path("out", rows[0]["file"]).read_bytes()
    assert run(*words, "--json").done().document["skipped"] == 4
    told = run("sweep", "a.png", "--time", "5s", "--successive-halving", "--out-dir", "o").failed(2)
    assert told.startswith("--successive-halving: it halves epochs, and a trial ")
