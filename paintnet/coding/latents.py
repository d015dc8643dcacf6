"""The numbers of a pyramid to and from the range coder."""

import numpy as np

from paintnet.coding.context import ContextModel, seen_at
from paintnet.coding.layout import Layout, Whole
from paintnet.coding.range_coder import RangeDecoder, RangeEncoder
from paintnet.coding.tables import REACH, STEPS, TOTAL, below, intervals, tails
from paintnet.typing import Array

AT_ONCE = 65_536
"""Numbers whose surroundings are held at once."""

Ranges = list[tuple[int, int]]
"""Lowest and highest number of each level."""


def encode_latents(
    encoder: RangeEncoder, layout: Layout, flat: Array, ranges: Ranges, model: ContextModel
) -> None:
    """Write all numbers of a flat array, coarse to fine."""
    for level in reversed(range(layout.n_levels)):
        low, high = ranges[level]
        if low == high:
            continue
        for begins, lengths in _intervals_of(layout, flat, level, (low, high), model, in_waves=True):
            encoder.put(begins.tolist(), lengths.tolist(), TOTAL + high - low + 1)


def bits_of_latents(layout: Layout, flat: Array, ranges: Ranges, model: ContextModel) -> Array:
    """Bits that `encode_latents` takes for each level, to rounding."""
    bits = np.zeros(layout.n_levels)
    for level, (low, high) in enumerate(ranges):
        if low == high:
            continue
        whole = np.log2(TOTAL + high - low + 1)
        for _, lengths in _intervals_of(layout, flat, level, (low, high), model, in_waves=False):
            bits[level] += len(lengths) * whole - np.log2(lengths).sum()
    return bits


def ranges_of(layout: Layout, flat: Array) -> Ranges:
    """Lowest and highest number of each level."""
    views = [layout.view(flat, level) for level in range(layout.n_levels)]
    return [(int(view.min()), int(view.max())) for view in views]


def _intervals_of(
    layout: Layout, flat: Array, level: int, span: tuple[int, int], model: ContextModel, *, in_waves: bool
) -> "list[tuple[Whole, Whole]]":
    """Intervals of a level's numbers, in the order of waves or in any."""
    parent = np.zeros_like(flat)
    layout.enlarge_parent(flat, parent, level)
    places = np.concatenate(layout.waves(level)) if in_waves else _places(layout, level)
    found = []
    for at in range(0, len(places), AT_ONCE):
        part = places[at : at + AT_ONCE]
        mean, scale = model.expect(seen_at(layout, part, flat, parent, level), level)
        found.append(intervals(flat[part].astype(np.int64), mean, scale, *span))
    return found


def _places(layout: Layout, level: int) -> Whole:
    rows = layout.bases[level] + layout.strides[level] * np.arange(layout.rows[level])
    return np.asarray((rows[:, None] + np.arange(layout.columns[level])).ravel(), np.int64)


def decode_latents(decoder: RangeDecoder, layout: Layout, ranges: Ranges, model: ContextModel) -> Array:
    """Read the numbers that `encode_latents` wrote into a new flat array.

    Raises
    ------
    ValueError
        If there are fewer bytes than that.
    """
    flat, parent = np.zeros(layout.size), np.zeros(layout.size)
    for level in reversed(range(layout.n_levels)):
        low, high = ranges[level]
        if low == high:
            layout.view(flat, level)[...] = low
            continue
        layout.enlarge_parent(flat, parent, level)
        for wave in layout.waves(level):
            mean, scale = model.expect(seen_at(layout, wave, flat, parent, level), level)
            flat[wave] = _decode_wave(decoder, mean, scale, low, high)
            if decoder.is_overdrawn:
                raise ValueError("it ends before all numbers are read")
    return flat


def _decode_wave(decoder: RangeDecoder, mean: Whole, scale: Whole, low: int, high: int) -> list[int]:
    guess = np.clip((mean + STEPS // 2) >> 4, low, high)
    numbers = guess + np.arange(-1, 3)[:, None]
    bounds = below(tails(), scale, STEPS * numbers - STEPS // 2 - mean)
    bounds[numbers <= low] = 0
    bounds[numbers > high] = TOTAL
    bounds += numbers - low

    def begin_of(index: int, number: int) -> int:
        if number <= low:
            return number - low
        if number > high:
            return TOTAL + number - low
        steps = STEPS * number - STEPS // 2 - int(mean[index])
        tail = int(tails()[scale[index], min(abs(steps), REACH)])
        return (tail if steps < 0 else TOTAL - tail) + number - low

    total = TOTAL + high - low + 1
    return decoder.numbers(total, guess.tolist(), bounds.tolist(), (low, high), begin_of)
