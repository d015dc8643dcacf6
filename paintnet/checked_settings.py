"""Settings that know what they allow and write themselves as JSON: a training's, and each encoding's."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from numbers import Integral, Real
from typing import Any, ClassVar, get_args, get_type_hints

import numpy as np

from paintnet.errors import SettingsError, number_text, value_text

BELOW_1 = float(np.nextafter(1, 0))
"""The end of a range that 1 does not belong to."""


@dataclass(frozen=True)
class CheckedSettings:
    """Base of frozen dataclasses whose fields are settings.

    What a field is given as is brought to the type that it is declared as where its meaning is plain:
    NumPy's numbers, 3.0 where whole numbers are wanted, a list or one number where several are. A child
    says in `choices` and `ranges` which values its fields may have; what neither can say, it checks in a
    `validate` of its own, after this one.

    Raises
    ------
    SettingsError
        If a value is not of the type of its field.

    Examples
    --------
    >>> @dataclass(frozen=True)
    ... class Brush(CheckedSettings):
    ...     width: float = 1.5
    ...     bristles: int = 40
    ...     ranges = {"width": (0.5, 99)}
    >>> Brush(width=np.float64(3), bristles=50.0).to_document()
    {'width': 3.0, 'bristles': 50}
    >>> Brush(width=0).validate()
    Traceback (most recent call last):
    paintnet.errors.SettingsError: width: 0 is out of range; use 0.5 to 99
    >>> Brush(bristles="many")
    Traceback (most recent call last):
    paintnet.errors.SettingsError: bristles: 'many' is not a whole number; give one
    """

    choices: ClassVar[Mapping[str, Collection[str]]] = {}
    """Field -> the names that it may have."""

    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {}
    """Field -> its lowest and highest number, both included."""

    explanations: ClassVar[Mapping[str, str]] = {}
    """Field -> a sentence about it, for the help of a command."""

    def __post_init__(self) -> None:
        for name, kind in self.kinds().items():
            value = getattr(self, name)
            if name not in self.choices and not (value is None and type(None) in alternatives(kind)):
                object.__setattr__(self, name, self._read(name, value, kind))

    @classmethod
    def setting_names(cls) -> frozenset[str]:
        """Names of the fields."""
        return frozenset(field.name for field in fields(cls))

    @classmethod
    def kinds(cls) -> dict[str, Any]:
        """Type of each field."""
        hints = get_type_hints(cls)
        return {field.name: hints[field.name] for field in fields(cls)}

    def validate(self) -> None:
        """Raise `SettingsError` for the first value that cannot be used."""
        for name, allowed in self.choices.items():
            value = getattr(self, name)
            if not isinstance(value, str) or value not in allowed:
                why, remedy = f"unknown value {value_text(value)}", f"use one of {', '.join(allowed)}"
                raise SettingsError(name, why, remedy)
        for name, (low, high) in self.ranges.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                why = f"{number_text(value)} is out of range"
                raise SettingsError(name, why, self._remedy(name))

    def _read(self, name: str, value: Any, kind: Any) -> Any:
        """Bring a value to the type of its field."""
        if isinstance(value, np.generic) or (type(value) is np.ndarray and value.ndim == 0):
            value = value.item()
        for alternative in alternatives(kind):
            if alternative in _READERS:
                what, read = _READERS[alternative]
                try:
                    return read(value)
                except (TypeError, ValueError, OverflowError) as error:
                    why = f"{value_text(value)} is not {what}"
                    raise SettingsError(name, why, self._remedy(name)) from error
            is_class = isinstance(alternative, type) and alternative is not Any
            if is_class and not isinstance(value, alternative):
                why = f"{value_text(value)} is not of type {alternative.__name__}"
                raise SettingsError(name, why, self._remedy(name))
        return value

    def _remedy(self, name: str) -> str:
        if name not in self.ranges:
            return "give one"
        low, high = self.ranges[name]
        end = " or more, below 1" if high == BELOW_1 else f" to {number_text(high)}"
        return f"use {number_text(low)}{end}"

    def to_document(self) -> dict[str, Any]:
        """Give the settings as JSON values."""
        return {name: _json(value) for name, value in asdict(self).items()}


def alternatives(kind: Any) -> tuple[Any, ...]:
    """Give the types that a field's may be, None among them where it may be left open."""
    return get_args(kind) if type(None) in get_args(kind) else (kind,)


def _number(value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError
    return int(value) if isinstance(value, Integral) else float(value)


def _whole(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError
    return int(number)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _several(value: Any) -> tuple[Any, ...]:
    """Give the items of a sequence that has an order and is no text."""
    if isinstance(value, np.ndarray) and not np.ma.isMaskedArray(value):
        value = value.tolist()
    if isinstance(value, str | bytes | bytearray) or not isinstance(value, Sequence):
        raise TypeError
    return tuple(value)


def _wholes(value: Any) -> tuple[int, ...]:
    return tuple(map(_whole, [value] if isinstance(value, Real) else _several(value)))


def _texts(value: Any) -> tuple[str, ...]:
    texts = _several(value)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError
    return texts


_READERS: dict[Any, tuple[str, Callable[[Any], Any]]] = {
    float: ("a number", _number),
    int: ("a whole number", _whole),
    bool: ("True or False", _flag),
    tuple[int, ...]: ("a list of whole numbers", _wholes),
    tuple[str, ...]: ("a list of texts", _texts),
}
"""For each type of a field, what it is called, and what brings a value to it."""


def listed(numbers: Sequence[float]) -> str:
    """Write numbers in a row, for a message.

    Examples
    --------
    >>> listed((64, 100_000)), listed(())
    ('64, 100,000', 'an empty list')
    """
    return ", ".join(map(number_text, numbers)) or "an empty list"


def _json(value: Any) -> Any:
    """Turn NumPy's numbers, which encodings from outside may have, into Python's; sequences into lists."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, dict):
        return {name: _json(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_json(inner) for inner in value]
    return value
