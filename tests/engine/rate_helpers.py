"""Steps of a training for few bytes, and the oracle of their gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from paintnet.coding.layout import Layout
from paintnet.engine.numpy_rate import NumpyRate
from paintnet.engine.rate_state import RateState
from paintnet.engine.rate_step import RateStep


def step_over(
    targets: np.ndarray[Any, Any], rng: np.random.Generator, engine: str, n_classes: int | None = None
) -> RateStep:
    """A step over a picture of 37 x 20 pixels, of which some are not learned, amid its training."""
    mask = np.ones((20, 37), np.float32)
    mask[3:5, 6:30] = 0
    state = RateState(Layout(37, 20, (1, 2, 4)), targets, mask, (5, 4), (4, 3), 0.5, rng, n_classes)
    state.y[:] = rng.normal(size=state.layout.size) * 2 * state.valid
    state.q[:] = state.y
    if engine == "numpy":
        return NumpyRate(state)
    from paintnet.engine.compiled_rate import CompiledRate

    return CompiledRate(state, 2)


def check_gradients(
    step: RateStep, loss: Callable[[], float], rng: np.random.Generator, tolerance: float
) -> None:
    """The gradient by a number of each level is what small changes of that number make of the loss."""
    state = step.state
    step.drop_gradients()
    loss()
    gradient = step.gradient.sum(axis=0)
    for level in range(state.layout.n_levels):
        row, column = (int(rng.integers(each[level])) for each in (state.layout.rows, state.layout.columns))
        at = state.layout.bases[level] + row * state.layout.strides[level] + column
        kept, slopes = state.q[at], []
        for change in (0.01, -0.01):
            state.q[at] = kept + np.float32(change)
            slopes.append(loss())
        state.q[at] = kept
        assert gradient[at] == pytest.approx((slopes[0] - slopes[1]) / 0.02, rel=0.05, abs=tolerance)
