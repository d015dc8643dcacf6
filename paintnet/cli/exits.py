"""How a command ends: exit codes, and the one place where errors become messages."""

import os
import signal
import sys
from collections.abc import Callable
from enum import IntEnum
from typing import Any, NoReturn

import click

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
    """SIGTERM arrived; not an Exception, so that nothing swallows it."""


class BelowRequired(PaintnetError):
    """The painting is below --require-psnr."""


def run_and_exit(command: Callable[[], Any]) -> NoReturn:
    """Run a command, say in one line what went wrong, and exit with its code."""
    signal.signal(signal.SIGTERM, _raise_terminated)
    sys.exit(_run(command))


def _raise_terminated(*_: object) -> NoReturn:
    raise Terminated


def _run(command: Callable[[], Any]) -> ExitCode:
    try:
        command()
        # A closed pipe shows itself at the flush; let that happen where it is handled.
        sys.stdout.flush()
    except BaseException as error:
        if os.environ.get("PAINTNET_DEBUG") == "1" and not isinstance(error, click.exceptions.Exit):
            raise
        code, message = _judge(error)
        if message:
            click.echo(f"{click.style('error:', fg='red', bold=True)} {_one_line(message)}", err=True)
        return code
    return ExitCode.DONE


def _judge(error: BaseException) -> tuple[ExitCode, str]:
    """Code and message of whatever ended a command."""
    for kind, code, tell in _ENDINGS:
        if isinstance(error, kind):
            return code, tell(error)
    why = f"{type(error).__name__}: {error}"
    return ExitCode.FAILED, f"paintnet: {why}; this is a bug, PAINTNET_DEBUG=1 shows where: please report it"


def _tell_usage(error: click.UsageError) -> str:
    where = f"{error.ctx.command_path} --help" if error.ctx else "paintnet --help"
    return f"{error.format_message().rstrip('.')}; see '{where}'"


def _tell_os_error(error: OSError) -> str:
    what = error.filename or "paintnet"
    return f"{what}: {error.strerror or error}; check the path and the space on the disk"


def _close_stdout(_: BaseException) -> str:
    # Whoever read has left: nothing more to say, and nothing more to flush at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ""


_ENDINGS: tuple[tuple[Any, ExitCode, Callable[[Any], str]], ...] = (
    (click.exceptions.Exit, ExitCode.DONE, lambda _: ""),
    (BelowRequired, ExitCode.BELOW_REQUIRED, str),
    (SettingsError, ExitCode.USAGE, str),
    (PaintnetError, ExitCode.FAILED, str),
    (click.UsageError, ExitCode.USAGE, _tell_usage),
    (click.ClickException, ExitCode.FAILED, lambda error: error.format_message()),
    (
        (KeyboardInterrupt, click.Abort),
        ExitCode.INTERRUPTED,
        lambda _: "interrupted: Ctrl-C; nothing was written",
    ),
    (Terminated, ExitCode.TERMINATED, lambda _: "terminated: SIGTERM; nothing was written"),
    (BrokenPipeError, ExitCode.DONE, _close_stdout),
    (OSError, ExitCode.FAILED, _tell_os_error),
    (
        MemoryError,
        ExitCode.FAILED,
        lambda _: "memory: there is not enough; use --max-side or a smaller --size",
    ),
)


def _one_line(message: str) -> str:
    """Keep a message on one line, and hostile names from steering the terminal."""
    # Only a failing command needs this import; `--help` must start fast.
    from paintnet.picture import shown

    return shown(" ".join(message.split()))
