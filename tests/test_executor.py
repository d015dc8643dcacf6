"""Jobs in this process and in workers, and what becomes of them when a worker dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from paintnet import executor
from paintnet.cores import cores, shares
from paintnet.executor import Outcome, run_all


def work(task: tuple[str, Path]) -> str:
    """Die as often as the name says, counting in a file how often it was begun."""
    name, folder = task
    with (folder / name).open("ab") as file:
        file.write(b".")
    if name == "raises":
        raise ValueError(name)
    if (folder / name).stat().st_size <= int(name[-1]):
        os.kill(os.getpid(), signal.SIGKILL)
    threads = {os.environ["OMP_NUM_THREADS"], os.environ["NUMBA_NUM_THREADS"], str(cores())}
    return f"{name} {' '.join(threads)} {os.getpid() == int(os.environ['TEST_PARENT'])}"


def results(names: list[str], folder: Path, workers: int) -> dict[str, str | None]:
    outcomes = run_all(work, [(name, folder) for name in names], workers)
    return {outcome.task[0]: outcome.result for outcome in outcomes}


@pytest.fixture(autouse=True)
def parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PARENT", str(os.getpid()))


def test_without_workers_this_process_takes_a_task_when_it_is_free() -> None:
    said: list[int] = []

    def tasks() -> list[int]:
        for number in (1, 2):
            said.append(number)
            yield number

    for outcome in run_all(said.append, tasks()):
        assert outcome == Outcome(said[-1], None)
    assert said == [1, 1, 2, 2]


def test_a_worker_that_dies_costs_its_own_task_one_more_try_and_no_other_anything(tmp_path: Path) -> None:
    names = ["a0", "once1", "b0", "always9", "c0", "d0"]
    found = results(names, tmp_path, 2)
    threads, _ = shares(2)
    well = {name: f"{name} {threads} False" for name in names if name != "always9"}
    assert found == {**well, "always9": None}
    assert {name: (tmp_path / name).stat().st_size for name in names} == {
        **dict.fromkeys(names, 1),
        "once1": 2,
        "always9": 2,
    }


def test_what_work_raises_ends_everything_and_leaves_no_process(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="raises"):
        results(["raises", "a0"], tmp_path, 2)
    assert (tmp_path / "raises").stat().st_size == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals that can be blocked")
def test_ctrl_c_that_comes_while_a_worker_starts_is_heard_afterwards() -> None:
    reached = []

    def start() -> None:
        with executor._without_ctrl_c():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            reached.append("the end")

    other = threading.Thread(
        target=time.sleep, args=(1,)
    )  # one that does not block it, as most programs have
    other.start()
    with pytest.raises(KeyboardInterrupt):
        start()
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN


def hears_ctrl_c(_: int) -> bool:
    return signal.getsignal(signal.SIGINT) is not signal.SIG_IGN


def test_ctrl_c_is_for_this_process_only() -> None:
    before = signal.getsignal(signal.SIGINT)
    assert [outcome.result for outcome in run_all(hears_ctrl_c, [0], 2)] == [False]
    assert signal.getsignal(signal.SIGINT) is before


def wait_for_ever(path: Path) -> None:
    path.write_text(str(os.getpid()))
    time.sleep(600)


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie, which an orphan may stay for its new parent's sake."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc to look at processes")
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from paintnet.executor import run_all\n"
        "from tests.test_executor import wait_for_ever\n"
        "list(run_all(wait_for_ever, [Path(name) for name in sys.argv[1:]], 2))"
    )
    paths = [tmp_path / "a", tmp_path / "b"]
    parent = subprocess.Popen([sys.executable, "-c", script, *map(str, paths)])
    while not all(path.exists() and path.read_text() for path in paths):
        assert parent.poll() is None
        time.sleep(0.02)
    workers = [int(path.read_text()) for path in paths]
    assert all(map(is_running, workers))
    parent.kill()
    parent.wait()
    end = time.monotonic() + 60
    while any(map(is_running, workers)):
        assert time.monotonic() < end
        time.sleep(0.02)


def threads_here(_: int) -> str:
    return os.environ["OMP_NUM_THREADS"]


def test_threads_are_divided_among_workers_with_none_left_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paintnet.executor.shares", lambda workers: [5, 1][:workers])
    assert [outcome.result for outcome in run_all(threads_here, [0], 2)] == ["5"], "the most is used first"
