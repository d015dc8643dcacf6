"""Maps over a picture: where the painting is wrong, where its classes meet and how sure they are."""

from dataclasses import dataclass

import numpy as np

from paintnet.metrics import BAND_ROWS
from paintnet.painting import CHUNK, Painting
from paintnet.picture import premultiply, shrink
from paintnet.typing import Array, Levels

MAX_PIXELS = 1_000_000
MAX_SIDE = 1600
"""Of a map: the maps of a larger picture are made smaller."""

FINE_SIDE = 512
"""Longer side of a small picture's class map: its boundaries run between pixels."""

INFERNO = "000004 160b39 420a68 6a176e 932667 bc3754 dd513a f37819 fca50a f6d746 fcffa4"
VIRIDIS = "440154 482475 414487 355f8d 2a788e 21918c 22a884 44bf70 7ad151 bddf26 fde725"
"""Color maps at 0, 10, ... 100 %: lightness rises evenly, so they also read in grey and by the
color-blind. Source: Smith, van der Walt and Firing 2015, as in matplotlib (CC0)."""

ROUND_ENDS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200, 255)
"""Where the scale of an error map may end, in levels."""

PLAIN_COLORS = {
    "black": "000000",
    "silver": "c0c0c0",
    "gray": "808080",
    "white": "ffffff",
    "maroon": "800000",
    "red": "ff0000",
    "purple": "800080",
    "fuchsia": "ff00ff",
    "green": "008000",
    "lime": "00ff00",
    "olive": "808000",
    "yellow": "ffff00",
    "navy": "000080",
    "blue": "0000ff",
    "teal": "008080",
    "aqua": "00ffff",
    "orange": "ffa500",
    "brown": "8b4513",
    "tan": "d2b48c",
    "ochre": "cd853f",
    "beige": "f5f5dc",
    "pink": "ffc0cb",
    "salmon": "fa8072",
    "violet": "ee82ee",
    "sky blue": "87ceeb",
    "steel blue": "4682b4",
    "dark green": "006400",
    "dark gray": "404040",
    "dark teal": "004c4c",
}
"""The sixteen colors of CSS level 1, and some that photographs are full of."""


@dataclass(frozen=True, eq=False)
class ErrorMap:
    """How far a painting is from its picture at each pixel.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)
        The errors in colors of `INFERNO`.
    end : int
        Error of the scale's last color, in levels of 255; its first is 0.
    mean, largest : float
        Over all pixels, in levels.
    beyond : float
        Share of the pixels whose error is above the end.
    """

    pixels: Levels
    end: int
    mean: float
    largest: float
    beyond: float


@dataclass(frozen=True, eq=False)
class ClassMap:
    """The most probable class at points spread evenly over a picture.

    Parameters
    ----------
    classes : int array of shape (height, width)
        Its number.
    probability : float32 array of shape (height, width)
        How probable it is.
    """

    classes: Array
    probability: Array

    def shares(self, n_classes: int) -> Array:
        """Share of the points in each class."""
        counts = np.bincount(self.classes.ravel(), minlength=n_classes)
        return np.asarray(counts / self.classes.size)


def error_levels(original: Array, painted: Array) -> Array:
    """Error at each pixel: the root of its channels' mean square, in levels of 255.

    The mean square over all pixels is the error that PSNR is made of; so
    transparent colors count as much as they can be seen.

    Examples
    --------
    >>> error_levels(np.zeros((1, 2, 1)), np.array([[[0.2], [0.0]]])).round(3)
    array([[51.,  0.]], dtype=float32)
    """
    errors = np.empty(original.shape[:2], dtype=np.float32)
    for top in range(0, len(original), BAND_ROWS):
        band = slice(top, top + BAND_ROWS)
        difference = premultiply(original[band]).astype(np.float64) - premultiply(painted[band])
        errors[band] = 255 * np.sqrt(np.square(difference).mean(axis=2))
    return errors


