"""A gate that a training passes again and again: open, held, or closed for good."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from paintnet.engine.schedule import Schedule
from paintnet.settings.settings import PainterSettings

PATIENCE = 1.0
"""Seconds that a pause waits for the end of the epoch; then the training stands still within it."""


class ClosedError(Exception):
    """Ends what a run is at, wherever it is, when nobody wants its result."""


class Gate:
    """Where a training looks between its parts whether it may go on.

    Parameters
    ----------
    standing : callable
        Is called with True where the training begins to stand still within an epoch, and with False when
        it goes on.

    Examples
    --------
    >>> gate = Gate()
    >>> gate.hold()
    >>> gate.open()
    >>> gate.is_held, gate.is_closed
    (False, False)
    """

    def __init__(self, standing: Callable[[bool], None] = lambda is_standing: None) -> None:
        self.standing = standing
        self._changed = threading.Condition()
        self._held_since: float | None = None
        self.is_closed = False

    @property
    def is_held(self) -> bool:
        """Whether a pause is wanted."""
        return self._held_since is not None

    def hold(self) -> None:
        """Let nothing through from now on."""
        with self._changed:
            if self._held_since is None:
                self._held_since = time.monotonic()

    def open(self) -> None:
        """Let everything through."""
        with self._changed:
            self._held_since = None
            self._changed.notify_all()

    def close(self) -> None:
        """Turn everything away, for good."""
        with self._changed:
            self.is_closed = True
            self._changed.notify_all()

    def reopen(self) -> None:
        """Let what was turned away begin again."""
        with self._changed:
            self.is_closed = False

    def wait(self, wanted: Callable[[], bool] = lambda: False) -> None:
        """Wait at the end of an epoch until the gate is open or closed, or something else is wanted."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_closed or not self.is_held or wanted())

    def wait_within(self) -> None:
        """Wait within an epoch, where the pause has lasted longer than most epochs take."""
        since = self._held_since
        if since is not None and time.monotonic() - since > PATIENCE:
            self.standing(True)
            self.wait()
            if not self.is_closed:
                self.standing(False)


@dataclass
class HeldSchedule(Schedule):
    """A schedule whose training stands still at a gate, also within a long epoch.

    Trainers ask it between the parts of an epoch whether time is up.
    """

    gate: Gate = field(default_factory=Gate)

    @classmethod
    def of(cls, settings: PainterSettings) -> Self:
        """Give the schedule of a run with these settings."""
        return super().of(settings)

    @property
    def out_of_time(self) -> bool:
        """Whether the epoch ends now."""
        if self.gate.is_held:
            with self.paused():
                self.gate.wait_within()
        return self.gate.is_closed or super().out_of_time
