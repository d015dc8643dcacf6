"""Planes of whole numbers, packed without loss: predicted from coarse to fine, and coded by what is left.

A plane's numbers are told in passes. The first ones lie far apart; each pass then fills the places
halfway between those that are known, predicted from the nearest 12 of them on all sides, as lossless
coders of pictures do (P. Roos et al. 1988, "Reversible intraframe compression of medical images", IEEE
TMI 7(4)). The weights are fitted to each pass, and see how wrong the planes before were at the same
place. What is left over goes into one of several streams, by how restless the neighborhood is, and each
stream is packed by zlib (RFC 1950). All is done in whole numbers, alike on every machine.
"""

import struct
import zlib
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paintnet.typing import Array

MOST_STREAMS = 24
"""Of one plane."""

NUMBERS_A_STREAM = 2048
"""A smaller plane has fewer streams, since each has a table of its own."""

_UNIT_BITS = 8
MOST_NUMBERS = 2**25
"""Of all planes together: unpacking takes some 20 bytes for each."""

UNIT = 2**_UNIT_BITS
"""A prediction's weight of 1."""

LARGEST_WEIGHT = 4 * UNIT

REPETITIVE = 1 / 4
"""Share of its bytes below which a stream may have more to gain from its repetitions."""

_FITTED = 1000
"""Numbers of a pass from which its weights are fitted; smaller ones take the mean of the nearest four."""

_SAMPLE = 2**14
"""Numbers of a pass, evenly over the plane, that its few weights are fitted to: more say nothing new."""

LEVELS_REMEMBERED = 2
"""Whose packed bytes are known: of as many levels as grids have that come with the presets."""

_ESCAPE = 255
_STREAM = struct.Struct("<III")
_LARGEST = 2**15 - 1
CLASSES = np.minimum(np.log2(1 + np.arange(2**14)) * 2.2, MOST_STREAMS - 1).astype(np.uint8)
"""How restless a neighborhood is, of `MOST_STREAMS` classes, by how far apart its numbers are."""


_packed_last: deque[tuple[NDArray[np.int16], bytes]] = deque(maxlen=LEVELS_REMEMBERED)


class PlanesError(ValueError):
    """Packed planes are not as they were written."""


class _Pass(NamedTuple):
    """Places of a plane that are filled at once, and the arrays of the known ones around them."""

    rows: slice
    columns: slice
    neighbors: list[Array]


def pack_planes(planes: NDArray[np.int16]) -> bytes:
    """Pack planes (n, rows, columns); equal ones give equal bytes.

    Those that were packed last are remembered: a run weighs its table by packing it, and then its file
    packs it.

    Examples
    --------
    >>> planes = np.arange(24, dtype=np.int16).reshape(1, 4, 6)
    >>> bool((unpack_planes(pack_planes(planes), planes.shape) == planes).all())
    True
    """
    for known, data in tuple(_packed_last):
        if np.array_equal(known, planes):
            return data
    data = _packed(planes)
    _packed_last.append((planes.copy(), data))
    return data


def _packed(planes: NDArray[np.int16]) -> bytes:
    n_streams = _n_streams(planes.shape)
    packed = []
    wrong = np.empty(planes.shape, dtype=np.int32)
    for number in range(len(planes)):
        plane = planes[number].astype(np.int32)
        streams: list[list[Array]] = [[] for _ in range(n_streams)]
        weights = []
        for each in _passes(plane):
            actual = plane[each.rows, each.columns]
            before = wrong[:number, each.rows, each.columns]
            weight = _fitted(each.neighbors, before, actual)
            weights.append(weight)
            left = actual - _predicted(each.neighbors, before, weight)
            wrong[number, each.rows, each.columns] = left
            chosen = _streams_of(each.neighbors, before, n_streams)
            order = np.argsort(chosen, kind="stable")
            ends = np.cumsum(np.bincount(chosen, minlength=n_streams))
            for stream, part in zip(streams, np.split(left.ravel()[order], ends[:-1]), strict=True):
                stream.append(part)
        packed.append(_packed_plane(weights, streams))
    return b"".join(packed)


def unpack_planes(data: bytes, shape: tuple[int, int, int]) -> NDArray[np.int16]:
    """Unpack what `pack_planes` made of planes of a shape, in memory that the shape bounds.

    Raises
    ------
    PlanesError
        If they are not as they were written.
    """
    count, rows, columns = shape
    n_streams = _n_streams(shape)
    wrong = np.empty(shape, dtype=np.int32)
    planes = np.empty(shape, dtype=np.int16)
    reader = _Reader(data)
    for number in range(count):
        plane = np.zeros((rows, columns), dtype=np.int32)
        all_weights, streams = _unpacked_plane(reader, number, plane, n_streams)
        for each, weight in zip(_passes(plane), all_weights, strict=True):
            before = wrong[:number, each.rows, each.columns]
            chosen = _streams_of(each.neighbors, before, n_streams)
            order = np.argsort(chosen, kind="stable")
            counts = np.bincount(chosen, minlength=n_streams)
            flat = np.empty(len(chosen), dtype=np.int32)
            flat[order] = np.concatenate([s.take(n) for s, n in zip(streams, counts, strict=True)])
            left = flat.reshape(plane[each.rows, each.columns].shape)
            found = _predicted(each.neighbors, before, weight) + left
            if not -_LARGEST - 1 <= found.min(initial=0) <= found.max(initial=0) <= _LARGEST:
                raise PlanesError("a number of a plane is too large")
            wrong[number, each.rows, each.columns] = left
            plane[each.rows, each.columns] = found
        if not all(stream.is_empty for stream in streams):
            raise PlanesError("a stream of a plane is longer than the plane")
        planes[number] = plane
    if not reader.is_empty:
        raise PlanesError("packed planes are longer than they are said to be")
    return planes


