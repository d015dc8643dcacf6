"""A file that grows by parts that stay, and is whole at every instant.

A container is written as a whole; here a part that stays is written once, and what changes (a document and
its current parts) is written again with every commit. It goes to one of two regions, the one that is not in
use, and then one of two slots at the file's beginning is set to point there, forced to the disk in this
order. Whoever reads takes the latest slot whose checksum is right: all of a commit, or all of that before it
(double meta pages, as LMDB has them: Chu 2011, "MDB: A Memory-Mapped Database and Backend for OpenLDAP").
"""

import contextlib
import hashlib
import io
import json
import os
import struct
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO, NamedTuple, Self

from paintnet.files.container import ForeignFileError, Layout, NewerFileError, check_limits
from paintnet.files.entries import Entry, checked_entry, decode_part, entry_of, read_stored
from paintnet.files.parts import CODECS, ContainerError, Part, canonical

MAGIC = b"paintnet growing"
MARK_BYTES = 16
"""Random bytes behind the magic ones: whoever created a file knows it again by them."""

_SLOTS = (512, 1024)  # in sectors of their own, which a disk writes whole
_DATA = 4096
_SLOT = struct.Struct("<QQQ32s")
_DIGEST_BYTES = 32
_HEAD_BYTES = 64 * 1024
_HEAD_BYTES_A_PART = 1000
_ROOM = 2
"""A region is so many times as large as what is first written to it: a later commit may be larger."""


class _Slot(NamedTuple):
    """Where a commit's head lies: a document, and a table of all parts."""

    sequence: int
    begin: int
    size: int
    sha256: bytes


