"""The pages of a TIFF file: which of them is the picture, and what the others are."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from paintnet.picture.content import Content, StoredBytes

# Tags by number.
BITS_PER_SAMPLE, COMPRESSION, PHOTOMETRIC, SAMPLE_FORMAT = 258, 259, 262, 339
_NEW_SUBFILE_TYPE, _SUBFILE_TYPE, _WIDTH, _HEIGHT, _SUB_IFDS = 254, 255, 256, 257, 330
_READ = (_NEW_SUBFILE_TYPE, _SUBFILE_TYPE, _WIDTH, _HEIGHT, COMPRESSION, _SUB_IFDS)

# Types of whole numbers: BYTE, SHORT, LONG, IFD, LONG8, IFD8.
_FORMATS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}

# What reading at a place that is not there raises.
_NONSENSE = (struct.error, LookupError, OverflowError)

# A file may hold more, but what stands this far back is not read.
_MOST_PAGES, _MOST_TAGS = 256, 4_000
_PAGE_OF_MANY = 2
_REDUCED = 2
# Pages of one document differ in size, but not by this much.
_MUCH_LARGER = 2


class Page(NamedTuple):
    """One directory: where it stands, its size, and whether it is a whole picture by its own word."""

    offset: int
    width: int
    height: int
    is_full: bool
    inside: tuple[int, ...] = ()

    @property
    def area(self) -> int:
        """Its pixels."""
        return self.width * self.height


@dataclass(frozen=True)
class _Reader:
    """The directories of a file, as far as they can be read."""

    data: Content
    order: str
    is_big: bool

    @classmethod
    def of(cls, data: Content) -> "_Reader":
        order = "<" if data[:2] == b"II" else ">"
        return cls(data, order, b"+" in data[2:4])

    def first(self) -> int:
        return self._number("Q", 8) if self.is_big else self._number("I", 4)

    def directory(self, offset: int) -> tuple[dict[int, tuple[int, ...]], int]:
        """Give the tags that are read here, and where the next directory stands."""
        count_format, entry, start = ("Q", 20, 8) if self.is_big else ("H", 12, 2)
        count = self._number(count_format, offset)
        tags = {}
        for place in range(offset + start, offset + start + entry * min(count, _MOST_TAGS), entry):
            number = self._number("H", place)
            if number in _READ:
                tags[number] = self._values(place)
        return tags, self._number("Q" if self.is_big else "I", offset + start + entry * count)

    def _values(self, place: int) -> tuple[int, ...]:
        """The numbers of one entry, which stand in it or where it says."""
        letter = _FORMATS.get(self._number("H", place + 2))
        count = min(self._number("Q" if self.is_big else "I", place + 4), _MOST_PAGES)
        if letter is None:
            return ()
        inline, start = (8, place + 12) if self.is_big else (4, place + 8)
        if struct.calcsize(letter) * count > inline:
            start = self._number("Q" if self.is_big else "I", start)
        return self._unpacked(f"{count}{letter}", start)

    def _number(self, letter: str, place: int) -> int:
        return int(self._unpacked(letter, place)[0])

    def _unpacked(self, letters: str, place: int) -> tuple[int, ...]:
        form = self.order + letters
        return struct.unpack(form, self.data[place : place + struct.calcsize(form)])


def picture_first(data: Content) -> tuple[Content, list[str]]:
    """Make the page that is the picture the first one.

    The first page of a TIFF may be a thumbnail. What a page is, its NewSubfileType says; where
    that tells nothing, a page of more than twice the pixels is taken for the picture.

    Parameters
    ----------
    data : bytes or StoredBytes
        The whole file.

    Returns
    -------
    tuple of bytes or StoredBytes, and list of str
        The file itself where its first page is the picture; else a copy that begins with another
        one. And what there is to say about it.
    """
    pages = list(_pages(data))
    if not pages:
        return data, []
    place, words = _choose(data, pages)
    if place == pages[0].offset:
        return data, ["only the first of several pages was read"] if len(pages) > 1 else []
    reader = _Reader.of(data)
    start, letter = (8, "Q") if reader.is_big else (4, "I")
    pointer = struct.pack(reader.order + letter, place)
    if isinstance(data, StoredBytes):
        return data.changed(start, pointer), [words]
    return b"".join((data[:start], pointer, data[start + len(pointer) :])), [words]


def compression(data: Content) -> int | None:
    """Find how the first page is packed.

    Parameters
    ----------
    data : bytes or StoredBytes
        The whole file.

    Returns
    -------
    int or None
        The number of the method; None where there is none to be read.
    """
    reader = _Reader.of(data)
    try:
        return reader.directory(reader.first())[0][COMPRESSION][0]
    except _NONSENSE:
        return None


def _choose(data: Content, pages: list[Page]) -> tuple[int, str]:
    """Where the picture stands, and the words for a note."""
    first = pages[0]
    full = [page for page in pages if page.is_full]
    if first.is_full:
        largest = max(full, key=lambda page: page.area)
        if largest.area > _MUCH_LARGER * first.area:
            return largest.offset, f"page {pages.index(largest) + 1} of {len(pages)}, the largest"
        return first.offset, ""
    if full:
        return full[
            0
        ].offset, f"page {pages.index(full[0]) + 1} of {len(pages)}: the first is a small copy or a mask"
    inside = [page for page in _inside(data, pages) if page.is_full]
    if inside:
        largest = max(inside, key=lambda page: page.area)
        return largest.offset, "the full picture inside its first page, which is a small copy"
    return first.offset, ""


def _pages(data: Content) -> Iterator[Page]:
    """Walk the chain of directories, up to its end or to where it makes no sense."""
    reader = _Reader.of(data)
    seen: set[int] = set()
    try:
        offset = reader.first()
        while offset and offset not in seen and len(seen) < _MOST_PAGES:
            seen.add(offset)
            tags, following = reader.directory(offset)
            yield _page(offset, tags)
            offset = following
    except _NONSENSE:
        return


def _inside(data: Content, pages: list[Page]) -> Iterator[Page]:
    """Directories that pages keep to themselves."""
    reader = _Reader.of(data)
    for page in pages:
        for offset in page.inside:
            try:
                yield _page(offset, reader.directory(offset)[0])
            except _NONSENSE:
                continue


def _page(offset: int, tags: dict[int, tuple[int, ...]]) -> Page:
    kind = tags.get(_NEW_SUBFILE_TYPE, (0,))[0]
    old_kind = tags.get(_SUBFILE_TYPE, (0,))[0]
    is_full = kind & ~_PAGE_OF_MANY == 0 and old_kind != _REDUCED
    return Page(offset, tags[_WIDTH][0], tags[_HEIGHT][0], is_full, tags.get(_SUB_IFDS, ()))
