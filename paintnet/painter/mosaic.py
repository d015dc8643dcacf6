"""A run over many patches: a picture too large for one network is learned window by window.

Each patch is a run of its own, on its own positions, of the same seed. It learns only its window, but what
its points depend on is read from around it, so that neighbours learn the same where they overlap.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

import numpy as np

from paintnet.dataset.classes import sort_pixels
from paintnet.dataset.windows import Window
from paintnet.encoding.extent import Extent
from paintnet.engine.choice import may_compile
from paintnet.engine.compiler import compiled_for_workers
from paintnet.engine.trainer import TrainerState
from paintnet.errors import CheckpointError
from paintnet.files.parts import Part
from paintnet.model_parts import network_of, whole_part_of
from paintnet.painter.checkpoint import Checkpoint, check_can_be_stored, fingerprint
from paintnet.painter.events import EpochFinished, Event, Noted, TrainingStarted, Working
from paintnet.painter.mosaic_quality import MosaicQuality
from paintnet.painter.patch_learning import (
    LearnedPatch,
    PatchTask,
    PictureFile,
    flat_patch,
    in_a_file,
    learn_patches,
    patch_over,
)
from paintnet.painter.quality import Measurement
from paintnet.painter.run import Listener, Run, psnr_of_loss
from paintnet.painting import Painting
from paintnet.patches import LazyPatches, Patch
from paintnet.picture import premultiply, unpremultiply
from paintnet.picture.levels import Pixels
from paintnet.settings.settings import PainterSettings
from paintnet.stored_patches import SpooledPatches
from paintnet.typing import Array

SOME_PIXELS = 1_000_000
"""Among so many pixels, evenly spread, the colors of the classes are found."""

SEVERITY = ("epochs", "iterations", "converged", "tol", "target-psnr", "time", "stopped", "ctrl-c")
"""Why a patch ended; of several reasons the last one here is that of the mosaic."""


class MosaicRun(Run):
    """One training of many patches on its way: to listeners it is a run as any other.

    Parameters
    ----------
    picture : float32 array or LevelPicture of shape (height, width, channels)
        Values in [0, 1].
    windows : sequence of Window
        One for each patch.
    settings_of : callable
        Gives the settings of a window.
    preset, listeners, notes
        As in `Run`.
    workers : int, default=1
        Processes that learn patches side by side; with 1, this one learns one after the other.

    Attributes
    ----------
    schedule, epochs_, ended_by_, quality_
        As in `Run`; epochs are those of all patches.

    Examples
    --------
    >>> from paintnet import Painter
    >>> picture = np.linspace(0, 1, 90 * 60 * 3, dtype=np.float32).reshape(60, 90, 3)
    >>> run = Painter("draft", epochs=2, patch=50).start(picture)
    >>> [event.epoch for event in run]
    [1, 2, 3, 4, 5, 6, 7, 8]
    >>> painting = run.result()
    >>> len(painting.patches), painting.training.epochs, painting.render().shape
    (4, 2, (60, 90, 3))
    """

    def __init__(
        self,
        picture: Pixels,
        windows: Sequence[Window],
        settings_of: Callable[[Window], PainterSettings],
        preset: str,
        listeners: Sequence[Listener] = (),
        notes: Sequence[str] = (),
        workers: int = 1,
    ) -> None:
        self.windows, self._settings_of, self.workers = windows, settings_of, workers
        settings = settings_of(max(windows, key=lambda window: window.n_pixels))
        super().__init__(picture, settings, preset, listeners, notes)  # type: ignore[arg-type]
        epochs = [settings_of(window).epochs for window in windows]
        self.schedule.epochs = sum(each for each in epochs if each) if all(epochs) else None
        self._finished = SpooledPatches()
        self._waiting: dict[int, LearnedPatch] = {}
        self._inner: Run | None = None
        self._palette: Array | None = None
        self._reasons: set[str] = set()
        self._inner_engine = ""
        self._begun_pixels, self._pixels_done = 0, 0
        self._loss_done, self._flat_loss = 0.0, 0.0
        self._n_pixels = sum(window.n_pixels for window in windows)

    def painting(self) -> Painting:
        """Make a painting of the patches as they are now; one that has not begun has its mean color."""
        if self._result is not None:
            return self._result
        palette = None if self._palette is None else unpremultiply(self._palette[None])[0]
        patches: LazyPatches = self._finished
        if len(patches) < len(self.windows):
            patches = _PatchesSoFar(self._finished, self._unfinished(), self.windows, self.kind, self._flat)
        return self._painting_of(patches, palette)

    def checkpoint(self) -> Checkpoint:
        """Store the patches that are done, and the run of the one that is on its way."""
        check_can_be_stored(self.settings)
        patches = [(number, self._finished[number]) for number in range(len(self._finished))]
        patches += [(number, learned.patch) for number, learned in self._waiting.items()]
        arrays, parts = dict[str, Array](), dict[str, Any]()
        for number, patch in patches:
            part = whole_part_of(patch.network)
            parts[str(number)] = {"document": part.document, "tensors": list(part.tensors)}
            arrays |= {f"patch.{number}.{name}": array for name, array in part.tensors.items()}
        inner = None if self._inner is None else self._inner.checkpoint()
        if inner is not None:
            arrays |= {f"inner.{name}": array for name, array in inner.state.arrays.items()}
        values = {
            "windows": len(self.windows),
            "patches": parts,
            "inner": None if inner is None else {"epochs": inner.epochs, "values": inner.state.values},
            "waiting": {str(number): _told(learned) for number, learned in self._waiting.items()},
            "reasons": sorted(self._reasons),
            "loss": self._loss_done,
            "seconds": self.schedule.seconds,
        }
        return Checkpoint(
            settings=self.settings.to_document(),
            preset=self.preset,
            engine=self.engine if inner is None else inner.engine,
            picture=fingerprint(self.picture),
            epochs=self.epochs_,
            state=TrainerState(arrays, values),
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint, before the first epoch; raises as `Run.restore`."""
        checkpoint.check_fits(self.settings, self.picture)
        values, arrays = checkpoint.state.values, checkpoint.state.arrays
        try:
            if values["windows"] != len(self.windows):
                why = f"it has {values['windows']:,} patches, and this run {len(self.windows):,}"
                raise CheckpointError("checkpoint", why, "give the settings that it began with")
            for number, window in enumerate(self.windows):
                stored = values["patches"].get(str(number))
                if stored is None:
                    continue
                tensors = {name: arrays[f"patch.{number}.{name}"] for name in stored["tensors"]}
                patch = patch_over(window, network_of(Part(tensors, stored["document"])))
                if number == len(self._finished):
                    self._finished.append(patch)
                else:
                    told = values["waiting"][str(number)]
                    self._waiting[number] = LearnedPatch(number, patch, **told)
            self._reasons, self._loss_done = set(values["reasons"]), float(values["loss"])
            done = range(len(self._finished))
            self._pixels_done = sum(self.windows[number].n_pixels for number in done)
            self.schedule.restore({**self.schedule.state(), "seconds": float(values["seconds"])})
            self._prepare_whole()
            if values["inner"] is not None:
                self._inner = self._start(len(self._finished))
                state = {
                    name.removeprefix("inner."): array
                    for name, array in arrays.items()
                    if name.startswith("inner.")
                }
                self._inner.restore_state(
                    TrainerState(state, values["inner"]["values"]), values["inner"]["epochs"]
                )
        except (KeyError, TypeError, ValueError) as error:
            why = f"damaged: its state does not fit the patches ({error})"
            raise CheckpointError("checkpoint", why, "start the run again") from error
        self._inner_engine = checkpoint.engine
        self.epochs_ = checkpoint.epochs

    @property
    def engine(self) -> str:
        """What trained the latest patch."""
        return self._inner_engine

    def _unfinished(self) -> dict[int, Patch]:
        """Patches that have begun, or wait for those before them, as they are now."""
        patches = {number: learned.patch for number, learned in self._waiting.items()}
        if self._inner is not None and self._inner.has_weights:
            number = len(self._finished)
            # As it is: rounded to what is stored, it would take longer than an epoch.
            patches[number] = patch_over(self.windows[number], self._inner.network())
        return patches

    def _flat(self, number: int) -> Patch:
        return flat_patch(self.picture, self.windows[number], self._palette, self.kind)

    @property
    def kind(self) -> tuple[int, str]:
        """How many outputs each network has, and what they are: those that scikit-learn gives it."""
        if len(self._finished):
            return self._finished.kind
        if self._palette is None:
            return self.picture.shape[2], "identity"
        n_classes = max(2, len(self._palette))
        if self.settings.one_hot:
            return n_classes, "logistic"
        return (1, "logistic") if n_classes == 2 else (n_classes, "softmax")

    def _train(self) -> Iterator[EpochFinished]:
        for text in self._notes:
            self.tell(Noted(text))
        self.tell(Working("preparing"))
        self._prepare_whole()
        self.tell(TrainingStarted(self.picture.shape[0] * self.picture.shape[1], has_painting=True))
        self.tell(Working("learning"))
        yield from self._one_by_one() if self.workers == 1 else self._side_by_side()
        self.ended_by_ = self.ended_by_ or max(self._reasons, key=SEVERITY.index, default="stopped")

    def _one_by_one(self) -> Iterator[EpochFinished]:
        while len(self._finished) < len(self.windows) and self.ended_by_ is None:
            number = len(self._finished)
            inner = self._inner = self._inner or self._start(number)
            window, loss = self.windows[number], 0.0
            for event in inner:
                self.epochs_ += 1
                loss = event.loss
                is_over = number == len(self.windows) - 1 and event.progress >= 1
                told = self._overall(event, event.progress * window.n_pixels, window.n_pixels, is_over)
                self.tell(told)
                yield told
                self._stop_with_the_whole(inner)
            self._end_of_patch(self._task(number).learned(inner, loss))

    def _stop_with_the_whole(self, inner: Run) -> None:
        """Hand on that somebody who was told of an epoch has stopped the run."""
        if self.ended_by_ is not None:
            inner.stop(self.ended_by_)

    def _side_by_side(self) -> Iterator[EpochFinished]:
        with ExitStack() as stack:
            tasks = self._tasks(stack.enter_context(in_a_file(self.picture)))
            largest = max(window.n_pixels for window in self.windows)
            variables: dict[str, str] = {}
            if may_compile(largest, self.settings):
                self.tell(Working("compiling"))
                compiled = compiled_for_workers(lambda text: self.tell(Noted(text)))
                variables = stack.enter_context(compiled)
                self.tell(Working("learning"))
            for learned in stack.enter_context(closing(learn_patches(tasks, self.workers, variables))):
                self.epochs_ += learned.epochs
                self._waiting[learned.number] = learned
                while len(self._finished) in self._waiting:
                    self._end_of_patch(self._waiting.pop(len(self._finished)))
                waiting = sum(self.windows[number].n_pixels for number in self._waiting)
                rate = self.settings.learning_rate
                event = EpochFinished(self.epochs_, None, 0.0, 0.0, learned.loss, 0.0, rate)
                if self.settings.mode == "classify":
                    event = replace(event, psnr=None)
                is_over = len(self._finished) == len(self.windows)
                told = self._overall(event, waiting, waiting, is_over)
                self.tell(told)
                yield told

    def _tasks(self, file: PictureFile | Pixels) -> Iterator[PatchTask]:
        """Tasks of patches that have not been learned, while nobody has stopped the run."""
        for number in range(len(self._finished), len(self.windows)):
            if self.ended_by_ is not None:
                return
            if number not in self._waiting:
                yield self._task(number, file)

    def _task(self, number: int, file: PictureFile | Pixels | None = None) -> PatchTask:
        window = self.windows[number]
        settings = self._settings_of(window)
        if settings.seconds is not None:
            # What is left is shared out by pixels among the patches that are.
            left = max(0.0, settings.seconds - self.schedule.seconds) * self.workers
            rest = sum(each.n_pixels for each in self.windows[number:])
            settings = settings.changed(seconds=max(1e-3, left * window.n_pixels / rest))
        picture = self.picture if file is None else file
        return PatchTask(number, window, picture, settings, self.preset, self._palette)

    def _start(self, number: int) -> Run:
        """Begin the run of a patch in this process."""
        run = self._task(number).start()
        run.listeners = [self._hand_on]
        return run

    def _hand_on(self, event: Event, inner: Run) -> None:
        """Tell what a patch says of itself, but for what is told of the whole."""
        if isinstance(event, Working):  # what a patch paints or measures is not the whole
            if event.part in ("preparing", "compiling", "learning"):
                self.tell(Working(event.part))
        elif isinstance(event, Noted) and not len(self._finished):
            self.tell(event)

    def _overall(self, event: EpochFinished, done: float, under_way: int, is_over: bool) -> EpochFinished:
        """Tell of the whole what patches tell of themselves, of whose pixels so many are done."""
        left = self._n_pixels - self._pixels_done - under_way
        lost = self._loss_done + event.loss * under_way + self._flat_loss * left
        loss = lost / self._n_pixels
        is_over = is_over or self.ended_by_ is not None
        progress = (self._pixels_done + done) / self._n_pixels
        return replace(
            event,
            epoch=self.epochs_,
            epochs=self.schedule.epochs,
            progress=1.0 if is_over else min(progress, 1 - 1e-9),
            seconds=self.schedule.seconds,
            loss=loss,
            psnr=None if event.psnr is None else psnr_of_loss(loss),
        )

    def _end_of_patch(self, learned: LearnedPatch) -> None:
        window = self.windows[learned.number]
        self._reasons.add(learned.ended_by)
        self._inner_engine = learned.engine
        self._finished.append(learned.patch)
        self._pixels_done += window.n_pixels
        self._loss_done += learned.loss * window.n_pixels
        self._inner = None

    def _prepare_whole(self) -> None:
        """Find what belongs to the whole picture: the colors of the classes, and what nothing would lose."""
        height, width, _ = self.picture.shape
        step = max(1, round((height * width / SOME_PIXELS) ** 0.5))
        some = np.asarray(self.picture[::step, ::step])
        if self.settings.mode == "classify":
            self._palette = sort_pixels(some, self.settings.classes, self.settings.seed)[1]
            self._flat_loss = float(np.log(max(2, len(self._palette))))
        else:
            self._flat_loss = float(premultiply(some).var(axis=(0, 1), dtype=np.float64).mean() / 2)

    def _let_go(self) -> None:
        self._inner = None

    def _measured(self) -> Measurement:
        classes = self.settings.classes if self.settings.mode == "classify" else None
        painting = self.painting()
        return MosaicQuality(painting, self.picture, self.settings.hold_out, classes, self._tell_part)

    @property
    def _passes(self) -> int:
        return round(self.epochs_ / max(1, len(self._finished)))


class _PatchesSoFar(LazyPatches):
    """The patches of a run on its way, as they are at this moment: finished, begun, or one color."""

    def __init__(
        self,
        finished: SpooledPatches,
        begun: Mapping[int, Patch],
        windows: Sequence[Window],
        kind: tuple[int, str],
        flat: Callable[[int], Patch],
    ) -> None:
        self._finished, self._n_finished = finished, len(finished)
        self._begun, self._windows, self._kind, self._flat = begun, windows, kind, flat

    def __len__(self) -> int:
        return len(self._windows)

    @property
    def extents(self) -> Sequence[Extent]:
        return [window.extent for window in self._windows]

    @property
    def kind(self) -> tuple[int, str]:
        return self._kind

    @property
    def n_parameters(self) -> int:
        return sum(patch.network.n_parameters for patch in self)

    def at(self, number: int) -> Patch:
        if number < self._n_finished:
            return self._finished[number]
        return self._begun.get(number) or self._flat(number)


def _told(learned: LearnedPatch) -> dict[str, Any]:
    """What is known of a patch besides its network, as JSON values."""
    return {
        "epochs": learned.epochs,
        "loss": learned.loss,
        "ended_by": learned.ended_by,
        "engine": learned.engine,
    }
