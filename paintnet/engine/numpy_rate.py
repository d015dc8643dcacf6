"""The step of a painting in few bytes in NumPy: its engine where numba is not installed.

`rate_kernel.py` does the same in compiled code, block by block and run by run. The numbers change only
between two passes: so here levels are enlarged for all blocks at once, and what the blocks and runs of a pass
give for the numbers is added up at its end. Values lie as [unit][pixel].
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.sparse import csr_matrix

from paintnet.blas import OneBlasThread
from paintnet.coding.context import context_shapes
from paintnet.coding.layout import RUN
from paintnet.engine.blocks import SIDE
from paintnet.engine.rate_state import Net, RateState, windows
from paintnet.engine.rate_step import RateStep, cross_entropy
from paintnet.typing import Array

ONE, HALF, LN_2 = np.float32(1), np.float32(0.5), np.float32(np.log(2))

SCALES = np.float32(-3.5), np.float32(4.5)
"""Bounds of a scale's logarithm, as in the kernel."""

LEAST_CHANCE = np.float32(1e-6)
"""Of a number: every one has a least chance in the file, too."""

AT_ONCE = 32
"""Blocks or runs from which nothing is learned."""


class NumpyRate(RateStep):
    """Passes over a state; changes it in place.

    Parameters
    ----------
    state : RateState
        What is learned.
    """

    def __init__(self, state: RateState) -> None:
        super().__init__(state, 1)
        self._levels = _Levels(state)
        self._one_thread = OneBlasThread()
        self._places = np.arange(state.layout.size, dtype=np.uint32) * np.uint32(0x9E3779B9)
        self._decoder_shapes = state.shape.decoder
        self._model_shapes = context_shapes(state.layout.n_levels, state.shape.context)

    def quantize(self, temperature: float, amplitude: float, seed: int) -> None:
        """Write what the losses see of the numbers: rounded softly, with noise, and rounded softly again."""
        state = self.state
        once, slope = _soft_round(state.y, temperature)
        once += _noise(self._places, seed) * np.float32(amplitude)
        twice, slope_2 = _soft_round(once, temperature)
        np.multiply(twice, state.valid, out=state.q)
        np.multiply(slope, slope_2, out=state.slope)

    def update_numbers(self, adam: Array) -> None:
        """Move the pyramid's numbers by the gradients of the last passes."""
        state = self.state
        state.steps["numbers"] += 1
        gradient = self.gradient[0] * state.slope
        gradient *= state.valid
        units = np.empty(0, np.int64)
        _adam(Net(state.y, state.first, state.second, units), gradient, adam, state.steps["numbers"])
        self.drop_gradients()

    def _paint_epoch(self, order: Array, adam: Array) -> float:
        state, net, blocks = self.state, self.state.decoder, self.state.blocks
        gradient = np.empty_like(net.weights)
        gains, *layers = windows(net.weights, self._decoder_shapes)
        by_gains, *by_layers = windows(gradient, self._decoder_shapes)
        total = 0.0
        with self._one_thread:
            u = self._levels.enlarged(state.q)
            by_u = np.zeros_like(u)
            for number, batch in enumerate(_batches(order, self.blocks_at_once)):
                seen = _side_by_side(u[:, batch])
                values = _forward(layers, gains[:, None] * seen)
                targets = _side_by_side(blocks.targets[batch].swapaxes(0, 1))
                lost = _surprise_of_classes if blocks.is_classes else _square_of_colors
                error, by_out = lost(values[-1], targets, blocks.mask[batch].ravel())
                total += error
                delta = _backward(layers, values, by_out, by_layers)
                np.sum(delta * seen, axis=1, out=by_gains)
                delta *= gains[:, None]
                by_u[:, batch] = delta.reshape(len(gains), len(batch), -1)
                _adam(net, gradient, adam, state.steps["decoder"] + number + 1)
            self._levels.pull_back(by_u, self.gradient[0])
        return total

    def _painted(self, order: Array, weights: Array) -> Array:
        state = self.state
        gains, *layers = windows(weights, self._decoder_shapes)
        out = np.empty((len(order), state.shape.channels, SIDE * SIDE), np.float32)
        with self._one_thread:
            u, done = self._levels.enlarged(state.q), 0
            for batch in _batches(order, AT_ONCE):
                painted = _forward(layers, gains[:, None] * _side_by_side(u[:, batch]))[-1]
                out[done : done + len(batch)] = painted.reshape(len(painted), len(batch), -1).swapaxes(0, 1)
                done += len(batch)
        return out

    def _rate_epoch(self, order: Array, weight: np.float32, adam: Array, *, learns: bool) -> float:
        state, net, runs = self.state, self.state.model, self.state.runs
        gradient = np.empty_like(net.weights)
        biases, first, *layers = windows(net.weights, self._model_shapes)
        by_biases, by_first, *by_layers = windows(gradient, self._model_shapes)
        n_own, n_above = runs.neighbors.shape[1], runs.parent_neighbors.shape[1]
        kept = len(runs.places) if learns else 0
        by_x, by_own, by_above = (np.zeros((n, kept, RUN), np.float32) for n in (1, n_own, n_above))
        total = 0.0
        with self._one_thread:
            for number, batch in enumerate(_batches(order, self.runs_at_once if learns else AT_ONCE)):
                levels, seen = runs.levels[batch], self._seen(batch)
                sums = first.T @ seen
                sums.reshape(-1, len(batch), RUN)[:] += biases[levels].T[:, :, None]
                values = _forward(layers, np.maximum(sums, 0, out=sums))
                mean, scale = values[-1]
                numbers, valid = self._run_values(state.q, batch), self._run_values(runs.valid, batch)
                bits, *by_last, by_numbers = _count_bits(numbers, valid, mean, scale, weight)
                total += bits
                if not learns:
                    continue
                by_x[0, batch] = by_numbers.reshape(-1, RUN)
                delta = _backward(layers, values, np.stack(by_last), by_layers)
                delta *= values[0] > 0
                np.matmul(seen, delta.T, out=by_first)
                by_biases[:] = 0
                np.add.at(by_biases, levels, delta.reshape(-1, len(batch), RUN).sum(axis=2).T)
                by_seen = (first @ delta).reshape(-1, len(batch), RUN)
                by_own[:, batch], by_above[:, batch] = by_seen[:n_own], by_seen[n_own:]
                _adam(net, gradient, adam, state.steps["model"] + number + 1)
        if learns:
            self._add_runs(by_x, np.zeros((len(biases), 1), np.int64), self.gradient[0])
            self._add_runs(by_own, runs.neighbors, self.gradient[0])
            self._add_runs(by_above, runs.parent_neighbors, self.parent_gradient[0])
        return total

    def _run_values(self, flat: Array, batch: Array) -> Array:
        return np.asarray(sliding_window_view(flat, RUN)[self.state.runs.places[batch]]).ravel()

    def _seen(self, batch: Array) -> Array:
        """What is seen from the numbers of runs, (seen, numbers)."""
        state, runs = self.state, self.state.runs
        places, levels = runs.places[batch], runs.levels[batch]
        parts = [
            sliding_window_view(flat, RUN)[(places[:, None] + offsets[levels]).T]
            for flat, offsets in ((state.q, runs.neighbors), (state.parent, runs.parent_neighbors))
        ]
        return _side_by_side(np.concatenate(parts))

    def _add_runs(self, values: Array, offsets: Array, gradient: Array) -> None:
        """Add what all runs give for the numbers at some offsets from theirs, (offsets, runs, numbers)."""
        layout = self.state.layout
        first = 0
        for level, (base, n_runs) in enumerate(zip(layout.bases, layout.runs, strict=True)):
            # Runs of a level follow one another, in the flat array too.
            for by_number, offset in zip(values[:, first : first + n_runs], offsets[level], strict=True):
                gradient[base + offset : base + offset + n_runs * RUN] += by_number.ravel()
            first += n_runs


