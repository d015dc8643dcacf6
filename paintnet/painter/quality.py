"""How close a painting comes to its picture, measured on the pixels that are known."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from paintnet.dataset.pixels import Dataset
from paintnet.errors import TrainingError, number_text
from paintnet.metrics import psnr, psnr_of, ssim
from paintnet.painting import CHUNK, Painting
from paintnet.picture.formats import to_levels
from paintnet.typing import Array


def tell_nobody(part: str, progress: float | None) -> None:
    """Say nothing."""


class Measurement(ABC):
    """What is measured of a painting beside its picture."""

    painting: Painting

    @property
    @abstractmethod
    def as_written(self) -> Array:
        """The painting at the size of its picture, in the levels that it is written with, in [0, 1]."""

    @abstractmethod
    def bands(self) -> Iterator[Array]:
        """Yield the painting at the size of its picture, from top to bottom."""

    @property
    @abstractmethod
    def psnr(self) -> float:
        """PSNR in dB on all known pixels; infinite where they are equal."""

    @property
    @abstractmethod
    def held_out_psnr(self) -> float | None:
        """PSNR in dB on the pixels that were held out; None where none was."""

    @property
    @abstractmethod
    def accuracy(self) -> float | None:
        """Share of the known pixels whose class is right; None in regress."""

    @property
    @abstractmethod
    def flat(self) -> float:
        """PSNR that the mean color alone would have; in classify, the share of the largest class."""

    @property
    @abstractmethod
    def ssim(self) -> float:
        """SSIM, on all pixels: its windows have no place for unknown ones."""

    def check_learned(self, learning_rate: float) -> None:
        """Refuse a painting that is worse than one flat color.

        Raises
        ------
        TrainingError
            If it is; names the learning rate.
        """
        if self.accuracy is not None:
            worse = self.accuracy < 0.99 * self.flat - 1e-3
            right = f"{self.accuracy:.1%} of the pixels are right"
            seen = f"{right}, and {self.flat:.1%} would be in a painting of one class"
        else:
            worse = not self.psnr >= self.flat  # so that NaN is worse too
            seen = f"{self.psnr:.1f} dB, and a painting of the mean color alone has {self.flat:.1f} dB"
        if worse:
            remedy = f"lower the learning rate of {number_text(learning_rate)} or train longer"
            raise TrainingError("training", f"nothing was learned: {seen}", remedy)


@dataclass(frozen=True, eq=False)
class Quality(Measurement):
    """A painting beside its picture; each figure is measured when it is first asked for, and kept.

    All are measured on the 8-bit levels that a painted picture is written with.

    Parameters
    ----------
    painting : Painting
        What was learned.
    picture : float32 array of shape (height, width, channels)
        What it was learned from.
    dataset : Dataset
        Which pixels of the picture are known, and which of them were learned.
    tell : callable
        Is called with the part, "painting" or "measuring", and its share or None.

    Examples
    --------
    >>> from paintnet import fit
    >>> from paintnet.dataset.pixels import regress_dataset
    >>> from paintnet.picture import open_picture
    >>> picture = open_picture("sample:bird").pixels
    >>> quality = Quality(fit("sample:bird", preset="draft"), picture, regress_dataset(picture))
    >>> quality.rendered.shape, quality.psnr > 25, quality.held_out_psnr
    ((100, 100, 3), True, None)
    """

    painting: Painting
    picture: Array
    dataset: Dataset
    tell: Callable[[str, float | None], None] = tell_nobody

    @cached_property
    def rendered(self) -> Array:
        """The painting at the size of its picture."""
        painting = self.painting
        picture = np.empty((painting.height, painting.width, painting.channels), dtype=np.float32)
        done = 0
        self.tell("painting", 0.0)
        for band in painting.bands():
            picture[done : done + len(band)] = band
            done += len(band)
            self.tell("painting", done / len(picture))
        return picture

    @property
    def as_written(self) -> Array:
        """The same, rounded to the levels that a picture is written with, in [0, 1]."""
        return as_written(self.rendered)

    def bands(self) -> Iterator[Array]:
        """Yield the painting at the size of its picture, from top to bottom."""
        yield self.rendered

    @cached_property
    def psnr(self) -> float:
        """PSNR in dB on all known pixels; infinite where they are equal."""
        known, levels = self.dataset.known, self.as_written
        self.tell("measuring", None)
        return psnr(self.picture, levels) if known.all() else self._psnr_of(known.ravel())

    @cached_property
    def ssim(self) -> float:
        """SSIM, on all pixels: its windows have no place for unknown ones."""
        levels = self.as_written
        self.tell("measuring", None)
        return ssim(self.picture, levels)

    @cached_property
    def held_out_psnr(self) -> float | None:
        """PSNR in dB on the pixels that were held out; None where none was."""
        held_out = self.dataset.held_out
        return self._psnr_of(held_out) if len(held_out) else None

    @cached_property
    def accuracy(self) -> float | None:
        """Share of the known pixels whose class is right; None in regress."""
        if self.dataset.palette is None:
            return None
        known = self.dataset.known.ravel()
        right = 0
        for start in range(0, len(known), CHUNK):
            chunk = slice(start, start + CHUNK)
            labels = self.dataset.targets[chunk]
            xy = self.dataset.xy(np.arange(start, start + len(labels)))
            is_right = self.painting.predict_proba(xy).argmax(axis=1) == labels
            right += int((is_right & known[chunk]).sum())
        return right / int(known.sum())

    @cached_property
    def flat(self) -> float:
        """PSNR that the mean color alone would have; in classify, the share of the largest class."""
        learned = self.dataset.of_learned(self.dataset.targets)
        if self.dataset.palette is not None:
            return float(np.bincount(learned).max() / len(learned))
        return psnr_of(flat_error(_variance(learned)))

    def _psnr_of(self, pixels: Array) -> float:
        """PSNR on some pixels, by number or by mark."""
        columns = (values.reshape(-1, 1, values.shape[2]) for values in (self.picture, self.as_written))
        return psnr(*(column[pixels] for column in columns))


def as_written(pixels: Array) -> Array:
    """Round colors in [0, 1] to the 8-bit levels that a picture is written with."""
    return to_levels(pixels) / np.float32(255)


def flat_error(variance: float) -> float:
    """Mean squared error beyond which a flat color would be better than what was learned.

    A picture of one color has no variance; 8 levels beside it is not "nothing".
    """
    return 1.01 * variance + 1e-3


def _variance(colors: Array) -> float:
    """Mean variance of the channels, in parts: a large picture in float64 would not fit beside it."""
    mean = colors.mean(axis=0, dtype=np.float64)
    squares = [np.square(colors[at : at + CHUNK] - mean).sum() for at in range(0, len(colors), CHUNK)]
    return float(np.sum(squares) / colors.size)
