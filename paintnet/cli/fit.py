"""`paintnet fit`: teach a network to paint a picture."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paintnet.activations import HIDDEN
from paintnet.cli.clusters import cluster_of
from paintnet.cli.completion import complete_files, complete_pictures
from paintnet.cli.console import Console, human_bytes, human_psnr, standard_input
from paintnet.cli.exits import NOTHING_WRITTEN, BelowRequired, if_interrupted
from paintnet.cli.help import WORDS, command, option, option_group
from paintnet.cli.keeping import keep_options, keeping_of, telling_of
from paintnet.cli.loading import load_networks
from paintnet.cli.options import force_option, open_options, report_options, size_options, target_options
from paintnet.cli.outputs import STDOUT, check_size_options, check_stdout
from paintnet.cli.settings import encoding_options, settings_of, tuning_options
from paintnet.cli.suggestions import check_no_slip
from paintnet.cli.threads import notes_on_threads
from paintnet.cli.types import NONE, Choice, Duration, Layers, NameOf, Number, NumberOrNone, Workers
from paintnet.cli.watching import (
    View,
    animation_of,
    check_views,
    command_line,
    frames_of,
    watch_options,
)
from paintnet.encoding.registry import ENCODINGS
from paintnet.modelfile import EXTENSION, MODES
from paintnet.outputs import Outputs
from paintnet.painting import Painting
from paintnet.picture import OpenLimits
from paintnet.settings.presets import PRESETS
from paintnet.settings.settings import ENGINES, PURPOSES, SOLVERS, STORES

if TYPE_CHECKING:
    from paintnet.job import FittedJob, Job

SAMPLE = "sample:bird"
SAMPLE_NOTE = f"no picture was named, so {SAMPLE} is painted; `paintnet fit IMAGE` paints yours"

LEARNING = f"what was learned is lost; {NOTHING_WRITTEN}; --time and --epochs end a run with its painting"
WRITING = "the files are either all new or all as they were, and none is half written"
WRITTEN = "the files are written"
"""What is said about an interrupted fit, by where it was."""


@command(
    epilog="""\b
