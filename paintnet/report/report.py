"""The report of a run: one page that shows the painting, how good it is and how it was made.

The page needs nothing but itself: pictures lie in it as data, and it asks no
network for anything. Every text goes through jinja2's escaping.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any

import numpy as np

from paintnet.animation.frames import Frame, as_levels
from paintnet.files.names import printable
from paintnet.metrics import psnr, ssim
from paintnet.painter.events import EpochFinished, Event
from paintnet.painter.quality import Measurement, as_written
from paintnet.painter.run import Run
from paintnet.painting import Painting
from paintnet.record import TrainingRecord
from paintnet.report import maps
from paintnet.report.charts import CurvePoint, clock, curve_values, learning_curve, number, ticks
from paintnet.report.colors import color_name, hex_code, lab, of_code
from paintnet.report.diagram import MOST_UNITS, network_drawing, network_layers
from paintnet.report.embedding import embed_frames, embed_levels, embed_picture, spread
from paintnet.report.facts import day, facts_of, percent, settings_in_use, versions_of
from paintnet.typing import Array

CURVE_POINTS = 2000
"""Points of the learning curve that a listener holds at most."""

CURVE_ROWS = 10
"""Rows of the curve's table."""

NARROW, WIDE = 340, 880
"""Widths of the learning curve, on a phone and on a desk."""

FLATTEST = 12.0
"""Ratio of sides beyond which a picture is stretched to be seen."""

CHANNELS = {1: ("grey",), 3: ("red", "green", "blue"), 4: ("red", "green", "blue", "alpha")}

QUIET_COLORS = ("ffffff", "000000")
LOUD_COLORS = ("ff00a0", "00d5ff", "ffe600", "7dff00")
"""Candidates for the lines between classes."""

SEEN = 25.0
"""Distance in CIELAB from which a thin line stands out."""


@dataclass(frozen=True, eq=False)
class RunRecord:
    """What a report is made from.

    Parameters
    ----------
    source : str
        What the picture is called; a credential-free path or address.
    original : float32 array of shape (height, width, channels)
        The picture that was learned, values in [0, 1].
    painting : Painting
        The result.
    curve : sequence of CurvePoint
        The run's epochs, as `CurveListener` collects them; empty with lbfgs.
    frames : iterable of Frame
        The painting on its way; may be empty.
    command : str
        The shell command that makes it again.
    seconds : float or None
        Training time; by default what the curve says.
    class_names : sequence of str or None
        Names of the classes in classify; by default those of their colors.
    quality : Measurement or None
        What has been measured already, so that nothing is painted or measured twice.
    date : datetime or None
        When the run was; with a time zone.
    """

    source: str
    original: Array
    painting: Painting
    curve: Sequence[CurvePoint] = ()
    frames: Iterable[Frame] = ()
    command: str = ""
    seconds: float | None = None
    class_names: Sequence[str] | None = None
    quality: Measurement | None = None
    date: datetime | None = None


class CurveListener:
    """A listener that remembers the learning curve, in bounded memory.

    When it is full it drops every second point and from then on keeps only
    every second, fourth, eighth ... epoch; the latest is always there.

    Parameters
    ----------
    capacity : int, default=2000
        Points to hold at most.

    Examples
    --------
    >>> import paintnet
    >>> listener = CurveListener()
    >>> painting = paintnet.fit("sample:bird", preset="draft", epochs=5, listeners=(listener,))
    >>> [point.epoch for point in listener.points]
    [1, 2, 3, 4, 5]
    """

    def __init__(self, capacity: int = CURVE_POINTS) -> None:
        self.capacity = capacity
        self._stride = 1
        self._kept: list[CurvePoint] = []
        self._latest: CurvePoint | None = None

    def __call__(self, event: Event, run: Run) -> None:
        """Take one event of the run."""
        if not isinstance(event, EpochFinished):
            return
        self._latest = CurvePoint(event.epoch, event.seconds, event.loss, event.psnr)
        if (event.epoch - 1) % self._stride:
            return
        if len(self._kept) >= self.capacity - 1:
            del self._kept[1::2]
            self._stride *= 2
            if (event.epoch - 1) % self._stride:
                return
        self._kept.append(self._latest)

    @property
    def points(self) -> list[CurvePoint]:
        """The curve so far, first and latest epoch included."""
        ends = [] if self._latest is None or self._latest in self._kept[-1:] else [self._latest]
        return [*self._kept, *ends]


