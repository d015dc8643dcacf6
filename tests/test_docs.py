"""The pages that a user reads tell the truth: their Python and their commands run."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from paintnet import cli
from paintnet.picture import encode_picture, open_picture, shrink
from tests.command_line import environment
from tools import make_gallery
from tools.page_commands import ALL_PAGES, PAGES, blocks_of

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("page", ["python.md", "model-file.md"])
def test_the_python_of_a_page_runs(page, folder):
    text = (DOCS / page).read_text(encoding="utf-8").replace("```", "")
    test = doctest.DocTestParser().get_doctest(text, {}, page, page, 0)
    assert test.examples
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert runner.run(test).failed == 0


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_what_a_page_points_to_is_there(page):
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_pictures_of_the_gallery_load_quickly_and_are_shown():
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    for picture in (DOCS / "gallery").iterdir():
        assert picture.stat().st_size < 500_000
        assert f"(gallery/{picture.name})" in text


def test_pictures_of_the_live_page_load_quickly_and_are_shown():
    text = (DOCS / "playing.md").read_text(encoding="utf-8")
    pictures = sorted((DOCS / "playing").iterdir())
    assert pictures
    for picture in pictures:
        assert picture.stat().st_size < 1_000_000
        assert f"(playing/{picture.name})" in text


def shape_of(text: str) -> str:
    """What is said, but for the numbers: they are those of another picture, machine or day."""
    text = re.sub(r"#[0-9a-f]{6}\b", "#COLOR", text.strip())
    return re.sub(r"-?\d[\d,.]*( [KMG]?B\b)?", "N", text)


@pytest.fixture
def shell(tmp_path: Path) -> Callable[[str], str]:
    """Run a command in a folder that is empty but for a photograph; gives all that it prints."""
    folder, tools = tmp_path / "here", tmp_path / "bin"
    folder.mkdir()
    tools.mkdir()
    photo = shrink(open_picture("sample:flower").pixels, 40)
    (folder / "photo.jpg").write_bytes(encode_picture(photo, ".jpg")[0])
    (tools / "less").write_text("#!/bin/sh\ncat\n")
    (tools / "less").chmod(0o755)
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]])

    def call(command: str) -> str:
        ended = subprocess.run(
            ["sh", "-c", command],
            cwd=folder,
            env=environment(PATH=path, PAINTNET_SHOW_COLOR="always"),  # as on a terminal
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        said = ended.stdout.decode(errors="replace")
        assert ended.returncode == 0, (command, said)
        return said

    return call


@pytest.mark.parametrize("page", [page for page in PAGES if blocks_of(page)], ids=lambda page: page.name)
def test_commands_of_a_page_run_in_its_order(page: Path, shell: Callable[[str], str]) -> None:
    blocks = [block for block in blocks_of(page) if not (block.is_long or block.is_elsewhere)]
    for block in blocks:
        for command, shown in zip(block.commands, block.shown, strict=True):
            said = shell(command)
            if shown:
                assert shape_of(said) == shape_of(shown), command


def test_commands_of_a_page_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    block = "```console\n$ echo a \\\n  b\na b\nc\n$ true\n```\n"
    page.write_text(
        f"words\n{block}<!-- long: run by make gallery -->\n{block}<!-- not run here: why -->\n{block}"
    )
    found = blocks_of(page)
    assert {block.commands for block in found} == {("echo a \\\n  b", "true")}
    assert {block.shown for block in found} == {("a b\nc", "")}
    marks = [(block.is_long, block.is_elsewhere) for block in found]
    assert marks == [(False, False), (True, False), (False, True)]


def test_what_is_marked_long_is_run_by_the_gallery() -> None:
    marked = {page.name for page in PAGES if any(block.is_long for block in blocks_of(page))}
    assert marked <= {page.name for page in make_gallery.PAGES}


PLACES = re.compile(r"\b[A-Z]{2,}\b|\.\.\.|\\\|")
"""Where a page's command has something to be filled in."""


def inline_commands() -> list[str]:
    found = {
        command
        for page in ALL_PAGES
        for command in re.findall(r"`(paintnet [a-z][^`]*)`", page.read_text(encoding="utf-8"))
        if not PLACES.search(command)
    }
    return sorted(found)


@pytest.mark.parametrize("line", inline_commands())
def test_commands_in_the_text_can_be_given(line: str) -> None:
    words = shlex.split(line.split(" > ")[0])[1:]
    # With the settings of the program: click keeps what --help is called for good.
    context = click.Context(cli.cli, info_name="paintnet", **cli.cli.context_settings)
    command = cli.cli.get_command(context, words[0])
    assert command is not None, line
    if words[1:]:  # without any it is only named
        command.make_context(words[0], words[1:], parent=context)
