"""Options of fit that show the learning: --animate, --report, --preview."""

import shlex
from collections.abc import Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Self

from paintnet.cli.completion import complete_files
from paintnet.cli.console import Console
from paintnet.cli.help import option, option_group
from paintnet.cli.progress import ProgressLine
from paintnet.cli.types import Number
from paintnet.errors import SettingsError
from paintnet.files.names import printable_source
from paintnet.outputs import FRAMES, Animation
from paintnet.painter.events import Event, Noted

if TYPE_CHECKING:
    from paintnet.painter.run import Run

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


class View:
    """What speaks to the user while a job is on its way: notes, and the line or picture in the terminal.

    It takes the events of a job, and as a listener those of its run.

    Parameters
    ----------
    console : Console
        Says the notes.
    preview : bool
        Whether to paint a picture above the line.
    """

    def __init__(self, console: Console, *, preview: bool) -> None:
        self._console, self._line = console, None
        if console.shows_progress:
            self._line = _preview() if preview else ProgressLine()

    def __enter__(self) -> Self:
        if self._line is not None:
            self._line.__enter__()
        return self

    def __exit__(self, *ended: object) -> None:
        if self._line is not None:
            self._line.__exit__(*ended)

    def __call__(self, event: Event, run: "Run | None" = None) -> None:
        """Take one event."""
        if isinstance(event, Noted):
            self.notes((event.text,))
        elif self._line is not None:
            self._line(event, run)

    def notes(self, notes: Iterable[str]) -> None:
        """Say what the user may want to know, above the line."""
        for note in notes:
            with nullcontext() if self._line is None else self._line.aside():
                self._console.notes((note,))


def _preview() -> ProgressLine:
    from paintnet.cli.preview import Preview

    return Preview()


def command_line(argv: list[str]) -> str:
    """Write the command as a shell takes it, without the secrets of addresses.

    Examples
    --------
    >>> command_line(["/usr/bin/paintnet", "fit", "my photo.jpg"])
    "paintnet fit 'my photo.jpg'"
    """
    return shlex.join(["paintnet", *map(printable_source, argv[1:])])
