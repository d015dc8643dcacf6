"""Presets: named rules from a picture's shape to painter settings.

Adding one is one function and one line in `PRESETS`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from paintnet.errors import SettingsError
from paintnet.painter.settings import SETTING_NAMES, PainterSettings

PIXELS_PER_VERTEX = 1.5
"""Of the grid: with one feature for each channel, two numbers for three of the picture's."""

MOST_VERTICES = 4_000_000
"""Of the grid, however large the picture: its features and their moments then stay under 150 MB."""

MEASURED_PIXELS = 768 * 512
"""Size of the pictures that the epochs of the presets were measured on."""

DECODER = (16, 16, 16)
"""Hidden layers behind the grid's features."""


@dataclass(frozen=True)
class Shape:
    """What a preset may look at."""

    width: int
    height: int
    channels: int = 3

    @property
    def n_pixels(self) -> int:
        """Pixels in all."""
        return self.width * self.height


Preset = Callable[[Shape, str, str | None], PainterSettings]


def grid_vertices(width: int, height: int) -> int:
    """Vertices on the short side of the one grid over a picture.

    Examples
    --------
    >>> grid_vertices(768, 512)
    418
    >>> grid_vertices(1, 1)
    2
    """
    vertices = min(width * height / PIXELS_PER_VERTEX, MOST_VERTICES)
    return max(2, round(math.sqrt(vertices * min(width, height) / max(width, height))))


def _grid(shape: Shape, mode: str, epochs: int) -> PainterSettings:
    # A small picture has few batches an epoch, so it gets more epochs.
    many = max(1.0, min(20.0, (MEASURED_PIXELS / shape.n_pixels) ** 0.5))
    return PainterSettings(
        mode=mode,
        levels=(grid_vertices(shape.width, shape.height),),
        # The first layer's units are the features of a vertex: one for each channel.
        layers=(shape.channels, *DECODER),
        learning_rate=0.005,
        batch_size=4096,
        epsilon=1e-12,
        epochs=round(epochs * many),
    )


def _dense(shape: Shape, mode: str, encoding: str, epochs: int) -> PainterSettings:
    # Below 64 x 64 pixels an epoch has fewer than 64 batches, so there are more epochs.
    many = max(1.0, min(64.0, 4096 / shape.n_pixels))
    return PainterSettings(
        mode=mode,
        encoding=encoding,
        layers=(128, 128),
        learning_rate=3e-3,
        beta_2=0.999,
        batch_size=min(1024, max(64, shape.n_pixels // 64)),
        start="mean",
        epochs=round(epochs * many),
    )


def _staged(grid_epochs: int, dense_epochs: int) -> Preset:
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
        start="stock",
        engine="stock",
        epochs=200,
        tol=1e-4,
        one_hot=mode == "classify",
        precision="float64",
    )


PRESETS: dict[str, Preset] = {
    "draft": _staged(grid_epochs=25, dense_epochs=3),
    "standard": _staged(grid_epochs=85, dense_epochs=10),
    "fine": _staged(grid_epochs=500, dense_epochs=60),
    "tutorial": _tutorial,
}


def settings_for(
    width: int, height: int, preset: str = "standard", *, channels: int = 3, **given: Any
) -> PainterSettings:
    """Complete settings for a picture: the preset's rule, then what was given.

    Parameters
    ----------
    width, height : int
        Size of the picture in pixels.
    preset : str, default="standard"
        A name of `PRESETS`.
    channels : {1, 3, 4}, default=3
        Of the picture.
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
    settings = replace(PRESETS[preset](Shape(width, height, channels), mode, given.get("encoding")), **given)
    settings.validate()
    return settings
