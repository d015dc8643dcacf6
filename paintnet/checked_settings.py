"""Settings that know what they allow and write themselves as JSON: a training's, and each encoding's."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from paintnet.errors import SettingsError

BELOW_1 = float(np.nextafter(1, 0))
"""The end of a range that 1 does not belong to."""


@dataclass(frozen=True)
class CheckedSettings:
    """Base of frozen dataclasses whose fields are settings.

    A child says in `choices` and `ranges` which values its fields may have; what neither can say,
    it checks in a `validate` of its own, after this one.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class Brush(CheckedSettings):
    ...     width: float = 1.5
    ...     ranges = {"width": (0.5, 99)}
    >>> Brush(width=np.float64(3)).to_document()
    {'width': 3.0}
    >>> Brush(width=0).validate()
    Traceback (most recent call last):
    paintnet.errors.SettingsError: width: 0 is out of range; use 0.5 to 99
    """

    choices: ClassVar[Mapping[str, Collection[str]]] = {}
    """Field -> the names that it may have."""

    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {}
    """Field -> its lowest and highest number, both included; a field may be None too."""

    @classmethod
    def setting_names(cls) -> frozenset[str]:
        """Names of the fields."""
        return frozenset(field.name for field in fields(cls))

    @classmethod
    def spoken(cls, name: str) -> str:
        """Name of a field as messages say it."""
        return name

    def validate(self) -> None:
        """Raise `SettingsError` for the first value that cannot be used."""
        for name, allowed in self.choices.items():
            value = getattr(self, name)
            if value not in allowed:
                shown = ", ".join(allowed)
                raise SettingsError(self.spoken(name), f"unknown value {value!r}", f"use one of {shown}")
        for name, (low, high) in self.ranges.items():
            value = getattr(self, name)
            end = " or more, below 1" if high == BELOW_1 else f" to {high:,.10g}"
            remedy = f"use {low:,.10g}{end}"
            if value is not None and not is_number(value):
                raise SettingsError(self.spoken(name), f"{value!r} is not a number", remedy)
            if value is not None and not low <= value <= high:
                raise SettingsError(self.spoken(name), f"{value:.10g} is out of range", remedy)

    def to_document(self) -> dict[str, Any]:
        """Give the settings as JSON values."""
        return {name: _json(value) for name, value in asdict(self).items()}


def is_number(value: object) -> bool:
    """Whether a value is a number, Python's or NumPy's, that can be compared with others."""
    return isinstance(value, Real)


def _json(value: Any) -> Any:
    """Turn NumPy's numbers into Python's, and every sequence into a list."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, dict):
        return {name: _json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json(inner) for inner in value]
    return value