def report_html(record: RunRecord) -> str:
    """Write the report of a run.

    Parameters
    ----------
    record : RunRecord
        The run.

    Returns
    -------
    str
        An HTML page, whole in itself.

    Raises
    ------
    PictureError
        If original and painting differ in shape.

    Examples
    --------
    >>> from paintnet import fit
    >>> from paintnet.picture import open_picture
    >>> bird = open_picture("sample:bird").pixels
    >>> painting = fit(bird, preset="draft", epochs=5)
    >>> page = report_html(RunRecord("bird <b>", bird, painting))
    >>> page[:15], "bird &lt;b&gt;" in page
    ('<!doctype html>', True)
    """
    # jinja2 takes a tenth of a second to load, which only a report needs.
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"number": number, "clock": clock, "decibels": decibels, "percent": percent}
    text = files("paintnet.report").joinpath("report.html.j2").read_text(encoding="utf-8")
    page = environment.from_string(text).render(_context(record))
    # A file's name may hold bytes that are no text, which no UTF-8 file can.
    return page.encode("utf-8", "replace").decode("utf-8")


def decibels(value: float | None) -> str:
    """Write a PSNR; None and infinity stand for a perfect painting.

    Examples
    --------
    >>> decibels(31.254), decibels(None)
    ('31.25 dB', 'infinite (every pixel is equal)')
    """
    is_finite = value is not None and np.isfinite(value)
    return f"{value:.2f} dB" if is_finite else "infinite (every pixel is equal)"


def _context(record: RunRecord) -> dict[str, Any]:
    """Everything that the template shows."""
    painting = record.painting
    painted, measured, similar = _measured(record)
    training = painting.training
    seconds = record.curve[-1].seconds if record.seconds is None and record.curve else record.seconds
    aspect = painting.width / painting.height
    classes = _classes(record) if painting.palette is not None else None
    return {
        "source": printable(record.source),
        "painting": painting,
        "aspect": round(min(max(aspect, 1 / FLATTEST), FLATTEST), 6),
        "is_stretched": not 1 / FLATTEST <= aspect <= FLATTEST,
        "original_picture": embed_picture(record.original),
        "painted_picture": embed_picture(painted),
        "psnr": measured,
        "ssim": similar,
        "held_out": _held_out(training),
        "accuracy": training and training.accuracy,
        "seconds": seconds,
        "passes": training.passes if training else None,
        "day": day(record.date) if record.date else None,
        "error": _error(record.original, painted),
        "classes": classes,
        "curve": _curve(record.curve, measured if painting.mode == "regress" else None),
        "frames": _frames(record),
        "network": _network(painting, classes),
        "settings": settings_in_use(training.settings if training else {}),
        "facts": facts_of(training, record.date),
        "versions": versions_of(training),
        "command": record.command,
    }


def _measured(record: RunRecord) -> tuple[Array, float, float]:
    """The painting at its own size as it is written, its PSNR and its SSIM."""
    if record.quality is not None:
        return record.quality.as_written, record.quality.psnr, record.quality.ssim
    painted = as_written(record.painting.render())
    return painted, psnr(record.original, painted), ssim(record.original, painted)


def _held_out(training: TrainingRecord | None) -> dict[str, Any] | None:
    if training is None or training.held_out_psnr is None:
        return None
    return {"psnr": training.held_out_psnr, "share": training.settings.get("hold_out")}


def _error(original: Array, painted: Array) -> dict[str, Any]:
    drawn = maps.error_map(original, painted)
    marks = [(tick, 100 * tick / drawn.end) for tick in ticks(0, drawn.end, 6)]
    return {
        "map": drawn,
        "picture": embed_levels(drawn.pixels),
        "scale": _scale(maps.INFERNO, [(number(tick), at) for tick, at in marks]),
    }


def _scale(color_map: str, marks: list[tuple[str, float]]) -> dict[str, Any]:
    return {"colors": [f"#{code}" for code in color_map.split()], "marks": marks}


