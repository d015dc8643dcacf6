"""`paintnet help`: the help of a command, or a page of the documentation."""

import sys
from importlib.resources import files
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from paintnet.cli.console import Console
from paintnet.cli.help import command
from paintnet.cli.options import report_options
from paintnet.cli.suggestions import asked_back
from paintnet.cli.terminal import is_terminal
from paintnet.errors import SettingsError
from paintnet.files.names import printable

PAGES = {
    "lesson": "From one neuron to a painted bird.",
    "lesson.ja": "The same in Japanese.",
    "commands": "Every command, option and exit code.",
    "playing": "The page of paintnet play.",
    "batches": "Many pictures, and going on where it ended.",
    "sweeps": "Which settings are best for a picture.",
    "clusters": "Many machines.",
    "ci": "In continuous integration.",
    "gallery": "What it makes, with the command for each picture.",
    "python": "The library.",
    "pictures": "The pictures that are read, and how their colors are taken.",
    "exports": "A painting as a page.",
    "engine": "How it learns so fast, and what was tried and lost.",
    "small-files": "A photograph as a network smaller than its JPEG.",
    "benchmarks": "How it compares with others.",
    "model-file": "The .paintnet file.",
    "security": "What is promised about files and addresses from outside.",
}
"""Pages that are installed with the program."""


def complete_topics(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete commands and pages."""
    return [CompletionItem(name) for name in _topics(ctx) if name.startswith(incomplete)]


@command(
    "help",
    epilog="""\b
Examples:
  paintnet help fit
  paintnet help lesson""",
)
@click.argument("topic", required=False, shell_complete=complete_topics)
@report_options
@click.pass_context
def show_help(ctx: click.Context, /, topic: str | None, **say: bool) -> None:
    """Show the help of a command, or a page of the documentation.

    TOPIC is a command, or one of the pages lesson, lesson.ja (in Japanese),
    commands, playing, batches, sweeps, clusters, ci, gallery, python, pictures,
    exports, engine, small-files, benchmarks, model-file and
    security, which are installed with the program; without it, commands and
    pages are listed.
    """
    console = Console(as_json=say["json"], quiet=say["quiet"])
    text = _text(ctx, topic)
    if console.as_json:
        console.answer({"topic": topic, "text": text}, [])
    elif topic in PAGES and is_terminal(sys.stdout) and is_terminal(sys.stdin):
        click.echo_via_pager(text)
    else:
        click.echo(text)


def _text(ctx: click.Context, topic: str | None) -> str:
    group = ctx.find_root()
    assert isinstance(group.command, click.Group)  # noqa: S101 - the program itself; told to mypy
    if topic is None:
        formatter = group.make_formatter()
        with formatter.section("Pages (paintnet help PAGE)"):
            formatter.write_dl(list(PAGES.items()))
        return f"{group.get_help()}\n\n{formatter.getvalue().rstrip()}"
    found = group.command.get_command(group, topic)
    if found is not None:
        return found.get_help(found.context_class(found, info_name=topic, parent=group))
    if topic in PAGES:
        return _page(topic)
    remedy = asked_back(topic, _topics(ctx)) or "`paintnet help` lists what there is"
    raise SettingsError(printable(topic), "there is no such command or page", remedy)


def _topics(ctx: click.Context) -> list[str]:
    group = ctx.find_root()
    assert isinstance(group.command, click.Group)  # noqa: S101 - the program itself; told to mypy
    return [*group.command.list_commands(group), *PAGES]


def _page(name: str) -> str:
    """Read a page: from the package, or from the repository where it is installed from there to be edited."""
    package = files("paintnet")
    for folder in (package / "docs", Path(str(package)).parent / "docs"):
        page = folder / f"{name}.md"
        if page.is_file():
            return page.read_text(encoding="utf-8").rstrip()
    raise SettingsError(f"page {name}", "it is missing from this installation", "reinstall paintnet")
