"""Charts as inline SVG: the learning curve, and what every drawing of a page is made of.

Colors come from the page: elements carry classes, and its style sheet knows
what they look like by day and by night.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from markupsafe import Markup, escape

CHART_HEIGHT = 300
LEFT = 66
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LOG_RATIO = 20
"""A loss that falls by more than this is drawn on a logarithmic axis."""


class CurvePoint(NamedTuple):
    """Where a run was after an epoch.

    Parameters
    ----------
    epoch : int
        Epochs done.
    seconds : float
        Training time so far.
    loss : float
        Mean training loss of the epoch.
    psnr : float or None
        Estimate from the loss, in dB; None in classify.
    """

    epoch: int
    seconds: float
    loss: float
    psnr: float | None


@dataclass(frozen=True)
class Axis:
    """Maps values to pixels of a chart.

    Parameters
    ----------
    low, high : float
        Values at its two ends.
    start, end : float
        Pixels of its two ends.
    is_log : bool, default=False
        Whether equal distances are equal ratios.

    Examples
    --------
    >>> Axis(0, 10, 100, 200)(5), Axis(1, 100, 0, 200, is_log=True)(10)
    (150.0, 100.0)
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """Pixel of a value."""
        low, high = (math.log10(v) if self.is_log else v for v in (self.low, self.high))
        at = math.log10(value) if self.is_log else value
        return self.start + (at - low) / (high - low) * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """Round numbers along it."""
        return log_ticks(self.low, self.high) if self.is_log else ticks(self.low, self.high)


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round numbers between two values: multiples of 1, 2 or 5 times a power of ten.

    Parameters
    ----------
    low, high : float
        The values; low below high.
    most : int, default=7
        How many there may be.

    Examples
    --------
    >>> ticks(0, 47)
    [0, 10, 20, 30, 40]
    >>> ticks(0.31, 0.52)
    [0.35, 0.4, 0.45, 0.5]
    """
    power = math.floor(math.log10((high - low) / most))
    for step in (m * 10.0**e for e in (power, power + 1) for m in (1, 2, 5)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            break
    # Rounded, or 3 * 0.1 would be called 0.30000000000000004.
    values = [round(k * step, max(0, 1 - power)) for k in range(first, last + 1)]
    return [int(value) if value == int(value) else value for value in values]


def log_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round numbers for a logarithmic axis: 1, 2 and 5 times powers of ten, or only these.

    Examples
    --------
    >>> log_ticks(0.009, 0.3)
    [0.01, 0.02, 0.05, 0.1, 0.2]
    >>> log_ticks(0.0009, 30)
    [0.001, 0.01, 0.1, 1.0, 10.0]
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = max(1, math.ceil((len(powers) - 1) / most))
    for digits, chosen in (((1, 2, 5), powers), ((1,), powers[::every])):
        values = [float(f"{digit}e{power}") for power in chosen for digit in digits]
        inside = [value for value in values if low <= value <= high]
        if len(inside) <= most:
            break
    return inside


def element(tag: str, *content: object, **attributes: object) -> Markup:
    """Write an SVG element; everything that is not markup already is escaped.

    Examples
    --------
    >>> print(element("text", "<b>", text_anchor="end", class_="tick"))
    <text text-anchor="end" class="tick">&lt;b&gt;</text>
    """
    pairs = Markup("").join(
        Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), _short(value))
        for name, value in attributes.items()
    )
    inside = Markup("").join(map(escape, content))
    return Markup("<{}{}>{}</{}>").format(Markup(tag), pairs, inside, Markup(tag))  # noqa: S704 - our own tags


def learning_curve(
    points: Sequence[CurvePoint], *, measured: float | None = None, width: int = 720, name: str = "curve"
) -> Markup:
    """Draw how a run got better: decibels in regress, the loss in classify.

    Parameters
    ----------
    points : sequence of CurvePoint
        At least one with a finite value.
    measured : float or None
        PSNR of the finished painting, drawn as a line.
    width : int
        Of the drawing in pixels.
    name : str
        Start of the ids, unique in the page.

    Returns
    -------
    Markup
        An ``<svg>`` element.
    """
    is_decibels = points[-1].psnr is not None
    shown = curve_values(points)
    x = Axis(0, max(shown[-1][0].epoch, 1), LEFT, width - 28)
    values = [value for _, value in shown]
    y = _value_axis(values + ([measured] if measured is not None else []), not is_decibels)
    unit = "PSNR, dB" if is_decibels else "loss" + (", logarithmic" if y.is_log else "")
    line = " ".join(f"{x(point.epoch):.1f},{y(value):.1f}" for point, value in shown)
    first, last = shown[0], shown[-1]
    said = (
        f"After epoch {first[0].epoch}: {number(first[1])}; after epoch {last[0].epoch}: {number(last[1])}."
    )
    marks: list[Markup] = [
        element("title", f"Learning curve: {unit} over epochs", id=f"{name}-title"),
        element("desc", said, id=f"{name}-desc"),
        *_grid_lines(x, y),
        *_epoch_labels(x, shown, width),
        element("text", unit, x=LEFT, y=16, class_="label"),
    ]
    if measured is not None:
        marks.append(element("line", x1=x.start, x2=x.end, y1=y(measured), y2=y(measured), class_="measured"))
    marks += [
        element("polyline", points=line, class_="curve"),
        element("circle", cx=x(last[0].epoch), cy=y(last[1]), r=4, class_="end"),
    ]
    return drawing(marks, width, CHART_HEIGHT, name)


def curve_values(points: Sequence[CurvePoint]) -> list[tuple[CurvePoint, float]]:
    """Points that can be drawn, each with what is drawn of it."""
    chosen = [(point, point.loss if point.psnr is None else point.psnr) for point in points]
    return [(point, value) for point, value in chosen if math.isfinite(value)]


def _value_axis(values: list[float], may_be_log: bool) -> Axis:
    low, high = min(values), max(values)
    start, end = CHART_HEIGHT - 56, 28
    if may_be_log and low > 0 and high / low > LOG_RATIO:
        return Axis(low / 1.1, high * 1.1, start, end, is_log=True)
    if high - low < 1e-9 * max(abs(high), 1):
        low, high = low - 0.5, high + 0.5
    margin = (high - low) / 20
    return Axis(low - margin if low < 0 else max(0.0, low - margin), high + margin, start, end)


def _grid_lines(x: Axis, y: Axis) -> list[Markup]:
    marks = []
    for value in y.ticks:
        marks.append(element("line", x1=x.start, x2=x.end, y1=y(value), y2=y(value), class_="grid"))
        label = element("text", number(value), x=x.start - 8, y=y(value) + 4, text_anchor="end")
        marks.append(label)
    marks.append(element("line", x1=x.start, x2=x.end, y1=y.start, y2=y.start, class_="axis"))
    marks.append(element("line", x1=x.start, x2=x.start, y1=y.start, y2=y.end, class_="axis"))
    return marks


def _epoch_labels(x: Axis, shown: list[tuple[CurvePoint, float]], width: int) -> list[Markup]:
    """Epochs along the axis, and below them the time when each was over."""
    epochs = [0] + [point.epoch for point, _ in shown]
    seconds = [0.0] + [point.seconds for point, _ in shown]
    base = CHART_HEIGHT - 56
    marks = [
        element("text", "epoch", x=2, y=base + 20, class_="label"),
        element("text", "time", x=2, y=base + 40, class_="label"),
    ]
    whole = [value for value in ticks(x.low, x.high, max(4, width // 100)) if value == int(value)]
    for value in whole:
        marks.append(element("line", x1=x(value), x2=x(value), y1=base, y2=base + 5, class_="axis"))
        marks.append(element("text", number(value), x=x(value), y=base + 20, text_anchor="middle"))
        if value:
            when = clock(float(np.interp(value, epochs, seconds)))
            marks.append(element("text", when, x=x(value), y=base + 40, text_anchor="middle"))
    return marks


def number(value: float) -> str:
    """Write a number for people: three or four digits, thousands apart.

    Examples
    --------
    >>> number(12000), number(31.25), number(0.05), number(0.00002)
    ('12,000', '31.25', '0.05', '2·10⁻⁵')
    """
    if value == int(value):
        return f"{value:,.0f}"
    digits, _, power = f"{value:.4g}".partition("e")
    return f"{digits}·10{str(int(power)).translate(SUPERSCRIPT)}" if power else digits


def clock(seconds: float) -> str:
    """Write a duration for people.

    Examples
    --------
    >>> clock(0.0123), clock(9.96), clock(75), clock(7300)
    ('12 ms', '10.0 s', '1:15 min', '2:01 h')
    """
    if seconds < 0.9995:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    unit, whole = (60, "min") if seconds < 3600 else (3600, "h")
    parts = int(seconds * 60 / unit)
    return f"{parts // 60}:{parts % 60:02d} {whole}"


def drawing(marks: Sequence[Markup], width: int, height: int, name: str) -> Markup:
    """Put marks into an ``<svg>``; its title and description have ids that begin with `name`."""
    return element(
        "svg",
        *marks,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def _short(value: object) -> str:
    """Write an attribute; a tenth of a pixel cannot be seen."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
