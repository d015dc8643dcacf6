"""PNG, band by band: a picture of any size is written without being held.

Pillow wants the whole picture. The format itself does not: its rows are
filtered one after the other and packed by one zlib stream (PNG specification,
third edition, sections 7 to 10). Blocks of that stream are packed by threads,
each with the end of the block before as its dictionary, as pigz does it (Adler,
"pigz"): the file does not depend on how many threads there are.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator

import numpy as np

from paintnet.cores import cores
from paintnet.threads import in_threads
from paintnet.typing import Array, Levels

COLOR_TYPES = {1: 0, 3: 2, 4: 6}
"""Grey, RGB and RGBA, by the number of channels."""

BLOCK_BYTES = 2**18
"""Filtered bytes that are packed at once."""

DICTIONARY_BYTES = 2**15
"""How far back a zlib stream refers (RFC 1950)."""

_ZLIB_HEADER = b"\x78\x9c"
_LAST_BLOCK = b"\x03\x00"
"""An empty block that says that it is the last one (RFC 1951)."""

HEADER_BYTES = 33
"""Signature and IHDR, with its length, name and checksum."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_pieces(bands: Iterable[Levels], shape: tuple[int, int, int]) -> Iterator[bytes]:
    """Write a PNG in pieces.

    Parameters
    ----------
    bands : iterable of uint8 arrays of shape (rows, width, channels)
        The picture's rows, top to bottom, as many at a time as the caller likes.
    shape : (height, width, channels)
        Of the whole; 1, 3 or 4 channels.

    Yields
    ------
    bytes
        The file, one piece after the other.

    Examples
    --------
    >>> b"".join(png_pieces([np.zeros((2, 5, 1), np.uint8)], (2, 5, 1)))[1:4]
    b'PNG'
    """
    height, width, channels = shape
    header = struct.pack(">IIBBBBB", width, height, 8, COLOR_TYPES[channels], 0, 0, 0)
    yield _SIGNATURE + _chunk(b"IHDR", header)
    checksum = _Checksum()
    blocks = checksum.of(_blocks(_lines(bands, width * channels, channels)))
    start = _ZLIB_HEADER
    for packed in in_threads(_packed, _with_dictionaries(blocks), cores()):
        yield _chunk(b"IDAT", start + packed)
        start = b""
    end = _LAST_BLOCK + struct.pack(">I", checksum.value)
    yield _chunk(b"IDAT", start + end) + _chunk(b"IEND", b"")


def with_chunks(start: bytes, chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Put chunks behind the header of a PNG, of which `start` is all or the beginning."""
    pieces = [_chunk(name, content) for name, content in chunks]
    return b"".join((start[:HEADER_BYTES], *pieces, start[HEADER_BYTES:]))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


class _Checksum:
    """Adler-32 of bytes that pass by (RFC 1950)."""

    value = 1

    def of(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        for block in blocks:
            self.value = zlib.adler32(block, self.value)
            yield block


def _with_dictionaries(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Give the end of the block before with each block."""
    before = b""
    for block in blocks:
        yield before, block
        before = block[-DICTIONARY_BYTES:]


def _packed(work: tuple[bytes, bytes]) -> bytes:
    """Pack a block to whole bytes that others may follow (RFC 1951)."""
    dictionary, block = work
    packer = zlib.compressobj(6, zlib.DEFLATED, -15, 9, zlib.Z_FILTERED, dictionary)
    return packer.compress(block) + packer.flush(zlib.Z_SYNC_FLUSH)


def _lines(bands: Iterable[Levels], n_bytes: int, channels: int) -> Iterator[bytes]:
    """Filter the rows of each band, given the last row of the band before."""
    above = np.zeros(n_bytes, dtype=np.uint8)
    for band in bands:
        rows = band.reshape(len(band), n_bytes)
        yield _filtered(rows, above, channels)
        above = rows[-1].copy()


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut bytes into blocks of one size, so that the file does not depend on the rows of a band."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= BLOCK_BYTES:
            yield bytes(waiting[:BLOCK_BYTES])
            del waiting[:BLOCK_BYTES]
    yield bytes(waiting)


def _filtered(rows: Levels, above: Levels, channels: int) -> bytes:
    """Filter rows, each by the filter whose differences are smallest in sum.

    That sum, of differences taken as signed, is the heuristic of section 12.7 of the specification.
    """
    up = np.vstack([above[None], rows[:-1]])
    left, corner = (_shifted(array, channels) for array in (rows, up))
    mean = ((left.astype(np.uint16) + up) // 2).astype(np.uint8)
    # uint8 arithmetic wraps around, as the format wants it.
    choices = np.stack([rows, rows - left, rows - up, rows - mean, rows - _paeth(left, up, corner)])
    costs = np.abs(choices.view(np.int8).astype(np.int16)).sum(axis=2, dtype=np.int64)
    best = costs.argmin(axis=0)
    lines = choices[best, np.arange(len(rows))]
    return np.hstack([best.astype(np.uint8)[:, None], lines]).tobytes()


def _shifted(rows: Levels, by: int) -> Levels:
    """The pixel to the left of each one; 0 beyond the edge."""
    shifted = np.zeros_like(rows)
    shifted[:, by:] = rows[:, :-by]
    return shifted


def _paeth(left: Levels, up: Levels, corner: Levels) -> Array:
    """Whichever neighbour is nearest to left + up - corner (section 9.4)."""
    a, b, c = (array.astype(np.int16) for array in (left, up, corner))
    to_a, to_b, to_c = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    nearest = np.where(to_b <= to_c, up, corner)
    return np.where((to_a <= to_b) & (to_a <= to_c), left, nearest)
