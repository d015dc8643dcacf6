"""Where the system has no room for another thread: all is done by one, and nothing looks like a Ctrl-C."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from paintnet.cli import threads
from paintnet.cores import LIMIT, bound_cores
from tests.command_line import PROGRAM, QUICK, encoded, environment, picture_levels

NOBODY = 65_534
NOTE = "note: the system has no room for more threads: one does all the work, which takes longer"
AS_NOBODY = (
    *("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"),
    # The tests' folders and Python itself may be readable by their owner only.
    *("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"),
)
FAILS = "import threading; threading.Thread(target=int).start()"


def limited(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a program that can start no thread; root is not bound by that limit, so it becomes nobody."""
    env = environment()
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        env.pop(name)
    return subprocess.run(
        [*(AS_NOBODY if os.geteuid() == 0 else ()), *command],
        env=env,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (1, 1)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def open_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, which everybody may write to; that of the other tests is not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        monkeypatch.chdir(folder)
        (Path(folder) / "photo.png").write_bytes(encoded(Image.fromarray(picture_levels())))
        yield Path(folder)


@pytest.fixture
def _no_room(open_folder: Path) -> None:
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root cannot become nobody here")
    if "can't start new thread" not in limited(sys.executable, "-c", FAILS).stderr:
        pytest.skip("threads cannot be limited here")


@pytest.mark.usefixtures("_no_room")
@pytest.mark.parametrize(
    "options", [("--engine", "auto"), ("--engine", "stock"), ("--mode", "classify", "--colors", "3")]
)
def test_fault_27_without_room_for_threads_a_fit_does_its_work(options: tuple[str, ...]) -> None:
    told = limited(*PROGRAM, "fit", "photo.png", *QUICK, *options, "-m", "a.paintnet")
    assert told.returncode == 0, told
    assert told.stderr.splitlines() == [NOTE]
    assert Path("a.paintnet").exists()
    told = limited(*PROGRAM, "predict", "a.paintnet", "--xy", "1,1")
    assert (told.returncode, told.stderr) == (0, ""), told
    told = limited(*PROGRAM, "fit", "photo.png", *QUICK, *options, "-q", "-f", "-m", "a.paintnet")
    assert (told.returncode, told.stderr) == (0, ""), told


@pytest.mark.usefixtures("_no_room")
def test_fault_27_without_room_for_threads_a_download_says_so() -> None:
    told = limited(*PROGRAM, "fit", "http://127.0.0.1:9/a.png", "--allow-private", "-q")
    assert told.returncode == 1
    assert told.stderr == (
        "error: http://127.0.0.1:9/a.png: the system has no room for another thread; "
        "end other programs and try again\n"
    )


def test_the_environment_is_left_alone_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = dict(os.environ), threading.active_count()
    threads.make_do_with_what_there_is()
    assert (dict(os.environ), threading.active_count()) == before
    assert threads.notes_on_threads() == ()


@pytest.mark.skipif(bound_cores() < 2, reason="nothing is less than one core")
def test_libraries_that_count_all_cores_are_told_what_is_allowed() -> None:
    program = (
        "import os; from paintnet.cli.threads import make_do_with_what_there_is as limit; limit()\n"
        "print(os.environ['OMP_NUM_THREADS'], os.environ['NUMBA_NUM_THREADS'])"
    )
    env = {name: value for name, value in environment().items() if name != "OMP_NUM_THREADS"}
    for own, words in (({}, "1 1"), ({"OMP_NUM_THREADS": "2"}, "2 1")):
        command = [sys.executable, "-c", program]
        told = subprocess.run(
            command, env={**env, LIMIT: "1", **own}, check=True, capture_output=True, text=True
        )
        assert told.stdout.strip() == words


@pytest.mark.parametrize("started", [0, 3])
def test_too_few_threads_are_no_room(monkeypatch: pytest.MonkeyPatch, started: int) -> None:
    real, begun = threading.Thread.start, []

    def start(thread: threading.Thread) -> Any:
        begun.append(thread)
        if len(begun) > started:
            raise RuntimeError("can't start new thread")
        return real(thread)

    before = threading.active_count()
    monkeypatch.setattr(threading.Thread, "start", start)
    assert not threads._has_room(4)
    assert threading.active_count() == before
    begun.clear()
    assert threads._has_room(started)
