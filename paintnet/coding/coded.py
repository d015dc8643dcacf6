"""A painting in whole numbers: a pyramid, the decoder behind it, and the context model; to and from bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import prod
from typing import Self

import numpy as np

from paintnet.coding.context import MOST_UNITS, ContextModel, context_shapes
from paintnet.coding.latents import bits_of_latents, decode_latents, encode_latents, ranges_of
from paintnet.coding.layout import Layout
from paintnet.coding.range_coder import RangeDecoder, RangeEncoder
from paintnet.coding.tables import SCALES
from paintnet.coding.weights import MOST_HALVINGS, MOST_STEPS, Steps, decode_weights, encode_weights
from paintnet.encoding.pyramid import MAX_SPACING
from paintnet.typing import Array

MOST_LAYERS = 4
MOST_UNITS_OF_DECODER = 256
MOST_NUMBER = 32_767
MOST_PIXELS, MOST_SIDE = 50_000_000, 100_000
"""Of one network: what a file that was not made here could ask for in memory and time.

Numbers of one wave are read at once, and the longest side says how many waves there are: 50,000,000 of one
number each would take half an hour, and a few bytes can say that all are 0.
"""


@dataclass(frozen=True)
class Shape:
    """What decides how many numbers there are.

    Parameters
    ----------
    layout : Layout
        Of the pyramid.
    channels : int
        Outputs of the decoder.
    hidden : tuple of int
        Units of the decoder's layers behind the first, which has one a level.
    context : (int, int)
        Units of the context model.
    """

    layout: Layout
    channels: int
    hidden: tuple[int, ...]
    context: tuple[int, int]

    @property
    def decoder(self) -> list[tuple[int, ...]]:
        """Shapes of the decoder's parameters: a gain for each level, then weights and biases."""
        units = (self.layout.n_levels, *self.hidden, self.channels)
        return [(units[0],), *(shape for a, b in pairwise(units) for shape in ((a, b), (b,)))]

    @property
    def all(self) -> list[tuple[int, ...]]:
        """Shapes of the decoder's parameters, then of the context model's."""
        return [*self.decoder, *context_shapes(self.layout.n_levels, self.context)]


