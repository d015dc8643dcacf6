"""A run: one training on its way, from the picture to the painting."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import sklearn

from paintnet._version import __version__
from paintnet.blas import OneBlasThread
from paintnet.dataset.pixels import PixelState
from paintnet.engine import sklearn_mlp as sk
from paintnet.engine.block_trainer import BlockTrainer
from paintnet.engine.choice import make_trainer
from paintnet.engine.rate_trainer import RateTrainer
from paintnet.engine.schedule import Schedule
from paintnet.engine.stock_trainer import StockTrainer
from paintnet.engine.trainer import TrainerState
from paintnet.errors import CheckpointError, TrainingError
from paintnet.metrics import psnr_of
from paintnet.network import Network
from paintnet.packing import packed_network
from paintnet.painter.checkpoint import Checkpoint, check_can_be_stored, fingerprint
from paintnet.painter.events import EpochFinished, Event, Noted, TrainingFinished, TrainingStarted, Working
from paintnet.painter.quality import Measurement, Quality
from paintnet.painter.training_set import Place, make_dataset
from paintnet.painting import Painting
from paintnet.patches import Patch
from paintnet.picture.formats import to_levels
from paintnet.record import TrainingRecord
from paintnet.settings.settings import PainterSettings
from paintnet.typing import Array

PREPARING_SHARE = 1 / 4
"""Share of a run's time after which its preparation hurries, so that at least half is left for training."""


