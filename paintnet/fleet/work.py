"""One picture of a batch, as a worker does it: a job goes in, plain values come back."""

import math
import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from paintnet.errors import CheckpointError, OutputError, PaintnetError, TrainingError
from paintnet.files.names import printable, without_secrets
from paintnet.job import FittedJob, Job, OpenJob
from paintnet.painter.checkpoint import Checkpoint

BUG = "this is a bug: please report it"
"""What to do about an error that nobody foresaw."""


@dataclass(frozen=True)
class Task:
    """What goes to a worker: paths and settings.

    Parameters
    ----------
    job : Job
        One picture to its outputs.
    number : int
        Of the picture in its batch.
    required_psnr : float or None
        Below it the picture has failed.
    known : str or None
        SHA-256 of the picture whose outputs are there; None where there are none.
    may_replace : bool
        Whether they may be replaced, should it be another picture.
    """

    job: Job
    number: int
    required_psnr: float | None = None
    known: str | None = None
    may_replace: bool = True


@dataclass
class Report:
    """What comes back.

    Parameters
    ----------
    sha256 : str or None
        Of the picture's file.
    is_known : bool
        Whether nothing was left to do.
    seconds : float
        From opening to writing.
    measured : dict
        PSNR, SSIM and how the training ended.
    error : PaintnetError or None
        Why it failed.
    notes : list of str
        What there is to say about it.
    """

    sha256: str | None = None
    is_known: bool = False
    seconds: float = 0.0
    measured: dict[str, Any] = field(default_factory=dict)
    error: PaintnetError | None = None
    notes: list[str] = field(default_factory=list)


def do_task(task: Task) -> Report:
    """Learn a picture and write its outputs; whatever fails is told in the report."""
    report, begun = Report(), perf_counter()
    try:
        _do(task, report)
    except PaintnetError as error:
        report.error = error
    except MemoryError:
        report.error = PaintnetError("memory", "there is not enough", "learn a smaller copy of the picture")
    except OSError as error:
        why = printable(error.strerror or error)
        report.error = PaintnetError(printable(error.filename or "system"), why, "check the disk")
    except Exception as error:  # one picture's trouble must not end the others
        report.error = PaintnetError(type(error).__name__, without_secrets(printable(error)), BUG)
    report.seconds = round(perf_counter() - begun, 3)
    return report


def _do(task: Task, report: Report) -> None:
    opened = task.job.open()
    report.sha256 = opened.opened.sha256
    report.notes += opened.opened.notes
    if task.known is not None:
        report.is_known = report.sha256 == task.known
        if report.is_known:
            return
        if not task.may_replace:
            why = "is another picture than that of the outputs which exist"
            remedy = "let them be replaced or choose another folder"
            raise OutputError(opened.opened.source, why, remedy, "force")
    fitted = _fitted(opened)
    try:
        report.measured = _measured(fitted)
        fitted.write()
    finally:
        report.notes += fitted.notes
    _forget(task.job)
    reached, required = fitted.quality.psnr, task.required_psnr
    if required is not None and reached < required:
        why = f"{reached:.2f} dB is below the required {required:g} dB"
        raise PaintnetError(opened.opened.source, why, "train longer, or ask for less")


def _fitted(opened: OpenJob) -> FittedJob:
    """Learn the picture, from its checkpoint where an earlier run has left one that fits."""
    job = opened.job
    path = job.keeping.checkpoint
    try:
        if path is not None and os.path.lexists(path):
            Checkpoint.load(path)  # what is none must not be replaced by one
            resumed = replace(job, keeping=replace(job.keeping, resume=path))
            with suppress(CheckpointError):  # of other settings, another picture or another version
                return replace(opened, job=resumed).fit()
        return opened.fit()
    except TrainingError:  # it would fail again from there
        _forget(job)
        raise


def _forget(job: Job) -> None:
    """Take away the checkpoint of what needs none any more."""
    if job.keeping.checkpoint is not None:
        with suppress(OSError):
            Path(job.keeping.checkpoint).unlink(missing_ok=True)


def _measured(fitted: FittedJob) -> dict[str, Any]:
    record = fitted.painting.training
    assert record is not None  # noqa: S101 - a fitted painting has one; told to mypy
    psnr = fitted.quality.psnr
    return {
        "psnr": round(psnr, 4) if math.isfinite(psnr) else None,  # as in every JSON of the program
        "ssim": round(fitted.quality.ssim, 6),
        "epochs": record.epochs,
        "ended_by": record.ended_by,
    }
