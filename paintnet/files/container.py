"""The container: a checked file of tensors and JSON documents that can run no code.

A container has one document and any number of named parts, each of which can
be read without the others. It knows nothing of what they mean. On the outside
it is a safetensors file whose tensors are the stored parts, as bytes:

- 8 bytes: the length of the header, little endian
- the header: JSON with the place of every part and, as metadata under the
  layout's key, a second JSON text with the document, the format version, each
  part's codec, size and SHA-256, and the SHA-256 of all of this
- the parts, one after the other in the order of their names

JSON stands in its one canonical spelling, so no byte of a file can be changed
without being noticed; of a part, when it is read.
"""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from paintnet.files.entries import Entry, checked_entry, decode_part, entry_of, read_stored
from paintnet.files.parts import (
    CODECS,
    LENGTH_BYTES,
    MAX_TABLE_BYTES,
    ContainerError,
    OverLimitError,
    Part,
    canonical,
)

HEADER_BYTES = 64 * 1024
"""Allowed for a container's document."""

HEADER_BYTES_A_PART = 400
"""Allowed on top for each part: its place, codec, size and checksum, and a line about it in the document."""

_METADATA = "__metadata__"


class ForeignFileError(ContainerError):
    """A file is no container of this layout; the text goes on from "not a ..."."""


class NewerFileError(ContainerError):
    """A container needs something that is newer than this program."""


@dataclass(frozen=True)
class Layout:
    """What kind of containers a caller writes, and how large it lets them be.

    Parameters
    ----------
    key : str
        Names the kind, in the file's metadata.
    version : int
        Of the format, as written; a file of a later one is refused as newer.
    max_parts : int
        Parts of one container.
    max_part_bytes : int
        Bytes of the tensors of one part.
    max_bytes : int
        Bytes of all tensors.
    oldest : int, optional
        First version whose files are such containers; by default `version`.
    """

    key: str
    version: int
    max_parts: int
    max_part_bytes: int
    max_bytes: int
    oldest: int | None = None

    @property
    def max_header_bytes(self) -> int:
        """Bytes of the header: it grows with the number of parts."""
        return HEADER_BYTES + HEADER_BYTES_A_PART * self.max_parts

    @property
    def max_file_bytes(self) -> int:
        """Bytes of the whole file."""
        tables = self.max_parts * (LENGTH_BYTES + MAX_TABLE_BYTES)
        return LENGTH_BYTES + self.max_header_bytes + self.max_bytes + tables


@dataclass(frozen=True, eq=False)
class Header:
    """The start of a safetensors file that was written by this program, any version of it.

    Parameters
    ----------
    content : bytes
        The JSON text.
    table : dict
        Its entries by name, without the metadata.
    document : dict
        What the metadata hold under the layout's key.
    """

    content: bytes
    table: dict[str, Any]
    document: dict[str, Any]

    @property
    def version(self) -> int:
        """Format version of the file."""
        return int(self.document["format"])

    @property
    def data_start(self) -> int:
        """Where the data begin, in bytes from the start of the file."""
        return LENGTH_BYTES + len(self.content)


def read_header(file: BinaryIO, layout: Layout) -> Header:
    """Read the header of a file and check that it is one of this kind and version, or an earlier one.

    Raises
    ------
    ForeignFileError
        If it is no safetensors file, or none of this layout.
    NewerFileError
        If its version is a later one.
    ContainerError
        If it is damaged.
    """
    length = int.from_bytes(file.read(LENGTH_BYTES), "little")
    if length > layout.max_header_bytes:
        raise ForeignFileError(f": its header is said to be over {layout.max_header_bytes // 1024:,} KB")
    content = file.read(length)
    try:
        table = json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise ForeignFileError("") from error
    if len(content) < length or not isinstance(table, dict):
        raise ForeignFileError("")
    metadata = table.pop(_METADATA, None)
    text = metadata.get(layout.key) if isinstance(metadata, dict) and len(metadata) == 1 else None
    if not isinstance(text, str):
        raise ForeignFileError(", though a safetensors file")
    return Header(content, table, _read_document(text, layout.version))


