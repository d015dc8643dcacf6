"""The classes that pixels are sorted into: by a threshold, a palette or the picture's own colors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from paintnet.checked_settings import CheckedSettings
from paintnet.errors import SettingsError
from paintnet.picture import premultiply
from paintnet.typing import Array

MAX_COLORS = 256
COLOR_FORM = "write colors like #1da1f2 or red"
BRIGHTEST_SUM = 3 * 255
KMEANS_SAMPLE = 50_000
"""Pixels that k-means looks at: more move the colors by less than one level."""


@dataclass(frozen=True)
class Classes(CheckedSettings):
    """How classify sorts pixels into classes: by exactly one of the three.

    Parameters
    ----------
    colors : int, optional
        Number of classes, found among the picture's own colors by k-means.
    threshold : int, optional
        A pixel whose 8-bit R + G + B is at or below it is class 1 "dark",
        else class 0 "light"; 0 to 765.
    palette : sequence of str, optional
        Hex colors such as ``#1da1f2``; a pixel belongs to the nearest.

    Raises
    ------
    SettingsError
        If more than one is given, or a value is out of range.
    """

    colors: int | None = None
    threshold: int | None = None
    palette: tuple[str, ...] | None = None

    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "colors": (1, MAX_COLORS),
        "threshold": (0, BRIGHTEST_SUM),
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        given = [name for name in ("colors", "threshold", "palette") if getattr(self, name) is not None]
        if len(given) > 1:
            raise SettingsError(" and ".join(given), "they cannot be combined", "give only one of them")
        self.validate()
        if self.palette is not None:
            parse_palette(self.palette)


def sort_pixels(
    picture: Array, classes: Classes, seed: int, known: Array | None = None, palette: Array | None = None
) -> tuple[Array, Array]:
    """Give every pixel its class.

    Parameters
    ----------
    picture : float32 array of shape (height, width, channels)
        Values in [0, 1].
    classes : Classes
        How pixels are sorted; two colors by k-means where nothing is given.
    seed : int
        Of k-means.
    known : bool array of shape (height, width), optional
        Pixels among which the colors of the classes are found; all of them by default.
    palette : float32 array of shape (classes, channels), optional
        Colors of the classes, premultiplied by alpha, where they have been found already.

    Returns
    -------
    labels : int array of shape (height * width,)
        Class numbers, row by row.
    palette : float32 array of shape (classes, channels)
        Color of each class, premultiplied by alpha.

    Examples
    --------
    >>> labels, palette = sort_pixels(np.array([[[1.0], [0.2], [0.0]]]), Classes(threshold=600), seed=0)
    >>> labels.tolist(), palette.ravel().tolist()
    ([0, 1, 1], [1.0, 0.10000000149011612])
    """
    colors = premultiply(picture).reshape(-1, picture.shape[2])
    among = np.ones(len(colors), dtype=bool) if known is None else known.ravel()
    if classes.threshold is not None:
        labels, means = _by_threshold(picture, colors, classes.threshold, among)
        return labels, means if palette is None else palette
    if palette is not None:
        return _nearest(colors, palette), palette
    if classes.palette is not None:
        return _by_palette(colors, parse_palette(classes.palette))
    n_colors = 2 if classes.colors is None else classes.colors
    palette = _kmeans(colors if among.all() else colors[among], n_colors, seed)
    return _nearest(colors, palette), np.clip(palette, 0, 1)


def parse_palette(colors: Sequence[str]) -> Array:
    """Turn colors into an array.

    Parameters
    ----------
    colors : sequence of str
        ``#rrggbb`` or ``#rgb``, the ``#`` optional, or the name that CSS has for a color.

    Returns
    -------
    float32 array of shape (n, 3), values in [0, 1]

    Raises
    ------
    SettingsError
        If one is not a color, or there are none or too many.

    Examples
    --------
    >>> parse_palette(["#f00", "0000ff", "White"])
    array([[1., 0., 0.],
           [0., 0., 1.],
           [1., 1., 1.]], dtype=float32)
    """
    if not 1 <= len(colors) <= MAX_COLORS:
        raise SettingsError("palette", f"it has {len(colors):,} colors", f"give 1 to {MAX_COLORS}")
    return np.array([_parse_color(color) for color in colors], dtype=np.float32) / np.float32(255)


def _parse_color(text: str) -> tuple[int, int, int]:
    word = text.strip()
    digits = word.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    if len(digits) != 6 or not digits.isascii() or not all(c in "0123456789abcdefABCDEF" for c in digits):
        return _named(word)
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _named(word: str) -> tuple[int, int, int]:
    """Give a color that CSS has a name for, in any case and with or without blanks."""
    from PIL import ImageColor  # most palettes have digits, and need no Pillow

    name = word.lower().replace(" ", "")
    if name not in ImageColor.colormap:
        raise SettingsError("palette", f"{word[:20]!r} is not a color", COLOR_FORM)
    return ImageColor.getrgb(name)[:3]


def _by_threshold(picture: Array, colors: Array, threshold: int, among: Array) -> tuple[Array, Array]:
    labels = (_eight_bit_sum(picture) <= threshold).astype(np.int64)
    means = np.ones((2, colors.shape[1]), dtype=np.float32)
    means[1, :3] = 0.0
    for label in np.unique(labels[among]):
        means[label] = colors[(labels == label) & among].mean(axis=0, dtype=np.float64)
    return labels, means


def _eight_bit_sum(picture: Array) -> Array:
    """R + G + B of each pixel in 8-bit levels; grey counts three times, clear counts as white."""
    colors = picture.reshape(-1, picture.shape[2])
    if colors.shape[1] == 4:
        colors = premultiply(picture).reshape(-1, 4)[:, :3] + (1 - colors[:, 3:])
    levels = np.rint(colors * np.float32(255)).astype(np.int64)
    return np.asarray(levels.sum(axis=1) * (3 // levels.shape[1]))


def _by_palette(colors: Array, palette: Array) -> tuple[Array, Array]:
    channels = colors.shape[1]
    if channels == 1:
        # A color has no place in a grey picture; its lightness has (ITU-R BT.601).
        palette = palette @ np.array([[0.299], [0.587], [0.114]], dtype=np.float32)
    elif channels == 4:
        palette = np.pad(palette, ((0, 0), (0, 1)), constant_values=1)
    return _nearest(colors, palette), palette.astype(np.float32)


def _kmeans(colors: Array, n_colors: int, seed: int) -> Array:
    """Give the colors that k-means finds, the lightest first, as class 0 is "light" with a threshold."""
    # Only training needs scikit-learn, and it is slow to load.
    from sklearn.cluster import KMeans
    from threadpoolctl import ThreadpoolController

    from paintnet.blas import OneBlasThread

    sample = colors
    if len(colors) > KMEANS_SAMPLE:
        sample = np.random.default_rng(seed).choice(colors, KMEANS_SAMPLE, replace=False)
    distinct, counts = np.unique(sample, axis=0, return_counts=True)
    n_colors = min(n_colors, len(distinct))
    # Each thread of OpenMP sums the centers of its share; so their last bits would depend on the cores.
    # scikit-learn sets BLAS to one thread and back itself, which must not be amid another run.
    openmp = ThreadpoolController().select(user_api="openmp")
    with OneBlasThread(), openmp.limit(limits=1):
        kmeans = KMeans(n_colors, n_init=3, random_state=seed).fit(distinct, sample_weight=counts)
    lightness = kmeans.cluster_centers_.sum(axis=1)
    return np.asarray(kmeans.cluster_centers_[np.argsort(-lightness, kind="stable")].astype(np.float32))


def _nearest(colors: Array, palette: Array) -> Array:
    """Number of the palette's color nearest to each pixel."""
    labels = np.empty(len(colors), dtype=np.int64)
    half_norms = (palette**2).sum(axis=1) / 2
    for start in range(0, len(colors), 65_536):
        part = slice(start, start + 65_536)
        labels[part] = (half_norms - colors[part] @ palette.T).argmin(axis=1)
    return labels
