"""Workers of Dask: a scheduler and workers as processes of their own, of which some die."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from paintnet import executor
from paintnet.errors import PaintnetError, SettingsError
from paintnet.executor import Cluster, run_all
from paintnet.painter.painter import Painter
from paintnet.picture.file_levels import FileLevels
from paintnet.picture.levels import LevelPicture
from tests.command_line import PROGRAM, Run, environment, snapshot
from tests.fleet.fleet_helpers import manifest_of, pictures_in

pytest.importorskip("distributed", reason="the extra dask is not installed")

ROOT = Path(__file__).parents[1]
QUICK = ("--preset", "draft", "--epochs", "60", "--batch-size", "64", "--engine", "numpy")


class Farm:
    """A scheduler and some workers, without the nannies that would start them again."""

    def __init__(self, folder: Path, stack: ExitStack, workers: int) -> None:
        self._stack, self._folder = stack, folder
        self.file = folder / "scheduler.json"
        allowed = {
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        }
        self._environment = environment(**allowed)
        self._start(
            "scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            "--no-show",
            "--scheduler-file",
            str(self.file),
        )
        self._wait(self.file)
        self.workers = []
        for number in range(workers):
            self.workers.append(
                self._start(
                    "worker",
                    "--scheduler-file",
                    str(self.file),
                    "--nthreads",
                    "1",
                    "--no-nanny",
                    "--no-dashboard",
                    "--host",
                    "127.0.0.1",
                    "--local-directory",
                    str(folder / str(number)),
                )
            )
        self.address = json.loads(self.file.read_text())["address"]

    def _start(self, *words: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            env=self._environment,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process

    @staticmethod
    def _wait(path: Path) -> None:
        end = time.monotonic() + 60
        while not path.exists() or not path.read_text().strip().endswith("}"):
            assert time.monotonic() < end
            time.sleep(0.05)

    def wait_for_workers(self) -> None:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(len(self.workers), timeout=60)

    def begun_and_done(self, of: str) -> tuple[int, int]:
        """How many tasks of a function were given to a worker, and how many results came, by the log."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            log = client.run_on_scheduler(_log)
        steps = [(begin, end) for key, begin, end in log if key.startswith(of)]
        begun = sum(end == "processing" for _, end in steps)
        return begun, steps.count(("processing", "memory"))


def _log(dask_scheduler: Any) -> list[tuple[str, str, str]]:
    return [(str(key), begin, end) for key, begin, end, *_ in dask_scheduler.transition_log]


@pytest.fixture
def farm(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Farm]:
    (tmp_path / "farm").mkdir()
    with ExitStack() as stack:
        farm = Farm(tmp_path / "farm", stack, workers=getattr(request, "param", 3))
        farm.wait_for_workers()
        yield farm


def work(task: tuple[str, Path]) -> str:
    """Die always, if the name says so, and count how often it was begun."""
    name, folder = task
    with (folder / name).open("ab") as file:
        file.write(b".")
    if name == "always":
        os.kill(os.getpid(), signal.SIGKILL)
    return name.upper()


def test_a_task_that_kills_its_workers_is_given_up_alone(farm: Farm, tmp_path: Path) -> None:
    names = ["a", "always", "b", "c", "d", "e"]
    cluster = Cluster(farm.address, tmp_path)
    found = {
        outcome.task[0]: outcome.result
        for outcome in run_all(work, [(name, tmp_path) for name in names], cluster=cluster)
    }
    assert found == {name: None if name == "always" else name.upper() for name in names}
    assert (tmp_path / "always").stat().st_size == 2


