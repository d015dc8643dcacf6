"""An animation made small enough to be sent: fewer frames, and where that is not enough, fewer colors."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paintnet.typing import Levels

FEWEST_FRAMES = 12
"""Fewer no longer show a course; before that, colors are given up."""

SAFETY = 0.95
"""Aimed at, of the bytes that are allowed: frames are not all of one size."""


@dataclass(frozen=True)
class Reduced:
    """An animation, and what it had to give up.

    Parameters
    ----------
    content : bytes
        The file.
    frames, all_frames : int
        How many are in it, and how many there were.
    colors : int
        Of each frame.
    all_bytes : int
        Size that it would have with everything.
    """

    content: bytes
    frames: int
    all_frames: int
    colors: int
    all_bytes: int


@dataclass(eq=False)
class _Store:
    """Frames in a temporary file, since nobody paints them twice and memory might not hold them."""

    file: Any
    shape: tuple[int, ...] = ()
    count: int = 0
    _n_bytes: int = field(default=0)

    def kept(self, frames: Iterator[Levels]) -> Iterator[Levels]:
        """Keep frames while they pass."""
        for frame in frames:
            self.shape, self._n_bytes = frame.shape, frame.nbytes
            self.file.write(np.ascontiguousarray(frame).data)
            self.count += 1
            yield frame

    def some(self, count: int) -> Iterator[Levels]:
        """Give so many frames at even distances, first and last among them."""
        for number in np.linspace(0, self.count - 1, count).round().astype(int):
            self.file.seek(int(number) * self._n_bytes)
            yield np.frombuffer(self.file.read(self._n_bytes), np.uint8).reshape(self.shape)


def reduced(
    frames: Iterator[Levels], encode: Callable[[Iterator[Levels], float, int], bytes], most: int, colors: int
) -> Reduced:
    """Encode an animation so that it has at most so many bytes, if that can be done.

    Parameters
    ----------
    frames : iterator of uint8 arrays
        All of one shape.
    encode : callable
        From frames, the share of the steps between all of them that theirs are, and colors to bytes.
    most : int
        Bytes that are allowed.
    colors : int
        At first.

    Examples
    --------
    >>> def encode(frames, share, colors):
    ...     return bytes(10 * len(list(frames)) * colors)
    >>> frames = [np.zeros((2, 2, 3), np.uint8)] * 40
    >>> smaller = reduced(iter(frames), encode, most=1920, colors=16)
    >>> len(smaller.content), smaller.frames, smaller.colors, smaller.all_bytes
    (1920, 12, 16, 6400)
    """
    with tempfile.TemporaryFile() as file:
        store = _Store(file)
        content = encode(store.kept(frames), 1.0, colors)
        all_bytes, count = len(content), store.count
        while len(content) > most and count > 1 and (count > 2 or colors > 2):
            fits = int(count * SAFETY * most / len(content))
            if count > FEWEST_FRAMES:
                count = max(FEWEST_FRAMES, fits)
            elif colors > 2:
                colors //= 2
            else:
                count = max(2, min(count - 1, fits))
            content = encode(store.some(count), (count - 1) / (store.count - 1), colors)
        return Reduced(content, count, store.count, colors, all_bytes)
