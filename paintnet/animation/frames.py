"""Frames of a run: the networks are kept while it learns, and painted when it is over.

A copied network costs a millisecond or two and a painted one a hundred, so
learning hardly waits. Copies lie in a temporary file, not in memory.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from paintnet.blas import OneBlasThread
from paintnet.metrics import psnr_of
from paintnet.painter.events import EpochFinished, Event, TrainingFinished, TrainingStarted
from paintnet.painter.run import Run
from paintnet.painting import Painting
from paintnet.picture import shrink
from paintnet.picture.formats import flatten, to_levels
from paintnet.typing import Levels

MAX_SIDE = 512
"""Frames of a larger picture are painted at this size."""

SPOOL_BYTES = 512 * 2**20
"""Largest temporary file: a network of millions of parameters leaves fewer frames."""

COST = 0.05
"""Share of the training time that keeping networks may take; only great changes may take more."""

GREAT_CHANGE = 2.0
"""Of the error, in levels."""


@dataclass(frozen=True, eq=False)
class Frame:
    """A painting on its way.

    Parameters
    ----------
    epoch : int
        Epochs done; 0 before the first.
    psnr : float or None
        As the run estimated it, in dB; None in classify and before the first epoch.
    pixels : uint8 array of shape (height, width, 3)
        Levels; transparency lies on white, grey has three equal channels.
    """

    epoch: int
    psnr: float | None
    pixels: Levels


@dataclass(frozen=True)
class Moment:
    """Where a kept network lies, and how good it was.

    Parameters
    ----------
    epoch : int
        Epochs done.
    quality : float
        Minus the root mean square error in levels of 255; in classify made of the loss by the same formula.
    psnr : float or None
        As in `Frame`.
    slot : int
        Number of its place in the temporary file.
    """

    epoch: int
    quality: float
    psnr: float | None
    slot: int


class FrameTaker:
    """A listener that keeps networks where the painting changes most.

    While it runs it holds up to twice as many as will be shown, always
    dropping the one whose neighbours are closest in quality. So moments
    spread evenly over the error lost, which is what an eye sees, not over
    time: early ones lie close together, and a long end leaves few.

    Parameters
    ----------
    n_frames : int
        Frames to show, at least 2.

    Examples
    --------
    >>> from paintnet import Painter
    >>> picture = np.random.default_rng(0).random((20, 30, 3), dtype=np.float32)
    >>> with FrameTaker(5) as taker:
    ...     painting = Painter("draft", epochs=9, listeners=(taker,)).fit(picture)
    ...     frames = list(taker.frames())
    >>> len(frames), frames[0].epoch, frames[-1].epoch, frames[0].pixels.shape
    (5, 0, 9, (20, 30, 3))
    """

    def __init__(self, n_frames: int) -> None:
        self.n_frames = n_frames
        self.spent = 0.0
        self.moments: list[Moment] = []
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._free: list[int] = []
        self._shapes: Painting | None = None
        self._like: list[NDArray[Any]] = []
        self._last: Frame | None = None
        self.final: Painting | None = None
        self.final_epoch = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self._file.close()

    def __call__(self, event: Event, run: Run) -> None:
        """Take one event of the run."""
        begun = time.perf_counter()
        if isinstance(event, TrainingStarted) and event.has_painting:
            self._keep(run.painting(), epoch=0, quality=-np.inf, psnr=None)
        elif isinstance(event, EpochFinished):
            decibels = psnr_of(event.loss) if event.psnr is None else event.psnr
            quality = -255 * 10 ** (-decibels / 20)
            if self._is_worth(quality, event.seconds):
                self._keep(run.painting(), event.epoch, quality, event.psnr)
        elif isinstance(event, TrainingFinished):
            self.final = run.painting()
            self.final_epoch = event.epochs
        self.spent += time.perf_counter() - begun

    def _is_worth(self, quality: float, seconds: float) -> bool:
        if len(self.moments) < 2:
            return True
        # A step back would make the animation flicker; most are gone an epoch later.
        change = quality - self.moments[-1].quality
        if self.spent > COST * seconds:
            return change >= GREAT_CHANGE
        is_full = len(self.moments) >= self._capacity
        return change > 0 and (not is_full or change >= min(_gaps(self.moments)) / 2)

    def _keep(self, painting: Painting, epoch: int, quality: float, psnr: float | None) -> None:
        if self._shapes is None:
            self._shapes = painting
        arrays = self._like = _kept(painting)
        if len(self.moments) >= self._capacity:
            self._free.append(_drop_one(self.moments).slot)
        slot = self._free.pop() if self._free else len(self.moments)
        self._file.seek(slot * self._n_bytes)
        for array in arrays:
            self._file.write(np.ascontiguousarray(array).data)
        self.moments.append(Moment(epoch, quality, psnr, slot))

    @property
    def _n_bytes(self) -> int:
        return sum(array.nbytes for array in self._like)

    @property
    def _capacity(self) -> int:
        return max(3, min(2 * self.n_frames, SPOOL_BYTES // self._n_bytes))

    def frames(self) -> "Frames":
        """Frames of the run that is over, the finished painting last."""
        if self.final is None:
            return Frames(self, [])
        before = [moment for moment in self.moments if moment.epoch < self.final_epoch]
        return Frames(self, _evenly(before, self.n_frames - 1))

    def paint(self, moment: Moment) -> Frame:
        """Paint a kept network."""
        assert self._shapes is not None  # noqa: S101 - there is a moment
        self._file.seek(moment.slot * self._n_bytes)
        arrays = []
        for array in self._like:
            data = self._file.read(array.nbytes)
            arrays.append(np.frombuffer(data, dtype=array.dtype).reshape(array.shape))
        is_frame = len(self._shapes.patches) > 1
        pixels = arrays[0] if is_frame else frame_pixels(_with_arrays(self._shapes, arrays))
        return Frame(moment.epoch, moment.psnr, pixels)

    def paint_final(self) -> Frame:
        """Paint the finished painting; its PSNR is measured, not estimated."""
        assert self.final is not None  # noqa: S101 - the run is over
        if self._last is None:
            record = self.final.training
            measured = record.psnr if record is not None and self.final.mode == "regress" else None
            self._last = Frame(self.final_epoch, measured, frame_pixels(self.final))
        return self._last


@dataclass(frozen=True, eq=False)
class Frames:
    """The frames of a run, painted one at a time whenever they are asked for."""

    taker: FrameTaker
    moments: list[Moment]

    def __len__(self) -> int:
        return len(self.moments) + (self.taker.final is not None)

    def __iter__(self) -> Iterator[Frame]:
        for moment in self.moments:
            yield self.taker.paint(moment)
        if self.taker.final is not None:
            yield self.taker.paint_final()


def frame_size(width: int, height: int, max_side: int = MAX_SIDE) -> tuple[int, int]:
    """Size of a picture's frames: its own, or smaller.

    Examples
    --------
    >>> frame_size(768, 512), frame_size(100, 100), frame_size(10_000, 1)
    ((512, 341), (100, 100), (512, 1))
    """
    factor = min(1.0, max_side / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def frame_pixels(painting: Painting) -> Levels:
    """Paint at the size of a frame."""
    # As in the run itself: sums of more threads may move a level.
    with OneBlasThread():
        return as_levels(painting.render(frame_size(painting.width, painting.height)))


def frame_original(picture: NDArray[Any]) -> Levels:
    """Shrink the picture that was learned to the size of its frames, as levels.

    Examples
    --------
    >>> frame_original(np.zeros((600, 900, 1), np.float32)).shape
    (341, 512, 3)
    """
    return as_levels(shrink(picture, MAX_SIDE))


def as_levels(pixels: NDArray[Any]) -> Levels:
    """Turn grey, RGB or RGBA in [0, 1] into RGB levels; transparency lies on white.

    Examples
    --------
    >>> as_levels(np.array([[[0.0, 0.0, 1.0, 0.5]]]))[0, 0].tolist(), as_levels(np.ones((1, 1, 1))).shape
    ([128, 128, 255], (1, 1, 3))
    """
    if pixels.shape[2] == 4:
        pixels = flatten(pixels)
    return to_levels(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def _kept(painting: Painting) -> list[NDArray[Any]]:
    """What is kept of a moment: the weights of a network; of many, the frame itself, which is smaller."""
    if len(painting.patches) > 1:
        return [frame_pixels(painting.sketched())]
    return list(painting.patches[0].network.arrays)


def _with_arrays(painting: Painting, arrays: Sequence[NDArray[Any]]) -> Painting:
    """Put what `_kept` gave back, or another moment's in its place."""
    (patch,) = painting.patches
    n = len(patch.network.coefs)
    network = replace(patch.network, coefs=tuple(arrays[:n]), intercepts=tuple(arrays[n:]))
    return replace(painting, patches=(replace(patch, network=network),))


def _gaps(moments: list[Moment]) -> list[float]:
    """Distance in quality that dropping each moment but the first and last would leave."""
    qualities = [moment.quality for moment in moments]
    # The start has no quality yet; the first epoch's is as good for comparing.
    qualities[0] = qualities[1] if np.isinf(qualities[0]) else qualities[0]
    return [abs(after - before) for before, after in zip(qualities, qualities[2:], strict=False)]


def _drop_one(moments: list[Moment]) -> Moment:
    """Take out the moment that is missed least; never the first or last."""
    gaps = _gaps(moments)
    return moments.pop(1 + gaps.index(min(gaps)))


def _evenly(moments: list[Moment], count: int) -> list[Moment]:
    """Choose moments whose qualities lie evenly, the first among them."""
    chosen = list(moments)
    while len(chosen) > max(2, count):
        _drop_one(chosen)
    return chosen[:count]
