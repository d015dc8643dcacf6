"""Whether there is a compiler, and how many cores its threads may use."""

import os
from importlib.util import find_spec


def has_compiler() -> bool:
    """Whether the extra `fast` is installed."""
    return find_spec("numba") is not None


def usable_cores() -> int:
    """Cores that this process may run on; not every system can tell, some only how many there are."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
