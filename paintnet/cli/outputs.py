"""Where results go: checked before training, written after."""

import sys
from pathlib import Path
from typing import Any

from paintnet.cli.terminal import is_terminal
from paintnet.errors import OutputError, SettingsError
from paintnet.files.names import printable
from paintnet.files.writing import check_output, write_bytes
from paintnet.modelfile import EXTENSION
from paintnet.picture import OUTPUT_FORMATS, encode_picture

STDOUT = "-"
_LARGEST_SIDE = 10**12
"""Sizes are cut to this before they are judged: larger ones overflow."""


def check_picture_output(path: str, *, force: bool) -> None:
    """Refuse what could not be written at the end."""
    _check(path, force, OUTPUT_FORMATS)


def check_model_output(path: str, *, force: bool) -> None:
    """Refuse what could not be written at the end."""
    _check(path, force, [EXTENSION])


def _check(path: str, force: bool, extensions: Any) -> None:
    if path != STDOUT:
        check_output(path, force=force, extensions=extensions)
    elif sys.stdout is None or is_terminal(sys.stdout):
        raise OutputError(
            STDOUT, "binary data does not belong on a terminal", "give a file name, or add > FILE"
        )


def check_picture_size(path: str, size: tuple[int, int]) -> None:
    """Refuse a size that the format of an output cannot hold."""
    chosen = OUTPUT_FORMATS[_extension(path)]
    if max(size) > chosen.max_side:
        why = f"{chosen.name} holds at most {chosen.max_side:,} pixels a side, not {max(size):,}"
        raise OutputError(printable(path), why, "write a PNG or a smaller picture")


def encode_output(path: str, pixels: Any) -> tuple[bytes, tuple[str, ...]]:
    """Encode a picture by its output's extension, as PNG where it goes to stdout; returns notes too."""
    return encode_picture(pixels, _extension(path))


def write_output(path: str, data: bytes) -> None:
    """Write a file whole, or to stdout."""
    if path == STDOUT:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_bytes(path, data)


def write_picture(path: str, pixels: Any) -> tuple[str, ...]:
    """Encode and write a picture; returns notes."""
    data, notes = encode_output(path, pixels)
    write_output(path, data)
    return notes


def _extension(path: str) -> str:
    return ".png" if path == STDOUT else Path(path).suffix.lower()


def output_size(
    own: tuple[float, float], scale: float | None, size: tuple[int, int] | None, max_pixels: int
) -> tuple[int, int]:
    """Size of a painted picture in pixels, from --scale or --size.

    Raises
    ------
    SettingsError
        If both are given, or the picture would have too many pixels.
    """
    if scale is not None and size is not None:
        raise SettingsError("--scale and --size", "they cannot be combined", "give only one of them")
    wanted = size or tuple(side * (scale or 1) for side in own)
    width, height = (max(1, round(min(max(side, 1), _LARGEST_SIDE))) for side in wanted)
    if width * height > max_pixels:
        why = f"{width * height:,} pixels are more than the limit of {max_pixels:,}"
        raise SettingsError(f"size {width}x{height}", why, "paint it smaller, or raise --max-pixels")
    return width, height
