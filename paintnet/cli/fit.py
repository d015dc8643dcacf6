"""`paintnet fit`: teach a network to paint a picture."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import click

from paintnet.activations import HIDDEN
from paintnet.cli.console import Console, human_bytes, human_psnr, standard_input
from paintnet.cli.exits import BelowRequired
from paintnet.cli.help import command, option, option_group
from paintnet.cli.options import complete_files, force_option, open_options, report_options, size_options
from paintnet.cli.outputs import (
    STDOUT,
    check_model_output,
    check_picture_output,
    check_picture_size,
    encode_output,
    output_size,
    write_output,
)
from paintnet.cli.types import Duration, Layers, NameOf, Number
from paintnet.cli.watching import Watching, watch_options
from paintnet.dataset.classes import Classes, read_palette
from paintnet.encoding.registry import ENCODINGS
from paintnet.errors import SettingsError
from paintnet.metrics import ssim
from paintnet.modelfile import EXTENSION, MODES
from paintnet.painter.events import EpochFinished, Event, TrainingFinished
from paintnet.painter.painter import Painter
from paintnet.painter.run import Listener, Run
from paintnet.painting import Painting
from paintnet.picture import OpenLimits, open_picture, shrink
from paintnet.record import TrainingRecord
from paintnet.settings.presets import PRESETS, settings_for
from paintnet.settings.settings import ENGINES, PURPOSES, SOLVERS

PAINTED = ".painted.png"


@command(
    epilog="""\b
