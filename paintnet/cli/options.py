"""Options that several commands share, as decorators."""

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from paintnet.cli.types import REGION, SIZE, Real

Command = Callable[..., Any]
DEFAULT_MAX_PIXELS = 50_000_000


def stack(*decorators: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Apply options so that the help lists them in the order given."""

    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


report_options = stack(
    click.option("--json", is_flag=True, help="Print one JSON object on stdout."),
    click.option("-q", "--quiet", is_flag=True, help="No progress, no notes; errors only."),
)

force_option = click.option("-f", "--force", is_flag=True, help="Overwrite existing outputs.")

max_pixels_option = click.option(
    "--max-pixels",
    type=click.IntRange(1),
    default=DEFAULT_MAX_PIXELS,
    metavar="N",
    help="Refuse pictures of more pixels, read or painted.",
)

open_options = stack(
    max_pixels_option,
    click.option("--allow-private", is_flag=True, help="Let URLs lead to private and loopback addresses."),
)

size_options = stack(
    click.option(
        "--scale",
        type=Real(0, 10_000, min_open=True),
        metavar="K",
        help="Size of the painted picture, as a multiple of the learned one.",
    ),
    click.option("--size", type=SIZE, help="Size of the painted picture in pixels."),
)

region_option = click.option(
    "--region", type=REGION, help="Paint this part only, between pixel edges as in a crop box."
)


def complete_files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete the names of files."""
    return [CompletionItem(incomplete, type="file")]


model_argument = click.argument("model", required=False, metavar="[MODEL]", shell_complete=complete_files)
