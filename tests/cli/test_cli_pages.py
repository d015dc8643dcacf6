"""`paintnet help`: commands and pages."""

import re
import tomllib
from pathlib import Path

import pytest

from paintnet.cli import COMMANDS
from paintnet.cli.pages import PAGES, show_help
from tests.command_line import Run, Terminal, complete

ROOT = Path(__file__).parents[2]


def test_without_a_topic_it_lists_commands_and_pages(run: Run) -> None:
    out = run("help").done().out
    assert out.startswith(run("--help").done().out)
    for name, text in PAGES.items():
        assert re.search(rf"^  {name} +{re.escape(text)}$", out, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_is_its_own_help(run: Run, name: str) -> None:
    assert run("help", name).done().out == run(name, "--help").done().out


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_shown_whole(run: Run, name: str) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    assert run("help", name).done().out == page.rstrip() + "\n"
    assert run("help", name, "--json").done().document == {"topic": name, "text": page.rstrip()}


def test_every_page_is_installed_and_named() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packaged = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert packaged == {f"docs/{name}.md": f"paintnet/docs/{name}.md" for name in PAGES}
    assert {f"{name}.md" for name in PAGES} == {page.name for page in (ROOT / "docs").glob("*.md")} - {
        "releasing.md"
    }
    assert show_help.help is not None
    assert all(name in show_help.help for name in PAGES)


def test_a_page_on_a_terminal_goes_through_the_pager(folder: Path) -> None:
    with Terminal("help", "lesson", stdout=True, PAGER="cat") as terminal:
        assert terminal.finish() == 0
    assert terminal.text.replace("\r\n", "\n").startswith((ROOT / "docs" / "lesson.md").read_text()[:200])


def test_topics_are_completed() -> None:
    assert complete("paintnet help l") == ["plain,lesson"]
    assert complete("paintnet help fi") == ["plain,fit"]
