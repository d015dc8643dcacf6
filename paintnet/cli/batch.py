"""`paintnet batch`: paint many pictures, and go on where it ended."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paintnet.cli.clusters import cluster_of
from paintnet.cli.completion import complete_files, complete_pictures
from paintnet.cli.console import Console, human_bytes, standard_input
from paintnet.cli.exits import SomeFailed, tell
from paintnet.cli.fit import fit, patch_of
from paintnet.cli.help import borrowed_options, command, option, option_group
from paintnet.cli.loading import load_networks
from paintnet.cli.options import report_options
from paintnet.cli.outputs import check_size_options, write_outputs
from paintnet.cli.plans import (
    cluster_option,
    passed_over,
    run_plan,
    tell_plan,
    warn_of_the_disk,
    why_failed,
)
from paintnet.cli.settings import settings_of
from paintnet.cli.threads import notes_on_threads
from paintnet.cli.types import Duration, Number, Workers
from paintnet.cli.watching import animation_of, check_views, command_line, frames_of
from paintnet.errors import SettingsError
from paintnet.files.names import printable
from paintnet.files.writing import check_output
from paintnet.picture import OUTPUT_FORMATS, OpenLimits

if TYPE_CHECKING:
    from paintnet.fleet.plan import BatchSettings, Plan

NOT_OF_FIT = {
    "output": "the outputs of a picture are named by --name and --format",
    "model": "the same",
    "animate": "it takes an extension instead of a file, since each picture has one of its own",
    "report": "it takes no file, since each picture has one of its own",
    "require_psnr": "it does not end the program with code 4, but counts the picture as failed",
    "preview": "there is one line for the whole, and several pictures may be learned at a time",
    "sha256": "it is the checksum of one picture",
    "workers": "they learn pictures side by side, not patches of one",
    "cluster": "the same",
    "checkpoint": "it takes no file, since each picture has one of its own",
    "every": "it stands beside that",
    "resume": "the same command goes on",
    "keep_on_interrupt": "half learned pictures would count as done",
}
"""Options of fit that a batch has not, or has of its own, and why."""


@command(
    epilog="""\b
