"""How a command's help reads: options under headings, with defaults and limits as people write them."""

import re
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import click

from paintnet.cli.formatter import Context
from paintnet.cli.types import Number
from paintnet.errors import PaintnetError, SettingsError, number_text

Declared = Callable[..., Any]
"""A function that is becoming a command."""

OTHERS = "Options"
COMMON = "Common to all commands"

WIDE = 70
"""Columns from which the explanations stand beside the options; in fewer, below them."""

WORDS = "paintnet.words"
"""Where the context of a command keeps what was typed behind its name."""

FIRST_COLUMN = 30
HANGING = 4


class Option(click.Option):
    """An option that stands under a heading of the help.

    Parameters
    ----------
    setting : str, optional
        Name that the library has for it, where that is another.
    """

    heading = OTHERS

    def __init__(self, *declared: Any, setting: str | None = None, **given: Any) -> None:
        super().__init__(*declared, **given)
        self.setting = setting or self.name

    def get_help_extra(self, ctx: click.Context) -> Any:
        """Give the default and the limits; a default in words stands without the parentheses of click."""
        extra = super().get_help_extra(ctx)
        if isinstance(self.show_default, str):
            extra["default"] = self.show_default
        elif "default" in extra and isinstance(self.default, int | float):
            extra["default"] = number_text(self.default)
        if isinstance(self.type, Number) and self.type.limits:
            extra["range"] = self.type.limits
        return extra


class Command(click.Command):
    """A command whose help lists its options under their headings."""

    context_class = Context

    def headings(self, ctx: click.Context) -> dict[str, list[click.Parameter]]:
        """Options by their headings, both in the order in which they were declared."""
        found: dict[str, list[click.Parameter]] = {}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option):
                # What remains is click's own --help.
                heading = parameter.heading if isinstance(parameter, Option) else COMMON
                found.setdefault(heading, []).append(parameter)
        return found

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one list for each heading, all with one left edge for the explanations."""
        sections = {
            heading: [record for each in options if (record := each.get_help_record(ctx))]
            for heading, options in self.headings(ctx).items()
        }
        column = FIRST_COLUMN if formatter.width >= WIDE else HANGING
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{names:{column}}", text) for names, text in records], column)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; whatever is wrong points to the help of this command."""
        ctx.meta[WORDS] = tuple(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run; what the library says by the names of its settings is told by those of the options."""
        try:
            return super().invoke(ctx)
        except PaintnetError as error:
            what = error.what
            if isinstance(error, SettingsError):
                what = in_names_of_options(self._listed(what), self)
            why, remedy = (in_names_of_options(text, self) for text in (error.why, error.remedy))
            if (what, why, remedy) == (error.what, error.why, error.remedy):
                raise
            raise type(error)(what, why, remedy, error.parameter) from error

    def _listed(self, what: str) -> str:
        """Put options in the place of settings where there is nothing else, as in "colors and threshold"."""
        options = _options_by_setting(self)
        parts = re.split("(, | and )", what)
        is_list = all(name in options for name in parts[::2])
        return (
            "".join(longest(options[part]) if part in options else part for part in parts)
            if is_list
            else what
        )


def longest(option: click.Option) -> str:
    """Give the long name of an option."""
    return max(option.opts, key=len)


def in_names_of_options(text: str, command: click.Command) -> str:
    """Say "--max-side" for "max_side" and "--solver adam" for "solver adam", where these are options.

    Words that may be plain English (epochs, seconds) are left alone, and so is what belongs to a path.
    """
    for setting, option in _options_by_setting(command).items():
        name = longest(option)
        if "_" in setting:
            text = re.sub(rf"(?<![\w./\\-]){setting}(?![\w./\\-])", name, text)
        values = getattr(option.type, "choices", ())
        if values:
            text = re.sub(rf"(?<![\w./\\-]){setting} (?=({'|'.join(values)})(?![\w./\\-]))", f"{name} ", text)
    return text


def _options_by_setting(command: click.Command) -> dict[str, click.Option]:
    return {each.setting: each for each in command.params if isinstance(each, Option)}


command = partial(click.command, cls=Command)
option = partial(click.option, cls=Option)


def stack(*decorators: Callable[[Declared], Declared]) -> Callable[[Declared], Declared]:
    """Apply options so that the help lists them in the order given."""

    def decorate(declared: Declared) -> Declared:
        for decorator in reversed(decorators):
            declared = decorator(declared)
        return declared

    return decorate


def option_group(heading: str, *decorators: Callable[[Declared], Declared]) -> Callable[[Declared], Declared]:
    """Apply options that the help lists under a heading, in the order given."""

    def decorate(declared: Declared) -> Declared:
        earlier = _options_of(declared)
        declared = stack(*decorators)(declared)
        for each in _options_of(declared)[len(earlier) :]:
            each.heading = heading
        return declared

    return decorate


def borrowed_options(owner: click.Command, leave_out: Collection[str]) -> Callable[[Declared], Declared]:
    """Apply the options of another command, under its headings, but for some that are named."""

    def decorate(declared: Declared) -> Declared:
        for each in reversed(owner.params):
            if isinstance(each, Option) and each.heading != COMMON and each.name not in leave_out:
                declared.__click_params__ = [*_options_of(declared), each]  # type: ignore[attr-defined]
        return declared

    return decorate


def _options_of(declared: Declared) -> list[Any]:
    """Options that a function has so far: where click keeps them until it becomes a command."""
    return list(getattr(declared, "__click_params__", []))
