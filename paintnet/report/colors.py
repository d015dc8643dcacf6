"""Names of colors, and how far apart two colors look."""

import re
from functools import cache

import numpy as np

from paintnet.picture.formats import to_levels
from paintnet.typing import Array

OWN_NAMES = {
    "dark gray": "404040",
    "medium gray": "a9a9a9",
    "dark brown": "46301f",
    "brown": "7a4a24",
    "taupe": "8b7d6b",
    "ochre": "c77d22",
    "dark teal": "004c4c",
    "slate": "4f5b63",
    "cream": "f3ead0",
}
"""What photographs are full of and CSS has no name for, or a name that misleads: its darkgray is
lighter than its gray, and its brown is red."""

LEFT_OUT = {
    "aqua",
    "fuchsia",
    "darkgray",
    "brown",
    "navajowhite",
    "papayawhip",
    "blanchedalmond",
    "burlywood",
}
"""Second names of a color, those that `OWN_NAMES` replaces, and those that say little."""

_MODIFIER = re.compile("(light|dark|medium|pale|deep|hot|dim)(?=.)")
_LAST_WORD = re.compile(
    "(?<=[a-z])(blue|green|red|gray|white|yellow|brown|pink|orange|violet|purple|"
    "blush|chiffon|cream|drab|lace|puff|rose|smoke)$"
)

# D65 as the CIE 1931 observer sees it, and the matrix from linear sRGB to XYZ: IEC 61966-2-1.
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = _TO_XYZ.sum(axis=1)


def lab(rgb: Array) -> Array:
    """Turn sRGB colors into CIELAB: the distance of two is about how different they look.

    Parameters
    ----------
    rgb : array of shape (..., 3)
        Values in [0, 1].

    Returns
    -------
    float64 array of shape (..., 3)
        L* from 0 to 100, a* from green to red, b* from blue to yellow.

    Examples
    --------
    >>> lab(np.array([1.0, 0.0, 0.0])).round(1)
    array([53.2, 80.1, 67.2])
    """
    rgb = np.asarray(rgb, dtype=np.float64)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    ratio = linear @ _TO_XYZ.T / _WHITE
    # CIE 1976 (CIE 15:2004, section 8.2.1): the cube root, and a straight line near black.
    bent = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = np.moveaxis(bent, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def color_name(color: Array) -> str:
    """Plain name of a color: of those of CSS and `OWN_NAMES` the one that looks most like it.

    Parameters
    ----------
    color : array of shape (channels,)
        Grey, RGB or RGBA in [0, 1].

    Examples
    --------
    >>> color_name(np.array([0.9, 0.1, 0.1])), color_name(np.array([0.5]))
    ('red', 'gray')
    """
    if len(color) == 4 and color[3] < 0.5:
        return "transparent"
    names, places = _named_colors()
    distances = np.square(places - lab(np.broadcast_to(color[:3], 3))).sum(axis=1)
    return names[int(distances.argmin())]


def hex_code(color: Array) -> str:
    """Write a color as #rrggbb, or #rrggbbaa where it has alpha.

    Examples
    --------
    >>> hex_code(np.array([0.5])), hex_code(np.array([1.0, 0.5, 0.0, 1.0]))
    ('#808080', '#ff8000ff')
    """
    levels = to_levels(color).tolist()
    return "#" + bytes(levels * 3 if len(levels) == 1 else levels).hex()


def of_code(code: str) -> Array:
    """Turn six hexadecimal digits into RGB in [0, 1]."""
    return np.array(list(bytes.fromhex(code))) / 255


@cache
def _named_colors() -> tuple[list[str], Array]:
    """Names that people use, and the place of each in CIELAB."""
    from PIL import ImageColor

    # Pillow replaces the text of a color by its numbers once somebody has asked for it.
    codes = {
        _spaced(name): bytes(ImageColor.getrgb(name)[:3]).hex()
        for name in list(ImageColor.colormap)
        if "grey" not in name and name not in LEFT_OUT
    } | OWN_NAMES
    return list(codes), lab(np.array([of_code(code) for code in codes.values()]))


def _spaced(name: str) -> str:
    """Write a name of CSS as words: darkolivegreen is dark olive green."""
    return _LAST_WORD.sub(r" \1", _MODIFIER.sub(r"\1 ", name)).replace("  ", " ")
