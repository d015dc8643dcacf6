"""Ctrl-C and SIGTERM that wait while something must not be left half done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

WAITING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_wait(*, second_acts: bool = True) -> Iterator[None]:
    """Let a signal that arrives in the block act at its end.

    A signal amid a write to a terminal leaves no way to know how much of it has got there: Python may
    have written all of it, and what it has not is still in its buffer. Amid the renaming of several
    files it leaves some of one run and some of another.

    Python acts on signals in the main thread only, so in any other one there is nothing to wait for.

    Parameters
    ----------
    second_acts : bool, default=True
        Whether a second one acts at once: what is done in the block may never end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    known = ((int(number), signal.getsignal(number)) for number in WAITING)
    # None is a handler that was not set by Python, which could not be put back.
    before = {number: handler for number, handler in known if handler is not None}
    arrived: list[int] = []

    def wait(number: int, _: Any) -> None:
        arrived.append(number)
        if second_acts and len(arrived) > 1:
            signal.signal(number, before[number])
            signal.raise_signal(number)

    try:
        for number in before:
            signal.signal(number, wait)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if arrived:  # with `second_acts` those after it have acted
            signal.raise_signal(arrived[0])
