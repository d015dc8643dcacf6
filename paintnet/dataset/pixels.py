"""A picture as a training set: position -> color, or position -> class."""

from dataclasses import dataclass

import numpy as np

from paintnet.dataset.classes import Classes, sort_pixels
from paintnet.dataset.upsampling import upsample
from paintnet.errors import SettingsError, number_text
from paintnet.picture import premultiply, unpremultiply
from paintnet.typing import Array


@dataclass(frozen=True, eq=False)
class Dataset:
    """Targets of every pixel, and which pixels are learned.

    Parameters
    ----------
    width, height : int
        Size in pixels.
    targets : array of shape (height * width, channels) or (height * width,)
        Row by row: colors (premultiplied by alpha) in regress, class numbers
        in classify.
    palette : float32 array of shape (classes, channels) or None
        Color of each class, in classify.
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


def regress_dataset(picture: Array, *, hold_out: float = 0.0, dtype: str = "float32") -> Dataset:
    """Make a training set position -> color.

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
    """Make a training set position -> color with the points halfway between pixels too.

    Their colors are what the picture itself teaches (see `paintnet.dataset.upsampling`),
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
    dense = upsample(premultiply(picture), seed)
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
        How pixels are sorted; two colors by k-means where nothing is given.
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
    height, width, _ = picture.shape
    labels, palette = sort_pixels(picture, classes, seed)
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
        raise SettingsError(
            "hold-out", f"{number_text(hold_out)} is out of range", "use a share from 0 to 0.9"
        )
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
