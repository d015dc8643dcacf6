"""scikit-learn's networks with training by blocks; fitted, they are what they always were.

The one file of the engine that knows scikit-learn: all of `MLPRegressor` and
`MLPClassifier` stays as it is, and the block training moves the same public
``coefs_`` and ``intercepts_``.
"""

import os
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from paintnet.engine.block_state import AdamRates, BlockState, dense_size, split_dense
from paintnet.engine.blocks import BlockPlan
from paintnet.engine.numpy_step import NumpyStep
from paintnet.typing import Array

Batches = list[tuple[Array, Array]]


def has_compiler() -> bool:
    """Whether the extra `fast` is installed."""
    return find_spec("numba") is not None


class BlockTraining:
    """What the two estimators below add to scikit-learn's.

    Call `start_blocks` once on a network that has seen its first sample (so
    that scikit-learn has made its weights), then `train_blocks` for each group
    of batches.
    """

    coefs_: list[Array]
    intercepts_: list[Array]
    loss_curve_: list[float]
    n_iter_: int
    t_: int
    loss_: float

    def start_blocks(
        self, plan: BlockPlan, targets: Array, mask: Array, *, beta_1: float, compiled: bool
    ) -> None:
        """Bind the network to a picture.

        Parameters
        ----------
        plan : BlockPlan
            How the picture is cut.
        targets : float32 array of shape (channels, height, width)
            Colors or independent class probabilities; for softmax, class
            numbers in one channel.
        mask : float32 array of shape (height, width)
            1 where a pixel is learned.
        beta_1 : float
            First decay of Adam on the grid.
        compiled : bool
            Run the numba kernel, else NumPy.
        """
        units = tuple(int(coef.shape[1]) for coef in self.coefs_)
        dense = np.empty(dense_size(units), dtype=np.float32)
        biases, weights = split_dense(dense, units)
        for view, value in zip([*biases, *weights], [*self.intercepts_, *self.coefs_[1:]], strict=True):
            view[...] = value
        table = np.ascontiguousarray(self.coefs_[0], dtype=np.float32)
        # From here on the public attributes are windows on what the step changes in place.
        self.coefs_, self.intercepts_ = [table, *weights], biases
        # Its moments belong to arrays that are no longer ours: a later partial_fit makes new ones.
        vars(self).pop("_optimizer", None)
        self._state = BlockState(
            table=table,
            dense=dense,
            units=units,
            activation=self.activation,  # type: ignore[attr-defined]
            output=self.out_activation_,  # type: ignore[attr-defined]
            alpha=self.alpha,  # type: ignore[attr-defined]
            targets=plan.padded(targets.astype(np.float32, copy=False)),
            mask=plan.padded(mask[None].astype(np.float32, copy=False))[0],
            keeps_first_moment=beta_1 > 0,
        )
        self._step = _make_step(plan, self._state, compiled)
        self._dense_steps = 0
        self.loss_curve_ = []

    def train_blocks(self, batches: Batches, grid: AdamRates, dense_rate: float) -> float:
        """Train on batches of blocks in turn.

        Parameters
        ----------
        batches : list of (rows, columns)
            Blocks of each batch, from `BlockPlan.batches`.
        grid : AdamRates
            Rates of the grid's rows.
        dense_rate : float
            Learning rate of all other layers; their betas are the estimator's.

        Returns
        -------
        float
            Loss summed over the learned pixels, before each batch's update.
        """
        dense = AdamRates(
            rate=dense_rate,
            beta_1=self.beta_1,  # type: ignore[attr-defined]
            beta_2=self.beta_2,  # type: ignore[attr-defined]
            epsilon=self.epsilon,  # type: ignore[attr-defined]
            step=self._dense_steps + 1,
        )
        # Rates that run away end in a loss that is not finite, which the painter reports.
        with np.errstate(all="ignore"):
            loss = float(self._step.epoch(batches, grid, dense))
        self._dense_steps += len(batches)
        return loss

    def finish_epoch(self, loss: float, n_pixels: int) -> None:
        """Keep scikit-learn's own record of an epoch."""
        self.loss_ = loss
        self.loss_curve_.append(loss)
        self.n_iter_ = len(self.loss_curve_)
        self.t_ += n_pixels

    def finish_blocks(self) -> None:
        """Let go of the picture: what is left is the fitted estimator."""
        del self._state, self._step


class BlockMLPRegressor(BlockTraining, MLPRegressor):  # type: ignore[misc]
    """`MLPRegressor` that can also train by blocks."""


class BlockMLPClassifier(BlockTraining, MLPClassifier):  # type: ignore[misc]
    """`MLPClassifier` that can also train by blocks."""


def _make_step(plan: BlockPlan, state: BlockState, compiled: bool) -> Any:
    if not compiled:
        return NumpyStep(plan, state)
    # numba takes seconds to load; only a compiled run pays for it.
    from paintnet.engine.compiled_step import CompiledStep

    return CompiledStep(plan, state, threads=_usable_cores())


def _usable_cores() -> int:
    """Cores that this process may run on; not every system can tell, some only how many there are."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
