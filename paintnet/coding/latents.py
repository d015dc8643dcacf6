"""The numbers of a pyramid to and from the range coder."""

import numpy as np

from paintnet.coding.context import ContextModel, seen_at, waves_seen
from paintnet.coding.layout import N_SEEN, Layout, Whole
from paintnet.coding.range_coder import RangeDecoder, RangeEncoder
from paintnet.coding.tables import CENTER, REACH, SPAN, STEPS, TOTAL, chances, intervals
from paintnet.typing import Array

AT_ONCE = 65_536
"""Numbers whose surroundings are held at once."""

_BEGIN_AND_END = np.array([[0], [STEPS]])

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
    parent, most = np.zeros_like(flat), float(np.abs(flat).max())
    layout.enlarge_parent(flat, parent, level)
    places = _places_in_waves(layout, level) if in_waves else _places(layout, level)
    expect = model.of_level(level, most)
    found = []
    for at in range(0, len(places), AT_ONCE):
        part = places[at : at + AT_ONCE]
        expected = expect(seen_at(layout, part, flat, parent, level))
        mean, scale = (each.astype(np.int64) for each in expected)
        found.append(intervals(flat[part].astype(np.int64), mean, scale, *span))
    return found


def _places_in_waves(layout: Layout, level: int) -> Whole:
    places = layout.waves_of(np.arange(layout.size), level)
    return np.concatenate([places[wave, first:end] for wave, first, end in layout.waves(level)])


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
        own, around = layout.waves_of(flat, level), waves_seen(layout, flat, parent, level)
        expect = model.of_level(level, most_seen(ranges, level))
        room = np.ones((N_SEEN + 1, own.shape[1]))
        for wave, first, end in layout.waves(level):
            seen = room[:, : end - first]
            for rows, window in around:
                seen[rows] = window[:, wave, first:end]
            own[wave, first:end] = _decode_wave(decoder, *expect(seen), low, high)
            if decoder.is_overdrawn:
                raise ValueError("it ends before all numbers are read")
    return flat


def most_seen(ranges: Ranges, level: int) -> int:
    """Largest number, either way, that is seen from a level: of its own, its parent's, and 0 at the edges."""
    return max(max(-low, high) for low, high in ranges[level : level + 2])


def _decode_wave(decoder: RangeDecoder, mean: Array, scale: Array, low: int, high: int) -> Array:
    """Read numbers of which nothing but what is expected of each is known; all is whole, and floats exact."""
    guess = mean * (1 / STEPS)
    guess += 0.5
    np.floor(guess, out=guess)
    np.minimum(np.maximum(guess, low, out=guess), high, out=guess)
    steps = guess * STEPS
    steps -= mean
    steps -= STEPS // 2
    # A guess that had to be moved into the range may lie far away from the mean.
    np.minimum(np.maximum(steps, -REACH - STEPS, out=steps), REACH, out=steps)
    steps += scale * SPAN
    steps += CENTER
    guess -= low
    at, place = steps.astype(np.int64), guess.astype(np.int64)
    bounds = chances().take(at + _BEGIN_AND_END)
    np.copyto(bounds[0], 0, where=place == 0)
    np.copyto(bounds[1], TOTAL, where=place == high - low)
    bounds = bounds + place
    bounds[1] += 1
    guesses, (begins, ends) = place.tolist(), bounds.tolist()
    table, total = chances().data, TOTAL + high - low + 1

    def find(index: int, point: int) -> tuple[int, int, int]:
        # Mostly it is the next one.
        number = guesses[index]
        if point >= ends[index]:
            number += 1
            begin, end = ends[index], total
            if number < high - low:
                end = table[at[index] + 2 * STEPS] + number + 1
        else:
            number -= 1
            begin, end = 0, begins[index]
            if number > 0:
                begin = table[at[index] - STEPS] + number
        if begin <= point < end:
            return number, begin, end
        return _found_by_halving(point, int(mean[index]), int(scale[index]), low, high)

    return np.array(decoder.numbers(total, guesses, begins, ends, find)) + low


def _found_by_halving(point: int, mean: int, scale: int, low: int, high: int) -> tuple[int, int, int]:
    """Find the number in whose interval a point lies: how far above the lowest, where it begins and ends."""
    row = chances()[scale * SPAN : (scale + 1) * SPAN]

    def begin_of(number: int) -> int:
        if not low < number <= high:
            return number - low if number <= low else TOTAL + number - low
        steps = STEPS * number - STEPS // 2 - mean
        return int(row[CENTER + min(max(steps, -REACH), REACH)]) + number - low

    # The last number whose interval begins at the point or before.
    near, far = low, high
    while near < far:
        middle = -(-(near + far) // 2)
        near, far = (middle, far) if begin_of(middle) <= point else (near, middle - 1)
    return near - low, begin_of(near), begin_of(near + 1)
