"""A picture as a training set: position -> color, or position -> class."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from paintnet.dataset.classes import Classes, sort_pixels
from paintnet.dataset.points import filled, quarter_points
from paintnet.dataset.windows import Window
from paintnet.encoding.extent import Extent
from paintnet.errors import SettingsError, number_text
from paintnet.picture import premultiply, unpremultiply
from paintnet.typing import Array


class PixelState(IntEnum):
    """What is known of a pixel, and what becomes of it."""

    UNKNOWN = 0
    """It has no color: it is neither learned nor measured."""
    HELD_OUT = 1
    """Its color is known and measured, but not learned."""
    LEARNED = 2
    """Its color is learned, and measured too."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Targets on a lattice of points over a picture, and what becomes of each.

    The points are the centers of the pixels, or two by two in each pixel.

    Parameters
    ----------
    width, height : int
        Points of the lattice across and down.
    targets : array of shape (height * width, channels) or (height * width,)
        Row by row: colors (premultiplied by alpha) in regress, class numbers
        in classify. Those in unknown pixels mean nothing.
    palette : float32 array of shape (classes, channels) or None
        Color of each class, in classify.
    states : uint8 array of shape (height, width)
        `PixelState` of the pixel that each point lies in; at least one is learned.
    step : {1.0, 0.5}, default=1.0
        Distance of neighbouring points, in pixels of the picture.
    origin : float, default=0.0
        Position of the first point along both axes, in pixels of the picture: -0.25 with step 0.5.
    """

    width: int
    height: int
    targets: Array
    palette: Array | None
    states: Array
    step: float = 1.0
    origin: float = 0.0

    @property
    def extent(self) -> Extent:
        """The rectangle from the first point to the last."""
        right, bottom = (self.origin + (side - 1) * self.step for side in (self.width, self.height))
        return Extent(self.origin, self.origin, right, bottom)

    @property
    def pixel_states(self) -> Array:
        """`PixelState` of each pixel, uint8 (picture's height, picture's width)."""
        stride = round(1 / self.step)
        return self.states[::stride, ::stride]

    @property
    def learned(self) -> Array:
        """Numbers of the points to learn from, row by row, ascending; made anew each time."""
        return _numbers(self.states == PixelState.LEARNED)

    @property
    def held_out(self) -> Array:
        """Numbers of the pixels that are held out, row by row, ascending; made anew each time."""
        return _numbers(self.pixel_states == PixelState.HELD_OUT)

    @property
    def known(self) -> Array:
        """Whether each pixel of the picture is known, bool (picture's height, picture's width)."""
        return np.asarray(self.pixel_states != PixelState.UNKNOWN)

    @property
    def n_learned(self) -> int:
        """How many points are learned."""
        return int(np.count_nonzero(self.states == PixelState.LEARNED))

    def of_learned(self, values: Array) -> Array:
        """Give the rows of `values`, which has one for each point, that belong to learned points."""
        learned = self.states.ravel() == PixelState.LEARNED
        return values if learned.all() else values[learned]

    def xy(self, points: Array) -> Array:
        """Positions (n, 2) of points given by number, float32."""
        row, column = np.divmod(points, self.width)
        index = np.stack([column, row], axis=1).astype(np.float32)
        return index * np.float32(self.step) + np.float32(self.origin)

    def cut(self, window: Window) -> "Dataset":
        """Give the part over a window of the picture's pixels; its positions begin at 0 again."""
        stride = round(1 / self.step)
        rows = slice(window.top * stride, window.bottom * stride)
        columns = slice(window.left * stride, window.right * stride)
        targets = self.targets.reshape(self.height, self.width, -1)[rows, columns]
        return replace(
            self,
            width=window.width * stride,
            height=window.height * stride,
            targets=np.ascontiguousarray(targets).reshape(-1, *self.targets.shape[1:]),
            states=np.ascontiguousarray(self.states[rows, columns]),
        )

    def mask(self) -> Array:
        """Give 1 where a point is learned and 0 elsewhere, float32 (height, width)."""
        return np.asarray(self.states == PixelState.LEARNED, dtype=np.float32)


def regress_dataset(
    picture: Array,
    *,
    known: Array | None = None,
    hold_out: float = 0.0,
    corner: tuple[int, int] | None = None,
    dtype: str = "float32",
) -> Dataset:
    """Make a training set position -> color, of the pixels as points at their centers.

    Parameters
    ----------
    picture : float32 array of shape (height, width, channels)
        Values in [0, 1].
    known : bool array of shape (height, width), optional
        Pixels whose color is known; all of them by default.
    hold_out : float, default=0.0
        Share of the known pixels to keep back, spread evenly; 0 to 0.9.
    corner : (int, int), optional
        As in `split_pixels`.
    dtype : {"float32", "float64"}, default="float32"
        Of the targets. In float64 they are the 8-bit levels / 255 exactly.

    Examples
    --------
    >>> dataset = regress_dataset(np.zeros((4, 5, 3), dtype=np.float32), hold_out=0.1)
    >>> dataset.targets.shape, len(dataset.learned), len(dataset.held_out)
    ((20, 3), 18, 2)
    """
    height, width, channels = picture.shape
    known = _checked(known, picture)
    targets = premultiply(_without_unknown(picture, known)).reshape(-1, channels)
    if dtype == "float64":
        targets = np.rint(targets.astype(np.float64) * 255) / 255
    return Dataset(width, height, targets, None, split_pixels(known, hold_out, corner))