def test_a_worker_is_killed_in_the_middle_of_a_batch(run: Run, farm: Farm, folder: Path) -> None:
    pictures_in(folder / "in", *(f"{number}.png" for number in range(16)))
    run("batch", "in", "--out-dir", "alone", *QUICK).done()
    words = ("batch", "in", "--out-dir", "out", *QUICK, "--cluster", farm.address)
    process = subprocess.Popen(
        [*PROGRAM, *words], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    manifest, end = folder / "out" / "manifest.jsonl", time.monotonic() + 60
    while not manifest.exists() or manifest.read_bytes().count(b'"done"') < 3:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    farm.workers[0].kill()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out.splitlines()[0] == b"16 done"
    rows = manifest_of(folder / "out")
    assert sorted(row["source"] for row in rows if row["state"] == "done") == sorted(
        f"in/{number}.png" for number in range(16)
    )
    assert len(rows) == 32, "each was begun once and ended once"
    alone, together = snapshot(folder / "alone"), snapshot(folder / "out")
    del alone["manifest.jsonl"], together["manifest.jsonl"]
    assert alone == together
    shutil.rmtree("alone")


@pytest.mark.parametrize("farm", [2], indirect=True)
def test_a_worker_is_killed_in_the_middle_of_a_mosaic(farm: Farm, tmp_path: Path) -> None:
    levels = np.random.default_rng(4).integers(0, 256, (100, 110, 3), dtype=np.uint8)
    # One picture in memory, and one that lies in a file already, which is not where the workers look.
    filed = FileLevels.of_bands(iter([levels / np.float32(255)]), levels.shape, levels.dtype)
    settings = {"engine": "numpy", "patch": 40, "epochs": 40}
    alone = Painter("draft", **settings).fit(LevelPicture(levels)).to_bytes()
    shared = tmp_path / "shared"
    shared.mkdir()
    run = Painter("draft", cluster=Cluster(farm.address, shared), **settings).start(LevelPicture(filed))
    epochs = []
    for event in run:
        epochs.append(event.epoch)
        if len(epochs) == 3:
            assert [path.stat().st_size for path in shared.iterdir()] == [levels.size]
            farm.workers[0].kill()
    assert epochs == list(range(40, 361, 40))
    assert run.result().to_bytes() == alone
    begun, done = farm.begun_and_done("learn_patch")
    assert done == 9
    assert 9 < begun <= 11, "only what the killed worker had, or was just given, was begun again"
    assert not list(shared.iterdir())


def test_fit_gives_its_patches_to_a_cluster(run: Run, farm: Farm, folder: Path) -> None:
    (folder / "out").mkdir()
    words = ("fit", "sample:bird", *QUICK, "--patch", 40)
    run(*words, "-m", "alone.paintnet").done()
    run(*words, "-m", "out/far.paintnet", "--cluster", farm.address).done()
    assert (folder / "out" / "far.paintnet").read_bytes() == (folder / "alone.paintnet").read_bytes()
    assert [path.name for path in (folder / "out").iterdir()] == ["far.paintnet"]
    begun, done = farm.begun_and_done("learn_patch")
    assert begun == done > 1
    timed = run(*words, "--time", "2s", "-m", "timed.paintnet", "--cluster", farm.address)
    assert "ended: " in timed.done().out
    one = run("fit", "sample:bird", *QUICK, "-m", "one.paintnet", "--cluster", farm.address).done()
    assert "one network learns this picture, so this machine does it and not the cluster" in one.err
    assert farm.begun_and_done("learn_patch")[0] == 2 * begun


def test_what_cannot_be_used_is_told(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures_in(folder, "a.png")
    monkeypatch.setattr(executor, "_ANSWERS_WITHIN", 0.5)
    monkeypatch.setattr("paintnet.fleet.batch.kernels_of", lambda plan: pytest.fail("compiled for a cluster"))
    told = run("batch", "a.png", "--out-dir", "out", "--cluster", "tcp://127.0.0.1:9").failed()
    assert told.startswith("cluster tcp://127.0.0.1:9: no scheduler of Dask answers there; look at what ")
    told = run("batch", "a.png", "--out-dir", "out", "--cluster", "x", "--workers", "2").failed(2)
    assert told == "--cluster and --workers: a cluster has workers of its own; give one of them"
    monkeypatch.setattr(executor, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"cluster: it needs Dask, .* pip install .*\[dask\]"):
        Cluster("x").check()
    monkeypatch.setattr(executor, "__version__", "0.0")
    with pytest.raises(PaintnetError, match="needs Dask"):
        list(run_all(abs, [1], cluster=Cluster("x")))


def test_workers_must_see_the_folder_and_be_of_this_version(
    farm: Farm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        elsewhere = nullcontext(SimpleNamespace(name="/nowhere/file"))
        patch.setattr(executor, "NamedTemporaryFile", lambda **given: elsewhere)
        with pytest.raises(PaintnetError, match=r"its worker tcp.* does not see the folder"):
            list(run_all(work, [("a", tmp_path)], cluster=Cluster(farm.address, tmp_path)))
    monkeypatch.setattr(executor, "__version__", "0.0")
    with pytest.raises(PaintnetError, match=r"its workers have paintnet .*, and this is 0\.0"):
        list(run_all(work, [("a", tmp_path)], cluster=Cluster(farm.address)))
    assert not (tmp_path / "a").exists()
