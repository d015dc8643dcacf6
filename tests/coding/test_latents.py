"""Numbers are read from any bytes as the file format says, one after the other, in whole numbers."""

import numpy as np
import pytest

from paintnet.coding.context import ContextModel, context_shapes, seen_at
from paintnet.coding.latents import Ranges, decode_latents, encode_latents
from paintnet.coding.layout import Layout
from paintnet.coding.range_coder import RangeDecoder, RangeEncoder
from paintnet.coding.tables import TOTAL, intervals
from paintnet.typing import Array


def a_model(weights: int, seed: int = 0) -> ContextModel:
    random = np.random.default_rng(seed)
    shapes = context_shapes(2, (5, 6))
    return ContextModel([random.integers(-weights, weights + 1, shape).astype(float) for shape in shapes])


def one_by_one(content: bytes, layout: Layout, ranges: Ranges, model: ContextModel) -> Array | None:
    """Read as slowly as it is simple; None where the bytes end too early."""
    decoder = RangeDecoder(content)
    flat, parent = np.zeros(layout.size), np.zeros(layout.size)
    for level in reversed(range(layout.n_levels)):
        low, high = ranges[level]
        if low == high:
            layout.view(flat, level)[...] = low
            continue
        layout.enlarge_parent(flat, parent, level)
        numbers = np.arange(low, high + 1)
        places = layout.waves_of(np.arange(layout.size), level)
        for wave, first, end in layout.waves(level):
            for place in places[wave, first:end]:
                seen = seen_at(layout, np.array([place]), flat, parent, level)
                mean, scale = (int(each[0]) for each in model.of_level(level)(seen))
                begins, lengths = intervals(numbers, 0 * numbers + mean, 0 * numbers + scale, low, high)
                point = decoder.seek(TOTAL + high - low + 1)
                index = int(np.searchsorted(begins, point, "right")) - 1
                decoder.take(int(begins[index]), int(lengths[index]))
                flat[place] = numbers[index]
            if decoder.is_overdrawn:
                return None
    return flat


def decoded(content: bytes, layout: Layout, ranges: Ranges, model: ContextModel) -> Array | None:
    try:
        return decode_latents(RangeDecoder(content), layout, ranges, model)
    except ValueError:
        return None


RANGES: list[Ranges] = [
    [(-3, 4), (-6, 9)],
    [(0, 1), (5, 5)],
    [(-600, 20_000), (-32_767, 32_767)],
    [(3, 9), (-9, -2)],
]


@pytest.mark.parametrize("ranges", RANGES)
@pytest.mark.parametrize("weights", [500, 40_000])
def test_any_bytes_are_read_as_one_by_one(ranges: Ranges, weights: int) -> None:
    layout, model, random = Layout(11, 6, (1, 2)), a_model(weights), np.random.default_rng(1)
    ended = 0
    for length in (0, 3, 8, 20, 60, 400):
        for content in (random.bytes(length), b"\xff" * length, b"\0" * length):
            expected = one_by_one(content, layout, ranges, model)
            found = decoded(content, layout, ranges, model)
            assert (found is None) == (expected is None)
            if found is not None:
                np.testing.assert_array_equal(found, expected)
            ended += found is None
    assert ended < 18


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (12, 7)])
def test_what_is_written_is_read_again(size: tuple[int, int]) -> None:
    layout, model, random = Layout(*size, (1, 2)), a_model(3000), np.random.default_rng(2)
    for ranges in RANGES:
        flat = np.zeros(layout.size)
        for level, (low, high) in enumerate(ranges):
            view = layout.view(flat, level)
            view[...] = random.integers(low, high + 1, view.shape)
        encoder = RangeEncoder()
        encode_latents(encoder, layout, flat, ranges, model)
        found = decoded(encoder.finish(), layout, ranges, model)
        assert found is not None
        np.testing.assert_array_equal(found, flat)


def test_too_few_bytes_are_refused() -> None:
    layout, ranges = Layout(11, 6, (1, 2)), RANGES[2]
    with pytest.raises(ValueError, match="it ends before all numbers are read"):
        decode_latents(RangeDecoder(b"123"), layout, ranges, a_model(500))
