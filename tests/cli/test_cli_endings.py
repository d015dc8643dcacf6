"""What fit says while it works, and why it ended."""

import sys
from pathlib import Path

import pytest

from paintnet import load
from tests.command_line import QUICK, Run, Terminal

LBFGS = ("--solver", "lbfgs", "--encoding", "raw", "--iterations", "3")


@pytest.mark.parametrize(
    ("options", "ended_by", "words"),
    [
        (("--epochs", "3"), "epochs", "all epochs are done"),
        (("--time", "0.05"), "time", "the time is up"),
        (("--target-psnr", "8"), "target-psnr", "the target PSNR is reached"),
        (("--epochs", "500", "--tol", "1e3"), "tol", "the loss no longer falls by tol"),
        (LBFGS, "iterations", "all iterations are done"),
    ],
)
def test_why_it_ended_is_said(
    run: Run, photo: Path, options: tuple[str, ...], ended_by: str, words: str
) -> None:
    outcome = run("fit", photo, *options, "-m", "a.paintnet").done()
    assert outcome.out.splitlines()[-1] == f"ended: {words}"
    assert load("a.paintnet").training.ended_by == ended_by
    assert f"ended       {words}\n" in run("info", "a.paintnet").done().out
    if options != LBFGS:
        run("fit", photo, *options, "-o", "a.png", "--report", "a.html").done()
        assert words in Path("a.html").read_text()


@pytest.mark.parametrize(("given", "tol"), [((), 1e-4), (("--tol", "none"), None), (("--tol", "0.5"), 0.5)])
def test_tol_of_the_tutorial_can_be_changed(
    run: Run, photo: Path, given: tuple[str, ...], tol: float | None
) -> None:
    quick = ("--layers", "16", "--epochs", "30", "--batch-size", "8", "--learning-rate", "0.01")
    run("fit", photo, "--preset", "tutorial", *quick, *given, "-m", "a.paintnet").done()
    assert load("a.paintnet").training.settings["tol"] == tol


@pytest.mark.usefixtures("untrained")
def test_a_tol_that_is_none_is_refused(run: Run, photo: Path) -> None:
    def refusal(*options: str) -> str:
        return run("fit", photo, *options).failed(2)

    assert refusal("--tol", "some").startswith("Invalid value for '--tol': 'some' is not a number")
    assert refusal("--tol", "-1") == "--tol: -1 is out of range; use 0 to 1,000,000,000"
    assert refusal("--tol", "none", *LBFGS).startswith("--tol: lbfgs takes all pixels at once")


def test_seconds_of_the_parts_are_told(run: Run, photo: Path) -> None:
    document = run("fit", photo, *QUICK, "--json").done().document
    parts = ["starting", "opening", "preparing", "learning", "painting", "measuring", "writing"]
    assert list(document["seconds_by_part"]) == parts
    assert document["seconds"] <= sum(document["seconds_by_part"].values())


def test_a_silent_part_is_named_and_counted(photo: Path) -> None:
    wait = "import time; from paintnet import job; job.shrink = lambda pixels, _: time.sleep(2.5) or pixels"
    start = "import sys; sys.argv[0] = 'paintnet'; from paintnet.cli import main; main()"
    program = (sys.executable, "-c", f"{wait}; {start}")
    with Terminal("fit", photo, *QUICK, "--max-side", "16", program=program) as terminal:
        terminal.wait_for("opening 1 s")
        terminal.wait_for("opening 2 s")
        assert terminal.finish() == 0
