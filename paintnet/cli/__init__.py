"""The command line: parse, call, show. The only place that imports click."""

import os
import sys
import time
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from paintnet._version import __version__
from paintnet.cli.exits import run_and_exit
from paintnet.cli.formatter import Context
from paintnet.cli.threads import keep_blas_alone, make_do_with_what_there_is

COMMANDS = {
    "fit": "Teach a network to paint a picture.",
    "batch": "Paint many pictures, and go on where it ended.",
    "sweep": "Try many settings on one picture, and tell the best.",
    "predict": "Ask a painting for the color at positions.",
    "render": "Paint a saved painting at any size.",
    "export": "Write a painting as a page, a shader, a graph or paths.",
    "info": "Describe a saved painting and how it was trained, or a picture.",
    "compare": "Measure how close two pictures are.",
    "neuron": "Compute one neuron, with the sum written out.",
    "boundary": "Show how neurons and networks divide the plane.",
    "show": "Print a painting or a picture in the terminal.",
    "play": "Open a page where a network learns before your eyes.",
    "warm": "Compile the training step ahead, once for all runs.",
    "help": "Show the help of a command, or a page of the documentation.",
}
"""Short help of each command: listing them must not import them, which takes a second."""

_ELSEWHERE = {"help": ("pages", "show_help")}
"""Commands that are not the function of their own name in the file of that name."""


TRAINING = ("fit", "batch", "sweep", "boundary", "play")
"""Commands that train, and so start threads."""


class LazyGroup(click.Group):
    """A group that imports a command when it is called."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order in which they are used."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import `paintnet.cli.<name>` and take the command of that name."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name in TRAINING:
            make_do_with_what_there_is()
        file, name = _ELSEWHERE.get(cmd_name, (cmd_name, cmd_name))
        command: click.Command = getattr(import_module(f"paintnet.cli.{file}"), name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of commands without importing them."""
        names = [CompletionItem(n, help=text) for n, text in COMMANDS.items() if n.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "PAINTNET",
        "show_default": True,
        "max_content_width": 100,
    },
    epilog="""\b
Examples:
  paintnet fit photo.jpg
  paintnet predict --xy 1,1
  paintnet render -o poster.png --scale 4""",
)
@click.version_option(__version__, prog_name="paintnet", message="%(prog)s %(version)s")
def cli() -> None:
    """Teach a small neural network to paint a picture."""


def main() -> None:
    """Run the command line and exit."""
    keep_blas_alone()
    run_and_exit(_call)


def _call() -> None:
    if "_PAINTNET_COMPLETE" in os.environ:
        import_module("paintnet.cli.shells").complete_better()
        cli(prog_name="paintnet")  # the shell asks for completions: click answers and exits
    # Not through click's own main: it has its own ways with Ctrl-C and closed pipes.
    begun = time.perf_counter()
    with cli.make_context("paintnet", sys.argv[1:], obj=begun) as context:
        cli.invoke(context)
