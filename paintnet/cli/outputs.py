"""Where painted pictures go: checked before training, written after."""

import sys
from pathlib import Path
from typing import Any

from paintnet.errors import SettingsError
from paintnet.picture import OUTPUT_FORMATS, check_output, encode_picture, write_bytes

STDOUT = "-"


def check_picture_output(path: str, *, force: bool) -> None:
    """Refuse what could not be written at the end."""
    if path != STDOUT:
        check_output(path, force=force, extensions=OUTPUT_FORMATS)


def write_picture(path: str, pixels: Any) -> tuple[str, ...]:
    """Write a picture by its extension, PNG where it goes to stdout; returns notes."""
    extension = ".png" if path == STDOUT else Path(path).suffix.lower()
    data, notes = encode_picture(pixels, extension)
    if path == STDOUT:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_bytes(path, data)
    return notes


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
        raise SettingsError("--scale and --size", "they exclude each other", "give one of them")
    width, height = size or (max(1, round(side * (scale or 1))) for side in own)
    if width * height > max_pixels:
        why = f"{width * height:,} pixels, more than the limit of {max_pixels:,}"
        raise SettingsError(f"size {width}x{height}", why, "paint it smaller, or raise --max-pixels")
    return width, height
