"""Seeded damage: what disks, networks and attackers do to bytes."""

import random
import struct
import zlib
from collections.abc import Callable

_EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_MOST_STEPS = 6
_LONGEST_PIECE = 64

Step = Callable[[random.Random, bytearray, bytes], None]


def mutated(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Damage a file.

    Parameters
    ----------
    data : bytes
        The file.
    other : bytes
        Another one, from which pieces are taken.
    chance : random.Random
        Decides everything; the same one gives the same damage.

    Returns
    -------
    bytes
    """
    damaged = bytearray(data)
    for _ in range(chance.randint(1, _MOST_STEPS)):
        if not damaged:
            break
        chance.choice(_STEPS)(chance, damaged, other)
    if damaged.startswith(b"\x89PNG\r\n\x1a\n") and chance.random() < 0.7:
        _mend_checksums(damaged)
    return bytes(damaged)


def _flip(chance: random.Random, data: bytearray, _: bytes) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _overwrite(chance: random.Random, data: bytearray, _: bytes) -> None:
    place = chance.randrange(len(data))
    data[place : place + chance.randint(1, 8)] = chance.randbytes(chance.randint(1, 8))


def _edge(chance: random.Random, data: bytearray, _: bytes) -> None:
    """Put a number where arithmetic goes wrong: most of what matters stands near the start."""
    size = chance.choice((1, 2, 4, 8))
    place = chance.randrange(min(len(data), chance.choice((64, 512, len(data)))))
    value = chance.choice(_EDGES) & (256**size - 1)
    data[place : place + size] = value.to_bytes(size, chance.choice(("big", "little")))


def _cut(chance: random.Random, data: bytearray, _: bytes) -> None:
    del data[chance.randrange(len(data)) :]


def _remove(chance: random.Random, data: bytearray, _: bytes) -> None:
    place = chance.randrange(len(data))
    del data[place : place + chance.randint(1, _LONGEST_PIECE)]


def _repeat(chance: random.Random, data: bytearray, _: bytes) -> None:
    place = chance.randrange(len(data))
    piece = data[place : place + chance.randint(1, _LONGEST_PIECE)]
    data[place:place] = piece * chance.choice((1, 2, 50))


def _insert(chance: random.Random, data: bytearray, other: bytes) -> None:
    start = chance.randrange(max(1, len(other)))
    place = chance.randrange(len(data))
    data[place:place] = other[start : start + chance.randint(1, _LONGEST_PIECE)]


def _splice(chance: random.Random, data: bytearray, other: bytes) -> None:
    """The beginning of one file and the rest of another."""
    data[chance.randrange(len(data)) :] = other[chance.randrange(max(1, len(other))) :]


_STEPS: tuple[Step, ...] = (_flip, _flip, _overwrite, _edge, _edge, _cut, _remove, _repeat, _insert, _splice)


def _mend_checksums(data: bytearray) -> None:
    """Make the checksums of a PNG right again, so that damage reaches what lies behind them."""
    place = 8
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        end = place + 8 + length
        if end + 4 > len(data):
            return
        data[end : end + 4] = struct.pack(">I", zlib.crc32(data[place + 4 : end]))
        place = end + 4
