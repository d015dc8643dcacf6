"""Option values that users write as one word: positions, sizes, durations, names of a registry."""

import math
import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import click
from click.shell_completion import CompletionItem

from paintnet.cli.suggestions import asked_back
from paintnet.errors import SettingsError, number_text

NONE = "none"
MOST_WORKERS = 256


class NumberList(click.ParamType[Any]):
    """Finite numbers separated by commas (or, for sizes, by an x).

    Parameters
    ----------
    form : str
        How it is written, shown in help and in errors, such as ``X,Y``.
    separator : str
        Between the numbers.
    whole : bool
        Whole numbers from 1 only.
    count : int or None
        How many there must be; None for any.
    """

    def __init__(
        self, form: str, *, separator: str = ",", whole: bool = False, count: int | None = 2
    ) -> None:
        self.name = form
        self.separator = separator
        self.whole = whole
        self.count = count

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give a tuple of numbers."""
        if not isinstance(value, str):
            return value
        parts = value.lower().split(self.separator)
        try:
            numbers = tuple(int(part) if self.whole else float(part) for part in parts)
        except ValueError:
            numbers = ()
        right_count = self.count is None or len(numbers) == self.count
        if not numbers or not right_count or not all(abs(n) < float("inf") for n in numbers):
            self.fail(f"{value!r} is not of the form {self.name}", param, ctx)
        if self.whole and min(numbers) < 1:
            self.fail(f"{value!r} is out of range; each number must be at least 1", param, ctx)
        return numbers

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Show the form in the help."""
        return self.name


class Number(click.ParamType[Any]):
    """A number within limits, which NaN never is.

    Parameters
    ----------
    low, high : float
        The limits; an infinite one is none.
    above : bool
        Whether the lower limit itself is not allowed.
    whole : bool
        Whole numbers only.
    """

    name = "number"

    def __init__(
        self, low: float = -math.inf, high: float = math.inf, *, above: bool = False, whole: bool = False
    ) -> None:
        self.low = low
        self.high = high
        self.above = above
        self.whole = whole

    @property
    def limits(self) -> str:
        """The limits in words that fit behind "must be"; empty where there are none.

        Examples
        --------
        >>> Number(1).limits, Number(100, 1000).limits, Number(0, 50, above=True).limits
        ('at least 1', 'from 100 to 1,000', 'above 0 and at most 50')
        """
        if self.low == -math.inf:
            return ""
        low, high = number_text(self.low), number_text(self.high)
        if self.high == math.inf:
            return f"above {low}" if self.above else f"at least {low}"
        return f"above {low} and at most {high}" if self.above else f"from {low} to {high}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give a float, or an int where only whole numbers are allowed."""
        try:
            number = int(value) if self.whole else float(value)
        except ValueError:
            number = math.nan
        if number != number:
            self.fail(f"{value!r} is not a {'whole ' if self.whole else ''}number", param, ctx)
        if not self.low <= number <= self.high or (self.above and number == self.low):
            self.fail(f"{value} is out of range; it must be {self.limits}", param, ctx)
        return number


class NumberOrNone(Number):
    """A number, or the word none: `NONE` then, since None is what an option has that was not given."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give a float, or `NONE`."""
        if isinstance(value, str) and value.strip().lower() == NONE:
            return NONE
        return super().convert(value, param, ctx)


