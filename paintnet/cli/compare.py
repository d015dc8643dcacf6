"""`paintnet compare`: measure how close two pictures are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

from paintnet.cli.completion import complete_files, complete_models_and_pictures
from paintnet.cli.console import Console, human_bytes, human_psnr, standard_input
from paintnet.cli.help import command, option, option_group
from paintnet.cli.models import LoadedPainting, is_model, load_painting
from paintnet.cli.options import force_option, open_options, report_options
from paintnet.cli.outputs import STDOUT, check_picture_output, write_picture
from paintnet.files.writing import in_words
from paintnet.metrics import difference_bands, largest_difference, psnr, ssim
from paintnet.picture import OpenedPicture, OpenLimits, open_picture, output_size
from paintnet.picture.banding import HELD_PIXELS
from paintnet.picture.file_levels import FileLevels
from paintnet.picture.formats import to_levels
from paintnet.picture.levels import LevelPicture, Pixels, with_channels


@command(
    epilog="""\b
Examples:
  paintnet compare photo.jpg photo.painted.png
  paintnet compare photo.jpg photo.paintnet
  paintnet compare photo.jpg photo.painted.png -o difference.png --json"""
)
@click.argument("a", shell_complete=complete_models_and_pictures)
@click.argument("b", shell_complete=complete_models_and_pictures)
@option_group(
    "What is written",
    option(
        "-o",
        "--output",
        metavar="FILE",
        shell_complete=complete_files,
        help="A picture of the differences: black where there is none, white where it is largest; "
        "or - for a PNG on stdout.",
    ),
    force_option,
)
@option_group("Where the pictures come from", open_options)
@report_options
def compare(a: str, b: str, output: str | None, **options: Any) -> None:
    """Measure how close two pictures are.

    A and B are pictures of the same size: paths, http(s) URLs, samples, or - for
    stdin. One that is a .paintnet file is painted at the size of the other. The
    answer is their PSNR, their SSIM and their largest difference.
    """
    console = Console(as_json=options["json"], quiet=options["quiet"], stdout_is_taken=output == STDOUT)
    if output:
        check_picture_output(output, force=options["force"], inputs=(a, b))
    limits = OpenLimits(options["max_pixels"], options["allow_private"])
    (first, a_name), (second, b_name) = _opened((a, b), limits, console)
    richer = max(first.shape[2], second.shape[2])
    first, second = with_channels(first, richer), with_channels(second, richer)
    quality = psnr(first, second)
    largest, place = largest_difference(first, second)
    document: dict[str, Any] = {
        "a": a_name,
        "b": b_name,
        "psnr": quality if np.isfinite(quality) else None,
        "ssim": ssim(first, second),
        "largest_difference": {"value": largest, "xy": list(place)},
    }
    if output:
        shades = (
            (band.max(axis=2, keepdims=True) / max(largest, 1e-9)).astype(np.float32)
            for band in difference_bands(first, second)
        )
        console.notes(write_picture(output, shades, (*first.shape[:2], 1)))
        document["output"] = output
    console.answer(document, _lines(document, first.shape))


def _opened(sources: tuple[str, str], limits: OpenLimits, console: Console) -> list[tuple[Pixels, str]]:
    """Pixels and names of both; a painting is painted at the size of the other."""
    found = [
        load_painting(source, console)
        if is_model(source)
        else open_picture(source, limits=limits, stdin=standard_input())
        for source in sources
    ]
    size = _size(next((each for each in found if isinstance(each, OpenedPicture)), found[0]))
    pixels = list[tuple[Pixels, str]]()
    for each in found:
        if isinstance(each, OpenedPicture):
            console.notes(each.notes)
            pixels.append((each.held, each.source))
        else:
            pixels.append((_painted(each, size, limits, console), each.name))
    return pixels


def _size(opened: OpenedPicture | LoadedPainting) -> tuple[int, int]:
    if isinstance(opened, LoadedPainting):
        return opened.painting.width, opened.painting.height
    height, width, _ = opened.held.shape
    return width, height


def _painted(
    loaded: LoadedPainting, size: tuple[int, int], limits: OpenLimits, console: Console
) -> LevelPicture:
    """Paint on the levels that a file would have; a large painting goes to a temporary one."""
    painting = loaded.painting
    if (painting.width, painting.height) != size:
        own = f"{painting.width} x {painting.height}"
        console.notes([f"{loaded.name} was painted at {size[0]} x {size[1]}, not at its own {own}"])
    width, height = size = output_size(size, None, None, limits.max_pixels)
    bands = painting.bands(size)
    if width * height <= HELD_PIXELS:
        return LevelPicture(np.concatenate([to_levels(band) for band in bands]))
    with in_words("a temporary file"):
        return LevelPicture(
            FileLevels.of_bands(bands, (height, width, painting.channels), np.dtype(np.uint8))
        )


def _lines(document: dict[str, Any], shape: tuple[int, ...]) -> Iterator[str]:
    yield f"PSNR {human_psnr(document['psnr'])}, SSIM {document['ssim']:.4f}"
    largest = document["largest_difference"]
    x, y = largest["xy"]
    levels = round(255 * largest["value"])
    yield f"largest difference {largest['value']:.3f} ({levels} of 255 levels) at {x},{y}"
    output = document.get("output", STDOUT)
    if output != STDOUT:
        yield f"{output}  ({shape[1]} x {shape[0]}, {human_bytes(Path(output).stat().st_size)})"
