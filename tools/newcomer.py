"""A newcomer's hour: every command that README, docs and each `--help` show, in fresh folders.

``make newcomer`` builds the package and installs it into an empty environment. Another process keeps a core
busy meanwhile. All commands run on a terminal of 80 columns; what fails, or is silent for more than two
seconds without being asked to, is told at the end and makes the script fail.
"""

import argparse
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.page_commands import PAGES, blocks_of

ROOT = Path(__file__).parent.parent

LONGEST_SILENCE = 2.0
"""Seconds."""

LIMIT = 900.0
"""Seconds that one command may take, beside the busy process."""

COLUMNS = 80

ENDLESS = "paintnet play"
"""A server, which its own tests start and end."""

PREPARATION = (
    "paintnet fit sample:bird -m bird.paintnet",
    "paintnet fit sample:bird --mode classify --threshold 600 -m classes.paintnet",
    "paintnet fit photo.jpg",
)
"""What has to be there before the examples of the help can be typed."""


@dataclass(frozen=True)
class Seen:
    """How a command went on a terminal.

    Parameters
    ----------
    command : str
        As it was typed.
    code : int
        Exit code.
    seconds : float
        From its start to its end.
    silence : float
        The longest time in which nothing was written, in seconds.
    before : str
        The end of what stood there in that silence.
    text : str
        All that it wrote.
    """

    command: str
    code: int
    seconds: float
    silence: float
    before: str
    text: str

    @property
    def faults(self) -> list[str]:
        """What a newcomer would stumble over."""
        found = []
        if self.code:
            found.append(f"exit code {self.code}: {self.text.strip().splitlines()[-1:]}")
        if "Traceback" in self.text or "this is a bug" in self.text:
            found.append("a traceback")
        is_asked_to = "-q" in self.command.split() or ">" in self.command
        if self.silence > LONGEST_SILENCE and not is_asked_to:
            found.append(f"silent for {self.silence:.1f} s after {self.before!r}")
        return found


def watch(command: str, folder: Path, environment: dict[str, str], limit: float = LIMIT) -> Seen:
    """Type a command into a shell on a terminal, and look at it until it ends, at most `limit` seconds."""
    import fcntl
    import pty
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    begun = last = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own pages' commands
        ("/bin/sh", "-c", command),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    content, silence, before = b"", 0.0, b""
    try:
        while time.monotonic() - begun < limit:
            if not select.select([master], [], [], 1.0)[0]:
                continue
            try:
                piece = os.read(master, 65_536)
            except OSError:  # how Linux says that the other side has closed
                break
            now = time.monotonic()
            if now - last > silence:
                silence, before = now - last, content[-60:]
            last = now
            content += piece
    finally:
        if process.poll() is None and time.monotonic() - begun >= limit:
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait(limit)
        os.close(master)
    ended = time.monotonic()
    if ended - last > silence:
        silence, before = ended - last, content[-60:]
    text = content.decode(errors="replace")
    return Seen(command, code, ended - begun, silence, before.decode(errors="replace"), text)


def examples_of(help_text: str) -> list[str]:
    r"""Give the examples at the end of what a command says for `--help`.

    Examples
    --------
    >>> examples_of("Usage: x\n\nExamples:\n  paintnet info\n  paintnet show \\\n    a.png\n")
    ['paintnet info', 'paintnet show a.png']
    """
    lines = help_text.replace("\r", "").partition("Examples:\n")[2].splitlines()
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(line.strip() for line in lines))
    return [line for line in joined.splitlines() if line.startswith("paintnet ")]


def commands_of(help_text: str) -> list[str]:
    r"""Give the names of the commands that `paintnet --help` lists.

    Examples
    --------
    >>> commands_of("Commands:\n  batch  Paint many.\n  fit    Learn.\n\nOther:\n  x\n")
    ['batch', 'fit']
    """
    listed = help_text.replace("\r", "").partition("Commands:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  ([a-z]+)\b", listed, re.M)