Examples:
  paintnet fit photo.jpg
  paintnet fit sample:bird --mode classify --threshold 600
  paintnet fit photo.jpg --time 10s --seed 1 -o out.webp --scale 2
  paintnet fit photo.jpg --bpp 0.5 -m small.paintnet
  paintnet fit photo.jpg --preset fine --require-psnr 35"""
)
@click.argument("image", required=False, shell_complete=complete_pictures)
@option_group(
    "What is learned",
    option(
        "--mode",
        type=Choice(MODES),
        default="regress",
        help="Learn the color of each position (regress), or its class (classify); a class has one color.",
    ),
    option(
        "--preset",
        type=Choice(list(PRESETS)),
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
        metavar="COLOR,...|FILE",
        shell_complete=complete_files,
        help="For classify: each pixel belongs to the nearest of these colors, such as #1da1f2,red; "
        "a file has one color on each line.",
    ),
    option(
        "--max-side",
        type=Number(1, whole=True),
        metavar="N",
        help="Learn from a copy whose longer side has at most N pixels.",
    ),
    option(
        "--patch",
        type=NumberOrNone(whole=True),
        metavar="N|none",
        help="Divide the picture into patches of at most N pixels a side, each with a network of its own, "
        "which overlap; none keeps one network for all.",
        show_default="768 above 1.2 megapixels, else none; for storing 1536 above 3",
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
        setting="purpose",
        type=Choice(PURPOSES),
        help="Look good at every size, only copy the picture at its own size, look best where it is "
        "enlarged, or take few bytes.",
        show_default="any-size; copying for classes and without a grid; storing with --bpp or --file-size",
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
        type=Choice(list(HIDDEN)),
        help="Activation function of the hidden units.",
    ),
    option("--solver", type=Choice(SOLVERS), help="How the weights are found."),
    option(
        "--engine",
        type=Choice(ENGINES),
        help="What computes the training: code compiled by numba, NumPy, or unmodified scikit-learn "
        "(stock); auto takes the fastest that fits the settings and the work: where NumPy needs less than "
        "1.5 s, nothing is compiled.",
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
        "--workers",
        type=Workers(),
        default="1",
        metavar="N|auto",
        help="Processes that learn the patches of a large picture side by side, auto for one on each core. "
        "The result does not depend on it.",
    ),
    option(
        "--cluster",
        metavar="ADDRESS",
        help="Let the workers of a Dask cluster learn the patches of a large picture, by the address of its "
        "scheduler; they must see the folder of the first output by the same path. Needs the extra dask.",
    ),
    option(
        "--store",
        type=Choice(STORES),
        help="What is kept of the weights: a grid's features in as many bits as their quality needs, some 16 "
        "for a pixel; or all weights as they were learned.",
        show_default="packed",
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
@encoding_options
@tuning_options
@option_group(
    "When it ends",
    option("--epochs", type=Number(whole=True), metavar="N", help="After N passes over the picture."),
    option(
        "--time",
        setting="seconds",
        type=Duration(),
        help="After this time; with --epochs too, at whichever comes first.",
    ),
    target_options,
    option(
        "--tol",
        type=NumberOrNone(),
        metavar="T|none",
        help="When the loss has not fallen by T for more than 10 epochs; none switches this off.",
        show_default="none; 0.0001 with the preset tutorial",
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
    option(
        "--keep-metadata",
        is_flag=True,
        help="Copy EXIF and XMP data to the painted picture, upright and without the thumbnail.",
    ),
    force_option,
)
@watch_options
@keep_options
@option_group(
    "Where the picture comes from",
    open_options,
    option("--sha256", metavar="HEX", help="Refuse the picture unless its file has this SHA-256 checksum."),
)
@report_options
@click.pass_context
def fit(ctx: click.Context, /, image: str | None, **options: Any) -> None:
    """Teach a network to paint a picture.

    IMAGE is a path, an http(s) URL, - for stdin, or one of sample:bird,
    sample:china and sample:flower; without it, sample:bird is painted.
    Without -o and -m, photo.jpg gives photo.painted.png and photo.paintnet in
    the current folder.
    """
    to_stdout = STDOUT in (*options["output"], options["model"])
    console = Console(as_json=options["json"], quiet=options["quiet"], stdout_is_taken=to_stdout)
    with View(console, preview=options["preview"]) as view:
        if image is None:
            check_no_slip(ctx.meta[WORDS], options["output"] if options["force"] else ())
            image = SAMPLE
            view.notes([SAMPLE_NOTE])
        view.notes(notes_on_threads())
        job = _job(image, options, view)
        job.check()
        if to_stdout:
            check_stdout()
        opened = job.open(standard_input())
        view.notes(opened.opened.notes)
        if_interrupted(LEARNING)
        fitted = opened.fit([view, *telling_of(options["checkpoint"])])
        if_interrupted(WRITING)
        try:
            fitted.write()
        finally:
            view.notes(fitted.notes)
    if_interrupted(WRITTEN)
    document = _document(fitted)
    console.summary(document, _lines(fitted, document))
    _require(fitted.painting, options["require_psnr"])


def _job(image: str, options: dict[str, Any], view: View) -> "Job":
    # With it comes scikit-learn, which takes most of a second: --help and completion do without.
    load_networks()
    from paintnet.job import Job
    from paintnet.painter.parts import PartClock

    settings = settings_of(options, view)
    check_views(options)
    check_size_options(options)
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
        patch=patch_of(options),
        workers=options["workers"],
        cluster=cluster_of(options, (*pictures, *models)),
        outputs=Outputs(pictures, models, animation_of(options), options["report"]),
        scale=options["scale"],
        size=options["size"],
        frames=frames_of(options),
        force=options["force"],
        streams={} if sys.stdout is None else {STDOUT: sys.stdout.buffer},
        command=command_line(sys.argv),
        class_names=None if options["threshold"] is None else ("light", "dark"),
        inputs=() if options["palette"] is None else (options["palette"],),
        keeps_metadata=options["keep_metadata"],
        keeping=keeping_of(options),
        clock=PartClock(view, begun=click.get_current_context().obj),
    )


def patch_of(options: dict[str, Any]) -> int | str | None:
    """Side of the patches that was asked for."""
    asked: int | str | None = options["patch"]
    return "auto" if asked is None else None if asked == NONE else asked


def _document(fitted: "FittedJob") -> dict[str, Any]:
    """What is worth saying about every fresh painting."""
    painting, record = fitted.painting, fitted.painting.training
    assert record is not None  # noqa: S101 - a fitted painting has one; told to mypy
    kept = ("psnr", "held_out_psnr", "accuracy", "epochs", "ended_by", "engine", "seed", "preset")
    known = record.to_document()
    return {
        "source": fitted.open_job.opened.source,
        "outputs": fitted.written,
        "seconds": round(fitted.seconds, 3),
        "seconds_by_part": {part: round(seconds, 3) for part, seconds in fitted.seconds_by_part.items()},
        "ssim": fitted.quality.ssim,
        **{name: known[name] for name in kept if name in known},
        "parameters": painting.n_parameters,
        "bits_per_pixel": round(painting.bits_per_pixel, 3),
    }


def _lines(fitted: "FittedJob", document: dict[str, Any]) -> Iterator[str]:
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
    record = fitted.painting.training
    assert record is not None  # noqa: S101 - a fitted painting has one; told to mypy
    yield (
        f"{record.passes}, {document['seconds']:.1f} s, "
        f"{document['parameters']:,} parameters, {document['bits_per_pixel']:.2f} bits per pixel"
    )
    yield f"ended: {record.ending}"


def _require(painting: Painting, required: float | None) -> None:
    assert painting.training is not None  # noqa: S101 - a fitted painting has one; told to mypy
    reached = painting.training.psnr
    if required is not None and reached < required:
        why = f"{reached:.2f} dB is below {required:g} dB"
        raise BelowRequired("--require-psnr", why, "train longer, use --preset fine, or ask for less")
