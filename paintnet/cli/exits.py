"""How a command ends: exit codes, and the one place where errors become messages."""

import contextlib
import io
import os
import signal
import sys
import warnings
from collections.abc import Callable
from enum import IntEnum
from typing import Any, NoReturn

import click

from paintnet.cli.suggestions import suggestion_for
from paintnet.cli.terminal import colors_are_unwanted, fitted
from paintnet.errors import PaintnetError, SettingsError


class ExitCode(IntEnum):
    """What a script learns from a command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    SOME_FAILED = 3
    BELOW_REQUIRED = 4
    INTERRUPTED = 130
    TERMINATED = 143


class Terminated(BaseException):
    """SIGTERM; not an Exception, so that nothing swallows it."""


class BelowRequired(PaintnetError):
    """The painting is below --require-psnr."""


class SomeFailed(PaintnetError):
    """Some pictures of a batch failed."""


def run_and_exit(command: Callable[[], Any]) -> NoReturn:
    """Run a command, say in one line what went wrong, and exit with its code."""
    if os.environ.get("PAINTNET_DEBUG") != "1":
        # A number that overflows far outside a picture is no news to whoever asked for it.
        warnings.simplefilter("ignore")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that the terminal's encoding cannot write must not end a command that has done its work.
        sys.stdout.reconfigure(errors="backslashreplace")
    code = _run(lambda: _heeding_signals(command))
    # All is said and done: an impatient second Ctrl-C must not end in a traceback.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    sys.exit(code)


def _heeding_signals(command: Callable[[], Any]) -> None:
    """Run a command that a signal ends with an exception, which is told in one line."""
    signal.signal(signal.SIGTERM, _raise_terminated)
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as the program has set it for its start
        signal.signal(signal.SIGINT, signal.default_int_handler)
    command()


def _raise_terminated(*_: object) -> NoReturn:
    raise Terminated


def _run(command: Callable[[], Any]) -> ExitCode:
    if_interrupted(NOTHING_WRITTEN)
    try:
        command()
        # A closed pipe shows itself at the flush; let that happen where it is handled.
        if sys.stdout is not None:
            sys.stdout.flush()
    except SystemExit:
        raise
    except BaseException as error:
        if os.environ.get("PAINTNET_DEBUG") == "1" and not isinstance(error, click.exceptions.Exit):
            raise
        code, message = _judge(error)
        if message:
            _say_error(message)
        return code
    return ExitCode.DONE


def _say_error(message: str) -> None:
    label = click.style("error:", fg="red", bold=True)
    # click leaves colors out where there is no terminal, but does not know NO_COLOR.
    color = False if colors_are_unwanted() else None
    with contextlib.suppress(OSError):  # nobody reads stderr: the exit code has to say it
        text = fitted(f"error: {_one_line(message)}", sys.stderr)
        click.echo(label + text.removeprefix("error:"), err=True, color=color)


def _judge(error: BaseException) -> tuple[ExitCode, str]:
    """Code and message of whatever ended a command."""
    for kind, code, tell in _ENDINGS:
        if isinstance(error, kind):
            return code, tell(error)
    why = f"{type(error).__name__}: {error}"
    return ExitCode.FAILED, f"paintnet: {why}; this is a bug: please report what PAINTNET_DEBUG=1 shows"


_OPTIONS = {
    "force": "replace it with --force or choose another name",
    "allow_private": "allow it with --allow-private",
    "max_size": "paint it smaller, or raise --max-pixels",
    "max_pixels": "raise the limit with --max-pixels or use a smaller copy",
    "model": "make one with `paintnet fit IMAGE -m FILE.paintnet`",
    "sha256": "check where it comes from, or the value of --sha256",
}
"""What to do about what the library refused, by the parameter that would allow it."""


def tell(error: PaintnetError) -> str:
    """Say what went wrong, with the option that would allow it."""
    return f"{error.what}: {error.why}; {_OPTIONS.get(error.parameter, error.remedy)}"


def _tell_usage(error: click.UsageError) -> str:
    where = f"{error.ctx.command_path} --help" if error.ctx else "paintnet --help"
    # One suggestion, and a good one: click has up to three.
    is_unknown = isinstance(error, click.NoSuchOption | click.exceptions.NoSuchCommand)
    message = error.message if is_unknown else error.format_message()
    if not message.endswith("..."):  # three of them belong to a form such as N,N,...
        message = message.removesuffix(".")
    meant = suggestion_for(error, sys.argv[1:])
    return "; ".join(filter(None, (message, meant, f"see '{where}'")))


def _show_help(error: click.exceptions.NoArgsIsHelpError) -> str:
    click.echo(error.format_message(), err=True)
    return ""


def _tell_os_error(error: OSError) -> str:
    what = error.filename or "paintnet"
    return f"{what}: {error.strerror or error}; check the path and the space on the disk"


def _close_stdout(_: BaseException) -> str:
    # Whoever read has left: nothing more to say, and nothing more to flush at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ""


NOTHING_WRITTEN = "nothing was written; old files are as they were"


class _Interrupted:
    """What a signal leaves behind."""

    leaves = NOTHING_WRITTEN


def if_interrupted(leaves: str) -> None:
    """Set what a message says about Ctrl-C and SIGTERM from now on: what is kept, and what is not."""
    _Interrupted.leaves = leaves


_ENDINGS: tuple[tuple[Any, ExitCode, Callable[[Any], str]], ...] = (
    (click.exceptions.Exit, ExitCode.DONE, lambda _: ""),
    (BelowRequired, ExitCode.BELOW_REQUIRED, str),
    (SomeFailed, ExitCode.SOME_FAILED, str),
    (SettingsError, ExitCode.USAGE, tell),
    (PaintnetError, ExitCode.FAILED, tell),
    (click.exceptions.NoArgsIsHelpError, ExitCode.USAGE, _show_help),
    (click.UsageError, ExitCode.USAGE, _tell_usage),
    (click.ClickException, ExitCode.FAILED, lambda error: error.format_message()),
    (KeyboardInterrupt, ExitCode.INTERRUPTED, lambda _: f"interrupted: Ctrl-C; {_Interrupted.leaves}"),
    (Terminated, ExitCode.TERMINATED, lambda _: f"terminated: SIGTERM; {_Interrupted.leaves}"),
    (BrokenPipeError, ExitCode.DONE, _close_stdout),
    (OSError, ExitCode.FAILED, _tell_os_error),
    (
        MemoryError,
        ExitCode.FAILED,
        lambda _: "memory: there is not enough; use --max-side or a smaller --size",
    ),
)


def _one_line(message: str) -> str:
    """Keep a message on one line, hostile names from steering the terminal, and secrets out of it."""
    # Only a failing command needs this import; `--help` must start fast.
    from paintnet.files.names import printable, without_secrets

    return printable(without_secrets(" ".join(message.split())))