def _classes(record: RunRecord) -> dict[str, Any]:
    painting = record.painting
    palette = painting.palette
    assert palette is not None  # noqa: S101 - the caller has looked; told to mypy
    own = painting.width, painting.height
    size = maps.map_size(*own, finer_than=maps.FINE_SIDE)
    drawn = maps.class_map(painting, size)
    is_counted = maps.map_size(*own) == own
    counted = maps.class_map(painting, own) if is_counted and size != own else drawn
    # At the centers, where it was taught, a network is hardly ever in doubt.
    corners = maps.class_map(painting, size, at_corners=True)
    certainty = maps.certainty_map(np.minimum(drawn.probability, corners.probability), len(palette))
    line = _boundary_color(palette)
    pixels = as_levels(palette[drawn.classes])
    edge, smallest = maps.clear_boundaries(drawn.classes)
    pixels[edge] = list(bytes.fromhex(line))
    rows = zip(_class_names(record), palette, counted.shares(len(palette)), strict=True)
    return {
        "rows": [{"name": name, "color": hex_code(color), "share": share} for name, color, share in rows],
        "names": _class_names(record),
        "is_counted": is_counted,
        "boundaries": embed_picture(pixels / np.float32(255)) if edge.any() else None,
        "smallest": smallest,
        "line": f"#{line}",
        "probability": embed_levels(certainty.pixels),
        "mean": float(drawn.probability.mean(dtype=np.float64)),
        "beyond": certainty.beyond,
        "scale": _scale(maps.VIRIDIS, certainty.marks),
    }


def _class_names(record: RunRecord) -> list[str]:
    palette = record.painting.palette
    assert palette is not None  # noqa: S101 - the caller has looked; told to mypy
    if record.class_names is not None:
        return list(record.class_names)
    training = record.painting.training
    asked = (training.settings.get("classes") if training else None) or {}
    if asked.get("threshold") is not None and len(palette) == 2:
        return ["light", "dark"]
    return [color_name(color) for color in palette]


def _boundary_color(palette: Array) -> str:
    """Choose the line's color: quiet where it can be seen beside every class, else the farthest from all."""
    colors = lab(as_levels(palette[None])[0] / 255)

    def distance(code: str) -> float:
        return float(np.square(colors - lab(of_code(code))).sum(axis=1).min() ** 0.5)

    quiet = max(QUIET_COLORS, key=distance)
    return quiet if distance(quiet) >= SEEN else max((*QUIET_COLORS, *LOUD_COLORS), key=distance)


def _curve(points: Sequence[CurvePoint], measured: float | None) -> dict[str, Any] | None:
    drawn = [point for point, _ in curve_values(points)]
    if not drawn:
        return None
    line = measured if measured is not None and np.isfinite(measured) else None
    return {
        "wide": learning_curve(drawn, measured=line, width=WIDE, name="curve-wide"),
        "narrow": learning_curve(drawn, measured=line, width=NARROW, name="curve-narrow"),
        "rows": spread(drawn, CURVE_ROWS),
        "measured": line,
    }


def _frames(record: RunRecord) -> list[dict[str, Any]]:
    frames = embed_frames(list(record.frames))
    return [{"picture": picture, "said": _said(frame, record.painting.mode)} for frame, picture in frames]


def _said(frame: Frame, mode: str) -> str:
    """Words below a frame."""
    if not frame.epoch:
        return "before the first epoch"
    return f"epoch {frame.epoch:,}" + (f", {decibels(frame.psnr)}" if mode == "regress" else "")


def _network(painting: Painting, classes: dict[str, Any] | None) -> dict[str, Any]:
    last = "class" if classes else "color"
    outputs = classes["names"] if classes else CHANNELS[painting.channels]
    network = painting.patches[0].network
    if network.n_outputs != len(outputs):
        outputs = ()  # one output for two classes, or two for a single one
    return {
        "wide": network_drawing(network, last, outputs, "network-wide"),
        "narrow": network_drawing(network, last, outputs, "network-narrow", is_narrow=True),
        "layers": network_layers(network, last),
        "most_units": MOST_UNITS,
    }
