"""How many processors are counted: with joblib as oracle, and for containers that are made of files."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from paintnet.cores import LIMIT, bandwidth, bound_cores, cores, shares

COUNT = (
    "import os, sys; os.sched_setaffinity(0, map(int, sys.argv[1:]))\n"
    "from joblib.externals.loky import cpu_count; from paintnet.cores import cores, bound_cores\n"
    "print(cores(), cpu_count(), bound_cores())"
)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="processes are not bound here")
@pytest.mark.parametrize("limit", ["", "1", "1000", "many"])
@pytest.mark.parametrize("is_bound", [False, True])
def test_it_counts_as_joblib_does(limit: str, is_bound: bool) -> None:
    allowed = sorted(os.sched_getaffinity(0))
    bound = allowed[:1] if is_bound else allowed
    env = {name: value for name, value in os.environ.items() if name != LIMIT}
    if limit == "many":  # where joblib fails, and this is no reason to
        assert counted({**env, LIMIT: limit}, "import sys; from paintnet.cores import cores; print(cores())")
        return
    ours, theirs, bound_to = counted({**env, **({LIMIT: limit} if limit else {})}, COUNT, *bound)
    assert ours == theirs
    assert bound_to == len(bound)


def counted(env: dict[str, str], program: str, *args: int) -> list[int]:
    words = [sys.executable, "-c", program, *map(str, args)]
    return [int(word) for word in subprocess.check_output(words, env=env, text=True).split()]


def test_no_limit_allows_less_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT, "0")
    assert cores() == 1
    assert bound_cores() >= 1


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/", {"cpu.max": "max 100000\n"}, math.inf),
        ("0::/", {"cpu.max": "odd"}, math.inf),
        ("0::/", {}, math.inf),
        ("0::/a.slice/b.scope", {"a.slice/cpu.max": "200000 100000", "a.slice/b.scope/cpu.max": "max 1"}, 2),
        ("0::/a.slice/b", {"cpu.max": "400000 100000", "a.slice/b/cpu.max": "50000 100000"}, 0.5),
        ("0::/../outside", {"cpu.max": "300000 100000"}, 3),
        (
            "4:memory:/m\n2:cpu,cpuacct:/job",
            {"cpu/job/cpu.cfs_quota_us": "250000", "cpu/job/cpu.cfs_period_us": "100000"},
            2.5,
        ),
        ("2:cpu:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, math.inf),
        (None, {"cpu.max": "100000 100000"}, 1),
    ],
)
def test_the_bandwidth_of_control_groups(
    tmp_path: Path, own: str | None, files: dict[str, str], expected: float
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    own_group = tmp_path / "own"
    if own is not None:
        own_group.write_text(own + "\n")
    assert bandwidth(tmp_path, own_group) == expected


def test_the_machine_is_full_and_no_fuller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paintnet.cores.bound_cores", lambda: 8)
    monkeypatch.setattr("paintnet.cores.bandwidth", lambda *_: math.inf)
    monkeypatch.delenv(LIMIT, raising=False)
    assert [shares(workers) for workers in (1, 3, 8, 9)] == [[8], [3, 3, 2], [1] * 8, [1] * 9]
    monkeypatch.setenv(LIMIT, "3")
    assert shares(2) == [2, 1]
