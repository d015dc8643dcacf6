"""The scikit-learn network inside a painter.

Every touch of a private name of scikit-learn, and every answer to one of its
traps, is in this file; its tests run on the oldest and newest version that
paintnet supports.
"""

import warnings
from typing import Any, TypeAlias

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

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

    _order: Array | None = None

    def shuffle(self, x: Any) -> None:
        """Shuffle row numbers in place."""
        super().shuffle(x)
        if self._order is not None and len(self._order) == len(x):
            x[:] = self._order[x]
        self._order = np.array(x)


def make_estimator(settings: PainterSettings, kind: type | None = None) -> Estimator:
    """Build the network that the settings describe, not yet trained; `kind` is its class, by default stock.

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
    stock = MLPClassifier if settings.mode == "classify" else MLPRegressor
    return (kind or stock)(**common)


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


def train_at_once(estimator: Estimator, inputs: Any, targets: Array) -> float:
    """Run lbfgs on all inputs; returns, raises as `train_epoch`."""
    _run(estimator, lambda: estimator.fit(inputs, targets))
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


def weights(estimator: Estimator, dtype: str) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Copy the weight matrices and biases; lbfgs leaves float64 ones whatever it was given."""
    return (
        tuple(np.array(coef, dtype=dtype) for coef in estimator.coefs_),
        tuple(np.array(intercept, dtype=dtype) for intercept in estimator.intercepts_),
    )


def output_activation(estimator: Estimator) -> str:
    """Name of what the last layer does."""
    return str(estimator.out_activation_)
