"""The commands that a page shows, in its order."""

import re
from dataclasses import dataclass
from pathlib import Path

LONG = "<!-- long: run by make gallery -->"
"""Before a block whose commands take longer than a test may."""

ELSEWHERE = "<!-- not run here: "
"""Before a block that belongs to another machine, with the reason."""


@dataclass(frozen=True)
class Block:
    """One block of a page.

    Parameters
    ----------
    commands : tuple of str
        As a shell takes them.
    shown : tuple of str
        What the page says that each of them prints.
    is_long, is_elsewhere : bool
        Whether it is marked so.
    """

    commands: tuple[str, ...]
    shown: tuple[str, ...]
    is_long: bool = False
    is_elsewhere: bool = False


def blocks_of(page: Path) -> list[Block]:
    """Give the console blocks of a page."""
    found = []
    text = page.read_text(encoding="utf-8")
    for mark, block in re.findall(r"(<!-- [^\n]*-->)?\n?```console\n(.*?)\n```", text, re.DOTALL):
        commands: list[str] = []
        shown: list[str] = []
        for line in block.splitlines():
            if line.startswith("$ "):
                commands.append(line.removeprefix("$ "))
                shown.append("")
            elif commands[-1].endswith("\\"):
                commands[-1] += f"\n{line}"
            else:
                shown[-1] += f"{line}\n"
        said = tuple(each.strip() for each in shown)
        found.append(Block(tuple(commands), said, mark == LONG, mark.startswith(ELSEWHERE)))
    return found
