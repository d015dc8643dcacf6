"""Small pictures, and a run with everything that it said."""

from typing import Any

import numpy as np

from paintnet.painter.events import EpochFinished, Event, TrainingFinished, Working
from paintnet.painter.painter import Painter
from paintnet.painter.run import Listener
from paintnet.painting import Painting


def levels_of_a_square(width: int = 20, height: int = 16) -> np.ndarray:
    """8-bit RGB: a blue square on light grey, with a little of everything between."""
    levels = np.full((height, width, 3), 210)
    levels[height // 4 : -(height // 4), width // 4 : -(width // 4)] = (29, 161, 242)
    return (levels + np.random.default_rng(3).integers(-9, 10, levels.shape)).astype(np.uint8)


def picture_of(levels: np.ndarray) -> np.ndarray:
    return levels.astype(np.float32) / np.float32(255)


def smooth(width: int = 12, height: int = 10, channels: int = 3) -> np.ndarray:
    """A picture of soft waves."""
    row, column, channel = np.indices((height, width, channels))
    waves = 0.5 + 0.25 * np.sin(row / 3 + channel) + 0.2 * np.cos(column / 4 - channel)
    return waves.astype(np.float32)


def flat(color: float | tuple[float, ...], width: int = 6, height: int = 5) -> np.ndarray:
    """A picture of one color."""
    return np.full((height, width, np.size(color)), color, dtype=np.float32)


def run(preset: str, picture: np.ndarray, **settings: Any) -> tuple[Painting, list[Event]]:
    """Paint, and keep every event; the engine that needs no compiling unless another is asked for."""
    events: list[Event] = []
    if preset != "tutorial":
        settings = {"engine": "numpy" if may_use_blocks(settings) else "stock"} | settings
    return Painter(preset, listeners=(keep_in(events),), **settings).fit(picture), events


def keep_in(events: list[Event]) -> Listener:
    """Make a listener that keeps every event."""
    return lambda event, run: events.append(event)


def may_use_blocks(settings: dict[str, Any]) -> bool:
    stock_only = {"levels", "basis", "precision"}
    return (
        settings.get("encoding", "grid") == "grid"
        and settings.get("solver", "adam") == "adam"
        and not stock_only & set(settings)
    )


def parts_of(events: list[Event], part: str) -> list[Working]:
    """What was said while the job was at a part."""
    return [event for event in events if isinstance(event, Working) and event.part == part]


def epochs_of(events: list[Event]) -> list[EpochFinished]:
    return [event for event in events if isinstance(event, EpochFinished)]


def end_of(events: list[Event]) -> TrainingFinished:
    assert isinstance(events[-1], TrainingFinished)
    return events[-1]
