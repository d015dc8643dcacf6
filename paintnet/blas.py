"""BLAS, which multiplies matrices for NumPy, held to one thread."""

import threading
from collections.abc import Callable
from contextlib import ExitStack

from threadpoolctl import ThreadpoolController


class OneBlasThread:
    """Context in which BLAS has one thread; may be entered many times, within itself and by other threads.

    The products of a small network lose more by sharing their work than they gain: threads that wait
    for each other make them up to thirty times slower. And their sums would depend on the number of
    threads. Making the context looks through all loaded libraries, which takes milliseconds; entering
    it takes a tenth of one.

    Some libraries have one number for each thread, others one for the whole process. So each thread
    that comes in sets its own, and the first one also that of the process, which the last one gives back.

    Examples
    --------
    >>> import numpy as np
    >>> with OneBlasThread():
    ...     product = np.eye(3) @ np.eye(3)
    """

    def __init__(self) -> None:
        self._pools = ThreadpoolController().select(user_api="blas")
        self._files = frozenset(each.filepath for each in self._pools.lib_controllers)

    def __enter__(self) -> None:
        _PROCESS.enter(self._pools, self._files)
        own = ExitStack()
        own.enter_context(self._pools.limit(limits=1))
        _THREAD.inside.append(own)

    def __exit__(self, *_: object) -> None:
        _THREAD.inside.pop().close()
        _PROCESS.leave()


class _Process:
    """Holds the libraries' numbers for the whole process while anybody is inside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._held = set[str]()
        self._before = ExitStack()

    def enter(self, pools: ThreadpoolController, files: frozenset[str]) -> None:
        with self._lock:
            self._inside += 1
            if not files <= self._held:
                self._held |= files
                # threadpoolctl lets the thread that came first decide until it leaves or ends. One that
                # ends at once leaves the numbers as they are, and decides nothing afterwards.
                _in_a_thread(lambda: self._before.enter_context(pools.limit(limits=1)))

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._held.clear()
                self._before.close()


class _Thread(threading.local):
    """What a thread has entered and not left."""

    def __init__(self) -> None:
        self.inside = list[ExitStack]()


_PROCESS, _THREAD = _Process(), _Thread()


def _in_a_thread(work: Callable[[], object]) -> None:
    """Do it in a thread of its own, or where the system has no room for one, in this one."""
    thread = threading.Thread(target=work, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        work()
    else:
        thread.join()
