"""`paintnet sweep`: try many settings on one picture, and tell the best."""

import copy
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paintnet.cli.clusters import cluster_of
from paintnet.cli.completion import complete_files, complete_pictures
from paintnet.cli.console import Console, human_bytes, human_psnr
from paintnet.cli.exits import SomeFailed
from paintnet.cli.fit import fit, patch_of
from paintnet.cli.help import COMMON, Declared, Option, command, longest, option, option_group
from paintnet.cli.loading import load_networks
from paintnet.cli.options import force_option, report_options
from paintnet.cli.outputs import write_outputs
from paintnet.cli.plans import (
    cluster_option,
    passed_over,
    run_plan,
    tell_plan,
    warn_of_the_disk,
)
from paintnet.cli.settings import check_solver, classes_of
from paintnet.cli.threads import notes_on_threads
from paintnet.cli.types import NONE, Number, Workers
from paintnet.cli.watching import command_line
from paintnet.errors import SettingsError
from paintnet.files.writing import check_output
from paintnet.modelfile import EXTENSION
from paintnet.picture import OUTPUT_FORMATS, OpenLimits
from paintnet.settings.settings import known_settings

if TYPE_CHECKING:
    from paintnet.fleet.halving import Rung
    from paintnet.fleet.inputs import Input
    from paintnet.fleet.plan import BatchSettings, Plan
    from paintnet.fleet.sweep import Result, Trials

GROUPS_LEFT_OUT = ("What is written", "To see it learn", "To stop and go on", COMMON)
NOT_OF_SWEEP = ("require_psnr", "workers", "cluster")
"""Options of fit that play no part in the comparison of settings."""

NOT_VARIED = frozenset({"threads"})
"""Settings that change no result."""

TOLD = 10
"""Trials that are listed on the terminal; all are in the tables."""


def _is_varied(each: Option) -> bool:
    return each.setting == "preset" or each.setting in known_settings() - NOT_VARIED


def _options_of_fit() -> Callable[[Declared], Declared]:
    """Options of fit, under its headings; a setting of the painter can be given more than once."""

    def decorate(declared: Declared) -> Declared:
        for each in reversed(fit.params):
            if not isinstance(each, Option) or each.heading in GROUPS_LEFT_OUT or each.name in NOT_OF_SWEEP:
                continue
            ours = copy.copy(each)
            if _is_varied(ours):
                ours.multiple = True
                ours.default = (each.default,) if isinstance(each.default, str | int) else None
            before = getattr(declared, "__click_params__", [])
            declared.__click_params__ = [*before, ours]  # type: ignore[attr-defined]
        return declared

    return decorate


@command(
    epilog="""\b
Examples:
  paintnet sweep photo.jpg --preset draft --preset standard --out-dir sweep
  paintnet sweep photo.jpg --layers 16,16 --layers 64,64 --encoding grid \\
      --encoding fourier --learning-rate 0.01 --out-dir sweep --plot sweep.svg
  paintnet sweep photo.jpg --levels 100 --levels 200 --levels 300 \\
      --learning-rate 0.003 --learning-rate 0.01 --random 4 --out-dir sweep
  paintnet sweep photo.jpg --learning-rate 0.001 --learning-rate 0.003 \\
      --learning-rate 0.01 --successive-halving --out-dir sweep"""
)
@click.argument("image", shell_complete=complete_pictures)
@option_group(
    "What is tried",
    option(
        "--random",
        type=Number(1, whole=True),
        metavar="N",
        help="Try only N combinations, chosen at random; the first --seed decides which.",
    ),
    option(
        "--successive-halving",
        is_flag=True,
        help="Give all trials a few of their epochs, the better half twice as many, and so on: finds nearly "
        "the best in a part of the time.",
    ),
)
@_options_of_fit()
@option_group(
    "What is written",
    option(
        "--out-dir",
        metavar="DIR",
        required=True,
        shell_complete=complete_files,
        help="Folder of the models, of sweep.csv and sweep.json, and of manifest.jsonl; made where there is "
        "none.",
    ),
    option(
        "--sheet",
        metavar="FILE",
        shell_complete=complete_files,
        help="Write a picture with thumbnails of all paintings, the best first.",
    ),
    option(
        "--plot",
        metavar="FILE",
        shell_complete=complete_files,
        help="Write a plot of quality against seconds and bytes: .svg, .png or .pdf; needs the extra plot.",
    ),
    force_option,
)
@option_group(
    "How it goes",
    option(
        "--workers",
        type=Workers(),
        default="1",
        metavar="N|auto",
        help="Processes that work side by side, auto for one on each core; they share the threads, so that "
        "seconds are longer than those of fit.",
    ),
    cluster_option,
    option("--fail-fast", is_flag=True, help="End with the first trial that fails."),
    option("--dry-run", is_flag=True, help="Only list what would be tried."),
)
@report_options
@click.pass_context
def sweep(ctx: click.Context, /, image: str, **options: Any) -> None:
    """Try many settings on one picture, and tell the best.

    Each option of a setting can be given more than once: every combination is
    tried. The command that repeats the best is told at the end. The same
    command again does only what is missing.
    """
    console = Console(as_json=options["json"], quiet=options["quiet"])
    console.notes(notes_on_threads())
    cluster_of(options)
    load_networks()
    from paintnet.fleet.sweep import plan_sweep, trials_of

    _check_files(options)
    axes = _axes(options, ctx.command, console)
    seed = options["seed"][0] if options["random"] is not None else 0
    trials = trials_of(axes, sample=options["random"], seed=seed, check=check_solver)
    given = _the_one_picture(image, options["out_dir"])
    base = _base(given, options)
    plan = plan_sweep(base, given.source, trials)
    names = [_words(trials.varied_of(number), ctx.command) or given.name for number in range(len(plan.items))]
    if plan.passed_over:
        console.notes([passed_over(plan)])
    if options["successive_halving"]:
        console.notes([_rungs_text(plan)])
    if options["dry_run"]:
        of_keys = {item.settings.key: name for item, name in zip(plan.items, names, strict=True)}
        tell_plan(console, plan, lambda item: of_keys[item.settings.key])
        return
    warn_of_the_disk(plan, console)
    results = _results(console, base, plan, trials, names)
    _finish(console, base.out_dir, trials, results, names, _Repeating(ctx, given, options))


