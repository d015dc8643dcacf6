"""`paintnet render`: paint a saved painting at any size."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paintnet.cli.completion import complete_files
from paintnet.cli.console import Console, human_bytes
from paintnet.cli.help import command, option, option_group
from paintnet.cli.models import load_painting
from paintnet.cli.options import (
    force_option,
    max_pixels_option,
    model_argument,
    region_option,
    report_options,
    size_options,
)
from paintnet.cli.outputs import (
    STDOUT,
    check_inputs_stay,
    check_picture_output,
    check_picture_size,
    checked_size,
    write_picture,
)
from paintnet.cli.watching import View
from paintnet.painter.events import Working
from paintnet.painting import Painting
from paintnet.typing import Array

COPY_NOTE = (
    "this painting was made for copying: between the pixels of its picture it is left to chance; "
    "`paintnet fit --for any-size` paints for every size"
)


@command(
    epilog="""\b
Examples:
  paintnet render -o poster.png --scale 4
  paintnet render bird.paintnet -o eye.png --region 55,20,75,40 --size 400x400
  paintnet render classes.paintnet -o classes.png --scale 8 --smooth
  paintnet render bird.paintnet -o - > bird.png"""
)
@model_argument
@option_group(
    "What is painted",
    size_options,
    region_option,
    option(
        "--smooth",
        is_flag=True,
        help="In classify: soften the boundaries, by the share of each pixel's area that a class has.",
    ),
    max_pixels_option,
)
@option_group(
    "What is written",
    option(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        shell_complete=complete_files,
        help="The picture, or - for a PNG on stdout.",
    ),
    force_option,
)
@report_options
def render(model: str | None, output: str, **options: Any) -> None:
    """Paint a saved painting at any size.

    Each pixel is the mean of the painted function over the pixel's own area.
    Where the painting was made for copying, or of classes, it is the value at
    the center; --smooth softens the boundaries of classes.

    MODEL is a .paintnet file, or - for stdin; without it, the newest .paintnet
    file in the current folder is painted.
    """
    console = Console(as_json=options["json"], quiet=options["quiet"], stdout_is_taken=output == STDOUT)
    check_picture_output(output, force=options["force"], inputs=(model,))
    painting, name, _ = load_painting(model, console)
    if model is None:
        check_inputs_stay(output, [name])
    region = options["region"]
    x0, y0, x1, y1 = region or (0, 0, painting.width, painting.height)
    own = (x1 - x0, y1 - y0)
    size = checked_size(options, own)
    check_picture_size(output, size)
    if _is_enlarged_copy(painting, size, own):
        console.notes([COPY_NOTE])
    shape = (size[1], size[0], painting.channels)
    with View(console, preview=False) as view:
        bands = _told(painting.bands(size, region, smooth=options["smooth"]), size[1], view)
        view.notes(write_picture(output, bands, shape))
    document = {"model": name, "output": output, "size": list(size), "region": [x0, y0, x1, y1]}
    console.summary(document, _lines(output, size))


def _told(bands: Iterator[Array], height: int, view: View) -> Iterator[Array]:
    """Hand bands on, and tell how much is painted, and then that it is written."""
    done = 0
    for band in bands:
        view(Working("painting", done / height))
        yield band
        done += len(band)
    view(Working("writing"))


def _is_enlarged_copy(painting: Painting, size: tuple[int, int], own: tuple[float, float]) -> bool:
    """Whether there are pixels between those that a painting was made to copy."""
    record = painting.training
    is_copy = record is not None and record.settings.get("purpose") == "copying"
    has_grid = painting.patches[0].network.encoding.name == "grid"
    return painting.mode == "regress" and is_copy and has_grid and (size[0] > own[0] or size[1] > own[1])


def _lines(output: str, size: tuple[int, int]) -> list[str]:
    if output == STDOUT:
        return []
    return [f"{output}  ({size[0]} x {size[1]}, {human_bytes(Path(output).stat().st_size)})"]