Examples:
  paintnet fit photo.jpg
  paintnet fit sample:bird --mode classify --threshold 600
  paintnet fit photo.jpg --time 10s --seed 1 -o out.webp --scale 2
  paintnet fit photo.jpg --preset fine --require-psnr 35"""
)
@click.argument("image", default="sample:bird", shell_complete=complete_files)
@option_group(
    "What is learned",
    option(
        "--mode",
        type=click.Choice(MODES),
        default="regress",
        help="Learn the color of each position (regress), or its class (classify); a class has one color.",
    ),
    option(
        "--preset",
        type=click.Choice(list(PRESETS)),
        default="standard",
        help="How long and how well to learn: the preset chooses every setting that you do not give.",
    ),
    option(
        "--colors",
        type=Number(whole=True),
        metavar="N",
        help="For classify: find N colors in the picture by k-means, one for each class; 1 to 256.",
        show_default="2",
    ),
    option(
        "--threshold",
        type=Number(whole=True),
        metavar="S",
        help="For classify: pixels whose R + G + B (0 to 765) is at most S are class 1, dark; "
        "the others are class 0, light.",
    ),
    option(
        "--palette",
        metavar="HEX,...|FILE",
        help="For classify: each pixel belongs to the nearest of these colors; "
        "a file has one color on each line.",
    ),
    option(
        "--max-side",
        type=Number(1, whole=True),
        metavar="N",
        help="Learn from a copy whose longer side has at most N pixels.",
    ),
    option(
        "--hold-out",
        type=Number(),
        metavar="F",
        help="Keep this share of the pixels, 0 to 0.9, out of the training, and report their PSNR too.",
    ),
)
@option_group(
    "The network",
    option(
        "--for",
        type=click.Choice(PURPOSES),
        default="copying",
        help="Be close to the picture at its own size, or look good where it is enlarged.",
    ),
    option(
        "--encoding",
        type=NameOf(lambda: ENCODINGS),
        help="How a position is turned into the inputs of the network.",
    ),
    option(
        "--layers",
        type=Layers(),
        help="Hidden layers: the units of each (64,64), or units x layers (100x10).",
    ),
    option(
        "--activation",
        type=click.Choice(list(HIDDEN)),
        help="Activation function of the hidden units.",
    ),
    option("--solver", type=click.Choice(SOLVERS), help="How the weights are found."),
    option(
        "--engine",
        type=click.Choice(ENGINES),
        help="What computes the training: code compiled by numba, NumPy, or unmodified scikit-learn "
        "(stock); auto takes the fastest that fits the settings.",
        show_default="auto",
    ),
    option(
        "--threads",
        type=Number(whole=True),
        metavar="N",
        help="How many blocks of pixels are trained at a time; by default one for each core. "
        "The result does not depend on it.",
    ),
    option(
        "--learning-rate",
        type=Number(),
        metavar="R",
        help="Learning rate at the start; except with the preset tutorial, it falls to 1 % by the end.",
    ),
    option(
        "--batch-size", type=Number(whole=True), metavar="N", help="Pixels in each update of the weights."
    ),
    option("--alpha", type=Number(), metavar="A", help="Strength of the L2 penalty on the weights."),
    option(
        "--seed",
        type=Number(whole=True),
        default=0,
        metavar="N",
        help="Start of all random numbers; the same seed, settings and machine give the same bytes.",
    ),
)
@option_group(
    "When it ends",
    option("--epochs", type=Number(whole=True), metavar="N", help="After N passes over the picture."),
    option(
        "--time",
        type=Duration(),
        help="After this time; with --epochs too, at whichever comes first.",
    ),
    option(
        "--target-psnr",
        type=Number(),
        metavar="DB",
        help="As soon as the PSNR reaches DB decibels; for regress only.",
    ),
    option(
        "--require-psnr",
        type=Number(),
        metavar="DB",
        help="Exit with code 4 if the result is below DB decibels; the files are written all the same.",
    ),
    option(
        "--iterations",
        type=Number(whole=True),
        metavar="N",
        help="After N iterations; only for the solver lbfgs, which knows no epochs.",
    ),
)
@option_group(
    "What is written",
    option(
        "-o",
        "--output",
        multiple=True,
        metavar="FILE",
        shell_complete=complete_files,
        help="A picture, a model if FILE ends in .paintnet, or - for a PNG on stdout. "
        "Can be given more than once.",
    ),
    option(
        "-m",
        "--model",
        metavar="FILE",
        shell_complete=complete_files,
        help="The model, or - for stdout.",
    ),
    size_options,
    force_option,
)
@watch_options
@option_group(
    "Where the picture comes from",
    open_options,
    option("--sha256", metavar="HEX", help="Refuse the picture unless its file has this SHA-256 checksum."),
)
@report_options
def fit(image: str, **options: Any) -> None:
    """Teach a network to paint a picture.

    IMAGE is a path, an http(s) URL, - for stdin, or one of sample:bird,
    sample:china and sample:flower; without it, sample:bird is painted.
    Without -o and -m, photo.jpg gives photo.painted.png and photo.paintnet in
    the current folder.
    """
    to_stdout = STDOUT in (*options["output"], options["model"])
    console = Console(as_json=options["json"], quiet=options["quiet"], stdout_is_taken=to_stdout)
    given = _settings(options)
    # What can be refused is refused before anything is fetched; sizes only once the picture is known.
    settings_for(64, 64, options["preset"], **given)
    watching = Watching(options, console)
    watching.check()
    early = _Outputs.named(options)
    if early:
        early.check(options["force"])
    limits = OpenLimits(options["max_pixels"], options["allow_private"], options["sha256"])
    opened = open_picture(image, limits=limits, stdin=standard_input())
    console.notes(opened.notes)
    outputs = early or _Outputs.after(opened.name)
    outputs.check(options["force"])
    pixels = shrink(opened.pixels, options["max_side"]) if options["max_side"] else opened.pixels
    own = (pixels.shape[1], pixels.shape[0])
    size = output_size(own, options["scale"], options["size"], options["max_pixels"])
    outputs.check_size(size)

    result = _Result()
    with watching.listening() as watchers:
        with watching.progress() as progress:
            listeners: tuple[Listener, ...] = (result, *progress, *watchers)
            painting = Painter(options["preset"], listeners=listeners, **given).fit(pixels)
        painted = painting.render()
        at_size = painted if size == own else painting.render(size)
        seen = watching.encode(
            painting,
            original=pixels,
            painted=painted,
            source=PurePath(opened.source).name,
            seconds=result.seconds,
        )
    written = outputs.write(painting, at_size, seen, console)
    quality = {"ssim": ssim(pixels, painted), **_known(painting)}
    document = {"source": opened.source, "outputs": written, "seconds": round(result.seconds, 3), **quality}
    console.summary(document, _lines(written, outputs.pictures, size, document))
    _require(painting, options["require_psnr"])


def _settings(options: dict[str, Any]) -> dict[str, Any]:
    """Fields of PainterSettings that the user gave."""
    direct = (
        "mode encoding layers activation solver engine threads learning_rate batch_size alpha seed epochs "
        "iterations target_psnr hold_out"
    )
    given = {name: options[name] for name in direct.split() if options[name] is not None}
    given["purpose"] = options["for"]
    if options["time"] is not None:
        given["seconds"] = options["time"]
    classes = {name: options[name] for name in ("colors", "threshold") if options[name] is not None}
    if options["palette"] is not None:
        text = options["palette"]
        classes["palette"] = read_palette(text) if _is_file(text) else tuple(text.split(","))
    if classes:
        given["classes"] = Classes(**classes)
    _check_solver(given)
    return given


def _is_file(palette: str) -> bool:
    """Tell a palette's file from a list of colors, which may be too long for the name of a file."""
    return "#" not in palette and os.path.isfile(palette)  # noqa: PTH113 (Path.is_file raises for it)


