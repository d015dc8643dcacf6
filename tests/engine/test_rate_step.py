"""The steps of a training for few bytes: gradients, and that NumPy does what compiled code does."""

from typing import Any

import numpy as np
import pytest
from rate_helpers import check_gradients, step_over

from paintnet.engine.compiler import has_compiler
from paintnet.engine.rate_state import RateState
from paintnet.engine.rate_step import RateStep, adam_numbers

needs_numba = pytest.mark.skipif(not has_compiler(), reason="needs numba")
ENGINES = [pytest.param("compiled", marks=needs_numba), "numpy"]


def a_step(engine: str, seed: int) -> RateStep:
    rng = np.random.default_rng(seed)
    return step_over(rng.random((20, 37, 3), dtype=np.float32), rng, engine)


def all_of(state: RateState) -> tuple[Any, Any]:
    return np.arange(len(state.blocks.mask)), np.arange(len(state.runs.places))


@pytest.mark.parametrize("engine", ENGINES)
def test_gradients_by_the_numbers_are_those_of_small_changes(engine: str) -> None:
    rng = np.random.default_rng(2)
    step, still = a_step(engine, 2), adam_numbers(0.0, 0.9, 0.9)
    state = step.state
    blocks, runs = all_of(state)

    def loss() -> float:
        error = step.paint_epoch(blocks, still) * state.n_learned
        return error + 0.1 * step.rate_epoch(runs, 0.1, still, learns=True)

    check_gradients(step, loss, rng, 0.05)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_was_not_learned_does_not_count(engine: str) -> None:
    step = a_step(engine, 3)
    state = step.state
    blocks, _ = all_of(state)
    before = step.error(blocks, state.decoder.weights)
    state.blocks.targets[0, :, 3 * 16 + 6 : 3 * 16 + 16] = 77  # row 3 of the first block, where the mask is 0
    assert step.error(blocks, state.decoder.weights) == before


@needs_numba
def test_numpy_learns_what_compiled_code_learns() -> None:
    """Epoch after epoch, all that a training goes on from is the same to rounding."""
    steps = [a_step(engine, 4) for engine in ("compiled", "numpy")]
    rng = np.random.default_rng(5)
    blocks, runs = all_of(steps[0].state)
    for epoch in range(4):
        rng.shuffle(blocks)
        rng.shuffle(runs)
        found = []
        for step in steps:
            step.quantize(0.3, 0.8, 2**32 - 1 - epoch)
            error = step.paint_epoch(blocks, adam_numbers(0.005, 0.9, 0.99))
            bits = step.rate_epoch(runs, 0.1, adam_numbers(0.01, 0.9, 0.99), learns=True)
            gradient = step.gradient.sum(axis=0)
            step.update_numbers(adam_numbers(0.1, 0.8, 0.9))
            counted = step.rate_epoch(runs[:3], 0.0, adam_numbers(0.0, 0.9, 0.9), learns=False)
            painted = step.error(blocks[:2], step.state.decoder.weights)
            found.append((np.array([error, bits, counted, painted]), gradient))
        np.testing.assert_allclose(found[1][0], found[0][0], rtol=1e-5)
        np.testing.assert_allclose(found[1][1], found[0][1], rtol=1e-4, atol=1e-5)
    assert steps[0].state.steps == steps[1].state.steps
    numbers = [step.state.changing() for step in steps]
    for name, values in numbers[0].items():
        np.testing.assert_allclose(numbers[1][name], values, rtol=1e-4, atol=1e-5, err_msg=name)
