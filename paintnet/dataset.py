"""A picture as a training set: position -> colour, or position -> class."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paintnet.densify import densify
from paintnet.errors import SettingsError
from paintnet.picture import premultiply, unpremultiply

Array = NDArray[Any]

MAX_COLORS = 256
BRIGHTEST_SUM = 3 * 255
KMEANS_SAMPLE = 50_000
"""Pixels that k-means looks at: more move the colours by less than one level."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Targets of every pixel, and which pixels are learned.

    Parameters
    ----------
    width, height : int
        Size in pixels.
    targets : array of shape (height * width, channels) or (height * width,)
        Row by row: colours (premultiplied by alpha) in regress, class numbers
        in classify.
    palette : float32 array of shape (classes, channels) or None
        Colour of each class, in classify.
    learned : int array of shape (n,)
        Numbers of the pixels to learn from, row by row, ascending.
    held_out : int array of shape (m,)
        The others.
    step : float, default=1.0
        Distance of neighbouring pixels of this set, in pixels of the picture:
        0.5 where points between its pixels are learned too.
    """

    width: int
    height: int
    targets: Array
    palette: Array | None
    learned: Array
    held_out: Array
    step: float = 1.0

    def xy(self, pixels: Array) -> Array:
        """Positions (n, 2) of pixels given by number, float32."""
        row, column = np.divmod(pixels, self.width)
        return np.stack([column, row], axis=1).astype(np.float32) * np.float32(self.step)

    def mask(self) -> Array:
        """Give 1 where a pixel is learned and 0 where it is held out, float32 (height, width)."""
        mask = np.ones(self.height * self.width, dtype=np.float32)
        mask[self.held_out] = 0
        return mask.reshape(self.height, self.width)


@dataclass(frozen=True)
class Classes:
    """How classify sorts pixels into classes: by exactly one of the three.

    Parameters
    ----------
    colors : int, optional
        Number of classes, found among the picture's own colours by k-means.
    threshold : int, optional
        A pixel whose 8-bit R + G + B is at or below it is class 1 "dark",
        else class 0 "light"; 0 to 765.
    palette : sequence of str, optional
        Hex colours such as ``#1da1f2``; a pixel belongs to the nearest.

    Raises
    ------
    SettingsError
        If more than one is given, or a value is out of range.
    """

    colors: int | None = None
    threshold: int | None = None
    palette: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("colors", "threshold", "palette") if getattr(self, name) is not None]
        if len(given) > 1:
            raise SettingsError(" and ".join(given), "they exclude each other", "give one of them")
        if self.colors is not None and not 1 <= self.colors <= MAX_COLORS:
            raise SettingsError("colors", f"{self.colors} is out of range", f"use 1 to {MAX_COLORS}")
        if self.threshold is not None and not 0 <= self.threshold <= BRIGHTEST_SUM:
            raise SettingsError("threshold", f"{self.threshold} is out of range", f"use 0 to {BRIGHTEST_SUM}")
        if self.palette is not None:
            parse_palette(self.palette)


def regress_dataset(picture: Array, *, hold_out: float = 0.0, dtype: str = "float32") -> Dataset:
    """Make a training set position -> colour.

    Parameters
    ----------
    picture : float32 array of shape (height, width, channels)
        Values in [0, 1].
    hold_out : float, default=0.0
        Share of the pixels to keep back, spread evenly; 0 to 0.9.
    dtype : {"float32", "float64"}, default="float32"
        Of the targets. In float64 they are the 8-bit levels / 255 exactly.

    Examples
    --------
    >>> dataset = regress_dataset(np.zeros((4, 5, 3), dtype=np.float32), hold_out=0.1)
    >>> dataset.targets.shape, len(dataset.learned), len(dataset.held_out)
    ((20, 3), 18, 2)
    """
    height, width, channels = picture.shape
    targets = premultiply(picture).reshape(-1, channels)
    if dtype == "float64":
        targets = np.rint(targets.astype(np.float64) * 255) / 255
    learned, held_out = split_pixels(width, height, hold_out)
    return Dataset(width, height, targets, None, learned, held_out)


def enlarging_dataset(picture: Array, *, seed: int = 0) -> Dataset:
    """Make a training set position -> colour with the points halfway between pixels too.

    Their colours are what the picture itself teaches (see `paintnet.densify`),
    so that a painting is better than an interpolation where it is enlarged.

    Parameters
    ----------
    picture : float32 array of shape (height, width, channels)
        Values in [0, 1].
    seed : int, default=0
        Of the small network that learns from the picture.

    Examples
    --------
    >>> dataset = enlarging_dataset(np.zeros((8, 9, 1), dtype=np.float32))
    >>> dataset.width, dataset.height, dataset.step
    (17, 15, 0.5)
    """
    dense = densify(premultiply(picture), seed)
    height, width, channels = dense.shape
    pixels = pixel_numbers(width * height)
    return Dataset(width, height, dense.reshape(-1, channels), None, pixels, pixels[:0], step=0.5)


def classify_dataset(picture: Array, classes: Classes, *, hold_out: float = 0.0, seed: int = 0) -> Dataset:
    """Make a training set position -> class.

    Parameters
    ----------
    picture : float32 array of shape (height, width, channels)
        Values in [0, 1].
    classes : Classes
        How pixels are sorted; two colours by k-means where nothing is given.
    hold_out : float, default=0.0
        Share of the pixels to keep back, spread evenly; 0 to 0.9.
    seed : int, default=0
        Of k-means.

    Examples
    --------
    >>> picture = np.array([[[1.0], [0.2], [0.0]]], dtype=np.float32)
    >>> dataset = classify_dataset(picture, Classes(threshold=600))
    >>> dataset.targets
    array([0, 1, 1])
    >>> dataset.palette.ravel().round(3)
    array([1. , 0.1], dtype=float32)
    """
    height, width, channels = picture.shape
    colours = premultiply(picture).reshape(-1, channels)
    if classes.threshold is not None:
        labels, palette = _by_threshold(picture, colours, classes.threshold)
    elif classes.palette is not None:
        labels, palette = _by_palette(colours, parse_palette(classes.palette))
    else:
        labels, palette = _by_kmeans(colours, 2 if classes.colors is None else classes.colors, seed)
    learned, held_out = split_pixels(width, height, hold_out)
    return Dataset(width, height, labels, unpremultiply(palette), learned, held_out)


def split_pixels(width: int, height: int, hold_out: float) -> tuple[Array, Array]:
    """Split pixel numbers into learned and held out, the latter spread evenly.

    Parameters
    ----------
    width, height : int
        Size of the picture.
    hold_out : float
        Share to keep back; 0 to 0.9.

    Returns
    -------
    learned, held_out : int arrays
        Ascending, together all pixels.

    Notes
    -----
    Pixels are ranked by the two-dimensional golden ratio sequence of Roberts
    2018 ("The unreasonable effectiveness of quasirandom sequences"), which
    leaves neither clusters nor holes.
    """
    if not 0 <= hold_out <= 0.9:
        raise SettingsError("hold-out", f"{hold_out:g} is out of range", "use a share from 0 to 0.9")
    pixels = pixel_numbers(width * height)
    n_held_out = min(round(hold_out * len(pixels)), len(pixels) - 1)
    if n_held_out == 0:
        return pixels, pixels[:0]
    row, column = np.divmod(pixels, width)
    plastic = 1.324717957244746
    rank = (column / plastic + row / plastic**2) % 1.0
    held_out = np.sort(np.argsort(rank, kind="stable")[:n_held_out])
    return np.setdiff1d(pixels, held_out, assume_unique=True), held_out


def pixel_numbers(count: int) -> Array:
    """Numbers from 0, in the smallest type that holds them.

    Examples
    --------
    >>> pixel_numbers(3)
    array([0, 1, 2], dtype=int32)
    """
    return np.arange(count, dtype=np.int32 if count < 2**31 else np.int64)


def parse_palette(colours: Sequence[str]) -> Array:
    """Turn hex colours into an array.

    Parameters
    ----------
    colours : sequence of str
        ``#rrggbb`` or ``#rgb``, the ``#`` optional.

    Returns
    -------
    float32 array of shape (n, 3), values in [0, 1]

    Raises
    ------
    SettingsError
        If one is not a colour, or there are none or too many.

    Examples
    --------
    >>> parse_palette(["#f00", "0000ff"])
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    if not 1 <= len(colours) <= MAX_COLORS:
        raise SettingsError("palette", f"{len(colours)} colours", f"give 1 to {MAX_COLORS}")
    return np.array([_parse_colour(colour) for colour in colours], dtype=np.float32) / np.float32(255)