def _rungs_text(plan: "Plan") -> str:
    from paintnet.fleet.halving import epochs_of, rungs_of

    rungs = rungs_of(len(plan.items), max(epochs_of(plan)))
    counts = ", ".join(f"{rung.count} with {_part(rung)}" for rung in rungs)
    return f"trials by the part of their epochs that they get: {counts}"


def _part(rung: "Rung") -> str:
    return f"1/{rung.part}" if rung.part > 1 else "all"


def _results(
    console: Console, base: "BatchSettings", plan: "Plan", trials: "Trials", names: Sequence[str]
) -> "list[Result]":
    """Do all trials, or rung after rung of them."""
    from paintnet.fleet.halving import halve
    from paintnet.fleet.sweep import results_of

    options = click.get_current_context().params

    def do(plan: "Plan", numbers: Sequence[int], noun: str) -> list[dict[str, Any]]:
        pairs = zip(plan.items, numbers, strict=True)
        of_keys = {item.settings.key: names[number] for item, number in pairs}
        return run_plan(plan, console, options, noun, lambda row: of_keys[row["key"]])

    if not options["successive_halving"]:
        return results_of(plan, trials, do(plan, range(len(plan.items)), "trials"))
    source = plan.items[0].input.source
    noun = "trials with {} of their epochs"
    return halve(base, source, trials, lambda plan, rung, nth: do(plan, nth, noun.format(_part(rung))))


def _check_files(options: dict[str, Any]) -> None:
    if options["sheet"] is not None:
        check_output(options["sheet"], force=True, extensions=OUTPUT_FORMATS)
    if options["plot"] is not None:
        from paintnet.fleet.sweep_results import PLOTS, check_plot

        check_plot(options["plot"])
        check_output(options["plot"], force=True, extensions=PLOTS)
    folder = Path(options["out_dir"])
    if folder.is_dir() and not (folder / "manifest.jsonl").exists():
        for name in ("sweep.csv", "sweep.json"):
            check_output(folder / name, force=options["force"], extensions=[Path(name).suffix])


def _axes(options: dict[str, Any], command: click.Command, console: Console) -> dict[str, list[Any]]:
    """Values of each setting, by the name that the library has for it."""
    axes: dict[str, list[Any]] = {}
    for each in command.params:
        if isinstance(each, Option) and each.multiple and options[each.name]:
            values = [None if value == NONE else value for value in options[each.name]]
            axes[str(each.setting)] = list(dict.fromkeys(values))
    if options["threads"] is not None:
        axes["threads"] = [options["threads"]]
    classes = classes_of(options, console)
    if classes is not None:
        axes["classes"] = [classes]
    return axes


def _the_one_picture(image: str, out_dir: str) -> "Input":
    from paintnet.fleet.inputs import find_inputs

    found = find_inputs([image], out_dir=Path(out_dir)).inputs
    if len(found) != 1:
        why = f"these are {len(found):,} pictures, and a sweep is about one"
        raise SettingsError("IMAGE", why, "name one of them")
    return found[0]


def _base(given: "Input", options: dict[str, Any]) -> "BatchSettings":
    from paintnet.fleet.plan import BatchSettings
    from paintnet.job import Job

    job = Job(
        source=given.source,
        limits=OpenLimits(options["max_pixels"], options["allow_private"], options["sha256"]),
        max_side=options["max_side"],
        patch=patch_of(options),
        force=options["force"],
        command=command_line(sys.argv),
        inputs=() if options["palette"] is None else (options["palette"],),
    )
    return BatchSettings(job=job, out_dir=Path(options["out_dir"]), endings=(EXTENSION.removeprefix("."),))


