"""How the help reads: groups of options as in docs/commands.md, in wide and in narrow terminals."""

import re
from pathlib import Path
from typing import Any

import click
import pytest

from paintnet import cli
from paintnet.cli import COMMANDS
from paintnet.cli.help import COMMON, OTHERS, Command, command, option, option_group
from paintnet.cli.types import Number
from tests.command_line import Run, Terminal, run_program

REFERENCE = Path(__file__).parents[2] / "docs" / "commands.md"


def headings_of(name: str) -> dict[str, list[str]]:
    """Long options of a command by their headings."""
    found = cli.cli.get_command(click.Context(cli.cli), name)
    assert isinstance(found, Command)
    context = click.Context(found, info_name=name, help_option_names=["-h", "--help"])
    return {
        heading: [each.opts[-1].removeprefix("--") for each in options]
        for heading, options in found.headings(context).items()
    }


def documented_headings(name: str) -> dict[str, list[str]]:
    """The same as the tables of the reference have it; what all commands share stands before them."""
    page = REFERENCE.read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for title, heading in ((f"paintnet {name}", None), (COMMON, COMMON)):
        section = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        for head, rows in re.findall(r"^\| ([^|]+) \|[^|\n]*\|\n\|---\|---\|\n((?:\|.*\n)+)", section, re.M):
            options = re.findall(r"^\| (?:`-\w`, )?`--([a-z0-9-]+)", rows, re.M)
            shown = heading or (OTHERS if head == "option" else head.capitalize())
            found[shown] = list(dict.fromkeys(options))  # --color has a row for each of its values
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_the_groups_and_their_order_are_those_of_the_reference(name: str) -> None:
    groups = headings_of(name)
    assert list(groups.items()) == list(documented_headings(name).items())
    assert groups[COMMON] == ["json", "quiet", "help"]


def test_every_option_of_fit_belongs_to_a_group() -> None:
    assert OTHERS not in headings_of("fit")
    assert len(headings_of("fit")) == 10


def test_explanations_stand_beside_the_options_or_below_them_where_it_is_narrow(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {}
    for columns in (80, 52):
        monkeypatch.setenv("COLUMNS", str(columns))
        text = run("fit", "--help").done().out.partition("Examples:")[0]
        words[columns] = text.split()
        assert max(map(len, text.splitlines())) <= columns
        explanation = "Strength of the L2 penalty on the weights."
        between = " " * 23 if columns == 80 else "\n" + 8 * " "
        assert f"  --alpha A{between}{explanation}\n" in text
        starts = [f"\n\n{heading}:\n" for heading in headings_of("fit")]
        assert [text.count(start) for start in starts] == [1] * 10
    # click breaks words at hyphens, and lists of choices are broken at their bars.
    whole, narrow = (re.sub(r"(?<=\w)([-|]) ", r"\1", " ".join(words[columns])) for columns in (80, 52))
    assert narrow == whole


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}], ids=["color", "no color"])
def test_help_is_plain_text_on_a_terminal_and_in_a_pipe(env: dict[str, str]) -> None:
    with Terminal("fit", "--help", stdout=True, **env) as terminal:
        assert terminal.finish() == 0
    assert "\x1b" not in terminal.text
    assert terminal.text.replace("\r\n", "\n") == run_program("fit", "--help", env=env).done().out


@pytest.mark.parametrize("name", COMMANDS)
def test_numbers_are_written_as_people_write_them(run: Run, name: str) -> None:
    text = " ".join(run(name, "--help").done().out.split())
    assert not re.search(r"None|<=|>=|\d{5}|\.0\b|\de[+-]?\d", text), "a bound, or a number without commas"


def test_defaults_and_limits() -> None:
    @command()
    @option("--others", default="x", help="Last.")
    @option_group(
        "One",
        option("--many", type=Number(1, whole=True), default=50_000_000, help="Many."),
        option("--share", type=Number(0, 1, above=True), default=1.0, help="Share."),
        option("--words", show_default="what fits", help="Words."),
        option("--flag", is_flag=True, help="Flag."),
    )
    def made(**_: Any) -> None:
        """Nothing."""

    context = click.Context(made, show_default=True, terminal_width=100)
    lines = [line.strip() for line in made.get_help(context).splitlines()]
    assert [re.sub(" {2,}", " ", line) for line in lines[4:]] == [
        "Options:",
        "--others TEXT Last. [default: x]",
        "",
        "One:",
        "--many NUMBER Many. [default: 50,000,000; at least 1]",
        "--share NUMBER Share. [default: 1; above 0 and at most 1]",
        "--words TEXT Words. [default: what fits]",
        "--flag Flag.",
        "",
        f"{COMMON}:",
        "--help Show this message and exit.",
    ]


def test_what_is_wrong_points_to_the_help_of_its_command(run: Run) -> None:
    assert run("fit", "--mode").failed(2).endswith("; see 'paintnet fit --help'")
    assert run("fit", "--nothing").failed(2).endswith("; see 'paintnet fit --help'")
