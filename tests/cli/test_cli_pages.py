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
    reference = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    section = reference.partition("\n## paintnet help\n")[2].partition("\n## ")[0]
    for text in (show_help.help, section):
        found = re.search(r"of the pages (.*), which are installed", text or "", re.DOTALL)
        assert found
        named = re.sub(r"\s*\(.*?\)", "", found[1])
        assert re.split(r",\s+|\s+and\s+", named) == list(PAGES)


def test_a_page_on_a_terminal_goes_through_the_pager(folder: Path) -> None:
    with Terminal("help", "lesson", stdout=True, PAGER="cat") as terminal:
        assert terminal.finish() == 0
    assert terminal.text.replace("\r\n", "\n").startswith((ROOT / "docs" / "lesson.md").read_text()[:200])


def test_topics_are_completed() -> None:
    assert complete("paintnet help l") == ["plain,lesson", "plain,lesson.ja"]
    assert complete("paintnet help fi") == ["plain,fit"]