class _Repeating:
    """Writes the command that repeats a trial."""

    def __init__(self, ctx: click.Context, given: "Input", options: dict[str, Any]) -> None:
        self._given, self._options = given, options
        self._params = [each for each in ctx.command.params if isinstance(each, Option)]
        of_fit = {each.name for each in fit.params}
        self._constant = [
            each
            for each in self._params
            if not each.multiple
            and each.name in of_fit - {*NOT_OF_SWEEP}
            and each.heading not in GROUPS_LEFT_OUT
            and options[each.name] not in (None, False, each.default)
        ]

    def command(self, settings: dict[str, Any]) -> str:
        words = ["paintnet", "fit"]
        for each in self._params:
            if each in self._constant:
                words += _typed(each, self._options[each.name])
            elif each.multiple and each.setting in settings and not self._is_default(each, settings):
                words += _typed(each, settings[each.setting])
        name = self._given.name
        return shlex.join([*words, *(["--"] if name.startswith("-") else []), name])

    @staticmethod
    def _is_default(each: Option, settings: dict[str, Any]) -> bool:
        return bool(each.default) and each.default == (settings[str(each.setting)],)


def _typed(each: click.Option, value: Any) -> list[str]:
    """An option as it is typed."""
    if isinstance(value, bool):
        return [longest(each) if value else each.secondary_opts[0]]
    if value is None:
        text = NONE
    elif isinstance(value, tuple):
        text = ",".join(map(repr, value))
    else:
        text = value if isinstance(value, str) else repr(value)
    return [f"{longest(each)}={text}"] if text.startswith("-") else [longest(each), text]


def _words(varied: dict[str, Any], command: click.Command) -> str:
    """What tells a trial from the others, as options."""
    found = {each.setting: each for each in command.params if isinstance(each, Option) and each.multiple}
    return " ".join(" ".join(_typed(found[name], value)) for name, value in varied.items())


def _finish(
    console: Console,
    folder: Path,
    trials: "Trials",
    results: "list[Result]",
    names: Sequence[str],
    repeating: _Repeating,
) -> None:
    from paintnet.fleet.sweep_results import as_csv, as_json, plot, table
    from paintnet.fleet.telling import contact_sheet, summary

    options = click.get_current_context().params
    good = [each for each in results if each.row["state"] != "failed"]
    best = repeating.command(trials.settings[good[0].number]) if good else ""
    contents = {
        str(folder / "sweep.csv"): as_csv(results),
        str(folder / "sweep.json"): as_json(results, best),
    }
    if options["sheet"] is not None and good:
        # A name is short below a thumbnail: the option says less than its value.
        shown = [{**each.row, "source": f"{each.number + 1}: {_short(each)}"} for each in good]
        contents[options["sheet"]] = contact_sheet(shown, folder, Path(options["sheet"]).suffix.lower())
    if options["plot"] is not None and good:
        contents[options["plot"]] = plot(results, Path(options["plot"]).suffix)
    write_outputs(contents)
    counts = summary([each.row for each in results])
    kept = ("done", "skipped", "failed", "seconds", "bytes")
    document = {
        **{name: counts[name] for name in kept},
        "left": len(trials.settings) - len(results),
        "passed_over": dict(trials.passed_over),
        "command": best,
        "trials": table(results),
    }
    console.summary(document, _lines(results, good, names, best, counts, options["successive_halving"]))
    if counts["failed"]:
        why = f"{counts['failed']} of {len(trials.settings)} trials failed"
        raise SomeFailed("sweep", why, "they are named above; the same command tries only them again")


def _short(result: "Result") -> str:
    from paintnet.fleet.sweep import value_label

    return " ".join(map(value_label, result.varied.values()))


def _lines(
    results: "list[Result]",
    good: "list[Result]",
    names: Sequence[str],
    best: str,
    counts: dict[str, Any],
    is_halving: bool,
) -> Iterator[str]:
    words = [f"{counts[kind]} {kind}" for kind in ("done", "skipped", "failed") if counts[kind]]
    yield ", ".join(words)
    for each in good[:TOLD]:
        cost = f"{each.row['seconds']:.1f} s, {human_bytes(each.size)}"
        if is_halving:  # where a trial ended decides its place
            cost += f", {each.row['epochs']} epoch{'' if each.row['epochs'] == 1 else 's'}"
        yield f"{human_psnr(each.row['psnr'])}, {cost}: {names[each.number]}"
    if len(good) > TOLD:
        yield f"and {len(good) - TOLD} more in sweep.csv"
    if best:
        yield "the best again:"
        yield best
