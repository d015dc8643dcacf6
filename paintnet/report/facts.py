"""What a report says in words: why the run ended, when it was, with which settings and versions."""

import os
import platform
from calendar import month_name
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from paintnet.record import TrainingRecord

_OF_GRIDS = {"grid_rate_factor", "grid_beta_1", "grid_beta_2"}
_OF_EPOCHS = {"learning_rate", "decay", "batch_size", "epochs", "seconds", "tol", "target_psnr", *_OF_GRIDS}
_OF_ADAM = {"beta_1", "beta_2", "epsilon"}
_OFF_AT_0 = {"emphasis", "alpha", "hold_out"}
_OF_CLASSES = {"classes", "one_hot"}


def facts_of(training: TrainingRecord | None, date: datetime | None = None) -> list[tuple[str, str]]:
    """List what is known about a run, each with its name."""
    when = [] if date is None else [("date", f"{date.astimezone(UTC):%Y-%m-%d %H:%M} UTC")]
    if training is None:
        return when
    engine = [] if training.engine is None else [("engine used", training.engine)]
    return [
        *when,
        ("preset", training.preset),
        ("seed", str(training.seed)),
        ("done", training.passes),
        ("why it ended", training.ending),
        *engine,
    ]


def versions_of(training: TrainingRecord | None) -> list[tuple[str, str]]:
    """List the versions of what took part."""
    return [*(training.versions.items() if training else ()), ("Python", platform.python_version())]


def settings_in_use(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List the settings that play a part in a run, with their values in words.

    Those of a group stand beside the others. What is not set, is 0 where 0 turns it off, or belongs
    to another mode, encoding, solver or engine, is left out.

    Examples
    --------
    >>> settings_in_use({"mode": "regress", "alpha": 0.0, "tol": None, "encoding": {"name": "raw"}})
    [('mode', 'regress'), ('encoding.name', 'raw')]
    """
    idle = _idle(settings)
    rows = []
    for name, value in settings.items():
        inner = value.items() if isinstance(value, dict) else [(None, value)]
        for key, each in inner:
            if name not in idle and each is not None and not (name in _OFF_AT_0 and each == 0):
                rows.append((name if key is None else f"{name}.{key}", _value(each)))
    return rows


def _idle(settings: Mapping[str, Any]) -> set[str]:
    """Names of settings that another one leaves without influence."""
    encoding, solver = settings.get("encoding"), settings.get("solver")
    idle = set()
    if settings.get("mode") == "regress":
        idle |= _OF_CLASSES
    has_grid = not isinstance(encoding, dict) or encoding.get("name") == "grid"
    if not has_grid or settings.get("engine") == "stock":
        idle |= _OF_GRIDS
    if solver == "lbfgs":
        idle |= _OF_EPOCHS | _OF_ADAM
    elif solver is not None:
        idle |= {"iterations"}
    return idle | (_OF_ADAM if solver == "sgd" else set())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value))
    return str(value)


def percent(share: float) -> str:
    """Write a share without rounding it to all or nothing.

    Examples
    --------
    >>> percent(1.0), percent(0.999999), percent(0.1234), percent(1e-6)
    ('100 %', 'more than 99.99 %', '12.34 %', 'less than 0.01 %')
    """
    if 0.9999 < share < 1:
        return "more than 99.99 %"
    if 0 < share < 0.0001:
        return "less than 0.01 %"
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + " %"


def day(date: datetime) -> str:
    """Write a date as people do, in its own time zone.

    Examples
    --------
    >>> day(datetime(2025, 11, 6, 23, 30, tzinfo=UTC))
    '6 November 2025'
    """
    return f"{date.day} {month_name[date.month]} {date.year}"


def now() -> datetime:
    """Tell the date of a report: SOURCE_DATE_EPOCH where it is set, else the clock.

    https://reproducible-builds.org/specs/source-date-epoch: seconds since 1970, for whoever needs
    the same bytes every day. What is no such number is taken as not set.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given.isascii() and given.isdecimal() and len(given) < 12:
        return datetime.fromtimestamp(int(given), UTC)
    return datetime.now().astimezone()
