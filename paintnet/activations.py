"""Activation functions: what a unit does to its weighted sum, and the slope by which it learns.

A function takes a number or an array and, like NumPy's own, an array `out` to
write to. Names are scikit-learn's; `HIDDEN` and `OUTPUT` are what its networks
offer, `LESSON` is what one neuron is shown with.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from paintnet.typing import Array

Values: TypeAlias = Any
"""A float or an array of floats; the answer has the same shape."""

LEAK = 0.1
"""The slope of the leaky ReLU below zero."""


class Activation(NamedTuple):
    """One activation function.

    Parameters
    ----------
    function : callable
        ``function(z, out=None)`` gives the values for sums z.
    slope : callable or None
        ``slope(a, gradient)`` multiplies a gradient, in place, by the
        derivative written in the value a; None where it is not trained
        through: for the output, the loss has its own.
    code : int
        What the compiled kernel calls it; -1 where it has no form there.
    """

    function: Callable[..., Values]
    slope: Callable[[Array, Array], None] | None = None
    code: int = -1


def identity(z: Values, out: Array | None = None) -> Values:
    """The sum as it is."""
    return z


def step(z: Values, out: Array | None = None) -> Values:
    """1 where the sum is zero or more, else 0: the neuron fires or it does not."""
    return np.heaviside(z, 1.0, out=out)


def logistic(z: Values, out: Array | None = None) -> Values:
    """1 / (1 + exp(-z)), a soft step from 0 to 1; as a tanh, exact to rounding of 1, with no array beside."""
    half = np.multiply(z, 0.5, out=out)
    soft = np.tanh(half, out=out)
    return np.multiply(np.add(soft, 1, out=out), 0.5, out=out)


def exact_logistic(z: Values, out: Array | None = None) -> Values:
    """The same, exact far below zero too; written so that exp never overflows."""
    small = np.exp(-np.abs(z))
    return np.divide(np.where(np.less(z, 0), small, 1.0), 1.0 + small, out=out)


def tanh(z: Values, out: Array | None = None) -> Values:
    """The hyperbolic tangent, a soft step from -1 to 1."""
    return np.tanh(z, out=out)


def relu(z: Values, out: Array | None = None) -> Values:
    """The sum where it is positive, else 0."""
    return np.maximum(z, 0, out=out)


def leaky_relu(z: Values, out: Array | None = None) -> Values:
    """The sum where it is positive, else a tenth of it, so that a silent neuron can still learn."""
    return np.maximum(z, np.multiply(z, LEAK), out=out)


def softmax(z: Array, out: Array | None = None) -> Array:
    """Probabilities of one class among all, row by row."""
    # The largest sum is taken off, so that exp never overflows.
    powers = np.exp(np.subtract(z, z.max(axis=1, keepdims=True), out=out), out=out)
    chances: Array = np.divide(powers, powers.sum(axis=1, keepdims=True), out=out)
    return chances


def _identity_slope(a: Array, gradient: Array) -> None:
    pass


def _logistic_slope(a: Array, gradient: Array) -> None:
    gradient *= a * (1 - a)


def _tanh_slope(a: Array, gradient: Array) -> None:
    gradient *= 1 - a * a


def _relu_slope(a: Array, gradient: Array) -> None:
    gradient *= a > 0


HIDDEN = {
    "relu": Activation(relu, _relu_slope, code=0),
    "tanh": Activation(tanh, _tanh_slope, code=1),
    "logistic": Activation(logistic, _logistic_slope, code=2),
    "identity": Activation(identity, _identity_slope, code=3),
}
"""Of hidden layers."""

OUTPUT = {
    "identity": HIDDEN["identity"],
    "logistic": HIDDEN["logistic"],
    "softmax": Activation(softmax, code=4),
}
"""Of the last layer: colors, the probability of each class alone, or of one among all."""

LESSON = {
    "identity": HIDDEN["identity"],
    "step": Activation(step),
    "logistic": Activation(exact_logistic),
    "tanh": HIDDEN["tanh"],
    "relu": HIDDEN["relu"],
    "leaky-relu": Activation(leaky_relu),
}
"""Of the one neuron in the lesson."""
