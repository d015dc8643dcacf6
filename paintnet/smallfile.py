"""The small form of a .paintnet file: a painting in whole numbers, and hardly anything else.

This is that of one network for colors; many of them, and classes, are in `paintnet.small_mosaic`.

A file of the usual form has a header of JSON, which alone would be more than some of these paintings. Here:

- 4 bytes: ``pnt`` and the version, 1
- numbers of 7 bits a byte (`paintnet.coding.coded.varint`): width, height, channels
- 8 bytes: the beginning of the SHA-256 of all the rest
- the painting (`paintnet.coding.coded.Coded`)
"""

import hashlib
from dataclasses import dataclass

from paintnet.coding.coded import Coded, read_varint, varint
from paintnet.coding.network import CodedNetwork
from paintnet.files.container import NewerFileError
from paintnet.files.parts import ContainerError, OverLimitError

MAGIC = b"pnt"
VERSION = 1
CHECK_BYTES = 8
MOST_BYTES = 500_000_000


@dataclass(frozen=True, eq=False)
class Small:
    """What such a file holds.

    Parameters
    ----------
    width, height, channels : int
        Of the picture.
    network : CodedNetwork
        The painting.
    """

    width: int
    height: int
    channels: int
    network: CodedNetwork


def is_small(content: bytes) -> bool:
    """Whether bytes begin as such a file does; the first number of any other is below 2**40.

    Examples
    --------
    >>> is_small(b"pnt" + bytes([1])), is_small(bytes([16, 0, 0, 0]))
    (True, False)
    """
    return content.startswith(MAGIC)


def encode_small(width: int, height: int, coded: Coded) -> bytes:
    """Give the bytes of a file."""
    body = coded.to_bytes()
    numbers = b"".join(map(varint, (width, height, coded.shape.channels)))
    return MAGIC + bytes([VERSION]) + numbers + check_of(numbers + body) + body


def decode_small(content: bytes) -> Small:
    """Read what `encode_small` wrote.

    Raises
    ------
    ContainerError
        If it is damaged, too large or newer.
    """
    if len(content) > MOST_BYTES:
        raise OverLimitError(f"larger than {MOST_BYTES:,} bytes")
    if len(content) < len(MAGIC) + 1:
        raise ContainerError("it ends in its first bytes")
    if content[len(MAGIC)] != VERSION:
        raise NewerFileError(f"small form {content[len(MAGIC)]}")
    at, sides = len(MAGIC) + 1, []
    for _ in range(3):
        number, used = read_varint(content[at : at + 5])
        sides.append(number)
        at += used
    numbers, check = content[len(MAGIC) + 1 : at], content[at : at + CHECK_BYTES]
    body = content[at + CHECK_BYTES :]
    if check != check_of(numbers + body):
        raise ContainerError("its checksum does not fit")
    width, height, channels = sides
    if channels not in (1, 3, 4):
        raise ContainerError(f"a picture of {channels} channels")
    return Small(width, height, channels, CodedNetwork.of(Coded.from_bytes(body, width, height, channels)))


def check_of(content: bytes) -> bytes:
    """Give the beginning of a checksum."""
    return hashlib.sha256(content).digest()[:CHECK_BYTES]
