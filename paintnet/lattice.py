"""Lattices: where the pixels of a render are, and the points whose mean each of them is."""

from typing import NamedTuple

import numpy as np

from paintnet.errors import SettingsError
from paintnet.positions import numbers_of
from paintnet.typing import Array

POINTS_PER_PIXEL = 2
"""Points along a side of one of the picture's pixels whose mean it is: those that were learned."""

MOST_POINTS = 2 * POINTS_PER_PIXEL
"""Points along a side of a whole render, for each pixel along that side of the picture."""


SMOOTH_POINTS = 4
"""Points along a side of an antialiased pixel, at least: a boundary of two classes gets 15 shades."""


class Lattice(NamedTuple):
    """Centers of a render's pixels along x and along y, and where the points of a pixel lie around it."""

    xs: Array
    ys: Array
    across: Array
    down: Array


def points_of(xs: Array, ys: Array) -> Array:
    """Points (len(ys) * len(xs), 2) at each x and y, row by row."""
    return np.stack([np.tile(xs, len(ys)), np.repeat(ys, len(xs))], axis=1)


def lattice_of(
    own: tuple[int, int],
    size: tuple[int, int] | None,
    region: tuple[float, float, float, float] | None,
    *,
    least: int = 1,
    is_area: bool = True,
) -> Lattice:
    """Lay a render's pixels over a picture.

    Parameters
    ----------
    own : (width, height)
        Of the picture.
    size : (width, height), optional
        Of the render; by default one pixel for each of the picture's.
    region : (x0, y0, x1, y1), optional
        Part of the picture, between pixel edges; by default all of it.
    least : int, default=1
        Points along a side of a pixel, at least.
    is_area : bool, default=True
        Whether a pixel is a mean over its area, or else the value at its center.

    Raises
    ------
    SettingsError
        If the size or region is empty.

    Examples
    --------
    >>> lattice = lattice_of((4, 2), (2, 1), None)
    >>> lattice.xs.tolist(), lattice.ys.tolist(), len(lattice.across), len(lattice.down)
    ([0.5, 2.5], [0.5], 4, 4)
    """
    region = (0, 0, *own) if region is None else region
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
    most = (-(-MOST_POINTS * own[0] // columns), -(-MOST_POINTS * own[1] // rows))
    return Lattice(xs, ys, *offsets_along((wide, high), most, least=least, is_area=is_area))


def offsets_along(
    sides: tuple[float, float], most: tuple[int, int], *, least: int = 1, is_area: bool = True
) -> tuple[Array, Array]:
    """Give offsets along x and y from a pixel's center of the points whose mean the pixel is.

    They are the midpoints of equal parts, at most as far apart as those that were learned: one
    in pixels of half the size or smaller, for the function is smooth there. Along each axis there
    are at least and at most so many; one where a pixel is the value at its center and no more are
    asked for.
    """
    if not is_area and least == 1:
        return np.zeros(1), np.zeros(1)
    # Rounding must not add a point where the division is exact.
    counts = (
        max(least, int(min(np.ceil(POINTS_PER_PIXEL * side - 1e-9), limit)))
        for side, limit in zip(sides, most, strict=True)
    )
    across, down = (side * ((np.arange(n) + 0.5) / n - 0.5) for side, n in zip(sides, counts, strict=True))
    return across, down
