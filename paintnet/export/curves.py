"""Few smooth curves through many points: cubic Beziers as near to outlines as is asked for.

P. J. Schneider 1990, "An algorithm for automatically fitting digitized curves" (Graphics Gems, 612-626): one
cubic by least squares, its points' parameters improved by Newton's method, and where it stays too far
away, two cubics that meet at the worst point with one tangent. All that wait are fitted at once: a
photograph has a hundred thousand curves of a few points each.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from paintnet.typing import Array

ROUNDS = 2
"""Improvements of the parameters, where a curve is nearly good enough."""

HOPELESS = 6.0
"""Times the tolerance beyond which no improvement of the parameters helps."""


@dataclass(frozen=True)
class _Spans:
    """Stretches of points, each from one number to another, both included.

    `start` and `end` are directions at their ends, inwards.
    """

    first: Array
    last: Array
    start: Array
    end: Array

    def __getitem__(self, chosen: Array) -> Self:
        return type(self)(self.first[chosen], self.last[chosen], self.start[chosen], self.end[chosen])


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
    return fit_pieces(points, np.array([0]), np.array([is_closed]), tolerance)[0]


def fit_pieces(points: Array, firsts: Array, is_closed: Array, tolerance: float) -> tuple[Array, Array]:
    """Fit curves through many pieces at once, each as `fit_curves` does it.

    Parameters
    ----------
    points : float64 array of shape (n, 2)
        Of all pieces, one after the other.
    firsts : int array of shape (pieces,)
        The number of each piece's first point.
    is_closed : bool array of shape (pieces,)
        Whether a piece is a ring.
    tolerance : float
        How far a point may lie from its curve.

    Returns
    -------
    curves : float64 array of shape (curves, 4, 2)
        Of all pieces in their order.
    piece : int array of shape (curves,)
        The number of the piece of each curve.
    """
    lasts = np.append(firsts[1:], len(points)) - 1
    spans = _whole(points, firsts, lasts, is_closed)
    # Along all points: a piece's own length begins where its first point is.
    along = np.concatenate([[0.0], _lengths(np.diff(points, axis=0)).cumsum()])
    found, numbers = [], []
    while len(spans.first):
        curves, worst = _fit(points, along, spans, tolerance)
        is_near = worst < 0
        found.append(curves[is_near])
        numbers.append(spans.first[is_near])
        spans = _halves(points, spans[~is_near], worst[~is_near])
    number = np.concatenate(numbers)
    order = number.argsort()
    return np.concatenate(found)[order], np.searchsorted(firsts, number[order], side="right") - 1


def _whole(points: Array, firsts: Array, lasts: Array, is_closed: Array) -> _Spans:
    """Give pieces as spans; an end's direction is that of a parabola, and a ring's that of its neighbors."""
    second, third = np.minimum(firsts + 1, lasts), np.minimum(firsts + 2, lasts)
    start = _outwards(points[firsts], points[second], points[third])
    second, third = np.maximum(lasts - 1, firsts), np.maximum(lasts - 2, firsts)
    end = _outwards(points[lasts], points[second], points[third])
    around = _units(points[np.minimum(firsts + 1, lasts)] - points[np.maximum(lasts - 1, firsts)])
    ring = np.asarray(is_closed)[:, None]
    return _Spans(firsts, lasts, np.where(ring, around, start), np.where(ring, -around, end))


def _halves(points: Array, spans: _Spans, worst: Array) -> _Spans:
    """Split each span at its worst point, where both halves have one tangent."""
    tangents = _units(points[worst + 1] - points[worst - 1])
    return _Spans(
        np.concatenate([spans.first, worst]),
        np.concatenate([worst, spans.last]),
        np.concatenate([spans.start, tangents]),
        np.concatenate([-tangents, spans.end]),
    )


def _fit(points: Array, along: Array, spans: _Spans, tolerance: float) -> tuple[Array, Array]:
    """Fit a curve to each span; also the number of the point where to split it, -1 if it is near."""
    length = along[spans.last] - along[spans.first]
    third = (length / 3)[:, None]
    ends = points[spans.first], points[spans.last]
    curves = np.stack([ends[0], ends[0] + third * spans.start, ends[1] + third * spans.end, ends[1]], axis=1)
    worst = np.full(len(length), -1)
    waiting = np.flatnonzero(spans.last - spans.first > 1)
    t = None
    for attempt in range(ROUNDS + 1):
        if not len(waiting):
            break
        part = spans[waiting]
        counts = part.last - part.first + 1
        begins = counts.cumsum() - counts
        place = np.arange(counts.sum()) + (part.first - begins).repeat(counts)
        if t is None:
            t = (along[place] - along[part.first].repeat(counts)) / length[waiting].repeat(counts)
        powers = _bernstein(t)
        fitted = _least_squares(points[place], powers, part, length[waiting], begins)
        apart = _evaluated(powers, fitted, counts) - points[place]
        distances = np.square(apart).sum(axis=1)
        distances[begins] = distances[begins + counts - 1] = -1.0
        farthest = np.maximum.reduceat(distances, begins)
        curves[waiting] = fitted
        at = np.flatnonzero(distances == farthest.repeat(counts))
        owner = np.searchsorted(begins, at, side="right") - 1
        worst[waiting[owner[::-1]]] = place[at[::-1]]  # the first of equals is written last
        worst[waiting[farthest <= tolerance**2]] = -1
        is_worth = (farthest > tolerance**2) & (farthest <= (HOPELESS * tolerance) ** 2)
        if attempt < ROUNDS:
            chosen = is_worth.repeat(counts)
            t = _nearer(fitted[is_worth], t[chosen], apart[chosen], counts[is_worth])
            waiting = waiting[is_worth]
    return curves, worst


def _least_squares(
    part: Array, powers: tuple[Array, ...], spans: _Spans, length: Array, begins: Array
) -> Array:
    """Find how far the inner control points lie along the directions of the ends, for each span."""
    counts = spans.last - spans.first + 1
    first, last = part[begins], part[begins + counts - 1]
    near = (powers[0] + powers[1])[:, None]
    rest = part - near * first.repeat(counts, axis=0) - (1 - near) * last.repeat(counts, axis=0)
    b1, b2 = powers[1], powers[2]
    columns = np.stack([b1 * b1, b2 * b2, b1 * b2, *(b1 * rest.T), *(b2 * rest.T)])
    one, two, both, x1, y1, x2, y2 = np.add.reduceat(columns, begins, axis=1)
    both = both * (spans.start * spans.end).sum(axis=1)
    right = x1 * spans.start[:, 0] + y1 * spans.start[:, 1], x2 * spans.end[:, 0] + y2 * spans.end[:, 1]
    determinant = one * two - both * both
    is_sound = determinant > 1e-9 * one * two
    safe = np.where(is_sound, determinant, 1.0)
    arms = np.stack([right[0] * two - right[1] * both, right[1] * one - right[0] * both]) / safe
    # An arm that is nearly none, or longer than the curve, would make a loop or a cusp.
    is_sound &= (arms.min(axis=0) > 1e-3 * length) & (arms.max(axis=0) < length)
    arms = np.where(is_sound, arms, length / 3)[:, :, None]
    return np.stack([first, first + arms[0] * spans.start, last + arms[1] * spans.end, last], axis=1)


def _bernstein(t: Array) -> tuple[Array, ...]:
    """Weights of the four control points."""
    u = 1 - t
    return u * u * u, 3 * t * u * u, 3 * t * t * u, t * t * t


def _evaluated(weights: tuple[Array, ...], vectors: Array, counts: Array) -> Array:
    """Sum the vectors (spans, n, 2) of each point's span by its weights."""
    total = np.zeros((len(weights[0]), 2))
    for number, weight in enumerate(weights):
        total += weight[:, None] * vectors[:, number].repeat(counts, axis=0)
    return total


