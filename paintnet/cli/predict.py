"""`paintnet predict`: ask a painting for the color at positions."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
from click.core import ParameterSource

from paintnet.cli.completion import complete_files
from paintnet.cli.console import Console, hex_color, standard_input
from paintnet.cli.help import command, option
from paintnet.cli.models import STDIN, load_painting
from paintnet.cli.options import model_argument, report_options
from paintnet.cli.types import XY, Choice
from paintnet.errors import SettingsError
from paintnet.files.names import printable
from paintnet.files.texts import decode_text
from paintnet.painting import Painting

XY_FORM = "X,Y"


@command(
    epilog="""\b
Examples:
  paintnet predict --xy 1,1
  paintnet predict bird.paintnet --xy 50,50 --units percent
  paintnet predict bird.paintnet --xy-file points.txt --format csv"""
)
@model_argument
@option(
    "--xy",
    type=XY,
    multiple=True,
    help="A position: its column and row. Can be given more than once.",
)
@option(
    "--xy-file",
    metavar="FILE",
    shell_complete=complete_files,
    help="A file of positions, one X,Y on each line, or - for stdin.",
)
@option(
    "--units",
    type=Choice(["pixel", "unit", "percent"]),
    default="pixel",
    help="Unit of the positions: pixels, or the share of the way from the center of the first pixel (0) "
    "to that of the last (1 in unit, 100 in percent).",
)
@option(
    "--pixel",
    is_flag=True,
    help="Answer with the color of the pixel around each position: the mean over its area.",
)
@option("--format", type=Choice(["text", "json", "csv"]), default="text", help="How answers are written.")
@report_options
@click.pass_context
def predict(
    ctx: click.Context, /, model: str | None, xy: tuple[Any, ...], xy_file: str | None, units: str, **say: Any
) -> None:
    """Ask a painting for the color at positions.

    (0, 0) is the center of the top left pixel; fractions lie between pixels.
    The answer is the value of the painted function at the position itself, or
    with --pixel the color that `paintnet render` gives a pixel around it.

    MODEL is a .paintnet file, or - for stdin; without it, the newest .paintnet
    file in the current folder is asked.
    """
    if model == STDIN == xy_file:
        raise SettingsError("MODEL and --xy-file", "both come from stdin", "give one of them a file name")
    form = _format(ctx)
    console = Console(as_json=form == "json", quiet=say["quiet"])
    asked = list(xy) + (_read_positions(xy_file) if xy_file else [])
    if not asked:
        raise SettingsError("positions", "none were given", "use --xy X,Y or --xy-file FILE")
    painting, name, _ = load_painting(model, console)
    positions = np.array(asked, dtype=np.float64) * _unit(painting, units)
    if _outside(painting, positions):
        size = f"{painting.width} x {painting.height}"
        console.notes([f"a position lies outside the picture ({size}); the network guesses there"])
    colors = painting.predict_pixels(positions) if say["pixel"] else painting.predict(positions)
    answers = [
        {"xy": list(pair), **answer}
        for pair, answer in zip(asked, _answers(painting, positions, colors), strict=True)
    ]
    document = {
        "model": name,
        "mode": painting.mode,
        "units": units,
        "of": "pixel" if say["pixel"] else "point",
        "results": answers,
    }
    console.answer(document, _csv(answers) if form == "csv" else map(_text, answers))


def _format(ctx: click.Context) -> str:
    """Which of --json and --format counts: what is typed wins over a variable; of two alike, none does."""
    asked = {name: ctx.get_parameter_source(name) for name in ("json", "format")}
    chosen = str(ctx.params["format"])
    if not ctx.params["json"] or chosen == "json":
        return chosen
    if asked["json"] == asked["format"]:
        raise SettingsError(
            f"--json and --format {chosen}", "they cannot be combined", "give only one of them"
        )
    is_typed = asked["format"] == ParameterSource.COMMANDLINE
    return chosen if is_typed else "json"


def _read_positions(name: str) -> list[tuple[float, float]]:
    try:
        file = standard_input() if name == STDIN else None
        text = decode_text(file.read() if file else Path(name).read_bytes())
    except OSError as error:
        raise SettingsError(
            f"--xy-file {printable(name)}", f"cannot be read ({error})", "give a text file"
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
            why = f"line {number} is {printable(line[:40])!r}, not of the form {XY_FORM}"
            raise SettingsError(f"--xy-file {printable(name)}", why, "write one X,Y on each line")
        positions.append((x, y))
    return positions


def _unit(painting: Painting, units: str) -> Any:
    """Pixels for one of the units, along x and y."""
    sides = np.array([painting.width - 1, painting.height - 1], dtype=np.float64)
    return {"pixel": 1.0, "unit": sides, "percent": sides / 100}[units]


def _outside(painting: Painting, positions: Any) -> bool:
    last = np.array([painting.width, painting.height]) - 0.5
    return bool(((positions < -0.5) | (positions > last)).any())


def _answers(painting: Painting, positions: Any, colors: Any) -> Iterator[dict[str, Any]]:
    probabilities = painting.predict_proba(positions) if painting.mode == "classify" else None
    for number, color in enumerate(colors):
        answer: dict[str, Any] = {"color": hex_color(color), "values": [round(float(v), 6) for v in color]}
        if probabilities is not None:
            chances = probabilities[number]
            answer["class"] = int(chances.argmax())
            answer["probabilities"] = [float(chance) for chance in chances]
        yield answer


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
