"""The terminal itself: whether there is one, its size and colors, and the codes that steer it."""

import os
import re
import sys
import textwrap
from collections.abc import Mapping
from typing import Literal, TextIO

Depth = Literal["truecolor", "256"]
"""Colors of a terminal: all of them, or a table of 256."""

NARROWEST = 20
"""Columns for which lines are made to fit; a narrower terminal breaks them itself."""

_NAME = re.compile("[a-z]+( [a-z]+)?  +(?=[^ ])")
"""The name before a value in a list of them."""

WINDOW = (80, 24)
"""Columns and rows where nothing tells them."""

RESET = "\x1b[0m"
HIDE_CURSOR = "\x1b[?25l"
SHOW_CURSOR = "\x1b[?25h"
ERASE_LINE = "\x1b[K"
ERASE_BELOW = "\x1b[J"

_FULL_COLOR_TERMS = ("-direct", "kitty", "alacritty", "ghostty", "foot", "wezterm")
"""In the names of terminals that have all colors: over ssh, COLORTERM stays behind but TERM goes along."""


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream, which may be missing, is a terminal."""
    return stream is not None and stream.isatty()


def can_redraw(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal that understands codes, so that a line can be drawn again."""
    return os.environ.get("TERM") != "dumb" and is_terminal(stream) and _codes_are_obeyed()


def _codes_are_obeyed() -> bool:
    """Whether the console obeys codes: that of Windows does when it is told to, since Windows 10."""
    are_obeyed = True
    if sys.platform == "win32":
        import ctypes

        kernel, error_output, obey_codes = ctypes.windll.kernel32, -12, 4
        handle, mode = kernel.GetStdHandle(error_output), ctypes.c_ulong()
        found = kernel.GetConsoleMode(handle, ctypes.byref(mode))
        are_obeyed = bool(found and kernel.SetConsoleMode(handle, mode.value | obey_codes))
    return are_obeyed


def colors_are_unwanted() -> bool:
    """Whether NO_COLOR is set (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


def window_size(stream: TextIO) -> tuple[int, int]:
    """Columns and rows of a stream's window, as they are now."""
    try:
        columns, rows = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):  # no terminal, or no file at all
        columns = rows = 0
    return columns or WINDOW[0], rows or WINDOW[1]


def can_write(text: str, stream: TextIO) -> bool:
    """Whether a stream's encoding has the characters of a text."""
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def fitted(text: str, stream: TextIO | None) -> str:
    """Break a line between words where a stream is a terminal that is narrower; elsewhere leave it whole."""
    return wrapped(text, window_size(stream)[0]) if stream is not None and is_terminal(stream) else text


def wrapped(text: str, columns: int) -> str:
    """Break a line between words so that it fits; what follows stands below the first line's values.

    A word that is longer than a line, such as a path, stays whole, and can be copied.

    Examples
    --------
    >>> print(wrapped("quality     PSNR 31.2 dB, SSIM 0.98", 28))
    quality     PSNR 31.2 dB,
                SSIM 0.98
    >>> print(wrapped("error: bird.png: there is no such file", 24))
    error: bird.png: there
      is no such file
    """
    if len(text) < columns:
        return text
    name = _NAME.match(text)
    # A terminal may wrap when its last column is written.
    return textwrap.fill(
        text,
        max(columns - 1, NARROWEST),
        subsequent_indent=" " * (name.end() if name else 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def color_depth(environ: Mapping[str, str]) -> Depth | None:
    """Tell from the environment which colors a terminal has; None where it has neither kind.

    Examples
    --------
    >>> color_depth({"TERM": "xterm-256color", "COLORTERM": "truecolor"})
    'truecolor'
    >>> color_depth({"TERM": "screen-256color"}), color_depth({"TERM": "vt100"})
    ('256', None)
    """
    term = environ.get("TERM", "").lower()
    if term == "dumb":
        return None
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or "WT_SESSION" in environ:
        return "truecolor"
    if any(name in term for name in _FULL_COLOR_TERMS):
        return "truecolor"
    # Whatever calls itself plain xterm has had 256 colors since 1999.
    return "256" if "256color" in term or term == "xterm" else None


def cursor_up(rows: int) -> str:
    """Code that moves the cursor up, in its column."""
    return f"\x1b[{rows}A"


def draw(text: str) -> None:
    """Write text and codes to the terminal of stderr at once; nothing where stderr is none."""
    if is_terminal(sys.stderr):
        sys.stderr.write(text)
        sys.stderr.flush()