class Count(Number):
    """A whole number from 1, which may be written short: 50k, 200M, 1.5G."""

    name = "50k|200M|1.5G"
    _units = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}

    def __init__(self) -> None:
        super().__init__(1, whole=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give an int."""
        if not isinstance(value, str):
            return super().convert(value, param, ctx)
        plain = value.strip().lower().replace(",", "").replace("_", "").removesuffix("p")
        match = re.fullmatch(r"([+-]?\d+\.?\d*|[+-]?\.\d+)\s*([kmg]?)", plain)
        # Fraction is exact: 1.1M is 1,100,000, which the float 1.1 times a million is not.
        number = Fraction(match[1]) * self._units[match[2]] if match else None
        if number is None or number.denominator != 1:
            self.fail(f"{value!r} is not a whole number; write it like 50k, 200M or 1.5G", param, ctx)
        return super().convert(int(number), param, ctx)


class Duration(click.ParamType[Any]):
    """A time such as ``10s``, ``2m`` or ``1.5h``, in seconds."""

    name = "10s|2m"
    _units = {"": 1, "s": 1, "m": 60, "h": 3600}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give seconds."""
        if not isinstance(value, str):
            return value
        match = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*([smh]?)", value.strip().lower())
        if not match or float(match[1]) <= 0:
            self.fail(f"{value!r} is not a time above 0; write it like 10s, 2m or 1h", param, ctx)
        return float(match[1]) * self._units[match[2]]

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Show examples in the help."""
        return "10s|2m|1h"


class Bytes(click.ParamType[Any]):
    """A size such as ``40KB`` or ``1.5MB``, in bytes; 1 KB is 1,000 of them, 1 KiB 1,024."""

    name = "40KB"
    _units = {"": 1, "b": 1, "k": 1000, "kb": 1000, "kib": 1024, "m": 10**6, "mb": 10**6, "mib": 2**20}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give bytes."""
        if not isinstance(value, str):
            return value
        match = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*([a-z]*)", value.strip().lower())
        if not match or match[2] not in self._units or float(match[1]) <= 0:
            self.fail(f"{value!r} is not a size above 0; write it like 40KB, 1.5MB or 40000", param, ctx)
        return int(float(match[1]) * self._units[match[2]])


class Layers(click.ParamType[Any]):
    """Hidden layers: ``64,64`` or ``100x10``."""

    name = "64,64|100x10"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give a tuple of layer sizes."""
        # The parser lives beside the settings; reading them brings in NumPy, so only when used.
        from paintnet.settings.settings import parse_layers

        try:
            return parse_layers(value) if isinstance(value, str) else value
        except SettingsError as error:
            self.fail(f"{error.why}; {error.remedy}", param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Show examples in the help."""
        return "64,64|100x10"


class Choice(click.Choice[str]):
    """One of a few words; for any other one it asks whether the nearest was meant."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        """Name the choices, and the nearest one."""
        message = super().get_invalid_choice_message(value, ctx).removesuffix(".")
        return "; ".join(filter(None, (message, asked_back(str(value), self.choices))))


class NameOf(click.ParamType[Any]):
    """A name of a registry, which is read when the command runs: names may have been added since.

    Parameters
    ----------
    names : callable
        Gives the names.
    """

    name = "choice"

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        self.names = names

    @property
    def choices(self) -> tuple[str, ...]:
        """The names as they are now."""
        return tuple(self.names())

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give the name, if there is one like it."""
        return Choice(self.choices).convert(value, param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """Show the names in the help."""
        return Choice(self.choices).get_metavar(param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell complete the names."""
        return Choice(self.choices).shell_complete(ctx, param, incomplete)


XY = NumberList("X,Y")
REGION = NumberList("X0,Y0,X1,Y1", count=4)
SIZE = NumberList("WxH", separator="x", whole=True)
NUMBERS = NumberList("N,N,...", count=None)
WHOLE_NUMBERS = NumberList("N,N,...", whole=True, count=None)


class Workers(click.ParamType[Any]):
    """How many processes work: a number, or auto for one on each core."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give the number."""
        if isinstance(value, int):
            return value
        if value == "auto":
            from paintnet.cores import cores

            return cores()
        if not (value.isascii() and value.isdecimal() and 1 <= int(value[:9]) <= MOST_WORKERS):
            self.fail(f"{value!r} is neither auto nor a number from 1 to {MOST_WORKERS}", param, ctx)
        return int(value)
