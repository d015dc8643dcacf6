"""Where results go: checked before training, written after."""

import sys
from pathlib import Path
from typing import Any

from paintnet.errors import OutputError, SettingsError
from paintnet.files.writing import check_output, write_bytes
from paintnet.modelfile import EXTENSION
from paintnet.picture import OUTPUT_FORMATS, check_size, encode_picture, output_size

STDOUT = "-"


def check_picture_output(path: str, *, force: bool) -> None:
    """Refuse what could not be written at the end."""
    _check(path, force, OUTPUT_FORMATS)


def check_model_output(path: str, *, force: bool) -> None:
    """Refuse what could not be written at the end."""
    _check(path, force, [EXTENSION])


def _check(path: str, force: bool, extensions: Any) -> None:
    if path != STDOUT:
        check_output(path, force=force, extensions=extensions)
    else:
        check_stdout()


def check_stdout() -> None:
    """Refuse to write bytes to a terminal."""
    if sys.stdout is None or sys.stdout.isatty():
        raise OutputError(STDOUT, "bytes do not belong on a terminal", "give a file name, or add > FILE")


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


def write_picture(path: str, pixels: Any) -> tuple[str, ...]:
    """Encode and write a picture; returns notes."""
    data, notes = encode_output(path, pixels)
    write_output(path, data)
    return notes


def _extension(path: str) -> str:
    return ".png" if path == STDOUT else Path(path).suffix.lower()


def checked_size(options: dict[str, Any], own: tuple[float, float]) -> tuple[int, int]:
    """Size of a painted picture in pixels, from --scale or --size."""
    if options["scale"] is not None and options["size"] is not None:
        raise SettingsError("--scale and --size", "they exclude each other", "give one of them")
    return output_size(own, options["scale"], options["size"], options["max_pixels"])
