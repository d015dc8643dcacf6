"""Option values that users write as one word: positions, sizes, durations, names of a registry."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

from paintnet.errors import SettingsError


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
            self.fail(f"{value!r} is out of range; each number is 1 or more", param, ctx)
        return numbers

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Show the form in the help."""
        return self.name


class Number(click.types.FloatParamType):
    """Any number: a range without ends, which click would describe as ``x<=None``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give a float."""
        number = super().convert(value, param, ctx)
        if number != number:
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


class Real(Number, click.FloatRange):
    """A number in a range; not a number is in none."""


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
            self.fail(f"{value!r} is not a time; write 10s, 2m or 1h, above 0", param, ctx)
        return float(match[1]) * self._units[match[2]]

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Show examples in the help."""
        return "10s|2m|1h"


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

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Give the name, if there is one like it."""
        return click.Choice(self.names()).convert(value, param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        """Show the names in the help."""
        return click.Choice(self.names()).get_metavar(param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell complete the names."""
        return click.Choice(self.names()).shell_complete(ctx, param, incomplete)


XY = NumberList("X,Y")
REGION = NumberList("X0,Y0,X1,Y1", count=4)
SIZE = NumberList("WxH", separator="x", whole=True)
NUMBERS = NumberList("N,N,...", count=None)
