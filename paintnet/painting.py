"""A painting: the trained function from a position to a color."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from paintnet.blas import OneBlasThread
from paintnet.cores import cores
from paintnet.errors import SettingsError, value_text
from paintnet.files.names import path_of
from paintnet.lattice import (
    POINTS_PER_PIXEL,
    SMOOTH_POINTS,
    Lattice,
    lattice_of,
    offsets_along,
    points_of,
)
from paintnet.modelfile import Model, decode_model, encode_model, read_model, stored_bytes, write_model
from paintnet.patches import LazyPatches, Mosaic
from paintnet.picture import premultiply, unpremultiply
from paintnet.positions import positions_of
from paintnet.threads import in_threads
from paintnet.typing import Array

CHUNK = 32_768
"""Positions run through the network at once: memory stays bounded, caches stay warm."""

BLOCK_POINTS = 2_000_000
"""Points of a mosaic's render that are held at once: of so many rows that few patches are asked twice."""

ROWS_POINTS = 131_072
"""The same of a single network, which is asked as often as need be."""


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

    @cached_property
    def bits_per_pixel(self) -> float:
        """Bits of all parameters, as stored, per pixel of the picture."""
        return 8 * stored_bytes(self) / (self.width * self.height)

    def sketched(self) -> Self:
        """Give a painting that is quick to render small: of many patches, a pixel is the value at its center.

        A whole mosaic has more points than anybody would wait for while it is learned.
        """
        return self if len(self.patches) == 1 else replace(self, pixel="center")

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
        parts = [self._colors(self._outputs(part)) for part in _chunks(positions_of(xy))]
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
        along = offsets_along((1.0, 1.0), (POINTS_PER_PIXEL, POINTS_PER_PIXEL), is_area=self.pixel == "area")
        offsets = points_of(*along)
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
        parts = [self._probabilities(self._outputs(part)) for part in _chunks(positions_of(xy))]
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
    ) -> Lattice:
        """Where a render's pixels are."""
        if smooth and self.palette is None:
            why = "a painting of mode regress has no boundaries of classes"
            raise SettingsError("smooth", why, "leave it out, or train it with mode classify")
        least = SMOOTH_POINTS if smooth else 1
        own = (self.width, self.height)
        return lattice_of(own, size, region, least=least, is_area=self.pixel == "area")

    def _outputs(self, xy: Array) -> Array:
        """Outputs of the networks (n, n_outputs) at positions."""
        with _one_blas_thread():
            return self._mosaic.forward(xy)

    def _means(self, xy: Array, offsets: Array) -> Array:
        """Colors of pixels around positions: means over the points around each, of which there are few."""
        if len(offsets) == 1:
            return self._colors(self._outputs(xy))
        colors = self._premultiplied(self._outputs((xy[:, None] + offsets).reshape(-1, 2)))
        total = colors.reshape(len(xy), len(offsets), -1).sum(axis=1, dtype=np.float64)
        return unpremultiply((total / len(offsets)).astype(np.float32))

    def _premultiplied(self, outputs: Array) -> Array:
        """Colors times their alpha, of which means may be taken."""
        if self.palette is not None:
            return premultiply(self._colors(outputs))
        colors = np.clip(outputs, 0, 1)
        if self.channels == 4:
            np.minimum(colors[:, :3], colors[:, 3:], out=colors[:, :3])
        return colors

    def _bands(self, lattice: Lattice, rows: int) -> Iterator[Array]:
        """Cut what `_blocks` paints into bands."""
        blocks, xs, ys = self._blocks(lattice), lattice.xs, lattice.ys
        rest = np.empty((0, len(xs), self.channels), dtype=np.float32)
        for top in range(0, len(ys), rows):
            band = np.empty((min(rows, len(ys) - top), len(xs), self.channels), dtype=np.float32)
            filled = 0
            while filled < len(band):
                if not len(rest):
                    rest = next(blocks)
                taken = min(len(rest), len(band) - filled)
                band[filled : filled + taken] = rest[:taken]
                rest = rest[taken:]
                filled += taken
            yield band

    def _blocks(self, lattice: Lattice) -> Iterator[Array]:
        """Colors (rows, columns, channels) from top to bottom, some rows at a time.

        These rows do not follow the bands: how many positions a matrix product takes at once moves its
        last bits, and they must not depend on the rows of a band.
        """
        xs, ys, across, down = lattice
        most = ROWS_POINTS if len(self.patches) == 1 else BLOCK_POINTS
        rows = max(1, most // (len(xs) * len(across) * len(down)))
        blocks = (lattice._replace(ys=ys[top : top + rows]) for top in range(0, len(ys), rows))
        # Of a mosaic, each block is painted by threads itself: several would hold too much.
        threads = cores() if len(self.patches) == 1 else 1
        return in_threads(lambda block: self._rows(block, most), blocks, threads)

    def _rows(self, lattice: Lattice, most: int) -> Array:
        """Colors of a few rows of pixels: means over the points in each, of which most are held at once."""
        xs, ys, across, down = lattice
        points_x = (xs[:, None] + across).ravel()
        total = np.zeros((len(ys), len(xs), self.channels))
        at_once = max(1, most // (len(points_x) * len(ys)))
        for start in range(0, len(down), at_once):
            offsets = down[start : start + at_once]
            with _one_blas_thread():
                outputs = self._mosaic.forward_on(points_x, (ys[:, None] + offsets).ravel())
            flat = outputs.reshape(-1, outputs.shape[2])
            if len(across) == len(down) == 1:
                return self._colors(flat).reshape(total.shape)
            shape = (len(offsets), len(xs), len(across), self.channels)
            total += self._sums(outputs.reshape(len(ys), -1, outputs.shape[2]), shape)
        means = (total / (len(across) * len(down))).astype(np.float32)
        return unpremultiply(means.reshape(-1, self.channels)).reshape(total.shape)

    def _sums(self, outputs: Array, shape: tuple[int, ...]) -> Array:
        """Sums over the points of each pixel (rows, columns, channels); `shape` is that of a row's points."""

        def of_rows(rows: Array) -> Array:
            colors = self._premultiplied(rows.reshape(-1, rows.shape[2]))
            down = colors.reshape(len(rows), *shape).sum(axis=1, dtype=np.float64)
            return np.asarray(np.einsum("yxac->yxc", down))  # `sum` over both takes nine times as long

        # The rows of a single network are a thread's own already.
        count = min(cores(), len(outputs)) if len(self.patches) > 1 else 1
        return np.concatenate(list(in_threads(of_rows, np.array_split(outputs, count), count)))

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


@cache
def _one_blas_thread() -> OneBlasThread:
    return OneBlasThread()


def _chunks(positions: Array) -> Iterator[Array]:
    for start in range(0, len(positions), CHUNK):
        yield positions[start : start + CHUNK]
