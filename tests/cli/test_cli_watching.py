"""fit --animate: what it refuses, what it writes, how it ends."""

import signal
from pathlib import Path

import pytest
from PIL import Image

from paintnet.cli.watching import command_line
from tests.command_line import QUICK, Run, Terminal, snapshot


def test_an_animation_is_written_beside_the_other_outputs(run: Run, photo: Path) -> None:
    outcome = run("fit", photo, *QUICK, "--animate", "a.gif", "--frames", 5, "--caption", "--beside").done()
    assert sorted(snapshot(photo.parent)) == ["a.gif", "photo.painted.png", "photo.paintnet", "photo.png"]
    with Image.open("a.gif") as image:
        assert image.n_frames == 5
        assert image.size == (16 + 4 + 16, 12 + 22)
    assert "a.gif  (" in outcome.out


def test_animate_alone_needs_no_other_output(run: Run, photo: Path) -> None:
    run("fit", photo, *QUICK, "-o", "b.png", "--animate", "a.webp").done()
    assert sorted(snapshot(photo.parent)) == ["a.webp", "b.png", "photo.png"]


def test_an_animated_run_paints_the_same(run: Run, photo: Path) -> None:
    run("fit", photo, *QUICK, "-m", "one.paintnet").done()
    run("fit", photo, *QUICK, "-m", "two.paintnet", "--animate", "a.png").done()
    assert Path("one.paintnet").read_bytes() == Path("two.paintnet").read_bytes()


REFUSED = [
    (("--animate", "a.avi"), "a.avi: unknown extension '.avi'; use one of .gif .mp4 .png .webm .webp"),
    (("--animate", "a"), "a: has no extension; use one of .gif .mp4 .png .webm .webp"),
    (("--animate", "no/a.gif"), None),
    (("--animate", "a.gif", "--frames", "0"), "--frames: 0 is out of range; use 2 to 1,000"),
    (("--animate", "a.gif", "--frames", "10000"), "--frames: 10,000 is out of range; use 2 to 1,000"),
    (
        ("--animate", "a.gif", "--fps", "0"),
        "--fps: 0 is out of range; use 0.01 to 50",
    ),
    (("--animate", "a.gif", "--fps", "0.001"), "--fps: 0.001 is out of range; use 0.01 to 50"),
    (
        ("--animate", "a.mp4", "--fps", "nan"),
        "Invalid value for '--fps': 'nan' is not a number; see 'paintnet fit --help'",
    ),
    (("--frames", "9"), "--frames: it has no effect alone; add --animate or --report"),
    (("--fps", "9"), "--fps: it has no effect alone; add --animate"),
    (("--beside",), "--beside: it has no effect alone; add --animate"),
    (("--caption",), "--caption: it has no effect alone; add --animate"),
    (
        ("--animate", "a.gif", "--solver", "lbfgs"),
        "--animate: lbfgs has no epochs that could be shown; use --solver adam",
    ),
    (
        ("--animate", "a.png", "-o", "a.png"),
        "outputs: one file is named twice; give each output a name of its own",
    ),
    (("--report", "a.pdf"), "a.pdf: unknown extension '.pdf'; use one of .htm .html"),
]


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_refused_before_training(
    run: Run, photo: Path, options: tuple[str, ...], message: str | None
) -> None:
    outcome = run("fit", photo, *options)
    assert outcome.code in (1, 2)
    if message:
        assert outcome.error == message
    assert sorted(snapshot(photo.parent)) == ["photo.png"]


@pytest.mark.usefixtures("untrained")
def test_an_existing_animation_is_kept(run: Run, photo: Path) -> None:
    Path("a.gif").write_bytes(b"old")
    assert run("fit", photo, "--animate", "a.gif").failed().startswith("a.gif: exists already")
    assert Path("a.gif").read_bytes() == b"old"


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_no_half_file(photo: Path, stop: signal.Signals) -> None:
    options = ("--time", "60s", "--animate", "a.gif", "--report", "a.html")
    with Terminal("fit", photo, *options) as terminal:
        terminal.wait_for(" s left")
        terminal.process.send_signal(stop)
        assert terminal.finish() == {signal.SIGINT: 130, signal.SIGTERM: 143}[stop]
    assert sorted(snapshot(photo.parent)) == ["photo.png"]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_preview_leaves_a_usable_terminal(photo: Path, stop: signal.Signals) -> None:
    with Terminal("fit", photo, "--time", "60s", "--preview", COLORTERM="truecolor") as terminal:
        terminal.wait_for("\u2580")
        terminal.wait_for(" s left")
        terminal.process.send_signal(stop)
        assert terminal.finish() == {signal.SIGINT: 130, signal.SIGTERM: 143}[stop]
    assert terminal.text.rindex("\x1b[?25h") > terminal.text.rindex("\x1b[?25l")
    picture, _, message = terminal.text.rpartition("error:")
    assert "; what was learned is lost; nothing was written; old files are as they were; --time" in " ".join(
        message.split()
    )
    assert "\x1b[0m" in picture[picture.rindex("\u2580") :]
    assert sorted(snapshot(photo.parent)) == ["photo.png"]


def test_the_preview_is_silent_where_stderr_is_no_terminal(run: Run, photo: Path) -> None:
    assert run("fit", photo, *QUICK, "--preview").done().err == ""


def test_the_command_is_written_as_a_shell_takes_it() -> None:
    assert command_line(["/somewhere/paintnet", "fit", "a b.png", "--seed", "1"]) == (
        "paintnet fit 'a b.png' --seed 1"
    )
