"""Presets: named rules from a picture's shape to painter settings.

Adding one is one function and one line in `PRESETS`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from paintnet.errors import SettingsError
from paintnet.painter.settings import SETTING_NAMES, PainterSettings

PIXELS_PER_CELL = (32, 8, 2)
"""Spacing of the grid's levels: coarse for shapes, fine for detail."""


@dataclass(frozen=True)
class Shape:
    """What a preset may look at."""

    width: int
    height: int

    @property
    def n_pixels(self) -> int:
        """Pixels in all."""
        return self.width * self.height


def grid_levels(width: int, height: int) -> tuple[int, ...]:
    """Vertices on the short side, for each level of a grid over a picture.

    Examples
    --------
    >>> grid_levels(768, 512)
    (16, 64, 256)
    >>> grid_levels(1, 1)
    (2,)
    """
    short_side = min(width, height)
    return tuple(sorted({max(2, round(short_side / pixels)) for pixels in PIXELS_PER_CELL}))


def _grid(shape: Shape, mode: str, epochs: int) -> PainterSettings:
    # A small picture has few batches an epoch, so it gets smaller ones and more epochs.
    batch_size = min(16_384, max(256, shape.n_pixels // 24))
    many = max(1.0, min(10.0, (393_216 / shape.n_pixels) ** 0.5))
    levels = grid_levels(shape.width, shape.height)
    return PainterSettings(mode=mode, levels=levels, batch_size=batch_size, epochs=round(epochs * many))


def _dense(shape: Shape, mode: str, encoding: str, epochs: int) -> PainterSettings:
    return PainterSettings(
        mode=mode,
        encoding=encoding,
        layers=(128, 128),
        learning_rate=3e-3,
        beta_2=0.999,
        batch_size=min(1024, max(64, shape.n_pixels // 64)),
        epochs=epochs,
    )


def _staged(grid_epochs: int, dense_epochs: int) -> Callable[[Shape, str, str | None], PainterSettings]:
    def preset(shape: Shape, mode: str, encoding: str | None) -> PainterSettings:
        if encoding in (None, "grid"):
            return _grid(shape, mode, grid_epochs)
        return _dense(shape, mode, encoding, dense_epochs)

    return preset


def _tutorial(shape: Shape, mode: str, encoding: str | None) -> PainterSettings:
    """Give the classic lesson to the letter: scikit-learn's defaults on integer (row, column) inputs."""
    return PainterSettings(
        mode=mode,
        encoding=encoding or "raw",
        normalize=False,
        layers=(100,) * 10,
        learning_rate=0.001,
        decay="constant",
        batch_size=min(200, shape.n_pixels),
        alpha=0.0001,
        beta_2=0.999,
        epochs=200,
        tol=1e-4,
        one_hot=mode == "classify",
        precision="float64",
    )


PRESETS: dict[str, Callable[[Shape, str, str | None], PainterSettings]] = {
    "draft": _staged(grid_epochs=6, dense_epochs=3),
    "standard": _staged(grid_epochs=20, dense_epochs=10),
    "fine": _staged(grid_epochs=100, dense_epochs=60),
    "tutorial": _tutorial,
}


def settings_for(width: int, height: int, preset: str = "standard", **given: Any) -> PainterSettings:
    """Complete settings for a picture: the preset's rule, then what was given.

    Parameters
    ----------
    width, height : int
        Size of the picture in pixels.
    preset : str, default="standard"
        A name of `PRESETS`.
    **given
        Any fields of `PainterSettings`; they win over the preset.

    Raises
    ------
    SettingsError
        If a name is unknown or a value cannot be used.

    Examples
    --------
    >>> settings_for(768, 512, "draft", seed=3).seed
    3
    """
    if preset not in PRESETS:
        raise SettingsError("preset", f"unknown name {preset!r}", f"use one of {', '.join(PRESETS)}")
    unknown = sorted(set(given) - SETTING_NAMES)
    if unknown:
        known = ", ".join(sorted(SETTING_NAMES))
        raise SettingsError(unknown[0], "unknown setting", f"use one of {known}")
    # A time limit alone means: as many epochs as fit into it.
    if given.get("seconds") is not None:
        given.setdefault("epochs", None)
    mode = given.get("mode", "regress")
    settings = replace(PRESETS[preset](Shape(width, height), mode, given.get("encoding")), **given)
    settings.validate()
    return settings
