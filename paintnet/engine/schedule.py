"""When a run ends, and how the learning rate falls towards that end."""

import time
from dataclasses import dataclass, field
from typing import Any

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

    Parameters
    ----------
    settings : PainterSettings
        With the limits of the run.

    Notes
    -----
    The clock can be stopped while something else than training happens.
    """

    settings: PainterSettings
    epochs_done: float = 0.0
    _paused: float = 0.0
    _started: float = field(default_factory=time.perf_counter)
    _best_loss: float = float("inf")
    _stale: int = 0

    @property
    def seconds(self) -> float:
        """Training time so far."""
        return time.perf_counter() - self._started - self._paused

    @property
    def progress(self) -> float:
        """Share of the run that is done, 0 to 1."""
        shares = [0.0]
        if self.settings.epochs is not None:
            shares.append(self.epochs_done / self.settings.epochs)
        if self.settings.seconds is not None:
            shares.append(self.seconds / self.settings.seconds)
        return min(1.0, max(shares))

    @property
    def rate(self) -> float:
        """Learning rate of the next batch."""
        return decayed(self.settings.learning_rate, self.settings.decay, self.progress)

    @property
    def out_of_time(self) -> bool:
        """Whether the clock ends the run now."""
        return self.settings.seconds is not None and self.seconds >= self.settings.seconds

    def is_stale(self, loss: float) -> bool:
        """Count epochs that did not improve; True when there were too many."""
        if self.settings.tol is None:
            return False
        self._stale = self._stale + 1 if loss > self._best_loss - self.settings.tol else 0
        self._best_loss = min(self._best_loss, loss)
        return self._stale > PATIENCE

    def paused(self) -> Any:
        """Context in which the clock stands still."""
        return _Pause(self)


class _Pause:
    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule

    def __enter__(self) -> None:
        self.since = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.schedule._paused += time.perf_counter() - self.since
