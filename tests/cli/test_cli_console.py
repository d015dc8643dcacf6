"""What commands say, and where they say it when a stream is missing, full or closed."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from paintnet.cli.console import Console, hex_color, human_bytes, human_psnr
from paintnet.errors import SettingsError
from tests.command_line import PROGRAM, QUICK, Terminal, environment, run_program


def test_notes_are_safe_and_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    Console().notes(["a\x1b[2J\nb", "c"])
    Console(quiet=True).notes(["never"])
    assert capsys.readouterr() == ("", "note: a?[2J?b\nnote: c\n")


def test_answer_is_text_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    document = {"name": "é\x1b\n"}
    Console(quiet=True).answer(document, ["one\x1b", "two"])
    Console(as_json=True).answer(document, ["never"])
    text, bell, answer = capsys.readouterr().out.splitlines()
    assert (text, bell) == ("one?", "two")
    assert json.loads(answer) == document


def test_words_make_way_for_a_picture_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    Console(stdout_is_taken=True).answer({}, ["words"])
    assert capsys.readouterr() == ("", "words\n")
    with pytest.raises(SettingsError, match="both go to stdout"):
        Console(as_json=True, stdout_is_taken=True)


def test_summary_is_silent_if_quiet_but_not_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    Console(quiet=True).summary({}, ["never"])
    Console(quiet=True, as_json=True).summary({"a": 1}, ["never"])
    Console().summary({}, ["words"])
    assert capsys.readouterr().out == '{"a": 1}\nwords\n'


def test_json_has_no_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        Console(as_json=True).answer({"a": float("nan")}, [])


def test_numbers_for_people() -> None:
    assert [human_bytes(n) for n in (0, 999, 1000, 1_500_000, 2e9, 5e12)] == [
        "0 B",
        "999 B",
        "1.0 KB",
        "1.5 MB",
        "2.0 GB",
        "5000.0 GB",
    ]
    assert human_psnr(30) == "30.00 dB"
    assert hex_color(np.array([1, 0, 0, 0.5])) == "#ff000080"


@pytest.mark.parametrize("closed", [0, 1, 2])
@pytest.mark.parametrize("command", ["fit", "predict"])
def test_closed_streams(photo: Path, model: Path, command: str, closed: int) -> None:
    args = {
        "fit": ("fit", photo, *QUICK, "-o", "new.png", "-m", "new.paintnet"),
        "predict": ("predict", "--xy", "-5,1"),
    }[command]
    script = f"import os, sys; os.close({closed}); os.execv(sys.executable, sys.orig_argv[:1] + sys.argv[1:])"
    program = (sys.executable, "-c", script, *PROGRAM[1:])
    run_program(*args, program=program).done()
    if command == "fit":
        assert Path("new.png").stat().st_size
        assert Path("new.paintnet").stat().st_size


def test_reading_from_a_closed_stdin(folder: Path) -> None:
    script = "import os, sys; os.close(0); os.execv(sys.executable, sys.orig_argv[:1] + sys.argv[1:])"
    outcome = run_program("info", "-", program=(sys.executable, "-c", script, *PROGRAM[1:]))
    assert outcome.failed() == "-: there is no standard input here; give the path of a model"


def test_full_stdout_is_told(model: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [*PROGRAM, "info", str(model)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            check=False,
        )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: ")
    assert "No space left on device" in line


def test_closed_stderr_pipe_leaves_the_exit_code(folder: Path) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "info"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stderr.close()
    assert process.wait(60) == 1
    assert process.stdout.read() == b""
    process.stdout.close()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_names_outside_the_encoding_of_stdout(model: Path, encoding: str) -> None:
    name = "snö☃.paintnet"
    model.rename(name)
    env = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    outcome = run_program("info", name, env=env)
    assert outcome.code == 0
    assert "error" not in outcome.err
    assert outcome.out_bytes.startswith(b"model       sn")


@pytest.mark.parametrize(
    ("env", "start"),
    [
        ({}, "\x1b[31m\x1b[1merror:\x1b[0m gone.paintnet: no such file"),
        ({"NO_COLOR": "1"}, "error: gone.paintnet: no such file"),
    ],
    ids=["color", "no color"],
)
def test_errors_are_colored_on_a_terminal_unless_no_color(
    folder: Path, env: dict[str, str], start: str
) -> None:
    with Terminal("info", "gone.paintnet", columns=200, **env) as terminal:
        assert terminal.finish() == 1
    assert terminal.text.startswith(start)
    assert terminal.text.count("\n") == 1


@pytest.mark.parametrize(
    ("is_terminal", "kind", "quiet", "shows"),
    [
        (True, "xterm", False, True),
        (False, "xterm", False, False),
        (True, "dumb", False, False),
        (True, "xterm", True, False),
    ],
)
def test_progress_is_for_terminals_only(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, kind: str, quiet: bool, shows: bool
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: is_terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", kind)
    assert Console(quiet=quiet).shows_progress is shows
