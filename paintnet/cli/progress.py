"""The progress line: it shows where a job is, whatever it is at."""

import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

from paintnet.cli.terminal import ERASE_LINE, draw, window_size
from paintnet.painter.events import EpochFinished, Event, Working

if TYPE_CHECKING:
    from paintnet.painter.run import Run

SECONDS_BETWEEN = 0.1
SILENCE = 1.0
"""Seconds without news after which the line says how long it has been waiting."""

NARROWEST_BAR = 10
WIDEST_BAR = 40


class ProgressLine:
    """One line on stderr, redrawn in place: a bar, the part of the job, and how far it is.

    Where a part is silent, as a compiler is, a thread counts its seconds.

    click's own bar measures the terminal of stdout, and its line wraps where that is another one
    or none.
    """

    _after_line = ""
    """Where the cursor goes, in codes."""

    def __init__(self) -> None:
        self._due = 0.0
        self._latest: EpochFinished | Working = Working("starting")
        self._epoch: EpochFinished | None = None
        self._since = self._drawn_at = time.monotonic()
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        self._draw_line()
        # Without room for one more thread, the line stands still where there is nothing new.
        with suppress(RuntimeError):
            self._ticker.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._stop_ticking()
        if self._epoch is not None:
            self._latest = self._epoch
            self._draw_line()
        draw("\n" if self._epoch is not None else f"\r{ERASE_LINE}")

    def __call__(self, event: Event, run: "Run | None" = None) -> None:
        """Take one event of a job, or of its run."""
        if isinstance(event, EpochFinished | Working):
            with self._lock:
                is_new_part = self._take(event)
                if is_new_part or time.monotonic() >= self._due:
                    self._draw_line()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Make room for something else on the line's place."""
        with self._lock:
            draw(f"\r{ERASE_LINE}")
            yield
            self._draw_line()

    def _take(self, event: EpochFinished | Working) -> bool:
        """Remember an event; whether another part begins with it."""
        is_new_part = _part_of(event) != _part_of(self._latest)
        if is_new_part or isinstance(event, EpochFinished):
            self._since = time.monotonic()
        if isinstance(event, EpochFinished):
            self._epoch = event
        self._latest = event
        return is_new_part

    def _draw_line(self) -> None:
        columns, _ = window_size(sys.stderr)
        self._drawn_at = time.monotonic()
        self._due = self._drawn_at + SECONDS_BETWEEN
        line = progress_line(self._latest, columns, self._drawn_at - self._since)
        draw(f"\r{line}{ERASE_LINE}{self._after_line}")

    def _tick(self) -> None:
        while not self._stopped.wait(SILENCE / 4):
            with self._lock:
                if not self._stopped.is_set() and time.monotonic() - self._drawn_at >= SILENCE:
                    self._draw_line()

    def _stop_ticking(self) -> None:
        self._stopped.set()
        if self._ticker.is_alive():
            self._ticker.join()


def _part_of(event: EpochFinished | Working) -> str:
    return event.part if isinstance(event, Working) else "learning"


def progress_line(event: EpochFinished | Working, columns: int, waited: float = 0.0) -> str:
    """Put an event into one line that fits into the terminal; the bar goes first where room is short.

    `waited` is how many seconds ago the part, or the epoch, began.
    """
    text = _part_text(event, waited) if isinstance(event, Working) else _epoch_text(event, waited)
    room = columns - 1  # a terminal may wrap when its last column is written
    width = min(WIDEST_BAR, room - len(text) - len("[] "))
    if event.progress is None or width < NARROWEST_BAR:
        return shortened(text, room)
    done = round(width * min(1.0, event.progress))
    return f"[{'#' * done}{'-' * (width - done)}] {text}"


def _part_text(event: Working, waited: float) -> str:
    share = "" if event.progress is None else f" {100 * event.progress:.0f} %"
    return f"{event.part}{share}" + (f" {waited:.0f} s" if waited >= SILENCE else "")


def _epoch_text(event: EpochFinished, waited: float) -> str:
    epochs = f"{event.epoch}/{event.epochs}" if event.epochs else f"{event.epoch}"
    quality = f"loss {event.loss:.4f}" if event.psnr is None else f"loss {event.loss:.5f} {event.psnr:.1f} dB"
    if event.bits_per_pixel is not None:
        quality += f" {event.bits_per_pixel:.2f} bpp"
    left = max(0.0, event.seconds_left - waited)
    long = f", the next takes {waited:.0f} s so far" if waited >= SILENCE and event.progress < 1 else ""
    return f"epoch {epochs} {quality} {left:.0f} s left{long}"


def shortened(text: str, room: int) -> str:
    """Leave out the loss where a line is too long, which says least, and then what lies at its end.

    Examples
    --------
    >>> shortened("epoch 38/38 loss 0.00123 31.2 dB 0 s left", 39)
    'epoch 38/38 31.2 dB 0 s left'
    """
    return (text if len(text) <= room else re.sub(r" loss [^ ]+", "", text))[:room]
