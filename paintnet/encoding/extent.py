"""The rectangle of positions that an encoding is laid over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

FARTHEST = 2.0**31
"""Pixels from the origin: no picture is wider, and float32 is still far from its end."""


@dataclass(frozen=True)
class Extent:
    """A rectangle of positions in pixels, both ends included.

    Examples
    --------
    >>> Extent.of_picture(width=4, height=3)
    Extent(left=0.0, top=0.0, right=3.0, bottom=2.0)
    """

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of_picture(cls, width: int, height: int) -> Self:
        """From the center of the first pixel to the center of the last."""
        return cls(0.0, 0.0, float(width - 1), float(height - 1))

    @property
    def center(self) -> tuple[float, float]:
        """The middle, as (x, y)."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def short_side(self) -> float:
        """Length of the shorter side, at least 1 pixel."""
        return max(1.0, min(self.right - self.left, self.bottom - self.top))

    @property
    def long_side(self) -> float:
        """Length of the longer side, at least 1 pixel."""
        return max(1.0, self.right - self.left, self.bottom - self.top)

    def to_list(self) -> list[float]:
        """Left, top, right, bottom."""
        return [self.left, self.top, self.right, self.bottom]

    @classmethod
    def from_list(cls, values: Sequence[float]) -> Self:
        """Build from `to_list`, refusing what is no rectangle."""
        left, top, right, bottom = (float(value) for value in values)
        if not (-FARTHEST <= left <= right <= FARTHEST and -FARTHEST <= top <= bottom <= FARTHEST):
            raise ValueError(f"{list(values)} is not a rectangle: left, top, right, bottom")
        return cls(left, top, right, bottom)
