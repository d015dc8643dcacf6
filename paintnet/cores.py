"""How many processors this process may use: the one place that counts them."""

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

LIMIT = "LOKY_MAX_CPU_COUNT"
"""Environment variable by which a program, or its user, allows fewer; joblib and scikit-learn heed it too."""

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUP = Path("/proc/self/cgroup")


def cores() -> int:
    """How many processors this process may use, as far as the system, its container and its user say.

    The least of four: what there is, the affinity of this process (`taskset`), the bandwidth of its
    control groups (containers, systemd, SLURM), and ``LOKY_MAX_CPU_COUNT``. joblib counts so too, but takes
    a fifth of a second to import.

    Examples
    --------
    >>> cores() >= 1
    True
    """
    given = os.environ.get(LIMIT, "")
    allowed = int(given) if given.isascii() and given.isdecimal() else math.inf
    least = min(bound_cores(), bandwidth(_GROUPS, _OWN_GROUP), allowed)
    return max(1, math.ceil(least))


def bound_cores() -> int:
    """How many processors this process is bound to, which is what libraries below count."""
    count = getattr(os, "process_cpu_count", None)  # from Python 3.13 on
    if count is not None:
        return count() or 1
    affinity = getattr(os, "sched_getaffinity", None)  # not every system can tell
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def shares(workers: int) -> list[int]:
    """Divide the processors among processes, so that the machine is full and no fuller.

    Parameters
    ----------
    workers : int
        How many processes there are; each gets at least one.

    Examples
    --------
    >>> len(shares(3)), sum(shares(1)) == cores(), shares(10_000)[0]
    (3, True, 1)
    """
    each, more = divmod(cores(), workers)
    return [max(1, each + (number < more)) for number in range(workers)]


def bandwidth(groups: Path, own_group: Path) -> float:
    """How many processors' time the control groups of this process allow; infinite without a limit.

    Parameters
    ----------
    groups : Path
        Where the system shows its control groups.
    own_group : Path
        File that says which of them this process is in.
    """
    found = math.inf
    for folder in _folders(groups, own_group):
        # One file with both in version 2 (Linux, cgroup-v2), two files in version 1 (sched-bwc).
        words = _words(folder / "cpu.max")
        words = words or _words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us")
        if len(words) == 2 and all(word.isdecimal() and int(word) for word in words):  # else "max", or -1
            found = min(found, int(words[0]) / int(words[1]))
    return found


def _folders(groups: Path, own_group: Path) -> Iterator[Path]:
    """Folders of a process's control groups and of those around them, each of which may have a limit."""
    yield groups
    yield groups / "cpu"
    try:
        lines = own_group.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        group = PurePosixPath(path)
        if group.is_absolute() and ".." not in group.parts:  # of a group outside the container it is no path
            root = groups / "cpu" if controllers else groups
            yield from (root.joinpath(*each.parts[1:]) for each in (group, *group.parents))


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").split()
    except (OSError, UnicodeError):
        return []
