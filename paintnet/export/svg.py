"""The regions of a painting of classes as filled paths, smooth at any size.

A class is drawn where it is more probable than every class below it, whatever lies above: so each
boundary is the edge of one path only, and what lies below reaches under it. Two paths that share an
edge would let what is behind them shine through.
"""

import html
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise

import numpy as np

from paintnet.errors import SettingsError
from paintnet.export.curves import fit_curves
from paintnet.extras import pip_line
from paintnet.files.names import printable
from paintnet.painting import Painting
from paintnet.picture.formats import to_levels
from paintnet.typing import Array

POINTS_PER_PIXEL = 3
"""Along a side of a pixel, at which the classes' probabilities are asked for."""

MOST_POINTS = 3_000_000
"""In all: of pictures of more than a third of a megapixel there are fewer to a pixel."""

TOLERANCE = 0.08
"""How far an outline may be moved: in pixels of the picture, or in distances of points if larger."""

TINY = 0.3
"""Of a distance of points: nearer neighbors of an outline tell nothing of its direction."""

SURE = 60.0
"""Logarithm of how many times as probable another class is, where float32 nears its end."""

UNITS = 100
"""To a pixel, in which places are written."""


def svg_of(painting: Painting, name: str = "painting") -> bytes:
    """Write the regions of a painting of classes as an SVG.

    Parameters
    ----------
    painting : Painting
        Of mode classify, of any number of patches.
    name : str
        Its title.

    Returns
    -------
    bytes
        UTF-8; one path for each class that is painted, in the palette's colors.

    Raises
    ------
    SettingsError
        If the painting is of mode regress, or the extra `svg` is not installed.

    Examples
    --------
    >>> import paintnet
    >>> painting = paintnet.fit("sample:bird", mode="classify", preset="draft", epochs=3)
    >>> svg_of(painting, "bird").startswith(b'<svg xmlns="http://www.w3.org/2000/svg"')
    True
    """
    if painting.palette is None:
        why = "a painting of mode regress has no regions"
        raise SettingsError("painting", why, "train it with mode classify, or export it as .html")
    if find_spec("contourpy") is None:
        why = "outlines need contourpy, which is not installed"
        raise SettingsError("svg", why, f"install it with {pip_line('svg')}")
    width, height = painting.width, painting.height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" fill-rule="evenodd">',
        f"<title>{html.escape(printable(name))}</title>",
    ]
    for number, path in _paths(painting):
        red, green, blue, alpha = _color(painting.palette[number])
        opacity = "" if alpha == 255 else f' fill-opacity="{alpha / 255:.3f}"'
        color = f"#{red:02x}{green:02x}{blue:02x}"
        parts.append(f'<path id="class-{number}" fill="{color}"{opacity} d="{path}"/>')
    return "\n".join([*parts, "</svg>", ""]).encode()


def _color(color: Array) -> tuple[int, int, int, int]:
    levels = to_levels(np.asarray(color, np.float32)[None, None])[0, 0].tolist()
    if len(levels) == 1:
        levels *= 3
    red, green, blue, alpha = (*levels, 255)[:4]
    return red, green, blue, alpha


def _paths(painting: Painting) -> Iterator[tuple[int, str]]:
    """Number and outline of each class that is seen, from the lowest to the highest."""
    assert painting.palette is not None  # noqa: S101 - callers have checked; told to mypy
    width, height = painting.width, painting.height
    finest = min(POINTS_PER_PIXEL, (MOST_POINTS / (width * height)) ** 0.5)
    xs, ys = (np.linspace(0, side, max(2, int(np.ceil(side * finest)) + 1)) for side in (width, height))
    chances = _chances(painting, xs, ys)
    shares = np.bincount(chances.argmax(axis=0).ravel(), minlength=len(chances))
    order = [int(k) for k in np.argsort(-shares, kind="stable") if shares[k]]
    # What lies below would shine through colors that are not opaque.
    is_stacked = painting.channels < 4 or bool((painting.palette[order][:, 3] == 1).all())
    for place, number in enumerate(order):
        if painting.channels == 4 and painting.palette[number][3] == 0:
            continue
        others = order[:place] if is_stacked else [k for k in order if k != number]
        if not others:
            yield number, f"M0 0h{width}v{height}H0z"
            continue
        lead = chances[number] - chances[others].max(axis=0)
        above = order[place + 1 :] if is_stacked else []
        cover = chances[above].max(axis=0, initial=-SURE) - chances[number]
        path = "".join(_outlines(lead, cover, xs, ys))
        if path:
            yield number, path


