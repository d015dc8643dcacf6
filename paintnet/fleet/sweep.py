"""Many trials of one picture: every combination of settings, or a sample of them, and the best."""

import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from paintnet.encoding.grid import GridSpec
from paintnet.errors import SettingsError
from paintnet.fleet.inputs import Input
from paintnet.fleet.manifest import Manifest
from paintnet.fleet.plan import BatchSettings, Item, Plan
from paintnet.settings.presets import settings_for
from paintnet.settings.settings import settings_of_others

MOST_TRIALS = 10_000
"""Of one sweep: each has a file and a line."""

LONGEST = 80
"""Letters of a trial's name in that of its files, before its key makes it unique."""


@dataclass
class Trials:
    """What is going to be tried.

    Parameters
    ----------
    settings : list of dict
        Of each trial, its preset under "preset".
    varied : tuple of str
        Settings of which several values are tried.
    passed_over : Counter of str
        Combinations that are not tried, by the reason.
    """

    settings: list[dict[str, Any]]
    varied: tuple[str, ...]
    passed_over: Counter[str] = field(default_factory=Counter)

    def varied_of(self, number: int) -> dict[str, Any]:
        """What tells a trial from the others; a setting that is not of its encoding is left out."""
        own = self.settings[number]
        return {name: own[name] for name in self.varied if name in own}


def trials_of(
    axes: Mapping[str, Sequence[Any]],
    *,
    sample: int | None = None,
    seed: int = 0,
    check: Callable[[dict[str, Any]], None] = lambda settings: None,
) -> Trials:
    """Combine values of settings.

    A setting that belongs to another encoding than that of a combination is left out of it, and
    combinations that are equal then are tried once.

    Parameters
    ----------
    axes : mapping of str to sequence
        Values of each setting, and of "preset"; of one that does not vary there is one.
    sample : int or None
        Try so many of them, chosen at random.
    seed : int
        Of the choice.
    check : callable
        Refuses what else cannot be, by a `SettingsError`.

    Raises
    ------
    SettingsError
        If there are too many of them, none is possible, or a setting has no influence on any.

    Examples
    --------
    >>> axes = {"encoding": ["fourier", "grid"], "sigma": [5.0, 10.0]}
    >>> trials = trials_of(axes)
    >>> [trials.varied_of(number) for number in range(3)]
    [{'encoding': 'fourier', 'sigma': 5.0}, {'encoding': 'fourier', 'sigma': 10.0}, {'encoding': 'grid'}]
    >>> dict(trials.passed_over)
    {'equal to another': 1}
    """
    count = math.prod(map(len, axes.values()))
    numbers: Sequence[int] = range(count)
    if sample is not None and sample < count:
        # Of numbers, since there may be millions of combinations; in their order, which is easier to read.
        numbers = sorted(random.Random(seed).sample(numbers, sample))  # noqa: S311 - nothing is secret
    if len(numbers) > MOST_TRIALS:
        remedy = f"try fewer values, or a sample of at most {MOST_TRIALS:,}"
        raise SettingsError("settings", f"there are {count:,} combinations", remedy)
    varied = tuple(name for name, values in axes.items() if len(values) > 1)
    found, refused, known = Trials([], varied), list[SettingsError](), set[str]()
    for number in numbers:
        given = dict(zip(axes, _nth(number, list(axes.values())), strict=True))
        try:
            settings = _possible(given)
            check({name: value for name, value in settings.items() if name != "preset"})
        except SettingsError as error:
            refused.append(error)
            found.passed_over["impossible"] += 1
            continue
        if repr(settings) in known:
            found.passed_over["equal to another"] += 1
        else:
            known.add(repr(settings))
            found.settings.append(settings)
    if not found.settings:
        raise refused[0]
    idle = [name for name in axes if not any(name in settings for settings in found.settings)]
    if idle and len(numbers) == count:  # a sample may have left it out by chance
        raise SettingsError(idle[0], "no combination has it", "try it with another encoding, or leave it out")
    return found


