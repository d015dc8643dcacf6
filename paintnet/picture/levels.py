"""Pictures held as whole levels: a quarter of what their float32 values would take."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

BAND_ROWS = 64


class WholeLevels(Protocol):
    """An array of levels, wherever they are: rows and windows of it are copied out."""

    @property
    def shape(self) -> Any:
        """Height, width and channels."""
        ...

    @property
    def size(self) -> int:
        """Levels in all."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """One of uint8 and uint16."""
        ...

    def __getitem__(self, place: Any) -> NDArray[Any]:
        """Give rows, or rows and columns, as NumPy does for slices."""
        ...


class LevelPicture:
    """A picture whose pixels become float32 in [0, 1] when they are asked for.

    Where only rows or windows of it are looked at, it stands for an array (height, width, channels).

    Parameters
    ----------
    levels : uint8 or uint16 array of shape (height, width, channels)
        In memory, or what stands for one: `FileLevels`, `TiffLevels`.

    Examples
    --------
    >>> picture = LevelPicture(np.array([[[0], [51], [255]]], dtype=np.uint8))
    >>> picture.shape, len(picture), picture[0:1, 1:].ravel().tolist()
    ((1, 3, 1), 1, [0.20000000298023224, 1.0])
    """

    dtype = np.dtype(np.float32)
    ndim = 3

    def __init__(self, levels: WholeLevels) -> None:
        self.levels = levels
        self.shape: tuple[int, int, int] = levels.shape
        self.size = levels.size
        self._white = np.float32(np.iinfo(levels.dtype).max)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, place: Any) -> NDArray[np.float32]:
        return np.asarray(self.levels[place] / self._white, dtype=np.float32)

    def bands(self, rows: int = BAND_ROWS) -> Iterator[NDArray[np.float32]]:
        """Yield it from top to bottom, some rows at a time."""
        for top in range(0, len(self), rows):
            yield self[top : top + rows]


@dataclass(frozen=True)
class _WiderLevels:
    """Levels with more channels than there are: grey three times, and opaque."""

    levels: WholeLevels
    channels: int

    @property
    def shape(self) -> tuple[int, int, int]:
        height, width, _ = self.levels.shape
        return height, width, self.channels

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.levels.dtype

    def __getitem__(self, place: Any) -> NDArray[Any]:
        return _widened(self.levels[place], self.channels, np.iinfo(self.dtype).max)


Pixels: TypeAlias = NDArray[Any] | LevelPicture
"""A picture of which rows or windows are looked at, whatever it is held as."""


def with_channels(pixels: Pixels, channels: int) -> Pixels:
    """Give a picture the channels of a richer one; what is held as levels stays so.

    Examples
    --------
    >>> with_channels(np.full((1, 1, 1), 0.5), 4).tolist()
    [[[0.5, 0.5, 0.5, 1.0]]]
    """
    if pixels.shape[2] == channels:
        return pixels
    if isinstance(pixels, LevelPicture):
        return LevelPicture(_WiderLevels(pixels.levels, channels))
    return _widened(pixels, channels, 1)


def _widened(values: NDArray[Any], channels: int, white: int) -> NDArray[Any]:
    if values.shape[2] == 1 and channels > 1:
        values = np.repeat(values, 3, axis=2)
    if values.shape[2] == 3 and channels == 4:
        values = np.pad(values, ((0, 0), (0, 0), (0, 1)), constant_values=white)
    return values


def held_as_levels(pixels: NDArray[np.float32]) -> Pixels:
    """Hold a picture as 8-bit levels where nothing is lost by it; else give it back.

    Examples
    --------
    >>> even, odd = np.full((1, 1, 1), 0.2, np.float32), np.full((1, 1, 1), 0.21, np.float32)
    >>> type(held_as_levels(even)).__name__, type(held_as_levels(odd)).__name__
    ('LevelPicture', 'ndarray')
    """
    levels = np.empty(pixels.shape, dtype=np.uint8)
    for top in range(0, len(pixels), BAND_ROWS):
        band = slice(top, top + BAND_ROWS)
        levels[band] = np.rint(pixels[band] * np.float32(255))
        if not np.array_equal(levels[band] / np.float32(255), pixels[band]):
            return pixels
    return LevelPicture(levels)
