"""The small form of a painting of many patches, or of classes; that of one patch is `paintnet.smallfile`.

- 4 bytes: ``pnt`` and the version, 2
- numbers of 7 bits a byte (`paintnet.coding.coded.varint`): width, height, channels, colors of the palette
  (0 in regress), patches
- the palette: a byte for each channel of each color
- numbers again, for each patch: column and row of its first pixel, width, height, bytes
- 8 bytes: the beginning of the SHA-256 of all of this
- the patches, one after the other: 8 bytes of the SHA-256 of the rest, and the rest
  (`paintnet.coding.network.CodedNetwork.to_bytes`)
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from io import SEEK_END
from itertools import accumulate
from typing import BinaryIO, NamedTuple, Self

import numpy as np

from paintnet.coding.coded import read_varint, varint
from paintnet.coding.network import MOST_OUTPUTS, CodedNetwork
from paintnet.encoding.extent import Extent
from paintnet.files.entries import Entry
from paintnet.files.parts import CODED, ContainerError, Part
from paintnet.model_parts import MAX_PATCHES
from paintnet.network import outputs_of
from paintnet.patches import Patch
from paintnet.smallfile import CHECK_BYTES, MAGIC, MOST_BYTES, check_of
from paintnet.stored_patches import Place, StoredPatches, patch_name
from paintnet.typing import Array

VERSION = 2

START = MAGIC + bytes([VERSION])
"""What such a file begins with."""

NUMBER_BYTES = 5
"""Of a number, at most."""

FRAME_BYTES = 28
"""What a patch takes beside its numbers and weights, at most, where its sides are below 16,384 pixels."""

CHECKED_AT_ONCE = 16 * 2**20
"""Bytes of a file up to which all of it is held against its checksums before any of it is used."""


class SmallHead(NamedTuple):
    """What such a file says before its patches."""

    width: int
    height: int
    channels: int
    palette: Array | None
    patches: list[tuple[int, int, int, int, int]]

    @property
    def kind(self) -> tuple[int, str]:
        """How many outputs each network has, and what they are."""
        return outputs_of(self.channels, None if self.palette is None else len(self.palette))

    @classmethod
    def of(
        cls,
        shape: tuple[int, int, int],
        palette: Array | None,
        places: Sequence[Place],
        sizes: Sequence[int],
    ) -> Self:
        """Describe a painting of this width, height and channels, whose patches take so many bytes."""
        patches = []
        for (extent, origin, _), size in zip(places, sizes, strict=True):
            left, top = (int(value) for value in origin)
            patches.append((left, top, int(extent.right) - left + 1, int(extent.bottom) - top + 1, size))
        return cls(*shape, palette, patches)

    def to_bytes(self) -> bytes:
        """Write it, from the first byte of the file on."""
        colors = np.zeros((0, self.channels)) if self.palette is None else self.palette
        numbers = self.width, self.height, self.channels, len(colors), len(self.patches)
        told = b"".join(map(varint, numbers)) + np.rint(255 * colors).astype(np.uint8).tobytes()
        told += b"".join(varint(number) for patch in self.patches for number in patch)
        return START + told + check_of(told)


class SmallPatches(StoredPatches):
    """Patches of such a file; each is read, and held against its checksum, when it is asked for.

    Parameters
    ----------
    file : binary file
        The whole.
    told : callable, optional
        As in `StoredPatches`.

    Raises
    ------
    ContainerError
        If it is damaged.
    """

    def __init__(
        self, file: BinaryIO, told: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        self.head, at = _read_head(file)
        ends = [at, *accumulate((patch[4] for patch in self.head.patches), initial=at)][1:]
        size = file.seek(0, SEEK_END)
        if size != ends[-1]:
            raise ContainerError(f"it has {size:,} bytes, where its patches end after {ends[-1]:,}")
        self._parts = _Parts(file, ends)
        places = [
            Place(
                Extent(float(left), float(top), left + width - 1.0, top + height - 1.0),
                (float(left), float(top)),
                None,
            )
            for left, top, width, height, _ in self.head.patches
        ]
        super().__init__(self._parts, places, told, file)
        if size <= CHECKED_AT_ONCE:
            for number in range(len(places)):
                self._parts.stored(patch_name(number))

    @property
    def kind(self) -> tuple[int, str]:
        """How many outputs each network has, and what they are."""
        return self.head.kind

    def _read(self, number: int) -> Patch:
        patch = super()._read(number)
        with self._told():
            sides = self.head.patches[number][2:4]
            network = patch.network
            assert isinstance(network, CodedNetwork)  # noqa: S101 - nothing else is read so; told to mypy
            layout = network.coded.shape.layout
            if patch.kind != self.kind or (layout.width, layout.height) != sides:
                raise ValueError(f"patch {number} is not what the beginning of the file says")
        return patch


class _Parts:
    """Parts of a file by the bytes at which each begins, and the last one ends."""

    def __init__(self, file: BinaryIO, ends: Sequence[int]) -> None:
        self._file, self._ends = file, ends

    def entry(self, name: str) -> Entry:
        """Describe a part."""
        begin, end = self._bounds(name)
        return Entry(begin + CHECK_BYTES, end, CODED, end - begin - CHECK_BYTES, "")

    def stored(self, name: str) -> bytes:
        """Read a part."""
        begin, end = self._bounds(name)
        self._file.seek(begin)
        content = self._file.read(end - begin)
        if content[:CHECK_BYTES] != check_of(content[CHECK_BYTES:]):
            raise ContainerError("its checksum does not fit its content")
        return content[CHECK_BYTES:]

    def read(self, name: str) -> Part:
        """Read a part."""
        return Part({CODED: np.frombuffer(self.stored(name), np.uint8)})

    def _bounds(self, name: str) -> tuple[int, int]:
        number = int(name.rpartition(".")[2])
        return self._ends[number], self._ends[number + 1]


def small_pieces(head: SmallHead, contents: Iterable[bytes]) -> Iterator[bytes]:
    """Give the bytes of a file in pieces: `contents` are those of the patches, whose sizes `head` tells."""
    yield head.to_bytes()
    for content in contents:
        yield check_of(content) + content


def _read_head(file: BinaryIO) -> tuple[SmallHead, int]:
    """Read the beginning of a file, trusting nothing; where the first patch lies."""
    most = len(START) + NUMBER_BYTES * (5 + 5 * MAX_PATCHES) + 4 * MOST_OUTPUTS + CHECK_BYTES
    file.seek(0)
    start = file.read(most)
    at = len(START)

    def number() -> int:
        nonlocal at
        value, used = read_varint(start[at : at + NUMBER_BYTES])
        at += used
        return value

    width, height, channels, n_colors, n_patches = (number() for _ in range(5))
    if channels not in (1, 3, 4) or n_colors > MOST_OUTPUTS or not 1 <= n_patches <= MAX_PATCHES:
        raise ContainerError(f"{channels} channels, {n_colors:,} colors and {n_patches:,} patches")
    colors = np.frombuffer(start[at : at + n_colors * channels], np.uint8)
    at += colors.size
    patches = []
    for _ in range(n_patches):
        left, top, wide, high, size = (number() for _ in range(5))
        if not (1 <= wide <= width - left and 1 <= high <= height - top and CHECK_BYTES < size <= MOST_BYTES):
            raise ContainerError(
                f"a patch of {wide:,} x {high:,} pixels and {size:,} bytes at {left:,}, {top:,}"
            )
        patches.append((left, top, wide, high, size))
    if start[at : at + CHECK_BYTES] != check_of(start[len(START) : at]):
        raise ContainerError("the checksum of its beginning does not fit")
    palette = None
    if n_colors:
        palette = colors.reshape(n_colors, channels).astype(np.float32) / np.float32(255)
    return SmallHead(width, height, channels, palette, patches), at + CHECK_BYTES
