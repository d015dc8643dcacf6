"""The preview: a small picture in the terminal, repainted in place while it is learned."""

import math
import os
import sys
import time

from paintnet.cli.halfblocks import UPPER_HALF, picture_lines
from paintnet.cli.progress import SECONDS_BETWEEN, ProgressLine, progress_line
from paintnet.cli.terminal import (
    ERASE_BELOW,
    ERASE_LINE,
    HIDE_CURSOR,
    RESET,
    SHOW_CURSOR,
    Depth,
    can_write,
    color_depth,
    colors_are_unwanted,
    cursor_up,
    draw,
    is_terminal,
    window_size,
)
from paintnet.painter.events import EpochFinished, Event
from paintnet.painter.run import Run
from paintnet.painting import Painting
from paintnet.signals import signals_wait

LARGEST = (80, 30)
"""Columns and rows of the picture: over a slow line, a larger one would cost more than it shows."""

SECONDS_BETWEEN_PICTURES = 0.2
SHARE = 0.1
"""How much of the time may go into repainting."""


class Preview(ProgressLine):
    """The painting as it is, and the progress line under it, on stderr.

    It is no more than a `ProgressLine` where a terminal has no colors or
    no half blocks, or NO_COLOR is set. The cursor rests at the start of the progress line, so that
    the ``^C`` of the terminal is overwritten; it is hidden only while a picture is drawn.

    Parameters
    ----------
    depth : {"truecolor", "256"}, optional
        Colors of the terminal; without it, what `preview_depth` finds.
    """

    _after_line = "\r"

    def __init__(self, depth: Depth | None = None) -> None:
        super().__init__()
        self._depth = depth or preview_depth()
        self._run: Run | None = None
        self._drawn = (0, 0)
        """Columns and rows of the picture that stands above the line."""
        self._is_drawing = False
        self._picture_due = 0.0

    def __exit__(self, *ended: object) -> None:
        self._stop_ticking()
        try:
            if self._is_drawing:
                # The cursor is somewhere in the picture: what is below is of the one before.
                draw(f"{RESET}\n{ERASE_BELOW}")
                self._is_drawing = False
            if self._epoch is not None and self._run is not None:
                self._latest = self._epoch
                if ended[0] is None and self._depth:
                    self._draw_picture(self._epoch, self._run.painting().sketched(), self._depth)
                else:
                    self._draw_line()
        finally:  # even where a second Ctrl-C ends the last repainting
            left_over = ERASE_BELOW if self._is_drawing else ""
            end = f"\r{ERASE_LINE}" if self._epoch is None else "\n"
            draw(f"{RESET}{SHOW_CURSOR}{end}{left_over}" if self._depth else end)

    def __call__(self, event: Event, run: Run | None = None) -> None:
        """Take one event of a job, or of its run."""
        start = time.monotonic()
        if not isinstance(event, EpochFinished) or run is None:
            super().__call__(event, run)
        elif self._depth and start >= self._picture_due:
            with self._lock:
                self._take(event)
                self._run = run
                self._draw_picture(event, run.painting().sketched(), self._depth)
                end = self._drawn_at = time.monotonic()
                self._picture_due = end + max(SECONDS_BETWEEN_PICTURES, (end - start) * (1 / SHARE - 1))
                self._due = end + SECONDS_BETWEEN
        else:
            self._run = run
            super().__call__(event, run)

    def _draw_picture(self, event: EpochFinished, painting: Painting, depth: Depth) -> None:
        columns, rows = window_size(sys.stderr)
        # A terminal may wrap where its last column is written; two rows are for the line and an error.
        room = min(LARGEST[0], columns - 1), min(LARGEST[1], rows - 2)
        lines = picture_lines(painting, room, depth, enlarge=True) if min(room) >= 1 else []
        picture = "".join(f"{line}{ERASE_LINE}\n" for line in lines)
        text = f"{self._back_to_the_top(columns)}{picture}{progress_line(event, columns)}{ERASE_BELOW}\r"
        with signals_wait():
            self._is_drawing = True
            draw(f"{HIDE_CURSOR}{text}{SHOW_CURSOR}")
            self._is_drawing = False
            self._drawn = (max((line.count(UPPER_HALF) for line in lines), default=0), len(lines))

    def _back_to_the_top(self, columns: int) -> str:
        """Codes that lead from the progress line to the first row of the old picture."""
        drawn_columns, drawn_rows = self._drawn
        if not drawn_rows:
            return "\r"
        if drawn_columns < columns:
            return f"\r{cursor_up(drawn_rows)}"
        # The window has become narrower, and the terminal has wrapped each row of the picture.
        wrapped = drawn_rows * math.ceil(drawn_columns / columns)
        return f"\r{cursor_up(wrapped)}{ERASE_BELOW}"


def preview_depth() -> Depth | None:
    """Colors for a preview on stderr; None where it cannot show one, or should not."""
    if not is_terminal(sys.stderr) or colors_are_unwanted() or not can_write(UPPER_HALF, sys.stderr):
        return None
    return color_depth(os.environ)
