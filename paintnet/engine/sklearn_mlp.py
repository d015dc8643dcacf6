"""The scikit-learn network inside a painter.

Every touch of a private name of scikit-learn, and every answer to one of its
traps, is in this file; its tests run on the oldest and newest version that
paintnet supports.
"""

import warnings
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from paintnet.engine.trainer import TrainerState
from paintnet.errors import TrainingError, number_text
from paintnet.settings.settings import PainterSettings
from paintnet.typing import Array

Estimator: TypeAlias = Any
"""`MLPRegressor` or `MLPClassifier`; scikit-learn ships no types."""

NEVER = 10**9
"""Epochs without improvement that no run reaches: stopping is the painter's business."""


class OngoingShuffle(np.random.RandomState):
    """Shuffles from where the last shuffle ended, as ``fit`` does from epoch to epoch.

    Each ``partial_fit`` starts from the first order again, and so deals other
    batches than ``fit``; with this in its hands, repeated, it equals ``fit``.
    """

    order: Array | None = None

    def shuffle(self, x: Any) -> None:
        """Shuffle row numbers in place."""
        super().shuffle(x)
        if self.order is not None and len(self.order) == len(x):
            x[:] = self.order[x]
        self.order = np.array(x)


def make_estimator(settings: PainterSettings) -> Estimator:
    """Build the network that the settings describe, not yet trained.

    Its random state is one object, not a number: from a number, each
    ``partial_fit`` would shuffle in the same order.
    """
    common: dict[str, Any] = {
        "hidden_layer_sizes": settings.layers,
        "activation": settings.activation,
        "solver": settings.solver,
        "alpha": settings.alpha,
        "batch_size": settings.batch_size,
        "learning_rate_init": settings.learning_rate,
        "beta_1": settings.beta_1,
        "beta_2": settings.beta_2,
        "epsilon": settings.epsilon,
        "random_state": OngoingShuffle(settings.seed),
        "max_iter": settings.iterations if settings.solver == "lbfgs" else 1,
        "max_fun": 10 * settings.iterations,
        "n_iter_no_change": NEVER,
    }
    return (MLPClassifier if settings.mode == "classify" else MLPRegressor)(**common)


def see_first_sample(estimator: Estimator, inputs: Any, targets: Array, n_classes: int | None) -> None:
    """Let scikit-learn make its weights, by one pass over one sample that leaves them as they are."""
    kept = estimator.get_params()
    estimator.set_params(learning_rate_init=np.finfo(np.float32).tiny, batch_size=1)
    train_epoch(estimator, inputs, targets, n_classes)
    estimator.set_params(learning_rate_init=kept["learning_rate_init"], batch_size=kept["batch_size"])
    # Without an optimizer, the next pass makes one, whose moments are fresh.
    del estimator._optimizer


def set_rate(estimator: Estimator, rate: float) -> None:
    """Set the learning rate of the batches to come."""
    estimator.learning_rate_init = rate
    optimizer = getattr(estimator, "_optimizer", None)
    if optimizer is not None:
        optimizer.learning_rate_init = rate
        # SGD reads this one; Adam computes its own from the initial rate at each update.
        optimizer.learning_rate = rate


def train_epoch(estimator: Estimator, inputs: Any, targets: Array, n_classes: int | None) -> float:
    """Run one pass over the inputs in shuffled batches.

    Returns
    -------
    float
        Mean loss of the pass.

    Raises
    ------
    TrainingError
        If the loss or the weights are no longer finite.
    KeyboardInterrupt
        On Ctrl-C, which scikit-learn would swallow.
    """
    known = {} if n_classes is None else {"classes": np.arange(n_classes)}
    _run(estimator, lambda: estimator.partial_fit(inputs, targets, **known))
    return float(estimator.loss_)


def train_at_once(
    estimator: Estimator, inputs: Any, targets: Array, told: Callable[[float], None] = lambda progress: None
) -> float:
    """Run lbfgs on all inputs; returns, raises as `train_epoch`.

    scikit-learn calls nobody between its iterations. But each of them looks at the loss once, and seldom
    more often: so a count of these looks, which `told` is given as a share of all iterations, is at most
    a little ahead.
    """
    looks = 0
    look = getattr(estimator, "_loss_grad_lbfgs", None)

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal looks
        looks += 1
        told(min(1.0, looks / estimator.max_iter))
        assert look is not None  # noqa: S101 - where it is not, nothing is counted; told to mypy
        return look(*given, **named)

    if look is not None:
        estimator._loss_grad_lbfgs = counted
    try:
        _run(estimator, lambda: estimator.fit(inputs, targets))
    finally:
        if look is not None:
            del estimator._loss_grad_lbfgs
    return float(estimator.loss_)


