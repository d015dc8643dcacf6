"""`paintnet show` in a pipe and on a real terminal."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.command_line import Run, Terminal, encoded, run_program

CODE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(autouse=True)
def terminal_of_the_tester(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of it: tests say what they have."""
    for name in ("COLORTERM", "WT_SESSION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def flag(folder: Path) -> Path:
    """Red over blue, 4 pixels wide and 4 high."""
    levels = np.zeros((4, 4, 3), np.uint8)
    levels[:2, :, 0] = levels[2:, :, 2] = 255
    path = folder / "flag.png"
    path.write_bytes(encoded(Image.fromarray(levels)))
    return path


def sizes(text: str) -> tuple[int, int]:
    """Columns and rows of what was printed."""
    lines = CODE.sub("", text.replace("\r", "")).removesuffix("\n").split("\n")
    (columns,) = {len(line) for line in lines}
    assert set("".join(lines)) == {"▀"}
    return columns, len(lines)


def test_hand_worked(run: Run, flag: Path) -> None:
    assert run("show", flag, "--color", "truecolor").done().out == (
        "\x1b[38;2;255;0;0;48;2;255;0;0m▀▀▀▀\x1b[0m\n\x1b[38;2;0;0;255;48;2;0;0;255m▀▀▀▀\x1b[0m\n"
    )
    assert run("show", flag, "--color", "256").done().out == (
        "\x1b[38;5;196;48;5;196m▀▀▀▀\x1b[0m\n\x1b[38;5;21;48;5;21m▀▀▀▀\x1b[0m\n"
    )


def test_always_takes_the_colors_of_the_environment(
    run: Run, flag: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "38;5;196" in run("show", flag, "--color", "always").done().out
    monkeypatch.setenv("COLORTERM", "truecolor")
    assert "38;2;255;0;0" in run("show", flag, "--color", "always").done().out
    monkeypatch.delenv("COLORTERM")
    monkeypatch.setenv("TERM", "dumb")
    assert "38;5;196" in run("show", flag, "--color", "always").done().out


def test_width(run: Run, flag: Path) -> None:
    for width, expected in ((1, (1, 1)), (10, (10, 5)), (200, (200, 100))):
        text = run("show", flag, "--width", width, "--color", "always").done().out
        assert sizes(text) == expected


def test_a_painting_fills_the_window_and_a_small_picture_does_not(run: Run, model: Path, photo: Path) -> None:
    assert sizes(run("show", model, "--color", "always").done().out) == (61, 23)
    assert sizes(run("show", photo, "--color", "always").done().out) == (16, 6)
    newest = run("show", "--color", "always").done()
    assert newest.out == run("show", model, "--color", "always").out
    assert newest.err == "note: using photo.paintnet, the newest .paintnet file here\n"
    assert run("show", "--color", "always", "-q").done().err == ""


def test_a_painting_looks_like_its_picture(run: Run, model: Path, photo: Path) -> None:
    def colors(name: Path) -> np.ndarray:
        text = run("show", name, "--width", 4, "--color", "truecolor").done().out
        return np.array([code.split(";") for code in re.findall(r"38;2;(\d+;\d+;\d+)", text)], int)

    assert np.abs(colors(model) - colors(photo)).max() < 40


def test_sources(run: Run, flag: Path) -> None:
    assert sizes(run("show", "sample:bird", "--color", "always").done().out) == (46, 23)
    piped = run("show", "-", "--color", "256", stdin=flag.read_bytes()).done()
    assert piped.out == run("show", flag, "--color", "256").out
    assert run("show", "gone.png", "--color", "256").failed().startswith("gone.png: there is no such file")
    assert (
        "4 x 4 is more than the limit of 3 pixels"
        in run("show", flag, "--color", "256", "--max-pixels", 3).failed()
    )


def test_json(run: Run, flag: Path) -> None:
    document = run("show", flag, "--json").done().document
    assert document["color"] == "256"
    assert document["source"] == str(flag)
    assert len(document["lines"]) == 2
    assert "38;2" in run("show", flag, "--json", "--color", "truecolor").done().document["lines"][0]


def test_no_terminal(run: Run, flag: Path) -> None:
    assert run("show", flag).failed(2) == (
        "stdout: it is not a terminal, so there are no colors; add --color always"
    )


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"NO_COLOR": "1"}, "NO_COLOR: it is set, but the picture consists of colors; add --color always"),
        (
            {"TERM": "vt100"},
            "TERM=vt100: this terminal is not known to have 256 colors; add --color 256 if it has",
        ),
        (
            {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
            "stdout: its encoding ascii has no half block characters; "
            "use a UTF-8 locale, such as LC_ALL=C.UTF-8",
        ),
    ],
    ids=str,
)
def test_what_is_in_the_way(flag: Path, env: dict[str, str], message: str) -> None:
    with Terminal("show", flag, columns=200, stdout=True, **env) as terminal:
        assert terminal.finish() == 2
    (line,) = CODE.sub("", terminal.text).splitlines()
    assert line == f"error: {message}"


def test_an_encoding_without_half_blocks_in_a_pipe(flag: Path) -> None:
    env = {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    assert "its encoding" in run_program("show", flag, "--color", "256", env=env).failed(2)
    run_program("show", flag, "--json", env=env).done()


@pytest.mark.parametrize(
    ("columns", "options", "expected"),
    [
        (80, (), (46, 23)),
        (20, (), (20, 10)),
        (20, ("--width", "50"), (20, 10)),
        (80, ("--width", "70"), (70, 35)),
    ],
)
def test_the_window_of_a_real_terminal(
    folder: Path, columns: int, options: tuple[str, ...], expected: tuple[int, int]
) -> None:
    with Terminal("show", "sample:bird", *options, columns=columns, stdout=True) as terminal:
        assert terminal.finish() == 0
    assert sizes(terminal.text) == expected
    assert terminal.text.endswith("\x1b[0m\r\n")
