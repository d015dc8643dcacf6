"""What commands say: results on stdout, everything else on stderr."""

import json
import math
import sys
from collections.abc import Iterable
from typing import Any, BinaryIO

import click

from paintnet.cli.help import in_names_of_options
from paintnet.cli.terminal import can_redraw, fitted
from paintnet.errors import SettingsError
from paintnet.files.names import printable
from paintnet.picture.formats import to_levels


class Console:
    """One command's voice.

    Parameters
    ----------
    as_json : bool
        Results are one JSON object.
    quiet : bool
        Neither notes nor progress, and no result but data that was asked for.
    stdout_is_taken : bool
        A picture goes to stdout, so words go to stderr.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False, stdout_is_taken: bool = False) -> None:
        if as_json and stdout_is_taken:
            raise SettingsError("--json and the output -", "both go to stdout", "give the output a file name")
        self.as_json = as_json
        self.quiet = quiet
        self.words_to_stderr = stdout_is_taken

    def notes(self, notes: Iterable[str]) -> None:
        """Say what the user may want to know, on stderr."""
        context = click.get_current_context(silent=True)
        if not self.quiet:
            for note in notes:
                text = note if context is None else in_names_of_options(note, context.command)
                click.echo(fitted(f"note: {printable(text)}", sys.stderr), err=True)

    def answer(self, document: dict[str, Any], lines: Iterable[str]) -> None:
        """Give a result that was asked for, as JSON or as text."""
        if self.as_json:
            click.echo(json.dumps(document, allow_nan=False))
        else:
            stream = sys.stderr if self.words_to_stderr else sys.stdout
            for line in lines:
                click.echo(fitted(printable(line), stream), err=self.words_to_stderr)

    def summary(self, document: dict[str, Any], lines: Iterable[str]) -> None:
        """Give a result whose substance is in files: silent if quiet."""
        if self.as_json or not self.quiet:
            self.answer(document, lines)

    @property
    def shows_progress(self) -> bool:
        """Whether a person is watching a terminal that can redraw a line."""
        return not self.quiet and can_redraw(sys.stderr)


def standard_input() -> BinaryIO | None:
    """What `-` reads; None where the program was started without it."""
    return None if sys.stdin is None else sys.stdin.buffer


def hex_color(color: Any) -> str:
    """Write a color as #rrggbb, or #rrggbbaa where there is transparency; grey has three equal parts.

    Examples
    --------
    >>> import numpy as np
    >>> hex_color(np.array([1.0, 0.5, 0.0])), hex_color(np.array([0.2]))
    ('#ff8000', '#333333')
    """
    levels = to_levels(color).tolist()
    return "#" + "".join(f"{level:02x}" for level in (levels * 3 if len(levels) == 1 else levels))


def human_bytes(count: float) -> str:
    """Write a number of bytes for people.

    Examples
    --------
    >>> human_bytes(900), human_bytes(1_680_000)
    ('900 B', '1.7 MB')
    """
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"


def human_psnr(value: float | None) -> str:
    """Write a PSNR; None stands for an infinite one, which JSON cannot write.

    Examples
    --------
    >>> human_psnr(31.25), human_psnr(float("inf")), human_psnr(None)
    ('31.25 dB', 'infinite (equal)', 'infinite (equal)')
    """
    return "infinite (equal)" if value is None or math.isinf(value) else f"{value:.2f} dB"
