"""Write the man page, docs/paintnet.1, from the help of the commands: ``python tools/make_man.py``."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from paintnet import __version__
from paintnet.cli import COMMANDS, cli
from paintnet.cli.exits import ExitCode
from paintnet.cli.help import Command

PAGE = Path(__file__).parent.parent / "docs" / "paintnet.1"

CODES = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "a picture, a model, a download, the training or an output failed",
    ExitCode.USAGE: "an option or a setting cannot be used",
    ExitCode.SOME_FAILED: "some inputs of a batch failed",
    ExitCode.BELOW_REQUIRED: "the painting is below --require-psnr",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C",
    ExitCode.TERMINATED: "terminated by SIGTERM",
}


def roff(text: str) -> str:
    r"""Write a text so that roff takes none of it for its own.

    Examples
    --------
    >>> roff("a --b\\c"), roff(".d")
    ('a \\-\\-b\\ec', '\\&.d')
    """
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def man_page() -> str:
    """Put all of it together."""
    root = click.Context(cli, info_name="paintnet")
    lines = [
        f'.TH PAINTNET 1 "" "paintnet {__version__}" "User Commands"',
        ".SH NAME",
        "paintnet \\- teach a small neural network to paint a picture",
        ".SH SYNOPSIS",
        ".B paintnet",
        "COMMAND [OPTIONS]",
        ".SH DESCRIPTION",
        "A picture goes in; a small network learns it as a function of position; and that function comes",
        "out: as a picture of any size, as the color at any point, as a file you can keep.",
        ".SH COMMANDS",
    ]
    for name in COMMANDS:
        found = cli.get_command(root, name)
        if not isinstance(found, Command):
            raise TypeError(f"{name} is no command of this program")
        lines += _command(
            found, click.Context(found, info_name=name, parent=root, help_option_names=["-h", "--help"])
        )
    lines.append(".SH EXIT STATUS")
    for code in ExitCode:
        lines += [".TP", f".B {int(code)}", roff(CODES[code])]
    lines += [".SH SEE ALSO", roff("paintnet help lists the pages of the documentation that are installed.")]
    return "\n".join(lines) + "\n"


def _command(command: Command, context: click.Context) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    yield f'.SS "{roff(f"paintnet {context.info_name} {usage}")}"'
    for paragraph in re.split(r"\n\s*\n", (command.help or "").strip()):
        yield from (".PP", roff(" ".join(paragraph.split())))
    for heading, options in command.headings(context).items():
        yield from (".PP", f".I {roff(heading)}:")
        for option in options:
            record = option.get_help_record(context)
            if record is not None:
                names, text = record
                yield from (".TP", f".B {roff(names)}", roff(text))
    examples = (command.epilog or "").replace("\b", "").strip().removeprefix("Examples:")
    yield from (".PP", ".I Examples:", ".PP", ".nf", *map(roff, examples.strip("\n").splitlines()), ".fi")


if __name__ == "__main__":
    PAGE.write_text(man_page(), encoding="utf-8")
    print(f"wrote {PAGE}")
