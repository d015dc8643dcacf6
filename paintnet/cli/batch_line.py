"""The progress of a batch: one line for the whole, with the time left."""

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from paintnet.cli.progress import NARROWEST_BAR, WIDEST_BAR
from paintnet.cli.terminal import ERASE_LINE, draw, window_size


class BatchLine:
    """One line on stderr, redrawn every second and as pictures end.

    Parameters
    ----------
    total : int
        How many there are.
    noun : str
        What they are called.
    is_shown : bool
        Whether somebody is watching.
    """

    def __init__(self, total: int, noun: str = "pictures", *, is_shown: bool) -> None:
        self._total, self._noun, self._is_shown = total, noun, is_shown
        self._states: Counter[str] = Counter()
        self._begun = self._last = time.monotonic()
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        if self._is_shown:
            self._draw()
            self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_shown:
            self._ended.set()
            self._clock.join()
            draw("\n")

    def count(self, state: str) -> None:
        """One picture more has ended."""
        with self._lock:
            self._states[state] += 1
            self._last = time.monotonic()
        self._draw()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Make room for words, above the line that is drawn again after them."""
        with self._lock:
            if self._is_shown:
                draw(f"\r{ERASE_LINE}")
            yield
        self._draw()

    def _tick(self) -> None:
        while not self._ended.wait(1.0):
            self._draw()

    def _draw(self) -> None:
        if self._is_shown:
            with self._lock:
                columns, _ = window_size(sys.stderr)
                took, now = self._last - self._begun, time.monotonic()
                text = batch_line(self._states, self._total, took, now - self._last, columns, self._noun)
                draw(f"\r{text}{ERASE_LINE}")


def batch_line(
    states: Counter[str], total: int, took: float, since: float, columns: int, noun: str = "pictures"
) -> str:
    """Put the state of a batch into one line; the bar goes first where room is short.

    Parameters
    ----------
    states : Counter of str
        How many pictures have ended, and how.
    total : int
        Pictures of the batch.
    took : float
        Seconds from the beginning to the last end.
    since : float
        Seconds since then.
    columns : int
        Of the terminal.
    noun : str
        What they are called.

    Examples
    --------
    >>> batch_line(Counter(done=2, skipped=4, failed=1), 10, 90.0, 5.0, 40)
    '7 of 10 pictures, 1 failed, 1:25 left'
    """
    ended = states.total()
    text = f"{ended} of {total} {noun}"
    if states["failed"]:
        text += f", {states['failed']} failed"
    # Pictures that were done before took no time, so they say nothing about those to come.
    worked = ended - states["skipped"]
    if worked and ended < total:
        text += f", {duration_text(max(0.0, took / worked * (total - ended) - since))} left"
    elif ended < total:
        text += f", {duration_text(took + since)} so far"
    room = columns - 1  # a terminal may wrap when its last column is written
    width = min(WIDEST_BAR, room - len(text) - len("[] "))
    if width < NARROWEST_BAR:
        return text[:room]
    done = round(width * ended / max(1, total))
    return f"[{'#' * done}{'-' * (width - done)}] {text}"


def duration_text(seconds: float) -> str:
    """Write a time as a clock does.

    Examples
    --------
    >>> duration_text(7.4), duration_text(90), duration_text(7_500)
    ('0:07', '1:30', '2:05:00')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
