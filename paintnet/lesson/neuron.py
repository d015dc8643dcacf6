"""The lesson: one neuron, its activation functions, and the perceptron rule.

A neuron multiplies each input by a weight, adds the products and a bias, and
sends the sum through an activation function. Everything that paints in this
package is many of these side by side and one after another. ``docs/lesson.md``
walks from here to the painted bird.
"""

from operator import index
from typing import Any, NamedTuple, SupportsFloat, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paintnet.activations import LESSON
from paintnet.errors import SettingsError

Vector: TypeAlias = NDArray[np.float64]


class Neuron:
    """One neuron: the activation of the weighted sum of its inputs plus a bias.

    A neuron does not change; `perceptron_rule` answers with a new one.

    Parameters
    ----------
    n_inputs : int
        How many inputs it has, at least 1.
    bias : float, default=0.0
        What is added to the weighted sum.
    weights : array-like of shape (n_inputs,), optional
        One weight for each input. Without them, they are drawn evenly between -1 and 1.
    activation : str, default="leaky-relu"
        A name of `paintnet.activations.LESSON`.
    seed : int, optional
        Makes the random weights the same each time.

    Raises
    ------
    SettingsError
        A setting is missing its number, has one too many, or is not finite.

    Examples
    --------
    >>> neuron = Neuron(3, bias=-0.1, weights=[0.7, 0.6, 1.4])
    >>> round(neuron([1.0, 0.5, -1.0]), 6)
    -0.05
    >>> neuron.explain([1.0, 0.5, -1.0])
    '0.7*1 + 0.6*0.5 + 1.4*(-1) - 0.1 = -0.5 -> leaky-relu -> -0.05'
    """

    def __init__(
        self,
        n_inputs: SupportsIndex,
        *,
        bias: SupportsFloat = 0.0,
        weights: ArrayLike | None = None,
        activation: str = "leaky-relu",
        seed: SupportsIndex | None = None,
    ) -> None:
        if activation not in LESSON:
            raise SettingsError(
                f"activation {activation!r}",
                "there is no such function",
                f"choose one of {', '.join(LESSON)}",
            )
        self.n_inputs = _whole("n_inputs", n_inputs, least=1)
        self.bias = _number("bias", bias)
        self.activation = activation
        if weights is None:
            rng = np.random.default_rng(None if seed is None else _whole("seed", seed, least=0))
            weights = rng.uniform(-1.0, 1.0, self.n_inputs)
        self.weights = _numbers("weights", weights, self.n_inputs)
        self.weights.flags.writeable = False

    def __repr__(self) -> str:
        return (
            f"Neuron({self.n_inputs}, bias={self.bias}, weights={self.weights.tolist()}, "
            f"activation={self.activation!r})"
        )

    def weighted_sum(self, inputs: ArrayLike) -> float:
        """Return each input times its weight, all added, plus the bias.

        >>> Neuron(2, bias=1.0, weights=[2.0, -3.0]).weighted_sum([10.0, 5.0])
        6.0
        """
        with np.errstate(over="ignore", invalid="ignore"):
            total = float(self.weights @ _numbers("inputs", inputs, self.n_inputs)) + self.bias
        if not np.isfinite(total):
            raise SettingsError(
                "weighted sum", "it is too large for a float", "use smaller inputs or weights"
            )
        return total

    def __call__(self, inputs: ArrayLike) -> float:
        """Return the activation of `weighted_sum`."""
        return float(LESSON[self.activation].function(self.weighted_sum(inputs)))

    def explain(self, inputs: ArrayLike) -> str:
        """Write the whole calculation out on one line, each number with at most six digits.

        >>> Neuron(2, weights=[-2, 0.5], activation="relu").explain([1, 1 / 3])
        '-2*1 + 0.5*0.333333 + 0 = -1.83333 -> relu -> 0'
        """
        total, output = self.weighted_sum(inputs), self(inputs)
        line = ""
        for weight, value in zip(self.weights, _numbers("inputs", inputs, self.n_inputs), strict=True):
            factor = f"({_short(value)})" if value < 0 else _short(value)
            line += f"{_sign(weight)}{_short(abs(weight))}*{factor}"
        line += f"{_sign(self.bias)}{_short(abs(self.bias))}"
        line = "-" + line[3:] if line.startswith(" - ") else line[3:]
        return f"{line} = {_short(total)} -> {self.activation} -> {_short(output)}"