def read_palette(path: str | Path) -> tuple[str, ...]:
    """Read hex colours from a file, one per line; empty lines are skipped.

    Raises
    ------
    SettingsError
        If the file cannot be read or a line is no colour.
    """
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(64 * MAX_COLORS)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"palette {path}", f"cannot be read ({error})", "give a text file") from error
    colours = tuple(line.strip() for line in text.splitlines() if line.strip())
    parse_palette(colours)
    return colours


def _parse_colour(text: str) -> tuple[int, int, int]:
    digits = text.strip().removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    if len(digits) != 6 or not digits.isascii() or not all(c in "0123456789abcdefABCDEF" for c in digits):
        raise SettingsError("palette", f"{text[:20]!r} is not a colour", "write colours like #1da1f2")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _by_threshold(picture: Array, colours: Array, threshold: int) -> tuple[Array, Array]:
    labels = (_eight_bit_sum(picture) <= threshold).astype(np.int64)
    means = np.ones((2, colours.shape[1]), dtype=np.float32)
    means[1, :3] = 0.0
    for label in np.unique(labels):
        means[label] = colours[labels == label].mean(axis=0, dtype=np.float64)
    return labels, means


def _eight_bit_sum(picture: Array) -> Array:
    """R + G + B of each pixel in 8-bit levels; grey counts three times, clear counts as white."""
    colours = picture.reshape(-1, picture.shape[2])
    if colours.shape[1] == 4:
        colours = premultiply(picture).reshape(-1, 4)[:, :3] + (1 - colours[:, 3:])
    levels = np.rint(colours * np.float32(255)).astype(np.int64)
    return np.asarray(levels.sum(axis=1) * (3 // levels.shape[1]))


def _by_palette(colours: Array, palette: Array) -> tuple[Array, Array]:
    channels = colours.shape[1]
    if channels == 1:
        # A colour has no place in a grey picture; its lightness has (ITU-R BT.601).
        palette = palette @ np.array([[0.299], [0.587], [0.114]], dtype=np.float32)
    elif channels == 4:
        palette = np.pad(palette, ((0, 0), (0, 1)), constant_values=1)
    return _nearest(colours, palette), palette.astype(np.float32)


def _by_kmeans(colours: Array, n_colours: int, seed: int) -> tuple[Array, Array]:
    # Only training needs scikit-learn, and it is slow to load.
    from sklearn.cluster import KMeans

    sample = colours
    if len(colours) > KMEANS_SAMPLE:
        sample = np.random.default_rng(seed).choice(colours, KMEANS_SAMPLE, replace=False)
    distinct, counts = np.unique(sample, axis=0, return_counts=True)
    n_colours = min(n_colours, len(distinct))
    kmeans = KMeans(n_colours, n_init=3, random_state=seed).fit(distinct, sample_weight=counts)
    # Lightest first, so that class 0 is "light" as with a threshold.
    lightness = kmeans.cluster_centers_.sum(axis=1)
    palette = kmeans.cluster_centers_[np.argsort(-lightness, kind="stable")].astype(np.float32)
    return _nearest(colours, palette), np.clip(palette, 0, 1)


def _nearest(colours: Array, palette: Array) -> Array:
    """Number of the palette's colour nearest to each pixel."""
    labels = np.empty(len(colours), dtype=np.int64)
    half_norms = (palette**2).sum(axis=1) / 2
    for start in range(0, len(colours), 65_536):
        part = slice(start, start + 65_536)
        labels[part] = (half_norms - colours[part] @ palette.T).argmin(axis=1)
    return labels
