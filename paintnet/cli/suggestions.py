"""What was probably meant by a word that is not known: one suggestion, or none."""

import os
import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

import click

from paintnet.errors import SettingsError
from paintnet.files.names import printable

ALIKE = 0.6
"""Share of letters in common from which a word may be a slip for another."""

_GLUED = re.compile(r"-[fq]*([om])(?!=)(.+)")
"""Short options with their value in one word, as in -odd.jpg."""

_ONE_DASH = re.compile(r"-[a-z][a-z-]+")


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Give the one name that a word was probably meant to be; None where none is like it.

    A name that begins with the word wins, the shortest of them; else the one that is most alike.

    Examples
    --------
    >>> nearest("rendr", ["fit", "render"]), nearest("--out", ["--output", "--report"])
    ('render', '--output')
    >>> nearest("xyzzy", ["fit", "render"])
    """
    word, names = word.lower(), list(names)
    begun = [name for name in names if len(word.strip("-")) > 1 and name.startswith(word)]
    if begun:
        return min(begun, key=len)
    shares = {name: SequenceMatcher(None, word.strip("-"), name.strip("-")).ratio() for name in names}
    best = max(names, key=lambda name: shares[name], default=None)
    return best if best is not None and shares[best] >= ALIKE else None


def asked_back(word: str, names: Iterable[str]) -> str:
    """Ask whether the nearest name was meant; empty where none is like it.

    Examples
    --------
    >>> asked_back("fien", ["draft", "fine"])
    "did you mean 'fine'?"
    """
    meant = nearest(word, names)
    return "" if meant is None else f"did you mean '{meant}'?"


def suggestion_for(error: click.UsageError, words: Sequence[str] = ()) -> str:
    """Suggest what was meant by an unknown command or option.

    Parameters
    ----------
    error : click.UsageError
        Of any kind; the others have no suggestion.
    words : sequence of str
        What was typed: ``-epochs`` is read as several short options.
    """
    context = error.ctx
    if isinstance(error, click.exceptions.NoSuchCommand) and isinstance(
        group := context and context.command, click.Group
    ):
        assert context is not None  # noqa: S101 - it has the group; told to mypy
        name = error.command_name
        if os.path.lexists(name) or name.startswith("sample:"):
            verb = "info" if name.endswith(".paintnet") else "fit"
            return f"did you mean 'paintnet {verb} {name}'?"
        return asked_back(name, group.list_commands(context))
    if isinstance(error, click.NoSuchOption) and context is not None:
        long = [
            name for each in context.command.get_params(context) for name in each.opts if name[:2] == "--"
        ]
        typed = error.option_name
        if not typed.startswith("--"):
            whole = [word for word in words if word.startswith(typed[:2]) and _ONE_DASH.fullmatch(word)]
            if not whole:
                return ""
            typed = f"-{whole[0]}"
        return asked_back(typed, long)
    return ""


def check_no_slip(words: Sequence[str], replaced: Sequence[str]) -> None:
    """Refuse to take a sample for the picture where a word may have been meant as the picture.

    Parameters
    ----------
    words : sequence of str
        What was typed behind the name of the command.
    replaced : sequence of str
        Outputs that may replace what is there.

    Raises
    ------
    SettingsError
        If there is such a word, or such a file.
    """
    for name in replaced:
        if os.path.lexists(name):
            why = "it is there already, no picture is named, and a painted sample would replace it"
            remedy = "name the picture that is to be painted, or sample:bird"
            raise SettingsError(printable(name), why, remedy)
    for word in words:
        glued = _GLUED.fullmatch(word)
        if glued:
            name, value = printable(word), printable(glued[2])
            why = f"it is read as -{glued[1]} {value}, and no picture is named"
            raise SettingsError(name, why, f"a picture of this name goes last, after --: `-- {name}`")
