"""The compiled step behind the same face as `NumpyStep`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from paintnet.activations import HIDDEN, OUTPUT
from paintnet.engine.block_state import AdamRates, BlockState, split_dense
from paintnet.engine.blocks import SIDE, BlockPlan
from paintnet.engine.compiler import run_alone, warmed_up
from paintnet.engine.kernel_types import Batches, Dense, Plan, Rates, Room, Table, Targets
from paintnet.typing import Array

CACHE_LINE = 64


@dataclass(eq=False)
class CompiledStep:
    """Runs batches of blocks through the kernel; parameters as in `NumpyStep`.

    Parameters
    ----------
    plan : BlockPlan
        Where blocks and vertices lie.
    state : BlockState
        Weights, targets and moments; changed in place.
    threads : int
        How many blocks run at a time; the result does not depend on it.
    """

    plan: BlockPlan
    state: BlockState
    threads: int = 1
    _plan: Plan = field(init=False)
    _table: Table = field(init=False)
    _dense: Dense = field(init=False)
    _targets: Targets = field(init=False)
    _learned: Array = field(init=False)
    """Learned pixels of each block."""
    _scratch: tuple[Array, Array, Array, Array] = field(init=False)
    _kernel: ModuleType = field(init=False)

    def __post_init__(self) -> None:
        plan, state = self.plan, self.state
        self._plan = Plan(
            plan.stride, plan.top, plan.left, plan.high, plan.wide, *taps(plan.down), *taps(plan.across)
        )
        first = state.table if state.table_first is None else state.table_first
        self._table = Table(state.table, first, state.table_second)
        is_weight = np.zeros_like(state.dense)
        for weight in split_dense(is_weight, state.units)[1]:
            weight[:] = 1
        self._dense = Dense(
            dense=state.dense,
            first=state.dense_first,
            second=state.dense_second,
            is_weight=is_weight,
            units=np.array(state.units),
            kinds=np.array([HIDDEN[state.activation].code, OUTPUT[state.output].code]),
            alpha=np.float32(state.alpha),
        )
        self._targets = Targets(state.targets, state.mask, np.float32(state.emphasis))
        tiles = state.mask.reshape(plan.rows, SIDE, plan.columns, SIDE)
        self._learned = tiles.sum(axis=(1, 3))
        row = plan.across.shape[2] * state.units[0]
        values = (self.threads, sum(state.units), SIDE * SIDE)
        self._scratch = (
            _aligned_zeros(*values),
            _aligned_zeros(*values),
            _aligned_zeros(self.threads, SIDE, row),
            _aligned_zeros(self.threads, plan.down.shape[2], row),
        )
        nothing = AdamRates(0, 0, 0, 1, 1)
        self._kernel = warmed_up(lambda kernel: self._run(kernel, [], nothing, nothing))

    def train(self, batches: Sequence[tuple[Array, Array]], grid: AdamRates, dense: AdamRates) -> float:
        """Train on the batches in turn; returns the sum of the losses of their pixels."""
        return self._run(self._kernel, batches, grid, dense)

    def _run(
        self, kernel: Any, batches: Sequence[tuple[Array, Array]], grid: AdamRates, dense: AdamRates
    ) -> float:
        sizes = [len(rows) for rows, _ in batches]
        largest, nothing = max(sizes, default=0), np.empty(0, dtype=np.int32)
        return float(
            run_alone(
                kernel.run_batches,
                Batches(
                    ends=np.cumsum([0, *sizes]),
                    rows=np.concatenate([nothing, *(rows for rows, _ in batches)]),
                    columns=np.concatenate([nothing, *(columns for _, columns in batches)]),
                    pixels=np.array([max(1, self._learned[batch].sum()) for batch in batches], np.float32),
                ),
                self._dense,
                self._table,
                self._plan,
                self._targets,
                Rates(
                    grid=_numbers(grid, grid.corrected_rate),
                    dense=_numbers(dense, 0.0),
                    dense_rate=float(dense.rate),  # a type of its own would be compiled anew, on the clock
                    step=dense.step - 1,
                ),
                Room(
                    *self._scratch,
                    np.zeros((largest, len(self.state.dense)), np.float32),
                    np.zeros(largest, np.float64),
                ),
            )
        )


def taps(matrices: Array) -> tuple[Array, Array]:
    """Give the few weights in each row of matrices that are mostly 0.

    Parameters
    ----------
    matrices : float32 array of shape (blocks, pixels, vertices)
        In each row, those that are not 0 stand side by side.

    Returns
    -------
    vertices : int32 array of shape (blocks, pixels, taps)
        Columns of the weights; where a row has fewer, its last one stands again.
    weights : float32 array of shape (blocks, pixels, taps)
        The weights; 0 where a column stands again.

    Examples
    --------
    >>> vertices, weights = taps(np.array([[[0.5, 0.5, 0], [0, 0, 1]]], np.float32))
    >>> vertices.tolist(), weights.tolist()
    ([[[0, 1], [2, 2]]], [[[0.5, 0.5], [1.0, 0.0]]])
    """
    used = matrices != 0
    begins, counts = used.argmax(axis=2)[:, :, None], used.sum(axis=2)[:, :, None]
    tap = np.arange(counts.max())
    vertices = begins + np.minimum(tap, counts - 1)
    weights = np.where(tap < counts, np.take_along_axis(matrices, vertices, axis=2), np.float32(0))
    return vertices.astype(np.int32), weights


def _aligned_zeros(*shape: int) -> Array:
    """Begin at a cache line: vector instructions that straddle two take nearly twice as long."""
    size = 4 * int(np.prod(shape))
    room = np.zeros(size + CACHE_LINE, dtype=np.uint8)
    begin = -room.ctypes.data % CACHE_LINE
    return room[begin : begin + size].view(np.float32).reshape(shape)


def _numbers(adam: AdamRates, rate: float) -> Array:
    return np.array([rate, adam.beta_1, adam.beta_2, adam.epsilon], dtype=np.float32)
