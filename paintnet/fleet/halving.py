"""Successive halving: all trials get a few of their epochs, the better half of them twice as many, and so on.

K. Jamieson and A. Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization"
(AISTATS 2016). There, who stays goes on where it was. Here each rung trains anew: the rate falls over the
epochs that a training has, so what is halted on its way is worse than what has so few epochs by design.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from paintnet.errors import SettingsError
from paintnet.fleet.estimate import UNKNOWN, learned_size
from paintnet.fleet.plan import BatchSettings, Plan
from paintnet.fleet.sweep import Result, Trials, plan_sweep, results_of
from paintnet.settings.presets import settings_for

FOLDER = "halving"
"""Below that of the outputs: models of trials that had a part of their epochs."""


@dataclass(frozen=True)
class Rung:
    """So many trials, each with one in so many of its epochs.

    Parameters
    ----------
    count : int
        The best of the rung before, or all.
    part : int
        2 for the half of its epochs, 1 for all.
    """

    count: int
    part: int


def rungs_of(count: int, epochs: int) -> list[Rung]:
    """Halve the trials and double their epochs, until one is left that has all of them.

    Where there are too few epochs for that, more than one is left.

    Parameters
    ----------
    count : int
        Trials.
    epochs : int
        Of the longest of them.

    Examples
    --------
    >>> rungs_of(6, 100)
    [Rung(count=6, part=8), Rung(count=3, part=4), Rung(count=2, part=2), Rung(count=1, part=1)]
    >>> rungs_of(6, 3)
    [Rung(count=6, part=2), Rung(count=3, part=1)]
    """
    steps = min((count - 1).bit_length(), epochs.bit_length() - 1)
    return [Rung(-(-count // 2**step), 2 ** (steps - step)) for step in range(steps + 1)]


def epochs_of(plan: Plan) -> list[int]:
    """How many epochs each trial of a sweep has.

    Raises
    ------
    SettingsError
        If one has none, or they follow from the size of a picture that has not been fetched.
    """
    found = []
    for item in plan.items:
        job = item.settings.job
        is_far = isinstance(item.input.source, str) and not item.input.source.startswith("sample:")
        if is_far and "epochs" not in job.settings:
            why = "the epochs follow from the size of the picture, which is not known before it is fetched"
            raise SettingsError("successive_halving", why, "give epochs, or download it before")
        settings = settings_for(*(learned_size(item) or UNKNOWN), job.preset, **job.settings)
        if settings.solver == "lbfgs" or settings.epochs is None:
            why = "it halves epochs, and a trial with the solver lbfgs, or with a time alone, has none"
            raise SettingsError("successive_halving", why, "give epochs, or leave it out")
        found.append(settings.epochs)
    return found


def halve(
    base: BatchSettings,
    source: str | Path,
    trials: Trials,
    do: Callable[[Plan, Rung, Sequence[int]], Sequence[dict[str, Any]]],
) -> list[Result]:
    """Spend the time on the promising trials.

    Parameters
    ----------
    base, source, trials
        As `plan_sweep` takes them.
    do : callable
        Does the plan of a rung, whose items are the trials of these numbers, and gives their rows; where it
        gives fewer, no more is done.

    Returns
    -------
    list of Result
        What became of each trial in its last rung: those that came furthest first, of them the best.

    Raises
    ------
    SettingsError
        If the trials have no epochs to halve.
    """
    epochs = epochs_of(plan_sweep(base, source, trials))
    ranked: list[Result] = []
    numbers = list(range(len(epochs)))
    for rung in rungs_of(len(epochs), max(epochs)):
        numbers = sorted(numbers[: rung.count])
        own = [trials.settings[number] for number in numbers]
        if rung.part > 1:
            own = [
                {**each, "epochs": -(-epochs[number] // rung.part)}
                for number, each in zip(numbers, own, strict=True)
            ]
        of_rung = Trials(own, trials.varied)
        plan = plan_sweep(base, source, of_rung, FOLDER if rung.part > 1 else "")
        rows = do(plan, rung, numbers)
        found = [
            replace(each, number=numbers[each.number], varied=trials.varied_of(numbers[each.number]))
            for each in results_of(plan, of_rung, rows)
        ]
        known = {each.number for each in found}
        ranked = found + [each for each in ranked if each.number not in known]
        numbers = [each.number for each in found if each.row["state"] != "failed"]
        if len(rows) < len(plan.items) or not numbers:
            break
    return ranked
