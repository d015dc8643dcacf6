"""`paintnet predict`: ask a painting for the colour at positions."""

import csv
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

from paintnet.cli.console import Console
from paintnet.cli.models import load_painting
from paintnet.cli.options import model_argument, report_options
from paintnet.cli.types import XY
from paintnet.errors import SettingsError
from paintnet.painting import Painting
from paintnet.picture import shown
from paintnet.picture.formats import to_levels

XY_FORM = "X,Y"


@click.command(
    epilog="""\b
Examples:
  paintnet predict --xy 1,1
  paintnet predict bird.paintnet --xy 50,50 --units percent
  paintnet predict bird.paintnet --xy-file points.txt --format csv"""
)
@model_argument
@click.option("--xy", "xy", type=XY, multiple=True, help="Position: column, row; repeatable.")
@click.option("--xy-file", metavar="FILE|-", help="File of positions, one X,Y a line.")
@click.option(
    "--units",
    type=click.Choice(["pixel", "unit", "percent"]),
    default="pixel",
    help="Unit and percent count from the centre of the first pixel to that of the last.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", help="Of the answer."
)
@report_options
def predict(
    model: str | None, xy: tuple[Any, ...], xy_file: str | None, units: str, form: str, **say: bool
) -> None:
    """Ask MODEL for the colour at positions.

    (0, 0) is the centre of the top left pixel; fractions lie between pixels.
    Without MODEL, the newest .paintnet file of the current folder is asked.
    """
    console = Console(as_json=say["as_json"] or form == "json", quiet=say["quiet"])
    asked = list(xy) + (_read_positions(xy_file) if xy_file else [])
    if not asked:
        raise SettingsError("positions", "none was given", "use --xy X,Y or --xy-file FILE")
    painting, name = load_painting(model, console)
    positions = np.array(asked, dtype=np.float64) * _unit(painting, units)
    if _outside(painting, positions):
        size = f"{painting.width} x {painting.height}"
        console.notes([f"a position lies outside the picture ({size}); the network guesses there"])
    answers = [
        {"xy": list(pair), **answer}
        for pair, answer in zip(asked, _answers(painting, positions), strict=True)
    ]
    document = {"model": name, "mode": painting.mode, "units": units, "results": answers}
    console.answer(document, _csv(answers) if form == "csv" else map(_text, answers))


def _read_positions(name: str) -> list[tuple[float, float]]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"--xy-file {shown(name)}", f"cannot be read ({error})", "give a text file"
        ) from error
    positions = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.replace(",", " ").split()
        if not words or words[0].startswith("#"):
            continue
        try:
            x, y = (float(word) for word in words)
        except ValueError:
            x = y = float("nan")
        if not np.isfinite([x, y]).all():
            why = f"line {number} is {shown(line[:40])!r}, not of the form {XY_FORM}"
            raise SettingsError(f"--xy-file {shown(name)}", why, "write one X,Y a line")
        positions.append((x, y))
    return positions


def _unit(painting: Painting, units: str) -> Any:
    """Pixels for one of the units, along x and y."""
    sides = np.array([painting.width - 1, painting.height - 1], dtype=np.float64)
    return {"pixel": 1.0, "unit": sides, "percent": sides / 100}[units]


def _outside(painting: Painting, positions: Any) -> bool:
    last = np.array([painting.width, painting.height]) - 0.5
    return bool(((positions < -0.5) | (positions > last)).any())


def _answers(painting: Painting, positions: Any) -> Iterator[dict[str, Any]]:
    colours = painting.predict(positions)
    probabilities = painting.predict_proba(positions) if painting.mode == "classify" else None
    for number, colour in enumerate(colours):
        answer: dict[str, Any] = {"color": _hex(colour), "values": [round(float(v), 6) for v in colour]}
        if probabilities is not None:
            chances = probabilities[number]
            answer["class"] = int(chances.argmax())
            answer["probabilities"] = [float(chance) for chance in chances]
        yield answer


def _hex(colour: Any) -> str:
    """Write a colour as #rrggbb, or #rrggbbaa where there is transparency; grey has three equal parts."""
    levels = to_levels(colour).tolist()
    return "#" + "".join(f"{level:02x}" for level in (levels * 3 if len(levels) == 1 else levels))


def _place(answer: dict[str, Any]) -> str:
    return ",".join(f"{number:.10g}" for number in answer["xy"])


def _text(answer: dict[str, Any]) -> str:
    if "class" in answer:
        chance = answer["probabilities"][answer["class"]]
        return f"{_place(answer)} -> class {answer['class']} {answer['color']} (p = {chance:.3f})"
    values = ", ".join(f"{value:.3f}" for value in answer["values"])
    return f"{_place(answer)} -> {answer['color']}  ({values})"


def _csv(answers: list[dict[str, Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    several = len(answers[0]["values"])
    names = {1: ["grey"], 3: ["red", "green", "blue"], 4: ["red", "green", "blue", "alpha"]}[several]
    extra = ["class", "probability"] if "class" in answers[0] else []
    writer.writerow(["x", "y", "color", *names, *extra])
    for answer in answers:
        row = [*answer["xy"], answer["color"], *answer["values"]]
        if extra:
            row += [answer["class"], json.dumps(answer["probabilities"][answer["class"]])]
        writer.writerow(row)
    yield from buffer.getvalue().splitlines()
