"""`paintnet show`: a picture in the terminal, printed once."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from paintnet.cli.completion import complete_models_and_pictures
from paintnet.cli.console import Console, standard_input
from paintnet.cli.halfblocks import UPPER_HALF, picture_lines
from paintnet.cli.help import command, option, option_group
from paintnet.cli.models import load_painting
from paintnet.cli.options import open_options, report_options
from paintnet.cli.terminal import Depth, can_write, color_depth, colors_are_unwanted, is_terminal, window_size
from paintnet.cli.types import Choice, Number
from paintnet.errors import SettingsError
from paintnet.modelfile import EXTENSION
from paintnet.painting import Painting
from paintnet.picture import OpenLimits, open_picture

LARGEST_WIDTH = 1000


@command(
    epilog="""\b
Examples:
  paintnet show
  paintnet show photo.jpg --width 60
  paintnet show sample:bird --color always | less -R"""
)
@click.argument("what", required=False, metavar="[MODEL|IMAGE]", shell_complete=complete_models_and_pictures)
@option(
    "--width",
    type=Number(1, LARGEST_WIDTH, whole=True),
    metavar="N",
    help="Width in columns; the height follows from it.",
    show_default="what fits into the window",
)
@option(
    "--color",
    type=Choice(["auto", "always", "256", "truecolor"]),
    default="auto",
    help="auto prints on a terminal only, in the colors that it has; always prints into files and pipes "
    "too; 256 and truecolor do so in these colors.",
)
@option_group("Where the picture comes from", open_options)
@report_options
def show(what: str | None, width: int | None, color: str, **options: Any) -> None:
    """Print a painting or a picture in the terminal.

    A .paintnet file is painted; anything else is a picture: a path, an http(s)
    URL, - for stdin, or a sample. Without either, the newest .paintnet file in
    the current folder is painted.
    """
    console = Console(as_json=options["json"], quiet=options["quiet"])
    depth = _depth("always" if color == "auto" and console.as_json else color)
    if not console.as_json:
        _check_encoding()
    picture, source = _open(what, console, options)
    columns, rows = window_size(sys.stdout)
    if width is not None:
        columns = min(width, columns) if is_terminal(sys.stdout) else width
        rows = LARGEST_WIDTH * 50  # asked for by its width, it may be as high as it needs
    # The last row is for the prompt. What is painted has no size of its own, so it fills the window.
    room = (columns, max(1, rows - 1))
    enlarge = width is not None or isinstance(picture, Painting)
    lines = picture_lines(picture, room, depth, enlarge=enlarge)
    if console.as_json:
        console.answer({"source": source, "color": depth, "lines": lines}, [])
    else:
        # Not through the console, which keeps codes away from the terminal: these are our own.
        click.echo("\n".join(lines), color=True)


def _depth(color: str) -> Depth:
    """Colors to print in, or an error that says what is in the way."""
    if color in ("256", "truecolor"):
        return "256" if color == "256" else "truecolor"
    found = color_depth(os.environ)
    if color == "always":
        return found or "256"
    if not is_terminal(sys.stdout):
        raise SettingsError("stdout", "it is not a terminal, so there are no colors", "add --color always")
    if colors_are_unwanted():
        raise SettingsError("NO_COLOR", "it is set, but the picture consists of colors", "add --color always")
    if found is None:
        term = os.environ.get("TERM", "")
        raise SettingsError(
            f"TERM={term}", "this terminal is not known to have 256 colors", "add --color 256 if it has"
        )
    return found


def _check_encoding() -> None:
    if sys.stdout is not None and not can_write(UPPER_HALF, sys.stdout):
        why = f"its encoding {sys.stdout.encoding} has no half block characters"
        raise SettingsError("stdout", why, "use a UTF-8 locale, such as LC_ALL=C.UTF-8")


def _open(what: str | None, console: Console, options: dict[str, Any]) -> tuple[Any, str]:
    """Open the painting or the pixels meant, and say what they are called."""
    if what is None or Path(what).suffix.lower() == EXTENSION:
        loaded = load_painting(what, console)
        return loaded.painting, loaded.name
    limits = OpenLimits(options["max_pixels"], options["allow_private"])
    opened = open_picture(what, limits=limits, stdin=standard_input())
    console.notes(opened.notes)
    return opened.pixels, opened.source
