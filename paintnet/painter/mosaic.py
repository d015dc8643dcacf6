"""A run over many patches: a picture too large for one network is learned window by window.

Each patch is a run of its own, on its own positions, of the same seed. It learns only its window, but what
its points depend on is read from around it, so that neighbours learn the same where they overlap.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir

import numpy as np

from paintnet.dataset.classes import sort_pixels
from paintnet.dataset.windows import Window
from paintnet.engine.choice import kernels_for
from paintnet.engine.compiler import compiled_for_workers
from paintnet.engine.rate_trainer import target_bytes
from paintnet.engine.trainer import TrainerState
from paintnet.errors import CheckpointError
from paintnet.executor import Cluster, places_of
from paintnet.files.entries import decode_part
from paintnet.model_parts import network_of
from paintnet.network import outputs_of
from paintnet.painter.checkpoint import Checkpoint, check_can_be_stored
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
from paintnet.painter.patches_done import SEVERITY, Ending, PatchesDone
from paintnet.painter.patches_so_far import PatchesSoFar
from paintnet.painter.quality import Measurement
from paintnet.painter.run import Listener, Run, psnr_of_loss
from paintnet.painter.shares import shares_of
from paintnet.painting import Painting
from paintnet.patches import LazyPatches, Patch
from paintnet.picture import premultiply, unpremultiply
from paintnet.picture.levels import Pixels
from paintnet.settings.settings import PainterSettings
from paintnet.stored_patches import SpooledPatches, Stored, patch_name
from paintnet.typing import Array

SOME_PIXELS = 1_000_000
"""Among so many pixels, evenly spread, the colors of the classes are found."""


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
    cluster : Cluster or None
        Its workers learn the patches, each with one thread. They read the picture from a temporary file in
        the cluster's folder, or without one in that of this machine for temporary files.

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
        cluster: Cluster | None = None,
    ) -> None:
        self.windows, self._settings_of, self.workers = windows, settings_of, workers
        self._shared = None if cluster is None else Path(cluster.folder or gettempdir()).absolute()
        self.cluster = cluster and replace(cluster, folder=self._shared)
        settings = settings_of(max(windows, key=lambda window: window.n_pixels))
        super().__init__(picture, settings, preset, listeners, notes)  # type: ignore[arg-type]
        epochs = [settings_of(window).epochs for window in windows]
        self.schedule.epochs = sum(each for each in epochs if each) if all(epochs) else None
        self._finished = SpooledPatches()
        self._endings: dict[int, Ending] = {}
        self._inner: Run | None = None
        self._number = 0
        self._palette: Array | None = None
        self._shares: list[int] | None = None
        self._places = 1
        self._pixels_done, self._bytes_done, self._loss_done, self._flat_loss = 0, 0, 0.0, 0.0
        self._n_pixels = sum(window.n_pixels for window in windows)

    def painting(self) -> Painting:
        """Make a painting of the patches as they are now; one that has not begun has its mean color."""
        if self._result is not None:
            return self._result
        palette = None if self._palette is None else unpremultiply(self._palette[None])[0]
        patches: LazyPatches = self._finished
        if len(patches) < len(self.windows):
            begun = self._unfinished()
            patches = PatchesSoFar(self._finished, begun, self.windows, self.kind, self._flat)
        return self._painting_of(patches, palette)

    def checkpoint(self) -> Checkpoint:
        """Store the patches that are done, and the run of the one that is on its way."""
        check_can_be_stored(self.settings)
        inner = None if self._inner is None else self._inner.checkpoint()
        values = {
            "windows": len(self.windows),
            "inner": None if inner is None else {"epochs": inner.epochs, "values": inner.state.values},
            "number": self._number,
            "seconds": self.schedule.seconds,
        }
        return Checkpoint(
            settings=self.settings.to_document(),
            preset=self.preset,
            engine=self.engine if inner is None else inner.engine,
            picture=self.picture_sum,
            epochs=self.epochs_,
            state=TrainerState({} if inner is None else inner.state.arrays, values),
            patches=PatchesDone.waiting(self._endings, self._finished),
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint, before the first epoch or from a later one; raises as `Run.restore`."""
        checkpoint.check_fits(self.settings, self.picture_sum)
        values, done = checkpoint.state.values, checkpoint.patches
        if done is None or values["windows"] != len(self.windows):
            has = "one network" if done is None else f"{values['windows']:,} patches"
            why = f"it has {has}, and this run {len(self.windows):,} patches"
            raise CheckpointError("checkpoint", why, "give the settings that it began with")
        try:
            self._finished, self._endings = SpooledPatches(), {}
            self._pixels_done, self._bytes_done, self._loss_done = 0, 0, 0.0
            for number, ending in sorted(done.endings.items()):
                entry, data = done.stored(number)
                network = network_of(decode_part(patch_name(number), entry, data))
                patch = patch_over(self.windows[number], network)
                self._finished.put(number, patch, Stored(data, entry.codec, entry.n_bytes))
                self._count(number, ending)
            self.schedule.restore({**self.schedule.state(), "seconds": float(values["seconds"])})
            self._prepare_whole()
            self._inner = None
            if values["inner"] is not None:
                self._inner = self._start(values["number"])
                checkpoint.check_engine(self._inner.engine)
                state = TrainerState(checkpoint.state.arrays, values["inner"]["values"])
                self._inner.restore_state(state, values["inner"]["epochs"])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            why = f"damaged: its state does not fit the patches ({error})"
            raise CheckpointError("checkpoint", why, "start the run again") from error
        self.epochs_ = checkpoint.epochs
        self.ended_by_, self.quality_, self._events = None, None, self._train()

    @property
    def engine(self) -> str:
        """What trained the last of the patches that are done."""
        return self._endings[max(self._endings)].engine if self._endings else ""

    def _unfinished(self) -> dict[int, Patch]:
        """Give the patch that has begun, as it is now."""
        if self._inner is None or not self._inner.has_weights:
            return {}
        # As it is: rounded to what is stored, it would take longer than an epoch.
        return {self._number: patch_over(self.windows[self._number], self._inner.network())}

    def _flat(self, number: int) -> Patch:
        is_coded = self.settings.purpose == "storing"
        return flat_patch(self.picture, self.windows[number], self._palette, self.kind, is_coded=is_coded)

    @property
    def kind(self) -> tuple[int, str]:
        """How many outputs each network has, and what they are: those that scikit-learn gives it."""
        if self._endings:
            return self._finished.kind
        n_classes = None if self._palette is None else len(self._palette)
        return outputs_of(self.picture.shape[2], n_classes, one_hot=self.settings.one_hot)

    def _train(self) -> Iterator[EpochFinished]:
        for text in self._notes:
            self.tell(Noted(text))
        self.tell(Working("preparing"))
        self._prepare_whole()
        self.tell(TrainingStarted(self.picture.shape[0] * self.picture.shape[1], has_painting=True))
        self.tell(Working("learning"))
        is_alone = self.workers == 1 and self.cluster is None
        yield from self._one_by_one() if is_alone else self._side_by_side()
        reasons = {ending.ended_by for ending in self._endings.values()}
        self.ended_by_ = self.ended_by_ or max(reasons, key=SEVERITY.index, default="stopped")

    def _one_by_one(self) -> Iterator[EpochFinished]:
        for number, window in enumerate(self.windows):
            if number in self._endings:
                continue
            if self.ended_by_ is not None:
                return
            inner = self._inner = self._inner or self._start(number)
            loss = 0.0
            for event in inner:
                self.epochs_ += 1
                loss = event.loss
                is_over = len(self._endings) == len(self.windows) - 1 and event.progress >= 1
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
            tasks = self._tasks(stack.enter_context(in_a_file(self.picture, self._shared)))
            variables = {} if self.cluster else stack.enter_context(self._compiled())
            if self.settings.seconds is not None:
                self._places = places_of(self.workers, self.cluster)
            outcomes = learn_patches(tasks, self.workers, self.cluster, variables)
            for learned in stack.enter_context(closing(outcomes)):
                self.epochs_ += learned.ending.epochs
                self._end_of_patch(learned)
                rate = self.settings.learning_rate
                event = EpochFinished(self.epochs_, None, 0.0, 0.0, learned.ending.loss, 0.0, rate)
                if self.settings.mode == "classify":
                    event = replace(event, psnr=None)
                is_over = len(self._endings) == len(self.windows)
                told = self._overall(event, 0.0, 0, is_over)
                self.tell(told)
                yield told

    @contextmanager
    def _compiled(self) -> Iterator[Mapping[str, str]]:
        """Compile once what all workers need; variables of the environment by which they find it."""
        height, width, _ = self.picture.shape
        kernels = kernels_for(height * width, self.settings)
        if not kernels:
            yield {}
            return
        self.tell(Working("compiling"))
        with compiled_for_workers(lambda text: self.tell(Noted(text)), kernels) as variables:
            self.tell(Working("learning"))
            yield variables

    def _tasks(self, file: PictureFile | Pixels) -> Iterator[PatchTask]:
        """Tasks of patches that have not been learned, while nobody has stopped the run."""
        for number in range(len(self.windows)):
            if self.ended_by_ is not None:
                return
            if number not in self._endings:
                yield self._task(number, file)

    def _task(self, number: int, file: PictureFile | Pixels | None = None) -> PatchTask:
        window = self.windows[number]
        settings = self._settings_of(window)
        if settings.seconds is not None:
            # What is left is shared out by pixels among the patches that are.
            left = max(0.0, settings.seconds - self.schedule.seconds) * self._places
            rest = sum(each.n_pixels for each in self.windows[number:])
            settings = settings.changed(seconds=max(1e-3, left * window.n_pixels / rest))
        if self._shares is not None:
            settings = settings.changed(bpp=None, file_size=self._shares[number])
        if self.cluster is not None and settings.threads is None:
            settings = settings.changed(threads=1)
        picture = self.picture if file is None else file
        return PatchTask(number, window, picture, settings, self.preset, self._palette)

    def _start(self, number: int) -> Run:
        """Begin the run of a patch in this process."""
        run, self._number = self._task(number).start(), number
        run.listeners = [self._hand_on]
        return run

    def _hand_on(self, event: Event, inner: Run) -> None:
        """Tell what a patch says of itself, but for what is told of the whole."""
        if isinstance(event, Working):  # what a patch paints or measures is not the whole
            if event.part in ("preparing", "compiling", "learning"):
                self.tell(Working(event.part))
        elif isinstance(event, Noted) and not self._endings:
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
            bits_per_pixel=self._bits_per_pixel(event.bits_per_pixel or 0.0, under_way),
        )

    def _bits_per_pixel(self, of_the_patch: float, under_way: int) -> float | None:
        """Of all that has begun; None where no run pays for its bits."""
        if self.settings.purpose != "storing":
            return None
        return (8 * self._bytes_done + of_the_patch * under_way) / (self._pixels_done + under_way)

    def _end_of_patch(self, learned: LearnedPatch) -> None:
        self._finished.put(learned.number, learned.patch, learned.stored)
        self._count(learned.number, learned.ending)
        self._inner = None

    def _count(self, number: int, ending: Ending) -> None:
        """Take a patch for done."""
        self._endings[number] = ending
        entry = self._finished.entry(number)
        self._pixels_done += self.windows[number].n_pixels
        self._bytes_done += entry.end - entry.begin
        self._loss_done += ending.loss * self.windows[number].n_pixels

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
        target = target_bytes(self.settings, height * width)
        if target is not None:
            self._shares = shares_of(self.picture, self.windows, self.settings, target, self._palette)

    def _let_go(self) -> None:
        self._inner = None

    def _measured(self) -> Measurement:
        classes = self.settings.classes if self.settings.mode == "classify" else None
        painting = self.painting()
        return MosaicQuality(painting, self.picture, self.settings.hold_out, classes, self._tell_part)

    @property
    def _passes(self) -> int:
        return round(self.epochs_ / max(1, len(self._endings)))
