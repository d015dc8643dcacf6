"""What batch and sweep have in common: a plan is told, and done with one line for the whole."""

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paintnet.cli.batch_line import BatchLine, duration_text
from paintnet.cli.console import Console, human_bytes
from paintnet.cli.exits import if_interrupted, tell
from paintnet.cli.help import option
from paintnet.files.names import printable

if TYPE_CHECKING:
    from paintnet.fleet.plan import Item, Plan

Row = dict[str, Any]

cluster_option = option(
    "--cluster",
    metavar="ADDRESS",
    help="Let the workers of a Dask cluster do the work, by the address of its scheduler; needs the "
    "extra dask.",
)


NEARLY_FULL = 0.9
"""Share of the free space from which a batch that needs so much is warned about."""


def run_plan(
    plan: "Plan",
    console: Console,
    options: dict[str, Any],
    noun: str = "pictures",
    name_of: Callable[[Row], str] = lambda row: str(row["source"]),
) -> list[Row]:
    """Do what is left, with one line for the whole; what fails is told at once.

    Parameters
    ----------
    plan : Plan
        What there is to do.
    console : Console
        Whom it is told.
    options : dict
        Of the command: "workers", "cluster" and "fail_fast".
    noun : str
        What its items are called.
    name_of : callable
        Names the item of a row.
    """
    from paintnet.fleet.batch import run_batch
    from paintnet.fleet.telling import error_of

    rows: list[Row] = []
    total, workers = len(plan.items), min(options["workers"], max(1, len(plan.todo)))
    line = BatchLine(total, noun, is_shown=console.shows_progress and bool(plan.todo))
    if_interrupted(_left(rows, total, noun))

    def note(text: str) -> None:
        with line.aside():
            console.notes([text])

    run = run_batch(plan, workers=workers, cluster=options["cluster"], note=note)
    with line, contextlib.closing(run) as ended:
        for row in ended:
            rows.append(row)
            if_interrupted(_left(rows, total, noun))
            line.count(row["state"])
            if row["state"] == "failed":
                with line.aside():
                    click.echo(
                        f"failed: {printable(why_failed(row, tell(error_of(row)), name_of(row)))}", err=True
                    )
                if options["fail_fast"]:
                    break
    return rows


def _left(rows: list[Row], total: int, noun: str) -> str:
    """What to say about an interrupted batch."""
    done = sum(row["state"] != "failed" for row in rows)
    return f"{done} of {total} {noun} are done; the same command goes on with the others"


def why_failed(row: Row, told: str, name: str) -> str:
    """Name the picture or the trial, where the error does not begin with it."""
    return told if row["error"]["what"] == name else f"{name}: {told}"


def passed_over(plan: "Plan") -> str:
    """What is no item of a plan, by the reason."""
    reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(plan.passed_over.items()))
    return f"passed over: {reasons}"


def tell_plan(
    console: Console, plan: "Plan", name_of: "Callable[[Item], str]" = lambda item: item.input.name
) -> None:
    """List what would be done, with a guess of space and time."""
    from paintnet.fleet.estimate import estimate

    guess = estimate(plan)
    free = _free(plan.settings.out_dir)
    items = [
        {
            "source": name_of(item),
            "outputs": list(item.outputs.paths),
            "state": "skipped" if item.row is not None else "to do",
        }
        for item in plan.items
    ]
    document = {"items": items, "bytes": guess.size, "seconds": guess.seconds, "free": free}
    lines = [
        f"{each['source']} -> {', '.join(each['outputs'])}" for each in items if each["state"] == "to do"
    ]
    done = len(items) - len(lines)
    lines.append(
        f"{len(lines)} to do, {done} done; about {human_bytes(guess.size)}, {human_bytes(free)} free"
    )
    if guess.seconds is not None:
        lines.append(f"about {duration_text(guess.seconds)} with one worker, as the pictures before took")
    console.answer(document, lines)


def warn_of_the_disk(plan: "Plan", console: Console) -> None:
    """Say so before the work, where the disk will not do."""
    from paintnet.fleet.estimate import estimate

    size, free = estimate(plan).size, _free(plan.settings.out_dir)
    if size > free * NEARLY_FULL:
        needs = f"the outputs need about {human_bytes(size)}"
        console.notes([f"{needs}, and the disk has {human_bytes(free)} left"])


def _free(folder: Path) -> int:
    """Bytes that are free where a folder is, or will be."""
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    return shutil.disk_usage(there).free
