"""Entries of a container: where each stored part lies, and what its bytes must be."""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Self

import numpy as np

from paintnet.files.parts import CODECS, ContainerError, Part

_PART_NAME = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Entry:
    """Where a stored part lies in the data, and what it is.

    Parameters
    ----------
    begin, end : int
        In bytes from the start of the data.
    codec : str
        A name of `CODECS`.
    n_bytes : int
        Bytes of its tensors.
    sha256 : str
        Of its stored bytes.
    """

    begin: int
    end: int
    codec: str
    n_bytes: int
    sha256: str

    def moved_to(self, begin: int) -> Self:
        """Describe the same part at another place."""
        return replace(self, begin=begin, end=begin + self.end - self.begin)

    @property
    def placed(self) -> dict[str, Any]:
        """Its line in the table of a safetensors file."""
        size = self.end - self.begin
        return {"data_offsets": [self.begin, self.end], "dtype": "U8", "shape": [size]}

    @property
    def described(self) -> dict[str, Any]:
        """Its line in the metadata."""
        return {"bytes": self.n_bytes, "codec": self.codec, "sha256": self.sha256}


def entry_of(data: bytes, codec: str, n_bytes: int, begin: int = 0) -> Entry:
    """Describe a part that is stored at a place."""
    return Entry(begin, begin + len(data), codec, n_bytes, hashlib.sha256(data).hexdigest())


def read_stored(file: BinaryIO, start: int, entry: Entry) -> bytes:
    """Read the stored bytes of a part from a file whose data begin at `start`, and check them."""
    file.seek(start + entry.begin)
    stored = file.read(entry.end - entry.begin)
    if hashlib.sha256(stored).hexdigest() != entry.sha256:
        raise ContainerError("its checksum does not fit its content")
    return stored


def decode_part(name: str, entry: Entry, stored: bytes) -> Part:
    """Unpack the stored bytes of a part, and check what they hold."""
    part = CODECS[entry.codec].decode(stored, entry.n_bytes)
    if part.n_bytes != entry.n_bytes:
        raise ContainerError(f"part {name} holds {part.n_bytes:,} bytes, not {entry.n_bytes:,}")
    if not all(np.isfinite(array).all() for array in part.tensors.values()):
        raise ContainerError("it holds numbers that are not finite")
    return part


def checked_entry(name: str, placed: Any, described: Any) -> Entry:
    """Build an entry from its two lines, `Entry.placed` and `Entry.described`, trusting neither."""
    try:
        begin, end = placed["data_offsets"]
        codec, n_bytes, sha256 = described["codec"], described["bytes"], described["sha256"]
    except (TypeError, KeyError, ValueError):
        begin = end = codec = n_bytes = sha256 = None
    if (
        not _PART_NAME.fullmatch(name)
        or not all(type(number) is int and number >= 0 for number in (begin, end, n_bytes))
        or not begin <= end
        or not isinstance(codec, str)
        or not (isinstance(sha256, str) and _SHA256.fullmatch(sha256))
    ):
        raise ContainerError(f"unexpected part {name[:60]!r}")
    return Entry(begin, end, codec, n_bytes, sha256)
