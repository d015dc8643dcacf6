"""Options of fit that show the learning: --animate, --report, --preview."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from paintnet.cli.console import Console
from paintnet.cli.options import complete_files, stack
from paintnet.cli.types import Number
from paintnet.errors import SettingsError
from paintnet.files.names import printable_source
from paintnet.job import FRAMES, Animation
from paintnet.painter.run import Listener

DEFAULT_FPS = 12.0

watch_options = stack(
    click.option(
        "--animate",
        metavar="FILE",
        shell_complete=complete_files,
        help="Animation of the learning to write: .gif, .webp, .png (APNG), .mp4 or .webm.",
    ),
    click.option(
        "--frames",
        type=int,
        metavar="N",
        help=f"Of the animation and the report, at most  [default: {FRAMES}].",
    ),
    click.option("--fps", type=Number(), metavar="N", help=f"Frames a second  [default: {DEFAULT_FPS:g}]."),
    click.option("--caption", is_flag=True, help="Write epoch and PSNR under the animation."),
    click.option("--beside", is_flag=True, help="Show the original beside the animation."),
    click.option(
        "--report",
        metavar="FILE",
        shell_complete=complete_files,
        help="Page about the run to write: one .html file that needs no network.",
    ),
    click.option("--preview", is_flag=True, help="Paint a small picture in the terminal while it learns."),
)


def check_views(options: dict[str, Any]) -> None:
    """Refuse options that would have no effect."""
    animate, report = options["animate"], options["report"]
    for name, needs in (("frames", animate or report), ("fps", animate)):
        if options[name] is not None and not needs:
            wanted = "--animate or --report" if name == "frames" else "--animate"
            raise SettingsError(f"--{name}", "it has no effect alone", f"add {wanted}")
    for name in ("caption", "beside"):
        if options[name] and not animate:
            raise SettingsError(f"--{name}", "it has no effect alone", "add --animate")
    if (animate or report) and options["solver"] == "lbfgs":
        name = "--animate" if animate else "--report"
        raise SettingsError(name, "lbfgs has no epochs that could be shown", "use --solver adam")


def frames_of(options: dict[str, Any]) -> int:
    """How many frames were asked for."""
    return FRAMES if options["frames"] is None else int(options["frames"])


def animation_of(options: dict[str, Any]) -> Animation | None:
    """Give the animation that was asked for, if one was."""
    if options["animate"] is None:
        return None
    fps = DEFAULT_FPS if options["fps"] is None else float(options["fps"])
    return Animation(options["animate"], fps, options["caption"], options["beside"])


@contextmanager
def progress_listeners(console: Console, *, preview: bool) -> Iterator[tuple[Listener, ...]]:
    """Give the listener that draws in the terminal, if there is one."""
    if not console.shows_progress:
        yield ()
        return
    line: Any
    if preview:
        from paintnet.cli.preview import Preview

        line = Preview()
    else:
        from paintnet.cli.progress import ProgressLine

        line = ProgressLine()
    with line:
        yield (line,)


def command_line(argv: list[str]) -> str:
    """Write the command as a shell takes it, without the secrets of addresses.

    Examples
    --------
    >>> command_line(["/usr/bin/paintnet", "fit", "my photo.jpg"])
    "paintnet fit 'my photo.jpg'"
    """
    return shlex.join(["paintnet", *map(printable_source, argv[1:])])
