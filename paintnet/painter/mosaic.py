"""A run over many patches: a picture too large for one network is learned window by window.

Each patch is a run of its own, on its own positions, of the same seed. It learns only its window, but what
its points depend on is read from around it, so that neighbours learn the same where they overlap.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from paintnet.dataset.classes import sort_pixels
from paintnet.dataset.windows import CONTEXT, Window
from paintnet.encoding.raw import RawMap
from paintnet.network import Network
from paintnet.painter.events import EpochFinished, Event, Noted, TrainingStarted, Working
from paintnet.painter.mosaic_quality import MosaicQuality
from paintnet.painter.quality import Measurement
from paintnet.painter.run import Listener, Run, psnr_of_loss
from paintnet.painter.training_set import Place
from paintnet.painting import Painting
from paintnet.patches import Patch
from paintnet.picture import premultiply, unpremultiply
from paintnet.picture.levels import Pixels
from paintnet.settings.settings import PainterSettings
from paintnet.typing import Array

SOME_PIXELS = 1_000_000
"""Among so many pixels, evenly spread, the colors of the classes are found."""

CERTAIN = 10.0
"""Score of the one class in a patch that has not been learned yet."""

SEVERITY = ("epochs", "iterations", "converged", "tol", "target-psnr", "time", "stopped", "ctrl-c")
"""Why a patch ended; of several reasons the last one here is that of the mosaic."""


class MosaicRun(Run):
    """One training of many patches on its way, one after the other: to listeners it is a run as any other.

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
    ) -> None:
        self.windows, self._settings_of = windows, settings_of
        settings = settings_of(max(windows, key=lambda window: window.n_pixels))
        super().__init__(picture, settings, preset, listeners, notes)  # type: ignore[arg-type]
        self._of_patches = [settings_of(window).epochs for window in windows]
        self.schedule.epochs = None if None in self._of_patches else sum(map(int, self._of_patches))  # type: ignore[arg-type]
        self._finished: list[Patch] = []
        self._inner: Run | None = None
        self._palette: Array | None = None
        self._reasons: set[str] = set()
        self._inner_engine = ""
        self._pixels_done = 0
        self._loss_done, self._latest_loss, self._flat_loss = 0.0, 0.0, 0.0
        self._n_pixels = sum(window.n_pixels for window in windows)

    def painting(self) -> Painting:
        """Make a painting of the patches as they are now; one that has not begun has its mean color."""
        if self._result is not None:
            return self._result
        patches = list(self._finished)
        if self._inner is not None and self._inner.has_weights:
            patches.append(self._patch(self.windows[len(patches)], self._inner.network()))
        kind = patches[0].kind if patches else None
        patches += [self._flat(window, kind) for window in self.windows[len(patches) :]]
        palette = None if self._palette is None else unpremultiply(self._palette[None])[0]
        return self._painting_of(patches, palette)

    def _train(self) -> Iterator[EpochFinished]:
        for text in self._notes:
            self.tell(Noted(text))
        self.tell(Working("preparing"))
        if self.settings.mode == "classify":
            self._palette = self._found_palette()
        self._flat_loss = self._loss_of_nothing()
        begun = False
        while len(self._finished) < len(self.windows) and self.ended_by_ is None:
            number = len(self._finished)
            inner = self._inner = self._begun(number)
            if not begun:
                inner.prepare()
                self.tell(TrainingStarted(self.picture.shape[0] * self.picture.shape[1], inner.has_weights))
                begun = True
            for event in inner:
                self.epochs_ += 1
                told = self._overall(event, is_last=number == len(self.windows) - 1)
                self.tell(told)
                yield told
                self._stop_with_the_whole(inner)
            self._end_of_patch(inner)
        self.ended_by_ = self.ended_by_ or max(self._reasons, key=SEVERITY.index, default="stopped")

    def _stop_with_the_whole(self, inner: Run) -> None:
        """Hand on that somebody who was told of an epoch has stopped the run."""
        if self.ended_by_ is not None:
            inner.stop(self.ended_by_)

    def _begun(self, number: int) -> Run:
        """Begin the run of a patch."""
        window = self.windows[number]
        height, width, _ = self.picture.shape
        around = window.grown(CONTEXT, width, height)
        inside = Window(
            window.left - around.left,
            window.top - around.top,
            window.right - around.left,
            window.bottom - around.top,
        )
        surroundings = np.ascontiguousarray(around.of(self.picture))
        place = Place(surroundings, inside, (around.left, around.top), self._palette)
        settings = self._settings_of(window)
        if settings.seconds is not None:
            left = max(0.0, settings.seconds - self.schedule.seconds)
            share = window.n_pixels / (self._n_pixels - self._pixels_done)
            settings = settings.changed(seconds=max(1e-3, left * share))
        run = Run(np.ascontiguousarray(inside.of(surroundings)), settings, self.preset, place=place)
        run.listeners = [self._hand_on]
        return run

    def _hand_on(self, event: Event, inner: Run) -> None:
        """Tell what a patch says of itself, but for what is told of the whole."""
        is_first_note = isinstance(event, Noted) and not self._finished
        if is_first_note or (isinstance(event, Working) and event.part == "compiling"):
            self.tell(event)

    def _overall(self, event: EpochFinished, *, is_last: bool) -> EpochFinished:
        """Tell of the whole what a patch tells of itself."""
        window = self.windows[len(self._finished)]
        done = (self._pixels_done + event.progress * window.n_pixels) / self._n_pixels
        left = self._n_pixels - self._pixels_done - window.n_pixels
        lost = self._loss_done + event.loss * window.n_pixels + self._flat_loss * left
        self._latest_loss = event.loss
        loss = lost / self._n_pixels
        is_over = self.ended_by_ is not None or (is_last and event.progress >= 1)
        return replace(
            event,
            epoch=self.epochs_,
            epochs=self.schedule.epochs,
            progress=1.0 if is_over else min(done, 1 - 1e-9),
            seconds=self.schedule.seconds,
            loss=loss,
            psnr=None if event.psnr is None else psnr_of_loss(loss),
        )

    def _end_of_patch(self, inner: Run) -> None:
        window = self.windows[len(self._finished)]
        if inner.ended_by_ is not None:
            self._reasons.add(inner.ended_by_)
        self._inner_engine = inner.engine
        self._finished.append(self._patch(window, inner.network()))
        self._pixels_done += window.n_pixels
        self._loss_done += self._latest_loss * window.n_pixels
        self._inner = None

    def _patch(self, window: Window, network: Network) -> Patch:
        return Patch(network, window.extent, (float(window.left), float(window.top)))

    def _flat(self, window: Window, kind: tuple[int, str] | None) -> Patch:
        """Paint the mean color of a window, or its most likely class."""
        mean = premultiply(window.of(self.picture)[::4, ::4]).mean(axis=(0, 1), dtype=np.float64)
        output, answers = "identity", mean
        if self._palette is not None:
            n_outputs, output = kind or (len(self._palette), "softmax")
            nearest = int(np.square(self._palette - mean).sum(axis=1).argmin())
            is_one = np.arange(n_outputs) == nearest if n_outputs > 1 else np.array([nearest == 1])
            answers = np.where(is_one, CERTAIN, -CERTAIN)
        encoding = RawMap(window.extent)
        weights = (np.zeros((encoding.n_features, len(answers)), np.float32),)
        network = Network(encoding, weights, (answers.astype(np.float32),), "relu", output)
        return Patch(network, window.extent)

    def _loss_of_nothing(self) -> float:
        """Estimate the loss of a patch that has not begun, as scikit-learn counts it."""
        if self._palette is not None:
            return float(np.log(max(2, len(self._palette))))
        return float(premultiply(self._some_pixels()).var(axis=(0, 1), dtype=np.float64).mean() / 2)

    def _some_pixels(self) -> Array:
        height, width, _ = self.picture.shape
        step = max(1, round((height * width / SOME_PIXELS) ** 0.5))
        return np.asarray(self.picture[::step, ::step])

    def _found_palette(self) -> Array:
        """Find the colors of the classes among pixels of the whole picture."""
        return sort_pixels(self._some_pixels(), self.settings.classes, self.settings.seed)[1]

    @property
    def engine(self) -> str:
        """What trained the latest patch."""
        return self._inner_engine

    def _let_go(self) -> None:
        self._inner = None

    def _measured(self) -> Measurement:
        classes = self.settings.classes if self.settings.mode == "classify" else None
        painting = self.painting()
        return MosaicQuality(painting, self.picture, self.settings.hold_out, classes, self._tell_part)

    @property
    def _passes(self) -> int:
        return round(self.epochs_ / max(1, len(self._finished)))
