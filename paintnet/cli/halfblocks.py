"""Pictures as text: each character cell of a terminal shows two pixels, one above the other.

The upper half block is drawn in the color of the upper pixel on a ground in
that of the lower one, so pixels are about square: a cell is twice as high as
wide. Nothing here writes; it all ends in lines of text.
"""

from typing import Any

import numpy as np

from paintnet.cli.terminal import RESET, Depth
from paintnet.painting import Painting
from paintnet.picture import premultiply
from paintnet.typing import Array

UPPER_HALF = "\N{UPPER HALF BLOCK}"

CHECKERS = (153, 102)
"""Two greys that show through transparent pixels, in squares."""

CHECKER_SIDE = 4
_CUBE = np.array([0, 95, 135, 175, 215, 255])
"""Levels of the 6 x 6 x 6 colors from number 16; numbers 0 to 15 are what each user made them."""


def picture_lines(picture: Any, room: tuple[int, int], depth: Depth, *, enlarge: bool) -> list[str]:
    """Lines that show a painting, or an array of pixels, in so many columns and rows."""
    if not isinstance(picture, Painting):
        height, width = picture.shape[:2]
        size = fitting_size((width, height), *room, enlarge=enlarge)
        return half_blocks(small_levels(picture, size), depth)
    width, height = fitting_size((picture.width, picture.height), *room, enlarge=enlarge)
    # Four points for each pixel: one alone would meet or miss fine detail by chance.
    return half_blocks(small_levels(picture.render((2 * width, 2 * height)), (width, height)), depth)


def fitting_size(
    picture: tuple[int, int], columns: int, rows: int, *, enlarge: bool = False
) -> tuple[int, int]:
    """Width and height in pixels of a picture that is to fit into so many cells.

    Parameters
    ----------
    picture : (width, height)
        Its own size; the ratio is kept.
    columns, rows : int
        Cells there are; each row shows two pixels.
    enlarge : bool, default=False
        Whether a small picture is made larger.

    Examples
    --------
    >>> fitting_size((100, 100), 80, 24)
    (48, 48)
    >>> fitting_size((16, 12), 80, 24), fitting_size((16, 12), 80, 24, enlarge=True)
    ((16, 12), (64, 48))
    """
    width, height = picture
    scale = min(columns / width, 2 * rows / height)
    if not enlarge:
        scale = min(1.0, scale)
    return max(1, min(columns, round(width * scale))), max(1, min(2 * rows, round(height * scale)))


def small_levels(pixels: Array, size: tuple[int, int]) -> Array:
    """Resize a picture by averaging areas, and lay transparency over checkers.

    Parameters
    ----------
    pixels : float array of shape (height, width, channels)
        1, 3 or 4 channels in [0, 1], straight alpha.
    size : (width, height)

    Returns
    -------
    uint8 array of shape (height, width, 3)

    Examples
    --------
    >>> rows = np.array([[0.0, 1.0], [1.0, 0.0]], np.float32)[..., None]
    >>> small_levels(rows, (1, 1)).tolist()
    [[[128, 128, 128]]]
    """
    weighted = premultiply(pixels)
    height, width, channels = weighted.shape
    low = _shares(height, size[1]) @ weighted.reshape(height, -1)
    small = _shares(width, size[0]) @ low.reshape(size[1], width, channels)
    levels = small[..., :3] * 255
    if small.shape[-1] == 4:
        levels = levels + (1 - small[..., 3:]) * _checkers(size)
    levels = levels.round().clip(0, 255).astype(np.uint8)
    return np.repeat(levels, 3, axis=-1) if levels.shape[-1] == 1 else levels


def _shares(many: int, few: int) -> Array:
    """How much of each new pixel comes from each old one, along one side: the overlap of their areas."""
    edges = np.arange(few + 1) * (many / few)
    old = np.arange(many)
    overlap = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)
    return np.asarray(overlap.clip(0) * (few / many), dtype=np.float32)


def _checkers(size: tuple[int, int]) -> Array:
    width, height = size
    down, across = np.indices((height, width)) // CHECKER_SIDE
    return np.where((down + across) % 2, CHECKERS[1], CHECKERS[0])[..., None]


def half_blocks(levels: Array, depth: Depth) -> list[str]:
    r"""Turn pixels into lines of text with codes for their colors.

    Parameters
    ----------
    levels : uint8 array of shape (height, width, 3)
    depth : {"truecolor", "256"}
        All colors, or the nearest of the 240 that do not depend on a user's taste.

    Returns
    -------
    list of str
        One for each two rows of pixels; colors are set back at the end of each. The lower half
        of an odd last row is left to the terminal's background.

    Examples
    --------
    >>> red_over_blue = np.array([[[255, 0, 0]], [[0, 0, 255]]], np.uint8)
    >>> half_blocks(red_over_blue, "truecolor")
    ['\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[0m']
    >>> half_blocks(red_over_blue, "256")
    ['\x1b[38;5;196;48;5;21m▀\x1b[0m']
    """
    names = _names(levels, depth)
    lines = []
    for top in range(0, len(names), 2):
        lower = names[top + 1] if top + 1 < len(names) else [""] * len(names[top])
        lines.append(_line(names[top], lower))
    return lines


def _line(upper: list[str], lower: list[str]) -> str:
    """Write one line; a code only where a color changes."""
    text = []
    front = back = ""
    for above, below in zip(upper, lower, strict=True):
        codes = [f"38;{above}"] if above != front else []
        if below != back:
            codes.append(f"48;{below}")
        if codes:
            text.append(f"\x1b[{';'.join(codes)}m")
        text.append(UPPER_HALF)
        front, back = above, below
    return "".join(text) + RESET


def _names(levels: Array, depth: Depth) -> list[list[str]]:
    """What follows 38; or 48; in the code of each pixel."""
    if depth == "256":
        return [[f"5;{number}" for number in row] for row in nearest_of_256(levels).tolist()]
    return [[f"2;{r};{g};{b}" for r, g, b in row] for row in levels.tolist()]


def nearest_of_256(levels: Array) -> Array:
    """Number of the nearest color, from 16: of the color cube, or of the 24 greys.

    Parameters
    ----------
    levels : uint8 array of shape (..., 3)

    Returns
    -------
    int array of shape (...)

    Examples
    --------
    >>> nearest_of_256(np.array([[0, 0, 0], [95, 135, 175], [10, 8, 8], [255, 255, 255]]))
    array([ 16,  67, 232, 231])
    """
    exact = levels.astype(np.int64)
    sixths = np.abs(exact[..., None] - _CUBE).argmin(axis=-1)
    of_cube = 16 + sixths @ np.array([36, 6, 1])
    shade = np.rint((exact.mean(axis=-1) - 8) / 10).clip(0, 23).astype(np.int64)
    miss_of_cube = ((exact - _CUBE[sixths]) ** 2).sum(axis=-1)
    miss_of_grey = ((exact - (8 + 10 * shade)[..., None]) ** 2).sum(axis=-1)
    return np.asarray(np.where(miss_of_grey < miss_of_cube, 232 + shade, of_cube))