def _nearer(curves: Array, t: Array, apart: Array, counts: Array) -> Array:
    """Move each parameter towards the place of its curve that is nearest to its point."""
    first = 3 * np.diff(curves, axis=1)
    second = 2 * np.diff(first, axis=1)
    u = 1 - t
    speed = _evaluated((u * u, 2 * t * u, t * t), first, counts)
    change = _evaluated((u, t), second, counts)
    slope = (speed * speed + apart * change).sum(axis=1)
    step = (apart * speed).sum(axis=1) / np.where(np.abs(slope) > 1e-12, slope, np.inf)
    # They stay in order; those of the next span are all larger.
    base = 2.0 * np.arange(len(counts)).repeat(counts)
    return np.asarray(np.maximum.accumulate(np.clip(t - step, 0, 1) + base) - base)


def _outwards(first: Array, second: Array, third: Array) -> Array:
    """Direction at the first of three points, of the parabola through them; of two, the line."""
    one, two = second - first, third - second
    lengths = _lengths(one), _lengths(two)
    line = _units(one)
    bend = (line - _units(two)) * (lengths[0] / np.maximum(lengths[0] + lengths[1], 1e-300))[:, None]
    return _units(line + np.where((lengths[1] > 0)[:, None], bend, 0.0))


def _lengths(vectors: Array) -> Array:
    return np.asarray(np.sqrt(np.square(vectors).sum(axis=1)))


def _units(vectors: Array) -> Array:
    lengths = _lengths(vectors)[:, None]
    return np.where(lengths > 0, vectors / np.where(lengths > 0, lengths, 1.0), np.array([1.0, 0.0]))
