"""A painting: the trained function from a position to a color."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from paintnet.errors import SettingsError, value_text
from paintnet.files.names import path_of
from paintnet.modelfile import Model, decode_model, encode_model, read_model, write_model
from paintnet.patches import LazyPatches, Mosaic
from paintnet.picture import premultiply, unpremultiply
from paintnet.positions import numbers_of, positions_of
from paintnet.typing import Array

CHUNK = 32_768
"""Positions run through the network at once: memory stays bounded, caches stay warm."""

POINTS_PER_PIXEL = 2
"""Points along a side of one of the picture's pixels whose mean it is: those that were learned."""

MOST_POINTS = 2 * POINTS_PER_PIXEL
"""Points along a side of a whole render, for each pixel along that side of the picture."""


SMOOTH_POINTS = 4
"""Points along a side of an antialiased pixel, at least: a boundary of two classes gets 15 shades."""


class _Lattice(NamedTuple):
    """Centers of a render's pixels along x and along y, and the points (n, 2) around each."""

    xs: Array
    ys: Array
    offsets: Array


@dataclass(frozen=True, eq=False)
class Painting(Model):
    """What a painter returns: it predicts, renders, is saved and loaded.

    Parameters
    ----------
    mode : {"regress", "classify"}
        Whether the network's outputs are colors or classes.
    width, height : int
        Size in pixels of the picture that was learned.
    channels : {1, 3, 4}
        Grey, RGB or RGBA.
    patches : tuple of Patch
        The trained networks: one, or many that overlap, whose outputs are blended.
    palette : array of shape (classes, channels) or None
        Color of each class in [0, 1]; None in regress.
    training : TrainingRecord or None
        How it was trained; None where nobody recorded it.
    pixel : {"center", "area"}, default="center"
        What a pixel of the painted picture is: the function's value at its center, or its mean over
        the pixel's area.

    Examples
    --------
    >>> import paintnet
    >>> painting = paintnet.fit("sample:bird", preset="draft", epochs=5)
    >>> painting.predict([[1, 1]]).shape
    (1, 3)
    >>> painting.render(size=(200, 200)).shape
    (200, 200, 3)
    """

    @property
    def n_parameters(self) -> int:
        """Weights and biases of all networks."""
        if isinstance(self.patches, LazyPatches):
            return self.patches.n_parameters
        return sum(patch.network.n_parameters for patch in self.patches)

    @property
    def bits_per_pixel(self) -> float:
        """Bits of all parameters, as stored, per pixel of the picture."""
        n_bytes = sum(array.nbytes for patch in self.patches for array in patch.network.arrays)
        return 8 * n_bytes / (self.width * self.height)

    @cached_property
    def _mosaic(self) -> Mosaic:
        return Mosaic(self.patches)

    def predict(self, xy: ArrayLike) -> Array:
        """Colors at positions: the function's values there.

        Parameters
        ----------
        xy : array-like of shape (n, 2)
            Positions in pixels: x = column, y = row, (0, 0) is the center of
            the top left pixel. Fractions lie between pixels.

        Returns
        -------
        float32 array of shape (n, channels)
            Colors in [0, 1]; in classify, of the most probable class.

        Raises
        ------
        SettingsError
            If a position is not a pair of finite numbers.
        """
        parts = [self._colors(self._mosaic.forward(part)) for part in _chunks(positions_of(xy))]
        return np.concatenate(parts) if parts else np.empty((0, self.channels), np.float32)

    def predict_pixels(self, xy: ArrayLike) -> Array:
        """Colors of pixels around positions, as `render` paints them at the picture's own size.

        Parameters
        ----------
        xy : array-like of shape (n, 2)
            Centers of pixels, as in `predict`; they may lie between those of the picture.

        Returns
        -------
        float32 array of shape (n, channels)
            The mean of the function over each pixel; where `pixel` is "center", its value there.

        Raises
        ------
        SettingsError
            If a position is not a pair of finite numbers.
        """
        offsets = self._offsets((1.0, 1.0), (POINTS_PER_PIXEL, POINTS_PER_PIXEL))
        parts = [self._means(part, offsets) for part in _chunks(positions_of(xy))]
        return np.concatenate(parts) if parts else np.empty((0, self.channels), np.float32)

    def predict_proba(self, xy: ArrayLike) -> Array:
        """Probabilities of the classes at positions, (n, classes); each row adds up to 1.

        Raises
        ------
        SettingsError
            If this painting is of mode regress, or a position is not finite.
        """
        if self.palette is None:
            raise SettingsError(
                "probabilities", "a painting of mode regress has none", "train it with mode classify"
            )
        parts = [self._probabilities(self._mosaic.forward(part)) for part in _chunks(positions_of(xy))]
        return np.concatenate(parts) if parts else np.empty((0, len(self.palette)))

    def render(
        self,
        size: tuple[int, int] | None = None,
        region: tuple[float, float, float, float] | None = None,
        *,
        smooth: bool = False,
    ) -> Array:
        """Paint the picture, or a part of it, at any size.

        Each pixel is the mean of the function over the pixel's own area, or where `pixel` is
        "center", the value at its center.

        Parameters
        ----------
        size : (width, height), optional
            In pixels; by default one pixel for each of the picture's.
        region : (x0, y0, x1, y1), optional
            Part of the picture, between pixel edges as in a crop box: ``(0, 0,
            width, height)`` is the whole.
        smooth : bool, default=False
            In classify: antialias boundaries. Each pixel is the mean of the palette's colors, weighted by
            the share of its area that each class has.

        Returns
        -------
        float32 array of shape (height, width, channels), values in [0, 1]

        Raises
        ------
        SettingsError
            If the size or region is empty, or colors are to be smoothed.
        """
        lattice = self._lattice(size, region, smooth)
        picture = np.empty((len(lattice.ys), len(lattice.xs), self.channels), dtype=np.float32)
        top = 0
        for band in self._bands(lattice, max(1, CHUNK // len(lattice.xs))):
            picture[top : top + len(band)] = band
            top += len(band)
        return picture

    def bands(
        self,
        size: tuple[int, int] | None = None,
        region: tuple[float, float, float, float] | None = None,
        rows: int | None = None,
        *,
        smooth: bool = False,
    ) -> Iterator[Array]:
        """Paint as `render` does, a few rows at a time: memory does not grow with the picture.

        Parameters
        ----------
        size, region : optional
            As in `render`.
        rows : int, optional
            Rows of a band; the last one may have fewer. By default some 30,000 pixels a band.
        smooth : bool, default=False
            As in `render`.

        Returns
        -------
        iterator of float32 arrays of shape (rows, width, channels)
            From top to bottom; joined, they are what `render` returns, to the bit.

        Raises
        ------
        SettingsError
            If the size or region is empty, there are no rows in a band, or colors are to be smoothed.

        Examples
        --------
        >>> import paintnet
        >>> painting = paintnet.fit("sample:bird", preset="draft", epochs=5)
        >>> [band.shape for band in painting.bands(size=(50, 40), rows=16)]
        [(16, 50, 3), (16, 50, 3), (8, 50, 3)]
        """
        lattice = self._lattice(size, region, smooth)
        if rows is None:
            rows = max(1, CHUNK // len(lattice.xs))
        if not isinstance(rows, int) or rows < 1:
            raise SettingsError("rows", f"{value_text(rows)} in a band", "give a whole number from 1")
        return self._bands(lattice, rows)

    def _lattice(
        self, size: tuple[int, int] | None, region: tuple[float, float, float, float] | None, smooth: bool
    ) -> _Lattice:
        """Where a render's pixels are."""
        if smooth and self.palette is None:
            why = "a painting of mode regress has no boundaries of classes"
            raise SettingsError("smooth", why, "leave it out, or train it with mode classify")
        region = (0, 0, self.width, self.height) if region is None else region
        x0, y0, x1, y1 = numbers_of("region", region, 4, "give X0, Y0, X1 and Y1")
        if not (x0 < x1 and y0 < y1):
            raise SettingsError(
                "region", f"{x0:.10g},{y0:.10g},{x1:.10g},{y1:.10g} is empty", "give X0 < X1 and Y0 < Y1"
            )
        columns, rows = max(1, round(x1 - x0)), max(1, round(y1 - y0))
        if size is not None:
            wide, high = numbers_of("size", size, 2, "give width and height")
            columns, rows = int(wide), int(high)
            if (columns, rows) != (wide, high):
                raise SettingsError("size", f"{wide:.10g}x{high:.10g} is not in whole pixels", "round it")
        if columns < 1 or rows < 1:
            raise SettingsError("size", f"{columns}x{rows} is empty", "give at least 1x1")
        wide, high = (x1 - x0) / columns, (y1 - y0) / rows
        xs = (np.arange(columns) + 0.5) * wide + (x0 - 0.5)
        ys = (np.arange(rows) + 0.5) * high + (y0 - 0.5)
        # A region far larger than the picture holds little of it, and would take points without end.
        most = (-(-MOST_POINTS * self.width // columns), -(-MOST_POINTS * self.height // rows))
        least = SMOOTH_POINTS if smooth else 1
        return _Lattice(xs, ys, self._offsets((wide, high), most, least))

    def _offsets(self, sides: tuple[float, float], most: tuple[int, int], least: int = 1) -> Array:
        """Points (n, 2) around the center of a pixel of a width and height, whose mean it is.

        They are the midpoints of equal parts, at most as far apart as those that were learned: one
        in pixels of half the size or smaller, for the function is smooth there. Along each axis there
        are at least and at most so many; "center" has one where no more are asked for.
        """
        if self.pixel == "center" and least == 1:
            return np.zeros((1, 2))
        # Rounding must not add a point where the division is exact.
        counts = (
            max(least, int(min(np.ceil(POINTS_PER_PIXEL * side - 1e-9), limit)))
            for side, limit in zip(sides, most, strict=True)
        )
        across, down = (
            side * ((np.arange(n) + 0.5) / n - 0.5) for side, n in zip(sides, counts, strict=True)
        )
        return np.stack([np.tile(across, len(down)), np.repeat(down, len(across))], axis=1)

    def _means(self, xy: Array, offsets: Array) -> Array:
        """Colors of pixels around at most `CHUNK` positions: means over the points around each."""
        if len(offsets) == 1:
            return self._colors(self._mosaic.forward(xy))
        total = np.zeros((len(xy), self.channels))
        at_once = max(1, CHUNK // len(xy))
        for start in range(0, len(offsets), at_once):
            points = xy[:, None] + offsets[start : start + at_once]
            outputs = self._mosaic.forward(points.reshape(-1, 2))
            colors = self._premultiplied(outputs)
            total += colors.reshape(*points.shape[:2], -1).sum(axis=1, dtype=np.float64)
        return unpremultiply((total / len(offsets)).astype(np.float32))

    def _premultiplied(self, outputs: Array) -> Array:
        """Colors times their alpha, of which means may be taken."""
        if self.palette is not None:
            return premultiply(self._colors(outputs))
        colors = np.clip(outputs, 0, 1)
        if self.channels == 4:
            np.minimum(colors[:, :3], colors[:, 3:], out=colors[:, :3])
        return colors

    def _bands(self, lattice: _Lattice, rows: int) -> Iterator[Array]:
        """Cut what `_pixels` paints into bands."""
        chunks, xs, ys = self._pixels(lattice), lattice.xs, lattice.ys
        rest = np.empty((0, self.channels), dtype=np.float32)
        for top in range(0, len(ys), rows):
            band = np.empty((min(rows, len(ys) - top) * len(xs), self.channels), dtype=np.float32)
            filled = 0
            while filled < len(band):
                if not len(rest):
                    rest = next(chunks)
                taken = min(len(rest), len(band) - filled)
                band[filled : filled + taken] = rest[:taken]
                rest = rest[taken:]
                filled += taken
            yield band.reshape(-1, len(xs), self.channels)

    def _pixels(self, lattice: _Lattice) -> Iterator[Array]:
        """Colors in reading order, a chunk at a time.

        Chunks do not follow the bands: how many positions a matrix product takes at once moves its
        last bits, and these must not depend on the rows of a band.
        """
        xs, ys, offsets = lattice
        columns, end = len(xs), len(xs) * len(ys)
        # All points of a few pixels lie side by side in the table, one of each of many pixels would not.
        pixels = max(1, CHUNK // len(offsets))
        for start in range(0, end, pixels):
            row, column = np.divmod(np.arange(start, min(start + pixels, end)), columns)
            yield self._means(np.stack([xs[column], ys[row]], axis=1), offsets)

    def save(self, path: str | Path, codec: str | None = None) -> None:
        """Write the painting to a .paintnet file, whole or not at all.

        Parameters
        ----------
        path : str or Path
            The file; one that is there is replaced.
        codec : {"raw", "zlib"}, optional
            How the numbers are stored; by default as they were, or else "raw".
        """
        write_model(path_of(path), self, codec)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a painting from a .paintnet file.

        Raises
        ------
        ModelFileError
            If the file is missing, damaged, newer or not a painting.
        """
        return read_model(path_of(path), cls)

    def to_bytes(self, codec: str | None = None) -> bytes:
        """Give the bytes of its .paintnet file."""
        return encode_model(self, codec)

    @classmethod
    def from_bytes(cls, content: Any, name: str = "model") -> Self:
        """Build a painting from the bytes of its file; `name` is what messages call it.

        Raises
        ------
        ModelFileError
            If they are damaged, newer or not a painting.
        """
        if not isinstance(content, bytes | bytearray | memoryview):
            why = f"a value of type {type(content).__name__} is not the bytes of a file"
            raise SettingsError("content", why, "give what to_bytes returned, or open a file with load")
        return decode_model(bytes(content), name, cls)

    def _colors(self, outputs: Array) -> Array:
        if self.palette is not None:
            classes = self._probabilities(outputs).argmax(axis=1)
            return np.asarray(self.palette[classes], dtype=np.float32)
        return unpremultiply(np.clip(outputs, 0, 1).astype(np.float32, copy=False))

    def _probabilities(self, outputs: Array) -> Array:
        outputs = outputs.astype(np.float64)
        assert self.palette is not None  # noqa: S101 - callers have checked; told to mypy
        if len(self.palette) == 1:
            return np.ones((len(outputs), 1))
        if outputs.shape[1] == 1:
            return np.concatenate([1 - outputs, outputs], axis=1)
        # One-hot outputs are independent probabilities; softmax ones add up to 1 but for rounding.
        outputs += np.finfo(np.float64).tiny  # all may have underflowed to 0
        return np.asarray(outputs / outputs.sum(axis=1, keepdims=True))


def _chunks(positions: Array) -> Iterator[Array]:
    for start in range(0, len(positions), CHUNK):
        yield positions[start : start + CHUNK]
