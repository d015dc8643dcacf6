"""Parts of a container: tensors with a JSON document, and the codecs that turn a part into bytes.

The bytes of a part, before a codec packs them, are a safetensors file of its
own: loading one can run no code.
"""

import json
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from paintnet.files.planes import MOST_NUMBERS, pack_planes, unpack_planes
from paintnet.typing import Array

MAX_TABLE_BYTES = 64 * 1024
"""Of a part's document and table of tensors, as JSON."""

TENSOR_TYPES = ("F32", "F64")

LENGTH_BYTES = 8
"""A safetensors file begins with the length of its header, little endian."""

_DOCUMENT_KEY = "document"
_PLANES_KEY = "planes"


class ContainerError(ValueError):
    """A container is damaged: not as it was written."""


class OverLimitError(ContainerError):
    """A container is larger than whoever reads or writes it allows."""


@dataclass(frozen=True, eq=False)
class Part:
    """What is stored and read as one.

    Parameters
    ----------
    tensors : mapping of str to array
        float32 or float64 arrays by name, all finite; for the codec "packed" also int16 arrays of
        shape (planes, rows, columns), and for "coded" one array of bytes.
    document : dict
        JSON values: what the tensors are.
    """

    tensors: Mapping[str, Array]
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def n_bytes(self) -> int:
        """Bytes of all tensors, whatever a codec makes of them."""
        return sum(array.nbytes for array in self.tensors.values())


@dataclass(frozen=True)
class Codec:
    """One way to store a part.

    Parameters
    ----------
    encode : callable
        From a part to bytes; equal parts give equal bytes.
    decode : callable
        From bytes and the number of bytes that the tensors are said to take, back to the part.
        It trusts neither, and never takes much more memory than that number.
    """

    encode: Callable[[Part], bytes]
    decode: Callable[[bytes, int], Part]


