"""What is found out about a terminal."""

import io
import sys

import pytest

from paintnet.cli.terminal import can_redraw, can_write, color_depth, draw, window_size
from tests.command_line import Terminal


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"COLORTERM": "truecolor"}, "truecolor"),
        ({"COLORTERM": "24bit", "TERM": "xterm-256color"}, "truecolor"),
        ({"TERM": "xterm-kitty"}, "truecolor"),
        ({"TERM": "xterm-direct"}, "truecolor"),
        ({"WT_SESSION": "1"}, "truecolor"),
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "screen-256color", "COLORTERM": ""}, "256"),
        ({"TERM": "xterm"}, "256"),
        ({"TERM": "vt100"}, None),
        ({"TERM": "linux"}, None),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_depth(environ: dict[str, str], depth: str | None) -> None:
    assert color_depth(environ) == depth


def test_a_stream_that_is_no_terminal_has_the_usual_window_and_gets_no_codes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert window_size(io.StringIO()) == (80, 24)
    draw("\x1b[K")
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys, "stderr", None)
    draw("\x1b[K")
    assert not can_redraw(None)


def test_a_real_terminal_is_measured_as_it_is() -> None:
    script = (
        "import sys; from paintnet.cli.terminal import can_redraw, draw, window_size\n"
        "draw(f'{window_size(sys.stderr)} {can_redraw(sys.stderr)}')"
    )
    for kind, redraws in (("xterm", True), ("dumb", False)):
        with Terminal(program=(sys.executable, "-c", script), columns=33, TERM=kind) as terminal:
            assert terminal.finish() == 0
        assert terminal.text == f"(33, 24) {redraws}"


@pytest.mark.parametrize(("encoding", "can"), [("utf-8", True), ("cp437", True), ("ascii", False)])
def test_an_encoding_has_half_blocks_or_not(encoding: str, can: bool) -> None:
    assert can_write("\N{UPPER HALF BLOCK}", io.TextIOWrapper(io.BytesIO(), encoding=encoding)) is can
