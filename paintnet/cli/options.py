"""Options that several commands share, as decorators."""

import click

from paintnet.cli.completion import complete_models
from paintnet.cli.help import COMMON, option, option_group, stack
from paintnet.cli.types import REGION, SIZE, Bytes, Count, Number

DEFAULT_MAX_PIXELS = 50_000_000

report_options = option_group(
    COMMON,
    option("--json", is_flag=True, help="Print one JSON object to stdout."),
    option(
        "-q",
        "--quiet",
        is_flag=True,
        help="Print no progress, no notes and no list of the files written; answers and errors stay.",
    ),
)

force_option = option("-f", "--force", is_flag=True, help="Replace files that exist already.")

max_pixels_option = option(
    "--max-pixels",
    type=Count(),
    default=DEFAULT_MAX_PIXELS,
    metavar="N",
    help="Refuse to read or to paint a picture of more than N pixels; 200M is short for 200 million.",
)

open_options = stack(
    max_pixels_option,
    option("--allow-private", is_flag=True, help="Allow URLs that lead to private and loopback addresses."),
)

size_options = stack(
    option(
        "--scale",
        type=Number(0, 10_000, above=True),
        metavar="K",
        help="Size of the painted picture, as a multiple of the learned one.",
    ),
    option("--size", type=SIZE, help="Size of the painted picture in pixels, such as 1920x1080."),
)

target_options = stack(
    option(
        "--target-psnr",
        type=Number(),
        metavar="DB",
        help="As soon as the PSNR reaches DB decibels; for regress only. With --for storing, an aim.",
    ),
    option(
        "--bpp",
        type=Number(),
        metavar="B",
        help="With a model file of at most B bits for each pixel: few bytes instead of many details.",
    ),
    option(
        "--file-size",
        type=Bytes(),
        metavar="SIZE",
        help="With a model file of at most this size, such as 40KB.",
    ),
)

region_option = option(
    "--region",
    type=REGION,
    help="Paint only this part: left, top, right and bottom edge in pixels, as in a crop box.",
)


model_argument = click.argument("model", required=False, metavar="[MODEL]", shell_complete=complete_models)
