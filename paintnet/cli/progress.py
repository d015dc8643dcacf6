"""The progress line: one listener of a training run."""

import sys
import time
from typing import Self

from paintnet.cli.terminal import ERASE_LINE, draw, window_size
from paintnet.painter.events import EpochFinished, Event, Preparing
from paintnet.painter.run import Run

SECONDS_BETWEEN = 0.1
NARROWEST_BAR = 10
WIDEST_BAR = 40


class ProgressLine:
    """One line on stderr, redrawn in place: a bar, epochs, loss, PSNR and the seconds left.

    click's own bar measures the terminal of stdout, and its line wraps where that is another one
    or none.
    """

    def __init__(self) -> None:
        self._drawn_at = -SECONDS_BETWEEN
        self._latest: EpochFinished | Preparing | None = None

    def __enter__(self) -> Self:
        draw(f"\rstarting{ERASE_LINE}")
        return self

    def __exit__(self, *ended: object) -> None:
        if self._latest is not None:
            self._draw(self._latest)
        draw("\n")

    def __call__(self, event: Event, run: Run) -> None:
        """Take one event of the run."""
        if isinstance(event, EpochFinished | Preparing):
            self._latest = event
            now = time.monotonic()
            if now - self._drawn_at >= SECONDS_BETWEEN:
                self._drawn_at = now
                self._draw(event)

    @staticmethod
    def _draw(event: EpochFinished | Preparing) -> None:
        columns, _ = window_size(sys.stderr)
        draw(f"\r{progress_line(event, columns)}{ERASE_LINE}")


def progress_line(event: EpochFinished | Preparing, columns: int) -> str:
    """Put an event into one line that fits into the terminal; the bar goes first where room is short."""
    text = f"preparing {100 * event.progress:.0f} %" if isinstance(event, Preparing) else _epoch_text(event)
    room = columns - 1  # a terminal may wrap when its last column is written
    width = min(WIDEST_BAR, room - len(text) - len("[] "))
    if width < NARROWEST_BAR:
        return text[:room]
    done = round(width * min(1.0, event.progress))
    return f"[{'#' * done}{'-' * (width - done)}] {text}"


def _epoch_text(event: EpochFinished) -> str:
    epochs = f"{event.epoch}/{event.epochs}" if event.epochs else f"{event.epoch}"
    quality = f"loss {event.loss:.4f}" if event.psnr is None else f"loss {event.loss:.5f} {event.psnr:.1f} dB"
    return f"epoch {epochs} {quality} {event.seconds_left:.0f} s left"
