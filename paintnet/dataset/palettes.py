"""Palettes from outside: lists of colors, the palette files of other programs, and pictures."""

import colorsys
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from paintnet.dataset.classes import COLOR_FORM, MAX_COLORS, Classes, parse_palette, sort_pixels
from paintnet.errors import PictureError, SettingsError
from paintnet.files.names import printable, printable_source
from paintnet.files.texts import decode_text
from paintnet.picture import OpenLimits, open_picture
from paintnet.typing import Array, Levels

MAX_TEXT_BYTES = 1_000_000
TYPICAL_COLORS = 16
"""How many colors are taken from a picture that has more than a palette can hold."""

_HEADINGS = ("gimp palette", "jasc-pal")
_NUMBERS = re.compile(r"\s*(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})(\s.*)?")


class Palette(NamedTuple):
    """Colors as ``#rrggbb``, and what there is to say about where they come from."""

    colors: tuple[str, ...]
    notes: tuple[str, ...] = ()


class _BrokenPaletteError(ValueError):
    """A palette file that does not hold what it should; the text says what is wrong."""


def palette_of(text: str) -> Palette:
    """Find the palette that a user means.

    Parameters
    ----------
    text : str
        Hex colors or names of CSS, separated by commas, or the name of a file for :func:`read_palette`.

    Returns
    -------
    Palette

    Raises
    ------
    SettingsError
        If it is neither, or the file cannot be used.

    Examples
    --------
    >>> palette_of("#1da1f2,orange").colors
    ('#1da1f2', 'orange')
    """
    if "#" not in text[:1] and os.path.exists(text):  # noqa: PTH110 (Path raises for what is no name)
        return read_palette(text)
    colors = tuple(text.split(","))
    try:
        parse_palette(colors)
    except SettingsError as error:
        if len(colors) > 1:
            raise
        why = "there is no such file, nor is it a color"
        remedy = f"check the spelling of the file, or {COLOR_FORM}"
        raise SettingsError(f"palette {printable_source(text)}", why, remedy) from error
    return Palette(colors)


def read_palette(path: str | Path) -> Palette:
    """Read a palette from a file, told by its content.

    Parameters
    ----------
    path : str or Path
        A text with one color a line; a palette of GIMP (.gpl), Paint Shop Pro (.pal), or
        Adobe (.aco, .ase); or a picture, whose colors are taken in the order in which they appear.
        From a picture with more than 256 colors, the 16 that k-means finds.

    Returns
    -------
    Palette

    Raises
    ------
    SettingsError
        If the file cannot be read, or a line is no color; it names the file and the line.
    """
    what = f"palette {printable_source(str(path))}"
    data = _read(path, what)
    try:
        palette = _palette_in(data, path)
    except PictureError as error:
        raise SettingsError(what, error.why, error.remedy) from error
    except _BrokenPaletteError as error:
        raise SettingsError(what, str(error), COLOR_FORM) from error
    except (struct.error, UnicodeDecodeError) as error:
        raise SettingsError(what, "is damaged", "get an intact copy") from error
    if not 1 <= len(palette.colors) <= MAX_COLORS:
        raise SettingsError(what, f"{len(palette.colors)} colors", f"give 1 to {MAX_COLORS}")
    return palette


def _read(path: str | Path, what: str) -> bytes:
    """The start of the file: as much as a palette may have, or enough to tell a picture."""
    if not os.path.exists(path):  # noqa: PTH110 (Path raises for what is no name)
        raise SettingsError(what, "there is no such file", "check its spelling")
    if not os.path.isfile(path):  # noqa: PTH113
        raise SettingsError(what, "is not a regular file", "give a palette file or a picture")
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_TEXT_BYTES + 1)
    except OSError as error:
        reason = printable(error.strerror or error)
        raise SettingsError(what, f"cannot be read ({reason})", "check the file") from error


def _palette_in(data: bytes, path: str | Path) -> Palette:
    from paintnet.picture.decoding import sniff

    if sniff(data) is not None:
        return _from_picture(Path(path))
    if len(data) > MAX_TEXT_BYTES:
        raise _BrokenPaletteError(f"has more than {MAX_TEXT_BYTES / 1e6:g} MB")
    if data.startswith(b"ASEF"):
        return Palette(tuple(_from_ase(data)))
    if data[:2] in (b"\0\1", b"\0\2"):
        return Palette(tuple(_from_aco(data)))
    return Palette(tuple(_from_text(decode_text(data))))


