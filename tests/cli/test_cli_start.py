"""How a command starts and ends: fast, with help, and with the right exit code."""

import re
import shutil
import signal
import sys
import warnings
from pathlib import Path

import click
import pytest

from paintnet import __version__, cli
from paintnet.cli import COMMANDS
from paintnet.cli.exits import ExitCode, Terminated, _run, run_and_exit
from tests.command_line import Run, run_program

ROOT = Path(__file__).parents[2]
HEAVY = ("sklearn", "scipy", "requests", "PIL", "urllib3")
SCRIPT = shutil.which("paintnet", path=str(Path(sys.executable).parent))


def command(name: str) -> click.Command:
    found = cli.cli.get_command(click.Context(cli.cli), name)
    assert found is not None
    return found


def long_options(name: str) -> set[str]:
    return {
        each
        for parameter in command(name).params
        for each in (*parameter.opts, *parameter.secondary_opts)
        if isinstance(parameter, click.Option) and each.startswith("--")
    }


def test_help_of_the_group(run: Run) -> None:
    outcome = run("--help").done()
    assert run("-h").out == outcome.out
    for name, text in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(text)}$", outcome.out, re.MULTILINE)
    assert "Examples:\n" in outcome.out


def test_no_command_shows_the_help_and_is_a_usage_error(run: Run) -> None:
    outcome = run()
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == run("--help").out


def test_version(run: Run) -> None:
    assert run("--version").done().out == f"paintnet {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command(run: Run, name: str) -> None:
    outcome = run(name, "--help").done()
    assert outcome.out.startswith(f"Usage: paintnet {name} [OPTIONS]")
    assert outcome.out == run(name, "-h").out
    examples = outcome.out.partition("Examples:\n")[2]
    assert f"paintnet {name}" in examples
    assert {"--json", "--quiet"} <= long_options(name)
    for parameter in command(name).params:
        assert not isinstance(parameter, click.Option) or parameter.help, parameter.name


@pytest.mark.parametrize("name", COMMANDS)
def test_short_help_is_the_first_line_of_the_long_one(name: str) -> None:
    text = command(name).help
    assert text is not None
    assert text.splitlines()[0] == COMMANDS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_variables_are_named_after_options(name: str) -> None:
    for parameter in command(name).params:
        if isinstance(parameter, click.Option):
            assert f"--{str(parameter.name).replace('_', '-')}" in parameter.opts


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(name: str) -> None:
    pages = [page.read_text() for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))]
    assert any(f"paintnet {name}" in page for page in pages)
    reference = (ROOT / "docs" / "commands.md").read_text()
    section = reference.partition(f"\n## paintnet {name}\n")[2].partition("\n## ")[0]
    common = reference.partition("\n## Common to all commands\n")[2].partition("\n## ")[0]
    documented = set(re.findall(r"--[a-z0-9][a-z0-9-]*", section + common))
    assert long_options(name) <= documented
    assert set(re.findall(r"--[a-z0-9][a-z0-9-]*", section)) <= long_options(name) | {"--help"}


def test_documented_exit_codes() -> None:
    reference = (ROOT / "docs" / "commands.md").read_text()
    rows = dict(re.findall(r"^\| (\d+) \| (.+?) \|$", reference, re.MULTILINE))
    assert {int(code) for code in rows} == {int(code) for code in ExitCode}


def test_unknown_command(run: Run) -> None:
    assert run("paint").failed(2).startswith("No such command 'paint'")


def test_usage_error_names_the_help_of_the_command(run: Run) -> None:
    assert run("info", "--size").failed(2).endswith("; see 'paintnet info --help'")


def modules_of(*args: str, **env: str) -> list[str]:
    """What a command has imported at its end."""
    script = (
        "import sys; from paintnet.cli import main; sys.argv[0] = 'paintnet'\n"
        "try: main()\n"
        "except SystemExit as end: print(end.code, *sys.modules, file=sys.stderr)"
    )
    outcome = run_program(*args, program=(sys.executable, "-c", script), env=env).done()
    code, *modules = outcome.err.split()
    assert code == "0"
    assert outcome.out
    return modules


@pytest.mark.parametrize(
    "args",
    [
        *((name, "-h") for name in COMMANDS),
        ("show", "photo.paintnet", "--color", "always"),
        ("show", "sample:bird", "--color", "always"),
        ("render", "photo.paintnet", "-o", "large.png", "--scale", "2"),
        ("compare", "sample:bird", "sample:bird"),
        ("neuron", "--inputs", "1", "--weights", "1"),
    ],
    ids=" ".join,
)
def test_what_trains_nothing_starts_without_scikit_learn(model: Path, args: tuple[str, ...]) -> None:
    assert not {name.partition(".")[0] for name in modules_of(*args)} & {"sklearn", "scipy", "numba"}