@dataclass(frozen=True, eq=False)
class Coded:
    """All numbers of a painting.

    Parameters
    ----------
    shape : Shape
        How many there are.
    weights : sequence of Steps
        The groups of ``shape.all``.
    flat : float64 array
        Whole numbers of the pyramid, laid out by ``shape.layout``.
    """

    shape: Shape
    weights: Sequence[Steps]
    flat: Array

    def _arrays(self, first: int, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
        return [
            group.values.reshape(shape) for group, shape in zip(self.weights[first:], shapes, strict=False)
        ]

    @property
    def decoder(self) -> list[Array]:
        """The decoder's parameters, float64."""
        return self._arrays(0, self.shape.decoder)

    @cached_property
    def model(self) -> ContextModel:
        """The context model."""
        first = len(self.shape.decoder)
        return ContextModel.of(self._arrays(first, self.shape.all[first:]))

    @property
    def planes(self) -> list[Array]:
        """Numbers of each level, (rows, columns), fine to coarse."""
        layout = self.shape.layout
        return [layout.view(self.flat, level) for level in range(layout.n_levels)]

    @property
    def n_parameters(self) -> int:
        """Numbers and weights in all."""
        return self.shape.layout.n_numbers + sum(map(prod, self.shape.all))

    @cached_property
    def bits(self) -> dict[str, float]:
        """How the bits are spent: by level's spacing, decoder, context model, and the rest of the head."""
        layout, n_decoder = self.shape.layout, len(self.shape.decoder)
        ranges = ranges_of(layout, self.flat)
        levels = bits_of_latents(layout, self.flat, ranges, self.model)
        spent = {f"level {s}": float(b) for s, b in zip(layout.spacings, levels, strict=True)}
        groups = [group.coded[1] for group in self.weights]
        spent |= {"decoder": sum(groups[:n_decoder]), "context model": sum(groups[n_decoder:])}
        spent["head"] = 8.0 * len(self._head())
        return spent

    @property
    def estimated_bytes(self) -> float:
        """Length of `to_bytes`, to a byte or two."""
        return sum(self.bits.values()) / 8

    def to_bytes(self) -> bytes:
        """Write all of it, but for the picture's size and channels."""
        encoder = RangeEncoder()
        encode_weights(encoder, self.weights)
        layout = self.shape.layout
        encode_latents(encoder, layout, self.flat, ranges_of(layout, self.flat), self.model)
        return self._head() + encoder.finish()

    def _head(self) -> bytes:
        shape = self.shape
        mask = sum(shape.layout.spacings)
        values = [mask, len(shape.hidden), *shape.hidden, *shape.context]
        for group in self.weights:
            values += [group.halvings, group.most, *([group.coded[0]] if group.most else [])]
        for low, high in ranges_of(shape.layout, self.flat):
            values += [_folded(low), high - low]
        return b"".join(map(varint, values))

    @classmethod
    def from_bytes(cls, content: bytes, width: int, height: int, channels: int) -> Self:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ValueError
            If it could not have come from there. Nothing is allocated before its size is checked, and
            time is bounded by the size of the picture.
        """
        if not is_size(width, height):
            raise ValueError(f"a network for {width} x {height} pixels")
        head = _Head(content)
        mask = head.value(2 * MAX_SPACING - 1)
        spacings = tuple(1 << k for k in range(mask.bit_length()) if mask >> k & 1)
        if not spacings:
            raise ValueError("a pyramid without levels")
        hidden = tuple(head.units(MOST_UNITS_OF_DECODER) for _ in range(head.value(MOST_LAYERS)))
        context = head.units(MOST_UNITS), head.units(MOST_UNITS)
        shape = Shape(Layout(width, height, spacings), channels, hidden, context)
        told = []
        for _ in shape.all:
            halvings, most = head.value(MOST_HALVINGS), head.value(MOST_STEPS)
            told.append((halvings, head.value(SCALES - 1) if most else 0, most))
        ranges = []
        for _ in spacings:
            low = _unfolded(head.value(2 * MOST_NUMBER))
            ranges.append((low, low + head.value(MOST_NUMBER - low)))
        decoder = RangeDecoder(head.rest)
        sizes = map(prod, shape.all)
        weights = [decode_weights(decoder, size, *each) for size, each in zip(sizes, told, strict=True)]
        first = cls(shape, weights, np.empty(0))
        return cls(shape, weights, decode_latents(decoder, shape.layout, ranges, first.model))


def is_size(width: int, height: int) -> bool:
    """Whether one network may have so many pixels.

    Examples
    --------
    >>> is_size(7000, 7000), is_size(8000, 7000), is_size(100_001, 1), is_size(0, 1)
    (True, False, False, False)
    """
    return min(width, height) >= 1 and max(width, height) <= MOST_SIDE and width * height <= MOST_PIXELS


class _Head:
    """Reads the numbers at the beginning of a file, none of which is trusted."""

    def __init__(self, content: bytes) -> None:
        self.rest = content

    def value(self, most: int) -> int:
        """Read the next number, from 0."""
        number, used = read_varint(self.rest)
        self.rest = self.rest[used:]
        if number > most:
            raise ValueError(f"{number:,} where at most {most:,} can be")
        return number

    def units(self, most: int) -> int:
        """Read the next number, from 1."""
        number = self.value(most)
        if not number:
            raise ValueError("a layer without units")
        return number


def varint(value: int) -> bytes:
    """Write a number from 0 in groups of seven bits, the lowest first.

    Examples
    --------
    >>> list(varint(5)), list(varint(300)), read_varint(varint(300))
    ([5], [172, 2], (300, 2))
    """
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def read_varint(content: bytes) -> tuple[int, int]:
    """Read what `varint` wrote at the beginning of bytes: the number, and how many bytes it takes.

    Raises
    ------
    ValueError
        If there is none, or one of more than 35 bits.
    """
    value = 0
    for index, byte in enumerate(content[:5]):
        value |= (byte & 127) << 7 * index
        if byte < 128:
            return value, index + 1
    raise ValueError("it ends within a number, or has one that is too large")


def _folded(value: int) -> int:
    return 2 * value if value >= 0 else -2 * value - 1


def _unfolded(value: int) -> int:
    return value // 2 if value % 2 == 0 else -(value + 1) // 2
