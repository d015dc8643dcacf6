"""The compiled step behind the same face as `NumpyStep`."""

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

# How long a thread of GNU OpenMP spins before it sleeps at the end of each batch: briefly, since a thread
# that spins for one that has no core makes a busy machine ten times slower. Read when the library loads.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")

from paintnet.engine import kernel
from paintnet.engine.blocks import SIDE, BlockPlan
from paintnet.engine.problem import Adam, Problem, split_dense

Array = NDArray[Any]


@dataclass(eq=False)
class CompiledStep:
    """Runs batches of blocks through the kernel; parameters as in `NumpyStep`.

    Parameters
    ----------
    plan : BlockPlan
        Where blocks and vertices lie.
    problem : Problem
        Weights, targets and moments; changed in place.
    threads : int
        How many blocks run at a time; the result does not depend on it.
    """

    plan: BlockPlan
    problem: Problem
    threads: int = 1
    _across: Array = field(init=False)
    _is_weight: Array = field(init=False)
    _scratch: tuple[Array, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._across = np.ascontiguousarray(self.plan.across.transpose(0, 2, 1))
        self._is_weight = np.zeros_like(self.problem.dense)
        for weight in split_dense(self._is_weight, self.problem.units)[1]:
            weight[:] = 1
        patch_rows = self.plan.down.shape[2]
        values = (self.threads, sum(self.problem.units), kernel.PIXELS)
        self._scratch = (
            np.zeros((self.threads, patch_rows, SIDE), np.float32),
            np.zeros(values, np.float32),
            np.zeros(values, np.float32),
        )
        self._run([], Adam(0, 0, 0, 1, 1), Adam(0, 0, 0, 1, 1))  # compiles, or loads what was compiled

    def epoch(self, batches: list[tuple[Array, Array]], grid: Adam, dense: Adam) -> float:
        """Train on the batches in turn; returns the sum of the losses of their pixels."""
        return self._run(batches, grid, dense)

    def _run(self, batches: list[tuple[Array, Array]], grid: Adam, dense: Adam) -> float:
        problem, plan = self.problem, self.plan
        sizes = [len(rows) for rows, _ in batches]
        nothing = np.empty(0, dtype=np.int32)
        return float(
            kernel.run_epoch(
                np.cumsum([0, *sizes]),
                np.concatenate([nothing, *(rows for rows, _ in batches)]),
                np.concatenate([nothing, *(columns for _, columns in batches)]),
                np.array([self._learned(*batch) for batch in batches], dtype=np.float32),
                problem.table,
                problem.table_second,
                problem.table if problem.table_first is None else problem.table_first,
                plan.stride,
                plan.top,
                plan.left,
                plan.high,
                plan.wide,
                plan.down,
                self._across,
                problem.dense,
                problem.dense_first,
                problem.dense_second,
                self._is_weight,
                np.array(problem.units),
                np.array([kernel.CODES[problem.activation], kernel.CODES[problem.output]]),
                problem.targets,
                problem.mask,
                np.float32(problem.alpha),
                _numbers(grid, grid.corrected_rate),
                _numbers(dense, 0.0),
                float(dense.rate),  # a type of its own would be compiled anew, on the clock
                dense.step - 1,
                *self._scratch,
                np.zeros((max(sizes, default=0), len(problem.dense)), np.float32),
                np.zeros(max(sizes, default=0), np.float64),
            )
        )

    def _learned(self, rows: Array, columns: Array) -> float:
        """Learned pixels of a batch, at least 1."""
        tiles = self.problem.mask.reshape(self.plan.rows, SIDE, self.plan.columns, SIDE)
        return max(1.0, float(tiles[rows, :, columns].sum()))


def _numbers(adam: Adam, rate: float) -> Array:
    return np.array([rate, adam.beta_1, adam.beta_2, adam.epsilon], dtype=np.float32)