def _nth(number: int, values: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    """One element of `itertools.product`, without all those before it."""
    chosen = []
    for each in reversed(values):
        number, at = divmod(number, len(each))
        chosen.append(each[at])
    return tuple(reversed(chosen))


def _possible(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a combination, as far as they play a part in it."""
    preset = given.get("preset", "standard")
    settings = {name: value for name, value in given.items() if name != "preset"}
    shape = {name: settings[name] for name in ("encoding", "mode", "purpose") if name in settings}
    encoding = settings_for(64, 64, preset, **shape).encoding
    for name in settings_of_others(type(encoding)) & settings.keys():
        del settings[name]
    chosen = settings_for(64, 64, preset, **settings)
    if chosen.engine in ("compiled", "numpy") and not isinstance(chosen.encoding, GridSpec):
        why = f"it trains with the grid encoding only, not with {encoding.name}"
        raise SettingsError(f"engine {chosen.engine}", why, "use engine auto or stock")
    return {**({"preset": preset} if "preset" in given else {}), **settings}


def plan_sweep(base: BatchSettings, source: str | Path, trials: Trials, folder: str = "") -> Plan:
    """Give each trial a file of its own, and look at what is there; writes nothing.

    Parameters
    ----------
    base : BatchSettings
        What all trials have in common.
    source : str or Path
        The picture; a file is a Path.
    trials : Trials
        From `trials_of`.
    folder : str
        Of their files, below that of the outputs.

    Returns
    -------
    Plan
        Its items are in the order of the trials; `run_batch` does them.

    Raises
    ------
    PaintnetError
        If anything is wrong that can be known before the picture is opened.
    """
    base.check()
    manifest = Manifest(base.out_dir)
    manifest.refresh()
    plan, given = Plan(base, manifest, passed_over=trials.passed_over), Input(source, folder)
    plan.add_items(_items(base, given, trials))
    return plan


def _items(base: BatchSettings, given: Input, trials: Trials) -> Iterator[Item]:
    for number, settings in enumerate(trials.settings):
        own = {name: value for name, value in settings.items() if name != "preset"}
        job = replace(base.job, preset=settings.get("preset", base.job.preset), settings=own)
        of_trial = replace(base, job=job)
        words = re.sub(r"[^\w.,-]", "", label_of(trials.varied_of(number)).replace(" ", "-"), flags=re.ASCII)
        name = "-".join(filter(None, ("{stem}", words[:LONGEST].strip("-.,"), of_trial.key[:8])))
        of_trial = replace(of_trial, name=name + ".{ext}")
        yield Item(given, of_trial.outputs_of(given, number + 1), of_trial)


def label_of(varied: Mapping[str, Any]) -> str:
    """Name a trial by what it has of its own.

    Examples
    --------
    >>> label_of({"layers": (16, 16), "learning_rate": 0.01, "one_hot": True})
    'layers 16,16 learning_rate 0.01 one_hot yes'
    """
    return " ".join(f"{name} {value_label(value)}" for name, value in varied.items())


def value_label(value: Any) -> str:
    """Write the value of a setting as it may be typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ",".join(map(value_label, value))
    return "none" if value is None else f"{value:.12g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Result:
    """What became of a trial.

    Parameters
    ----------
    number : int
        Of the trial.
    varied : dict
        What it has of its own.
    row : mapping
        Its line of the manifest.
    """

    number: int
    varied: Mapping[str, Any]
    row: Mapping[str, Any]

    @property
    def quality(self) -> float:
        """PSNR; infinite for a perfect painting, and minus that for one that failed."""
        if self.row["state"] == "failed":
            return -math.inf
        psnr = self.row.get("psnr")
        return math.inf if psnr is None else float(psnr)

    @property
    def size(self) -> int:
        """Bytes of the model."""
        return int(self.row["outputs"][0]["bytes"] or 0) if self.row["outputs"] else 0

    def to_document(self) -> dict[str, Any]:
        """All that is worth a column."""
        known = {name: self.row.get(name) for name in ("state", "psnr", "ssim", "epochs", "ended_by")}
        error = self.row.get("error")
        return {
            "trial": self.number + 1,
            **{name: value_label(value) for name, value in self.varied.items()},
            **known,
            "state": "failed" if error else "done",
            "seconds": self.row.get("seconds"),
            "bytes": self.size,
            "file": self.row["outputs"][0]["path"] if self.row["outputs"] else None,
            "error": None if error is None else f"{error['what']}: {error['why']}",
        }


def results_of(plan: Plan, trials: Trials, rows: Sequence[Mapping[str, Any]]) -> list[Result]:
    """What became of the trials that have ended, the best first."""
    numbers = {item.settings.key: number for number, item in enumerate(plan.items)}
    found = [
        Result(numbers[row["key"]], trials.varied_of(numbers[row["key"]]), row)
        for row in rows
        if row["key"] in numbers
    ]
    return sorted(found, key=lambda each: (-each.quality, each.number))


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Numbers of the points that no other beats: none costs as little and is better, or the reverse.

    Parameters
    ----------
    points : sequence of (float, float)
        Cost and quality of each.

    Returns
    -------
    list of int
        In the order of their cost.

    Examples
    --------
    >>> pareto_front([(3, 40), (1, 30), (2, 25), (4, 40), (5, 41)])
    [1, 0, 4]
    """
    front, best = [], -math.inf
    for number in sorted(range(len(points)), key=lambda each: (points[each][0], -points[each][1])):
        if points[number][1] > best:
            front.append(number)
            best = points[number][1]
    return front