def _read_document(text: str, latest: int) -> dict[str, Any]:
    try:
        document = json.loads(text)
        # Only one spelling of a document is valid, so a flipped bit cannot hide in white space or digits.
        is_canonical = isinstance(document, dict) and canonical(document) == text
    except (ValueError, RecursionError) as error:
        raise ContainerError("its document is not JSON") from error
    if not is_canonical:
        raise ContainerError("its document is not as it was written")
    version = document.get("format")
    if type(version) is not int or version < 1:
        raise ContainerError(f"unknown format {version!r:.60}")
    if version > latest:
        raise NewerFileError(f"format {version}, this one reads up to {latest}")
    return dict(document)


class Container:
    """A container that is open for reading: its header is checked, a part when it is read.

    Parameters
    ----------
    file : binary file
        At any position; it must be seekable, and stay open while parts are read.
    layout : Layout
        What it has to be.
    header : Header, optional
        Where it has been read already.

    Raises
    ------
    ContainerError
        If it is foreign, newer, damaged or over a limit.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> layout = Layout("example", 1, max_parts=10, max_part_bytes=1000, max_bytes=5000)
    >>> part = Part({"weights": np.ones((2, 3), np.float32)}, {"of": "one patch"})
    >>> content = b"".join(encode_container({"title": "bird"}, {"patch.0": part}, layout))
    >>> container = Container(io.BytesIO(content), layout)
    >>> container.document, container.names
    ({'title': 'bird'}, ['patch.0'])
    >>> container.read("patch.0").tensors["weights"].shape
    (2, 3)
    """

    def __init__(self, file: BinaryIO, layout: Layout, header: Header | None = None) -> None:
        if header is None:
            file.seek(0)
            header = read_header(file, layout)
        self._file = file
        self._entries = _checked_entries(header, layout)
        self._start = header.data_start
        self.document: dict[str, Any] = header.document["document"]
        end = max((entry.end for entry in self._entries.values()), default=0)
        if file.seek(0, 2) != self._start + end:
            raise ContainerError("its length does not fit its header")

    @property
    def names(self) -> list[str]:
        """Names of the parts, sorted."""
        return list(self._entries)

    def read(self, name: str) -> Part:
        """Read one part, and no other.

        Raises
        ------
        KeyError
            If there is none of that name.
        ContainerError
            If it is damaged.
        """
        return decode_part(name, self.entry(name), self.stored(name))

    def entry(self, name: str) -> Entry:
        """Where a part lies in the data, and what it is."""
        return self._entries[name]

    def stored(self, name: str) -> bytes:
        """Read the bytes of one part as they are stored, and hold them against their checksum."""
        return read_stored(self._file, self._start, self._entries[name])


def encode_container(
    document: Mapping[str, Any], parts: Mapping[str, Part], layout: Layout, codec: str = "raw"
) -> list[bytes]:
    """Turn a document and parts into a file; equal ones give equal bytes.

    Parameters
    ----------
    document : mapping
        JSON values.
    parts : mapping of str to Part
        By name: small letters, digits, ``_`` and ``.``.
    layout : Layout
        What kind of container it is.
    codec : str, default="raw"
        A name of `CODECS`.

    Returns
    -------
    list of bytes
        The file, in pieces to be written one after the other.

    Raises
    ------
    OverLimitError
        If it could not be read again.
    """
    pieces: dict[str, bytes] = {name: CODECS[codec].encode(part) for name, part in parts.items()}
    entries = {name: entry_of(data, codec, parts[name].n_bytes) for name, data in pieces.items()}
    return list(assemble(document, entries, pieces.__getitem__, layout))


