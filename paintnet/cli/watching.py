"""Options of fit that show the learning: --animate, --report, --preview."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from paintnet.cli.console import Console
from paintnet.cli.help import option, option_group
from paintnet.cli.options import complete_files
from paintnet.cli.terminal import ERASE_LINE, draw
from paintnet.cli.types import Number
from paintnet.errors import SettingsError
from paintnet.files.names import printable_source
from paintnet.job import FRAMES, Animation
from paintnet.painter.events import Event, Noted
from paintnet.painter.run import Listener, Run

DEFAULT_FPS = 12.0

watch_options = option_group(
    "To see it learn",
    option(
        "--animate",
        metavar="FILE",
        shell_complete=complete_files,
        help="Write an animation of the learning: .gif, .webp, .png (APNG), or with the extra "
        "'video' .mp4 or .webm.",
    ),
    option(
        "--frames",
        type=Number(whole=True),
        metavar="N",
        help="At most N frames in the animation and in the report; 2 to 1,000.",
        show_default=f"{FRAMES}",
    ),
    option(
        "--fps",
        type=Number(),
        metavar="N",
        help="Frames per second of the animation; 0.01 to 50.",
        show_default=f"{DEFAULT_FPS:g}",
    ),
    option("--caption", is_flag=True, help="Write the epoch and the PSNR under the animation."),
    option("--beside", is_flag=True, help="Show the original beside the animation."),
    option(
        "--report",
        metavar="FILE",
        shell_complete=complete_files,
        help="Write a page about the run: one .html file that works without the internet.",
    ),
    option("--preview", is_flag=True, help="Paint a small picture in the terminal while the network learns."),
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
    """Give the listeners that speak to the user: notes, and the line or picture in the terminal."""

    def note(event: Event, run: Run) -> None:
        if isinstance(event, Noted):
            if console.shows_progress:
                draw(f"\r{ERASE_LINE}")
            console.notes((event.text,))

    if not console.shows_progress:
        yield (note,)
        return
    line: Any
    if preview:
        from paintnet.cli.preview import Preview

        line = Preview()
    else:
        from paintnet.cli.progress import ProgressLine

        line = ProgressLine()
    with line:
        yield (note, line)


def command_line(argv: list[str]) -> str:
    """Write the command as a shell takes it, without the secrets of addresses.

    Examples
    --------
    >>> command_line(["/usr/bin/paintnet", "fit", "my photo.jpg"])
    "paintnet fit 'my photo.jpg'"
    """
    return shlex.join(["paintnet", *map(printable_source, argv[1:])])