def _chances(painting: Painting, xs: Array, ys: Array) -> Array:
    """Logarithms of probabilities (classes, rows, columns), beside that of the most probable class."""
    rows = []
    for y in ys:
        xy = np.stack([xs, np.full_like(xs, y)], axis=1) - 0.5
        chances = np.log(np.maximum(painting.predict_proba(xy), np.finfo(np.float32).tiny))
        rows.append(np.maximum(chances - chances.max(axis=1, keepdims=True), -SURE).astype(np.float32).T)
    return np.stack(rows, axis=1)


def _outlines(lead: Array, cover: Array, xs: Array, ys: Array) -> Iterator[str]:
    """Outlines of where a field is above 0, but for those that lie wholly where what covers it is."""
    from contourpy import FillType, contour_generator

    # Where two classes are both out of the question, neither leads.
    lead = np.where(lead == 0, np.float32(-1e-6), lead)
    generator = contour_generator(xs, ys, lead, fill_type=FillType.OuterOffset)
    frame = np.array([[xs[0], ys[0]], [xs[-1], ys[-1]]])
    steps = np.array([xs[1] - xs[0], ys[1] - ys[0]])
    tolerance, tiny = TOLERANCE * max(1.0, steps.max()), TINY * steps.max()
    is_hidden = np.minimum(cover[1:], cover[:-1]) > 0
    is_hidden = is_hidden[:, 1:] & is_hidden[:, :-1]
    for points, ends in zip(*generator.filled(0, np.inf), strict=True):
        cells = np.minimum((points / steps).astype(np.int64), np.array(is_hidden.shape[::-1]) - 1)
        hidden = is_hidden[cells[:, 1], cells[:, 0]]
        for first, end in pairwise(ends):
            ring = points[first:end]
            if np.ptp(ring, axis=0).max() > 2 * tolerance and not hidden[first:end].all():
                yield _outline(ring, frame, tolerance, tiny)


def _outline(ring: Array, frame: Array, tolerance: float, tiny: float) -> str:
    """One closed outline as the text of a path: straight along the picture's frame, else curves."""
    ring = ring[:-1]  # the first point is there again
    on_side = np.concatenate([ring == frame[0], ring == frame[1]], axis=1) @ np.array([1, 2, 4, 8])
    side = on_side & np.roll(on_side, -1)  # of the way from each point to the next
    corners = np.flatnonzero(side != np.roll(side, 1))
    curves = []
    if not len(corners):
        closed = np.concatenate([ring, ring[:1]])
        curves.append(fit_curves(_apart(closed, tiny), tolerance, is_closed=True))
    for first, end in zip(corners, np.roll(corners, -1), strict=True):
        points = ring[np.arange(first, end + 1 if end > first else end + len(ring) + 1) % len(ring)]
        if side[first]:
            points = points[[0, -1]]
        curves.append(fit_curves(_apart(points, tiny), tolerance))
    return _text_of(np.concatenate(curves), tolerance / 10)


def _apart(points: Array, least: float) -> Array:
    """Leave out points that lie next to the one before; the ends stay."""
    gaps = np.sqrt(np.square(np.diff(points, axis=0)).sum(axis=1)).tolist()
    kept = [0]
    gone = 0.0
    for number, gap in enumerate(gaps[:-1], start=1):
        gone += gap
        if gone >= least:
            kept.append(number)
            gone = 0.0
    if gone + gaps[-1] < least and len(kept) > 1:
        kept.pop()
    return points[[*kept, len(points) - 1]]


def _text_of(curves: Array, straight: float) -> str:
    """Write curves as a closed path, each place by how far it is from the one before."""
    places = np.rint(curves * UNITS).astype(np.int64)
    text = [f"M{_number(places[0, 0, 0])} {_number(places[0, 0, 1])}"]
    last = ""
    for curve, whole in zip(curves, places, strict=True):
        moves = whole[1:] - whole[0]
        if not moves.any():
            continue
        letter = "l" if _bend(curve) <= straight else "c"
        numbers = moves[-1] if letter == "l" else moves.ravel()
        written = "".join((" " if n >= 0 else "") + _number(n) for n in numbers)
        text.append(written if letter == last else letter + written.lstrip())
        last = letter
    return "".join(text) + "z"


def _bend(curve: Array) -> float:
    """How far the inner control points lie from the line between the ends."""
    along = curve[3] - curve[0]
    away = curve[1:3] - curve[0]
    length = float(np.linalg.norm(along))
    return (
        float(np.abs(along[0] * away[:, 1] - along[1] * away[:, 0]).max() / length) if length > 0 else np.inf
    )


def _number(hundredths: int) -> str:
    """Write hundredths in as few letters as can be."""
    sign, (whole, part) = "-" if hundredths < 0 else "", divmod(abs(int(hundredths)), UNITS)
    fraction = f".{part:02d}".rstrip("0") if part else ""
    return f"{sign}{whole or (0 if not part else '')}{fraction}"
