"""The record of a batch: one line of JSON for each thing that happened, appended and never rewritten."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from paintnet.errors import OutputError
from paintnet.files.names import printable

NAME = "manifest.jsonl"

State = Literal["begun", "done", "failed"]
STATES = ("begun", "done", "failed")


@dataclass(frozen=True)
class Row:
    """One line of a manifest, as far as a later run needs it.

    Parameters
    ----------
    state : {"begun", "done", "failed"}
        How far the picture came.
    input : str
        Its full path, or its address without secrets.
    key : str
        Stands for the settings and the version.
    sha256 : str or None
        Of the picture's file; None where it was not read yet.
    sizes : mapping of str to int or None
        Bytes of each output, by its path below the folder; None where it was not written.
    document : mapping
        The whole line.
    """

    state: State
    input: str
    key: str
    sha256: str | None
    sizes: Mapping[str, int | None]
    document: Mapping[str, Any]


class Manifest:
    """The file `manifest.jsonl` in a folder of outputs.

    Nothing in it is trusted: what is torn or strange is left out, so that its pictures are done again.

    Parameters
    ----------
    folder : Path
        Where it lies, or will lie.

    Attributes
    ----------
    latest : dict of str to Row
        The last line about each output, by the output's path below the folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     line = {"state": "done", "input": "/bird.png", "key": "5", "outputs": []}
    ...     line["outputs"] = [{"path": "bird.paintnet", "bytes": 900}]
    ...     Manifest(Path(folder)).append(line)
    ...     with (Path(folder) / NAME).open("a") as file:
    ...         torn = file.write('{"state": "do')
    ...     again = Manifest(Path(folder))
    ...     again.refresh()
    ...     again.latest["bird.paintnet"].sizes
    {'bird.paintnet': 900}
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.latest: dict[str, Row] = {}
        self._offset = 0

    def refresh(self) -> None:
        """Read what was appended since the last time, by this run or another.

        Raises
        ------
        OutputError
            If it is there and cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                if file.seek(0, os.SEEK_END) < self._offset:  # somebody has rewritten it
                    self._offset = 0
                    self.latest.clear()
                file.seek(self._offset)
                for line in file:
                    row = _row(line)
                    if row is not None:
                        self.latest.update(dict.fromkeys(row.sizes, row))
                    if line.endswith(b"\n"):  # another run may be about to finish the last one
                        self._offset += len(line)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unusable(error) from error

    def append(self, document: Mapping[str, Any]) -> None:
        """Put a line at the end, in one write that no other run can come into, and force it to the disk.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        line = json.dumps(document, allow_nan=False).encode("ascii") + b"\n"
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(self.path, flags, 0o666)
            try:
                end = os.lseek(descriptor, 0, os.SEEK_END)
                if end:
                    os.lseek(descriptor, end - 1, os.SEEK_SET)
                    if os.read(descriptor, 1) != b"\n":  # a killed run left half a line
                        line = b"\n" + line
                if os.write(descriptor, line) < len(line):
                    raise OSError(0, "the disk is full")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> OutputError:
        why = f"cannot be read or written ({printable(error.strerror or error)})"
        return OutputError(printable(self.path), why, "check the disk, or choose another folder")


def _no_number(name: str) -> None:
    """Refuse NaN and Infinity, which are no JSON."""
    raise ValueError(name)


def _row(line: bytes) -> Row | None:
    """What a line says, if it is one that a run could have written."""
    try:
        document = json.loads(line, parse_constant=_no_number)
        sizes = {each["path"]: each["bytes"] for each in document["outputs"]}
        row = Row(
            document["state"], document["input"], document["key"], document.get("sha256"), sizes, document
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    texts = (row.input, row.key, *([] if row.sha256 is None else [row.sha256]), *sizes)
    numbers = (document.get("seconds"), document.get("psnr"))
    is_sound = (
        row.state in STATES
        and all(isinstance(text, str) for text in texts)
        and all(size is None or type(size) is int for size in sizes.values())
        and all(number is None or type(number) in (int, float) for number in numbers)
        and isinstance(document.setdefault("source", row.input), str)
    )
    return row if is_sound else None
