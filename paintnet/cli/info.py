"""`paintnet info`: tell what a saved painting is."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import click

from paintnet.cli.completion import complete_models_and_pictures
from paintnet.cli.console import Console, hex_color, human_bytes, human_psnr
from paintnet.cli.help import command, option_group
from paintnet.cli.models import LoadedPainting, is_picture, load_painting
from paintnet.cli.options import open_options, report_options
from paintnet.cli.picture_info import describe_picture
from paintnet.coding.network import CodedNetwork
from paintnet.patches import Patch
from paintnet.picture import OpenLimits
from paintnet.record import TrainingRecord


@command(
    epilog="""\b
Examples:
  paintnet info
  paintnet info bird.paintnet --json
  paintnet info photo.jpg"""
)
@click.argument("what", required=False, metavar="[MODEL|IMAGE]", shell_complete=complete_models_and_pictures)
@option_group("Where a picture comes from", open_options)
@report_options
def info(what: str | None, **options: Any) -> None:
    """Describe a saved painting and how it was trained, or a picture.

    MODEL is a .paintnet file, or - for stdin; without it, the newest .paintnet
    file in the current folder is described. Of an IMAGE (a path, an http(s) URL
    or a sample) it tells size, format, color profile, orientation, metadata,
    and what `paintnet fit` would make of it.
    """
    console = Console(as_json=options["json"], quiet=options["quiet"])
    if what is not None and is_picture(what):
        describe_picture(what, console, OpenLimits(options["max_pixels"], options["allow_private"]))
        return
    loaded = load_painting(what, console)
    document = _document(loaded)
    console.answer(document, _lines(document, loaded.painting.training))


def _document(loaded: LoadedPainting) -> dict[str, Any]:
    painting = loaded.painting
    network = painting.patches[0].network
    document: dict[str, Any] = {
        "model": loaded.name,
        "bytes": loaded.n_bytes,
        "mode": painting.mode,
        "size": [painting.width, painting.height],
        "channels": painting.channels,
        "pixel": painting.pixel,
        "encoding": network.encoding.to_document(),
        "inputs": network.encoding.n_features,
        "layers": list(network.layers),
        "outputs": network.n_outputs,
        "activation": network.activation,
        "parameters": painting.n_parameters,
        "bits_per_pixel": round(painting.bits_per_pixel, 3),
        "training": {} if painting.training is None else painting.training.to_document(),
    }
    if isinstance(network, CodedNetwork):
        document["bytes_by_part"] = _bytes_by_part(painting.patches)
    if len(painting.patches) > 1:
        document["patches"] = len(painting.patches)
    if painting.palette is not None:
        document["palette"] = [hex_color(color) for color in painting.palette]
    return document


def _bytes_by_part(patches: Sequence[Patch]) -> dict[str, int]:
    """Tell what the bytes of a small file are spent on, summed over its patches."""
    bits: Counter[str] = Counter()
    for patch in patches:
        if isinstance(patch.network, CodedNetwork):
            bits.update(patch.network.coded.bits)
    return {part: round(number / 8) for part, number in bits.items()}


def _lines(document: dict[str, Any], record: TrainingRecord | None) -> Iterator[str]:
    width, height = document["size"]
    kind = {1: "grey", 3: "RGB", 4: "RGBA"}[document["channels"]]
    yield f"model       {document['model']}  ({human_bytes(document['bytes'])})"
    taken = {"area": "the mean over its area", "center": "the value at its center"}[document["pixel"]]
    yield f"picture     {width} x {height}, {kind}, mode {document['mode']}; a pixel is {taken}"
    units = " -> ".join(str(n) for n in (document["inputs"], *document["layers"], document["outputs"]))
    yield f"network     {document['encoding']['name']} encoding, {units}, {document['activation']}"
    bits = f"{document['bits_per_pixel']:.2f} bits per pixel"
    yield f"size        {document['parameters']:,} parameters, {bits}"
    if "bytes_by_part" in document:
        parts = (f"{part} {n:,}" for part, n in document["bytes_by_part"].items())
        yield f"bytes       {', '.join(parts)}"
    if "palette" in document:
        yield f"palette     {' '.join(document['palette'])}"
    if record is not None:
        yield from _training_lines(record)


def _training_lines(record: TrainingRecord) -> Iterator[str]:
    took = "" if record.seconds is None else f", {record.seconds} s"
    engine = "" if record.engine is None else f", engine {record.engine}"
    yield (f"training    preset {record.preset}, seed {record.seed}, {record.passes}{took}{engine}")
    yield f"ended       {record.ending}"
    right = "" if record.accuracy is None else f", {record.accuracy:.2%} of pixels in the right class"
    yield f"quality     PSNR {human_psnr(record.psnr)}{right}"
    yield f"made with   {', '.join(f'{name} {number}' for name, number in record.versions.items())}"