def _from_text(text: str) -> Iterator[str]:
    """Colors, or three numbers a line under the heading of GIMP or Paint Shop Pro."""
    lines = [line.strip() for line in text.splitlines()]
    start = next((line for line in lines if line), "").lower()
    for number, line in enumerate(lines, start=1):
        if start in _HEADINGS:
            yield from _numbers(line, number, start)
        elif line and not line.startswith(";"):
            try:
                parse_palette((line,))
            except SettingsError as error:
                raise _BrokenPaletteError(f"line {number}: {error.why}") from error
            yield line


def _numbers(line: str, number: int, heading: str) -> Iterator[str]:
    """The color of one line, where there is one: red, green and blue, then perhaps a name."""
    found = _NUMBERS.fullmatch(line)
    if found:
        levels = [int(part) for part in found.groups()[:3]]
        if max(levels) > 255:
            raise _BrokenPaletteError(f"line {number}: {printable(line[:40])!r} is beyond 255")
        yield _hex(*(level / 255 for level in levels))
    elif heading == _HEADINGS[0] and line[:1].isdigit():
        raise _BrokenPaletteError(f"line {number}: {printable(line[:40])!r} is not a color")


def _from_picture(path: Path) -> Palette:
    """The colors of a picture, those of transparent pixels left out."""
    opened = open_picture(path, limits=OpenLimits())
    pixels = opened.pixels.reshape(-1, opened.pixels.shape[-1])
    if pixels.shape[1] == 4:
        pixels = pixels[pixels[:, 3] > 0.5, :3]
    if not len(pixels):
        raise PictureError(str(path), "every pixel of it is transparent", "give a picture with colors")
    levels = np.rint(np.broadcast_to(pixels, (len(pixels), 3)) * 255).astype(np.uint8)
    first = _first_of_each(levels)
    if len(first) <= MAX_COLORS:
        return Palette(tuple(_hex(*levels[place] / 255) for place in first))
    _, found = sort_pixels(levels[np.newaxis] / np.float32(255), Classes(colors=TYPICAL_COLORS), seed=0)
    note = f"the palette's picture has {len(first):,} colors: the {len(found)} most typical were taken"
    return Palette(tuple(_hex(*color) for color in found.tolist()), (note,))


def _first_of_each(levels: Levels) -> Array:
    """Where each color comes first; sorting them all would take seconds in a large picture."""
    codes = levels.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.int32)
    first = np.zeros(1 << 24, dtype=np.int32)
    # Of several numbers for one place NumPy keeps the last: from the end on, that is the first.
    first[codes[::-1]] = np.arange(len(codes), 0, -1, dtype=np.int32)
    return np.sort(first[first > 0]) - 1


def _from_aco(data: bytes) -> Iterator[str]:
    """Adobe color swatches: the first section, whose entries have no names."""
    (count,) = struct.unpack_from(">H", data, 2)
    names = data[:2] == b"\0\2"
    place = 4
    for number in range(1, count + 1):
        space, *values = struct.unpack_from(">5H", data, place)
        place += 10
        if names:
            place += 4 + 2 * struct.unpack_from(">I", data, place)[0]
        yield _swatch(space, values, number)


def _swatch(space: int, values: list[int], number: int) -> str:
    """One color, by the number of its space."""
    shares = [value / 65_535 for value in values]
    if space == 0:  # RGB
        return _hex(*shares[:3])
    if space == 1:  # hue, saturation, brightness
        return _hex(*colorsys.hsv_to_rgb(*shares[:3]))
    if space == 2:  # CMYK, where full ink is 0
        return _hex(*(share * shares[3] for share in shares[:3]))
    if space == 8:  # grey
        return _hex(*(values[0] / 10_000,) * 3)
    raise _BrokenPaletteError(f"color {number} is of the unknown space {space}")


def _from_ase(data: bytes) -> Iterator[str]:
    """Adobe swatch exchange: blocks, of which those of kind 1 are colors."""
    (blocks,) = struct.unpack_from(">I", data, 8)
    place = 12
    for number in range(1, blocks + 1):
        kind, length = struct.unpack_from(">HI", data, place)
        if kind == 1:
            (name_length,) = struct.unpack_from(">H", data, place + 6)
            start = place + 8 + 2 * name_length
            model = data[start : start + 4].decode("ascii", "replace").strip()
            count = {"RGB": 3, "CMYK": 4, "Gray": 1}.get(model)
            if count is None:
                raise _BrokenPaletteError(f"block {number} is of the unknown color space {printable(model)}")
            values = struct.unpack_from(f">{count}f", data, start + 4)
            if model == "CMYK":
                values = tuple((1 - value) * (1 - values[3]) for value in values[:3])
            yield _hex(*(values * 3 if len(values) == 1 else values))
        place += 6 + length


def _hex(*color: float) -> str:
    levels = (round(255 * min(max(part, 0.0), 1.0)) if part == part else 0 for part in color)
    return "#" + "".join(f"{level:02x}" for level in levels)
