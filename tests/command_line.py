"""The command line under test: called in this process, as a process of its own, or on a terminal."""

import codecs
import io
import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.shell_completion import get_completion_class
from PIL import Image
from threadpoolctl import threadpool_limits

from paintnet import cli
from paintnet.cli.exits import _run
from paintnet.cli.shells import complete_better

WIDTH, HEIGHT = 16, 12
QUICK = ("--epochs", "60", "--batch-size", "64")
"""Settings that learn the little picture in a few hundredths of a second."""

PROGRAM = (sys.executable, "-m", "paintnet")
PATIENCE = 60


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it said."""

    code: int
    out_bytes: bytes
    err: str

    @property
    def out(self) -> str:
        return self.out_bytes.decode()

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        (line,) = self.out.splitlines()
        found = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        assert isinstance(found, dict)
        return found

    @property
    def error(self) -> str:
        """The one line that tells a failure."""
        (line,) = (line for line in self.err.splitlines() if not line.startswith("note: "))
        assert line.startswith("error: ")
        return line.removeprefix("error: ")

    def failed(self, code: int = 1) -> str:
        """Check that it failed as it should; gives the error."""
        assert self.code == code, self
        assert "Traceback" not in self.err
        assert "this is a bug" not in self.err
        assert self.out_bytes == b""
        return self.error

    def done(self) -> "Outcome":
        assert self.code == 0, self
        assert "Traceback" not in self.err
        assert "error:" not in self.err
        return self


Run = Callable[..., Outcome]


def run_here(monkeypatch: pytest.MonkeyPatch, args: tuple[object, ...], stdin: bytes = b"") -> Outcome:
    """Run a command in this process, through everything but the exit itself."""
    streams = {
        "stdin": io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"),
        "stdout": io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True),
        "stderr": io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True),
    }
    with monkeypatch.context() as patch:
        patch.setattr(sys, "argv", ["paintnet", *map(str, args)])
        for name, stream in streams.items():
            patch.setattr(sys, name, stream)
        with threadpool_limits(1):  # several tests run side by side
            code = _run(cli._call)
    out, err = (streams[name].buffer.getvalue() for name in ("stdout", "stderr"))  # type: ignore[attr-defined]
    return Outcome(int(code), out, err.decode())


def environment(**changes: str) -> dict[str, str]:
    """The environment of a program under test: none of the tester's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PAINTNET_")}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        kept.pop(name, None)
    return {**kept, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TERM": "xterm", **changes}


def run_program(
    *args: object,
    program: tuple[str, ...] = PROGRAM,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    **options: Any,
) -> Outcome:
    """Run a command as a process of its own."""
    ended = subprocess.run(
        [*program, *map(str, args)],
        input=stdin,
        capture_output=True,
        env=environment(**(env or {})),
        timeout=PATIENCE,
        check=False,
        **options,
    )
    return Outcome(ended.returncode, ended.stdout, ended.stderr.decode())


def complete(words: str, shell: str = "bash") -> list[str]:
    """What a shell is told for the last of the words, one line each."""
    complete_better()
    kind = get_completion_class(shell)
    assert kind is not None
    last = words.split(" ")[-1] if shell == "fish" else str(len(words.split(" ")) - 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMP_WORDS", words)
        patch.setenv("COMP_CWORD", last)
        return kind(cli.cli, {}, "paintnet", "_PAINTNET_COMPLETE").complete().splitlines()


class Terminal:
    """A process whose stderr (and stdout, if wanted) is a terminal."""

    def __init__(
        self,
        *args: object,
        columns: int = 80,
        stdout: bool = False,
        program: tuple[str, ...] = PROGRAM,
        **env: str,
    ) -> None:
        if sys.platform == "win32":
            pytest.skip("Windows has no such terminals")
        import fcntl
        import pty
        import termios

        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.process = subprocess.Popen(
            [*program, *map(str, args)],
            stdin=subprocess.DEVNULL,
            stdout=slave if stdout else subprocess.DEVNULL,
            stderr=slave,
            env=environment(**env),
            # Tests that run in the background of a shell are told to ignore Ctrl-C, and would hand that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        os.close(slave)
        self.text = ""
        # A piece may end amid a character, as half blocks make likely.
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def wait_for(self, words: str) -> None:
        end = time.monotonic() + PATIENCE
        while words not in self.text:
            assert time.monotonic() < end, self.text
            assert self._read(), self.text

    def finish(self) -> int:
        end = time.monotonic() + PATIENCE
        while self._read():
            assert time.monotonic() < end, "it goes on and on"
        return self.process.wait(PATIENCE)

    def _read(self) -> bool:
        """Take what there is; False at the end."""
        if not select.select([self._master], [], [], PATIENCE)[0]:
            return False
        try:
            piece = os.read(self._master, 65_536)
        except OSError:  # how Linux says that the other side has closed
            return False
        self.text += self._decoder.decode(piece)
        return bool(piece)


def levels_of(path: Path | io.BytesIO) -> np.ndarray[Any, Any]:
    """8-bit levels of a written picture."""
    with Image.open(path) as image:
        return np.asarray(image)


def picture_levels(width: int = WIDTH, height: int = HEIGHT) -> np.ndarray[Any, Any]:
    """A smooth little picture that is quickly learned."""
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.stack([across, down, 255 - across], axis=2).astype(np.uint8)


def encoded(image: Image.Image, name: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=name, **options)
    return buffer.getvalue()


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """All there is in a folder: hidden files too, to the byte."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }
