"""Presets: named rules from a picture's shape to painter settings.

Adding one is one function and one line in `PRESETS`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from paintnet.encoding.base import EncodingSpec
from paintnet.encoding.grid import GridSpec
from paintnet.encoding.pyramid import PyramidSpec
from paintnet.encoding.raw import RawSpec
from paintnet.encoding.registry import encoding_named
from paintnet.errors import SettingsError, value_text
from paintnet.settings.settings import PainterSettings

PIXELS_PER_VERTEX = 1.5
"""Of the grid, for copying: with one feature for each channel, two numbers for three of the picture's."""

AREA_PIXELS_PER_VERTEX = 1.0
"""The same for any size, where four points a pixel are learned, and a feature more than channels."""

COLOR_FEATURES = 4
"""Of a vertex, for any size, grey or not: with two, grey text would have halos."""

MOST_PIXELS_PER_VERTEX = 3.5
"""The same for pictures so large that `MOST_VERTICES` would leave no two blocks without a common vertex."""

ENLARGING_PIXELS_PER_VERTEX = 0.5
"""The same for enlarging, where the points count more than the pixels."""

ENLARGING_EMPHASIS = 2.0
"""On the mean of a pixel's four points, for enlarging."""

ENLARGING_EPOCHS = 2 / 3
"""Of those for any size: the finer grid is nearer to the points by then than they are to the truth."""

EMPHASIS = 4.0
"""On the mean of a pixel's four points: some dB more at its own size for a tenth at twice that."""

AREA_GRID_RATE_FACTOR = 5.0
"""Of the grid's rate to the rest's: at 10, skies that are enlarged keep faint dots of the last updates."""

GREY_GRID_RATE_FACTOR = 6.0
"""For one channel, which leaves features more freedom: a smooth picture was behind the same as RGB at 5."""

ENLARGING_GRID_RATE_FACTOR = 4.0
"""The same for enlarging, whose finer grid has fewer points a vertex to even them out."""

MOST_VERTICES = 2_500_000
"""Of the grid, however large the picture: its features and their moments then stay under 200 MB."""

NOTICED = 1.1
"""So much coarser than the rule is worth a word."""

MEASURED_PIXELS = 768 * 512
"""Size of the pictures that the epochs of the presets were measured on."""

DECODER = (24, 24)
"""Hidden layers behind the features; the pretrained start has this shape."""

PICTURE_DECODER = (16, 16, 16)
"""The same where the features begin as the picture itself."""


@dataclass(frozen=True)
class Task:
    """What a preset may look at: the picture's shape, and what is wanted of it.

    `encoding` is the name of the one that is wanted, and `purpose` that, or None where the preset is
    free to choose. `is_bounded` says whether the grid must not grow beyond `MOST_VERTICES`.
    """

    width: int
    height: int
    channels: int = 3
    mode: str = "regress"
    purpose: str | None = None
    encoding: str | None = None
    is_bounded: bool = True

    @property
    def n_pixels(self) -> int:
        """Pixels in all."""
        return self.width * self.height

    def levels(self, pixels_per_vertex: float, at_most: float = math.inf) -> tuple[int, ...]:
        """One grid so fine; where it is bounded, with at most so many pixels for each vertex."""
        most = self.n_pixels / at_most if self.is_bounded else math.inf
        return (grid_vertices(self.width, self.height, pixels_per_vertex, most),)


Preset = Callable[[Task], PainterSettings]


def grid_vertices(width: int, height: int, pixels_per_vertex: float, most: float = 0.0) -> int:
    """Vertices on the short side of the one grid over a picture; at most `MOST_VERTICES`, or `most` if more.

    Examples
    --------
    >>> grid_vertices(768, 512, 1.5)
    418
    >>> grid_vertices(1, 1, 1.5)
    2
    """
    vertices = min(width * height / pixels_per_vertex, max(MOST_VERTICES, most))
    return max(2, round(math.sqrt(vertices * min(width, height) / max(width, height))))


def _grid(task: Task, epochs: int, spare: int = 1) -> PainterSettings:
    """Some features more than channels, and a decoder that other photographs taught."""
    features = task.channels + spare
    # A small picture has few batches an epoch, so it gets more epochs.
    many = max(1.0, min(20.0, math.sqrt(MEASURED_PIXELS / task.n_pixels)))
    return PainterSettings(
        mode=task.mode,
        purpose="copying",
        emphasis=0.0,
        encoding=GridSpec(levels=task.levels(PIXELS_PER_VERTEX * features / task.channels)),
        # The first layer's units are the features of a vertex.
        layers=(features, *DECODER),
        activation="tanh",
        learning_rate=0.005,
        batch_size=4096,
        beta_2=0.99,
        epsilon=1e-12,
        start="pretrained",
        epochs=round(epochs * many),
    )


def _long_grid(task: Task, epochs: int) -> PainterSettings:
    """Lay more features on fewer vertices, smoothly, and begin at random: ahead after some 300 epochs."""
    settings = _grid(task, epochs, spare=2)
    return settings.changed(basis="quadratic", learning_rate=0.003, start="features")


def _picture_grid(task: Task, epochs: int) -> PainterSettings:
    """One feature for each channel, begun with the picture, for what has no pretrained start."""
    return _grid(task, epochs).changed(
        levels=task.levels(PIXELS_PER_VERTEX),
        layers=(task.channels, *PICTURE_DECODER),
        activation="relu",
        grid_beta_1=0.0,
        grid_beta_2=0.9,
        start="picture",
    )


def _area_grid(task: Task, epochs: int) -> PainterSettings:
    """A vertex for each pixel, with four points to learn; Keys's weights leave no lattice between them."""
    is_enlarging = task.purpose == "enlarging"
    wanted = ENLARGING_PIXELS_PER_VERTEX if is_enlarging else AREA_PIXELS_PER_VERTEX
    epochs = round(epochs * ENLARGING_EPOCHS) if is_enlarging else epochs
    factor = GREY_GRID_RATE_FACTOR if task.channels == 1 else AREA_GRID_RATE_FACTOR
    return _grid(task, epochs, spare=max(1, COLOR_FEATURES - task.channels)).changed(
        purpose=task.purpose or "any-size",
        emphasis=ENLARGING_EMPHASIS if is_enlarging else EMPHASIS,
        grid_rate_factor=ENLARGING_GRID_RATE_FACTOR if is_enlarging else factor,
        basis="keys",
        levels=task.levels(wanted, at_most=MOST_PIXELS_PER_VERTEX),
        learning_rate=0.003,
    )


