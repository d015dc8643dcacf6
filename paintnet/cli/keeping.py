"""Options of fit that keep a run on its way: --checkpoint, --every, --resume, --keep-on-interrupt."""

from typing import TYPE_CHECKING, Any

from paintnet.cli.completion import complete_files
from paintnet.cli.exits import if_interrupted
from paintnet.cli.help import option, option_group
from paintnet.cli.types import Duration
from paintnet.errors import SettingsError
from paintnet.files.names import printable

if TYPE_CHECKING:
    from paintnet.painter.events import Event
    from paintnet.painter.keeping import Keeping
    from paintnet.painter.run import Listener, Run

keep_options = option_group(
    "To stop and go on",
    option(
        "--checkpoint",
        metavar="FILE",
        shell_complete=complete_files,
        help="Store the run in FILE on its way, so that --resume can go on from there.",
    ),
    option(
        "--every",
        type=Duration(),
        help="Store it again whenever this time is over, and at the end.",
        show_default="30s",
    ),
    option(
        "--resume",
        metavar="FILE",
        shell_complete=complete_files,
        help="Go on from a checkpoint, with the same picture and the same options; the result is that of a "
        "run that was never stopped.",
    ),
    option(
        "--keep-on-interrupt",
        is_flag=True,
        help="Let Ctrl-C end the run with its painting, which is written as usual.",
    ),
)


def keeping_of(options: dict[str, Any]) -> "Keeping":
    """What is to be kept of the run."""
    from paintnet.painter.keeping import Keeping

    if options["every"] is not None and options["checkpoint"] is None:
        raise SettingsError("--every", "it has no effect alone", "add --checkpoint FILE")
    every = {} if options["every"] is None else {"every": options["every"]}
    return Keeping(
        checkpoint=options["checkpoint"],
        resume=options["resume"],
        painting=options["keep_on_interrupt"],
        **every,
    )


def telling_of(checkpoint: str | None) -> "list[Listener]":
    """Listeners that let Ctrl-C say how to go on, once there is a checkpoint."""
    if checkpoint is None:
        return []
    from paintnet.painter.events import EpochFinished

    def tell(event: "Event", run: "Run") -> None:
        if isinstance(event, EpochFinished):
            name = printable(checkpoint)
            if_interrupted(f"the same command with --resume {name} goes on from its last checkpoint")

    return [tell]
