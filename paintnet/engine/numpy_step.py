"""One training step in NumPy: the engine where numba is not installed.

`kernel.py` does the same in compiled code; the tests hold both against
scikit-learn's own step.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from paintnet.activations import HIDDEN, OUTPUT
from paintnet.blas import OneBlasThread
from paintnet.engine.block_state import AdamRates, BlockState
from paintnet.engine.blocks import SIDE, BlockPlan
from paintnet.typing import Array


@dataclass(eq=False)
class NumpyStep:
    """Runs batches of blocks through forward, backward and Adam.

    Parameters
    ----------
    plan : BlockPlan
        Where blocks and vertices lie.
    state : BlockState
        Weights, targets and moments; changed in place.
    """

    plan: BlockPlan
    state: BlockState
    _one_thread: OneBlasThread = field(default_factory=OneBlasThread)

    def train(self, batches: list[tuple[Array, Array]], grid: AdamRates, dense: AdamRates) -> float:
        """Train on the batches in turn; returns the sum of the losses of their pixels."""
        total = 0.0
        with self._one_thread:
            for number, (rows, columns) in enumerate(batches):
                total += self._batch(rows, columns, grid, replace(dense, step=dense.step + number))
        return total

    def _batch(self, rows: Array, columns: Array, grid: AdamRates, dense: AdamRates) -> float:
        mask = self._blocks_of(self.state.mask[None], rows, columns)
        n_pixels = max(1.0, float(mask.sum()))
        vertices = self._vertices(rows, columns)
        activations = self._forward(vertices, rows, columns)
        loss, delta = self._output(activations[-1], rows, columns)
        delta *= mask / np.float32(n_pixels)
        total = float((loss * mask[:, 0]).sum())
        if self.state.emphasis:
            total = n_pixels**2 * _emphasize(delta, self.state.emphasis)
        delta = self._backward(activations, delta, n_pixels)
        self._update_grid(vertices, delta, rows, columns, grid, n_pixels)
        self.state.update_dense(dense)
        return total

    def _vertices(self, rows: Array, columns: Array) -> Array:
        """Numbers of the vertices of each block's patch, (blocks, rows, columns); -1 past a smaller one."""
        row, column = np.arange(self.plan.down.shape[2])[:, None], np.arange(self.plan.across.shape[2])
        top, left, high, wide = (
            values[:, None, None]
            for values in (
                self.plan.top[rows],
                self.plan.left[columns],
                self.plan.high[rows],
                self.plan.wide[columns],
            )
        )
        numbers = (top + row) * self.plan.stride + left + column
        return np.where((row < high) & (column < wide), numbers, -1)

    def _forward(self, vertices: Array, rows: Array, columns: Array) -> list[Array]:
        state = self.state
        blocks, high, wide = vertices.shape
        values = state.table[vertices.ravel()].reshape(blocks, high, -1)
        lines = (self.plan.down[rows] @ values).reshape(blocks, SIDE, wide, -1)
        sums = self.plan.across[columns][:, None] @ lines
        hidden = HIDDEN[state.activation].function
        z = sums.reshape(-1, state.table.shape[1])
        z += state.biases[0]
        activations = [hidden(z, out=z)]
        for weight, bias in zip(state.weights, state.biases[1:], strict=True):
            z = activations[-1] @ weight
            z += bias
            activations.append(z if weight is state.weights[-1] else hidden(z, out=z))
        return activations

    def _output(self, z: Array, rows: Array, columns: Array) -> tuple[Array, Array]:
        """Loss of each pixel, as scikit-learn defines it, and its gradient by z (both unmasked)."""
        targets = self._blocks_of(self.state.targets, rows, columns)
        delta = OUTPUT[self.state.output].function(z, out=z)
        if self.state.output == "softmax":
            label = targets[:, 0].astype(np.intp)
            pixel = np.arange(len(label))
            loss = -np.log(np.maximum(delta[pixel, label], np.finfo(np.float32).tiny))
            delta[pixel, label] -= 1
            return loss, delta
        if self.state.output == "logistic":
            chance = np.clip(delta, 1e-7, 1 - 1e-7)
            loss = -(targets * np.log(chance) + (1 - targets) * np.log(1 - chance)).sum(axis=1)
            return loss, delta - targets
        delta -= targets
        return (delta * delta).mean(axis=1) / 2, delta

    def _backward(self, activations: list[Array], delta: Array, n_pixels: float) -> Array:
        """Leave the dense gradients in the state; returns the gradient by the first sums."""
        state = self.state
        slope = HIDDEN[state.activation].slope
        assert slope is not None  # noqa: S101 - every hidden activation has one; told to mypy
        for layer in range(len(state.weights) - 1, -1, -1):
            weight = state.weights[layer]
            np.matmul(activations[layer].T, delta, out=state.weight_grads[layer])
            state.weight_grads[layer] += np.float32(state.alpha / n_pixels) * weight
            delta.sum(axis=0, out=state.bias_grads[layer + 1])
            delta = delta @ weight.T
            slope(activations[layer], delta)
        delta.sum(axis=0, out=state.bias_grads[0])
        return delta

    def _update_grid(
        self, vertices: Array, delta: Array, rows: Array, columns: Array, adam: AdamRates, n_pixels: float
    ) -> None:
        blocks = len(vertices)
        lines = self.plan.across[columns].transpose(0, 2, 1)[:, None] @ delta.reshape(blocks, SIDE, SIDE, -1)
        patches = self.plan.down[rows].transpose(0, 2, 1) @ lines.reshape(blocks, SIDE, -1)
        # No two blocks of a batch share a vertex, so plain assignment loses nothing.
        touched = vertices.ravel()
        gradient = patches.reshape(len(touched), -1)
        if (self.plan.high[rows].min(), self.plan.wide[columns].min()) != vertices.shape[1:]:
            gradient, touched = gradient[touched >= 0], touched[touched >= 0]
        self.state.update_grid(touched, gradient, adam, n_pixels)

    def _blocks_of(self, values: Array, rows: Array, columns: Array) -> Array:
        """Values (channels, height, width) of the blocks, (pixels of all blocks, channels)."""
        channels = len(values)
        tiles = values.reshape(channels, self.plan.rows, SIDE, self.plan.columns, SIDE)
        return tiles[:, rows, :, columns].transpose(0, 2, 3, 1).reshape(-1, channels)


def _emphasize(delta: Array, emphasis: float) -> float:
    """Add the gradient of `BlockState.emphasis`, in place; returns the summed loss of the means."""
    channels = delta.shape[1]
    points = delta.reshape(-1, SIDE // 2, 2, SIDE // 2, 2, channels)
    means = points.mean(axis=(2, 4), keepdims=True)
    points += np.float32(emphasis) * means
    return float(4 * np.square(means, dtype=np.float64).sum() / (2 * channels))