def test_completion_starts_without_scikit_learn(folder: Path) -> None:
    words = {"_PAINTNET_COMPLETE": "bash_complete", "COMP_WORDS": "paintnet fit --pre", "COMP_CWORD": "2"}
    assert not {name.partition(".")[0] for name in modules_of(**words)} & {"sklearn", "scipy", "numba"}


@pytest.mark.parametrize(
    "args", [("--help",), ("predict", "photo.paintnet", "--xy", "1,1"), ("info", "photo.paintnet")], ids=str
)
def test_light_commands_import_nothing_heavy(model: Path, args: tuple[str, ...]) -> None:
    modules = modules_of(*args)
    assert not {name.partition(".")[0] for name in modules} & set(HEAVY)
    if args == ("--help",):
        assert "numpy" not in modules


def test_module_and_script_are_one_program() -> None:
    assert run_program("--version").done().out == f"paintnet {__version__}\n"
    if SCRIPT is None:
        pytest.skip("the script is not installed beside this Python")
    assert run_program("--version", program=(SCRIPT,)).done().out == f"paintnet {__version__}\n"


@pytest.mark.parametrize(
    ("ended_by", "code", "words"),
    [
        (
            KeyboardInterrupt(),
            130,
            "interrupted: Ctrl-C; nothing was written; old files are as they were",
        ),
        (
            Terminated(),
            143,
            "terminated: SIGTERM; nothing was written; old files are as they were",
        ),
        (MemoryError(), 1, "memory: there is not enough"),
        (
            FileNotFoundError(2, "No such file or directory", "/x\ny"),
            1,
            "/x y: No such file or directory; check",
        ),
        (OSError("odd"), 1, "paintnet: odd; check the path and the space on the disk"),
        (click.ClickException("no"), 1, "no"),
        (click.UsageError("no."), 2, "no; see 'paintnet --help'"),
        (
            EOFError("early"),
            1,
            "paintnet: EOFError: early; this is a bug: please report what PAINTNET_DEBUG=1 shows",
        ),
        (RuntimeError("first\nsecond\x1b[2J"), 1, "paintnet: RuntimeError: first second?[2J; this is a bug"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_endings(
    ended_by: BaseException,
    code: int,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PAINTNET_DEBUG", raising=False)

    def command() -> None:
        raise ended_by

    assert _run(command) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {words}")


@pytest.mark.parametrize("ended_by", [KeyboardInterrupt, RuntimeError, click.UsageError])
def test_debug_shows_the_traceback(ended_by: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAINTNET_DEBUG", "1")

    def command() -> None:
        raise ended_by("why")

    with pytest.raises(ended_by, match="why"):
        _run(command)


def test_debug_of_the_program(folder: Path) -> None:
    outcome = run_program("info", "gone.paintnet", env={"PAINTNET_DEBUG": "1"})
    assert outcome.code == 1
    assert outcome.err.startswith("Traceback (most recent call last):\n")
    assert "paintnet.errors.ModelFileError: gone.paintnet: no such file" in outcome.err
    run_program("info", "gone.paintnet").failed()


def test_signals_are_handed_back_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAINTNET_DEBUG", raising=False)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    during = []
    try:
        with warnings.catch_warnings(), pytest.raises(SystemExit) as ended:
            run_and_exit(lambda: during.append(signal.getsignal(signal.SIGTERM)))
        after = {number: signal.getsignal(number) for number in before}
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert ended.value.code == 0
    assert during != [signal.SIG_DFL]
    assert set(after.values()) == {signal.SIG_DFL}


INTERRUPTED_AT = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class Finder:
    def find_spec(self, name, *_):
        if name == {name!r}:
            os.kill(os.getpid(), signal.{signal})
sys.meta_path.insert(0, Finder())
from paintnet.__main__ import main
sys.argv = ["paintnet", "info", "gone.paintnet"]
main()
"""


@pytest.mark.parametrize(
    "name", ["paintnet.cli", "click", "paintnet.cli.exits", "paintnet.cli.info", "numpy"]
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_while_it_starts_leaves_no_traceback(
    folder: Path, name: str, number: signal.Signals
) -> None:
    script = INTERRUPTED_AT.format(name=name, signal=number.name)
    outcome = run_program(program=(sys.executable, "-c", script))
    # Ended by the signal itself, or by the command in one line.
    assert outcome.code in (-number, 128 + number)
    assert outcome.err == "" or outcome.err.startswith(("error: interrupted: ", "error: terminated: "))
    assert outcome.err.count("\n") <= 1


def test_ctrl_c_that_is_ignored_stays_so(folder: Path) -> None:
    script = INTERRUPTED_AT.replace("default_int_handler", "SIG_IGN").format(name="numpy", signal="SIGINT")
    assert "gone.paintnet: no such file" in run_program(program=(sys.executable, "-c", script)).failed(1)