def canonical(document: Mapping[str, Any]) -> str:
    """Write JSON in its one valid spelling: keys sorted, no white space, no NaN.

    Examples
    --------
    >>> canonical({"b": 1, "a": [None, 0.5]})
    '{"a":[null,0.5],"b":1}'
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def encode_raw(part: Part) -> bytes:
    """Store a part as a safetensors file."""
    tensors = {name: np.ascontiguousarray(array) for name, array in part.tensors.items()}
    return bytes(save_tensors(tensors, metadata={_DOCUMENT_KEY: canonical(part.document)}))


def decode_raw(data: bytes, n_bytes: int) -> Part:
    """Take the bytes of `encode_raw` apart, checking all that they say.

    Raises
    ------
    ContainerError
        If they are not as they were written.
    """
    length = int.from_bytes(data[:LENGTH_BYTES], "little")
    if length > MAX_TABLE_BYTES:
        raise OverLimitError(f"a table of {length:,} bytes, more than {MAX_TABLE_BYTES:,}")
    if len(data) != LENGTH_BYTES + length + n_bytes:
        raise ContainerError("the length of a part does not fit its tensors")
    try:
        table = json.loads(data[LENGTH_BYTES : LENGTH_BYTES + length], object_pairs_hook=_without_doubles)
        document = json.loads(table.pop("__metadata__")[_DOCUMENT_KEY])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ContainerError("the table of a part is none") from error
    if not isinstance(document, dict):
        raise ContainerError("the document of a part is no object")
    for name, entry in table.items():
        if not isinstance(entry, dict) or entry.get("dtype") not in TENSOR_TYPES:
            raise ContainerError(f"unexpected tensor {name[:60]!r}")
    try:
        return Part(load_tensors(data), document)
    except (SafetensorError, ValueError) as error:
        raise ContainerError(str(error)) from error


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("one name stands twice")
    return dict(pairs)


def encode_zlib(part: Part) -> bytes:
    """Store a part as `encode_raw` does, packed by zlib (RFC 1950)."""
    return zlib.compress(encode_raw(part), 9)


def decode_zlib(data: bytes, n_bytes: int) -> Part:
    """Unpack the bytes of `encode_zlib`; stops where they swell beyond what they are said to hold."""
    packed = zlib.decompressobj()
    try:
        raw = packed.decompress(data, LENGTH_BYTES + MAX_TABLE_BYTES + n_bytes)
    except zlib.error as error:
        raise ContainerError(f"zlib: {error}") from error
    if not packed.eof or packed.unused_data:
        raise ContainerError("a packed part is longer or shorter than it is said to be")
    return decode_raw(raw, n_bytes)


def encode_packed(part: Part) -> bytes:
    """Store planes of whole numbers as `pack_planes` does, and all else as `encode_raw` does."""
    planes = {name: array for name, array in part.tensors.items() if array.dtype == np.int16}
    rest = {name: array for name, array in part.tensors.items() if name not in planes}
    shapes = {name: list(array.shape) for name, array in planes.items()}
    pieces = [encode_raw(Part(rest, {_DOCUMENT_KEY: part.document, _PLANES_KEY: shapes}))]
    pieces += [pack_planes(planes[name]) for name in sorted(planes)]
    return b"".join(len(piece).to_bytes(LENGTH_BYTES, "little") + piece for piece in pieces)


def decode_packed(data: bytes, n_bytes: int) -> Part:
    """Take the bytes of `encode_packed` apart; planes that are said to be larger are never begun."""
    pieces = _pieces_of(data)
    first = next(pieces)
    length = int.from_bytes(first[:LENGTH_BYTES], "little")
    part = decode_raw(first, max(0, len(first) - LENGTH_BYTES - length))
    shapes = part.document.get(_PLANES_KEY)
    document = part.document.get(_DOCUMENT_KEY)
    if not isinstance(shapes, dict) or not isinstance(document, dict):
        raise ContainerError("the document of a packed part lacks a part of itself")
    for name, shape in shapes.items():
        is_shape = isinstance(shape, list) and len(shape) == 3 and all(type(n) is int for n in shape)
        if not is_shape or min(shape) < 1 or name in part.tensors:
            raise ContainerError(f"unexpected planes {name[:60]!r}")
    if part.n_bytes + sum(2 * math.prod(shape) for shape in shapes.values()) != n_bytes:
        raise ContainerError("its planes do not fit its size")
    if n_bytes - part.n_bytes > 2 * MOST_NUMBERS:
        raise OverLimitError(f"planes of more than {MOST_NUMBERS:,} numbers")
    try:
        # strict: as many pieces as planes
        names = zip(sorted(shapes), pieces, strict=True)
        planes = {name: unpack_planes(piece, tuple(shapes[name])) for name, piece in names}
    except ContainerError:
        raise
    except ValueError as error:
        raise ContainerError(str(error)) from error
    return Part({**part.tensors, **planes}, document)


def _pieces_of(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data) or not at:
        length = int.from_bytes(data[at : at + LENGTH_BYTES], "little")
        at += LENGTH_BYTES
        if length > len(data) - at:
            raise ContainerError("a packed part is shorter than it is said to be")
        yield data[at : at + length]
        at += length


def encode_coded(part: Part) -> bytes:
    """Store bytes that somebody else has coded, as they are."""
    return part.tensors[CODED].tobytes()


def decode_coded(data: bytes, n_bytes: int) -> Part:
    """Give the bytes of `encode_coded`; what they mean is for whoever coded them to say."""
    if len(data) != n_bytes:
        raise ContainerError("the length of a coded part is not what it is said to be")
    return Part({CODED: np.frombuffer(data, np.uint8)})


CODED = "coded"
"""Name of a codec, and of the only tensor of its parts."""

CODECS = {
    "raw": Codec(encode_raw, decode_raw),
    "zlib": Codec(encode_zlib, decode_zlib),
    "packed": Codec(encode_packed, decode_packed),
    CODED: Codec(encode_coded, decode_coded),
}
"""By the name that stands in the file."""

OF_TENSORS = tuple(name for name in CODECS if name != CODED)
"""Those that take any tensors; the other one takes bytes that are coded already."""

NEW_CODECS = ("packed", CODED)
"""Those that files of version 2 do not know."""
