"""Slopes, and writing in place; values by hand are in tests/lesson/test_neuron.py."""

import numpy as np
import pytest

from paintnet.activations import HIDDEN, LESSON, OUTPUT


@pytest.mark.parametrize("name", HIDDEN)
def test_the_slope_is_the_derivative_written_in_the_value(name: str) -> None:
    function, slope, _ = HIDDEN[name]
    assert slope is not None
    z, h = np.array([-2.3, -0.4, 0.7, 3.1]), 1e-6
    gradient = np.full(4, 2.0)
    slope(function(z), gradient)
    assert gradient == pytest.approx((function(z + h) - function(z - h)) / h, rel=1e-6)


@pytest.mark.parametrize(
    "function",
    dict.fromkeys(a.function for a in (*OUTPUT.values(), *LESSON.values(), *HIDDEN.values())),
)
def test_writing_in_place_gives_the_same_values(function: object) -> None:
    z = np.random.default_rng(0).normal(0, 3, (5, 4)).astype(np.float32)
    expected = function(z.copy())  # type: ignore[operator]
    assert function(z, out=z) is z  # type: ignore[operator]
    assert z.tobytes() == expected.tobytes()


def test_kernel_codes_differ() -> None:
    codes = [activation.code for activation in (HIDDEN | OUTPUT).values()]
    assert sorted(codes) == list(range(len(codes)))
