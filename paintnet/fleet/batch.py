"""Many pictures, each to its outputs: what is done stays done, and what fails stops nobody else."""

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from paintnet._version import __version__
from paintnet.engine.compiler import compiled_for_workers
from paintnet.errors import OutputError, PaintnetError
from paintnet.executor import Cluster, Outcome, run_all
from paintnet.files.names import printable
from paintnet.files.staging import sweep
from paintnet.fleet.estimate import kernels_of
from paintnet.fleet.inputs import find_inputs
from paintnet.fleet.manifest import Manifest, Row
from paintnet.fleet.plan import BatchSettings, Item, Plan, sizes_of
from paintnet.fleet.work import Report, Task, do_task
from paintnet.job import Job


def plan_batch(settings: BatchSettings, inputs: Iterable[str], *, recursive: bool = False) -> Plan:
    """Find the pictures, name their outputs, and look at what is there; writes nothing.

    Parameters
    ----------
    settings : BatchSettings
        For all pictures.
    inputs : iterable of str
        As `find_inputs` takes them.
    recursive : bool, default=False
        Whether to enter the folders in folders.

    Raises
    ------
    PaintnetError
        If anything is wrong that can be known before a picture is opened.

    Examples
    --------
    >>> from paintnet.job import Job
    >>> settings = BatchSettings(job=Job(source=""), out_dir=Path("nowhere"))
    >>> [item.outputs.paths for item in plan_batch(settings, ["sample:bird"]).todo]
    [('bird.painted.png', 'bird.paintnet')]
    """
    settings.check()
    if settings.out_dir.exists() and not settings.out_dir.is_dir():
        raise OutputError(printable(settings.out_dir), "is a file", "choose a folder for the outputs")
    manifest = Manifest(settings.out_dir)
    manifest.refresh()
    made = [str(settings.out_dir.resolve() / path) for path in manifest.latest]
    found = find_inputs(inputs, recursive=recursive, out_dir=settings.out_dir, made=made)
    plan = Plan(settings, manifest, passed_over=found.passed_over)
    plan.add(found.inputs)
    return plan


def run_batch(
    plan: Plan,
    *,
    workers: int | None = None,
    cluster: str | None = None,
    note: Callable[[str], None] = lambda text: None,
) -> Generator[dict[str, Any], None, None]:
    """Do what is left of a plan.

    Parameters
    ----------
    plan : Plan
        From `plan_batch`.
    workers : int or None
        Processes that work side by side. One that dies, for want of memory, say, costs its picture one more
        try, and then that picture alone fails. None works in this process, which such a picture would end.
        Outputs do not depend on it.
    cluster : str or None
        Address of a scheduler of Dask, whose workers do the work; they must see the pictures and the folder
        by the same paths.
    note : callable
        Is told what takes a while before the first picture begins.

    Yields
    ------
    dict
        For each picture, as it ends, its line of the manifest; ``state`` is "skipped" where nothing was
        left to do. Whoever leaves early closes this generator, which ends the workers.

    Raises
    ------
    OutputError
        If the folder or the manifest cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from paintnet.job import Job
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     job = Job(source="", preset="draft", settings={"epochs": 1})
    ...     settings = BatchSettings(job=job, out_dir=Path(folder))
    ...     first = [row["state"] for row in run_batch(plan_batch(settings, ["sample:bird"]))]
    ...     first, [row["state"] for row in run_batch(plan_batch(settings, ["sample:bird", "no.png"]))]
    (['done'], ['skipped', 'failed'])
    """
    _make_folder(plan.settings.out_dir)
    farm = None if cluster is None else Cluster(cluster, plan.settings.out_dir.absolute())
    run = _Run(plan, is_far=farm is not None)
    yield from (run.skipped(item) for item in plan.items if item.row is not None)
    with contextlib.ExitStack() as stack:
        variables: dict[str, str] = {}
        stack.callback(run.sweep)  # after the workers have ended
        if workers is not None and farm is None and (kernels := kernels_of(plan)):
            variables = stack.enter_context(compiled_for_workers(note, kernels))
        outcomes = run_all(do_task, run.tasks(), workers, farm, variables)
        for outcome in stack.enter_context(contextlib.closing(outcomes)):
            row = run.finished(outcome)  # recorded before anybody is told
            yield from run.take_early()
            yield row
    yield from run.take_early()


