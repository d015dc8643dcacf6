"""Where results go: checked before training, written after."""

import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from paintnet.cli.terminal import is_terminal
from paintnet.errors import OutputError, SettingsError
from paintnet.files.writing import check_output, replacing, write_bytes
from paintnet.picture import OUTPUT_FORMATS, check_size, encode_picture, output_size, write_bands

STDOUT = "-"
SPOOL_BYTES = 2**26
"""A picture for stdout waits in memory up to this size, and in a temporary file above it."""


def check_picture_output(path: str, *, force: bool) -> None:
    """Refuse what could not be written at the end."""
    if path != STDOUT:
        check_output(path, force=force, extensions=OUTPUT_FORMATS)
    else:
        check_stdout()


def check_stdout() -> None:
    """Refuse to write bytes to a terminal."""
    if sys.stdout is None or is_terminal(sys.stdout):
        why = "binary data does not belong on a terminal"
        raise OutputError(STDOUT, why, "give a file name, or add > FILE")


def check_picture_size(path: str, size: tuple[int, int]) -> None:
    """Refuse a size that the format of an output cannot hold."""
    check_size(path, OUTPUT_FORMATS[_extension(path)], size)


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


def write_picture(path: str, bands: Iterable[Any], shape: tuple[int, ...]) -> tuple[str, ...]:
    """Write a picture that comes in bands, whole or not at all; returns notes.

    Parameters
    ----------
    path : str
        The output; to stdout it goes as PNG.
    bands : iterable of float32 arrays of shape (rows, width, channels)
        From top to bottom.
    shape : (height, width, channels)
        Of the whole.
    """
    if path != STDOUT:
        with replacing(path) as file:
            return write_bands(file, bands, shape, _extension(path))
    # Nothing goes to stdout before all of it is there.
    with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
        notes = write_bands(spool, bands, shape, _extension(path))
        spool.seek(0)
        shutil.copyfileobj(spool, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    return notes


def _extension(path: str) -> str:
    return ".png" if path == STDOUT else Path(path).suffix.lower()


def check_size_options(options: dict[str, Any]) -> None:
    """Refuse --scale and --size together."""
    if options["scale"] is not None and options["size"] is not None:
        raise SettingsError("--scale and --size", "they cannot be combined", "give only one of them")


def checked_size(options: dict[str, Any], own: tuple[float, float]) -> tuple[int, int]:
    """Size of a painted picture in pixels, from --scale or --size."""
    check_size_options(options)
    return output_size(own, options["scale"], options["size"], options["max_pixels"])
