"""Every error that paintnet raises on purpose: one tree, ground floor.

Each error answers three questions in one line: what was wrong, what was seen,
and what to do next. The command layer turns it into ``error: ...`` and an exit
code; the library only raises it.
"""

import math
from decimal import Decimal


class PaintnetError(Exception):
    """Base of all paintnet errors.

    Parameters
    ----------
    what : str
        The thing that failed, with its value: a path, an option, a number.
    why : str
        What was wrong with it.
    remedy : str
        What to do next.
    parameter : str, default=""
        The parameter of the library that would allow what was refused; the command layer has
        an option in its place, and says so in its own words.

    Examples
    --------
    >>> print(PaintnetError("cat.png", "not a supported image", "use PNG or JPEG"))
    cat.png: not a supported image; use PNG or JPEG
    """

    def __init__(self, what: str, why: str, remedy: str, parameter: str = "") -> None:
        super().__init__(what, why, remedy, parameter)  # what unpickling calls it with
        self.what = what
        self.why = why
        self.remedy = remedy
        self.parameter = parameter

    def __str__(self) -> str:
        return f"{self.what}: {self.why}; {self.remedy}"


class PictureError(PaintnetError):
    """A picture cannot be opened: missing, damaged, unsupported or too large."""


class DownloadError(PictureError):
    """A picture cannot be fetched from its URL, or must not be."""


class OutputError(PaintnetError):
    """A result cannot be written where it was asked for."""


class ModelFileError(PaintnetError):
    """A .paintnet file is missing, damaged, of a newer version or not one at all."""


class CheckpointError(PaintnetError):
    """A checkpoint is missing, damaged, or belongs to another run."""


class SettingsError(PaintnetError, ValueError):
    """A setting has a value outside its allowed range, or one that clashes with another."""


class TrainingError(PaintnetError):
    """The training ended without a usable painting."""


def number_text(number: float) -> str:
    """Write a number as people do: with all of its digits, thousands apart, without an exponent.

    A rounded number would lie: beside 0.9, which is allowed, 0.90000001 must not be shown as 0.9.

    Parameters
    ----------
    number : float or int
        Any, infinite ones and NaN too.

    Examples
    --------
    >>> number_text(50_000_000), number_text(12.0), number_text(0.9000001), number_text(1e-9)
    ('50,000,000', '12', '0.9000001', '0.000000001')
    """
    if isinstance(number, int):
        # Python refuses to write whole numbers of more than 4,300 digits, and nobody reads them.
        return f"{number:,}" if abs(number) < 10**15 else f"{Decimal(number):.6e}"
    number = float(number)
    if not math.isfinite(number) or not 1e-12 <= abs(number or 1) < 1e15:
        return str(number)
    return f"{Decimal(str(number)).normalize():,f}"


def value_text(value: object) -> str:
    """Show any value in a message: on one line, and not too long.

    Examples
    --------
    >>> value_text("3"), value_text(list(range(100)))
    ("'3'", '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16...')
    """
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a stranger's repr may raise anything, and the value is wrong already
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."