class _Run:
    """One run over a plan."""

    def __init__(self, plan: Plan, *, is_far: bool = False) -> None:
        self._plan, self._is_far = plan, is_far
        self._early: list[dict[str, Any]] = []
        self._perhaps_done: dict[int, Row] = {}
        self._in_work: set[int] = set()

    def tasks(self) -> Iterator[Task]:
        """Give one task after the other, each when there is a place for it."""
        plan = self._plan
        for number, item in enumerate(plan.items):
            if item.row is not None:
                continue
            # Another run in this folder may have come first.
            plan.manifest.refresh()
            row = plan.row_of(item)
            if row is not None and plan.is_of(item, row):
                item.row = row
                self._early.append(self.skipped(item))
                continue
            try:
                self._make_room(item)
            except PaintnetError as error:
                self._early.append(self._ended(item, Report(error=error), claims=False))
                continue
            known = None
            if row is not None and not isinstance(item.input.source, Path):
                known = row.sha256
                self._perhaps_done[number] = row
            else:
                # Whoever finds an output without a line after this one knows whose it is.
                plan.manifest.append({"state": "begun", **self._about(item, None)})
            self._in_work.add(number)
            yield Task(self._job(item), number, item.settings.required_psnr, known, item.settings.job.force)

    def _job(self, item: Item) -> Job:
        if not self._is_far:
            return item.settings.job_of(item.input, item.outputs)
        # A worker has a working folder of its own.
        source = item.input.source
        given = replace(item.input, source=source.absolute() if isinstance(source, Path) else source)
        job = replace(item.settings, out_dir=item.settings.out_dir.absolute()).job_of(given, item.outputs)
        return replace(job, settings={"threads": 1, **job.settings})  # a cluster's worker is one of many

    def take_early(self) -> list[dict[str, Any]]:
        """Rows of pictures that needed no work."""
        early, self._early = self._early, []
        return early

    def skipped(self, item: Item) -> dict[str, Any]:
        """The row of a picture that is done."""
        assert item.row is not None  # noqa: S101 - that is what done means; told to mypy
        return {**item.row.document, "state": "skipped", "source": item.input.name}

    def finished(self, outcome: Outcome[Task, Report]) -> dict[str, Any]:
        """Record what became of a task."""
        item = self._plan.items[outcome.task.number]
        report = outcome.result
        if report is None:
            why = "its worker process ended twice, without a word"
            remedy = "there may be too little memory: use fewer workers, or a smaller copy of the picture"
            report = Report(error=PaintnetError(item.input.name, why, remedy))
        else:
            self._in_work.remove(outcome.task.number)
        if report.is_known:
            item.row = self._perhaps_done[outcome.task.number]
            return self.skipped(item)
        # The outputs that an address had before are still there where it failed.
        claims = report.error is None or outcome.task.known is None
        return self._ended(item, report, claims=claims)

    def sweep(self) -> None:
        """Take away what workers that were killed have left of the outputs that they were writing."""
        for number in self._in_work:
            item = self._plan.items[number]
            for folder in {(item.settings.out_dir / path).parent for path in item.outputs.paths}:
                sweep(folder)

    def _ended(self, item: Item, report: Report, *, claims: bool = True) -> dict[str, Any]:
        state = "done" if report.error is None else "failed"
        row = {"state": state, **self._about(item, report.sha256, claims=claims), "seconds": report.seconds}
        row |= report.measured
        if report.notes:
            row["notes"] = report.notes
        if report.error is not None:
            error = report.error
            row["error"] = {
                "what": error.what,
                "why": error.why,
                "remedy": error.remedy,
                "parameter": error.parameter,
            }
        self._plan.manifest.append(row)
        return row

    def _about(self, item: Item, sha256: str | None, *, claims: bool = True) -> dict[str, Any]:
        settings = item.settings
        sizes = sizes_of(settings.out_dir, item.outputs.paths) if claims else {}
        return {
            "input": item.input.label,
            "source": item.input.name,
            "sha256": sha256,
            "outputs": [{"path": path, "bytes": size} for path, size in sizes.items()],
            "settings": settings.to_document(),
            "version": __version__,
            "key": settings.key,
        }

    def _make_room(self, item: Item) -> None:
        foreign = self._plan.foreign(item)
        if foreign:
            name = printable(self._plan.settings.out_dir / foreign[0])
            why = "exists already, and is not from this batch"
            raise OutputError(name, why, "let it be replaced or choose another folder", "force")
        for path in item.outputs.paths:
            _make_folder((self._plan.settings.out_dir / path).parent)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = f"this folder cannot be made ({printable(error.strerror or error)})"
        raise OutputError(printable(folder), why, "choose another folder") from error
