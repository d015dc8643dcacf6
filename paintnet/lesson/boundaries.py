"""What a neuron can and cannot do: networks that learn to divide the plane between two classes of points.

One neuron divides by a line, layers divide by anything.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from paintnet.activations import HIDDEN
from paintnet.errors import SettingsError
from paintnet.typing import Array

LEARNED = 0.01
"""A network whose mean loss is below this has no more to learn."""

_SETTLED = (50, 1e-5)
"""So many epochs in which the loss of one neuron falls by no more: it is where it will stay."""

_RATE = 0.02
_AT_ONCE = 65_536
"""Places run through the network at once, so that memory stays bounded."""


class Points(NamedTuple):
    """A set of points, about within -1 and 1, and the class of each, 0 or 1."""

    xy: Array
    classes: Array


def _corners(*classes: int) -> Callable[[int], Points]:
    """Make a truth table: the answers for (0, 0), (0, 1), (1, 0) and (1, 1)."""

    def build(_: int) -> Points:
        inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        return Points(1.5 * inputs - 0.75, np.array(classes))

    return build


def _circles(seed: int) -> Points:
    from sklearn.datasets import make_circles

    return Points(*make_circles(n_samples=200, noise=0.07, factor=0.5, random_state=seed))


def _moons(seed: int) -> Points:
    from sklearn.datasets import make_moons

    xy, classes = make_moons(n_samples=200, noise=0.1, random_state=seed)
    return Points((xy - (0.5, 0.25)) / 1.5, classes)


def _spirals(seed: int) -> Points:
    """Two spirals of three turns, 97 points each: Lang & Witbrock (1988), a little shaken."""
    step = np.arange(97)
    radius, angle = (104 - step) / 104, step * np.pi / 16
    arm = radius[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    shaken = np.random.default_rng(seed).normal(0, 0.01, (194, 2))
    return Points(np.concatenate([arm, -arm]) + shaken, np.repeat([0, 1], 97))


DATASETS: dict[str, Callable[[int], Points]] = {
    "and": _corners(0, 0, 0, 1),
    "or": _corners(0, 1, 1, 1),
    "xor": _corners(0, 1, 1, 0),
    "circles": _circles,
    "moons": _moons,
    "spirals": _spirals,
}
"""Builds each set of points from a seed; those of truth tables do not depend on it."""


class Boundary:
    """A network that learns to tell two classes of points apart.

    It is scikit-learn's `MLPClassifier`, taught by Adam with all points at once. Without hidden
    layers that is one logistic neuron, the soft kin of the lesson's step neuron.

    Parameters
    ----------
    data : str
        A name in `DATASETS`.
    layers : sequence of int
        Hidden layers; none for one neuron.
    activation : str, default="tanh"
        Of the hidden units, a name of `paintnet.activations.HIDDEN`.
    seed : int, default=0
        Of the points and the first weights, 0 to 2**32 - 1.

    Raises
    ------
    SettingsError
        If a name is unknown or a number out of range.

    Examples
    --------
    >>> neuron, network = Boundary("xor", ()), Boundary("xor", (4,))
    >>> neuron.learn(500)
    >>> network.learn(500)
    >>> neuron.accuracy <= 0.75, network.accuracy
    (True, 1.0)
    """

    def __init__(self, data: str, layers: Sequence[int], *, activation: str = "tanh", seed: int = 0) -> None:
        from sklearn.neural_network import MLPClassifier

        if data not in DATASETS:
            raise SettingsError(
                f"data {data!r}", "there is no such data set", f"choose one of {', '.join(DATASETS)}"
            )
        if activation not in HIDDEN:
            one_of = f"choose one of {', '.join(HIDDEN)}"
            raise SettingsError(f"activation {activation!r}", "there is no such function", one_of)
        if not all(units >= 1 for units in layers):
            raise SettingsError(f"layers {tuple(layers)}", "a layer has at least 1 unit", "give 1 or more")
        if not 0 <= seed < 2**32:
            raise SettingsError(f"seed {seed}", "it is out of range", "use 0 to 4,294,967,295")
        self.data = data
        self.layers = tuple(layers)
        self.points = DATASETS[data](seed)
        self.epochs = 0
        self._network = MLPClassifier(
            hidden_layer_sizes=self.layers,
            activation=activation,
            solver="adam",
            alpha=0.0,
            batch_size=len(self.points.xy),
            learning_rate_init=_RATE,
            beta_2=0.99,
            random_state=seed,
        )
        self.learn(1)  # only then does the network have weights

    def learn(self, epochs: int) -> None:
        """Go on to this many epochs in all, or until there is no more to learn."""
        while self.epochs < epochs and not self.is_done:
            self._network.partial_fit(self.points.xy, self.points.classes, classes=[0, 1])
            self.epochs += 1

    @property
    def is_done(self) -> bool:
        """Whether more epochs would change next to nothing."""
        if not self.epochs:
            return False
        losses = self._network.loss_curve_
        epochs, fall = _SETTLED
        # Only the loss of a single neuron has no plateaus: for it alone, to stand still is to have arrived.
        settled = not self.layers and len(losses) > epochs and losses[-epochs] - losses[-1] < fall
        return bool(settled or losses[-1] < LEARNED)

    @property
    def n_parameters(self) -> int:
        """Weights and biases."""
        return sum(array.size for array in (*self._network.coefs_, *self._network.intercepts_))

    @property
    def is_right(self) -> Array:
        """For each point, whether it is put into its class."""
        right: Array = (self.certainty(self.points.xy) >= 0) == (self.points.classes == 1)
        return right

    @property
    def accuracy(self) -> float:
        """Share of the points that are put into their class."""
        return float(self.is_right.mean())

    def certainty(self, xy: Array) -> Array:
        """How sure the network is of class 1, as log odds: 0 is neither, below 0 is class 0."""
        parts = np.array_split(xy, math.ceil(len(xy) / _AT_ONCE))
        chances = np.concatenate([self._network.predict_proba(part)[:, 1] for part in parts])
        chances = chances.clip(1e-15, 1 - 1e-15)
        log_odds: Array = np.log(chances / (1 - chances))
        return log_odds
