"""The parts of a PNG file: what Pillow passes over is read, what is damaged beside the pixels left out."""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

_SIGNATURE = 8
_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_LONGEST_NOTE = 5


class Chunk(NamedTuple):
    """One part of the file: its name, its content, its checksum, and where all of it stands."""

    name: bytes
    content: memoryview
    checksum: int
    start: int
    end: int

    @property
    def is_critical(self) -> bool:
        """Whether the pixels hang on it. Damage may have struck the case of a name."""
        return self.name.upper() in _CRITICAL or not self.name[0] & 0x20

    @property
    def is_sound(self) -> bool:
        """Whether its checksum is right."""
        return zlib.crc32(self.content, zlib.crc32(self.name)) == self.checksum


def chunks(data: bytes) -> Iterator[Chunk]:
    """Walk a PNG file, up to its end or to where it makes no sense.

    Parameters
    ----------
    data : bytes
        The whole file.

    Yields
    ------
    Chunk
        In the order of the file.
    """
    view, start = memoryview(data), _SIGNATURE
    while start + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, start)
        end = start + 12 + length
        if end > len(data) or not name.isalpha():
            return
        (checksum,) = struct.unpack_from(">I", data, end - 4)
        yield Chunk(name, view[start + 8 : end - 4], checksum, start, end)
        if name == b"IEND":
            return
        start = end


def without_damage(data: bytes) -> tuple[bytes, list[str]]:
    """Leave out the parts that the pixels do not hang on and whose checksums are wrong.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    tuple of bytes and list of str
        The file itself where nothing is wrong; and what was left out.
    """
    damaged = [each for each in chunks(data) if not each.is_critical and not each.is_sound]
    if not damaged:
        return data, []
    names = list(dict.fromkeys(each.name.decode("ascii") for each in damaged))
    shown = ", ".join(names[:_LONGEST_NOTE]) + (" and more" if len(names) > _LONGEST_NOTE else "")
    note = f"damaged parts beside the pixels were ignored ({shown})"
    return _without(data, damaged), [note]


def bare(data: bytes) -> bytes:
    """Leave out every part that the pixels do not hang on, but for the transparent color.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    bytes
        The file itself where there is no such part.
    """
    return _without(data, [each for each in chunks(data) if not each.is_critical and each.name != b"tRNS"])


def cicp(data: bytes) -> bytes | None:
    """Find the code points of the color space, which Pillow does not read.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    bytes or None
        The content of the cICP chunk, where one stands before the pixels.
    """
    for each in chunks(data):
        if each.name == b"cICP":
            return bytes(each.content)
        if each.name == b"IDAT":
            break
    return None


def _without(data: bytes, unwanted: list[Chunk]) -> bytes:
    """Join what lies between."""
    kept, place = [], 0
    for each in unwanted:
        kept.append(data[place : each.start])
        place = each.end
    return b"".join([*kept, data[place:]]) if unwanted else data
