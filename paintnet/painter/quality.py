"""How close a painting comes to its picture, measured on the pixels that are known."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from paintnet.dataset.pixels import Dataset
from paintnet.errors import TrainingError, number_text
from paintnet.metrics import psnr, psnr_of, ssim
from paintnet.painting import CHUNK, Painting
from paintnet.picture.formats import to_levels
from paintnet.typing import Array


def _tell_nobody(part: str, progress: float | None) -> None:
    """Say nothing."""


@dataclass(frozen=True, eq=False)
class Quality:
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
    tell: Callable[[str, float | None], None] = _tell_nobody

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
    def _levels(self) -> Array:
        return as_written(self.rendered)

    @cached_property
    def psnr(self) -> float:
        """PSNR in dB on all known pixels; infinite where they are equal."""
        known, levels = self.dataset.known, self._levels
        self.tell("measuring", None)
        return psnr(self.picture, levels) if known.all() else self._psnr_of(known.ravel())

    @cached_property
    def ssim(self) -> float:
        """SSIM, on all pixels: its windows have no place for unknown ones."""
        levels = self._levels
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

    def check_learned(self, learning_rate: float) -> None:
        """Refuse a painting that is worse than one flat color.

        Raises
        ------
        TrainingError
            If it is; names the learning rate.
        """
        learned = self.dataset.of_learned(self.dataset.targets)
        if self.accuracy is not None:
            flat = float(np.bincount(learned).max() / len(learned))
            worse = self.accuracy < 0.99 * flat - 1e-3
            right = f"{self.accuracy:.1%} of the pixels are right"
            seen = f"{right}, and {flat:.1%} would be in a painting of one class"
        else:
            # A picture of one color has no variance; 8 levels beside it is not "nothing".
            flat = psnr_of(1.01 * _variance(learned) + 1e-3)
            worse = not self.psnr >= flat  # so that NaN is worse too
            seen = f"{self.psnr:.1f} dB, and a painting of the mean color alone has {flat:.1f} dB"
        if worse:
            remedy = f"lower the learning rate of {number_text(learning_rate)} or train longer"
            raise TrainingError("training", f"nothing was learned: {seen}", remedy)

    def _psnr_of(self, pixels: Array) -> float:
        """PSNR on some pixels, by number or by mark."""
        columns = (values.reshape(-1, 1, values.shape[2]) for values in (self.picture, self._levels))
        return psnr(*(column[pixels] for column in columns))


def as_written(pixels: Array) -> Array:
    """Round colors in [0, 1] to the 8-bit levels that a picture is written with."""
    return to_levels(pixels) / np.float32(255)


def _variance(colors: Array) -> float:
    """Mean variance of the channels, in parts: a large picture in float64 would not fit beside it."""
    mean = colors.mean(axis=0, dtype=np.float64)
    squares = [np.square(colors[at : at + CHUNK] - mean).sum() for at in range(0, len(colors), CHUNK)]
    return float(np.sum(squares) / colors.size)
