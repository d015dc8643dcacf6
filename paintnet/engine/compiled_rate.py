"""The compiled step of a painting in few bytes: passes over blocks and runs, through the kernel."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from paintnet.coding.layout import Layout
from paintnet.engine.blocks import SIDE
from paintnet.engine.code_cache import RATE_KERNEL
from paintnet.engine.compiler import run_alone, warmed_up
from paintnet.engine.rate_state import RateState
from paintnet.engine.rate_step import RateStep, adam_numbers
from paintnet.typing import Array

STRIPES = 4
"""Sums of gradients side by side, and so threads at most: a constant, since a sum depends on it."""

LINES = 24
"""Rows of a level that a block touches, and some."""


class PaintRoom(NamedTuple):
    """Room for the values of each stripe, and for what each block of a batch gives."""

    u: Array
    a: Array
    lines: Array
    delta: Array
    gradients: Array
    losses: Array


class RateRoom(NamedTuple):
    """The same for runs."""

    a: Array
    delta: Array
    gradients: Array
    losses: Array


class CompiledRate(RateStep):
    """Passes over a state; changes it in place.

    Parameters
    ----------
    state : RateState
        What is learned.
    threads : int
        How many run at a time; the result does not depend on it.
    """

    def __init__(self, state: RateState, threads: int) -> None:
        super().__init__(state, STRIPES)
        numba: Any = import_module("numba")
        self._set_threads, self._threads = numba.set_num_threads, min(threads, numba.config.NUMBA_NUM_THREADS)
        pixels = SIDE * SIDE
        n_units, n_context = int(state.decoder.units.sum()), int(state.model.units.sum())
        values, context = (STRIPES, n_units, pixels), (STRIPES, n_context, pixels)
        self.paint_room = PaintRoom(
            np.zeros((STRIPES, state.layout.n_levels, pixels), np.float32),
            np.zeros(values, np.float32),
            np.zeros((STRIPES, LINES, SIDE), np.float32),
            np.zeros(values, np.float32),
            np.zeros((self.blocks_at_once, len(state.decoder.weights)), np.float32),
            np.zeros(self.blocks_at_once),
        )
        self.rate_room = RateRoom(
            np.zeros(context, np.float32),
            np.zeros(context, np.float32),
            np.zeros((self.runs_at_once, len(state.model.weights)), np.float32),
            np.zeros(self.runs_at_once),
        )
        self.kernel: Any = warmed_up(self._warm_up, RATE_KERNEL)

    def _warm_up(self, kernel: Any) -> None:
        """Run all of the kernel on nothing: to load it, or to compile it."""
        self.kernel = kernel
        nothing, rest = np.arange(0), adam_numbers(0.0, 0.9, 0.9)
        self.quantize(1.0, 1.0, 0)
        self.paint_epoch(nothing, rest)
        self.rate_epoch(nothing, 0.0, rest, learns=True)
        self.error(nothing, self.state.decoder.weights)
        self.update_numbers(rest)
        self.state.steps.update(dict.fromkeys(self.state.steps, 0))

    def _run(self, run: Callable[..., Any], *arguments: Any) -> Any:
        self._set_threads(self._threads)
        return run_alone(run, *arguments)

    def quantize(self, temperature: float, amplitude: float, seed: int) -> None:
        """Write what the losses see of the numbers."""
        state = self.state
        norm = 0.5 / np.tanh(0.5 / temperature)
        numbers = (np.float32(each) for each in (temperature, norm, amplitude))
        arrays = state.y, state.q, state.slope, state.valid
        self._run(self.kernel.quantize, *arrays, *numbers, seed, STRIPES)

    def _paint_epoch(self, order: Array, adam: Array) -> float:
        state = self.state
        error = self._run(
            self.kernel.paint_epoch, order, self.blocks_at_once, state.q, self.gradient, state.pyramid,
            state.decoder, state.blocks, adam, state.steps["decoder"], self.paint_room,
        )  # fmt: skip
        return float(error)

    def _rate_epoch(self, order: Array, weight: np.float32, adam: Array, *, learns: bool) -> float:
        state = self.state
        bits = self._run(
            self.kernel.rate_epoch, order, self.runs_at_once, state.runs, state.q, state.parent,
            self.gradient, self.parent_gradient, state.model, weight, adam, state.steps["model"], learns,
            self.rate_room,
        )  # fmt: skip
        return float(bits)

    def update_numbers(self, adam: Array) -> None:
        """Move the pyramid's numbers by the gradients of the last passes."""
        state = self.state
        state.steps["numbers"] += 1
        self._run(
            self.kernel.update_numbers, state.y, state.slope, state.valid, self.gradient, state.first,
            state.second, adam, state.steps["numbers"],
        )  # fmt: skip

    def _painted(self, order: Array, weights: Array) -> Array:
        state = self.state
        out = np.empty((len(order), state.shape.channels, SIDE * SIDE), np.float32)
        self._run(
            self.kernel.paint,
            order,
            state.q,
            state.pyramid,
            weights,
            state.decoder.units,
            state.blocks,
            self.paint_room,
            out,
        )
        return out


def smallest_rate() -> CompiledRate:
    """Make the step of one block: the types of its numbers are those of all steps."""
    square = np.zeros((SIDE, SIDE, 1), np.float32)
    random = np.random.default_rng(0)
    state = RateState(Layout(SIDE, SIDE, (1, 2)), square, square[:, :, 0], (1,), (1, 1), 1.0, random)
    return CompiledRate(state, 1)