class _Levels:
    """Enlarges all levels to the pixels of all blocks, one axis after the other."""

    def __init__(self, state: RateState) -> None:
        self._layout, self._columns = state.layout, state.blocks.columns
        self._rows = len(state.blocks.targets) // self._columns
        pyramid, layout = state.pyramid, state.layout
        self._down = [
            _matrix(pyramid.down[level], pyramid.down_weights[level], count)
            for level, count in enumerate(layout.rows)
        ]
        self._across = [
            _matrix(pyramid.across[level], pyramid.across_weights[level], count)
            for level, count in enumerate(layout.columns)
        ]
        self._numbers: Array = np.empty(0, np.float32)
        self._kept: Array = self._numbers

    def enlarged(self, q: Array) -> Array:
        """Values of all levels, (levels, blocks, pixels); to be read only."""
        # Weights are weighed by many errors with the same numbers.
        if not np.array_equal(self._numbers, q):
            levels = enumerate(zip(self._down, self._across, strict=True))
            planes = [(across @ (down @ self._layout.view(q, level)).T).T for level, (down, across) in levels]
            tiles = np.stack(planes).reshape(len(planes), self._rows, SIDE, self._columns, SIDE)
            self._kept = tiles.swapaxes(2, 3).reshape(len(planes), -1, SIDE**2)
            self._numbers = q.copy()
        return self._kept

    def pull_back(self, by_values: Array, gradient: Array) -> None:
        """Add the gradient by the numbers; `enlarged` backwards."""
        tiles = by_values.reshape(-1, self._rows, self._columns, SIDE, SIDE).swapaxes(2, 3)
        planes = tiles.reshape(len(tiles), self._rows * SIDE, -1)
        for level, (down, across) in enumerate(zip(self._down, self._across, strict=True)):
            numbers = (across.T @ (down.T @ planes[level]).T).T
            self._layout.view(gradient, level)[...] += numbers


def _matrix(numbers: Array, weights: Array, count: int) -> csr_matrix:
    """Weights of the numbers of one level at the pixels along an axis, (pixels, numbers)."""
    pixels = np.repeat(np.arange(len(numbers)), numbers.shape[1])
    return csr_matrix((weights.ravel(), (pixels, numbers.ravel())), shape=(len(numbers), count))


