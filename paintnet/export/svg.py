"""The regions of a painting of classes as filled paths, smooth at any size.

A class is drawn where it is more probable than every class below it, whatever lies above: so each
boundary is the edge of one path only, and what lies below reaches under it. Two paths that share an
edge would let what is behind them shine through.
"""

import html
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from paintnet.errors import SettingsError, value_text
from paintnet.export.outlines import areas_of, path_text
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

SHARE = 1 / 4000
"""How far it may be moved where that is more: of the picture's longer side, less than a screen shows."""

SPECK = 1 / 200_000
"""Of the picture's area, below which a region is left out: half a millimeter square on a page of A4."""

TINY = 0.3
"""Of a distance of points: nearer neighbors of an outline tell nothing of its direction."""

SURE = 60.0
"""Logarithm of how many times as probable another class is, where float32 nears its end."""


def svg_of(
    painting: Painting,
    name: str = "painting",
    *,
    specks: float | None = None,
    note: Callable[[str], object] = lambda text: None,
) -> bytes:
    """Write the regions of a painting of classes as an SVG.

    Parameters
    ----------
    painting : Painting
        Of mode classify, of any number of patches.
    name : str
        Its title.
    specks : float, optional
        Regions of fewer pixels, and holes, are left out; by default those of less than `SPECK`.
    note : callable
        Is told how many those are.

    Returns
    -------
    bytes
        UTF-8; one path for each class that is painted, in the palette's colors.

    Raises
    ------
    SettingsError
        If the painting is of mode regress, the extra `svg` is not installed, or `specks` is no area.

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
    least = SPECK * width * height if specks is None else specks
    if not 0 <= least < np.inf:
        raise SettingsError("specks", f"must be an area, not {value_text(specks)}", "give 0 or more pixels")
    regions = list(_regions(painting, least))
    n_specks = sum(region.n_specks for region in regions)
    if n_specks:
        note(f"{n_specks:,} specks of less than {least:.3g} pixels are left out")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" fill-rule="evenodd">',
        f"<title>{html.escape(printable(name))}</title>",
    ]
    for number, path, _ in regions:
        if not path:
            continue
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


class _Region(NamedTuple):
    """What one class covers: its number, the text of its path, and how many specks that leaves out."""

    number: int
    path: str
    n_specks: int = 0


def _regions(painting: Painting, specks: float) -> Iterator[_Region]:
    """Give each class that is seen, from the lowest to the highest."""
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
            yield _Region(number, f"M0 0h{width}v{height}H0z")
            continue
        lead = chances[number] - chances[others].max(axis=0)
        above = order[place + 1 :] if is_stacked else []
        cover = chances[above].max(axis=0, initial=-SURE) - chances[number]
        yield _Region(number, *_outlines(lead, cover, xs, ys, specks))


def _chances(painting: Painting, xs: Array, ys: Array) -> Array:
    """Logarithms of probabilities (classes, rows, columns), beside that of the most probable class."""
    rows = []
    for y in ys:
        xy = np.stack([xs, np.full_like(xs, y)], axis=1) - 0.5
        chances = np.log(np.maximum(painting.predict_proba(xy), np.finfo(np.float32).tiny))
        rows.append(np.maximum(chances - chances.max(axis=1, keepdims=True), -SURE).astype(np.float32).T)
    return np.stack(rows, axis=1)


def _outlines(lead: Array, cover: Array, xs: Array, ys: Array, specks: float) -> tuple[str, int]:
    """Outline where a field is above 0, but not what lies wholly under what covers it; count the specks."""
    from contourpy import FillType, contour_generator

    # Where two classes are both out of the question, neither leads.
    lead = np.where(lead == 0, np.float32(-1e-6), lead)
    generator = contour_generator(xs, ys, lead, fill_type=FillType.ChunkCombinedOffset)
    filled: Any = generator.filled(0, np.inf)  # of one chunk
    (points,), (offsets,) = filled
    if points is None:
        return "", 0
    offsets = offsets.astype(np.int64)
    begins = offsets[:-1]
    steps = np.array([xs[1] - xs[0], ys[1] - ys[0]])
    tolerance = max(TOLERANCE * max(1.0, steps.max()), SHARE * max(xs[-1], ys[-1]))
    is_hidden = np.minimum(cover[1:], cover[:-1]) > 0
    is_hidden = is_hidden[:, 1:] & is_hidden[:, :-1]
    cells = np.minimum((points / steps).astype(np.int64), np.array(is_hidden.shape[::-1]) - 1)
    is_seen = ~np.logical_and.reduceat(is_hidden[cells[:, 1], cells[:, 0]], begins)
    sides = np.maximum.reduceat(points, begins) - np.minimum.reduceat(points, begins)
    is_seen &= sides.max(axis=1) > 2 * tolerance
    is_speck = is_seen & (areas_of(points, offsets) < specks)
    kept = is_seen & ~is_speck
    frame = np.array([[xs[0], ys[0]], [xs[-1], ys[-1]]])
    sizes = np.diff(offsets)
    chosen = np.concatenate([[0], sizes[kept].cumsum()])
    text = path_text(points[kept.repeat(sizes)], chosen, frame, tolerance, TINY * steps.max())
    return text, int(is_speck.sum())