def error_map(original: Array, painted: Array) -> ErrorMap:
    """Draw the error of each pixel; the scale ends at the 99th percentile, rounded up.

    Parameters
    ----------
    original, painted : array of shape (height, width, channels)
        Two pictures in [0, 1].
    """
    errors = error_levels(original, painted)
    percentile = float(np.percentile(errors, 99))
    end = next(end for end in ROUND_ENDS if percentile <= end or end == ROUND_ENDS[-1])
    side = max(map_size(original.shape[1], original.shape[0]))
    relative = np.asarray(errors / 255, dtype=np.float32)
    small = shrink(relative[..., None], side)[..., 0] * 255
    return ErrorMap(
        colorise(small / end, INFERNO),
        end,
        float(errors.mean(dtype=np.float64)),
        float(errors.max()),
        float((errors > end).mean()),
    )


def map_size(width: int, height: int, finer_than: int = 0) -> tuple[int, int]:
    """Size of a map: the picture's own, less where that is over `MAX_PIXELS` or `MAX_SIDE`.

    Parameters
    ----------
    width, height : int
        Size of the picture.
    finer_than : int, default=0
        A longer side below this one is raised to it.

    Examples
    --------
    >>> map_size(768, 512), map_size(4000, 1000), map_size(1, 1), map_size(100, 50, finer_than=512)
    ((768, 512), (1600, 400), (1, 1), (512, 256))
    """
    factor = max(1.0, finer_than / max(width, height))
    factor = min(factor, (MAX_PIXELS / (width * height)) ** 0.5, MAX_SIDE / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def class_map(painting: Painting, size: tuple[int, int]) -> ClassMap:
    """Find the winning class at the centers of ``(width, height)`` equal cells of the picture."""
    columns, rows = size
    xs = (np.arange(columns) + 0.5) * (painting.width / columns) - 0.5
    ys = (np.arange(rows) + 0.5) * (painting.height / rows) - 0.5
    classes = np.empty(rows * columns, dtype=np.int16)
    probability = np.empty(rows * columns, dtype=np.float32)
    # In parts: the probabilities of 256 classes for a million points would be 2 GB.
    for start in range(0, len(classes), CHUNK):
        part = slice(start, min(start + CHUNK, len(classes)))
        row, column = np.divmod(np.arange(part.start, part.stop), columns)
        probabilities = painting.predict_proba(np.stack([xs[column], ys[row]], axis=1))
        classes[part] = probabilities.argmax(axis=1)
        probability[part] = probabilities.max(axis=1)
    return ClassMap(classes.reshape(rows, columns), probability.reshape(rows, columns))


def boundaries(classes: Array, *, both_sides: bool = False) -> Array:
    """Tell where the class changes: pixels that differ from the one to the right or below.

    Parameters
    ----------
    classes : int array of shape (height, width)
        Number of each pixel's class.
    both_sides : bool, default=False
        Whether these neighbours count too.

    Examples
    --------
    >>> boundaries(np.array([[0, 0, 1], [0, 0, 1]])).astype(int)
    array([[0, 1, 0],
           [0, 1, 0]])
    >>> boundaries(np.array([[0, 0, 1]]), both_sides=True).astype(int)
    array([[0, 1, 1]])
    """
    across, down = classes[:, :-1] != classes[:, 1:], classes[:-1] != classes[1:]
    edge = np.zeros(classes.shape, dtype=bool)
    edge[:, :-1] |= across
    edge[:-1] |= down
    if both_sides:
        edge[:, 1:] |= across
        edge[1:] |= down
    return edge


def colorise(values: Array, color_map: str) -> Levels:
    """Turn values from 0 to 1 into colors; values outside get the first or last one.

    Examples
    --------
    >>> colorise(np.array([0.0, 1.0, 7.0]), INFERNO).tolist()
    [[0, 0, 4], [252, 255, 164], [252, 255, 164]]
    """
    anchors = np.array([list(bytes.fromhex(code)) for code in color_map.split()], dtype=np.float64)
    steps = np.linspace(0, len(anchors) - 1, 256)
    ramp = np.stack([np.interp(steps, range(len(anchors)), channel) for channel in anchors.T], axis=1)
    index = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return np.asarray(np.rint(ramp)[index], dtype=np.uint8)


def color_name(color: Array) -> str:
    """Plain name of a color: the nearest of `PLAIN_COLORS`.

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
    rgb = 255 * np.broadcast_to(color[:3], 3)
    distances = {
        name: float(np.square(rgb - list(bytes.fromhex(code))).sum()) for name, code in PLAIN_COLORS.items()
    }
    return min(distances, key=lambda name: distances[name])
