"""The painter: settings and a picture go in, a painting comes out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sklearn

from paintnet._version import __version__
from paintnet.dataset.pixels import (
    Dataset,
    begin_upsampling,
    classify_dataset,
    enlarging_dataset,
    regress_dataset,
)
from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import GridMap
from paintnet.encoding.maps import FourierMap, PositionMap, RawMap
from paintnet.engine import sklearn_mlp as sk
from paintnet.engine.schedule import Schedule
from paintnet.engine.stock_trainer import StockTrainer
from paintnet.engine.trainer import make_trainer
from paintnet.metrics import psnr_of
from paintnet.network import Network
from paintnet.painter.events import (
    EpochFinished,
    Event,
    Listener,
    Preparing,
    TrainingFinished,
    TrainingStarted,
)
from paintnet.painter.quality import Quality
from paintnet.painting import Painting
from paintnet.settings.settings import PainterSettings
from paintnet.typing import Array

ENCODERS: dict[str, Callable[[Extent, PainterSettings], PositionMap]] = {
    "raw": lambda extent, s: RawMap(extent, s.normalize),
    "fourier": lambda extent, s: FourierMap.draw(
        extent, s.n_frequencies, s.sigma, np.random.default_rng(s.seed)
    ),
    "grid": lambda extent, s: GridMap.over(extent, s.levels, s.basis),
}
"""How settings lay each encoding over a picture."""

PREPARING_SHARE = 1 / 4
"""Share of a run's time after which its preparation hurries, so that at least half is left for training."""


