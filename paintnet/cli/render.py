"""`paintnet render`: paint a saved painting at any size."""

from pathlib import Path
from typing import Any

from paintnet.cli.console import Console, human_bytes
from paintnet.cli.help import command, option, option_group
from paintnet.cli.models import load_painting
from paintnet.cli.options import (
    complete_files,
    force_option,
    max_pixels_option,
    model_argument,
    region_option,
    report_options,
    size_options,
)
from paintnet.cli.outputs import STDOUT, check_picture_output, check_picture_size, checked_size, write_picture


@command(
    epilog="""\b
Examples:
  paintnet render -o poster.png --scale 4
  paintnet render bird.paintnet -o eye.png --region 55,20,75,40 --size 400x400
  paintnet render bird.paintnet -o - > bird.png"""
)
@model_argument
@option_group("What is painted", size_options, region_option, max_pixels_option)
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

    MODEL is a .paintnet file, or - for stdin; without it, the newest .paintnet
    file in the current folder is painted.
    """
    console = Console(as_json=options["json"], quiet=options["quiet"], stdout_is_taken=output == STDOUT)
    check_picture_output(output, force=options["force"])
    painting, name, _ = load_painting(model, console)
    region = options["region"]
    x0, y0, x1, y1 = region or (0, 0, painting.width, painting.height)
    own = (x1 - x0, y1 - y0)
    size = checked_size(options, own)
    check_picture_size(output, size)
    shape = (size[1], size[0], painting.channels)
    console.notes(write_picture(output, painting.bands(size, region), shape))
    document = {"model": name, "output": output, "size": list(size), "region": [x0, y0, x1, y1]}
    console.summary(document, _lines(output, size))


def _lines(output: str, size: tuple[int, int]) -> list[str]:
    if output == STDOUT:
        return []
    return [f"{output}  ({size[0]} x {size[1]}, {human_bytes(Path(output).stat().st_size)})"]
