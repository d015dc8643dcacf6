"""The training record: how a painting was made, as it is kept in its file."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

ENDINGS = {
    "epochs": "all epochs are done",
    "time": "the time is up",
    "target-psnr": "the target PSNR is reached",
    "tol": "the loss no longer falls by tol",
    "iterations": "all iterations are done",
    "converged": "the solver has converged",
    "stopped": "it was stopped",
    "ctrl-c": "Ctrl-C ended it",
}
"""Why a training ends, in words, by what a record calls it."""


@dataclass(frozen=True)
class TrainingRecord:
    """How a painting was trained and how good it became.

    Parameters
    ----------
    preset : str
        The rule that gave the settings.
    settings : mapping of str to JSON values
        Every setting of the run; kept as a copy in which tuples are lists.
    seed : int
        What all random numbers started from.
    epochs : int
        Passes over the picture that were done; iterations with the solver lbfgs.
    ended_by : str
        Why the training ended: one of `ENDINGS`.
    psnr : float
        Of the painting at the picture's own size, in dB; infinite where every pixel is equal.
    versions : mapping of str to str
        Version of each library that took part.
    engine : str or None
        What ran the steps: "compiled", "numpy" or "stock"; None in files from before it was recorded.
    held_out_psnr : float or None
        PSNR of the pixels that were held out, in dB; None where there are none.
    accuracy : float or None
        Share of the pixels in the right class, 0 to 1; None in regress.
    seconds : float or None
        Training time; None where no time limit was set, since it would differ from run to run.

    Raises
    ------
    ValueError
        If a value has another type or lies outside its range.

    Examples
    --------
    >>> record = TrainingRecord("draft", {"layers": (8, 8)}, 0, 20, "epochs", math.inf, {"numpy": "2.4"})
    >>> record.settings
    {'layers': [8, 8]}
    >>> record.to_document()["psnr"] is None, "seconds" in record.to_document()
    (True, False)
    >>> TrainingRecord.from_document(record.to_document()) == record
    True
    """

    preset: str
    settings: Mapping[str, Any]
    seed: int
    epochs: int
    ended_by: str
    psnr: float
    versions: Mapping[str, str]
    engine: str | None = None
    held_out_psnr: float | None = None
    accuracy: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name in _FLOATS:
            value = getattr(self, name)
            if type(value) is int and abs(value) < 2**53:
                object.__setattr__(self, name, float(value))
        for name, (fits, wanted) in _SCHEMA.items():
            value = getattr(self, name)
            if not (fits(value) or (value is None and name in _OPTIONAL)):
                raise ValueError(f"training record: {name} is {value!r:.60}, not {wanted}")
        for name in ("settings", "versions"):
            object.__setattr__(self, name, _json_copy(name, getattr(self, name)))

    @property
    def ending(self) -> str:
        """Why it ended, in words; from a newer or foreign file, as the file says it."""
        return ENDINGS.get(self.ended_by, self.ended_by)

    @property
    def passes(self) -> str:
        """How long it went, such as "18 epochs".

        Examples
        --------
        >>> TrainingRecord("draft", {"solver": "lbfgs"}, 0, 1, "converged", 30.0, {}).passes
        '1 iteration'
        """
        word = "iteration" if self.settings.get("solver") == "lbfgs" else "epoch"
        return f"{self.epochs:,} {word}{'s' * (self.epochs != 1)}"

    def to_document(self) -> dict[str, Any]:
        """Give the record as JSON values; what is None is left out.

        JSON has no infinity: a PSNR that is infinite becomes null.
        """
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: None if name in _DECIBELS and math.isinf(value) else value
            for name, value in values.items()
            if value is not None
        }

    @classmethod
    def from_document(cls, document: Any) -> Self:
        """Build the record again from `to_document`.

        Raises
        ------
        ValueError
            If the document is no object, lacks a field, has an unknown one, or one has a wrong value.
        """
        if not isinstance(document, dict):
            raise ValueError(f"training record: {document!r:.60} is no object")
        needed = _SCHEMA.keys() - _OPTIONAL
        if missing := needed - document.keys():
            raise ValueError(f"training record: {', '.join(sorted(missing))} missing")
        if unknown := document.keys() - _SCHEMA.keys():
            raise ValueError(f"training record: unknown {', '.join(sorted(map(repr, unknown)))}"[:100])
        perfect = {name: math.inf for name in _DECIBELS if name in document and document[name] is None}
        return cls(**(document | perfect))


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, float) and value > -math.inf


def _is_positive(value: Any) -> bool:
    return isinstance(value, float) and 0 <= value < math.inf


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _maps_text(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is_text, value))


_SCHEMA: dict[str, tuple[Callable[[Any], bool], str]] = {
    "preset": (_is_text, "a text"),
    "settings": (_maps_text, "an object"),
    "seed": (_is_count, "a whole number from 0"),
    "epochs": (_is_count, "a whole number from 0"),
    "ended_by": (_is_text, "a text"),
    "psnr": (_is_number, "a number"),
    "versions": (lambda value: _maps_text(value) and all(map(_is_text, value.values())), "texts by name"),
    "engine": (_is_text, "a text"),
    "held_out_psnr": (_is_number, "a number"),
    "accuracy": (lambda value: _is_positive(value) and value <= 1, "a number from 0 to 1"),
    "seconds": (_is_positive, "a number from 0"),
}
"""For each field: what a value of it is, and how that is said."""

_OPTIONAL = frozenset({"engine", "held_out_psnr", "accuracy", "seconds"})

_DECIBELS = frozenset({"psnr", "held_out_psnr"})

_FLOATS = _DECIBELS | {"accuracy", "seconds"}


def _json_copy(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    try:
        copy: dict[str, Any] = json.loads(json.dumps(dict(value), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"training record: {name} has a value that JSON cannot hold") from error
    return copy