def assemble(
    document: Mapping[str, Any],
    entries: Mapping[str, Entry],
    stored: Callable[[str], bytes],
    layout: Layout,
    version: int | None = None,
) -> Iterator[bytes]:
    """Give a file of parts that are packed already, in pieces: no more than one part is held.

    Parameters
    ----------
    document : mapping
        JSON values.
    entries : mapping of str to Entry
        The parts by name, wherever they lie now.
    stored : callable
        Gives the stored bytes of a part by its name.
    layout : Layout
        What kind of container it is.
    version : int, optional
        Of the format, where an earlier one than the layout's will do.

    Raises
    ------
    OverLimitError
        Before the first piece, if it could not be read again.
    """
    placed: dict[str, Entry] = {}
    end = 0
    for name in sorted(entries):
        placed[name] = entries[name].moved_to(end)
        end = placed[name].end
    start = _encode_header(document, placed, layout, version or layout.version)
    return itertools.chain((start,), map(stored, placed))


def _encode_header(
    document: Mapping[str, Any], entries: Mapping[str, Entry], layout: Layout, version: int
) -> bytes:
    """Write what stands before the parts."""
    check_limits(entries, layout)
    header = _header(dict(document), entries, layout.key, version)
    if len(header) > layout.max_header_bytes:
        raise OverLimitError(f"a header of {len(header):,} bytes, more than {layout.max_header_bytes:,}")
    return len(header).to_bytes(LENGTH_BYTES, "little") + header


def _header(document: Any, entries: Mapping[str, Entry], key: str, version: int) -> bytes:
    """Write the one valid header of such a file."""
    described = {name: entry.described for name, entry in entries.items()}
    table = {name: entry.placed for name, entry in entries.items()}
    metadata = {"document": document, "format": version, "parts": described}
    digest = hashlib.sha256(canonical({"metadata": metadata, "table": table}).encode()).hexdigest()
    text = canonical({**metadata, "sha256": digest})
    return canonical({_METADATA: {key: text}, **table}).encode()


def _checked_entries(header: Header, layout: Layout) -> dict[str, Entry]:
    if not (layout.oldest or layout.version) <= header.version <= layout.version:
        raise ContainerError(f"unknown format {header.version}")
    described = header.document.get("parts")
    if not isinstance(described, dict) or not isinstance(header.document.get("document"), dict):
        raise ContainerError("its document lacks a part of itself")
    if header.table.keys() != described.keys():
        raise ContainerError("its table does not fit its document")
    entries = {name: checked_entry(name, header.table[name], described[name]) for name in sorted(described)}
    try:
        rebuilt = _header(header.document["document"], entries, layout.key, header.version)
    except RecursionError:  # nested to the last level that JSON can be read at; only a forger does that
        rebuilt = b""
    if rebuilt != header.content:
        raise ContainerError("its checksum does not fit its content")
    ends = [0, *(entry.end for entry in entries.values())]
    if [entry.begin for entry in entries.values()] != ends[:-1]:
        raise ContainerError("its parts do not lie one after the other")
    check_limits(entries, layout)
    for entry in entries.values():
        if entry.codec not in CODECS:
            raise NewerFileError(f"codec {entry.codec!r:.60}, this one knows {', '.join(CODECS)}")
    return entries


def check_limits(entries: Mapping[str, Entry], layout: Layout) -> None:
    """Refuse parts that are over a limit of their layout, with OverLimitError."""
    if len(entries) > layout.max_parts:
        raise OverLimitError(f"{len(entries):,} parts, more than {layout.max_parts:,}")
    for name, entry in entries.items():
        stored_limit = layout.max_part_bytes + MAX_TABLE_BYTES + LENGTH_BYTES
        if entry.n_bytes > layout.max_part_bytes or entry.end - entry.begin > stored_limit:
            raise OverLimitError(f"part {name} has more than {layout.max_part_bytes:,} bytes")
    total = sum(entry.n_bytes for entry in entries.values())
    if total > layout.max_bytes:
        raise OverLimitError(f"{total:,} bytes, more than {layout.max_bytes:,}")
