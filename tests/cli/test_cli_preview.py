"""The preview on real and on pretended terminals: what is on the screen, and where the cursor is left."""

import fcntl
import io
import re
import signal
import struct
import sys
import termios
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from paintnet.cli import preview as module
from paintnet.cli import progress
from paintnet.cli.preview import Preview, preview_depth
from paintnet.cli.terminal import HIDE_CURSOR, SHOW_CURSOR
from paintnet.painter.events import EpochFinished, TrainingFinished
from paintnet.painting import Painting
from tests.command_line import Terminal, run_program

SCRIPT = """
import sys, time
from types import SimpleNamespace
from paintnet.cli.exits import run_and_exit
from paintnet.cli.preview import Preview
from paintnet.painter.events import EpochFinished, TrainingFinished
from paintnet.painting import Painting

def fit():
    painting, epochs = Painting.load(sys.argv[1]), int(sys.argv[2])
    run = SimpleNamespace(painting=lambda: painting)
    with Preview() as preview:
        for epoch in range(1, epochs + 1):
            time.sleep(0.01)
            done = epoch / epochs
            preview(EpochFinished(epoch, epochs, done, 0.01 * epoch, 0.001, 30.0, 0.01), run)
        preview(TrainingFinished(epochs, 0.01 * epochs, "epochs"), run)

run_and_exit(fit)
"""
PROGRAM = (sys.executable, "-c", SCRIPT)
FOR_EVER = 100_000
PICTURE_END = "\x1b[J\r" + SHOW_CURSOR


class Screen:
    """As much of a terminal as the preview needs; rows that scroll out at the top are kept."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.size = (columns, rows)
        self.lines = [""]
        self.row = self.column = 0
        self.cursor_is_shown = True

    def feed(self, text: str) -> "Screen":
        for code, letter in re.findall(r"\x1b\[(\??[0-9;]*[A-Za-z])|([\s\S])", text):
            if code:
                self._obey(code[:-1], code[-1])
            else:
                self._put(letter)
        return self

    def _obey(self, number: str, letter: str) -> None:
        line = self.lines[self.row]
        if letter == "A":
            top = max(0, len(self.lines) - self.size[1])
            self.row = max(top, self.row - int(number))
        elif letter == "K":
            self.lines[self.row] = line[: self.column]
        elif letter == "J":
            self.lines[self.row] = line[: self.column]
            del self.lines[self.row + 1 :]
        elif letter in "hl":
            assert number == "?25", "only the cursor is switched"
            self.cursor_is_shown = letter == "h"
        else:
            assert letter == "m", letter

    def _put(self, letter: str) -> None:
        if letter == "\r":
            self.column = 0
        elif letter == "\n":
            self.row, self.column = self.row + 1, 0
            self.lines += [""] * (self.row + 1 - len(self.lines))
        else:
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + letter + line[self.column + 1 :]
            self.column += 1
            assert self.column < self.size[0], "the terminal would wrap"

    @property
    def picture(self) -> list[str]:
        return [line for line in self.lines if "▀" in line]


@pytest.fixture
def painting(model: Path) -> Painting:
    return Painting.load(model)


def epoch(number: int, epochs: int | None = 10) -> EpochFinished:
    return EpochFinished(number, epochs, number / (epochs or 10), 1.0 * number, 0.001, 30.0, 0.01)


def run_of(painting: Painting) -> Any:
    """As much of a run as the preview asks for."""
    return SimpleNamespace(painting=lambda: painting)


class Pretended:
    """A terminal that is a list of what was written to it, and a clock that only stands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pieces: list[str] = []
        self.now = 1000.0
        self.window = (80, 24)
        for each in (module, progress):
            monkeypatch.setattr(each, "draw", self.pieces.append)
            monkeypatch.setattr(each, "window_size", lambda _: self.window)
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)

    @property
    def pictures(self) -> int:
        return sum("▀" in piece for piece in self.pieces)


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> Pretended:
    return Pretended(monkeypatch)


def test_the_picture_is_repainted_in_place(pretended: Pretended, painting: Painting) -> None:
    with Preview("truecolor") as preview:
        for number in range(1, 11):
            preview(epoch(number), run_of(painting))
            pretended.now += 1
        preview(TrainingFinished(10, 10.0, "epochs"), run_of(painting))
    assert pretended.pictures == 11
    screen = Screen().feed("".join(pretended.pieces))
    assert len(screen.picture) == 22
    assert {len(line) for line in screen.picture} == {59}  # 16 x 12 in 44 pixels of height
    assert screen.lines[:22] == screen.picture
    assert re.fullmatch(r"\[#+\] epoch 10/10 loss 0.00100 30.0 dB 0 s left", screen.lines[22])
    assert screen.lines[23:] == [""]
    assert (screen.row, screen.column, screen.cursor_is_shown) == (23, 0, True)


