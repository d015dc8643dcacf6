"""Kill batches at random instants, and look at what is left: `python -m tools.interrupted_batches`.

A batch with three bad pictures is run to its end, and again; then, in a new folder each time, one is
killed by SIGKILL, alone or with its workers, and run again. After each kill all outputs must be whole and
all that the manifest says must be true; after the run that follows, all outputs must be those of the batch
that nobody killed, to the byte, and nothing that was done may have been done again.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from paintnet.fleet.manifest import NAME, Manifest

BAD = {"bad-1.png": b"", "bad-2.jpg": b"<html>", "bad-3.png": b"\x89PNG\r\n\x1a\n truncated"}
OPTIONS = ("--preset", "draft", "--epochs", "2", "--batch-size", "64", "--engine", "numpy", "-q", "--json")
SOME_FAILED = 3
PATIENCE = 600


class WrongError(Exception):
    """What must not be; its text says what was seen."""


@dataclass
class Tally:
    """What was seen.

    Parameters
    ----------
    seconds : dict of int to float
        By the number of workers, how long an undisturbed batch takes after its first line.
    done_before : list of int
        For each kill, how many pictures were done until then.
    temporary : int
        Temporary files that killed runs left, and later ones took away.
    torn : int
        Lines of manifests that were torn.
    """

    seconds: dict[int, float] = field(default_factory=dict)
    done_before: list[int] = field(default_factory=list)
    temporary: int = 0
    torn: int = 0


class Batch:
    """Pictures in a folder, and batches over them.

    Parameters
    ----------
    folder : Path
        Empty, for the pictures and all outputs.
    count : int
        How many pictures there are, the three bad ones among them.
    seed : int
        Of the pictures and the instants.
    """

    def __init__(self, folder: Path, count: int, seed: int) -> None:
        self.folder, self.good = folder, count - len(BAD)
        self._chance = random.Random(seed)  # noqa: S311 - nothing is secret
        pictures = folder / "in"
        pictures.mkdir()
        numbers = np.random.default_rng(seed)
        for number in range(self.good):
            small = numbers.integers(0, 256, (3, 4, 3), np.uint8)
            size = tuple(numbers.integers(16, 48, 2).tolist())
            Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).save(pictures / f"{number:03}.png")
        for name, content in BAD.items():
            (pictures / name).write_bytes(content)

    def start(self, out: str, workers: int) -> "subprocess.Popen[bytes]":
        """Begin a batch, as the leader of a group of processes."""
        words = [sys.executable, "-m", "paintnet", "batch", "in", "--out-dir", out, *OPTIONS]
        return subprocess.Popen(  # noqa: S603 - this Python, and options that stand above
            [*words, "--workers", str(workers)],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )

    def run(self, out: str, workers: int, skipped: int) -> float:
        """Run a batch to its end, and compare what it says with what must be; its seconds after the start."""
        process = self.start(out, workers)
        self._wait_for_a_line(process, out)
        begun = time.monotonic()
        said, told = process.communicate(timeout=PATIENCE)
        seconds = time.monotonic() - begun
        _check(process.returncode == SOME_FAILED, f"exit code {process.returncode}: {told.decode()[-500:]}")
        counts = json.loads(said)
        seen = {name: counts[name] for name in ("done", "skipped", "failed", "left")}
        expected = {"done": self.good - skipped, "skipped": skipped, "failed": len(BAD), "left": 0}
        _check(seen == expected, f"{seen} instead of {expected}")
        named = {name for name in BAD if f"failed: in/{name}: " in told.decode()}
        _check(named == set(BAD), f"only {named} are named as failed")
        return seconds

    def kill(self, out: str, workers: int, seconds: float) -> bool:
        """Begin a batch and kill it within so many seconds, with workers or alone; False if it has ended."""
        process = self.start(out, workers)
        self._wait_for_a_line(process, out)
        time.sleep(self._chance.uniform(0, seconds))
        is_late = process.poll() is not None
        if self._chance.random() < 0.5:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()  # its workers see that, and end
        process.communicate(timeout=PATIENCE)
        return not is_late

    def _wait_for_a_line(self, process: "subprocess.Popen[bytes]", out: str) -> None:
        manifest, end = self.folder / out / NAME, time.monotonic() + PATIENCE
        while not manifest.exists():
            _check(process.poll() is None and time.monotonic() < end, "the batch does not begin")
            time.sleep(0.005)

    def outputs(self, out: str) -> dict[str, bytes]:
        """All files but the manifest and temporary ones, with their bytes."""
        found = {path.name: path.read_bytes() for path in (self.folder / out).iterdir() if _is_output(path)}
        found.pop(NAME, None)
        return found

    def temporary(self, out: str) -> int:
        """How many temporary files there are."""
        return sum(not _is_output(path) for path in (self.folder / out).iterdir())

    def known(self, out: str, whole: dict[str, bytes]) -> tuple[int, int]:
        """Check what a manifest says; gives how many pictures it says are done, and its torn lines."""
        torn = 0
        for line in (self.folder / out / NAME).read_bytes().splitlines():
            try:
                json.loads(line)
            except ValueError:
                torn += 1
        manifest = Manifest(self.folder / out)
        manifest.refresh()
        done = {row.input: row for row in manifest.latest.values() if row.state == "done"}
        there = self.outputs(out)
        for row in done.values():
            sizes: dict[str, Any] = {name: len(there.get(name, b"")) for name in row.sizes}
            _check(sizes == row.sizes, f"{row.input} is said to be done, with {row.sizes}, and has {sizes}")
        for name, content in there.items():
            _check(content == whole[name], f"{name} is neither whole nor absent")
        return len(done), torn


def torment(batch: Batch, kills: int) -> Tally:
    """Run, run again, and kill.

    Parameters
    ----------
    batch : Batch
        The pictures.
    kills : int
        How often.

    Raises
    ------
    WrongError
        At the first thing that must not be.
    """
    tally = Tally()
    tally.seconds[1] = batch.run("whole", 1, skipped=0)
    manifest = batch.folder / "whole" / NAME
    before = len(manifest.read_bytes().splitlines())
    whole = batch.outputs("whole")
    _check(len(whole) == 2 * batch.good, f"there are {len(whole)} outputs of {batch.good} pictures")
    batch.run("whole", 1, skipped=batch.good)
    _check(batch.outputs("whole") == whole, "a second run has changed outputs")
    lines = len(manifest.read_bytes().splitlines()) - before
    _check(lines == 2 * len(BAD), f"a second run has written {lines} lines about {len(BAD)} pictures")
    tally.seconds[2] = batch.run("two-workers", 2, skipped=0)
    _check(batch.outputs("two-workers") == whole, "two workers have made other outputs than one")
    begun = 0
    while len(tally.done_before) < kills:
        out, workers = f"killed-{begun}", 1 + begun % 2
        begun += 1
        if not batch.kill(out, workers, tally.seconds[workers]):
            continue
        done, torn = batch.known(out, whole)
        tally.temporary += batch.temporary(out)
        batch.run(out, workers, skipped=done)
        _check(batch.outputs(out) == whole, "the outputs are not those of a batch that nobody killed")
        left = [path for path in (batch.folder / out).iterdir() if not _is_output(path)]
        _check(not left, f"left behind: {[(path.name, path.stat().st_size) for path in left]}")
        tally.done_before.append(done)
        tally.torn += torn
    return tally


def _is_output(path: Path) -> bool:
    return not path.name.startswith(".paintnet-")


def _check(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise WrongError(otherwise)


def main() -> int:
    """Run what was asked for; 1 where anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tools.interrupted_batches", description=__doc__)
    parser.add_argument("--pictures", type=int, default=100, help="of a batch, the three bad ones among them")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        batch = Batch(Path(folder), given.pictures, given.seed)
        try:
            tally = torment(batch, given.kills)
        except WrongError as error:
            print(f"wrong: {error}")
            return 1
    print(f"{batch.good} done, {len(BAD)} named, exit {SOME_FAILED}; again: {len(BAD)} tried")
    one, two = (tally.seconds[workers] for workers in (1, 2))
    print(f"undisturbed it takes {one:.1f} s, and {two:.1f} s with two workers")
    print(f"{given.kills} kills within that time; done until then: {tally.done_before}")
    print(f"{tally.temporary} temporary files left and taken away, {tally.torn} torn lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
