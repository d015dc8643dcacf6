"""Smaller and smaller copies of a picture, made while its rows go by, and tiles cut out of rows."""

from collections.abc import Iterable, Iterator

import numpy as np

from paintnet.picture.alpha import premultiply, unpremultiply
from paintnet.typing import Array, Levels


def halved(size: tuple[int, int]) -> tuple[int, int]:
    """Give width and height of the next smaller copy: half of them, rounded up.

    Examples
    --------
    >>> halved((5, 1))
    (3, 1)
    """
    return -(-size[0] // 2), -(-size[1] // 2)


def sizes_of(size: tuple[int, int], smallest: int = 1) -> list[tuple[int, int]]:
    """Give the sizes of a picture and its copies, down to one whose sides are at most so long.

    Examples
    --------
    >>> sizes_of((5, 2)), sizes_of((5, 2), 3)
    ([(5, 2), (3, 1), (2, 1), (1, 1)], [(5, 2), (3, 1)])
    """
    sizes = [size]
    while max(sizes[-1]) > smallest:
        sizes.append(halved(sizes[-1]))
    return sizes


def pyramid(bands: Iterable[Levels], count: int) -> Iterator[tuple[int, Levels]]:
    """Make copies of half, a quarter, ... of the size: a pixel is the mean of the four that it covers.

    Where a side is odd, the last pixels along it are means of the two, or the one, that there are.
    Means are taken of colors times their alpha, and rounded only where they are given out.

    Parameters
    ----------
    bands : iterable of uint8 arrays of shape (rows, width, channels)
        The picture, from top to bottom.
    count : int
        Of sizes, the picture's own included.

    Yields
    ------
    (int, uint8 array)
        The number of the size, 0 for the picture itself, and its next rows.

    Examples
    --------
    >>> rows = np.array([[[0], [10], [20]]], dtype=np.uint8)
    >>> [(number, levels.ravel().tolist()) for number, levels in pyramid([rows], 3)]
    [(0, [0, 10, 20]), (1, [5, 20]), (2, [12])]
    """
    steps = [_Halving() for _ in range(count - 1)]
    for band in bands:
        yield 0, band
        if steps:
            yield from _down(steps, 0, premultiply(band / _unit(band)))
    for number in range(len(steps)):
        yield from _down(steps, number, None)


def _down(steps: list["_Halving"], number: int, rows: Array | None) -> Iterator[tuple[int, Levels]]:
    """Hand rows, or the news that there are no more, to one step, and what comes of it to the next."""
    smaller = steps[number].end() if rows is None else steps[number].push(rows)
    if len(smaller):
        yield number + 1, np.rint(unpremultiply(smaller) * _unit(smaller)).astype(np.uint8)
        if number + 1 < len(steps):
            yield from _down(steps, number + 1, smaller)


def _unit(rows: Array) -> np.float32:
    """What levels are divided by: without alpha by nothing, so that their means are exact."""
    return np.float32(255 if rows.shape[2] == 4 else 1)


class _Halving:
    """Takes rows, and gives rows of half the width for each two of them."""

    def __init__(self) -> None:
        self.rest: Array = np.empty((0, 0, 0), np.float32)

    def push(self, rows: Array) -> Array:
        if len(self.rest):
            rows = np.concatenate([self.rest, rows])
        even = len(rows) // 2 * 2
        self.rest = rows[even:].copy()
        return _narrowed(rows[:even].reshape(even // 2, 2, *rows.shape[1:]).mean(axis=1))

    def end(self) -> Array:
        last, self.rest = self.rest, self.rest[:0]
        return _narrowed(last) if len(last) else last


def _narrowed(rows: Array) -> Array:
    height, width, channels = rows.shape
    pairs = rows[:, : width // 2 * 2].reshape(height, width // 2, 2, channels).mean(axis=2)
    return np.concatenate([pairs, rows[:, -1:]], axis=1) if width % 2 else pairs


class TileRows:
    """Collects rows until those of a row of tiles are there.

    Parameters
    ----------
    side : int
        Of a tile, without its overlap.
    height : int
        Rows of the whole picture.
    overlap : int, default=0
        Rows that a tile has of each neighbour.

    Examples
    --------
    >>> tiles = TileRows(side=4, height=6, overlap=1)
    >>> [len(rows) for rows in tiles.push(np.zeros((6, 9, 1), np.uint8))]
    [5, 3]
    """

    def __init__(self, side: int, height: int, overlap: int = 0) -> None:
        self.side, self.height, self.overlap = side, height, overlap
        self.number = 0
        self._waiting: list[Levels] = []
        self._top, self._bottom = 0, 0

    def push(self, rows: Levels) -> Iterator[Levels]:
        """Take the next rows, and yield those of each row of tiles that is complete."""
        self._waiting.append(rows)
        self._bottom += len(rows)
        while self.number * self.side < self.height:
            end = min(self.height, (self.number + 1) * self.side + self.overlap)
            if self._bottom < end:
                return
            held = np.concatenate(self._waiting)
            yield held[: end - self._top]
            self.number += 1
            top = min(max(0, self.number * self.side - self.overlap), self._bottom)
            self._waiting, self._top = [held[top - self._top :]], top


def tiles_of(rows: Levels, side: int, overlap: int = 0) -> Iterator[Levels]:
    """Cut a row of tiles, each with so many columns of its neighbours.

    Examples
    --------
    >>> [tile.shape[1] for tile in tiles_of(np.zeros((1, 9, 1), np.uint8), 4, 1)]
    [5, 6, 2]
    """
    for left in range(0, rows.shape[1], side):
        yield rows[:, max(0, left - overlap) : left + side + overlap]
