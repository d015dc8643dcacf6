"""BLAS, which multiplies matrices for NumPy, held to one thread."""

import threading
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_held: dict[str, tuple[Any, int]] = {}
"""Libraries that are held, by their file, with the threads that they had before."""

_inside = 0
"""Contexts that are entered now, in all threads of the process."""


class OneBlasThread:
    """Context in which BLAS has one thread; may be entered again and again, by several threads at once.

    The products of a small network lose more by sharing their work than they gain: threads that wait
    for each other make them up to thirty times slower. And their sums would depend on the number of
    threads. Making the context looks through all loaded libraries, which takes milliseconds; entering
    it takes a tenth of one.

    The number is one for the whole process, so the first that enters sets it, and the last that leaves
    sets it back: a run that ends must not change the sums of another.

    Examples
    --------
    >>> import numpy as np
    >>> with OneBlasThread():
    ...     product = np.eye(3) @ np.eye(3)
    """

    def __init__(self) -> None:
        self._libraries = [each for each in ThreadpoolController().lib_controllers if each.user_api == "blas"]

    def __enter__(self) -> None:
        global _inside
        with _lock:
            _inside += 1
            for library in self._libraries:
                _held.setdefault(library.filepath, (library, library.num_threads))
                _set_threads(library, 1)

    def __exit__(self, *_: object) -> None:
        global _inside
        with _lock:
            _inside -= 1
            if _inside == 0:
                for library, threads in _held.values():
                    _set_threads(library, threads)
                _held.clear()


def _set_threads(library: Any, threads: int) -> None:
    """Set the number, whichever thread of Python has set it before.

    From threadpoolctl 3.8 on, the first thread that sets it has it for itself, and others are not heard
    and not told (`OpenBLASController.set_num_threads`): a run beside the main thread was not held.
    """
    let_go = getattr(library, "clear_controlling_thread", None)
    if let_go is not None:
        let_go(force=True)
    library.set_num_threads(threads)
    if let_go is not None:
        let_go(force=True)
