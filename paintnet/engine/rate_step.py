"""What passes over a painting in few bytes have in common, whether NumPy or compiled code makes them."""

from abc import ABC, abstractmethod

import numpy as np

from paintnet.engine.rate_state import RateState
from paintnet.typing import Array

BLOCKS_AT_ONCE, RUNS_AT_ONCE = (4, 16), (4, 32)
"""In an update of the decoder, and in one of the context model, at least and at most."""

BLOCK_UPDATES, RUN_UPDATES = 96, 64
"""Updates in an epoch, where there are enough blocks and runs."""


class RateStep(ABC):
    """Passes over a state; changes it in place.

    Parameters
    ----------
    state : RateState
        What is learned.
    stripes : int
        Sums of gradients side by side.
    """

    def __init__(self, state: RateState, stripes: int) -> None:
        self.state = state
        self.gradient = np.zeros((stripes, state.layout.size), np.float32)
        self.parent_gradient = np.zeros_like(self.gradient)
        # A small picture has few blocks, and its networks shall have updates all the same.
        self.blocks_at_once = int(np.clip(len(state.blocks.targets) // BLOCK_UPDATES, *BLOCKS_AT_ONCE))
        self.runs_at_once = int(np.clip(len(state.runs.places) // RUN_UPDATES, *RUNS_AT_ONCE))

    @abstractmethod
    def quantize(self, temperature: float, amplitude: float, seed: int) -> None:
        """Write what the losses see of the numbers."""

    def paint_epoch(self, order: Array, adam: Array) -> float:
        """Learn all blocks once; returns the mean error: squared, or of classes the cross-entropy."""
        state = self.state
        error = self._paint_epoch(order, adam)
        state.steps["decoder"] += -(-len(order) // self.blocks_at_once)
        return error / max(1.0, state.n_learned)

    def rate_epoch(self, order: Array, weight: float, adam: Array, *, learns: bool) -> float:
        """Count the bits of all numbers, and learn to expect them; `weight` is that of their gradients."""
        state, layout = self.state, self.state.layout
        for level in range(layout.n_levels):
            layout.enlarge_parent(state.q, state.parent, level)
        bits = self._rate_epoch(order, np.float32(weight), adam, learns=learns)
        if learns:
            state.steps["model"] += -(-len(order) // self.runs_at_once)
            self._give_to_parents()
        else:
            self.drop_gradients()
        return bits

    @abstractmethod
    def update_numbers(self, adam: Array) -> None:
        """Move the pyramid's numbers by the gradients of the last passes."""

    def drop_gradients(self) -> None:
        """Forget what the last passes gave for the pyramid's numbers."""
        self.gradient[:] = 0

    def error(self, order: Array, weights: Array) -> float:
        """Mean error on some blocks, as in `paint_epoch`, with other weights of the decoder."""
        blocks = self.state.blocks
        out = self._painted(order, weights)
        targets, mask = blocks.targets[order], blocks.mask[order]
        if blocks.is_classes:
            errors = cross_entropy(out, targets[:, 0])
        else:
            errors = np.square(out - targets).mean(axis=1, dtype=np.float64)
        return float((errors * mask).sum() / max(1.0, mask.sum()))

    @abstractmethod
    def _paint_epoch(self, order: Array, adam: Array) -> float:
        """Learn all blocks once; returns the summed error, as in `paint_epoch`."""

    @abstractmethod
    def _rate_epoch(self, order: Array, weight: np.float32, adam: Array, *, learns: bool) -> float:
        """Count bits; where it learns, the gradients are added up."""

    @abstractmethod
    def _painted(self, order: Array, weights: Array) -> Array:
        """Paint some blocks, (blocks, channels, pixels)."""

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
    """What both kinds of step take: rate, decay of the moments, epsilon."""
    return np.array([rate, beta_1, beta_2, 1e-8], dtype=np.float32)
