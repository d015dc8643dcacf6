"""What a picture file holds: its bytes or, of a large TIFF, a copy on the disk of which slices are read."""

import hashlib
import io
import tempfile
import threading
import weakref
from typing import Any, BinaryIO

from paintnet.errors import PictureError
from paintnet.files.names import printable

HELD_BYTES = 2**26
"""A TIFF of more bytes is not held: its tiles are read one by one."""

TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How they begin."""

_PIECE = 2**20


class NoScratchError(Exception):
    """The folder for temporary files cannot take a large picture; the text says why."""


def no_scratch(what: str, error: NoScratchError) -> PictureError:
    """Say so of a source."""
    why = f"its pixels do not fit into the folder for temporary files ({printable(error)})"
    return PictureError(what, why, "free some space there, or set TMPDIR to another folder")


class StoredBytes:
    """Stands for bytes that are too many to be held: slices of them are bytes.

    They lie in an unnamed temporary file, which no other program can cut short while it is read.

    Examples
    --------
    >>> stored = StoredBytes()
    >>> stored.write(b"painted")
    >>> len(stored), stored[:5], stored.changed(1, b"o")[:5], opened(stored).read(2)
    (7, b'paint', b'point', b'pa')
    """

    def __init__(self) -> None:
        try:
            self._file: Any = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the last that reads it
        except OSError as error:
            raise NoScratchError(error.strerror or str(error)) from error
        self._close = weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self._length = 0

    def write(self, piece: bytes | bytearray) -> None:
        """Put a piece behind what is there; raises NoScratchError where there is no room for it."""
        with self._lock:
            self._file.seek(self._length)
            try:
                self._file.write(piece)
                self._file.flush()
            except OSError as error:
                raise NoScratchError(error.strerror or str(error)) from error
            self._length += len(piece)

    def changed(self, place: int, piece: bytes) -> "StoredBytes":
        """Give the same bytes with others at a place."""
        return _ChangedBytes(self, place, piece)

    def startswith(self, prefix: bytes) -> bool:
        """Whether they begin so."""
        return self[: len(prefix)] == prefix

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, place: slice) -> bytes:
        start, stop, _ = place.indices(len(self))
        with self._lock:
            self._file.seek(start)
            return bytes(self._file.read(max(0, stop - start)))


class _ChangedBytes(StoredBytes):
    """The bytes of another, but for some."""

    def __init__(self, stored: StoredBytes, place: int, piece: bytes) -> None:
        self._stored, self._place, self._piece = stored, place, piece

    def __len__(self) -> int:
        return len(self._stored)

    def __getitem__(self, place: slice) -> bytes:
        start, stop, _ = place.indices(len(self))
        found = bytearray(self._stored[start:stop])
        first, last = max(start, self._place), min(stop, self._place + len(self._piece))
        if first < last:
            found[first - start : last - start] = self._piece[first - self._place : last - self._place]
        return bytes(found)


Content = bytes | StoredBytes
"""Of a picture file."""


class _Reader(io.RawIOBase):
    """A file for reading stored bytes."""

    def __init__(self, stored: StoredBytes) -> None:
        self._stored, self._at = stored, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._stored)}[whence]
        if start + offset < 0:
            raise OSError("a place before the file")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        piece = self._stored[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def opened(content: Content) -> BinaryIO:
    """Give a file that reads a content."""
    if isinstance(content, bytes):
        return io.BytesIO(content)
    return io.BufferedReader(_Reader(content))


def whole(content: Content) -> bytes:
    """Give all bytes of a content."""
    return content if isinstance(content, bytes) else content[:]


def sha256_of(content: Content) -> str:
    """Compute the SHA-256 checksum of a content, in hexadecimal.

    Examples
    --------
    >>> sha256_of(b"")[:12]
    'e3b0c44298fc'
    """
    digest = hashlib.sha256()
    for start in range(0, len(content), _PIECE):
        digest.update(content[start : start + _PIECE])
    return digest.hexdigest()
