"""The pages of the documentation, and the commands that each shows, in its order."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent

LONG = "<!-- long: run by make gallery -->"
"""Before a block whose commands take longer than a test may."""

ELSEWHERE = "<!-- not run here: "
"""Before a block that belongs to another machine, with the reason."""


def original_of(page: Path) -> Path:
    """Give the English page of a translation: ``lesson.md`` of ``lesson.ja.md``; any other is its own.

    Examples
    --------
    >>> original_of(Path("docs/lesson.ja.md")).name, original_of(Path("docs/model-file.md")).name
    ('lesson.md', 'model-file.md')
    """
    return page.with_name(f"{page.name.partition('.')[0]}.md")


ALL_PAGES = (*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").glob("*.md")))
"""What users read, translations too."""

PAGES = tuple(page for page in ALL_PAGES if page == original_of(page))
"""Those whose commands are run: a translation shows the same, which a test compares."""


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