def prepared(folder: Path, side: int = 320) -> Path:
    """Make a folder as a newcomer has it: a photograph of so many pixels a side, more of them, points."""
    from paintnet.picture import encode_picture, open_picture, shrink

    photo = encode_picture(shrink(open_picture("sample:flower").pixels, side), ".jpg")[0]
    (folder / "photos").mkdir(parents=True)
    for name in ("photo.jpg", "photos/one.jpg", "photos/two.jpg"):
        (folder / name).write_bytes(photo)
    for pager in ("less", "more"):  # nobody is there to turn pages
        (folder / pager).write_text("#!/bin/sh\ncat\n")
        (folder / pager).chmod(0o755)
    (folder / "list.txt").write_text("photos/one.jpg\nphoto.jpg\n")
    (folder / "points.txt").write_text("10,20\n50,50\n")
    return folder


def all_of_it(home: Path, environment: dict[str, str]) -> Iterator[Seen]:
    """Type everything: the help's examples in one folder, each page in one of its own."""
    folder = prepared(home / "help")
    for command in PREPARATION:
        yield watch(command, folder, environment)
    overview = watch("paintnet --help", folder, environment)
    yield overview
    for name in commands_of(overview.text):
        said = watch(f"paintnet {name} --help", folder, environment)
        yield said
        for command, place in as_typed(examples_of(said.text), folder, home / f"examples-{name}"):
            yield watch(command, place, environment)
    for page in PAGES:
        blocks = [block for block in blocks_of(page) if not block.is_elsewhere]
        if not blocks:
            continue
        print(f"# {page.name}", flush=True)
        folder = prepared(home / page.stem)
        for block in blocks:
            for command in block.commands:
                if not command.startswith(ENDLESS):
                    yield watch(command, folder, environment)


def as_typed(examples: list[str], ready: Path, home: Path) -> Iterator[tuple[str, Path]]:
    """Give each example and a copy of the prepared folder to type it in, for they are alternatives.

    What is already there from the preparation may be replaced; a summary is that of the first example.
    """
    for number, command in enumerate(examples):
        if command.startswith(ENDLESS):
            continue
        folder = home / str(number)
        if "--summary" in command:
            folder = home / "0"
        else:
            shutil.copytree(ready, folder)
        is_again = command.startswith("paintnet fit") or "-o classes.png" in command
        yield f"{command} --force" if is_again else command, folder


def fresh_environment(home: Path) -> dict[str, str]:
    """Build the package, install it into an empty environment, and give what a shell there is told."""
    venv, wheels = home / "venv", home / "wheels"
    pip = (str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet")
    steps: list[tuple[str, ...]] = [
        (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(ROOT)),
        (sys.executable, "-m", "venv", str(venv)),
    ]
    for step in steps:
        subprocess.run(step, check=True)  # noqa: S603 - python and pip
    (wheel,) = wheels.glob("paintnet-*.whl")
    subprocess.run((*pip, "install", f"{wheel}[fast,video,plot,svg,onnx]"), check=True)  # noqa: S603
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PAINTNET_", "NUMBA_"))}
    kept.pop("NO_COLOR", None)
    path = os.pathsep.join((".", str(venv / "bin"), os.environ["PATH"]))
    return {**kept, "PATH": path, "HOME": str(home), "TERM": "xterm"}


def main() -> None:
    """Do it all, and tell what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--idle", action="store_true", help="keep no core busy")
    idle = parser.parse_args().idle
    seen: list[Seen] = []
    with tempfile.TemporaryDirectory() as name:
        environment = fresh_environment(Path(name))
        busy = None if idle else subprocess.Popen((sys.executable, "-c", "while True: pass"))
        try:
            for each in all_of_it(Path(name), environment):
                seen.append(each)
                mark = "  <-- " + "; ".join(each.faults) if each.faults else ""
                print(
                    f"{each.seconds:6.1f} s, silent {each.silence:4.1f} s  {each.command}{mark}", flush=True
                )
        finally:
            if busy is not None:
                busy.kill()
                busy.wait()
    faults = [each for each in seen if each.faults]
    minutes = sum(each.seconds for each in seen) / 60
    print(f"{len(seen)} commands in {minutes:.0f} min, {len(faults)} with faults")
    for each in faults:
        print(f"- {each.command}: {'; '.join(each.faults)}")
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