def test_the_last_picture_is_the_result(pretended: Pretended, painting: Painting, classified: Path) -> None:
    result = Painting.load(classified)
    with Preview("256") as preview:
        shown = run_of(painting)
        preview(epoch(1), shown)
        pretended.now += 1
        shown.painting = lambda: result
        preview(TrainingFinished(1, 1.0, "epochs"), shown)
    colors = [len(set(re.findall(r"38;5;(\d+)", piece))) for piece in pretended.pieces if "▀" in piece]
    assert colors[0] > 2 >= colors[1], "two classes, two colors"


def test_repainting_takes_a_tenth_of_the_time(pretended: Pretended, painting: Painting) -> None:
    def paint() -> Painting:
        pretended.now += 0.5  # a large network on a slow machine
        return painting

    preview = Preview("256")
    start, painted_for = pretended.now, 0.0
    while pretended.now < start + 100:
        before = pretended.now
        preview(epoch(1, None), SimpleNamespace(painting=paint))
        painted_for += pretended.now - before
        pretended.now += 0.02
    assert pretended.pictures == pytest.approx(20, abs=1)
    assert painted_for / 100 <= 0.105


def test_quick_pictures_come_five_times_a_second(pretended: Pretended, painting: Painting) -> None:
    preview = Preview("256")
    for _ in range(1000):
        preview(epoch(1), run_of(painting))
        pretended.now += 0.01
    assert 40 <= pretended.pictures <= 50
    assert 40 <= len(pretended.pieces) - pretended.pictures <= 50, "the line alone, in between"


def test_it_follows_the_window(pretended: Pretended, painting: Painting) -> None:
    with Preview("256") as preview:
        preview(epoch(1), run_of(painting))
        pretended.now += 1
        pretended.window = (30, 40)
        preview(epoch(2), run_of(painting))
        assert pretended.pieces[-1].count("▀") == 29 * 11
        # The terminal has wrapped each of 22 rows, 59 columns wide, into two.
        assert "\x1b[44A\x1b[J" in pretended.pieces[-1]
        pretended.now += 1
        pretended.window = (200, 100)
        preview(epoch(3), run_of(painting))
        assert pretended.pieces[-1].count("▀") == 80 * 30
        assert "\x1b[11A" in pretended.pieces[-1]


@pytest.mark.parametrize("window", [(1, 1), (2, 3), (80, 2), (1, 24), (5, 4)])
def test_the_smallest_windows(pretended: Pretended, painting: Painting, window: tuple[int, int]) -> None:
    pretended.window = window
    with Preview("256") as preview:
        for number in range(1, 4):
            preview(epoch(number), run_of(painting))
            pretended.now += 1
    columns, rows = window
    screen = Screen(columns + 1, rows).feed("".join(pretended.pieces[1:]))
    assert len(screen.picture) <= max(0, rows - 2)
    assert screen.cursor_is_shown


def test_an_error_leaves_the_picture_and_a_new_line(pretended: Pretended, painting: Painting) -> None:
    def fit() -> None:
        with Preview("256") as preview:
            preview(epoch(1), run_of(painting))
            raise ValueError("why")

    with pytest.raises(ValueError, match="why"):
        fit()
    assert pretended.pictures == 1, "nothing is painted again"
    screen = Screen().feed("".join(pretended.pieces))
    assert (len(screen.picture), screen.row, screen.column) == (22, 23, 0)
    assert screen.cursor_is_shown


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_ctrl_c_amid_a_repainting(
    pretended: Pretended, painting: Painting, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    def write_half(text: str) -> None:
        if HIDE_CURSOR in text and pretended.pictures:
            pretended.pieces.append(text[: int(share * len(text))] + "\x1b[0m")  # a cut code is no code
            raise KeyboardInterrupt
        pretended.pieces.append(text)

    def fit() -> None:
        with Preview("256") as preview:
            preview(epoch(1), run_of(painting))
            pretended.now += 1
            preview(epoch(2), run_of(painting))

    monkeypatch.setattr(module, "draw", write_half)
    with pytest.raises(KeyboardInterrupt):
        fit()
    text = re.sub(r"\x1b\[[0-9;]*(?=\x1b)", "", "".join(pretended.pieces))
    screen = Screen().feed(text)
    assert screen.cursor_is_shown
    assert screen.lines[-1] == ""
    assert "epoch 2/10" in screen.lines[-2]
    assert sum("epoch" in line for line in screen.lines) == 1, "nothing is left of the old picture"


def test_ctrl_c_amid_the_last_repainting(
    pretended: Pretended, painting: Painting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_half(text: str) -> None:
        if HIDE_CURSOR in text and pretended.pictures:
            pretended.pieces.append(text.partition("\n")[0])
            raise KeyboardInterrupt
        pretended.pieces.append(text)

    def fit() -> None:
        with Preview("256") as preview:
            preview(epoch(1), run_of(painting))

    monkeypatch.setattr(module, "draw", write_half)
    with pytest.raises(KeyboardInterrupt):
        fit()
    screen = Screen().feed("".join(pretended.pieces))
    assert (len(screen.picture), screen.row, screen.lines[1:]) == (1, 1, [""])
    assert screen.cursor_is_shown


def test_before_the_first_epoch_there_is_no_picture(pretended: Pretended) -> None:
    with Preview("256"):
        pass
    assert pretended.pieces == ["\rstarting\x1b[K\r", f"\x1b[0m{SHOW_CURSOR}\r\x1b[K"]


@pytest.mark.parametrize(
    ("env", "encoding", "depth"),
    [
        ({}, "utf-8", "256"),
        ({"COLORTERM": "truecolor"}, "utf-8", "truecolor"),
        ({"NO_COLOR": "1"}, "utf-8", None),
        ({"TERM": "vt100"}, "utf-8", None),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, "utf-8", None),
        ({}, "ascii", None),
    ],
    ids=str,
)
def test_where_there_is_a_preview(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], encoding: str, depth: str | None
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stderr", stream)
    for name in ("NO_COLOR", "COLORTERM", "WT_SESSION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **env}.items():
        monkeypatch.setenv(name, value)
    assert preview_depth() is None, "no terminal"
    monkeypatch.setattr(stream, "isatty", lambda: True)
    assert preview_depth() == depth
    monkeypatch.setattr(sys, "stderr", None)
    assert preview_depth() is None


def test_nothing_is_written_without_a_terminal(model: Path) -> None:
    assert run_program(model, 3, program=PROGRAM).done().err == ""


@pytest.mark.parametrize(
    "env", [{"NO_COLOR": "1"}, {"TERM": "vt100"}, {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}], ids=str
)
def test_without_colors_there_is_only_the_line(model: Path, env: dict[str, str]) -> None:
    with Terminal(model, 3, program=PROGRAM, **env) as terminal:
        assert terminal.finish() == 0
    assert set(re.findall(r"\x1b.*?[A-Za-z]", terminal.text)) == {"\x1b[K"}
    assert "epoch 3/3 loss 0.00100 30.0 dB" in terminal.text
    assert "▀" not in terminal.text
    assert terminal.text.endswith("\r\r\n")


def test_on_a_real_terminal(model: Path) -> None:
    with Terminal(model, 100, program=PROGRAM, columns=40, COLORTERM="truecolor") as terminal:
        terminal.wait_for(PICTURE_END)
        first = terminal.text.count("▀")
        assert first == 39 * 15
        fcntl.ioctl(terminal._master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 21, 0, 0))
        assert terminal.finish() == 0
    assert "38;2;" in terminal.text
    last = terminal.text.rpartition(HIDE_CURSOR)[2]
    assert last.count("▀") == 20 * 8
    assert terminal.text.rindex(SHOW_CURSOR) > terminal.text.rindex(HIDE_CURSOR)
    assert terminal.text.endswith(f"\x1b[0m{SHOW_CURSOR}\r\n")


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_signals_leave_the_cursor_and_the_screen_right(
    model: Path, number: signal.Signals, code: int, word: str
) -> None:
    with Terminal(model, FOR_EVER, program=PROGRAM) as terminal:
        terminal.wait_for(PICTURE_END)
        terminal.process.send_signal(number)
        assert terminal.finish() == code
    assert terminal.text.rindex(SHOW_CURSOR) > terminal.text.rindex(HIDE_CURSOR)
    screen = Screen().feed(re.sub(r"\x1b\[[0-9;]*(?=\x1b)", "", terminal.text))
    assert screen.cursor_is_shown
    assert sum("epoch" in line for line in screen.lines) == 1
    place = next(number for number, line in enumerate(screen.lines) if "epoch" in line)
    assert screen.lines[place + 1].startswith(f"error: {word}")
