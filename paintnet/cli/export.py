"""`paintnet export`: a painting for other programs."""

from pathlib import Path
from typing import Any

from paintnet.cli.completion import complete_files
from paintnet.cli.console import Console, human_bytes
from paintnet.cli.help import command, option, option_group
from paintnet.cli.models import load_painting
from paintnet.cli.options import force_option, model_argument, report_options
from paintnet.cli.outputs import check_inputs_stay
from paintnet.cli.types import Number
from paintnet.export.formats import EXPORTS, export_bytes
from paintnet.files.writing import check_output, write_bytes


@command(
    epilog="""\b
Examples:
  paintnet export -o page.html
  paintnet export bird.paintnet -o bird.html --force
  paintnet export classes.paintnet -o classes.svg
  paintnet export classes.paintnet -o cut.svg --specks 20
  paintnet export bird.paintnet -o bird.onnx"""
)
@model_argument
@option_group(
    "What is written",
    option(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        shell_complete=complete_files,
        help="The file; its extension says what it is: .html, .glsl, .onnx, .svg.",
    ),
    option(
        "--specks",
        type=Number(low=0, high=1e9),
        metavar="AREA",
        help="Leave regions of less than AREA pixels out of an .svg; 0 keeps all.",
        show_default="a 200,000th of the picture",
    ),
    force_option,
)
@report_options
def export(model: str | None, output: str, **options: Any) -> None:
    """Write a painting as a page, a shader, a graph or paths.

    A .html is one page that needs nothing but itself: the reader's own machine
    paints it from the network, at any zoom. A .glsl is a small network as a
    fragment shader, for sandboxes that call mainImage. A .onnx gives colors for
    positions in runtimes of ONNX (extra onnx). A .svg holds the regions of a
    painting of classes as filled paths (extra svg).

    MODEL is a .paintnet file, or - for stdin; without it, the newest .paintnet
    file in the current folder is taken.
    """
    console = Console(as_json=options["json"], quiet=options["quiet"])
    check_inputs_stay(output, (model,))
    check_output(output, force=options["force"], extensions=EXPORTS)
    painting, name, _ = load_painting(model, console)
    check_inputs_stay(output, [name])
    notes: list[str] = []
    extension = Path(output).suffix.lower()
    content = export_bytes(painting, extension, name, specks=options["specks"], note=notes.append)
    console.notes(notes)
    write_bytes(output, content)
    document = {"model": name, "output": output, "bytes": len(content), "notes": notes}
    console.summary(document, [f"{output}  ({human_bytes(len(content))})"])
