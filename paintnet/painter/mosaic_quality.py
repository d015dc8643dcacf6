"""How close a painting of many patches comes to its picture: neither is ever held as a whole in float32."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from paintnet.dataset.classes import Classes, sort_pixels
from paintnet.dataset.pixels import PixelState, split_pixels
from paintnet.metrics import mean_squared_error, psnr_of
from paintnet.metrics import ssim as ssim_of
from paintnet.painter.quality import Measurement, flat_error, tell_nobody
from paintnet.painting import Painting
from paintnet.picture import premultiply
from paintnet.picture.file_levels import FileLevels
from paintnet.picture.formats import to_levels
from paintnet.picture.levels import BAND_ROWS, LevelPicture, Pixels
from paintnet.typing import Array


@dataclass(frozen=True, eq=False)
class MosaicQuality(Measurement):
    """A mosaic beside its picture, measured band by band.

    Parameters
    ----------
    painting, picture, tell : Painting, LevelPicture or array, callable
        As in `Quality`.
    hold_out : float
        Share of the pixels that were held out.
    classes : Classes or None
        How pixels were sorted, in classify.
    """

    painting: Painting
    picture: Pixels
    hold_out: float = 0.0
    classes: Classes | None = None
    tell: Callable[[str, float | None], None] = tell_nobody

    @cached_property
    def rendered(self) -> LevelPicture:
        """The painting at the size of its picture, as the levels that it is written with."""
        height, width, channels = self.picture.shape
        return LevelPicture(
            FileLevels.of_bands(self._painted(), (height, width, channels), np.dtype(np.uint8))
        )

    def _painted(self) -> Iterator[Array]:
        done, height = 0, len(self.picture)
        self.tell("painting", 0.0)
        for band in self.painting.bands():
            yield band
            done += len(band)
            self.tell("painting", done / height)

    @property
    def as_written(self) -> Array:
        """The painting at the size of its picture, in the levels that it is written with, in [0, 1]."""
        return self.rendered[:]

    def bands(self) -> Iterator[Array]:
        """Yield the painting at the size of its picture, from top to bottom."""
        return self.rendered.bands()

    @cached_property
    def psnr(self) -> float:
        """PSNR in dB on all pixels; infinite where they are equal."""
        rendered = self.rendered
        self.tell("measuring", None)
        return psnr_of(mean_squared_error(self.picture, rendered))

    @cached_property
    def held_out_psnr(self) -> float | None:
        """PSNR in dB on the pixels that were held out; None where none was."""
        if not self.hold_out:
            return None
        total, count = 0.0, 0
        for top, picture, rendered in self._pairs():
            states = split_pixels(np.ones(picture.shape[:2], dtype=bool), self.hold_out, (0, top))
            held_out = states == PixelState.HELD_OUT
            if held_out.any():
                columns = picture[held_out][:, None], rendered[held_out][:, None]
                total += mean_squared_error(*columns) * len(columns[0])
                count += len(columns[0])
        mean: float = total / max(1, count)
        return psnr_of(mean) if count else None

    @cached_property
    def accuracy(self) -> float | None:
        """Share of the pixels whose class is right; None in regress."""
        palette = self._palette
        if palette is None or self.classes is None:
            return None
        assert self.painting.palette is not None  # noqa: S101 - there is one in classify; told to mypy
        right = 0
        for _, picture, rendered in self._pairs():
            labels, _ = sort_pixels(picture, self.classes, 0, None, palette)
            expected = to_levels(self.painting.palette)[labels]
            right += int((to_levels(rendered).reshape(expected.shape) == expected).all(axis=1).sum())
        return float(right / (self.picture.shape[0] * self.picture.shape[1]))

    @cached_property
    def ssim(self) -> float:
        """SSIM, on all pixels."""
        rendered = self.rendered
        self.tell("measuring", None)
        return ssim_of(self.picture, rendered)

    @cached_property
    def flat(self) -> float:
        """PSNR that the mean color alone would have; in classify, the share of the largest class."""
        n_pixels = self.picture.shape[0] * self.picture.shape[1]
        palette = self._palette
        if palette is not None and self.classes is not None:
            counts = np.zeros(len(palette))
            for _, picture, _ in self._pairs():
                labels, _ = sort_pixels(picture, self.classes, 0, None, palette)
                counts += np.bincount(labels, minlength=len(palette))
            return float(counts.max() / n_pixels)
        total, squares = np.zeros((2, self.picture.shape[2]))
        for _, picture, _ in self._pairs():
            colors = premultiply(picture).astype(np.float64)
            total += colors.sum(axis=(0, 1))
            squares += np.square(colors).sum(axis=(0, 1))
        variance = squares / n_pixels - np.square(total / n_pixels)
        return psnr_of(flat_error(float(np.mean(np.maximum(variance, 0)))))

    @property
    def _palette(self) -> Array | None:
        palette = self.painting.palette
        return None if palette is None else premultiply(palette[None])[0]

    def _pairs(self) -> Iterator[tuple[int, Array, Array]]:
        """Yield rows of the picture, and those of the painting, with the first one's number."""
        for top in range(0, len(self.rendered), BAND_ROWS):
            band = slice(top, top + BAND_ROWS)
            yield top, self.picture[band], self.rendered[band]
