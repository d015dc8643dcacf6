"""The compiled step of a painting in few bytes: passes over blocks and runs, through the kernel."""

from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from paintnet.coding.layout import Layout
from paintnet.engine.blocks import SIDE
from paintnet.engine.code_cache import RATE_KERNEL
from paintnet.engine.compiler import warmed_up
from paintnet.engine.rate_state import RateState
from paintnet.typing import Array

STRIPES = 4
"""Sums of gradients side by side, and so threads at most: a constant, since a sum depends on it."""

BLOCKS_AT_ONCE, RUNS_AT_ONCE = (4, 16), (4, 32)
"""In an update of the decoder, and in one of the context model, at least and at most."""

BLOCK_UPDATES, RUN_UPDATES = 96, 64
"""Updates in an epoch, where there are enough blocks and runs."""

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


class CompiledRate:
    """Passes over a state; changes it in place.

    Parameters
    ----------
    state : RateState
        What is learned.
    threads : int
        How many run at a time; the result does not depend on it.
    """

    def __init__(self, state: RateState, threads: int) -> None:
        self.state = state
        numba: Any = import_module("numba")
        self._set_threads, self._threads = numba.set_num_threads, min(threads, numba.config.NUMBA_NUM_THREADS)
        n, pixels = state.layout.size, SIDE * SIDE
        self.gradient = np.zeros((STRIPES, n), np.float32)
        self.parent_gradient = np.zeros((STRIPES, n), np.float32)
        # A small picture has few blocks, and its networks shall have updates all the same.
        self._blocks_at_once = int(np.clip(len(state.blocks.targets) // BLOCK_UPDATES, *BLOCKS_AT_ONCE))
        self._runs_at_once = int(np.clip(len(state.runs.places) // RUN_UPDATES, *RUNS_AT_ONCE))
        n_units, n_context = int(state.decoder.units.sum()), int(state.model.units.sum())
        values, context = (STRIPES, n_units, pixels), (STRIPES, n_context, pixels)
        self.paint_room = PaintRoom(
            np.zeros((STRIPES, state.layout.n_levels, pixels), np.float32),
            np.zeros(values, np.float32),
            np.zeros((STRIPES, LINES, SIDE), np.float32),
            np.zeros(values, np.float32),
            np.zeros((self._blocks_at_once, len(state.decoder.weights)), np.float32),
            np.zeros(self._blocks_at_once),
        )
        self.rate_room = RateRoom(
            np.zeros(context, np.float32),
            np.zeros(context, np.float32),
            np.zeros((self._runs_at_once, len(state.model.weights)), np.float32),
            np.zeros(self._runs_at_once),
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

    def _limit(self) -> None:
        self._set_threads(self._threads)

    def quantize(self, temperature: float, amplitude: float, seed: int) -> None:
        """Write what the losses see of the numbers."""
        state = self.state
        self._limit()
        norm = 0.5 / np.tanh(0.5 / temperature)
        numbers = (np.float32(each) for each in (temperature, norm, amplitude))
        self.kernel.quantize(state.y, state.q, state.slope, state.valid, *numbers, seed, STRIPES)

    def paint_epoch(self, order: Array, adam: Array) -> float:
        """Learn all blocks once; returns the mean error: squared, or of classes the cross-entropy."""
        state = self.state
        self._limit()
        error = self.kernel.paint_epoch(
            order, self._blocks_at_once, state.q, self.gradient, state.pyramid, state.decoder, state.blocks,
            adam, state.steps["decoder"], self.paint_room,
        )  # fmt: skip
        state.steps["decoder"] += -(-len(order) // self._blocks_at_once)
        return float(error) / max(1.0, state.n_learned)

    def rate_epoch(self, order: Array, weight: float, adam: Array, *, learns: bool) -> float:
        """Count the bits of all numbers, and learn to expect them; `weight` is that of their gradients."""
        state, layout = self.state, self.state.layout
        for level in range(layout.n_levels):
            layout.enlarge_parent(state.q, state.parent, level)
        self._limit()
        bits = self.kernel.rate_epoch(
            order, self._runs_at_once, state.runs, state.q, state.parent, self.gradient, self.parent_gradient,
            state.model, np.float32(weight), adam, state.steps["model"], learns, self.rate_room,
        )  # fmt: skip
        if learns:
            state.steps["model"] += -(-len(order) // self._runs_at_once)
            self._give_to_parents()
        else:
            self.gradient[:] = 0
        return float(bits)

    def _give_to_parents(self) -> None:
        """Add to each parent's gradient what the numbers that see it enlarged have."""
        layout = self.state.layout
        gradient = self.parent_gradient.sum(axis=0)
        self.parent_gradient[:] = 0
        for level in range(layout.n_levels - 1):
            high, wide = int(layout.rows[level]) + 1, int(layout.columns[level]) + 1
            base, stride, shift = (int(each[level]) for each in (layout.bases, layout.strides, layout.shifts))
            part = np.lib.stride_tricks.as_strided(gradient[base:], (high, wide), (4 * stride, 4))
            target = layout.view(self.gradient[0], level + 1)
            # What reaches beyond the parent's edge is the edge's.
            for axis, count in enumerate(target.shape):
                starts = np.minimum(np.arange(count) << shift, part.shape[axis] - 1)
                part = np.add.reduceat(part, starts, axis=axis)
            target += part

    def update_numbers(self, adam: Array) -> None:
        """Move the pyramid's numbers by the gradients of the last passes."""
        state = self.state
        state.steps["numbers"] += 1
        self._limit()
        self.kernel.update_numbers(
            state.y, state.slope, state.valid, self.gradient, state.first, state.second, adam,
            state.steps["numbers"],
        )  # fmt: skip

    def drop_gradients(self) -> None:
        """Forget what the last passes gave for the pyramid's numbers."""
        self.gradient[:] = 0

    def error(self, order: Array, weights: Array) -> float:
        """Mean error on some blocks, as in `paint_epoch`, with other weights of the decoder."""
        state, blocks = self.state, self.state.blocks
        self._limit()
        out = np.empty((len(order), int(state.decoder.units[-1]), SIDE * SIDE), np.float32)
        self.kernel.paint(
            order, state.q, state.pyramid, weights, state.decoder.units, blocks, self.paint_room, out
        )
        targets, mask = blocks.targets[order], blocks.mask[order]
        if blocks.is_classes:
            errors = cross_entropy(out, targets[:, 0])
        else:
            errors = np.square(out - targets).mean(axis=1, dtype=np.float64)
        return float((errors * mask).sum() / max(1.0, mask.sum()))


def cross_entropy(scores: Array, labels: Array) -> Array:
    """Nats by which each pixel's class was not expected.

    Parameters
    ----------
    scores : array of shape (blocks, outputs, pixels)
        Before the softmax; with one output, those of class 1, where class 0 has 0.
    labels : array of shape (blocks, pixels)
        Numbers of the classes.

    Examples
    --------
    >>> cross_entropy(np.zeros((1, 4, 1)), np.array([[3]])).round(4).tolist() == [[round(np.log(4), 4)]]
    True
    """
    if scores.shape[1] == 1:
        scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
    highest = scores.max(axis=1)
    total = np.exp(scores - highest[:, None]).sum(axis=1, dtype=np.float64)
    right = np.take_along_axis(scores, labels[:, None].astype(np.int64), axis=1)[:, 0]
    return np.asarray(np.log(total) + highest - right)


def adam_numbers(rate: float, beta_1: float, beta_2: float) -> Array:
    """What the kernel takes: rate, decay of the moments, epsilon."""
    return np.array([rate, beta_1, beta_2, 1e-8], dtype=np.float32)


def smallest_rate() -> CompiledRate:
    """Make the step of one block: the types of its numbers are those of all steps."""
    square = np.zeros((SIDE, SIDE, 1), np.float32)
    random = np.random.default_rng(0)
    state = RateState(Layout(SIDE, SIDE, (1, 2)), square, square[:, :, 0], (1,), (1, 1), 1.0, random)
    return CompiledRate(state, 1)
