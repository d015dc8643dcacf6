"""Closed outlines as the text of a path: curves, and straight lines along the picture's frame."""

import numpy as np

from paintnet.export.curves import fit_pieces
from paintnet.typing import Array

UNITS = 100
"""To a pixel, in which places are written; tenths do where the tolerance is `COARSE` or more."""

COARSE = 0.15
"""In pixels."""


def areas_of(points: Array, offsets: Array) -> Array:
    """Give the area inside each ring; its last point is its first one again.

    Examples
    --------
    >>> square = np.array([[1.0, 1.0], [3.0, 1.0], [3.0, 3.0], [1.0, 3.0], [1.0, 1.0]])
    >>> areas_of(np.concatenate([square, square[::-1] / 2]), np.array([0, 5, 10])).tolist()
    [4.0, 1.0]
    """
    (x0, y0), (x1, y1) = points[:-1].T, points[1:].T
    doubled = np.append(x0 * y1 - x1 * y0, 0.0)
    doubled[offsets[1:] - 1] = 0.0  # from the end of a ring to the next ring
    return np.asarray(np.abs(np.add.reduceat(doubled, offsets[:-1])) / 2)


def path_text(points: Array, offsets: Array, frame: Array, tolerance: float, tiny: float) -> str:
    """Draw smooth curves along rings.

    Parameters
    ----------
    points : float64 array of shape (n, 2)
        Of all rings, each with its first point again at its end.
    offsets : int array of shape (rings + 1,)
        Where each ring begins, and the last ends.
    frame : float64 array of shape (2, 2)
        The least and the largest x and y: what runs there is straight.
    tolerance : float
        How far a point may lie from its curve.
    tiny : float
        Points nearer than this to the one before tell nothing of the direction, and are left out.

    Returns
    -------
    str
        What stands in `d`.
    """
    if len(offsets) < 2:
        return ""
    place, firsts, is_closed, ring = _pieces(points, offsets, frame)
    kept = _apart(points[place], firsts, tiny)
    number = np.concatenate([[0], kept.cumsum()])
    curves, piece = fit_pieces(points[place][kept], number[firsts], is_closed, tolerance)
    units = UNITS if tolerance < COARSE else 10
    return _text_of(curves, ring[piece], tolerance / 10, units)


def _pieces(points: Array, offsets: Array, frame: Array) -> tuple[Array, Array, Array, Array]:
    """Cut rings at the frame.

    Returns
    -------
    place, firsts, is_closed, ring
        Numbers of the points of all pieces; where each begins among them; whether it is a whole ring;
        and which.
    """
    begins, ends = offsets[:-1], offsets[1:] - 1
    on = np.concatenate([points == frame[0], points == frame[1]], axis=1) @ np.array([1, 2, 4, 8])
    side = np.append(on[:-1] & on[1:], 0)  # of the way from each point to the next
    before = np.concatenate([[0], side[:-1]])
    before[begins] = side[ends - 1]
    is_corner = side != before
    is_corner[ends] = False
    corners = np.add.reduceat(is_corner, begins)
    places: list[Array] = []
    closed, rings = [], []
    for number, (begin, end, count) in enumerate(zip(begins, ends, corners.tolist(), strict=True)):
        if not count:
            places.append(np.arange(begin, end + 1))
            closed.append(True)
            rings.append(number)
            continue
        at = np.flatnonzero(is_corner[begin:end])
        for first, last in zip(at, [*at[1:], at[0] + end - begin], strict=True):
            way = begin + np.arange(first, last + 1) % (end - begin)
            places.append(way[[0, -1]] if side[way[0]] else way)
            closed.append(False)
            rings.append(number)
    sizes = np.array([len(each) for each in places])
    return np.concatenate(places), sizes.cumsum() - sizes, np.array(closed), np.array(rings)


def _apart(points: Array, firsts: Array, least: float) -> Array:
    """Choose points that do not lie next to the one before; the ends of pieces stay."""
    lasts = np.append(firsts[1:], len(points)) - 1
    is_end = np.zeros(len(points), bool)
    is_end[firsts] = is_end[lasts] = True
    kept = np.arange(len(points))
    for _ in range(2):  # more than two such neighbors in a row are rare, and harm little
        gaps = np.sqrt(np.square(np.diff(points[kept], axis=0)).sum(axis=1))
        is_near = np.append(False, gaps < least)
        ends = is_end[kept]
        is_near = (is_near & ~ends) | (np.append(is_near[1:] & ends[1:], False) & ~ends)
        is_near[1:] &= ~is_near[:-1]
        kept = kept[~is_near]
    chosen = np.zeros(len(points), bool)
    chosen[kept] = True
    return chosen


def _text_of(curves: Array, ring: Array, straight: float, units: int) -> str:
    """Write curves as closed paths, each place by how far it is from the one before."""
    places = np.rint(curves * units).astype(np.int64)
    moves = (places[:, 1:] - places[:, :1]).reshape(-1, 6)
    is_line = _bends(curves) <= straight
    is_first = np.append(True, ring[1:] != ring[:-1])
    is_none = ~moves.any(axis=1)
    # Each number is written once; a sign parts it from the one before, else a blank does.
    largest = int(np.abs(moves).max(initial=0))
    written = [_number(n, units) for n in range(-largest, largest + 1)]
    parted = [text if text.startswith("-") else f" {text}" for text in written]
    text: list[str] = []
    last = ""
    of_curves = (is_first, is_none, is_line, places[:, 0], moves + largest)
    for first, none, line, (x, y), row in zip(*(each.tolist() for each in of_curves), strict=True):
        if first:
            text.append(f"{'z' if text else ''}M{_number(x, units)} {_number(y, units)}")
            last = ""
        if none:
            continue
        letter, (begin, *rest) = ("l", row[4:]) if line else ("c", row)
        text.append(parted[begin] if letter == last else letter + written[begin])
        text += [parted[each] for each in rest]
        last = letter
    return "".join(text) + "z"


def _bends(curves: Array) -> Array:
    """How far the inner control points lie from the line between the ends."""
    along = curves[:, 3] - curves[:, 0]
    away = curves[:, 1:3] - curves[:, :1]
    length = np.sqrt(np.square(along).sum(axis=1))
    across = np.abs(along[:, :1] * away[:, :, 1] - along[:, 1:] * away[:, :, 0]).max(axis=1)
    return np.where(length > 0, across / np.where(length > 0, length, 1.0), np.inf)


def _number(count: int, units: int) -> str:
    """Write a count of units in as few letters as can be.

    Examples
    --------
    >>> _number(-50, 100), _number(120, 10), _number(7, 100)
    ('-.5', '12', '.07')
    """
    sign, (whole, part) = "-" if count < 0 else "", divmod(abs(count), units)
    fraction = f".{part:0{len(str(units)) - 1}d}".rstrip("0") if part else ""
    return f"{sign}{whole or (0 if not part else '')}{fraction}"
