"""The training set that settings ask for, of a picture or of one window of it."""

from collections.abc import Callable
from dataclasses import dataclass

from paintnet.cores import cores
from paintnet.dataset.pixels import Dataset, area_dataset, classify_dataset, regress_dataset
from paintnet.dataset.windows import Window
from paintnet.settings.settings import PainterSettings
from paintnet.typing import Array

TURNS = 8
"""Orientations in which a picture is looked at that will be enlarged."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where a window lies in a picture of which it is only a part.

    Parameters
    ----------
    surroundings : float32 array of shape (height, width, channels)
        The window's pixels with some around them, on which its points depend.
    window : Window
        The window in these.
    corner : (int, int)
        Column and row in the whole picture of the surroundings' first pixel.
    palette : float32 array of shape (classes, channels) or None
        In classify: the whole picture's classes, premultiplied by alpha.
    share : float
        Of the whole picture's pixels that are the window's.
    """

    surroundings: Array
    window: Window
    corner: tuple[int, int]
    palette: Array | None = None
    share: float = 1.0


def make_dataset(
    picture: Array,
    settings: PainterSettings,
    known: Array | None = None,
    has_time: Callable[[float], bool] = lambda progress: True,
    place: Place | None = None,
) -> Dataset:
    """Make the training set that the settings ask for, of the pixels that are known: by default all.

    `has_time` is called with the share that is done; where it says no, what is found by then has to do.
    Where the picture is a window, `place` says of what.
    """
    if place is not None:
        whole = _dataset(place.surroundings, settings, None, has_time, place.corner, place.palette)
        return whole.cut(place.window)
    return _dataset(picture, settings, known, has_time)


def _dataset(
    picture: Array,
    settings: PainterSettings,
    known: Array | None,
    has_time: Callable[[float], bool],
    corner: tuple[int, int] | None = None,
    palette: Array | None = None,
) -> Dataset:
    hold_out, dtype = settings.hold_out, settings.precision
    threads = settings.threads or cores()
    if settings.purpose == "enlarging":
        return area_dataset(
            picture,
            known=known,
            corner=corner,
            turns=TURNS,
            has_time=has_time,
            threads=threads,
            dtype=dtype,
        )
    if settings.purpose == "any-size":
        return area_dataset(
            picture, known=known, hold_out=hold_out, corner=corner, threads=threads, dtype=dtype
        )
    if settings.mode == "regress":
        return regress_dataset(picture, known=known, hold_out=hold_out, corner=corner, dtype=dtype)
    return classify_dataset(
        picture,
        settings.classes,
        known=known,
        hold_out=hold_out,
        corner=corner,
        palette=palette,
        seed=settings.seed,
    )
