"""Threads of the libraries below: BLAS with none of its own, the others only where the system has room."""

import os
import threading

from paintnet.cores import LIMIT, bound_cores, cores

_POOLS = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Pools of threads in one process: scikit-learn and numba have an OpenMP each."""

SCARCE_NOTE = "the system has no room for more threads: one does all the work, which takes longer"


class _Process:
    """What is true of this process."""

    has_room = True


def keep_blas_alone() -> None:
    """Let BLAS start no threads; to be called before NumPy is imported.

    Products of a small network lose more by sharing than they gain. And where its threads cannot be
    started, OpenBLAS raises SIGINT (`blas_thread_init` in its driver/others/blas_server.c), which
    looks like a Ctrl-C that nobody pressed.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"


def make_do_with_what_there_is() -> None:
    """Let OpenMP and numba start no more threads than are allowed, and none where there is no room for them.

    To be called before they are imported: GNU's OpenMP ends the process where it cannot start one.
    """
    count = cores()
    if count < bound_cores():  # these libraries do not know what a container or its user allows
        for name in _POOLS:
            os.environ.setdefault(name, str(count))
    _Process.has_room = _has_room(len(_POOLS) * count)
    if not _Process.has_room:
        os.environ.update(dict.fromkeys((*_POOLS, LIMIT), "1"))


def notes_on_threads() -> tuple[str, ...]:
    """What the user may want to know about it."""
    return () if _Process.has_room else (SCARCE_NOTE,)


def _has_room(count: int) -> bool:
    """Whether so many threads can be there at once: no limit tells, so they are started."""
    gate, started = threading.Event(), list[threading.Thread]()
    try:
        for _ in range(count):
            thread = threading.Thread(target=gate.wait, daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError:
        return False
    finally:
        gate.set()
        for thread in started:
            thread.join()
    return True
