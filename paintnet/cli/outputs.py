"""Where results go: checked before training, written after."""

import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from paintnet.cli.console import standard_input
from paintnet.cli.terminal import is_terminal
from paintnet.errors import OutputError, SettingsError
from paintnet.files.writing import check_apart, check_output, told_together, write_together, write_whole
from paintnet.picture import OUTPUT_FORMATS, check_size, encode_picture, output_size, write_bands

STDOUT = "-"
SPOOL_BYTES = 2**26
"""A picture for stdout waits in memory up to this size, and in a temporary file above it."""


def check_picture_output(path: str, *, force: bool, inputs: Sequence[str | None] = ()) -> None:
    """Refuse what could not be written at the end, and what would replace an input."""
    if path != STDOUT:
        check_inputs_stay(path, inputs)
        check_output(path, force=force, extensions=OUTPUT_FORMATS)
    else:
        check_stdout()


def check_inputs_stay(path: str, inputs: Sequence[str | None]) -> None:
    """Refuse an output that would replace a file that is read."""
    if path != STDOUT:
        check_apart([path], [standard_input() if name == STDOUT else name for name in inputs])


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


def write_outputs(contents: Mapping[str, bytes]) -> None:
    """Write files, whole and together, then what goes to stdout: its reader may leave early."""
    files = {path: content for path, content in contents.items() if path != STDOUT}
    failures = write_together(files)
    if STDOUT in contents:
        sys.stdout.buffer.write(contents[STDOUT])
        sys.stdout.buffer.flush()
    if failures:
        raise told_together(failures, [path for path in contents if path not in failures])


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
        return write_whole(path, lambda staged: write_bands(staged, bands, shape, _extension(path)))
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
