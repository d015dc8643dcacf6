"""What is expected of a number: exact, and bounded whatever the weights."""

import numpy as np
import pytest

from paintnet.coding.context import MOST_MEAN, MOST_SEEN, MOST_SUM, MOST_WEIGHT, ContextModel, context_shapes
from paintnet.coding.layout import N_SEEN
from paintnet.coding.tables import LOWEST, SCALES


def by_hand(model: ContextModel, seen: list[int], level: int) -> tuple[int, int]:
    """The same in Python's integers, as the file format says."""
    parts = [each.astype(int).tolist() for each in model.parameters]
    first_bias, first, second, second_bias, last, last_bias = parts

    def sums(values: list[int], weights: list[list[int]]) -> list[int]:
        return [
            sum(value * row[unit] for value, row in zip(values, weights, strict=True))
            for unit in range(len(weights[0]))
        ]

    def held(value: int, low: float, high: float) -> int:
        return min(max(value, int(low)), int(high))

    values = [held(value, -MOST_SEEN, MOST_SEEN) for value in seen]
    values = [held(s + b, 0, MOST_SUM) for s, b in zip(sums(values, first), first_bias[level], strict=True)]
    values = [
        held((s + b * 4096 + 2048) // 4096, 0, MOST_SUM)
        for s, b in zip(sums(values, second), second_bias, strict=True)
    ]
    mean, scale = (
        (s + b * 4096 + (1 << 19)) // (1 << 20) for s, b in zip(sums(values, last), last_bias, strict=True)
    )
    return held(mean, -MOST_MEAN, MOST_MEAN), held(scale - LOWEST, 0, SCALES - 1)


@pytest.mark.parametrize("weights", [3000, MOST_WEIGHT])
@pytest.mark.parametrize("most", [1, 8, 1024, 65_000])
def test_it_is_what_whole_numbers_of_any_length_come_to(weights: int, most: int) -> None:
    random = np.random.default_rng(most)
    shapes = context_shapes(2, (16, 16))
    model = ContextModel([random.integers(-weights, weights + 1, shape).astype(float) for shape in shapes])
    seen = random.integers(-most, most + 1, (N_SEEN, 40))
    column = np.concatenate([seen, np.ones((1, 40))]).astype(float)
    for level in range(2):
        expected = [by_hand(model, each.tolist(), level) for each in seen.T]
        for told in (float(most), 1e6):
            mean, scale = model.of_level(level, told)(column)
            assert list(zip(mean.tolist(), scale.tolist(), strict=True)) == expected


def test_the_largest_sums_are_exact() -> None:
    shapes = context_shapes(1, (16, 16))
    model = ContextModel([np.full(shape, float(MOST_WEIGHT - n)) for n, shape in enumerate(shapes)])
    seen = np.arange(N_SEEN) + int(MOST_SEEN) - N_SEEN
    column = np.append(seen, 1.0)[:, None]
    mean, scale = model.of_level(0)(column)
    assert (int(mean[0]), int(scale[0])) == by_hand(model, seen.tolist(), 0)