def _check_solver(given: dict[str, Any]) -> None:
    """Say so where an option does not apply to the solver."""
    if given.get("solver") == "lbfgs":
        foreign = {"epochs", "learning_rate", "batch_size", "seconds", "target_psnr"} & set(given)
        if foreign:
            name = sorted(foreign)[0].replace("seconds", "time").replace("_", "-")
            why = "lbfgs takes all pixels at once: it has no epochs, rate or batches"
            raise SettingsError(f"--{name}", why, "use --iterations, or --solver adam")
    elif "iterations" in given:
        raise SettingsError("--iterations", "only lbfgs counts iterations", "use --epochs, or --solver lbfgs")


@dataclass(frozen=True)
class _Outputs:
    """Files that a fit writes."""

    pictures: tuple[str, ...]
    models: tuple[str, ...]

    @classmethod
    def named(cls, options: dict[str, Any]) -> "_Outputs | None":
        """Sort the outputs that the user named by what they are."""
        named = options["output"]
        models = tuple(name for name in named if Path(name).suffix.lower() == EXTENSION)
        pictures = tuple(name for name in named if name not in models)
        if options["model"] is not None:
            models += (options["model"],)
        everything = pictures + models
        shown = [options[name] for name in ("animate", "report") if options[name] is not None]
        if len({*everything, *shown}) < len(everything) + len(shown):
            raise SettingsError("outputs", "one file is named twice", "give each output a name of its own")
        return cls(pictures, models) if everything else None

    @classmethod
    def after(cls, name: str) -> "_Outputs":
        """Name the outputs after the picture."""
        return cls((name + PAINTED,), (name + EXTENSION,))

    def check(self, force: bool) -> None:
        for picture in self.pictures:
            check_picture_output(picture, force=force)
        for model in self.models:
            check_model_output(model, force=force)

    def check_size(self, size: tuple[int, int]) -> None:
        for picture in self.pictures:
            check_picture_size(picture, size)

    def write(self, painting: Painting, painted: Any, seen: dict[str, bytes], console: Console) -> list[str]:
        """Write everything; what is encoded before the first write cannot fail after it."""
        encoded: dict[str, bytes] = {}
        for picture in self.pictures:
            encoded[picture], notes = encode_output(picture, painted)
            console.notes(notes)
        if self.models:
            encoded |= dict.fromkeys(self.models, painting.to_bytes())
        encoded |= seen
        # stdout comes last: its reader may leave early, and the files have to be there then.
        for name in sorted(encoded, key=lambda name: name == STDOUT):
            write_output(name, encoded[name])
        return list(encoded)


class _Result:
    """Remembers how a run ended."""

    seconds = 0.0

    def __call__(self, event: Event, run: Run) -> None:
        if isinstance(event, TrainingFinished | EpochFinished):
            self.seconds = event.seconds


def _record(painting: Painting) -> TrainingRecord:
    assert painting.training is not None  # noqa: S101 - a run always leaves one; told to mypy
    return painting.training


def _known(painting: Painting) -> dict[str, Any]:
    """What is worth saying about every fresh painting."""
    record = _record(painting).to_document()
    kept = ("psnr", "held_out_psnr", "accuracy", "epochs", "ended_by", "engine", "seed", "preset")
    return {
        **{name: record[name] for name in kept if name in record},
        "parameters": painting.n_parameters,
        "bits_per_pixel": round(painting.bits_per_pixel, 3),
    }


def _lines(
    written: list[str], pictures: tuple[str, ...], size: tuple[int, int], document: dict[str, Any]
) -> Iterator[str]:
    for name in written:
        if name != STDOUT:
            what = human_bytes(Path(name).stat().st_size)
            if name in pictures:
                what = f"{size[0]} x {size[1]}, {what}"
            yield f"{name}  ({what})"
    quality = f"PSNR {human_psnr(document['psnr'])}, SSIM {document['ssim']:.4f}"
    if "held_out_psnr" in document:
        quality += f", held out {human_psnr(document['held_out_psnr'])}"
    if "accuracy" in document:
        quality += f", {document['accuracy']:.2%} of pixels in the right class"
    yield quality
    passes = "iterations" if document["ended_by"] == "converged" else "epochs"
    yield (
        f"{document['epochs']} {passes}, {document['seconds']:.1f} s, "
        f"{document['parameters']:,} parameters, {document['bits_per_pixel']:.2f} bits per pixel"
    )


def _require(painting: Painting, required: float | None) -> None:
    reached = _record(painting).psnr
    if required is not None and reached < required:
        why = f"{reached:.2f} dB is below {required:g} dB"
        raise BelowRequired("--require-psnr", why, "train longer, use --preset fine, or ask for less")