def _n_streams(shape: tuple[int, ...]) -> int:
    return int(np.clip(shape[1] * shape[2] // NUMBERS_A_STREAM, 1, MOST_STREAMS))


def _passes(plane: Array) -> Iterator[_Pass]:
    """Go through a plane from coarse to fine; what a pass yields must be filled before the next."""
    rows, columns = plane.shape
    step = 1
    while step < max(rows, columns):
        step *= 2
    yield _Pass(slice(0, None, step), slice(0, None, step), [])
    while step > 1:
        half = step // 2
        even, odd = slice(0, None, step), slice(half, None, step)
        known = _padded(plane[even, even])
        if rows > half and columns > half:
            yield _Pass(odd, odd, _around_middles(known, plane[odd, odd].shape))
        middles = _padded(plane[odd, odd]) if rows > half and columns > half else None
        if columns > half:
            shape = plane[even, odd].shape
            yield _Pass(even, odd, _around_edges(known, middles, shape))
        if rows > half:
            shape = plane[odd, even].shape
            turned = None if middles is None else middles.T
            around = _around_edges(known.T, turned, shape[::-1])
            yield _Pass(odd, even, [each.T for each in around])
        step = half


def _padded(known: Array) -> Array:
    return np.pad(known, 2, mode="edge")


def _around_middles(known: Array, shape: tuple[int, ...]) -> list[Array]:
    """Known numbers around the middles of squares of four: the four, and the eight beside them."""
    near = [(0, 0), (0, 1), (1, 0), (1, 1)]
    far = [(0, -1), (0, 2), (1, -1), (1, 2), (-1, 0), (-1, 1), (2, 0), (2, 1)]
    return [_shifted(known, down, across, shape) for down, across in near + far]


def _around_edges(known: Array, middles: Array | None, shape: tuple[int, ...]) -> list[Array]:
    """Known numbers around places between two of a row: the two, the middles above and below, and eight."""
    if middles is None:  # a single row
        row = [(known, 0, 0), (known, 0, 1)] * 2 + [(known, 0, -1), (known, 0, 2)] * 4
        return [_shifted(array, down, across, shape) for array, down, across in row]
    near = [(known, 0, 0), (known, 0, 1), (middles, -1, 0), (middles, 0, 0)]
    far = [(known, down, across) for down in (-1, 1) for across in (0, 1)]
    far += [(middles, down, across) for down in (-1, 0) for across in (-1, 1)]
    return [_shifted(array, down, across, shape) for array, down, across in near + far]


def _shifted(padded: Array, down: int, across: int, shape: tuple[int, ...]) -> Array:
    top, left = 2 + down, 2 + across
    return padded[top : top + shape[0], left : left + shape[1]]


def _fitted(neighbors: list[Array], before: Array, actual: Array) -> NDArray[np.int16]:
    """Weights of the neighbors and of the other planes' errors, by least squares where it is calm."""
    plain = np.zeros(len(neighbors) + len(before), dtype=np.int16)
    plain[:4][: len(neighbors)] = UNIT // 4
    if actual.size < _FITTED or not neighbors:
        return plain
    stride = max(1, round(np.sqrt(actual.size / _SAMPLE)))
    neighbors = [each[::stride, ::stride] for each in neighbors]
    before, actual = before[:, ::stride, ::stride], actual[::stride, ::stride]
    mean = sum(neighbors[:4]) / 4
    columns = [(each - mean).ravel() for each in neighbors] + [each.ravel() for each in before]
    features = np.stack(columns).astype(np.float32)
    target = (actual - mean).ravel().astype(np.float32)
    calm = 1 / (1 + np.square(features[: len(neighbors)]).mean(axis=0))
    scaled = features * calm
    # The nearest four add up to nothing once their mean is gone: a trace of a ridge decides between them.
    square = scaled @ features.T
    square += np.eye(len(square), dtype=np.float32) * (1e-3 * np.trace(square) / len(square) + 1e-6)
    found = np.linalg.solve(square.astype(np.float64), (scaled @ target).astype(np.float64))
    found[:4] += (1 - found[: len(neighbors)].sum()) / 4
    weights = np.clip(np.rint(found * UNIT), -LARGEST_WEIGHT, LARGEST_WEIGHT).astype(np.int16)
    weights[0] += UNIT - weights[: len(neighbors)].sum()  # of a flat plane nothing is left over
    return weights if abs(int(weights[0])) <= LARGEST_WEIGHT else plain


def _predicted(neighbors: list[Array], before: Array, weights: NDArray[np.int16]) -> Array:
    total: Any = np.int32(UNIT // 2)
    for each, weight in zip([*neighbors, *before], weights.astype(np.int32), strict=True):
        if weight:
            total = total + each * weight
    return np.asarray(total >> _UNIT_BITS)


def _streams_of(neighbors: list[Array], before: Array, n_streams: int) -> NDArray[np.uint8]:
    """Which stream each number of a pass is in: by how restless the neighbors and the planes before are."""
    if not neighbors:
        return np.zeros(before[0].size if len(before) else 1, dtype=np.uint8)
    mean = sum(neighbors[:4])
    spread: Any = 4 * sum(np.abs(4 * each - mean) for each in neighbors[:4])
    spread = (spread + sum(np.abs(4 * each - mean) for each in neighbors[4:])) // 16
    for each in before:
        spread = spread + 2 * np.abs(each) // len(before)
    classes = CLASSES[np.minimum(spread, len(CLASSES) - 1)].ravel()
    return np.asarray(classes.astype(np.uint16) * n_streams // MOST_STREAMS, dtype=np.uint8)


def _packed_plane(weights: list[NDArray[np.int16]], streams: list[list[Array]]) -> bytes:
    pieces = [np.concatenate(weights).astype("<i2").tobytes()]
    for parts in streams:
        left = np.concatenate(parts)
        folded = np.where(left >= 0, 2 * left, -2 * left - 1)
        small = np.minimum(folded, _ESCAPE).astype(np.uint8).tobytes()
        packed = _deflated(small, zlib.Z_HUFFMAN_ONLY)
        if len(packed) < REPETITIVE * len(small):
            packed = min(packed, _deflated(small, zlib.Z_DEFAULT_STRATEGY), key=len)
        large = folded[folded >= _ESCAPE].astype("<u4").tobytes()
        pieces += [_STREAM.pack(len(small), len(packed), len(large)), packed, large]
    return b"".join(pieces)


def _deflated(data: bytes, strategy: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, strategy)
    return packer.compress(data) + packer.flush()


class _Reader:
    """Takes bytes from the front of what is there."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = memoryview(data), 0

    def take(self, count: int) -> memoryview:
        if count > len(self._data) - self._at:
            raise PlanesError("packed planes are shorter than they are said to be")
        self._at += count
        return self._data[self._at - count : self._at]

    @property
    def is_empty(self) -> bool:
        return self._at == len(self._data)


class _Stream:
    """Numbers that are left over, in the order in which they are needed."""

    def __init__(self, numbers: NDArray[np.int32]) -> None:
        self._numbers, self._at = numbers, 0

    def take(self, count: int) -> NDArray[np.int32]:
        if count > len(self._numbers) - self._at:
            raise PlanesError("a stream of a plane is shorter than the plane")
        self._at += count
        return self._numbers[self._at - count : self._at]

    @property
    def is_empty(self) -> bool:
        return self._at == len(self._numbers)


def _unpacked_plane(
    reader: _Reader, number: int, plane: Array, n_streams: int
) -> tuple[list[NDArray[np.int16]], list[_Stream]]:
    """Read the weights of each pass, and the streams."""
    counts = [len(each.neighbors) + number for each in _passes(plane)]
    numbers = np.frombuffer(reader.take(2 * sum(counts)), dtype="<i2")
    if len(numbers) and int(np.abs(numbers.astype(np.int32)).max()) > LARGEST_WEIGHT:
        raise PlanesError("a weight of a plane is too large")
    weights = np.split(numbers, np.cumsum(counts)[:-1])
    streams = []
    rest = plane.size
    for _ in range(n_streams):
        count, n_packed, n_large = _STREAM.unpack(reader.take(_STREAM.size))
        rest -= count
        if rest < 0:
            raise PlanesError("a stream of a plane is longer than the plane")
        folded = _inflated(reader.take(n_packed), count)
        large = np.frombuffer(reader.take(n_large), dtype="<u4") if n_large % 4 == 0 else folded
        is_large = folded == _ESCAPE
        if np.count_nonzero(is_large) != n_large / 4 or (large >= 2**18).any():
            raise PlanesError("large numbers of a plane do not fit their places")
        folded[is_large] = large
        streams.append(_Stream(np.where(folded % 2 == 0, folded // 2, -(folded // 2) - 1)))
    return weights, streams


def _inflated(data: memoryview, count: int) -> NDArray[np.int32]:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        # One more than wanted, since 0 would stand for no limit.
        raw = unpacker.decompress(data, count + 1)
    except zlib.error as error:
        raise PlanesError(f"zlib: {error}") from error
    if len(raw) != count or not unpacker.eof or unpacker.unused_data:
        raise PlanesError("a stream of a plane is not as long as it is said to be")
    return np.frombuffer(raw, dtype=np.uint8).astype(np.int32)
