"""`paintnet fit`: teach a network to paint a picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import click

from paintnet.cli.console import Console, human_bytes, human_psnr, standard_input
from paintnet.cli.exits import BelowRequired
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
from paintnet.cli.types import Duration, Layers, Number
from paintnet.cli.watching import Watching, watch_options
from paintnet.dataset.classes import Classes
from paintnet.dataset.palettes import palette_of
from paintnet.encoding.maps import MAPS
from paintnet.errors import SettingsError
from paintnet.metrics import ssim
from paintnet.modelfile import EXTENSION, encode_model
from paintnet.network import HIDDEN_ACTIVATIONS
from paintnet.painter.events import EpochFinished, Event, Listener, TrainingFinished
from paintnet.painter.painter import Painter
from paintnet.painting import MODES, Painting
from paintnet.picture import OpenLimits, open_picture, shrink
from paintnet.settings.presets import PRESETS, settings_for
from paintnet.settings.settings import ENGINES, PURPOSES, SOLVERS

PAINTED = ".painted.png"


@click.command(
    epilog="""\b
Examples:
  paintnet fit photo.jpg
  paintnet fit sample:bird --mode classify --threshold 600
  paintnet fit photo.jpg --time 10s --seed 1 -o out.webp --scale 2
  paintnet fit photo.jpg --preset fine --require-psnr 35"""
)
@click.argument("image", default="sample:bird", shell_complete=complete_files)
@click.option("--mode", type=click.Choice(MODES), default="regress", help="Learn colors, or classes.")
@click.option(
    "--preset",
    type=click.Choice(list(PRESETS)),
    default="standard",
    help="How long and how well to learn; it sets what you do not give.",
)
@click.option(
    "--for",
    type=click.Choice(PURPOSES),
    default="copying",
    help="Be close to the picture at its own size, or good where it is enlarged.",
)
@click.option("--encoding", type=click.Choice(list(MAPS)), help="Between position and network.")
@click.option("--layers", type=Layers(), help="Hidden layers: units of each, or units x count.")
@click.option("--activation", type=click.Choice(list(HIDDEN_ACTIVATIONS)), help="Of hidden units.")
@click.option("--solver", type=click.Choice(SOLVERS), help="How the weights are found.")
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    help="What runs a step: numba, NumPy, stock scikit-learn, or the fastest that fits  [default: auto].",
)
@click.option("--learning-rate", type=float, metavar="R", help="At the start; it falls to 1 % by the end.")
@click.option("--batch-size", type=int, metavar="N", help="Pixels per update.")
@click.option("--alpha", type=float, metavar="A", help="L2 penalty on the weights.")
@click.option(
    "--seed",
    type=int,
    default=0,
    metavar="N",
    help="Start of all random numbers; the same one repeats a run.",
)
@click.option("--epochs", type=int, metavar="N", help="Passes over the picture.")
@click.option("--time", type=Duration(), help="Training time; with --epochs, whichever ends first.")
@click.option("--iterations", type=int, metavar="N", help="lbfgs only: limit of its iterations.")
@click.option("--target-psnr", type=float, metavar="DB", help="Stop as soon as it is reached.")
@click.option("--require-psnr", type=Number(), metavar="DB", help="Exit 4 when the painting is below.")
@click.option("--colors", type=int, metavar="N", help="Classify: the picture's own N colors  [default: 2].")
@click.option("--threshold", type=int, metavar="S", help="Classify: R + G + B at or below is class 1, dark.")
@click.option("--palette", metavar="HEX,...|FILE", help="Classify: the nearest of these colors.")
@click.option(
    "--max-side", type=click.IntRange(1), metavar="N", help="Learn from a copy of at most this side."
)
@click.option(
    "--hold-out", type=float, metavar="F", help="Keep this share of the pixels back and measure on it."
)
@click.option("--sha256", metavar="HEX", help="Refuse the image unless its bytes have this checksum.")
@click.option(
    "-o",
    "--output",
    multiple=True,
    metavar="FILE",
    shell_complete=complete_files,
    help="Picture to write, or .paintnet model; - for stdout, as PNG; repeatable.",
)
@click.option(
    "-m", "--model", metavar="FILE", shell_complete=complete_files, help="Model to write; - for stdout."
)
@size_options
@watch_options
@force_option
@open_options
@report_options
def fit(image: str, **options: Any) -> None:
    """Teach a network to paint a picture.

    IMAGE is a path, an http(s) URL, - for stdin, or sample:bird, sample:china,
    sample:flower. Without -o and -m, photo.jpg gives photo.painted.png and
    photo.paintnet in the current folder.
    """
    to_stdout = STDOUT in (*options["output"], options["model"])
    console = Console(as_json=options["json"], quiet=options["quiet"], stdout_is_taken=to_stdout)
    given = _settings(options, console)
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
    console.summary(document, _lines(painting, written, outputs.pictures, size, document))
    _require(painting, options["require_psnr"])


def _settings(options: dict[str, Any], console: Console) -> dict[str, Any]:
    """Fields of PainterSettings that the user gave."""
    direct = (
        "mode encoding layers activation solver engine learning_rate batch_size alpha seed epochs "
        "iterations target_psnr hold_out"
    )
    given = {name: options[name] for name in direct.split() if options[name] is not None}
    given["purpose"] = options["for"]
    if options["time"] is not None:
        given["seconds"] = options["time"]
    classes = {name: options[name] for name in ("colors", "threshold") if options[name] is not None}
    if options["palette"] is not None:
        palette = palette_of(options["palette"])
        console.notes(palette.notes)
        classes["palette"] = palette.colors
    if classes:
        given["classes"] = Classes(**classes)
    _check_solver(given)
    return given


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
            encoded |= dict.fromkeys(self.models, encode_model(painting.to_model()))
        encoded |= seen
        # stdout comes last: its reader may leave early, and the files have to be there then.
        for name in sorted(encoded, key=lambda name: name == STDOUT):
            write_output(name, encoded[name])
        return list(encoded)


class _Result:
    """Remembers how a run ended."""

    seconds = 0.0
    epochs = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, TrainingFinished | EpochFinished):
            self.seconds = event.seconds


def _known(painting: Painting) -> dict[str, Any]:
    """What is worth saying about every fresh painting."""
    record = painting.training
    kept = ("psnr", "held_out_psnr", "accuracy", "epochs", "ended_by", "engine", "seed", "preset")
    return {
        **{name: record[name] for name in kept if name in record},
        "parameters": painting.n_parameters,
        "bits_per_pixel": round(painting.bits_per_pixel, 3),
    }


def _lines(
    painting: Painting,
    written: list[str],
    pictures: tuple[str, ...],
    size: tuple[int, int],
    document: dict[str, Any],
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
    passes = "iterations" if painting.training["ended_by"] == "converged" else "epochs"
    yield (
        f"{document['epochs']} {passes}, {document['seconds']:.1f} s, "
        f"{document['parameters']:,} parameters, {document['bits_per_pixel']:.2f} bits per pixel"
    )


def _require(painting: Painting, required: float | None) -> None:
    reached = painting.training["psnr"]
    if required is not None and reached is not None and reached < required:
        raise BelowRequired(
            "--require-psnr",
            f"{reached:.2f} dB is below {required:g} dB",
            "train longer, use --preset fine, or ask for less",
        )