def _run(estimator: Estimator, step: Any) -> None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message="Training interrupted by user")
        try:
            step()
        except UserWarning as interrupted:
            raise KeyboardInterrupt from interrupted
        except ValueError as error:
            if "non-finite" not in str(error):
                raise
            raise diverged(estimator.learning_rate_init) from error
    if not np.isfinite(estimator.loss_):
        raise diverged(estimator.learning_rate_init)


def diverged(learning_rate: float) -> TrainingError:
    """Tell that the numbers ran away."""
    why = f"the loss is no longer finite at a learning rate of {number_text(learning_rate)}"
    return TrainingError("training", why, "lower the learning rate")


def keep_losses(estimator: Estimator, losses: list[float], rate: float, n_pixels: int) -> None:
    """Keep scikit-learn's own record of epochs that it did not run itself."""
    estimator.learning_rate_init = rate
    estimator.loss_curve_, estimator.loss_ = list(losses), losses[-1]
    estimator.n_iter_, estimator.t_ = len(losses), 1 + n_pixels * len(losses)


def state_of(estimator: Estimator) -> TrainerState:
    """Weights, the optimizer's moments, the shuffle and the record of a network that trains itself."""
    shuffle = estimator.random_state.get_state(legacy=False)
    arrays = {"shuffle.keys": shuffle["state"]["key"].copy()}
    if estimator.random_state.order is not None:
        arrays["shuffle.order"] = estimator.random_state.order.copy()
    values: dict[str, Any] = {
        "shuffle": [int(shuffle["state"]["pos"]), int(shuffle["has_gauss"]), float(shuffle["gauss"])],
    }
    if hasattr(estimator, "coefs_"):
        for i, array in enumerate([*estimator.coefs_, *estimator.intercepts_]):
            arrays[f"weights.{i}"] = array.copy()
        values["record"] = [estimator.n_iter_, estimator.t_, list(estimator.loss_curve_)]
    optimizer = getattr(estimator, "_optimizer", None)
    if optimizer is not None:
        values["updates"] = int(getattr(optimizer, "t", 0))
        for name in _MOMENTS[estimator.solver]:
            for i, array in enumerate(getattr(optimizer, name)):
                arrays[f"{name}.{i}"] = np.array(array)
    return TrainerState(arrays, values)


def restore(estimator: Estimator, state: TrainerState) -> None:
    """Go on from a state, or back to it; the network has seen its first sample if that of the state had."""
    arrays, values = state.arrays, state.values
    position, has_gauss, gauss = values["shuffle"]
    estimator.random_state.set_state(("MT19937", arrays["shuffle.keys"], position, has_gauss, gauss))
    order = arrays.get("shuffle.order")
    estimator.random_state.order = None if order is None else order.copy()
    if "updates" not in values and hasattr(estimator, "_optimizer"):
        del estimator._optimizer  # back to before the first pass, which makes it
    if "record" not in values:
        if hasattr(estimator, "coefs_"):
            del estimator.coefs_, estimator.intercepts_  # the first pass makes them
        return
    weights = [*estimator.coefs_, *estimator.intercepts_]
    for i, array in enumerate(weights):
        array[...] = arrays[f"weights.{i}"]
    estimator.n_iter_, estimator.t_, curve = values["record"]
    estimator.loss_curve_ = list(curve)
    if "updates" in values:
        estimator._optimizer = optimizer = _new_optimizer(estimator, weights)
        for name in _MOMENTS[estimator.solver]:
            setattr(optimizer, name, [arrays[f"{name}.{i}"].copy() for i in range(len(weights))])
        if estimator.solver == "adam":
            optimizer.t = values["updates"]


_MOMENTS = {"adam": ("ms", "vs"), "sgd": ("velocities",), "lbfgs": ()}
"""What scikit-learn's optimizers remember of past gradients."""


def _new_optimizer(estimator: Estimator, weights: list[Array]) -> Any:
    """Make the optimizer that scikit-learn makes at the first pass."""
    rate = estimator.learning_rate_init
    if estimator.solver == "sgd":
        schedule = (estimator.learning_rate, estimator.momentum, estimator.nesterovs_momentum)
        return SGDOptimizer(weights, rate, *schedule, estimator.power_t)
    return AdamOptimizer(weights, rate, estimator.beta_1, estimator.beta_2, estimator.epsilon)


def weights(estimator: Estimator, dtype: str) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Copy the weight matrices and biases; lbfgs leaves float64 ones whatever it was given."""
    return (
        tuple(np.array(coef, dtype=dtype) for coef in estimator.coefs_),
        tuple(np.array(intercept, dtype=dtype) for intercept in estimator.intercepts_),
    )


def output_activation(estimator: Estimator) -> str:
    """Name of what the last layer does."""
    return str(estimator.out_activation_)
