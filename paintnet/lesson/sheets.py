"""Sheets: how networks divide the plane, drawn while they learn.

Each panel has a set of points of two classes, the network's answer at every place, and the decision
line, where it answers neither.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from paintnet.activations import exact_logistic
from paintnet.lesson.boundaries import Boundary
from paintnet.typing import Array

VIEW = 1.25
"""A panel reaches from -VIEW to VIEW, both ways."""

_PAPER = (252, 252, 250)
_INK = (38, 42, 51)
_UNDECIDED = (248, 247, 244)
_REGIONS = ((146, 184, 226), (250, 178, 125))
_POINTS = ((24, 95, 175), (217, 88, 10))
_RING, _RING_OF_THE_WRONG = (255, 255, 255), _INK


def layers_named(layers: Sequence[int]) -> str:
    """Write hidden layers in words.

    Examples
    --------
    >>> layers_named(()), layers_named((4,)), layers_named((16, 16)), layers_named((16, 8))
    ('one neuron', '1 hidden layer of 4', '2 hidden layers of 16', 'hidden layers of 16, 8')
    """
    if not layers:
        return "one neuron"
    if len(set(layers)) > 1:
        return f"hidden layers of {', '.join(map(str, layers))}"
    return f"{len(layers)} hidden layer{'s' if len(layers) > 1 else ''} of {layers[0]}"


def percent(share: float) -> str:
    """Write a share in percent, rounded down: 100 % means all.

    Examples
    --------
    >>> percent(1.0), percent(0.999), percent(0.29)
    ('100 %', '99 %', '29 %')
    """
    return f"{math.floor(share * 100 + 1e-9)} %"


def draw_panel(boundary: Boundary, size: int) -> Array:
    """Draw regions, decision line and points, without a caption.

    A region's color pales where the network is in doubt. Points have a white ring, and a dark
    one where they are on the wrong side.

    Returns
    -------
    uint8 array of shape (size, size, 3)

    Examples
    --------
    >>> draw_panel(Boundary("and", ()), 100).shape
    (100, 100, 3)
    """
    across = (np.arange(size) + 0.5) * (2 * VIEW / size) - VIEW
    x, y = np.meshgrid(across, -across)  # y points upwards, as on paper
    odds = boundary.certainty(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(size, size)
    canvas = _region_colors(exact_logistic(odds))
    _blend(canvas, _line_cover(odds, width=size / 150), _INK)
    few = len(boundary.points.xy) <= 10
    radius = size * (0.03 if few else 0.0115)
    centers = (boundary.points.xy * (1, -1) + VIEW) * (size / (2 * VIEW)) - 0.5
    for center, label, right in zip(centers, boundary.points.classes, boundary.is_right, strict=True):
        _disc(canvas, center, radius + max(1.0, size / 200), _RING if right else _RING_OF_THE_WRONG)
        _disc(canvas, center, radius, _POINTS[label])
    return canvas.round().clip(0, 255).astype(np.uint8)


def _region_colors(chances: Array) -> Array:
    """Mix the color of either class with that of doubt."""
    sure = np.abs(2 * chances - 1)[..., None]
    regions = np.where(chances[..., None] >= 0.5, _REGIONS[1], _REGIONS[0])
    return np.asarray(sure * regions + (1 - sure) * np.array(_UNDECIDED), dtype=np.float64)


def _line_cover(odds: Array, width: float) -> Array:
    """How much of each pixel the line covers where the odds are even.

    The value over its slope is, near the line, the distance from it in pixels. A plane without
    any slope has no line.
    """
    slope = np.hypot(*np.gradient(odds))
    distance = np.divide(np.abs(odds), slope, out=np.full_like(odds, np.inf), where=slope > 1e-9)
    return np.asarray(np.clip((width + 1) / 2 - distance, 0, 1), dtype=np.float64)


def _blend(canvas: Array, cover: Array, color: tuple[int, int, int]) -> None:
    canvas += cover[..., None] * (np.array(color) - canvas)


def _disc(canvas: Array, center: Array, radius: float, color: tuple[int, int, int]) -> None:
    """Lay a smooth-edged disc on the canvas; what lies outside of it is cut off."""
    height, width, _ = canvas.shape
    left, top = (max(0, math.floor(c - radius - 1)) for c in center)
    right = min(width, math.ceil(center[0] + radius + 2))
    bottom = min(height, math.ceil(center[1] + radius + 2))
    x, y = np.meshgrid(np.arange(left, right) - center[0], np.arange(top, bottom) - center[1])
    cover = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    _blend(canvas[top:bottom, left:right], cover, color)


LEGEND = (
    ("class 0", _POINTS[0], _RING),
    ("class 1", _POINTS[1], _RING),
    ("on the wrong side", _PAPER, _RING_OF_THE_WRONG),
)
"""Words below a sheet, each behind a point of a color with a ring of another."""


def sheet_size(rows: int, columns: int, size: int) -> tuple[int, int]:
    """Width and height of a sheet of so many panels; both are even, as films want them.

    Examples
    --------
    >>> sheet_size(1, 2, 100)
    (216, 146)
    """
    letters, gap = _measures(size)
    width = gap + columns * (size + gap)
    height = gap + rows * (_head(letters) + size) + (rows - 1) * (gap // 2)
    height += len(_legend_lines(width, letters)) * _line(letters)
    return width + width % 2, height + height % 2


def draw_sheet(rows: Sequence[Sequence[Boundary]], size: int) -> Array:
    """Draw panels side by side and one below the other, each under its caption, and a legend below all.

    Parameters
    ----------
    rows : sequence of sequences of Boundary
        From top to bottom, from left to right; each row has as many.
    size : int
        Side of a panel in pixels.

    Returns
    -------
    uint8 array of shape (height, width, 3)

    Examples
    --------
    >>> draw_sheet([[Boundary("and", ()), Boundary("and", (4,))]], 100).shape
    (146, 216, 3)
    """
    from PIL import Image, ImageDraw

    letters, gap = _measures(size)
    head = _head(letters)
    sheet = Image.new("RGB", sheet_size(len(rows), len(rows[0]), size), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for down, row in enumerate(rows):
        for across, boundary in enumerate(row):
            left, top = gap + across * (size + gap), gap // 4 + down * (head + size + gap // 2)
            _caption(pen, boundary, (left, top), size, letters)
            sheet.paste(Image.fromarray(draw_panel(boundary, size)), (left, top + head))
    _legend(sheet, gap, letters)
    return np.asarray(sheet)


def _measures(size: int) -> tuple[int, int]:
    """Height of the letters, and the gap between panels."""
    return max(9, size // 18), max(4, size // 18)


def _line(letters: int) -> int:
    """Height of a line of words."""
    return round(1.4 * letters)


def _head(letters: int) -> int:
    """Height of a caption of two lines."""
    return 2 * _line(letters) + letters // 4


def _caption(pen: Any, boundary: Boundary, at: tuple[int, int], width: int, letters: int) -> None:
    """Write the data and the share that is right, and below them the layers."""
    from PIL import ImageFont

    font, (left, top), line = ImageFont.load_default(letters), at, _line(letters)
    layers = layers_named(boundary.layers)
    while font.getlength(layers) > width and len(layers) > 4:  # a long list of layers is cut
        layers = layers.removesuffix("...")[:-1] + "..."
    pen.text((left, top + line // 2), boundary.data, _INK, font, anchor="lm")
    pen.text((left + width, top + line // 2), f"{percent(boundary.accuracy)} right", _INK, font, anchor="rm")
    pen.text((left, top + line + line // 2), layers, _INK, font, anchor="lm")


def _legend_lines(width: int, letters: int) -> list[list[str]]:
    """Which words of the legend stand together on a line."""
    gap, lines, end = _gap_of_legend(letters), list[list[str]](), float("inf")
    for words, _, _ in LEGEND:
        length = _length_in_legend(words, letters)
        if end + length + gap > width:
            lines.append([])
            end = gap
        lines[-1].append(words)
        end += length + gap
    return lines


def _gap_of_legend(letters: int) -> int:
    return letters // 2


def _length_in_legend(words: str, letters: int) -> float:
    """Of the point and the words behind it."""
    from PIL import ImageFont

    return 1.4 * letters + float(ImageFont.load_default(letters).getlength(words))


def _legend(sheet: Any, left: int, letters: int) -> None:
    """Say below the panels what the points and rings mean."""
    from PIL import Image, ImageDraw, ImageFont

    looks = {words: (inner, ring) for words, inner, ring in LEGEND}
    lines, line, radius = _legend_lines(sheet.width, letters), _line(letters), letters * 0.3
    canvas, pieces = np.array(sheet, dtype=np.float64), list[tuple[tuple[float, float], str]]()
    for number, words_of_line in enumerate(lines):
        x, y = float(left), sheet.height - (len(lines) - number) * line + line / 2 - letters // 4
        for words in words_of_line:
            inner, ring = looks[words]
            _disc(canvas, np.array([x + letters / 2, y]), radius + max(1.0, letters / 8), ring)
            _disc(canvas, np.array([x + letters / 2, y]), radius, inner)
            pieces.append(((x + 1.4 * letters, y), words))
            x += _length_in_legend(words, letters) + _gap_of_legend(letters)
    sheet.paste(Image.fromarray(canvas.round().astype(np.uint8)))
    pen = ImageDraw.Draw(sheet)
    for at, words in pieces:
        pen.text(at, words, _INK, ImageFont.load_default(letters), anchor="lm")


def watch(rows: Sequence[Sequence[Boundary]], size: int, *, epochs: int, frames: int) -> Iterator[Array]:
    """Teach the networks and draw the sheet as they learn; ends early once all have learned.

    The epochs between two frames grow, since a network changes most at the start.

    Yields
    ------
    uint8 array of shape (height, width, 3)
        At most ``frames`` sheets; the last shows the networks at their end.
    """
    everyone = [boundary for row in rows for boundary in row]
    for epoch in schedule(epochs, frames):
        for boundary in everyone:
            boundary.learn(epoch)
        yield draw_sheet(rows, size)
        if all(boundary.is_done for boundary in everyone):
            return


def schedule(epochs: int, frames: int) -> list[int]:
    """Choose the epochs that are drawn, the last always among them.

    Examples
    --------
    >>> schedule(1000, 7)
    [1, 29, 112, 251, 445, 695, 1000]
    >>> schedule(3, 7), schedule(1000, 1)
    ([1, 2, 3], [1000])
    """
    if frames == 1:
        return [epochs]
    growing = 1 + (epochs - 1) * np.linspace(0, 1, frames) ** 2
    at_least_one_more = np.arange(1, frames + 1)
    return sorted({int(min(epochs, epoch)) for epoch in np.maximum(growing.round(), at_least_one_more)})