def _batches(order: Array, at_once: int) -> Iterator[Array]:
    return (order[begin : begin + at_once] for begin in range(0, len(order), at_once))


def _side_by_side(values: Array) -> Array:
    """Values (units, blocks, pixels) as (units, pixels of all blocks)."""
    return np.ascontiguousarray(values).reshape(len(values), -1)


def _forward(layers: Sequence[Array], values: Array) -> list[Array]:
    """Values before and behind each layer, given as weights and biases in turn; the last one is linear."""
    found = [values]
    for weights, biases in zip(layers[::2], layers[1::2], strict=True):
        sums = weights.T @ found[-1]
        sums += biases[:, None]
        found.append(sums)
        if len(found) <= len(layers) // 2:
            np.maximum(sums, 0, out=sums)
    return found


def _backward(layers: Sequence[Array], values: list[Array], delta: Array, gradients: list[Array]) -> Array:
    """Gradients by weights and biases; returns that by what went into the first of these layers."""
    for at in range(len(layers) - 2, -1, -2):
        before = values[at // 2]
        np.matmul(before, delta.T, out=gradients[at])
        np.sum(delta, axis=1, out=gradients[at + 1])
        delta = layers[at] @ delta
        if at:
            delta *= before > 0
    return delta


def _adam(net: Net, gradient: Array, adam: Array, step: int) -> None:
    """Update in place; adam is (rate, beta_1, beta_2, epsilon)."""
    rate, beta_1, beta_2, epsilon = adam
    correction = np.sqrt(1 - float(beta_2) ** step) / (1 - float(beta_1) ** step)
    net.first[:] = beta_1 * net.first + (ONE - beta_1) * gradient
    net.second[:] = beta_2 * net.second + (ONE - beta_2) * np.square(gradient)
    net.weights[:] -= np.float32(rate * correction) * net.first / (np.sqrt(net.second) + epsilon)


def _square_of_colors(outputs: Array, targets: Array, seen: Array) -> tuple[float, Array]:
    """Squared error, the mean over channels, and its gradient by the outputs."""
    errors = (outputs - targets) * seen
    total = float(np.square(errors, dtype=np.float64).sum()) / len(outputs)
    errors *= np.float32(2 / len(outputs))
    return total, errors


def _surprise_of_classes(outputs: Array, targets: Array, seen: Array) -> tuple[float, Array]:
    """Cross-entropy in nats, and its gradient by the outputs; of two classes there is one."""
    scores = np.concatenate([np.zeros_like(outputs), outputs]) if len(outputs) == 1 else outputs
    chances = np.exp(scores - scores.max(axis=0))
    chances /= chances.sum(axis=0)
    labels = targets[0].astype(np.int64)[None]
    total = float((cross_entropy(scores[None], labels)[0] * seen).sum())
    np.put_along_axis(chances, labels, np.take_along_axis(chances, labels, axis=0) - ONE, axis=0)
    chances *= seen
    return total, chances[-len(outputs) :]


def _soft_round(y: Array, temperature: float) -> tuple[Array, Array]:
    """Round softly; the values and their slopes, as in the kernel."""
    norm = np.float32(0.5 / np.tanh(0.5 / temperature))
    middle = np.floor(y) + HALF
    t = np.tanh((y - middle) / np.float32(temperature))
    return middle + t * norm, (ONE - t * t) * (norm / np.float32(temperature))


def _noise(places: Array, seed: int) -> Array:
    """Uniform in [-1/2, 1/2), by a hash of place and seed; the kernel's to the bit."""
    h = places ^ np.uint32(seed)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h ^= h >> np.uint32(shift)
        h *= np.uint32(factor)
    h ^= h >> np.uint32(16)
    return (h >> np.uint32(8)).astype(np.float32) * np.float32(1 / 16777216) - HALF


def _count_bits(
    x: Array, valid: Array, mean: Array, scale: Array, weight: np.float32
) -> tuple[float, Array, Array, Array]:
    """Bits under Laplace distributions, and `weight` times their gradients by mean, scale and number."""
    s = np.clip(scale, *SCALES)
    inverse = np.exp(-s)
    d = x - mean
    v = np.abs(d)
    near, far = np.abs(v - HALF), v + HALF
    e_near, e_far = np.exp(-near * inverse), np.exp(-far * inverse)
    outside = v >= HALF
    chance = np.where(outside, HALF * (e_near - e_far), ONE - HALF * (e_near + e_far))
    np.maximum(chance, LEAST_CHANCE, out=chance)
    f = weight * valid / (chance * LN_2)
    by_x = HALF * (e_near - e_far) * inverse * f
    np.negative(by_x, out=by_x, where=d <= 0)
    by_scale = -HALF * (np.where(outside, e_near, -e_near) * near - e_far * far) * inverse * f
    # At its bounds a scale may only come back.
    by_scale[((scale > s) & (by_scale < 0)) | ((scale < s) & (by_scale > 0))] = 0
    return float(-(np.log2(chance) * valid).sum(dtype=np.float64)), -by_x, by_scale, by_x
