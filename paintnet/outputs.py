"""What a job writes, and where."""

from dataclasses import dataclass

FRAMES = 48
"""Frames of an animation or a report, where nobody said how many."""


@dataclass(frozen=True)
class Animation:
    """An animation of the learning.

    Parameters
    ----------
    path : str
        File to write; its extension gives the format.
    fps : float
        Frames a second.
    has_caption : bool
        Write epoch and PSNR under it.
    is_beside : bool
        Show the original beside it.
    """

    path: str
    fps: float = 12.0
    has_caption: bool = False
    is_beside: bool = False


@dataclass(frozen=True)
class Outputs:
    """Files that a job writes.

    Parameters
    ----------
    pictures, models : tuple of str
        Paths of painted pictures and of .paintnet files.
    animation : Animation or None
        Of the learning.
    report : str or None
        Path of a page about the run.
    """

    pictures: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    animation: Animation | None = None
    report: str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """All of them."""
        views = (self.animation.path if self.animation else None, self.report)
        return (*self.pictures, *self.models, *(path for path in views if path is not None))
