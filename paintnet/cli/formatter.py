"""Help that fits narrow terminals too."""

import re
import shutil
import textwrap
from collections.abc import Iterable
from itertools import chain

import click

NARROWEST, CLICKS_NARROWEST = 30, 50
"""Columns for which help is laid out at least; and those of click, which a phone does not have."""

EXAMPLE, CONTINUED = "  ", " \\"
"""How a command begins that is shown as an example, and how a line ends that goes on in the next one."""

WORD = re.compile(r"""--?[\w-]+ (?!-\S)(?:'[^']*'|"[^"]*"|\S)+|(?:'[^']*'|"[^"]*"|\S)+""")
"""An option with its value, or what stands alone."""


class HelpFormatter(click.HelpFormatter):
    """click's, as narrow as the terminal."""

    def __init__(self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None):
        columns = shutil.get_terminal_size().columns - 2
        if width is None and columns < CLICKS_NARROWEST:
            width = max(columns, NARROWEST)
        super().__init__(indent_increment, width, max_width)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list of terms; where one is too long for a line, it is broken between its choices."""
        room = self.width - self.current_indent
        super().write_dl([(self._broken(term, room), text) for term, text in rows], col_max, col_spacing)

    def write_text(self, text: str) -> None:
        """Write paragraphs; commands of examples that are too long go on in the next line."""
        room = self.width - self.current_indent
        lines = re.sub(r" \\\n +", " ", text).split("\n")
        super().write_text("\n".join(_continued(line, room) for line in lines))

    def _broken(self, term: str, room: int) -> str:
        if len(term.rstrip()) <= room or "|" not in term:
            return term
        # A blank after each bar lets it be broken there; those that are left are taken out again.
        lines = textwrap.wrap(term.replace("|", "| "), room, break_long_words=False, break_on_hyphens=False)
        indent = "\n" + " " * (self.current_indent + self.indent_increment)
        return indent.join(line.replace("| ", "|") for line in lines)


def _continued(line: str, room: int) -> str:
    """Break an indented command before its options, so that it can still be copied as it stands."""
    if len(line) <= room or not line.startswith(EXAMPLE) or "paintnet " not in line:
        return line
    first, *words = WORD.findall(line)
    broken = [EXAMPLE + first]
    longest = room - len(2 * EXAMPLE + CONTINUED)
    pieces = ([word] if len(word) <= longest else word.split(" ", 1) for word in words)
    for word in chain.from_iterable(pieces):
        if len(broken[-1]) + 1 + len(word) + len(CONTINUED) > room:
            broken.append(2 * EXAMPLE + word)
        else:
            broken[-1] += " " + word
    return f"{CONTINUED}\n".join(broken)


class Context(click.Context):
    """The context of a command whose help is written by `HelpFormatter`."""

    formatter_class = HelpFormatter
