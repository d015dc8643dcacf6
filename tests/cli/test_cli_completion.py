"""Completion: what the shells are told, and what real ones make of it."""

import os
import re
import select
import shutil
import struct
import sys
import time
from pathlib import Path

import pytest

from paintnet.cli import COMMANDS
from paintnet.cli.completion import PICTURES, SAMPLES
from paintnet.picture.samples import SAMPLES as THERE
from tests.command_line import complete, environment, run_program

SCRIPT = shutil.which("paintnet", path=str(Path(sys.executable).parent))
KINDS = {
    "models": "files,paintnet",
    "pictures": f"files,{'|'.join(PICTURES)}",
    "both": f"files,paintnet|{'|'.join(PICTURES)}",
}


def test_completion_of_commands_options_choices_and_files(folder: Path) -> None:
    assert complete("paintnet ") == [f"plain,{name}" for name in COMMANDS]
    assert complete("paintnet re") == ["plain,render"]
    assert complete("paintnet render --s") == ["plain,--scale", "plain,--size", "plain,--smooth"]
    assert complete("paintnet fit --encoding f") == ["plain,fourier"]
    assert complete("paintnet predict --units p") == ["plain,pixel", "plain,percent"]
    assert complete("paintnet render photo.paintnet -o p") == ["file,p"]
    assert complete("paintnet render -o p") == ["file,p"]


def test_completing_commands_imports_none_of_them() -> None:
    script = (
        "import sys; from paintnet.cli import main; sys.argv = ['paintnet']\n"
        "try: main()\n"
        "finally: assert not {'sklearn', 'numpy', 'paintnet.cli.fit'} & set(sys.modules)"
    )
    env = {"_PAINTNET_COMPLETE": "bash_complete", "COMP_WORDS": "paintnet ", "COMP_CWORD": "1"}
    assert "plain,fit" in run_program(program=(sys.executable, "-c", script), env=env).done().out


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("info p", "both"),
        ("show p", "both"),
        ("compare p", "both"),
        ("compare a.png p", "both"),
        ("fit p", "pictures"),
        ("predict p", "models"),
        ("render p", "models"),
    ],
)
def test_arguments_are_completed_by_what_they_take(words: str, kind: str) -> None:
    assert complete(f"paintnet {words}") == [KINDS[kind]]


def test_samples_are_completed() -> None:
    assert {f"sample:{name}" for name in THERE} == set(SAMPLES)
    assert complete("paintnet fit sam") == [KINDS["pictures"], *(f"plain,{name}" for name in SAMPLES)]
    # bash breaks words at colons, and replaces what stands behind the last one only
    assert complete("paintnet fit sample :") == [
        KINDS["pictures"],
        "plain,bird",
        "plain,china",
        "plain,flower",
    ]
    assert complete("paintnet fit sample : bi") == [KINDS["pictures"], "plain,bird"]
    assert complete("paintnet fit sample:bi", "zsh")[-3:] == ["plain", "sample:bird", "_"]


def test_every_choice_of_fit_is_completed() -> None:
    assert complete("paintnet fit --preset f") == ["plain,fine"]
    assert complete("paintnet fit --for c") == ["plain,copying"]
    assert complete("paintnet fit --engine n") == ["plain,numpy"]


def test_other_shells_are_told_to_complete_files() -> None:
    assert complete("paintnet info p", "fish") == ["file,p"]


class Shell:
    """An interactive shell on a terminal of its own, in which keys are pressed."""

    def __init__(self, *command: str, home: Path) -> None:
        import fcntl
        import pty
        import termios

        assert SCRIPT is not None
        path = f"{Path(SCRIPT).parent}:/usr/bin:/bin"
        env = environment(HOME=str(home), ZDOTDIR=str(home), PATH=path, TERM="dumb", PS1="> ")
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            os.execve(command[0], command, env)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 200, 0, 0))
        self.text = ""

    def press(self, keys: str, wanted: str) -> None:
        """Press keys and wait for what is wanted, a regular expression."""
        start = len(self.text)
        os.write(self.master, keys.encode())
        end = time.monotonic() + 60
        while not re.search(
            wanted, re.sub(r"[\a\r]|\x1b\[\??[0-9;]*[a-zA-Z]", "", self.text[start:]), re.DOTALL
        ):
            assert time.monotonic() < end, self.text
            if select.select([self.master], [], [], 1)[0]:
                self.text += os.read(self.master, 65_536).decode(errors="replace")

    def close(self) -> None:
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.master)


@pytest.mark.parametrize(
    ("name", "options"), [("bash", ("--norc", "--noprofile", "-i")), ("zsh", ("-f", "-i"))]
)
def test_completion_in_a_fresh_shell(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    program = shutil.which(name)
    if program is None or SCRIPT is None or sys.platform == "win32":
        pytest.skip(f"needs {name} and the installed script")
    for file in ("photo.jpg", "notes.txt", "bird.paintnet", "two words/deep.PNG"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    shell = Shell(program, *options, home=tmp_path)
    try:
        shell.press(f'eval "$(_PAINTNET_COMPLETE={name}_source paintnet)"; echo do"ne"\n', "\ndone.*> ")
        for keys, wanted in (
            ("paintnet ren\t", "paintnet render "),
            ("paintnet info b\t", "paintnet info bird.paintnet "),
            ("paintnet fit ph\t", "paintnet fit photo.jpg "),
            ("paintnet fit tw\t", r"paintnet fit two\\ words/"),
            ("paintnet fit two\\ words/\t", "words/deep.PNG "),
            ("paintnet fit sample:bi\t", "paintnet fit sample:bird "),
            ("paintnet fit --preset f\t", "paintnet fit --preset fine "),
        ):
            shell.press(keys, wanted)
            shell.press("\x15", "")
    finally:
        shell.close()