class GrowingFile:
    """A growing file that is open; as a source of parts it stands beside containers and spools.

    Parameters
    ----------
    file : binary file
        Seekable, as long as it is used; writable for `commit`.
    layout : Layout
        What it has to be.

    Raises
    ------
    ContainerError
        If it is foreign, newer, damaged or over a limit.

    Examples
    --------
    >>> import numpy as np
    >>> layout, file = Layout("example", 1, 10, 1000, 5000), io.BytesIO()
    >>> growing = GrowingFile.create(file, layout, bytes(MARK_BYTES))
    >>> stays = b"packed already"
    >>> growing.commit({"epochs": 1}, [("patch.0", entry_of(stays, "raw", 8), stays)], {})
    >>> growing.commit({"epochs": 2}, [], {"state": Part({"weights": np.ones((2, 3))})})
    >>> again = GrowingFile(file, layout)
    >>> again.document, sorted(again.names), again.stored("patch.0")
    ({'epochs': 2}, ['patch.0', 'state'], b'packed already')
    """

    def __init__(self, file: BinaryIO, layout: Layout) -> None:
        self._file, self._layout = file, layout
        file.seek(0)
        start = file.read(_DATA)
        if not start.startswith(MAGIC):
            raise ForeignFileError("")
        self.mark = start[len(MAGIC) : len(MAGIC) + MARK_BYTES]
        found = [slot for place in _SLOTS if (slot := _slot_of(start, place)) is not None]
        for slot in sorted(found, reverse=True):
            head = self._head_at(slot)
            if head is not None:
                self._take(head, slot.sequence)
                if file.seek(0, io.SEEK_END) < max((each.end for each in self._entries.values()), default=0):
                    raise ContainerError("it ends before its parts")
                return
        raise ContainerError("no state in it is as it was written")

    @classmethod
    def create(cls, file: BinaryIO, layout: Layout, mark: bytes) -> Self:
        """Begin one in an empty file; it is none before its first `commit`."""
        made = cls.__new__(cls)
        made._file, made._layout, made.mark = file, layout, mark
        made.document, made._entries, made._current = {}, {}, []
        made._regions, made._sequence = [(_DATA, 0), (_DATA, 0)], 0
        file.seek(0)
        file.write((MAGIC + mark).ljust(_DATA, b"\0"))
        return made

    document: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """Names of the parts."""
        return list(self._entries)

    def entry(self, name: str) -> Entry:
        """Where a part lies in the file, and what it is."""
        return self._entries[name]

    def stored(self, name: str) -> bytes:
        """Read the bytes of a part as they are stored, and hold them against their checksum."""
        return read_stored(self._file, 0, self._entries[name])

    def read(self, name: str) -> Part:
        """Read a part; raises ContainerError if it is damaged."""
        return decode_part(name, self._entries[name], self.stored(name))

    def commit(
        self,
        document: Mapping[str, Any],
        added: Iterable[tuple[str, Entry, bytes]],
        current: Mapping[str, Part],
    ) -> None:
        """Add parts that stay, and put a document and current parts in place of those of the last commit.

        Parameters
        ----------
        document : mapping
            JSON values.
        added : iterable of (str, Entry, bytes)
            Names of new parts, what they are, and their stored bytes; looked at one by one.
        current : mapping of str to Part
            Until the next commit.

        Raises
        ------
        OverLimitError
            If it could not be read again; what was committed before is as it was.
        OSError
            If it cannot be written; the same holds.
        """
        kept = {name: each for name, each in self._entries.items() if name not in self._current}
        end = max([each.end for each in kept.values()] + [sum(region) for region in self._regions])
        for name, entry, data in added:
            self._file.seek(end)
            self._file.write(data)
            kept[name] = entry.moved_to(end)
            end = kept[name].end
        pieces = {name: CODECS["raw"].encode(part) for name, part in current.items()}
        entries = {name: entry_of(data, "raw", current[name].n_bytes) for name, data in pieces.items()}
        number = (self._sequence + 1) % len(_SLOTS)
        begin, room = self._regions[number]
        head = self._head(document, kept, entries, number, (begin, room))
        needed = sum(map(len, pieces.values())) + len(head)
        if needed > room:
            begin, room = end, _ROOM * needed
            head = self._head(document, kept, entries, number, (begin, room))
        self._write(begin, b"".join((*pieces.values(), head)), number, len(head))
        self._take(json.loads(head), self._sequence + 1)

    def _head(
        self,
        document: Mapping[str, Any],
        kept: Mapping[str, Entry],
        current: Mapping[str, Entry],
        number: int,
        region: tuple[int, int],
    ) -> bytes:
        """Describe a commit whose current parts begin with their region."""
        placed, end = dict(kept), region[0]
        for name, entry in current.items():
            placed[name] = entry.moved_to(end)
            end = placed[name].end
        check_limits(placed, self._layout)
        regions = list(self._regions)
        regions[number] = region
        head = {
            "kind": self._layout.key,
            "format": self._layout.version,
            "document": document,
            "parts": {name: [entry.placed, entry.described] for name, entry in placed.items()},
            "current": list(current),
            "regions": regions,
        }
        return canonical(head).encode()

    def _write(self, begin: int, content: bytes, number: int, head_bytes: int) -> None:
        self._file.seek(begin)
        self._file.write(content)
        self._force()
        head = content[-head_bytes:]
        where = begin + len(content) - head_bytes
        slot = _SLOT.pack(self._sequence + 1, where, head_bytes, hashlib.sha256(head).digest())
        self._file.seek(_SLOTS[number])
        self._file.write(slot + hashlib.sha256(slot).digest())
        self._force()

    def _force(self) -> None:
        self._file.flush()
        with contextlib.suppress(io.UnsupportedOperation):  # in memory
            os.fsync(self._file.fileno())

    def _head_at(self, slot: _Slot) -> dict[str, Any] | None:
        """Read a head; None where it is not as it was written."""
        if slot.size > _HEAD_BYTES + _HEAD_BYTES_A_PART * self._layout.max_parts or slot.begin >= 2**62:
            return None
        self._file.seek(slot.begin)
        content = self._file.read(slot.size)
        if hashlib.sha256(content).digest() != slot.sha256:
            return None
        try:
            head = json.loads(content)
        except (ValueError, RecursionError):
            return None
        return head if isinstance(head, dict) else None

    def _take(self, head: dict[str, Any], sequence: int) -> None:
        """Believe a head whose checksum is right, after a look at its form: a forger makes checksums too."""
        if head.get("kind") != self._layout.key:
            raise ForeignFileError(", though a file that grows as one does")
        version = head.get("format")
        if type(version) is not int or version > self._layout.version:
            raise NewerFileError(f"format {version!r:.60}, this one reads up to {self._layout.version}")
        try:
            entries = {name: checked_entry(name, *pair) for name, pair in head["parts"].items()}
            regions = [(int(begin), int(room)) for begin, room in head["regions"]]
            document, current = dict(head["document"]), list(head["current"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ContainerError("its head lacks a part of itself") from error
        check_limits(entries, self._layout)
        if unknown := {entry.codec for entry in entries.values()} - set(CODECS):
            raise NewerFileError(f"codec {min(unknown)!r:.60}, this one knows {', '.join(CODECS)}")
        if len(regions) != len(_SLOTS) or min(map(min, regions)) < 0:
            raise ContainerError("its regions are none")
        self.document, self._entries, self._current = document, entries, current
        self._regions, self._sequence = regions, sequence


def is_marked(file: BinaryIO, mark: bytes) -> bool:
    """Whether a file is a growing one that was created with a mark."""
    file.seek(0)
    return file.read(len(MAGIC) + len(mark)) == MAGIC + mark


def _slot_of(start: bytes, place: int) -> _Slot | None:
    content = start[place : place + _SLOT.size]
    digest = start[place + _SLOT.size :][:_DIGEST_BYTES]
    if len(digest) < _DIGEST_BYTES or hashlib.sha256(content).digest() != digest:
        return None
    return _Slot(*_SLOT.unpack(content))
