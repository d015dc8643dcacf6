"""Ctrl-C and SIGTERM that wait while a terminal must not be left amid a picture."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

WAITING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals_wait() -> Iterator[None]:
    """Let a signal that arrives in the block act at its end; a second one does not wait.

    A signal amid a write leaves no way to know how much of it the terminal has got: Python may have
    written all of it, and what it has not is still in its buffer.
    """
    before = {int(number): signal.getsignal(number) for number in WAITING}
    arrived: list[int] = []

    def wait(number: int, _: Any) -> None:
        arrived.append(number)
        if len(arrived) > 1:  # the terminal may have stalled for ever
            signal.signal(number, before[number])
            signal.raise_signal(number)

    try:
        for number in before:
            signal.signal(number, wait)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if arrived:  # those after it have acted
            signal.raise_signal(arrived[0])
