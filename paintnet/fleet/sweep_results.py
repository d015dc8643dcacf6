"""What a sweep came to: a table as CSV and JSON, and a plot of what quality costs."""

import csv
import io
import json
import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import PurePath
from typing import Any

from paintnet.errors import PaintnetError, SettingsError
from paintnet.extras import pip_line
from paintnet.files.names import printable
from paintnet.fleet.sweep import Result, label_of, pareto_front

PLOTS = (".svg", ".png", ".pdf")

COSTS = (("seconds", "seconds"), ("bytes", "bytes of the model"))
"""Columns that a plot has on its horizontal axes, and what they are called."""


def table(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Rows with the same columns, where a trial may have had no such setting.

    Parameters
    ----------
    results : sequence of Result
        From `results_of`.
    """
    documents = [each.to_document() for each in results]
    names = list(dict.fromkeys(name for each in results for name in each.varied))
    others = [name for name in (documents[0] if documents else {}) if name not in {"trial", *names}]
    return [{name: each.get(name) for name in ("trial", *names, *others)} for each in documents]


def as_csv(results: Sequence[Result]) -> bytes:
    """The table as CSV, in UTF-8; what would be a formula in a spreadsheet is made plain text."""
    rows = table(results)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["trial"])
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _harmless(value) for name, value in row.items()})
    return text.getvalue().encode()


def as_json(results: Sequence[Result], command: str) -> bytes:
    """The table as JSON, with the command that repeats the best trial."""
    document = {"command": command, "trials": table(results)}
    return json.dumps(document, allow_nan=False, indent=1).encode("ascii") + b"\n"


def _harmless(value: Any) -> Any:
    """A picture's name may come from anywhere, and a spreadsheet runs what begins with these signs."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


def check_plot(path: str) -> None:
    """Refuse a plot that could not be drawn, before any work.

    Raises
    ------
    SettingsError
        It says how to install what is missing.
    """
    if PurePath(path).suffix.lower() not in PLOTS:
        why = f"unknown extension {PurePath(path).suffix!r}"
        raise SettingsError(printable(path), why, f"use one of {' '.join(PLOTS)}")
    if find_spec("matplotlib") is None:
        why = "a plot needs matplotlib, which is not installed"
        raise SettingsError(printable(path), why, f"install it with {pip_line('plot')}")


def plot(results: Sequence[Result], extension: str) -> bytes:
    """Draw quality against time and against size; what nothing beats is joined by a line and named.

    Parameters
    ----------
    results : sequence of Result
        Those that failed, or are perfect, have no place in it.
    extension : str
        One of `PLOTS`.

    Raises
    ------
    PaintnetError
        If there is nothing to draw.
    """
    good = [each for each in results if math.isfinite(each.quality)]
    if not good:
        raise PaintnetError("plot", "there is no trial to draw", "look at their errors")
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # Without a seed for its names and without a date, the same results give the same bytes.
    with rc_context({"svg.hashsalt": "paintnet", "svg.fonttype": "none"}):
        figure = Figure(figsize=(11, 4.5), layout="constrained")
        FigureCanvasAgg(figure)
        for axes, (name, title) in zip(figure.subplots(1, 2), COSTS, strict=True):
            _draw(axes, good, [float(each.to_document()[name] or 0) for each in good], title)
        content = io.BytesIO()
        kind = extension.lower().removeprefix(".")
        stamp = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        figure.savefig(content, format=kind, metadata=stamp, dpi=120)
    return content.getvalue()


def _draw(axes: Any, results: Sequence[Result], costs: Sequence[float], title: str) -> None:
    from matplotlib.ticker import EngFormatter

    qualities = [each.quality for each in results]
    front = pareto_front(list(zip(costs, qualities, strict=True)))
    axes.scatter(costs, qualities, color="#999999", zorder=2, label="trials")
    best = [[values[number] for number in front] for values in (costs, qualities)]
    axes.plot(*best, color="#c0392b", marker="o", drawstyle="steps-post", zorder=3, label="Pareto front")
    if min(costs) > 0 and max(costs) > 10 * min(costs):
        axes.set_xscale("log")
    else:
        axes.xaxis.set_major_formatter(EngFormatter())  # 200 k
    axes.margins(x=0.15, y=0.15)  # room for the words
    axes.autoscale_view()  # else the places of points are not known yet
    to_axes = axes.transData + axes.transAxes.inverted()
    for number in front:
        point = (costs[number], qualities[number])
        is_left = to_axes.transform(point)[0] < 0.5
        axes.annotate(
            f"{results[number].number + 1}: {label_of(results[number].varied)}"[:48],
            point,
            xytext=(5, -12) if is_left else (-5, 6),
            ha="left" if is_left else "right",
            textcoords="offset points",
            fontsize=8,
        )
    axes.set_xlabel(title)
    axes.set_ylabel("PSNR in dB")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", fontsize=8)
