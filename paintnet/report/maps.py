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

SUREST = 1e-6
"""The least doubt that the map of certainty tells apart: float32 knows the distance from 1 to 1e-7."""

LINES = 0.04
"""Share of a map that lines between classes may cover: with more they would hide what they divide."""


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


def class_map(painting: Painting, size: tuple[int, int], *, at_corners: bool = False) -> ClassMap:
    """Find the winning class in ``(width, height)`` equal cells of the picture.

    Parameters
    ----------
    painting : Painting
        In classify.
    size : (int, int)
        Cells across and down.
    at_corners : bool, default=False
        Look at the lower right corner of each cell instead of its center.
    """
    columns, rows = size
    at = 1.0 if at_corners else 0.5
    xs = (np.arange(columns) + at) * (painting.width / columns) - 0.5
    ys = (np.arange(rows) + at) * (painting.height / rows) - 0.5
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


@dataclass(frozen=True, eq=False)
class CertaintyMap:
    """How sure a network is of the class that it paints.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3)
        In colors of `VIRIDIS`: dark in doubt, bright where it is sure.
    marks : list of (str, float)
        Probabilities on the scale, and where they stand on it, in percent of its length.
    beyond : float
        Share of the points that are surer than the end of the scale.
    """

    pixels: Levels
    marks: list[tuple[str, float]]
    beyond: float


def certainty_map(probability: Array, n_classes: int) -> CertaintyMap:
    """Draw how sure a network is, on a scale where each step has a tenth of the doubt.

    Most of a trained painting is surer than 99 %; on an even scale it would have one color. The
    scale begins where all classes are as probable, and ends at the power of ten below which a
    twentieth of the doubts lies, at most at 90 % and at least at `SUREST`.

    Parameters
    ----------
    probability : array of shape (height, width)
        Of the winning class.
    n_classes : int
        How many there are.

    Examples
    --------
    >>> [words for words, _ in certainty_map(np.array([[0.5, 0.9], [0.99, 0.99]]), 2).marks]
    ['50 %', '90 %', '99 %']
    """
    doubt = np.maximum(1 - probability.astype(np.float64), SUREST / 10)
    most = 1 - 1 / max(n_classes, 2)
    decades = np.clip(np.floor(-np.log10(np.percentile(doubt, 5)) + 1e-9), 1, -np.log10(SUREST))
    low, high = np.log10(most), -decades

    def place(doubt: Array | float) -> Array:
        return np.asarray((np.log10(doubt) - low) / (high - low))

    # So many that their words stand side by side on a phone.
    step = 1 if decades <= 3 else 2
    ends = [int(decades) - k for k in range(0, int(decades), step)][::-1]
    marks = [(most, f"{100 * (1 - most):.3g} %")] + [(10.0**-end, _nines(end)) for end in ends]
    return CertaintyMap(
        colorise(place(doubt), VIRIDIS),
        [(words, abs(float(100 * place(value)))) for value, words in marks],
        float((doubt < 10.0**-decades * (1 - 1e-9)).mean()),
    )


def _nines(decades: int) -> str:
    """Write 1 - 10^-decades in percent."""
    return f"{100 * (1 - 10.0**-decades):.{max(0, decades - 2)}f} %"


def boundaries(classes: Array) -> Array:
    """Tell where the class changes: pixels that differ from the one to the right or below.

    Parameters
    ----------
    classes : int array of shape (height, width)
        Number of each pixel's class.

    Examples
    --------
    >>> boundaries(np.array([[0, 0, 1], [0, 0, 1]])).astype(int)
    array([[0, 1, 0],
           [0, 1, 0]])
    """
    edge = np.zeros(classes.shape, dtype=bool)
    edge[:, :-1] |= classes[:, :-1] != classes[:, 1:]
    edge[:-1] |= classes[:-1] != classes[1:]
    return edge


def clear_boundaries(classes: Array, share: float = LINES) -> tuple[Array, int]:
    """Tell where the class changes, without the specks whose lines would drown the picture.

    Returns
    -------
    edge : bool array of shape (height, width)
        Pixels of the lines, at most this share of all where it can be.
    smallest : int
        Pixels of a patch below which it has no line: 1 where all have one.

    Examples
    --------
    >>> specks = np.zeros((20, 20), int)
    >>> specks[::3, ::3] = 1
    >>> edge, smallest = clear_boundaries(specks)
    >>> int(edge.sum()), smallest
    (0, 4)
    """
    edge, smallest = boundaries(classes), 1
    if edge.mean() <= share:
        return edge, smallest
    patches = _patches(classes)
    sizes = np.bincount(patches.ravel())[patches]
    across, down = classes[:, :-1] != classes[:, 1:], classes[:-1] != classes[1:]
    while edge.mean() > share and smallest < classes.size:
        smallest *= 4
        large = sizes >= smallest
        edge = np.zeros(classes.shape, dtype=bool)
        edge[:, :-1] |= across & large[:, :-1] & large[:, 1:]
        edge[:-1] |= down & large[:-1] & large[1:]
    return edge, smallest


def _patches(classes: Array) -> Array:
    """Number the patches of one class; pixels that share a side belong together."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    number = np.arange(classes.size, dtype=np.int32).reshape(classes.shape)
    across, down = classes[:, :-1] == classes[:, 1:], classes[:-1] == classes[1:]
    first = np.concatenate([number[:, :-1][across], number[:-1][down]])
    second = np.concatenate([number[:, 1:][across], number[1:][down]])
    links = coo_array((np.ones(len(first), bool), (first, second)), shape=(classes.size,) * 2)
    return np.asarray(connected_components(links, directed=False)[1]).reshape(classes.shape)


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
