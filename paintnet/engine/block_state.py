"""What a step works on: weights, targets and Adam's moments, all in place."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Self

import numpy as np

from paintnet.typing import Array


@dataclass(frozen=True)
class AdamRates:
    """Rates of one Adam update (Kingma and Ba 2015, algorithm 1).

    Parameters
    ----------
    rate : float
        Learning rate, before the correction of the moments' bias.
    beta_1, beta_2 : float
        Decay of the first and second moment.
    epsilon : float
        Added to the root of the second moment.
    step : int
        Number of this update, from 1.
    """

    rate: float
    beta_1: float
    beta_2: float
    epsilon: float
    step: int

    @property
    def corrected_rate(self) -> float:
        """Rate with the correction folded in, as scikit-learn does it."""
        shrink = np.sqrt(1 - self.beta_2**self.step) / (1 - self.beta_1**self.step)
        return float(self.rate * shrink)

    def update(self, weights: Array, gradient: Array, first: Array | None, second: Array) -> None:
        """Update weights and moments in place; `first` is None where beta_1 is 0."""
        second *= np.float32(self.beta_2)
        second += np.float32(1 - self.beta_2) * gradient * gradient
        if first is None:
            first = gradient
        else:
            first *= np.float32(self.beta_1)
            first += np.float32(1 - self.beta_1) * gradient
        weights -= np.float32(self.corrected_rate) * first / (np.sqrt(second) + np.float32(self.epsilon))


@dataclass(eq=False)
class BlockState:
    """A network on a grid encoding and the picture it learns.

    Parameters
    ----------
    table : float32 array of shape (vertices, units)
        First weight matrix: the grid's features.
    dense : float32 array
        All other parameters in one vector: first biases, then weights and
        biases of each further layer.
    units : tuple of int
        Units of each layer, the last being the outputs.
    activation, output : str
        Names as in `paintnet.network`.
    alpha : float
        L2 penalty on weights.
    targets : float32 array of shape (channels, rows, columns)
        Colors, or class numbers in one channel; whole blocks.
    mask : float32 array of shape (rows, columns)
        1 where a pixel is learned, else 0.
    keeps_first_moment : bool
        False where the grid's beta_1 is 0: the moment is the gradient then.
    emphasis : float, default=0.0
        Where each 2 x 2 targets are the points of one pixel, how much more than theirs the error of
        their mean counts. With the error e of each point and the mean m of a pixel's four errors, the
        loss of a pixel is the sum over its points of ``(e ** 2 + emphasis * m ** 2) / 2``, and so the
        gradient at a point is ``e + emphasis * m``. Above 0, what a step returns is half the squared
        error of the means: that of the pixels.
    """

    table: Array
    dense: Array
    units: tuple[int, ...]
    activation: str
    output: str
    alpha: float
    targets: Array
    mask: Array
    keeps_first_moment: bool
    emphasis: float = 0.0
    table_first: Array | None = field(init=False)
    table_second: Array = field(init=False)
    dense_first: Array = field(init=False)
    dense_second: Array = field(init=False)
    dense_grad: Array = field(init=False)

    def __post_init__(self) -> None:
        self.table_first = np.zeros_like(self.table) if self.keeps_first_moment else None
        self.table_second = np.zeros_like(self.table)
        self.dense_first, self.dense_second, self.dense_grad = (np.zeros_like(self.dense) for _ in range(3))
        self.biases, self.weights = split_dense(self.dense, self.units)
        self.bias_grads, self.weight_grads = split_dense(self.dense_grad, self.units)

    @classmethod
    def bind(
        cls, estimator: Any, *, targets: Array, mask: Array, keeps_first_moment: bool, emphasis: float = 0.0
    ) -> Self:
        """Make a network's public weights windows on one state.

        Parameters
        ----------
        estimator : MLPRegressor or MLPClassifier
            Has seen its first sample, so that scikit-learn has made its weights.
        targets, mask, keeps_first_moment, emphasis
            See the class.
        """
        units = tuple(int(coef.shape[1]) for coef in estimator.coefs_)
        dense = np.empty(dense_size(units), dtype=np.float32)
        biases, weights = split_dense(dense, units)
        for view, value in zip(
            [*biases, *weights], [*estimator.intercepts_, *estimator.coefs_[1:]], strict=True
        ):
            view[...] = value
        table = np.ascontiguousarray(estimator.coefs_[0], dtype=np.float32)
        estimator.coefs_, estimator.intercepts_ = [table, *weights], biases
        return cls(
            table=table,
            dense=dense,
            units=units,
            activation=estimator.activation,
            output=estimator.out_activation_,
            alpha=estimator.alpha,
            targets=targets.astype(np.float32, copy=False),
            mask=mask.astype(np.float32, copy=False),
            keeps_first_moment=keeps_first_moment,
            emphasis=emphasis,
        )

    def changing(self) -> dict[str, Array]:
        """Weights and moments by name: all that a training changes."""
        names = ("table", "table_second", "dense", "dense_first", "dense_second")
        arrays: dict[str, Array] = {name: getattr(self, name) for name in names}
        if self.table_first is not None:
            arrays["table_first"] = self.table_first
        return arrays

    def update_grid(self, touched: Array, gradient: Array, adam: AdamRates, n_pixels: float) -> None:
        """Run Adam on the touched rows of the table."""
        rows = self.table[touched]
        if self.alpha:
            gradient = gradient + np.float32(self.alpha / n_pixels) * rows
        first = None if self.table_first is None else self.table_first[touched]
        second = self.table_second[touched]
        adam.update(rows, gradient, first, second)
        self.table[touched] = rows
        self.table_second[touched] = second
        if self.table_first is not None:
            self.table_first[touched] = first

    def update_dense(self, adam: AdamRates) -> None:
        """Run Adam on everything behind the table."""
        adam.update(self.dense, self.dense_grad, self.dense_first, self.dense_second)


def dense_size(units: tuple[int, ...]) -> int:
    """Parameters behind the first weight matrix."""
    return units[0] + sum(a * b + b for a, b in pairwise(units))


def split_dense(dense: Array, units: tuple[int, ...]) -> tuple[list[Array], list[Array]]:
    """Views of biases (all layers) and weight matrices (from the second layer) in one vector.

    Examples
    --------
    >>> biases, weights = split_dense(np.arange(11.0), (2, 3))
    >>> biases[0], weights[0].shape, biases[1]
    (array([0., 1.]), (2, 3), array([ 8.,  9., 10.]))
    """
    biases, weights = [dense[: units[0]]], []
    at = units[0]
    for n, m in pairwise(units):
        weights.append(dense[at : at + n * m].reshape(n, m))
        biases.append(dense[at + n * m : at + n * m + m])
        at += n * m + m
    return biases, weights