class Run:
    """One training on its way: iterated, one event an epoch, and asked for its painting at any time.

    Between two epochs a run stands still, and so does its clock: to pause it
    is to ask for no further epoch. Its rate and limits, in `schedule`, may be
    changed then.

    Parameters
    ----------
    picture : float32 array of shape (height, width, channels)
        Values in [0, 1].
    settings : PainterSettings
        Complete and valid.
    preset : str
        Where the settings come from.
    listeners : sequence of callables
        Each is called with every event and this run; one that raises ends the run.
    notes : sequence of str
        What a user should know about the settings; told when the run begins.
    place : Place, optional
        Where the picture lies, if it is one window of another.

    Attributes
    ----------
    schedule : Schedule
        Learning rate, epochs and time, which may be changed, and how far they are.
    epochs_ : int
        Epochs done; iterations with lbfgs.
    ended_by_ : str or None
        Why the run ended; None while it may go on.
    quality_ : Measurement or None
        What was measured, once there is a result; of a run that goes on, while it stands still.

    Examples
    --------
    >>> from paintnet import Painter
    >>> run = Painter("draft", epochs=200).start(np.zeros((20, 30, 3), np.float32))
    >>> for event in run:
    ...     if event.psnr > 20:
    ...         break
    >>> run.painting().render(size=(3, 2)).shape
    (2, 3, 3)
    >>> run.result().training.ended_by
    'stopped'
    """

    def __init__(
        self,
        picture: Array,
        settings: PainterSettings,
        preset: str,
        listeners: Sequence["Listener"] = (),
        notes: Sequence[str] = (),
        place: Place | None = None,
    ) -> None:
        self.picture, self.settings, self.preset = picture, settings, preset
        self.listeners = list(listeners)
        self._notes, self._place = notes, place
        self.schedule = Schedule.of(settings)
        self.epochs_ = 0
        self.ended_by_: str | None = None
        self.quality_: Measurement | None = None
        self._trainer: StockTrainer | BlockTrainer | RateTrainer | None = None
        self._events = self._train()
        self._result: Painting | None = None
        self._stored: Network | None = None
        self._one_blas_thread = OneBlasThread()

    def __iter__(self) -> Iterator[EpochFinished]:
        return self

    def __next__(self) -> EpochFinished:
        """Train for an epoch."""
        with self._one_blas_thread, self.schedule.running():
            return next(self._events)

    def stop(self, reason: str = "stopped") -> None:
        """End the run after the epoch that it is in; from a listener, or from another thread."""
        self.ended_by_ = self.ended_by_ or reason

    def checkpoint(self) -> Checkpoint:
        """Store the run as it is after its last epoch.

        Raises
        ------
        SettingsError
            If it has no epochs to store between (lbfgs).
        """
        check_can_be_stored(self.settings)
        trainer = self._prepared()
        return Checkpoint(
            settings=self.settings.to_document(),
            preset=self.preset,
            engine=trainer.engine,
            picture=self.picture_sum,
            epochs=self.epochs_,
            state=trainer.state(),
        )

    @cached_property
    def picture_sum(self) -> str:
        """What checkpoints know the picture by; a large one takes seconds, and it does not change."""
        return fingerprint(self.picture)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint: before the first epoch, or back from any later one, until the result.

        Raises
        ------
        CheckpointError
            If it belongs to another picture, other settings or another engine; it names what differs.
        """
        checkpoint.check_fits(self.settings, self.picture_sum)
        checkpoint.check_engine(self.engine)
        self.restore_state(checkpoint.state, checkpoint.epochs)

    def restore_state(self, state: TrainerState, epochs: int) -> None:
        """Go on from what a trainer remembered after so many epochs; raises where it does not fit."""
        try:
            self._prepared().restore(state)
        except (KeyError, TypeError, ValueError) as error:
            why = f"damaged: its state does not fit the network ({error})"
            raise CheckpointError("checkpoint", why, "start the run again") from error
        self.epochs_ = epochs
        # A run that has ended goes on too.
        self.ended_by_, self.quality_, self._events = None, None, self._train()

    def painting(self) -> Painting:
        """Make a painting of the network as it is now.

        Raises
        ------
        TrainingError
            If there is none yet: scikit-learn's own start makes the weights with the first batch.
        """
        return self._result or self._painting_with(self.network())

    def _painting_with(self, network: Network) -> Painting:
        height, width, _ = self.picture.shape
        return self._painting_of((Patch.whole(network, width, height),), self.dataset.palette)

    def network(self) -> Network:
        """Give the network as it is now; raises as `painting`."""
        trainer = self._prepared()
        if isinstance(trainer, RateTrainer):
            return trainer.network(is_final=self.ended_by_ is not None)
        if not hasattr(trainer.estimator, "coefs_"):
            raise TrainingError("painting", "the network has no weights yet", "train for an epoch first")
        coefs, intercepts = sk.weights(trainer.estimator, self.settings.precision)
        output = sk.output_activation(trainer.estimator)
        return Network(self.encoding, coefs, intercepts, self.settings.activation, output)

    def stored_network(self) -> Network:
        """Give the network as a file will hold it; raises as `painting`."""
        network = self.network()
        if self.settings.store == "float32":
            return network
        height, width, _ = self.picture.shape
        with self._one_blas_thread:
            return packed_network(network, height * width)

    def _painting_of(self, patches: Sequence[Patch], palette: Array | None) -> Painting:
        height, width, channels = self.picture.shape
        pixel = "center" if self.settings.purpose in ("copying", "storing") else "area"
        if palette is not None and self.settings.purpose == "storing":
            palette = to_levels(palette).astype(np.float32) / np.float32(255)  # as its file holds it
        return Painting(self.settings.mode, width, height, channels, patches, palette, pixel=pixel)

    def result(self) -> Painting:
        """End the run, measure the painting, and let go of the training set.

        Raises
        ------
        TrainingError
            If nothing was learned.
        """
        if self._result is None:
            self.stop()
            result = self.recorded()
            self._let_go()
            self._result = result
            self.tell(TrainingFinished(self.epochs_, self.schedule.seconds, self.ended_by_ or ""))
        return self._result

    def recorded(self) -> Painting:
        """Measure the painting as it is now, with its record; the run may go on.

        Raises
        ------
        TrainingError
            If nothing has been learned so far.
        """
        # What reached its target has been painted and measured already.
        quality = self.quality_ = self.quality_ or self._measured()
        with self._one_blas_thread:
            record = self._record(quality)
        return replace(quality.painting, training=record)

    def _let_go(self) -> None:
        """Let go of the training set; the estimator gets the weights that are stored."""
        trainer, stored = self._prepared(), self._stored
        trainer.finish()
        if stored is not None and stored.lattice is not None:
            trainer.estimator.coefs_[0][...] = stored.coefs[0]

    def _prepared(self) -> StockTrainer | BlockTrainer | RateTrainer:
        """Make what is trained, at the first call: it may take long."""
        if self._trainer is None:
            for text in self._notes:
                self.tell(Noted(text))
            self.tell(Working("preparing"))
            self.dataset = make_dataset(
                self.picture, self.settings, has_time=self._has_time_to_prepare, place=self._place
            )
            self.encoding = self.settings.encoding.build(self.dataset.extent, self.settings.seed)
            self._trainer = make_trainer(
                self.dataset,
                self.encoding,
                self.settings,
                self.schedule,
                share=1.0 if self._place is None else self._place.share,
                note=lambda text: self.tell(Noted(text)),
                compiling=lambda: self._tell_part("compiling", None),
            )
            self.schedule.prepared = self.schedule.seconds
        return self._trainer

    def _has_time_to_prepare(self, progress: float) -> bool:
        seconds, limit = self.schedule.seconds, self.schedule.time_limit
        self.tell(Working("preparing", progress))
        return limit is None or seconds < PREPARING_SHARE * limit

    def _train(self) -> Iterator[EpochFinished]:
        trainer = self._prepared()
        n_pixels = int(np.count_nonzero(self.dataset.pixel_states == PixelState.LEARNED))
        self.tell(TrainingStarted(n_pixels, hasattr(trainer.estimator, "coefs_")))
        self.tell(Working("learning"))
        if isinstance(trainer, StockTrainer) and self.settings.solver == "lbfgs":
            self.epochs_ = trainer.at_once(lambda progress: self._tell_part("learning", progress))
            # Where it has used up its iterations, it says so nowhere else.
            self.ended_by_ = "iterations" if self.epochs_ >= self.settings.iterations else "converged"
        elif self.schedule.epochs is not None and self.epochs_ >= self.schedule.epochs:
            self.ended_by_ = "epochs"  # restored from a checkpoint of the last one
        while self.ended_by_ is None:
            self.quality_ = None
            loss = trainer.epoch()
            self.epochs_ += 1
            self.ended_by_ = self.ended_by_ or self._reason_to_stop(loss)
            event = EpochFinished(
                epoch=self.epochs_,
                epochs=self.schedule.epochs,
                progress=self.schedule.progress if self.ended_by_ is None else 1.0,
                seconds=self.schedule.seconds,
                loss=loss,
                psnr=psnr_of_loss(loss) if self.settings.mode == "regress" else None,
                learning_rate=trainer.estimator.learning_rate_init,
                bits_per_pixel=trainer.bits_per_pixel if isinstance(trainer, RateTrainer) else None,
            )
            self.tell(event)
            yield event

    def _reason_to_stop(self, loss: float) -> str | None:
        if self.schedule.epochs is not None and self.epochs_ >= self.schedule.epochs:
            return "epochs"
        if self.schedule.out_of_time:
            return "time"
        if self.schedule.is_stale(loss):
            return "tol"
        # A painting for storing aims at its target until the end.
        goal = None if self.settings.purpose == "storing" else self.settings.target_psnr
        # The loss is an estimate that lags behind; only a measurement may stop the run.
        if goal is not None and psnr_of_loss(loss) > goal - 1:
            with self.schedule.paused():
                quality = self._measured()
                reached = quality.psnr >= goal
                self.tell(Working("learning", self.schedule.progress))
            if reached:
                self.quality_ = quality
                return "target-psnr"
        return None

    def _record(self, quality: Measurement) -> TrainingRecord:
        engine, limits = self.engine, self.schedule
        settings = replace(
            self.settings,
            learning_rate=limits.learning_rate,
            epochs=self.settings.epochs if self._passes != self.epochs_ else limits.epochs,
            seconds=limits.time_limit,
        )
        quality.check_learned(limits.learning_rate)
        # A run that no clock ended repeats itself byte for byte; its duration would not.
        was_timed = limits.time_limit is not None or self.ended_by_ in ("stopped", "ctrl-c")
        return TrainingRecord(
            preset=self.preset,
            settings=settings.to_document(),
            seed=self.settings.seed,
            epochs=self._passes,
            ended_by=self.ended_by_ or "stopped",
            engine=engine,
            seconds=round(limits.seconds, 3) if was_timed else None,
            versions=_versions(engine),
            psnr=quality.psnr,
            held_out_psnr=quality.held_out_psnr,
            accuracy=quality.accuracy,
        )

    @property
    def engine(self) -> str:
        """What trains: "compiled", "numpy" or "stock"."""
        return self._prepared().engine

    @property
    def has_weights(self) -> bool:
        """Whether there is a network to be painted."""
        return self._trainer is not None and hasattr(self._trainer.estimator, "coefs_")

    def prepare(self) -> None:
        """Make the training set and the network now, instead of with the first epoch."""
        self._prepared()

    @property
    def _passes(self) -> int:
        """Passes over the picture that are done."""
        return self.epochs_

    def _measured(self) -> Measurement:
        self._tell_part("painting", 0.0)
        self._stored = self.stored_network()
        return Quality(self._painting_with(self._stored), self.picture, self.dataset, self._tell_part)

    def _tell_part(self, part: str, progress: float | None) -> None:
        self.tell(Working(part, progress))

    def tell(self, event: Event) -> None:
        """Call every listener with an event, while the clock stands still."""
        with self.schedule.paused():
            for listener in self.listeners:
                listener(event, self)


Listener = Callable[[Event, Run], None]


def _versions(engine: str) -> dict[str, str]:
    """Give the versions of what took part in a training."""
    versions = {"paintnet": __version__, "scikit-learn": sklearn.__version__, "numpy": np.__version__}
    if engine == "compiled":
        import numba

        versions["numba"] = numba.__version__
    return versions


def psnr_of_loss(loss: float) -> float:
    """Estimate PSNR from scikit-learn's loss, half the mean squared error."""
    return psnr_of(2 * loss)
