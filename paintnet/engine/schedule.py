"""When a run ends, and how the learning rate falls towards that end."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from paintnet.settings.settings import PainterSettings

FINAL_SHARE = 0.01
"""Share of the learning rate that is left at the end."""

PATIENCE = 10
"""Epochs without improvement before `tol` stops a run, as in scikit-learn."""


def decayed(rate: float, decay: str, progress: float) -> float:
    """Learning rate at a point of the run.

    Parameters
    ----------
    rate : float
        At the start.
    decay : {"constant", "linear", "cosine"}
        Shape of the fall; to 1 % but for the constant one.
    progress : float
        0 at the start, 1 at the end.

    Examples
    --------
    >>> decayed(1.0, "linear", 0.25), decayed(1.0, "cosine", 0.5), decayed(1.0, "linear", 1.0)
    (0.75, 0.505, 0.01)
    """
    progress = min(1.0, max(0.0, progress))
    if decay == "linear":
        return rate * max(FINAL_SHARE, 1 - progress)
    if decay == "cosine":
        return rate * float(FINAL_SHARE + (1 - FINAL_SHARE) * (1 + np.cos(np.pi * progress)) / 2)
    return rate


@dataclass
class Schedule:
    """Progress of one run by epochs and by the clock, whichever is further.

    All but the decay may be changed while the run is on its way; the next
    batch follows.

    Parameters
    ----------
    learning_rate : float
        At the start.
    decay : {"constant", "linear", "cosine"}
        How it falls.
    epochs : int or None
        The run's end; None where only the clock ends it.
    time_limit : float or None
        The same in seconds.
    tol : float or None
        Fall of the loss that counts as an improvement.

    Notes
    -----
    The clock runs only inside `running`, and not inside `paused` there.
    """

    learning_rate: float
    decay: str = "constant"
    epochs: int | None = None
    time_limit: float | None = None
    tol: float | None = None
    epochs_done: float = 0.0
    prepared: float = 0.0
    """Seconds that went by before training began; the rate falls over those that are left."""
    _seconds: float = 0.0
    _running_since: float | None = None
    _best_loss: float = math.inf
    _stale: int = 0

    @classmethod
    def of(cls, settings: PainterSettings) -> Self:
        """Give the schedule of a run with these settings."""
        return cls(settings.learning_rate, settings.decay, settings.epochs, settings.seconds, settings.tol)

    @property
    def seconds(self) -> float:
        """Training time so far."""
        since = self._running_since
        return self._seconds + (0.0 if since is None else time.perf_counter() - since)

    @property
    def progress(self) -> float:
        """Share of the run that is done, 0 to 1."""
        shares = [0.0]
        if self.epochs is not None:
            shares.append(self.epochs_done / self.epochs)
        if self.time_limit is not None:
            left = max(0.001, self.time_limit - self.prepared)
            shares.append((self.seconds - self.prepared) / left)
        return min(1.0, max(shares))

    @property
    def rate(self) -> float:
        """Learning rate of the next batch."""
        return decayed(self.learning_rate, self.decay, self.progress)

    @property
    def out_of_time(self) -> bool:
        """Whether the clock ends the run now."""
        return self.time_limit is not None and self.seconds >= self.time_limit

    def is_stale(self, loss: float) -> bool:
        """Count epochs that did not improve; True when there were too many."""
        if self.tol is None:
            return False
        self._stale = self._stale + 1 if loss > self._best_loss - self.tol else 0
        self._best_loss = min(self._best_loss, loss)
        return self._stale > PATIENCE

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the clock run, for an epoch."""
        self._running_since = time.perf_counter()
        try:
            yield
        finally:
            self._seconds, self._running_since = self.seconds, None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the clock stand still, if it runs, while something else than training happens."""
        was_running = self._running_since is not None
        self._seconds, self._running_since = self.seconds, None
        try:
            yield
        finally:
            self._running_since = time.perf_counter() if was_running else None

    def state(self) -> dict[str, Any]:
        """How far the run is, as JSON values."""
        return {
            "learning_rate": self.learning_rate,
            "epochs": self.epochs,
            "time_limit": self.time_limit,
            "epochs_done": self.epochs_done,
            "seconds": self.seconds,
            "prepared": self.prepared,
            "best_loss": None if math.isinf(self._best_loss) else self._best_loss,
            "stale": self._stale,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave; the clock goes on from its seconds."""
        self.learning_rate, self.epochs = state["learning_rate"], state["epochs"]
        self.time_limit, self.epochs_done = state["time_limit"], state["epochs_done"]
        self._best_loss = math.inf if state["best_loss"] is None else state["best_loss"]
        self._stale = state["stale"]
        self._seconds, self.prepared = state["seconds"], state["prepared"]