@dataclass(eq=False)
class Run:
    """One training: the parts that the loop moves."""

    picture: Array
    settings: PainterSettings
    preset: str
    listeners: tuple[Listener, ...]

    def __post_init__(self) -> None:
        self.schedule = Schedule(self.settings)
        self.dataset = make_dataset(self.picture, self.settings, has_time=self._has_time_to_prepare)
        self.prepared = self.schedule.seconds
        height, width, _ = self.picture.shape
        extent = Extent.of_picture(width, height)
        self.encoding = ENCODERS[self.settings.encoding](extent, self.settings)
        self.schedule = Schedule(self._settings_of_what_is_left())
        self.trainer = make_trainer(self.dataset, self.encoding, self.settings, self.schedule)
        self.estimator = self.trainer.estimator

    def paint_by_epochs(self) -> Painting:
        """Train epoch by epoch."""
        has_weights = hasattr(self.estimator, "coefs_")
        paint = self.painting if has_weights else None
        self._tell(TrainingStarted(self.settings, self.dataset.n_learned, paint))
        reason = None
        epoch = 0
        while reason is None:
            loss = self.trainer.epoch(self.schedule)
            epoch += 1
            reason = self._reason_to_stop(epoch, loss)
            if reason is None:
                self._tell(self._finished_epoch(epoch, loss))
        self._tell(replace(self._finished_epoch(epoch, loss), progress=1.0))
        return self._finish(epoch, reason)

    def paint_at_once(self) -> Painting:
        """Train by lbfgs, which takes all pixels together."""
        self._tell(TrainingStarted(self.settings, self.dataset.n_learned))
        assert isinstance(self.trainer, StockTrainer)  # noqa: S101 - no other runs lbfgs; told to mypy
        self.trainer.at_once()
        return self._finish(int(self.estimator.n_iter_), "converged")

    def _has_time_to_prepare(self, progress: float) -> bool:
        seconds = self.schedule.seconds
        self._tell(Preparing(progress, seconds))
        return self.settings.seconds is None or seconds < PREPARING_SHARE * self.settings.seconds

    def _settings_of_what_is_left(self) -> PainterSettings:
        """Settings with the time that preparing has left over; all of the falling rate lies in it."""
        if self.settings.seconds is None:
            return self.settings
        return replace(self.settings, seconds=max(0.001, self.settings.seconds - self.prepared))

    def _reason_to_stop(self, epoch: int, loss: float) -> str | None:
        if self.settings.epochs is not None and epoch >= self.settings.epochs:
            return "epochs"
        if self.schedule.out_of_time:
            return "time"
        if self.schedule.is_stale(loss):
            return "tol"
        goal = self.settings.target_psnr
        # The loss is an estimate that lags behind; only a measurement may stop the run.
        if goal is not None and _psnr_of_loss(loss) > goal - 1 and self._measured_psnr() >= goal:
            return "target-psnr"
        return None

    def _finished_epoch(self, epoch: int, loss: float) -> EpochFinished:
        return EpochFinished(
            epoch=epoch,
            epochs=self.settings.epochs,
            progress=self.schedule.progress,
            seconds=self.schedule.seconds,
            loss=loss,
            psnr=_psnr_of_loss(loss) if self.settings.mode == "regress" else None,
            learning_rate=self.estimator.learning_rate_init,
            paint=self.painting,
        )

    def painting(self) -> Painting:
        """Make a painting of the network as it is now."""
        coefs, intercepts = sk.weights(self.estimator, self.settings.precision)
        network = Network(
            self.encoding, coefs, intercepts, self.settings.activation, sk.output_activation(self.estimator)
        )
        height, width, channels = self.picture.shape
        return Painting(self.settings.mode, width, height, channels, network, self.dataset.palette)

    def _finish(self, epochs: int, reason: str) -> Painting:
        seconds = self.prepared + self.schedule.seconds
        painting = self.painting()
        self.trainer.finish()
        record = self._record(painting, epochs, reason)
        if self.settings.seconds is not None:
            # A run that no clock ended repeats itself byte for byte; its duration would not.
            record["seconds"] = round(seconds, 3)
        painting = replace(painting, training=record)
        self._tell(TrainingFinished(painting, epochs, seconds, reason))
        return painting

    def _record(self, painting: Painting, epochs: int, reason: str) -> dict[str, Any]:
        quality = Quality(painting, self.picture, self.dataset)
        quality.check_learned(self.settings.learning_rate)
        return {
            "preset": self.preset,
            "settings": self.settings.to_document(),
            "seed": self.settings.seed,
            "epochs": epochs,
            "ended_by": reason,
            "engine": self.trainer.engine,
            **quality.to_document(),
            "versions": _versions(self.trainer.engine),
        }

    def _measured_psnr(self) -> float:
        with self.schedule.paused():
            return Quality(self.painting(), self.picture, self.dataset).psnr

    def _tell(self, event: Event) -> None:
        with self.schedule.paused():
            for listener in self.listeners:
                listener(event)


def make_dataset(
    picture: Array,
    settings: PainterSettings,
    known: Array | None = None,
    has_time: Callable[[float], bool] = lambda progress: True,
) -> Dataset:
    """Make the training set that the settings ask for, of the pixels that are known: by default all.

    `has_time` is called with the share that is done; where it says no, the rest is made in a hurry.
    """
    if settings.purpose == "enlarging":
        upsampling = begin_upsampling(picture, known=known, seed=settings.seed)
        for progress in upsampling:
            if not has_time(progress):
                upsampling.hurry()
        return enlarging_dataset(upsampling)
    if settings.mode == "regress":
        return regress_dataset(picture, known=known, hold_out=settings.hold_out, dtype=settings.precision)
    return classify_dataset(
        picture, settings.classes, known=known, hold_out=settings.hold_out, seed=settings.seed
    )


def _versions(engine: str) -> dict[str, str]:
    """Give the versions of what took part in a training."""
    versions = {"paintnet": __version__, "scikit-learn": sklearn.__version__, "numpy": np.__version__}
    if engine == "compiled":
        import numba

        versions["numba"] = numba.__version__
    return versions


def _psnr_of_loss(loss: float) -> float:
    """Estimate PSNR from scikit-learn's loss, half the mean squared error."""
    return psnr_of(2 * loss)
