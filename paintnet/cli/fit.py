"""`paintnet fit`: teach a network to paint a picture."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from paintnet.activations import HIDDEN
from paintnet.cli.console import Console, human_bytes, human_psnr, standard_input
from paintnet.cli.exits import BelowRequired
from paintnet.cli.options import complete_files, force_option, open_options, report_options, size_options
from paintnet.cli.outputs import STDOUT, check_stdout
from paintnet.cli.types import Duration, Layers, NameOf, Number
from paintnet.cli.watching import (
    animation_of,
    check_views,
    command_line,
    frames_of,
    progress_listeners,
    watch_options,
)
from paintnet.dataset.classes import Classes, read_palette
from paintnet.encoding.registry import ENCODINGS
from paintnet.errors import SettingsError
from paintnet.job import FittedJob, Job, Outputs
from paintnet.modelfile import EXTENSION, MODES
from paintnet.painting import Painting
from paintnet.picture import OpenLimits
from paintnet.settings.presets import PRESETS
from paintnet.settings.settings import ENGINES, PURPOSES, SOLVERS


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
    help="Be good at every size, only copy the picture at its own, or follow edges where it is enlarged"
    "  [default: any-size; copying for classes and without a grid].",
)
@click.option("--encoding", type=NameOf(lambda: ENCODINGS), help="Between position and network.")
@click.option("--layers", type=Layers(), help="Hidden layers: units of each, or units x count.")
@click.option("--activation", type=click.Choice(list(HIDDEN)), help="Of hidden units.")
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
    job = _job(image, options)
    job.check()
    if to_stdout:
        check_stdout()
    opened = job.open(standard_input())
    console.notes(opened.opened.notes)
    with progress_listeners(console, preview=options["preview"]) as listeners:
        fitted = opened.fit(listeners)
    try:
        fitted.write()
    finally:
        console.notes(fitted.notes)
    document = _document(fitted)
    console.summary(document, _lines(fitted, document))
    _require(fitted.painting, options["require_psnr"])


def _job(image: str, options: dict[str, Any]) -> Job:
    settings = _settings(options)
    check_views(options)
    if options["scale"] is not None and options["size"] is not None:
        raise SettingsError("--scale and --size", "they exclude each other", "give one of them")
    models = tuple(name for name in options["output"] if Path(name).suffix.lower() == EXTENSION)
    pictures = tuple(name for name in options["output"] if name not in models)
    if options["model"] is not None:
        models += (options["model"],)
    return Job(
        source=image,
        preset=options["preset"],
        settings=settings,
        limits=OpenLimits(options["max_pixels"], options["allow_private"], options["sha256"]),
        max_side=options["max_side"],
        outputs=Outputs(pictures, models, animation_of(options), options["report"]),
        scale=options["scale"],
        size=options["size"],
        frames=frames_of(options),
        force=options["force"],
        streams={} if sys.stdout is None else {STDOUT: sys.stdout.buffer},
        command=command_line(sys.argv),
        class_names=None if options["threshold"] is None else ("light", "dark"),
    )


def _settings(options: dict[str, Any]) -> dict[str, Any]:
    """Fields of PainterSettings that the user gave."""
    direct = (
        "mode encoding layers activation solver engine learning_rate batch_size alpha seed epochs "
        "iterations target_psnr hold_out"
    )
    given = {name: options[name] for name in direct.split() if options[name] is not None}
    if options["for"] is not None:
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


def _document(fitted: FittedJob) -> dict[str, Any]:
    """What is worth saying about every fresh painting."""
    painting, record = fitted.painting, fitted.painting.training
    assert record is not None  # noqa: S101 - a fitted painting has one; told to mypy
    kept = ("psnr", "held_out_psnr", "accuracy", "epochs", "ended_by", "engine", "seed", "preset")
    known = record.to_document()
    return {
        "source": fitted.open_job.opened.source,
        "outputs": fitted.written,
        "seconds": round(fitted.seconds, 3),
        "ssim": fitted.quality.ssim,
        **{name: known[name] for name in kept if name in known},
        "parameters": painting.n_parameters,
        "bits_per_pixel": round(painting.bits_per_pixel, 3),
    }


def _lines(fitted: FittedJob, document: dict[str, Any]) -> Iterator[str]:
    width, height = fitted.open_job.size
    for name in fitted.written:
        if name != STDOUT:
            what = human_bytes(Path(name).stat().st_size)
            if name in fitted.open_job.outputs.pictures:
                what = f"{width} x {height}, {what}"
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
    assert painting.training is not None  # noqa: S101 - a fitted painting has one; told to mypy
    reached = painting.training.psnr
    if required is not None and reached < required:
        raise BelowRequired(
            "--require-psnr",
            f"{reached:.2f} dB is below {required:g} dB",
            "train longer, use --preset fine, or ask for less",
        )
