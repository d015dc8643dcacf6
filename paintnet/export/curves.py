"""Few smooth curves through many points: cubic Beziers as near to an outline as is asked for.

P. J. Schneider 1990, "An algorithm for automatically fitting digitized curves" (Graphics Gems, 612-626): one
cubic by least squares, its points' parameters improved by Newton's method, and where it stays too far
away, two cubics that meet at the worst point with one tangent.
"""

from typing import NamedTuple

import numpy as np

from paintnet.typing import Array

ROUNDS = 2
"""Improvements of the parameters, where a curve is nearly good enough."""

HOPELESS = 6.0
"""Times the tolerance beyond which no improvement of the parameters helps."""

REACH = 1
"""Points to each side from which the direction of an outline is taken."""


class _Span(NamedTuple):
    """Points from one number to another, both included, and the directions at the two ends, inwards."""

    first: int
    last: int
    start: Array
    end: Array


def fit_curves(points: Array, tolerance: float, *, is_closed: bool = False) -> Array:
    """Fit cubic Bezier curves through points.

    Parameters
    ----------
    points : float64 array of shape (n, 2)
        Two or more, in order; none equal to the one before it.
    tolerance : float
        How far a point may lie from the curve.
    is_closed : bool, default=False
        Whether the last point is the first one again, and the curve smooth there.

    Returns
    -------
    float64 array of shape (curves, 4, 2)
        Control points; each curve begins where the one before ends.

    Examples
    --------
    >>> angle = np.linspace(0, np.pi / 2, 50)
    >>> quarter = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    >>> fit_curves(quarter, 0.001)[0].round(2)
    array([[1.  , 0.  ],
           [1.  , 0.55],
           [0.55, 1.  ],
           [0.  , 1.  ]])
    """
    last = len(points) - 1
    if is_closed:
        start = _unit(points[min(REACH, last)] - points[max(last - REACH, 0)])
        waiting = [_Span(0, last, start, -start)]
    else:
        waiting = [_Span(0, last, _outwards(points[:3]), _outwards(points[: -4 if last > 2 else None : -1]))]
    curves = []
    while waiting:
        span = waiting.pop()
        curve, worst = _fit(points[span.first : span.last + 1], span, tolerance)
        if worst is None:
            curves.append(curve)
            continue
        middle = span.first + worst
        before, after = max(middle - REACH, span.first), min(middle + REACH, span.last)
        along = _unit(points[after] - points[before])
        waiting += [_Span(middle, span.last, along, span.end), _Span(span.first, middle, span.start, -along)]
    return np.array(curves)


def _fit(part: Array, span: _Span, tolerance: float) -> tuple[Array, int | None]:
    """Fit one curve; also the number of the point where to split it, or None where it is near enough."""
    lengths = _lengths(np.diff(part, axis=0))
    length = float(lengths.sum())
    if len(part) == 2:
        arms = length / 3 * span.start, length / 3 * span.end
        return np.array([part[0], part[0] + arms[0], part[1] + arms[1], part[1]]), None
    t = np.concatenate([[0.0], lengths.cumsum() / length])
    for attempt in range(ROUNDS + 1):
        powers = _bernstein(t)
        curve = _least_squares(part, powers, span, length)
        apart = powers @ curve - part
        distances = _lengths(apart)
        worst = int(distances[1:-1].argmax()) + 1
        if distances[worst] <= tolerance:
            return curve, None
        if attempt == ROUNDS or distances[worst] > HOPELESS * tolerance:
            break
        t = _nearer(curve, t, apart)
    return curve, worst


def _least_squares(part: Array, powers: Array, span: _Span, length: float) -> Array:
    """Find how far the inner control points lie along the directions of the ends."""
    first, last = part[0], part[-1]
    near, far = powers[:, :2].sum(axis=1), powers[:, 2:].sum(axis=1)
    rest = part - near[:, None] * first - far[:, None] * last
    b1, b2 = powers[:, 1], powers[:, 2]
    one, two = b1 @ b1, b2 @ b2
    both = (b1 @ b2) * (span.start @ span.end)
    right = b1 @ (rest @ span.start), b2 @ (rest @ span.end)
    determinant = one * two - both * both
    long = length / 3, length / 3
    if determinant > 1e-9 * one * two:
        found = (
            (right[0] * two - right[1] * both) / determinant,
            (right[1] * one - right[0] * both) / determinant,
        )
        # An arm that is nearly none, or longer than the curve, would make a loop or a cusp.
        if 1e-3 * length < min(found) and max(found) < length:
            long = found
    return np.array([first, first + long[0] * span.start, last + long[1] * span.end, last])


def _bernstein(t: Array) -> Array:
    """Weights (n, 4) of the control points."""
    u = 1 - t
    return np.stack([u * u * u, 3 * t * u * u, 3 * t * t * u, t * t * t], axis=1)


def _nearer(curve: Array, t: Array, apart: Array) -> Array:
    """Move each parameter towards the place of the curve that is nearest to its point."""
    first = 3 * np.diff(curve, axis=0)
    second = 2 * np.diff(first, axis=0)
    u = 1 - t
    speed = np.stack([u * u, 2 * t * u, t * t], axis=1) @ first
    change = np.stack([u, t], axis=1) @ second
    slope = (speed * speed + apart * change).sum(axis=1)
    step = (apart * speed).sum(axis=1) / np.where(np.abs(slope) > 1e-12, slope, np.inf)
    return np.asarray(np.maximum.accumulate(np.clip(t - step, 0, 1)))


def _outwards(points: Array) -> Array:
    """Direction at the first of two or three points, of the parabola through them."""
    if len(points) == 2:
        return _unit(points[1] - points[0])
    steps = np.diff(points, axis=0)
    lengths = _lengths(steps)
    one, two = steps / lengths[:, None]
    return _unit(one + (one - two) * (lengths[0] / lengths.sum()))


def _lengths(vectors: Array) -> Array:
    return np.asarray(np.sqrt(np.square(vectors).sum(axis=1)))


def _unit(vector: Array) -> Array:
    length = float(np.sqrt(vector @ vector))
    return vector / length if length > 0 else np.array([1.0, 0.0])
