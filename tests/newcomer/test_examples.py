"""What a newcomer types first: the examples of each help, on a terminal."""

import shlex
import sys
from pathlib import Path

import pytest

from paintnet import cli
from paintnet.cli import COMMANDS
from tests.command_line import PATIENCE, Run, environment
from tools.newcomer import PREPARATION, as_typed, commands_of, examples_of, prepared, watch

if sys.platform == "win32":
    pytest.skip("Windows has no such terminals", allow_module_level=True)

LONG = ("--time 10s", "--bpp", "boundary -o", "spirals", "sweep photo.jpg --l")
"""Those that take longer than a test may; `make newcomer` runs them."""


@pytest.fixture(scope="session")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the examples need."""
    folder = prepared(tmp_path_factory.mktemp("newcomer") / "ready", side=80)
    for command in PREPARATION:
        seen = watch(f"{command} --preset draft", folder, shell_environment(), PATIENCE)
        assert not seen.code, seen.text
    return folder


def shell_environment() -> dict[str, str]:
    return environment(PATH=f".:{Path(sys.executable).parent}:/usr/bin:/bin")


def examples(name: str) -> list[str]:
    command = cli.cli.get_command(cli.cli.make_context("paintnet", [], resilient_parsing=True), name)
    assert command is not None
    assert command.epilog
    return examples_of(command.epilog.replace("\b\n", ""))


@pytest.mark.parametrize("name", COMMANDS)
def test_each_example_of_a_help_can_be_typed(name: str, ready: Path, tmp_path: Path) -> None:
    found = examples(name)
    assert found, "each help ends with examples"
    quick = [each for each in found if not any(long in each for long in LONG)]
    for typed, folder in as_typed(quick, ready, tmp_path):
        seen = watch(typed, folder, shell_environment(), PATIENCE)
        assert not seen.code, (typed, seen.text)
        assert "Traceback" not in seen.text, typed


def test_commands_and_examples_are_found_in_what_is_printed(run: Run) -> None:
    assert commands_of(run("--help").done().out) == list(COMMANDS)
    for name in COMMANDS:
        assert [shlex.split(each) for each in examples_of(run(name, "--help").done().out)] == [
            shlex.split(each) for each in examples(name)
        ]


def test_silence_and_failure_are_seen(tmp_path: Path) -> None:
    quiet = watch("sleep 2.2; echo done; exit 3", tmp_path, shell_environment(), PATIENCE)
    assert quiet.code == 3
    assert quiet.text == "done\r\n"
    assert quiet.silence >= 2
    assert [fault.split()[0] for fault in quiet.faults] == ["exit", "silent"]
    talking = watch("for i in 1 2 3; do echo $i; sleep 0.1; done", tmp_path, shell_environment(), PATIENCE)
    assert talking.faults == []
    assert not any(
        "silent" in fault for fault in watch("sleep 2.2 > /dev/null", tmp_path, {}, PATIENCE).faults
    )
