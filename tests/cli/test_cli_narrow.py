"""Terminals of 40 columns: every line fits, and is broken between words."""

import re
import shlex
from pathlib import Path

import pytest

from paintnet.cli import COMMANDS
from paintnet.cli.progress import shortened
from paintnet.cli.terminal import wrapped
from tests.command_line import QUICK, Run, Terminal

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def lines_of(text: str) -> list[str]:
    """What was ever shown on a line, codes taken out."""
    return [CODES.sub("", part) for part in re.split(r"\r*\n|\r", text)]


def test_lines_are_broken_between_words() -> None:
    assert wrapped("PSNR 57.85 dB, SSIM 0.9998", 40) == "PSNR 57.85 dB, SSIM 0.9998"
    assert (
        wrapped("aaa bbb ccc", 11) == wrapped("aaa bbb ccc", 3) == "aaa bbb ccc"
    )  # the last column stays empty
    path = "/a/very/long/path/" + "x" * 40
    assert wrapped(f"kept in {path}", 40) == f"kept in\n  {path}"
    assert wrapped("made with   numpy 2.4.6, paintnet 0.1.0, scikit-learn 1.9.1", 40) == (
        "made with   numpy 2.4.6, paintnet\n            0.1.0, scikit-learn 1.9.1"
    )


def test_the_progress_line_leaves_out_what_says_least() -> None:
    line = "epoch 38/38 loss 0.00123 31.2 dB 0 s left"
    assert shortened(line, 41) == line
    assert shortened(line, 40) == "epoch 38/38 31.2 dB 0 s left"
    assert shortened("preparing 12 %", 9) == "preparing"


@pytest.mark.parametrize("columns", [40, 100])
def test_what_commands_say_fits(photo: Path, tmp_path: Path, columns: int) -> None:
    model, picture = tmp_path / "a.paintnet", tmp_path / "a.png"
    for args in (
        ("fit", photo.name, *QUICK, "-o", picture.name, "-m", model.name),
        ("info", model.name),
        ("fit", photo.name, "-o", picture.name),
        ("compare", photo.name, picture.name),
        ("fit", "there-is-no-such-file.jpg"),
    ):
        with Terminal(*args, columns=columns, stdout=True) as terminal:
            terminal.finish()
        assert max(map(len, lines_of(terminal.text))) < columns, terminal.text


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_and_its_examples_can_be_copied(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    examples = {}
    for columns in (40, 80):
        monkeypatch.setenv("COLUMNS", str(columns))
        text = run(name, "--help").done().out
        assert max(map(len, text.splitlines())) <= columns, text
        whole = text.partition("Examples:")[2].replace("\\\n", "")
        examples[columns] = [shlex.split(line) for line in whole.splitlines()]
    assert examples[40] == examples[80]


def test_lines_stay_whole_where_there_is_no_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert run("fit", "there-is-no-such-file.jpg").failed() == (
        "there-is-no-such-file.jpg: there is no such file; check its spelling"
    )


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits(run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    explained, _, examples = run(*name.split(), "--help").done().out.partition("Examples:")
    assert max(map(len, explained.splitlines())) < 40, explained
    assert "|\n" in explained or name != "boundary"  # long choices are broken between two of them
    assert all(line.startswith("    ") for line in examples.strip("\n").splitlines())  # these stay whole
