"""Windows: overlapping parts of a picture, each of which one network learns."""

import math
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from paintnet.encoding.extent import Extent
from paintnet.errors import SettingsError, value_text
from paintnet.picture.levels import Pixels
from paintnet.typing import Array

MARGIN = 12
"""Pixels by which a window reaches beyond its own part of the picture, into its neighbours."""

CONTEXT = 16
"""Pixels around a window that its points depend on: those of the histospline, of the patches that the
network of details looks at, and of the squares in which noise is measured."""

SMALLEST_SIDE = 32
"""Of a patch: below it the overlap would be most of it."""

AUTOMATIC_SIDE = 768
AUTOMATIC_PIXELS = 1_200_000
"""A picture of more pixels is learned in patches of `AUTOMATIC_SIDE`, unless others are asked for."""

STORING_SIDE = 1536
STORING_PIXELS = 3_000_000
"""The same of paintings in few bytes: each patch pays for networks of its own."""


@dataclass(frozen=True)
class Window:
    """A rectangle of whole pixels: columns `left` to `right` and rows `top` to `bottom`, the last excluded.

    Examples
    --------
    >>> window = Window(10, 0, 30, 20)
    >>> window.width, window.n_pixels, window.extent
    (20, 400, Extent(left=10.0, top=0.0, right=29.0, bottom=19.0))
    """

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def n_pixels(self) -> int:
        """Pixels in all."""
        return self.width * self.height

    @property
    def extent(self) -> Extent:
        """From the center of its first pixel to the center of its last."""
        return Extent(float(self.left), float(self.top), self.right - 1.0, self.bottom - 1.0)

    def grown(self, margin: int, width: int, height: int) -> "Window":
        """Give the window with so many pixels more on each side, as far as the picture reaches."""
        left, top = max(0, self.left - margin), max(0, self.top - margin)
        return Window(left, top, min(width, self.right + margin), min(height, self.bottom + margin))

    def moved(self, right: int, down: int) -> "Window":
        """Give the window so many pixels further to the right and down."""
        return Window(self.left + right, self.top + down, self.right + right, self.bottom + down)

    def of(self, picture: Pixels) -> Array:
        """Cut the window out of a picture."""
        return picture[self.top : self.bottom, self.left : self.right]


def patch_side(
    width: int, height: int, side: int | str | None = "auto", *, is_storing: bool = False
) -> int | None:
    """Tell how large the patches of a picture are.

    Parameters
    ----------
    width, height : int
        Size of the picture.
    side : int, "auto" or None, default="auto"
        Pixels along the side of a patch, or one patch for all (None).
    is_storing : bool, default=False
        Whether it is to be a painting in few bytes, which has larger patches.

    Returns
    -------
    int or None
        None where one patch has all of the picture.

    Raises
    ------
    SettingsError
        If the side cannot be used.

    Examples
    --------
    >>> patch_side(768, 512), patch_side(3000, 2000), patch_side(768, 512, 256), patch_side(768, 512, 800)
    (None, 768, 256, None)
    """
    if side is None:
        return None
    if side == "auto":
        most, automatic = (STORING_PIXELS, STORING_SIDE) if is_storing else (AUTOMATIC_PIXELS, AUTOMATIC_SIDE)
        return automatic if width * height > most else None
    whole = isinstance(side, int | np.integer) and not isinstance(side, bool)
    if not whole or int(side) < SMALLEST_SIDE:
        remedy = f"give a whole number of at least {SMALLEST_SIDE}, 'auto', or none for one patch"
        raise SettingsError("patch", f"a side of {value_text(side)} cannot be used", remedy)
    return None if max(width, height) <= int(side) else int(side)


def windows_over(
    width: int, height: int, side: int | str | None = "auto", *, is_storing: bool = False
) -> list[Window]:
    """Lay the windows of its patches over a picture; parameters, raises as `patch_side`.

    Returns
    -------
    list of Window
        Row by row; empty where one patch has all of the picture.

    Examples
    --------
    >>> len(windows_over(768, 512)), len(windows_over(2300, 1500)), len(windows_over(768, 512, 256))
    (0, 6, 6)
    """
    found = patch_side(width, height, side, is_storing=is_storing)
    if found is None:
        return []
    # In few bytes, each patch more costs some.
    return windows_of(width, height, found, is_even=side == "auto" and not is_storing)


def windows_of(width: int, height: int, side: int, *, is_even: bool = False) -> list[Window]:
    """Divide a picture into parts of nearly one size and let each reach into its neighbours.

    Parameters
    ----------
    width, height : int
        Size of the picture.
    side : int
        At most so many pixels along a side of a part, before it reaches further.
    is_even : bool, default=False
        Whether several parts are to be an even number, which two or more workers share without waiting
        for the last one.

    Returns
    -------
    list of Window
        Row by row.

    Examples
    --------
    >>> [(window.left, window.right) for window in windows_of(100, 40, 50)]
    [(0, 62), (38, 100)]
    >>> len(windows_of(150, 40, 50)), len(windows_of(150, 40, 50, is_even=True))
    (3, 4)
    """
    across, down = (math.ceil(length / side) for length in (width, height))
    if is_even and across % 2 and down % 2 and across * down > 1:
        across, down = (across + 1, down) if across >= down else (across, down + 1)
    columns, rows = _parts(width, across), _parts(height, down)
    inner = [Window(left, top, right, bottom) for (top, bottom), (left, right) in product(rows, columns)]
    return [window.grown(MARGIN, width, height) for window in inner]


def _parts(length: int, count: int) -> list[tuple[int, int]]:
    """Ends of equal parts of a length, to a pixel."""
    ends = [round(number * length / count) for number in range(count + 1)]
    return list(pairwise(ends))
