"""`paintnet boundary`: what a neuron can and cannot do, as a picture or an animation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

from paintnet.activations import HIDDEN
from paintnet.cli.completion import complete_files
from paintnet.cli.console import Console, human_bytes
from paintnet.cli.help import command, option, option_group
from paintnet.cli.loading import load_networks
from paintnet.cli.options import force_option, report_options
from paintnet.cli.outputs import (
    STDOUT,
    check_picture_output,
    check_picture_size,
    encode_output,
    write_outputs,
)
from paintnet.cli.terminal import ERASE_LINE, draw
from paintnet.cli.threads import notes_on_threads
from paintnet.cli.types import Choice, Layers, Number
from paintnet.errors import SettingsError
from paintnet.files.writing import check_apart
from paintnet.lesson.boundaries import DATASETS, Boundary
from paintnet.lesson.sheets import draw_sheet, layers_named, percent, sheet_size, watch

DEFAULT_DATA = ("and", "xor", "circles", "spirals")
DEFAULT_LAYERS = ((), (4,), (16, 16, 16))
SMALLEST, LARGEST = 100, 1000
EPOCHS_BETWEEN = 100
"""Epochs between two lines of progress."""


class HiddenLayers(Layers):
    """Hidden layers, or ``none`` for one neuron."""

    name = "none|4|16,16|16x3"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give a tuple of layer sizes."""
        if isinstance(value, str) and value.strip().lower() == "none":
            return ()
        return super().convert(value, param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Show examples in the help."""
        return self.name


@command(
    epilog="""\b
Examples:
  paintnet boundary -o boundaries.png
  paintnet boundary --data xor --layers none --layers 4 -o xor.png
  paintnet boundary --data spirals --layers 16x3 --animate spirals.gif"""
)
@option_group(
    "What is drawn",
    option(
        "--data",
        type=Choice(list(DATASETS)),
        multiple=True,
        help="Points to tell apart; each set has a row of panels. Can be given more than once.",
        show_default=", ".join(DEFAULT_DATA),
    ),
    option(
        "--layers",
        type=HiddenLayers(),
        multiple=True,
        help="Hidden layers as in fit, or none for one neuron; each network has a panel in every row. "
        "Can be given more than once.",
        show_default="none, 4 and 16x3",
    ),
    option(
        "--size",
        type=Number(SMALLEST, LARGEST, whole=True),
        default=300,
        metavar="N",
        help="Side of a panel in pixels.",
    ),
)
@option_group(
    "How the networks learn",
    option(
        "--activation",
        type=Choice(list(HIDDEN)),
        default="tanh",
        help="Activation function of the hidden units.",
    ),
    option(
        "--seed",
        type=Number(0, 2**32 - 1, whole=True),
        default=0,
        metavar="N",
        help="Start of all random numbers, for the points and the first weights; the same seed, settings "
        "and machine give the same bytes.",
    ),
    option(
        "--epochs",
        type=Number(1, whole=True),
        default=1500,
        metavar="N",
        help="At most N passes over the points; a network that has learned its points stops earlier.",
    ),
)
@option_group(
    "What is written",
    option(
        "-o",
        "--output",
        metavar="FILE",
        shell_complete=complete_files,
        help="A picture of the trained networks, or - for a PNG on stdout.",
    ),
    option(
        "--animate",
        metavar="FILE",
        shell_complete=complete_files,
        help="An animation of the learning: .gif, .webp, .png (APNG), or with the extra 'video' .mp4 or "
        ".webm.",
    ),
    option(
        "--frames",
        type=Number(1, 1000, whole=True),
        default=60,
        metavar="N",
        help="At most N frames in the animation.",
    ),
    option(
        "--fps",
        type=Number(0.01, 50),
        default=12.0,
        metavar="F",
        help="Frames per second of the animation.",
    ),
    force_option,
)
@report_options
def boundary(output: str | None, animate: str | None, **options: Any) -> None:
    """Show how neurons and networks divide the plane.

    One neuron divides the plane by a straight line; a network with hidden
    layers can divide it by curves of any shape. A point on the wrong side has
    a dark ring, and the colors are paler where the network is in doubt.
    """
    console = Console(as_json=options["json"], quiet=options["quiet"], stdout_is_taken=output == STDOUT)
    data, layers = options["data"] or DEFAULT_DATA, options["layers"] or DEFAULT_LAYERS
    _check_outputs(output, animate, options["force"], sheet_size(len(data), len(layers), options["size"]))
    console.notes(notes_on_threads())
    try:
        _progress(console, "starting")
        load_networks()
        rows = [
            [
                Boundary(name, units, activation=options["activation"], seed=options["seed"])
                for units in layers
            ]
            for name in data
        ]
        written = _draw(rows, output, animate, console, options)
    finally:
        _progress(console, "")
    write_outputs(written)
    console.summary(_document(rows, output, animate, options), _lines(rows, written))


def _check_outputs(output: str | None, animate: str | None, force: bool, size: tuple[int, int]) -> None:
    """Refuse what could not be written at the end."""
    if output is None and animate is None:
        raise SettingsError(
            "outputs", "none was named", "name a picture with -o, or an animation with --animate"
        )
    check_apart([name for name in (output, animate) if name is not None])
    if output is not None:
        check_picture_output(output, force=force)
        check_picture_size(output, size)
    if animate is not None:
        from paintnet.animation.formats import check_animation

        check_animation(animate, force=force)


def _draw(
    rows: list[list[Boundary]],
    output: str | None,
    animate: str | None,
    console: Console,
    options: dict[str, Any],
) -> dict[str, bytes]:
    """Teach the networks and encode each output; what is encoded before the first write cannot fail after."""
    encoded = {}
    if animate is not None:
        from paintnet.animation.formats import encode_animation

        frames = _frames(rows, console, options)
        given_up = list[str]()
        encoded[animate] = encode_animation(
            frames, Path(animate).suffix.lower(), fps=options["fps"], note=given_up.append
        )
        console.notes(given_up)
    else:
        _teach(rows, console, options["epochs"])
    if output is not None:
        sheet = draw_sheet(rows, options["size"])
        encoded[output], notes = encode_output(output, sheet.astype(np.float32) / 255)
        console.notes(notes)
    return encoded


def _teach(rows: list[list[Boundary]], console: Console, epochs: int) -> None:
    everyone = [each for row in rows for each in row]
    for number, each in enumerate(everyone, start=1):
        panel = f"panel {number}/{len(everyone)} {each.data}, {layers_named(each.layers)}"
        for epoch in range(0, epochs, EPOCHS_BETWEEN):
            _progress(console, f"{panel}, epoch {epoch}/{epochs}")
            each.learn(min(epochs, epoch + EPOCHS_BETWEEN))
            if each.is_done:
                break


def _frames(rows: list[list[Boundary]], console: Console, options: dict[str, Any]) -> Iterator[Any]:
    drawn = watch(rows, options["size"], epochs=options["epochs"], frames=options["frames"])
    for number, frame in enumerate(drawn, start=1):
        epoch = max(each.epochs for row in rows for each in row)
        _progress(console, f"frame {number}/{options['frames']} epoch {epoch}/{options['epochs']}")
        yield frame


def _progress(console: Console, text: str) -> None:
    """Say what is being done, on one line of a terminal that the next one replaces."""
    if console.shows_progress:
        draw(f"\r{text}{ERASE_LINE}")


def _document(
    rows: list[list[Boundary]], output: str | None, animate: str | None, options: dict[str, Any]
) -> dict[str, Any]:
    panels = [
        {
            "data": each.data,
            "layers": list(each.layers),
            "accuracy": each.accuracy,
            "epochs": each.epochs,
            "parameters": each.n_parameters,
        }
        for row in rows
        for each in row
    ]
    kept = {name: options[name] for name in ("activation", "seed", "size")}
    return {"output": output, "animation": animate, **kept, "panels": panels}


def _lines(rows: list[list[Boundary]], written: dict[str, bytes]) -> Iterator[str]:
    for row in rows:
        for each in row:
            yield f"{layers_named(each.layers)}: {percent(each.accuracy)} of {each.data}"
    for name, data in written.items():
        if name != STDOUT:
            yield f"{name}  ({human_bytes(len(data))})"
