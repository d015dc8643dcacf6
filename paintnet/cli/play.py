"""`paintnet play`: a page on which one sees a network learn, and plays with it."""

import shlex
import sys
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paintnet.cli.completion import complete_pictures
from paintnet.cli.console import Console
from paintnet.cli.fit import SAMPLE, fit
from paintnet.cli.help import Option, command, longest, option, option_group
from paintnet.cli.loading import load_networks
from paintnet.cli.options import open_options, report_options
from paintnet.cli.threads import notes_on_threads
from paintnet.cli.types import Number
from paintnet.files.names import scheme_of
from paintnet.picture import OpenLimits

if TYPE_CHECKING:
    from paintnet.play.controls import Wish

LOOPBACK = ("127.0.0.1", "localhost", "::1")
OPEN_TO_OTHERS = (
    "other machines can reach this page: whoever learns its address can use this machine, and what goes over "
    "the network is not encrypted"
)


@command(
    epilog="""\b
Examples:
  paintnet play
  paintnet play photo.jpg
  paintnet play --settings "encoding=fourier&sigma=3"
  paintnet play --no-browser --port 8000"""
)
@click.argument("image", required=False, shell_complete=complete_pictures)
@option_group(
    "The page",
    option(
        "--settings",
        metavar="TEXT",
        help="Begin with these settings: what stands behind # in the address of such a page.",
    ),
    option("--no-browser", is_flag=True, help="Only print the address, and open no browser."),
    option(
        "--port",
        type=Number(0, 65_535, whole=True),
        default=0,
        metavar="N",
        help="Port to listen at.",
        show_default="one that is free",
    ),
    option(
        "--host",
        default="127.0.0.1",
        show_default="this machine alone",
        metavar="NAME",
        help="Address to listen at; with any other than the default, other machines may reach the page.",
    ),
    option(
        "--token",
        metavar="TEXT",
        help="Part of the address that nobody else may know, at least 16 letters and digits; with one of "
        "your own, an open page finds back when the server is started again.",
        show_default="a random one",
    ),
)
@option_group("Where the pictures come from", open_options)
@report_options
def play(image: str | None, **options: Any) -> None:
    """Open a page where a network learns before your eyes.

    It begins with IMAGE: a path, an http(s) URL, or one of sample:bird,
    sample:china and sample:flower; without it, with sample:bird. The page works
    without the internet, and answers only this machine. It needs the extra play
    (pip install 'paintnet[play]'). Ctrl-C ends it.
    """
    from paintnet.play.checking import check_server

    check_server()
    console = Console(as_json=options["json"], quiet=options["quiet"])
    load_networks()
    from paintnet.play.server import Server

    notes = list(notes_on_threads())
    if options["host"] not in LOOPBACK:
        notes.append(OPEN_TO_OTHERS)
    console.notes(notes)
    server = Server(
        _source(image or SAMPLE),
        command_line=command_of,
        folder=Path.cwd(),
        host=options["host"],
        port=options["port"],
        token=options["token"],
        limits=OpenLimits(options["max_pixels"], options["allow_private"]),
    )
    with server:
        address = server.address + ("" if options["settings"] is None else _behind(options["settings"]))
        console.answer({"address": address, "port": server.port}, [address, "Ctrl-C ends it"])
        sys.stdout.flush()
        if not options["no_browser"]:
            # Some browsers return only when they are closed.
            threading.Thread(target=lambda: webbrowser.open(address), daemon=True).start()
        _until_interrupted()


def command_of(source: str, wish: "Wish") -> str:
    """Write the command that learns what a page has learned.

    Examples
    --------
    >>> from paintnet.play.controls import Wish
    >>> command_of("my photo.jpg", Wish.of({"preset": "draft", "layers": "8,8", "seed": 3}))
    "paintnet fit 'my photo.jpg' --preset draft --max-side 768 --layers 8,8 --seed 3"
    """
    from paintnet.dataset.classes import Classes

    options = {each.setting: longest(each) for each in fit.params if isinstance(each, Option)}
    words = ["paintnet", "fit", source]
    given = {"preset": wish.preset, "max_side": wish.max_side, **wish.settings}
    classes = given.pop("classes", Classes())
    given |= {name: value for name, value in vars(classes).items() if value is not None}
    if given["preset"] == "standard":
        del given["preset"]
    for name, value in given.items():
        words += [options[name], _written(value)]
    return shlex.join(words)


def _written(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    return repr(value) if isinstance(value, float) else str(value)


def _source(image: str) -> Any:
    """A path is one, whatever it looks like; addresses and samples stay text."""
    is_path = not image.startswith("sample:") and scheme_of(image.strip()) is None
    return Path(image) if is_path else image


def _behind(settings: str) -> str:
    """Take a whole address, or what stands behind its #."""
    return "#" + settings.rpartition("#")[2]


def _until_interrupted() -> None:
    """Wait for Ctrl-C, which is how a page is meant to end."""
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return
