"""FAULTS.md row 20: a run is stopped, killed or interrupted, and goes on from its checkpoint."""

import signal
from pathlib import Path

import pytest

from paintnet import load
from paintnet.painter.checkpoint import Checkpoint
from tests.command_line import QUICK, Run, Terminal, snapshot

LONG = ("--epochs", "100000", "--engine", "numpy")


def test_a_run_that_goes_on_gives_the_files_of_one_that_never_stopped(run: Run, photo: Path) -> None:
    options = ("fit", photo, *QUICK, "--engine", "numpy")
    run(*options, "-o", "whole.png", "-m", "whole.paintnet").done()
    run(*options, "-m", "a.paintnet", "--checkpoint", "a.checkpoint", "--every", "0.000001s").done()
    run(*options, "-o", "b.png", "-m", "b.paintnet", "--resume", "a.checkpoint").done()
    assert Path("b.paintnet").read_bytes() == Path("whole.paintnet").read_bytes()
    assert Path("b.png").read_bytes() == Path("whole.png").read_bytes()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_stops_a_run_leaves_a_valid_checkpoint(photo: Path, stop: signal.Signals) -> None:
    with Terminal("fit", photo, *LONG, "--checkpoint", "a.checkpoint", "--every", "0.01s") as terminal:
        terminal.wait_for(" s left")
        terminal.process.send_signal(stop)
        code = terminal.finish()
    assert code == {signal.SIGINT: 130, signal.SIGTERM: 143}.get(stop, -9)
    assert Checkpoint.load("a.checkpoint").epochs >= 1
    if stop != signal.SIGKILL:
        assert sorted(snapshot(photo.parent)) == ["a.checkpoint", "photo.png"]
        said = " ".join(terminal.text.split())
        assert "the same command with --resume a.checkpoint goes on from its last checkpoint" in said


def test_a_mosaic_goes_on_after_it_was_killed(run: Run, folder: Path) -> None:
    options = ("fit", "sample:bird", "--preset", "draft", "--patch", 40, "--epochs", 60, "--engine", "numpy")
    run(*options, "-m", "whole.paintnet").done()
    kept = ("--checkpoint", "a.checkpoint", "--every", "0.01s")
    for resume in ((), ("--resume", "a.checkpoint"), ("--resume", "a.checkpoint")):
        with Terminal(*map(str, options), *kept, *resume, "-m", "a.paintnet") as terminal:
            terminal.wait_for(" s left")
            before = Path("a.checkpoint").stat().st_mtime_ns
            while Path("a.checkpoint").stat().st_mtime_ns == before:
                assert terminal.process.poll() is None
            terminal.process.send_signal(signal.SIGKILL)
            assert terminal.finish() == -9
    assert Checkpoint.load("a.checkpoint").patches is not None
    run(*options, *kept, "--resume", "a.checkpoint", "-m", "a.paintnet").done()
    assert Path("a.paintnet").read_bytes() == Path("whole.paintnet").read_bytes()


def test_a_run_ended_by_ctrl_c_may_keep_its_painting(photo: Path) -> None:
    with Terminal("fit", photo, *LONG, "--keep-on-interrupt") as terminal:
        terminal.wait_for(" s left")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.finish() == 0
    assert sorted(snapshot(photo.parent)) == ["photo.painted.png", "photo.paintnet", "photo.png"]
    training = load("photo.paintnet").training
    assert training is not None
    assert training.ending == "Ctrl-C ended it"


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--every", "3s"], 2, "--every: it has no effect alone; add --checkpoint FILE"),
        (["--checkpoint", "nowhere/a"], 1, "nowhere/a: the folder "),
        (["--checkpoint", "photo.png"], 2, "photo.png: it would replace"),
        (["--checkpoint", "a.png", "-o", "a.png"], 2, "outputs: one file is named twice"),
        (["--checkpoint", "old"], 1, "old: exists already; replace it with --force or choose another name"),
        (["--resume", "old"], 1, "old: not a checkpoint"),
        (["--resume", "nothing"], 1, "nothing: No such file or directory; give one that a run has written"),
        (["--resume", "old", "-m", "old"], 2, "old: it would replace old, which is read"),
        (
            ["--checkpoint", "a", "--solver", "lbfgs", "--encoding", "raw"],
            2,
            "--checkpoint: lbfgs has no epochs",
        ),
    ],
)
def test_what_cannot_be_kept_is_refused(
    run: Run, photo: Path, options: list[str], code: int, message: str
) -> None:
    Path("old").write_bytes(b"old")
    before = snapshot(photo.parent)
    short = [] if "lbfgs" in options else QUICK
    assert message in run("fit", photo, *short, *options).failed(code)
    assert snapshot(photo.parent) == before


def test_other_options_are_told_by_name(run: Run, photo: Path) -> None:
    run("fit", photo, *QUICK, "--checkpoint", "a.checkpoint").done()
    error = run("fit", photo, *QUICK, "--seed", "7", "--force", "--resume", "a.checkpoint").failed()
    assert error.startswith("checkpoint: it has seed 0, and this run 7; give the settings that it began with")
