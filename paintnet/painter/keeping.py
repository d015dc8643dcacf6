"""What is kept of a run on its way: checkpoints as it goes on, and its painting where Ctrl-C ends it."""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from paintnet.errors import OutputError, SettingsError, number_text
from paintnet.files.growing import MARK_BYTES
from paintnet.files.writing import check_output
from paintnet.painter.checkpoint import Checkpoint
from paintnet.painter.events import EpochFinished, Event, Noted
from paintnet.painter.run import Run


@dataclass(frozen=True)
class Keeping:
    """What is to be kept of a run, and what it goes on from.

    Parameters
    ----------
    checkpoint : str or None
        File that a checkpoint is written to: after the first epoch, then whenever so many seconds
        are over, and at the end.
    every : float
        Seconds between two checkpoints, above 0.
    resume : str or None
        Checkpoint to go on from; it may be the same file.
    painting : bool
        Whether Ctrl-C ends the run with its painting, once an epoch is done, instead of an error.

    Raises
    ------
    SettingsError
        If `every` is out of range.
    """

    checkpoint: str | None = None
    every: float = 30.0
    resume: str | None = None
    painting: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.every <= 1e9:
            remedy = "give seconds above 0"
            raise SettingsError("every", f"{number_text(self.every)} is out of range", remedy)

    def check(self, *, force: bool) -> None:
        """Refuse a checkpoint that could not be written.

        Raises
        ------
        OutputError
            If its folder is missing, or a file is there that must not be replaced.
        """
        if self.checkpoint is not None:
            extension = Path(self.checkpoint).suffix.lower()  # any, and none
            goes_on = self.checkpoint == self.resume
            check_output(self.checkpoint, force=force or goes_on, extensions=[extension])


def run_through(run: Run, keeping: Keeping) -> None:
    """Train to the end, or until Ctrl-C where its painting is to be kept.

    Raises
    ------
    CheckpointError
        If the checkpoint to go on from cannot be used.
    """
    if keeping.resume is not None:
        run.restore(Checkpoint.load(keeping.resume))
    if keeping.checkpoint is not None:
        run.listeners.insert(0, _CheckpointWriter(keeping.checkpoint, keeping.every))
    try:
        for _ in run:
            pass
    except KeyboardInterrupt:
        if not keeping.painting or run.epochs_ == 0:
            raise
        run.stop("ctrl-c")


class _CheckpointWriter:
    """Writes a checkpoint when it is time for one."""

    def __init__(self, path: str, every: float) -> None:
        self.path, self.every = path, every
        self._mark = secrets.token_bytes(MARK_BYTES)
        self.due = 0.0
        self.has_failed = False

    def __call__(self, event: Event, run: Run) -> None:
        if not isinstance(event, EpochFinished):
            return
        if time.perf_counter() < self.due and event.progress < 1:
            return
        try:
            run.checkpoint().update(self.path, self._mark)
        except OutputError as error:
            # A disk that is full now may have room later; the run is worth more than its checkpoint.
            if not self.has_failed:
                run.tell(Noted(f"no checkpoint was written: {error}"))
            self.has_failed = True
        self.due = time.perf_counter() + self.every