class Learned(NamedTuple):
    """The corrected neuron, and how many mistakes of each epoch: a last 0 says that it has learned."""

    neuron: Neuron
    mistakes: list[int]


def perceptron_rule(
    neuron: Neuron, inputs: ArrayLike, targets: ArrayLike, *, rate: SupportsFloat = 1.0, epochs: int = 100
) -> Learned:
    """Teach a step neuron by the rule of Rosenblatt (1958).

    Go through the examples one by one. After a mistake move each weight by
    ``rate * (target - output) * input``, and the bias as if its input were 1.
    If any one neuron can be right on all examples, this finds one.

    Parameters
    ----------
    neuron : Neuron
        Where to begin; its activation must be ``step``. It is left as it is.
    inputs : array-like of shape (n_examples, n_inputs)
        One row for each example.
    targets : array-like of shape (n_examples,)
        The wanted answer for each example, 0 or 1.
    rate : float, default=1.0
        The size of a correction.
    epochs : int, default=100
        Stop after this many rounds; sooner, after a round without a mistake.

    Returns
    -------
    Learned
        The corrected neuron, and the number of mistakes in each epoch.

    Examples
    --------
    >>> start = Neuron(2, weights=[0, 0], activation="step")
    >>> learned = perceptron_rule(start, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
    >>> learned
    Learned(neuron=Neuron(2, bias=-3.0, weights=[2.0, 1.0], activation='step'), mistakes=[2, 3, 3, 2, 1, 0])
    """
    if neuron.activation != "step":
        raise SettingsError(
            f"activation {neuron.activation!r}", "the perceptron rule teaches step neurons", "use 'step'"
        )
    pace = _number("rate", rate)
    if pace <= 0:
        raise SettingsError(f"rate {pace:g}", "it is not above 0", "give a positive number, such as 1")
    examples, wanted = _examples(inputs, targets, neuron.n_inputs)
    mistakes: list[int] = []
    for _ in range(_whole("epochs", epochs, least=1)):
        wrong = 0
        for row, target in zip(examples, wanted, strict=True):
            error = target - neuron(row)
            if error:
                wrong += 1
                with np.errstate(over="ignore", invalid="ignore"):
                    weights, bias = neuron.weights + pace * error * row, neuron.bias + pace * error
                neuron = Neuron(neuron.n_inputs, bias=bias, weights=weights, activation="step")
        mistakes.append(wrong)
        if not wrong:
            break
    return Learned(neuron, mistakes)


def _examples(inputs: Any, targets: ArrayLike, n_inputs: int) -> tuple[list[Vector], Vector]:
    try:
        rows = [_numbers("inputs", row, n_inputs) for row in inputs]
    except TypeError:
        rows = []
    if not rows:
        raise SettingsError("inputs", "there are no examples", "give a list of rows, one for each example")
    wanted = _numbers("targets", targets, len(rows))
    for target in wanted:
        if target not in (0.0, 1.0):
            raise SettingsError(
                f"target {target:g}", "it is neither 0 nor 1", "give what a step neuron can answer, 0 or 1"
            )
    return rows, wanted


def _numbers(name: str, values: ArrayLike, count: int) -> Vector:
    remedy = f"give {count} finite number{'' if count == 1 else 's'}"
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        array = np.empty((0, 0))  # refused below, like any table
    if array.ndim != 1:
        raise SettingsError(name, "it is not a plain list of numbers", remedy)
    if array.size != count:
        raise SettingsError(name, f"{array.size} numbers were given where {count} belong", remedy)
    if not np.isfinite(array).all():
        place = int(np.isfinite(array).argmin())
        raise SettingsError(name, f"number {place + 1} is {array[place]}", remedy)
    return array


def _number(name: str, value: SupportsFloat) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = np.nan
    if not np.isfinite(number):
        raise SettingsError(f"{name} {value!r}", "it is not a finite number", "give one finite number")
    return number


def _whole(name: str, value: SupportsIndex, *, least: int) -> int:
    try:
        number = index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise SettingsError(
            f"{name} {value!r}", f"it is not a whole number of at least {least}", "give one, such as 1"
        )
    return number


def _sign(number: float) -> str:
    return " - " if number < 0 else " + "


def _short(number: float) -> str:
    return f"{number if number else 0.0:.6g}"  # the 0.0 turns -0 into 0
