"""What a neuron can and cannot do: how networks divide the plane, drawn while they learn.

One neuron divides by a line, layers divide by anything. Each panel has a set of
points of two classes, the network's answer at every place, and the decision
line, where it answers neither.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from paintnet.activations import HIDDEN, exact_logistic
from paintnet.errors import SettingsError
from paintnet.typing import Array

VIEW = 1.25
"""A panel reaches from -VIEW to VIEW, both ways."""

LEARNED = 0.01
"""A network whose mean loss is below this has no more to learn."""

_SETTLED = (50, 1e-5)
"""So many epochs in which the loss of one neuron falls by no more: it is where it will stay."""

_RATE = 0.02
_AT_ONCE = 65_536
"""Places run through the network at once, so that memory stays bounded."""

_PAPER = (252, 252, 250)
_INK = (38, 42, 51)
_UNDECIDED = (248, 247, 244)
_REGIONS = ((146, 184, 226), (250, 178, 125))
_POINTS = ((24, 95, 175), (217, 88, 10))
_RING, _RING_OF_THE_WRONG = (255, 255, 255), _INK


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


def layers_named(layers: Sequence[int]) -> str:
    """Write hidden layers as people do.

    Examples
    --------
    >>> layers_named(()), layers_named((16, 16)), layers_named((100,) * 10)
    ('one neuron', 'layers 16,16', 'layers 100x10')
    """
    if not layers:
        return "one neuron"
    if len(layers) > 3 and len(set(layers)) == 1:
        return f"layers {layers[0]}x{len(layers)}"
    return f"{'layers' if len(layers) > 1 else 'layer'} {','.join(map(str, layers))}"


def percent(share: float) -> str:
    """Write a share in percent, rounded down: 100 % means all.

    Examples
    --------
    >>> percent(1.0), percent(0.999), percent(0.29)
    ('100 %', '99 %', '29 %')
    """
    return f"{math.floor(share * 100 + 1e-9)} %"


def draw_panel(boundary: Boundary, size: int) -> Array:
    """Draw regions, decision line and points, without a caption.

    A region's color pales where the network is in doubt. Points have a white ring, and a dark
    one where they are on the wrong side.

    Returns
    -------
    uint8 array of shape (size, size, 3)

    Examples
    --------
    >>> draw_panel(Boundary("and", ()), 100).shape
    (100, 100, 3)
    """
    across = (np.arange(size) + 0.5) * (2 * VIEW / size) - VIEW
    x, y = np.meshgrid(across, -across)  # y points upwards, as on paper
    odds = boundary.certainty(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(size, size)
    canvas = _region_colors(exact_logistic(odds))
    _blend(canvas, _line_cover(odds, width=size / 150), _INK)
    few = len(boundary.points.xy) <= 10
    radius = size * (0.03 if few else 0.0115)
    centers = (boundary.points.xy * (1, -1) + VIEW) * (size / (2 * VIEW)) - 0.5
    for center, label, right in zip(centers, boundary.points.classes, boundary.is_right, strict=True):
        _disc(canvas, center, radius + max(1.0, size / 200), _RING if right else _RING_OF_THE_WRONG)
        _disc(canvas, center, radius, _POINTS[label])
    return canvas.round().clip(0, 255).astype(np.uint8)


def _region_colors(chances: Array) -> Array:
    """Mix the color of either class with that of doubt."""
    sure = np.abs(2 * chances - 1)[..., None]
    regions = np.where(chances[..., None] >= 0.5, _REGIONS[1], _REGIONS[0])
    return np.asarray(sure * regions + (1 - sure) * np.array(_UNDECIDED), dtype=np.float64)


def _line_cover(odds: Array, width: float) -> Array:
    """How much of each pixel the line covers where the odds are even.

    The value over its slope is, near the line, the distance from it in pixels. A plane without
    any slope has no line.
    """
    slope = np.hypot(*np.gradient(odds))
    distance = np.divide(np.abs(odds), slope, out=np.full_like(odds, np.inf), where=slope > 1e-9)
    return np.asarray(np.clip((width + 1) / 2 - distance, 0, 1), dtype=np.float64)


def _blend(canvas: Array, cover: Array, color: tuple[int, int, int]) -> None:
    canvas += cover[..., None] * (np.array(color) - canvas)


def _disc(canvas: Array, center: Array, radius: float, color: tuple[int, int, int]) -> None:
    """Lay a smooth-edged disc on the canvas; what lies outside of it is cut off."""
    height, width, _ = canvas.shape
    left, top = (max(0, math.floor(c - radius - 1)) for c in center)
    right = min(width, math.ceil(center[0] + radius + 2))
    bottom = min(height, math.ceil(center[1] + radius + 2))
    x, y = np.meshgrid(np.arange(left, right) - center[0], np.arange(top, bottom) - center[1])
    cover = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    _blend(canvas[top:bottom, left:right], cover, color)


def sheet_size(rows: int, columns: int, size: int) -> tuple[int, int]:
    """Width and height of a sheet of so many panels; both are even, as films want them.

    Examples
    --------
    >>> sheet_size(1, 2, 100)
    (216, 120)
    """
    letters, gap = _measures(size)
    width = gap + columns * (size + gap)
    height = gap + rows * (_head(letters) + size) + (rows - 1) * (gap // 2)
    return width + width % 2, height + height % 2


def draw_sheet(rows: Sequence[Sequence[Boundary]], size: int) -> Array:
    """Draw panels side by side and one below the other, each under its caption.

    Parameters
    ----------
    rows : sequence of sequences of Boundary
        From top to bottom, from left to right; each row has as many.
    size : int
        Side of a panel in pixels.

    Returns
    -------
    uint8 array of shape (height, width, 3)

    Examples
    --------
    >>> draw_sheet([[Boundary("and", ()), Boundary("and", (4,))]], 100).shape
    (120, 216, 3)
    """
    from PIL import Image, ImageDraw

    letters, gap = _measures(size)
    head = _head(letters)
    sheet = Image.new("RGB", sheet_size(len(rows), len(rows[0]), size), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for down, row in enumerate(rows):
        for across, boundary in enumerate(row):
            left, top = gap + across * (size + gap), gap // 4 + down * (head + size + gap // 2)
            _caption(pen, boundary, (left, top + head // 2), size, letters)
            sheet.paste(Image.fromarray(draw_panel(boundary, size)), (left, top + head))
    return np.asarray(sheet)


def _measures(size: int) -> tuple[int, int]:
    """Height of the letters, and the gap between panels."""
    return max(9, size // 18), max(4, size // 18)


def _head(letters: int) -> int:
    """Height of a caption."""
    return round(1.7 * letters)


def _caption(pen: Any, boundary: Boundary, at: tuple[int, int], width: int, letters: int) -> None:
    """Write data and layers to the left, the share that is right to the right."""
    from PIL import ImageFont

    what, share = f"{boundary.data}: {layers_named(boundary.layers)}", percent(boundary.accuracy)
    font = ImageFont.load_default(letters)
    room = width - font.getlength(share + " ")
    while font.getlength(what) > room and len(what) > 2:  # a long list of layers is cut
        what = what.removesuffix("...")[:-1] + "..." if len(what) > 4 else what[:-1]
    left, middle = at
    pen.text((left, middle), what, _INK, font, anchor="lm")
    pen.text((left + width, middle), share, _INK, font, anchor="rm")


def watch(rows: Sequence[Sequence[Boundary]], size: int, *, epochs: int, frames: int) -> Iterator[Array]:
    """Teach the networks and draw the sheet as they learn; ends early once all have learned.

    The epochs between two frames grow, since a network changes most at the start.

    Yields
    ------
    uint8 array of shape (height, width, 3)
        At most ``frames`` sheets; the last shows the networks at their end.
    """
    everyone = [boundary for row in rows for boundary in row]
    for epoch in schedule(epochs, frames):
        for boundary in everyone:
            boundary.learn(epoch)
        yield draw_sheet(rows, size)
        if all(boundary.is_done for boundary in everyone):
            return


def schedule(epochs: int, frames: int) -> list[int]:
    """Choose the epochs that are drawn, the last always among them.

    Examples
    --------
    >>> schedule(1000, 7)
    [1, 29, 112, 251, 445, 695, 1000]
    >>> schedule(3, 7), schedule(1000, 1)
    ([1, 2, 3], [1000])
    """
    if frames == 1:
        return [epochs]
    growing = 1 + (epochs - 1) * np.linspace(0, 1, frames) ** 2
    at_least_one_more = np.arange(1, frames + 1)
    return sorted({int(min(epochs, epoch)) for epoch in np.maximum(growing.round(), at_least_one_more)})
