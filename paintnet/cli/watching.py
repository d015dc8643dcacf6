"""Options of fit that show the learning: --animate, --report, --preview."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paintnet.cli.console import Console
from paintnet.cli.help import option, option_group
from paintnet.cli.options import complete_files
from paintnet.cli.types import Number
from paintnet.errors import SettingsError
from paintnet.painter.run import Listener
from paintnet.painting import Painting

DEFAULT_FRAMES = 48
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
        show_default=f"{DEFAULT_FRAMES}",
    ),
    option(
        "--fps",
        type=Number(),
        metavar="N",
        help="Frames per second of the animation; above 0 and at most 50.",
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


@dataclass(eq=False)
class Watching:
    """What was asked for to see of a run.

    Parameters
    ----------
    options : dict
        Of the command.
    console : Console
        Its voice.
    """

    options: dict[str, Any]
    console: Console
    _takers: list[Any] = field(default_factory=list)

    @property
    def outputs(self) -> list[str]:
        """Names of the files that it will write."""
        return [self.options[name] for name in ("animate", "report") if self.options[name] is not None]

    def check(self) -> None:
        """Refuse what could not be shown, before anything is learned."""
        from paintnet.animation.formats import Timing, check_animation, check_frames

        animate, report = self.options["animate"], self.options["report"]
        for name, needs in (("frames", animate or report), ("fps", animate)):
            if self.options[name] is not None and not needs:
                wanted = "--animate or --report" if name == "frames" else "--animate"
                raise SettingsError(f"--{name}", "it has no effect alone", f"add {wanted}")
        for name in ("caption", "beside"):
            if self.options[name] and not animate:
                raise SettingsError(f"--{name}", "it has no effect alone", "add --animate")
        if self.outputs and self.options["solver"] == "lbfgs":
            name = "--animate" if animate else "--report"
            raise SettingsError(name, "lbfgs has no epochs that could be shown", "use --solver adam")
        check_frames(self._n_frames)
        Timing(self._fps)
        if animate:
            check_animation(animate, force=self.options["force"])
        if report:
            from paintnet.files.writing import check_output

            check_output(report, force=self.options["force"], extensions=[".html", ".htm"])

    @property
    def _n_frames(self) -> int:
        return DEFAULT_FRAMES if self.options["frames"] is None else int(self.options["frames"])

    @property
    def _fps(self) -> float:
        return DEFAULT_FPS if self.options["fps"] is None else float(self.options["fps"])

    @contextmanager
    def listening(self) -> Iterator[tuple[Listener, ...]]:
        """Give the listeners of a run; frames can be painted until this ends."""
        with ExitStack() as stack:
            listeners: list[Listener] = []
            if self.outputs:
                from paintnet.animation.frames import FrameTaker

                self._takers = [stack.enter_context(FrameTaker(self._n_frames))]
                listeners += self._takers
            if self.options["report"] is not None:
                from paintnet.report.report import CurveListener

                self._curve = CurveListener()
                listeners.append(self._curve)
            yield tuple(listeners)

    @contextmanager
    def progress(self) -> Iterator[tuple[Listener, ...]]:
        """Give the listener that draws in the terminal, if there is one."""
        if not self.console.shows_progress:
            yield ()
            return
        line: Any
        if self.options["preview"]:
            from paintnet.cli.preview import Preview

            line = Preview()
        else:
            from paintnet.cli.progress import ProgressLine

            line = ProgressLine()
        with line:
            yield (line,)

    def encode(
        self, painting: Painting, *, original: Any, painted: Any, source: str, seconds: float
    ) -> dict[str, bytes]:
        """Make the files, by their names.

        Parameters
        ----------
        painting : Painting
            The result.
        original, painted : float32 arrays of shape (height, width, channels)
            The picture that was learned, and what the painting makes of it at its size.
        source : str
            What the picture is called.
        seconds : float
            Training time.
        """
        encoded: dict[str, bytes] = {}
        if self.options["animate"] is not None:
            encoded[self.options["animate"]] = self._animation(original)
        if self.options["report"] is not None:
            from paintnet.report.report import RunRecord, report_html

            (taker,) = self._takers
            record = RunRecord(
                source=source,
                original=original,
                painting=painting,
                curve=self._curve.points,
                frames=taker.frames(),
                command=command_line(sys.argv),
                seconds=seconds,
                class_names=None if self.options["threshold"] is None else ("light", "dark"),
                painted=painted,
            )
            encoded[self.options["report"]] = report_html(record).encode()
        return encoded

    def _animation(self, original: Any) -> bytes:
        from paintnet.animation.canvas import Canvas
        from paintnet.animation.formats import encode_animation
        from paintnet.animation.frames import frame_original

        beside = frame_original(original) if self.options["beside"] else None
        canvas = Canvas(beside, has_caption=self.options["caption"])
        (taker,) = self._takers
        extension = Path(self.options["animate"]).suffix.lower()
        return encode_animation((canvas.lay(frame) for frame in taker.frames()), extension, fps=self._fps)


def command_line(argv: list[str]) -> str:
    """Write the command as a shell takes it.

    Examples
    --------
    >>> command_line(["/usr/bin/paintnet", "fit", "my photo.jpg"])
    "paintnet fit 'my photo.jpg'"
    """
    return shlex.join(["paintnet", *argv[1:]])