Examples:
  paintnet batch photos --out-dir painted
  paintnet batch photos --recursive --out-dir painted --preset draft --workers auto
  paintnet batch 'photos/*.jpg' --out-dir painted --format webp --require-psnr 35
  paintnet batch --from-file list.txt --out-dir painted --junit batch.xml --sheet sheet.png
  paintnet batch --out-dir painted --summary"""
)
@click.argument("inputs", nargs=-1, metavar="[INPUT]...", shell_complete=complete_pictures)
@option_group(
    "Which pictures",
    option(
        "--from-file",
        metavar="LIST",
        shell_complete=complete_files,
        help="Take inputs from a file too, one on each line, or - for stdin.",
    ),
    option("--recursive", is_flag=True, help="Enter the folders in folders; they are made under DIR too."),
)
@option_group(
    "What is written",
    option(
        "--out-dir",
        metavar="DIR",
        required=True,
        shell_complete=complete_files,
        help="Folder of all outputs and of manifest.jsonl; made where there is none.",
    ),
    option(
        "--format",
        multiple=True,
        metavar="EXT",
        help="What to write of each picture: the extension of a picture, or paintnet for the model. "
        "Can be given more than once.",
        show_default="painted.png and paintnet",
    ),
    option(
        "--name",
        default="{stem}.{ext}",
        metavar="NAME",
        help="Names of outputs: {stem} and {suffix} are those of the picture, {ext} that of the output, "
        "{number} counts the pictures.",
    ),
    option(
        "--animate", metavar="EXT", help="Write an animation of each learning: gif, webp, png, mp4, webm."
    ),
    option("--report", is_flag=True, help="Write a page about each run."),
)
@borrowed_options(fit, leave_out=NOT_OF_FIT)
@option_group(
    "How it goes",
    option(
        "--workers",
        type=Workers(),
        default="1",
        metavar="N|auto",
        help="Processes that work side by side, auto for one on each core; they share the threads. "
        "One that dies costs its picture one more try. Outputs do not depend on it.",
    ),
    cluster_option,
    option(
        "--require-psnr",
        type=Number(),
        metavar="DB",
        help="Count a picture below DB decibels as failed; its files are written all the same.",
    ),
    option(
        "--checkpoint",
        is_flag=True,
        help="Store each picture on its way, so that the same command goes on amid it too.",
    ),
    option(
        "--every",
        type=Duration(),
        help="Store it again whenever this time is over, and at the end.",
        show_default="30s",
    ),
    option("--fail-fast", is_flag=True, help="End with the first picture that fails."),
    option("--dry-run", is_flag=True, help="Only list what would be done, and the space that it may need."),
    option("--summary", is_flag=True, help="Only tell what the manifest in DIR knows; needs no INPUT."),
    option(
        "--junit", metavar="FILE", shell_complete=complete_files, help="Write a JUnit file: a test a picture."
    ),
    option(
        "--sheet",
        metavar="FILE",
        shell_complete=complete_files,
        help="Write a picture with thumbnails of all paintings.",
    ),
)
@report_options
def batch(inputs: tuple[str, ...], **options: Any) -> None:
    """Paint many pictures, and go on where it ended.

    INPUT is a file, a folder, a pattern in quotes, or an http(s) URL. What
    fails is told and the others go on: exit code 3. The same command again
    does only what is missing.
    """
    console = Console(as_json=options["json"], quiet=options["quiet"])
    console.notes(notes_on_threads())
    cluster_of(options)
    load_networks()  # as in fit: --help does without
    from paintnet.fleet.batch import plan_batch

    settings = _settings(options, console)
    if options["summary"]:
        _tell_manifest(console, settings)
        return
    for name, extensions in (("junit", {".xml"}), ("sheet", OUTPUT_FORMATS)):
        if options[name] is not None:
            check_output(options[name], force=True, extensions=extensions)
    plan = plan_batch(settings, _inputs(inputs, options["from_file"]), recursive=options["recursive"])
    if plan.passed_over:
        console.notes([passed_over(plan)])
    if options["dry_run"]:
        tell_plan(console, plan)
        return
    warn_of_the_disk(plan, console)
    rows = run_plan(plan, console, options)
    _write_more(plan, rows, options)
    _finish(console, plan, rows)


def _settings(options: dict[str, Any], console: Console) -> "BatchSettings":
    from paintnet.fleet.plan import ENDINGS, BatchSettings
    from paintnet.job import Job

    check_views(options)
    check_size_options(options)
    if options["animate"] is not None:
        options["animate"] = options["animate"].removeprefix(".")
    job = Job(
        source="",
        preset=options["preset"],
        settings=settings_of(options, console),
        limits=OpenLimits(options["max_pixels"], options["allow_private"]),
        max_side=options["max_side"],
        patch=patch_of(options),
        scale=options["scale"],
        size=options["size"],
        frames=frames_of(options),
        force=options["force"],
        command=command_line(sys.argv),
        class_names=None if options["threshold"] is None else ("light", "dark"),
        keeps_metadata=options["keep_metadata"],
        inputs=() if options["palette"] is None else (options["palette"],),
    )
    return BatchSettings(
        job=job,
        out_dir=Path(options["out_dir"]),
        name=options["name"],
        endings=tuple(each.removeprefix(".") for each in options["format"]) or ENDINGS,
        animation=animation_of(options),
        report=options["report"],
        required_psnr=options["require_psnr"],
        checkpoint_every=_checkpoint_every(options),
    )


def _checkpoint_every(options: dict[str, Any]) -> float | None:
    if options["every"] is not None and not options["checkpoint"]:
        raise SettingsError("--every", "it has no effect alone", "add --checkpoint")
    from paintnet.painter.keeping import Keeping

    return (options["every"] or Keeping.every) if options["checkpoint"] else None


def _inputs(given: Sequence[str], list_name: str | None) -> list[str]:
    if list_name is None:
        if not given:
            raise SettingsError("INPUT", "no picture was given", "give files, folders, URLs or --from-file")
        return list(given)
    from paintnet.fleet.inputs import lines_of

    if list_name == "-":
        stdin = standard_input()
        return [*given, *lines_of(b"" if stdin is None else stdin.read(), "stdin")]
    try:
        return [*given, *lines_of(Path(list_name).read_bytes(), list_name)]
    except OSError as error:
        why = f"cannot be read ({error.strerror or error})"
        raise SettingsError(f"--from-file {printable(list_name)}", why, "check its spelling") from error


def _write_more(plan: "Plan", rows: list[dict[str, Any]], options: dict[str, Any]) -> None:
    from paintnet.fleet.telling import contact_sheet, error_of, junit

    contents: dict[str, bytes] = {}
    if options["junit"] is not None:
        told = [
            why_failed(row, tell(error_of(row)), row["source"]) if row["state"] == "failed" else ""
            for row in rows
        ]
        contents[options["junit"]] = junit(rows, told)
    if options["sheet"] is not None and any(row["state"] != "failed" for row in rows):
        extension = Path(options["sheet"]).suffix.lower()
        contents[options["sheet"]] = contact_sheet(rows, plan.settings.out_dir, extension)
    write_outputs(contents)


def _finish(console: Console, plan: "Plan", rows: list[dict[str, Any]]) -> None:
    from paintnet.fleet.telling import summary

    counts = summary(rows)
    left = len(plan.items) - len(rows)
    document = {
        **counts,
        "left": left,
        "passed_over": dict(plan.passed_over),
        "manifest": str(plan.manifest.path),
        "items": [{**row, "settings": None} for row in rows],
    }
    for row in document["items"]:
        del row["settings"]
    console.summary(document, _lines(counts, left))
    if counts["failed"]:
        why = f"{counts['failed']} of {len(plan.items)} pictures failed"
        raise SomeFailed("batch", why, "they are named above; the same command tries only them again")


def _lines(counts: dict[str, Any], left: int = 0) -> Iterator[str]:
    kinds = ("done", "skipped", "failed")
    words = [f"{counts[kind]} {kind}" for kind in kinds if counts[kind] or kind == "done"]
    yield ", ".join([*words, f"{left} not begun"] if left else words)
    if counts["mean_psnr"] is not None:
        worst = f"{counts['worst_psnr']:.2f} dB at worst ({counts['worst']})"
        yield f"PSNR {counts['mean_psnr']:.2f} dB on average, {worst}"
    yield f"{counts['files']} files, {human_bytes(counts['bytes'])}"


def _tell_manifest(console: Console, settings: "BatchSettings") -> None:
    from paintnet.fleet.manifest import Manifest
    from paintnet.fleet.telling import summary

    manifest = Manifest(settings.out_dir)
    manifest.refresh()
    rows = {row.input: row.document for row in manifest.latest.values()}
    begun = [document for document in rows.values() if document["state"] == "begun"]
    counts = summary([document for document in rows.values() if document["state"] != "begun"])
    document = {**counts, "begun": len(begun), "manifest": str(manifest.path), "items": list(rows.values())}
    lines = [*_lines(counts), *([f"{len(begun)} begun and not ended"] if begun else [])]
    console.answer(document, lines)
