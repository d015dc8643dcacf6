"""The painter: settings and a picture go in, a painting comes out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sklearn

from paintnet._version import __version__
from paintnet.dataset.pixels import Dataset, classify_dataset, enlarging_dataset, regress_dataset
from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import GridMap
from paintnet.encoding.maps import FourierMap, PositionMap, RawMap
from paintnet.engine import sklearn_mlp as sk
from paintnet.engine.schedule import Schedule
from paintnet.engine.stock_trainer import StockTrainer
from paintnet.engine.trainer import make_trainer
from paintnet.errors import TrainingError, number_text
from paintnet.metrics import psnr, psnr_of
from paintnet.network import Network
from paintnet.painter.events import EpochFinished, Event, Listener, TrainingFinished, TrainingStarted
from paintnet.painting import CHUNK, Painting
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


@dataclass(eq=False)
class Run:
    """One training: the parts that the loop moves."""

    picture: Array
    settings: PainterSettings
    preset: str
    listeners: tuple[Listener, ...]

    def __post_init__(self) -> None:
        self.dataset = make_dataset(self.picture, self.settings)
        height, width, _ = self.picture.shape
        extent = Extent.of_picture(width, height)
        self.encoding = ENCODERS[self.settings.encoding](extent, self.settings)
        self.schedule = Schedule(self.settings)
        self.trainer = make_trainer(self.dataset, self.encoding, self.settings, self.schedule)
        self.estimator = self.trainer.estimator

    def paint_by_epochs(self) -> Painting:
        """Train epoch by epoch."""
        has_weights = hasattr(self.estimator, "coefs_")
        paint = self.painting if has_weights else None
        self._tell(TrainingStarted(self.settings, len(self.dataset.learned), paint))
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
        self._tell(TrainingStarted(self.settings, len(self.dataset.learned)))
        assert isinstance(self.trainer, StockTrainer)  # noqa: S101 - no other runs lbfgs; told to mypy
        self.trainer.at_once()
        return self._finish(int(self.estimator.n_iter_), "converged")

    def _reason_to_stop(self, epoch: int, loss: float) -> str | None:
        if self.settings.epochs is not None and epoch >= self.settings.epochs:
            return "epochs"
        if self.schedule.out_of_time:
            return "time"
        if self.schedule.is_stale(loss):
            return "tol"
        goal = self.settings.target_psnr
        # The loss is an estimate that lags behind; only a measurement may stop the run.
        if goal is not None and _psnr_of_loss(loss) > goal - 1 and self._measured(self.painting()) >= goal:
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
        seconds = self.schedule.seconds
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
        rendered = painting.render()
        quality = self._quality(painting, rendered)
        self._check_learned(quality)
        return {
            "preset": self.preset,
            "settings": self.settings.to_document(),
            "seed": self.settings.seed,
            "epochs": epochs,
            "ended_by": reason,
            "engine": self.trainer.engine,
            # JSON has no infinity: the PSNR of a perfect painting is null.
            **{name: value if np.isfinite(value) else None for name, value in quality.items()},
            "versions": _versions(self.trainer.engine),
        }

    def _quality(self, painting: Painting, rendered: Array) -> dict[str, float]:
        quality = {"psnr": psnr(self.picture, rendered)}
        if len(self.dataset.held_out):
            pixels = [p.reshape(-1, 1, p.shape[2])[self.dataset.held_out] for p in (self.picture, rendered)]
            quality["held_out_psnr"] = psnr(*pixels)
        if self.dataset.palette is not None:
            quality["accuracy"] = self._accuracy(painting)
        return quality

    def _measured(self, painting: Painting) -> float:
        with self.schedule.paused():
            return psnr(self.picture, painting.render())

    def _accuracy(self, painting: Painting) -> float:
        """Share of all pixels whose class is right."""
        right = 0
        for start in range(0, len(self.dataset.targets), CHUNK):
            labels = self.dataset.targets[start : start + CHUNK]
            xy = self.dataset.xy(np.arange(start, start + len(labels)))
            right += int((painting.predict_proba(xy).argmax(axis=1) == labels).sum())
        return right / len(self.dataset.targets)

    def _check_learned(self, quality: dict[str, float]) -> None:
        """Refuse a painting that is worse than one flat color."""
        targets = self.dataset.targets
        learned = targets[self.dataset.learned] if len(self.dataset.held_out) else targets
        if self.dataset.palette is not None:
            got, flat = quality["accuracy"], float(np.bincount(learned).max() / len(learned))
            worse = got < 0.99 * flat - 1e-3
            seen = f"{got:.1%} of the pixels are right, and {flat:.1%} would be in a painting of one class"
        else:
            variance = _variance(learned)
            # A picture of one color has no variance; 8 levels beside it is not "nothing".
            got, flat = quality["psnr"], psnr_of(1.01 * variance + 1e-3)
            worse = not got >= flat  # so that NaN is worse too
            seen = f"{got:.1f} dB, and a painting of the mean color alone has {flat:.1f} dB"
        if worse:
            rate = number_text(self.settings.learning_rate)
            remedy = f"lower the learning rate of {rate} or train longer"
            raise TrainingError("training", f"nothing was learned: {seen}", remedy)

    def _tell(self, event: Event) -> None:
        with self.schedule.paused():
            for listener in self.listeners:
                listener(event)


def make_dataset(picture: Array, settings: PainterSettings) -> Dataset:
    """Make the training set that the settings ask for."""
    if settings.purpose == "enlarging":
        return enlarging_dataset(picture, seed=settings.seed)
    if settings.mode == "regress":
        return regress_dataset(picture, hold_out=settings.hold_out, dtype=settings.precision)
    return classify_dataset(picture, settings.classes, hold_out=settings.hold_out, seed=settings.seed)


def _versions(engine: str) -> dict[str, str]:
    """Give the versions of what took part in a training."""
    versions = {"paintnet": __version__, "scikit-learn": sklearn.__version__, "numpy": np.__version__}
    if engine == "compiled":
        import numba

        versions["numba"] = numba.__version__
    return versions


def _variance(colors: Array) -> float:
    """Mean variance of the channels, in parts: a large picture in float64 would not fit beside it."""
    mean = colors.mean(axis=0, dtype=np.float64)
    squares = [np.square(colors[at : at + CHUNK] - mean).sum() for at in range(0, len(colors), CHUNK)]
    return float(np.sum(squares) / colors.size)


def _psnr_of_loss(loss: float) -> float:
    """Estimate PSNR from scikit-learn's loss, half the mean squared error."""
    return psnr_of(2 * loss)