def _dense(task: Task, epochs: int) -> PainterSettings:
    # Below 64 x 64 pixels an epoch has fewer than 64 batches, so there are more epochs.
    many = max(1.0, min(64.0, 4096 / task.n_pixels))
    return PainterSettings(
        mode=task.mode,
        # Such a network is too smooth to leave anything between pixels to chance.
        purpose=task.purpose or "copying",
        emphasis=0.0,
        encoding=encoding_named(task.encoding or "raw")(),
        layers=(128, 128),
        activation="relu",
        learning_rate=3e-3,
        batch_size=min(1024, max(64, task.n_pixels // 64)),
        beta_2=0.999,
        epsilon=1e-8,
        start="mean",
        epochs=round(epochs * many),
    )


def _storing(task: Task, epochs: int) -> PainterSettings:
    """Lay a pyramid of whole numbers over the picture, with a decoder for it."""
    if task.encoding not in (None, PyramidSpec.name):
        why = f"storing needs the encoding pyramid, not {task.encoding}"
        raise SettingsError("encoding", why, "leave it out")
    spec = PyramidSpec()
    # A small picture has few updates of its networks an epoch.
    many = max(1.0, min(4.0, math.sqrt(MEASURED_PIXELS / task.n_pixels)))
    return PainterSettings(
        mode=task.mode,
        purpose="storing",
        emphasis=0.0,
        encoding=spec,
        layers=(len(spec.spacings), *DECODER),
        activation="relu",
        learning_rate=0.005,
        decay="cosine",
        batch_size=4096,
        beta_2=0.99,
        epsilon=1e-8,
        start="mean",
        epochs=round(epochs * many),
    )


def _staged(
    area_epochs: int,
    grid_epochs: int,
    dense_epochs: int,
    storing_epochs: int,
    copying_grid: Callable[[Task, int], PainterSettings] = _grid,
) -> Preset:
    def preset(task: Task) -> PainterSettings:
        if task.purpose == "storing":
            return _storing(task, storing_epochs)
        if task.encoding not in (None, "grid"):
            return _dense(task, dense_epochs)
        if task.mode == "classify":
            return _picture_grid(task, grid_epochs)
        if task.purpose == "copying":
            return copying_grid(task, grid_epochs)
        return _area_grid(task, area_epochs)

    return preset


def _tutorial(task: Task) -> PainterSettings:
    """Give the classic lesson to the letter: scikit-learn's defaults on integer (row, column) inputs."""
    own: dict[str, EncodingSpec] = {"raw": RawSpec(normalize=False), "grid": GridSpec(levels=(16, 64, 256))}
    name = task.encoding or "raw"
    return PainterSettings(
        mode=task.mode,
        purpose=task.purpose or "copying",
        emphasis=0.0,
        encoding=own.get(name) or encoding_named(name)(),
        layers=(100,) * 10,
        activation="relu",
        learning_rate=0.001,
        decay="constant",
        batch_size=min(200, task.n_pixels),
        alpha=0.0001,
        beta_2=0.999,
        epsilon=1e-8,
        start="stock",
        engine="stock",
        epochs=200,
        tol=1e-4,
        one_hot=task.mode == "classify",
        precision="float64",
    )


PRESETS: dict[str, Preset] = {
    "draft": _staged(area_epochs=6, grid_epochs=25, dense_epochs=3, storing_epochs=240),
    "standard": _staged(area_epochs=18, grid_epochs=85, dense_epochs=10, storing_epochs=1000),
    "fine": _staged(
        area_epochs=60, grid_epochs=500, dense_epochs=60, storing_epochs=5000, copying_grid=_long_grid
    ),
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
        Any fields of `PainterSettings`, and settings of the encoding in use by their own names;
        they win over the preset. `encoding` may be a name or a whole spec.

    Raises
    ------
    SettingsError
        If a name is unknown or belongs to another encoding, or a value cannot be used.

    Examples
    --------
    >>> settings_for(768, 512, "draft", seed=3).seed
    3
    >>> settings_for(768, 512, encoding="fourier", sigma=5.0).encoding
    FourierSpec(n_frequencies=128, sigma=5.0)
    """
    if not isinstance(preset, str) or preset not in PRESETS:
        raise SettingsError(
            "preset", f"unknown name {value_text(preset)}", f"use one of {', '.join(PRESETS)}"
        )
    # A time limit alone means: as many epochs as fit into it.
    if given.get("seconds") is not None:
        given.setdefault("epochs", None)
    if any(given.get(name) is not None for name in ("bpp", "file_size")):
        given.setdefault("purpose", "storing")
    return PRESETS[preset](_task(width, height, channels, given)).changed(**given)


def bound_note(
    width: int, height: int, preset: str = "standard", *, channels: int = 3, **given: Any
) -> str | None:
    """Say so where the bound on the grid's vertices costs a picture its details.

    Parameters are those of `settings_for`, and have been taken by it.

    Examples
    --------
    >>> bound_note(768, 512)
    >>> bound_note(6000, 4000).partition(":")[0]
    'this picture of 24.0 megapixels has 3.5 pixels for each vertex of the grid, where 1 is the rule'
    """
    if "levels" in given or not isinstance(given.get("encoding", ""), str):
        return None
    task = _task(width, height, channels, given)
    bounded, free = (PRESETS[preset](each).encoding for each in (task, replace(task, is_bounded=False)))
    if not (isinstance(bounded, GridSpec) and isinstance(free, GridSpec)):
        return None
    found, rule = (_pixels_per_vertex(task, spec.levels[-1]) for spec in (bounded, free))
    if found < NOTICED * rule:
        return None
    side = math.sqrt(MOST_VERTICES * rule * max(width, height) / min(width, height))
    return (
        f"this picture of {task.n_pixels / 1e6:.1f} megapixels has {found:.1f} pixels for each vertex of the "
        f"grid, where {rule:.2g} is the rule: fine details are lost; learn from a copy of at most "
        f"{10 * int(side / 10):,} pixels a side (max_side) to keep all of its own"
    )


def _pixels_per_vertex(task: Task, vertices: int) -> float:
    return task.n_pixels / (vertices**2 * max(task.width, task.height) / min(task.width, task.height))


def _task(width: int, height: int, channels: int, given: dict[str, Any]) -> Task:
    # What is no name at all is refused with the rest of the settings.
    names = ("mode", "purpose")
    wanted: dict[str, Any] = {name: given[name] for name in names if isinstance(given.get(name), str)}
    if "encoding" in given:
        encoding = given["encoding"]
        found = encoding_named(encoding.name if isinstance(encoding, EncodingSpec) else encoding)
        wanted["encoding"] = found.name
    return Task(width, height, channels, **wanted)