def area_dataset(
    picture: Array,
    *,
    known: Array | None = None,
    hold_out: float = 0.0,
    corner: tuple[int, int] | None = None,
    turns: int = 1,
    has_time: Callable[[float], bool] = lambda share: True,
    threads: int = 1,
    dtype: str = "float32",
) -> Dataset:
    """Make a training set position -> color, of two by two points in each pixel whose mean the pixel is.

    Parameters
    ----------
    picture : float32 array of shape (height, width, channels)
        Values in [0, 1].
    known : bool array of shape (height, width), optional
        Pixels whose color is known; all of them by default.
    hold_out : float, default=0.0
        Share of the known pixels to keep back, spread evenly; 0 to 0.9.
    corner : (int, int), optional
        As in `split_pixels`.
    turns, has_time, threads : optional
        As in `paintnet.dataset.points.quarter_points`.
    dtype : {"float32", "float64"}, default="float32"
        Of the targets.

    Examples
    --------
    >>> dataset = area_dataset(np.full((4, 5, 3), 0.25, dtype=np.float32))
    >>> dataset.width, dataset.height, dataset.step, dataset.xy(np.array([0, 1])).tolist()
    (10, 8, 0.5, [[-0.25, -0.25], [0.25, -0.25]])
    """
    height, width, channels = picture.shape
    known = _checked(known, picture)
    states = split_pixels(known, hold_out, corner)
    # Only what is learned may be seen by the points of the pixels beside it.
    seen = filled(premultiply(picture), states == PixelState.LEARNED)
    points = quarter_points(seen, turns=turns, has_time=has_time, threads=threads)
    return Dataset(
        2 * width,
        2 * height,
        points.reshape(-1, channels).astype(dtype, copy=False),
        None,
        states.repeat(2, axis=0).repeat(2, axis=1),
        step=0.5,
        origin=-0.25,
    )


def classify_dataset(
    picture: Array,
    classes: Classes,
    *,
    known: Array | None = None,
    hold_out: float = 0.0,
    corner: tuple[int, int] | None = None,
    palette: Array | None = None,
    seed: int = 0,
) -> Dataset:
    """Make a training set position -> class.

    Parameters
    ----------
    picture : float32 array of shape (height, width, channels)
        Values in [0, 1].
    classes : Classes
        How pixels are sorted; two colors by k-means where nothing is given.
    known : bool array of shape (height, width), optional
        Pixels whose color is known; all of them by default.
    hold_out : float, default=0.0
        Share of the known pixels to keep back, spread evenly; 0 to 0.9.
    corner : (int, int), optional
        As in `split_pixels`.
    palette : float32 array of shape (classes, channels), optional
        Colors of the classes, premultiplied by alpha, where they have been found already.
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
    known = _checked(known, picture)
    labels, palette = sort_pixels(_without_unknown(picture, known), classes, seed, known, palette)
    states = split_pixels(known, hold_out, corner)
    return Dataset(width, height, labels, unpremultiply(palette), states)


def split_pixels(known: Array, hold_out: float, corner: tuple[int, int] | None = None) -> Array:
    """Split the known pixels into learned and held out, the latter spread evenly.

    Parameters
    ----------
    known : bool array of shape (height, width)
        Pixels whose color is known; at least one is.
    hold_out : float
        Share of the known pixels to keep back; 0 to 0.9. At least one is learned.
    corner : (int, int), optional
        Column and row of the first pixel in a larger picture. Then the same pixels of it are held out in
        every part of it, so that their share is exact only on the whole.

    Returns
    -------
    uint8 array of shape (height, width)
        `PixelState` of each pixel.

    Notes
    -----
    Pixels are ranked by the two-dimensional golden ratio sequence of Roberts
    2018 ("The unreasonable effectiveness of quasirandom sequences"), which
    leaves neither clusters nor holes.
    """
    if not 0 <= hold_out <= 0.9:
        raise SettingsError(
            "hold_out", f"{number_text(hold_out)} is out of range", "use a share from 0 to 0.9"
        )
    states = np.where(known, np.uint8(PixelState.LEARNED), np.uint8(PixelState.UNKNOWN))
    n_known = int(np.count_nonzero(known))
    n_held_out = min(round(hold_out * n_known), n_known - 1)
    if n_held_out:
        pixels = _numbers(known)
        row, column = np.divmod(pixels, known.shape[1])
        across, down = corner or (0, 0)
        plastic = 1.324717957244746
        rank = ((column + across) / plastic + (row + down) / plastic**2) % 1.0
        lowest = np.argsort(rank, kind="stable")
        if corner is not None:
            n_held_out = min(int(np.count_nonzero(rank < hold_out)), n_known - 1)
        states.reshape(-1)[pixels[lowest[:n_held_out]]] = PixelState.HELD_OUT
    return states


def _checked(known: Array | None, picture: Array) -> Array:
    """Give which pixels are known: all of them where nothing is said."""
    size = picture.shape[:2]
    if known is None:
        return np.ones(size, dtype=bool)
    if known.shape != size or known.dtype != bool:
        raise SettingsError(
            "known",
            f"an array of shape {known.shape} and type {known.dtype} does not fit the picture",
            f"give one of shape {size} and type bool",
        )
    if not known.any():
        raise SettingsError("known", "none of the pixels is known", "give a picture in which some are")
    return known


def _without_unknown(picture: Array, known: Array) -> Array:
    """Give 0 where a pixel is unknown: what stands there can have no influence."""
    return picture if known.all() else np.where(known[:, :, None], picture, picture.dtype.type(0))


def _numbers(pixels: Array) -> Array:
    """Numbers of the pixels that are marked, row by row, in the smallest type that holds them."""
    return np.flatnonzero(pixels).astype(np.int32 if pixels.size < 2**31 else np.int64)
