"""The network as a drawing: layers of circles, inline SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from paintnet.encoding.grid import GridMap
from paintnet.network import Network
from paintnet.report.charts import drawing, element

MOST_UNITS = 9
"""Circles drawn for a layer."""

MOST_HIDDEN = 12
"""Hidden layers drawn; of more, the first and the last."""

COLUMN, TIGHT_COLUMN = 112, 72
"""Pixels from layer to layer; and where there are more than `ROOMY` of them."""

ROOMY = 8

NARROW, NARROW_LEFT, ROW = 340, 120, 84
"""Width of the narrow drawing, of its captions, and pixels from layer to layer."""

FAINTEST = 0.12
"""Opacity below which a line is left out: it would only be haze."""

LETTERS, FEW_LETTERS = 18, 8
"""Of the name of an output, in the wide and in the narrow drawing."""

MARGIN = 44
TOP, BOTTOM = 60, 256
"""Where the circles lie."""


@dataclass(frozen=True)
class Layer:
    """A layer of the network as it is drawn and listed.

    Parameters
    ----------
    name : str
        What it is called.
    units : int
        Numbers that it hands on.
    does : str
        What it does, in a word or two.
    parameters : int, default=0
        Weights and biases before it.
    """

    name: str
    units: int
    does: str
    parameters: int = 0


def network_layers(network: Network, last: str) -> list[Layer]:
    """List the layers from the position to the outputs, which are called `last`."""
    encoding = network.encoding
    layers = [Layer("position", 2, "x, y")]
    if encoding.description:
        layers.append(Layer(encoding.name, encoding.n_features, encoding.description))
    for k, (coef, intercept) in enumerate(zip(network.coefs, network.intercepts, strict=True), 1):
        is_last = k == len(network.coefs)
        name, does = (last, network.output) if is_last else (f"hidden {k}", network.activation)
        layers.append(Layer(name, int(coef.shape[1]), does, coef.size + intercept.size))
    return layers


def network_drawing(
    network: Network, last: str, outputs: Sequence[str], name: str = "network", *, is_narrow: bool = False
) -> Markup:
    """Draw the network as layers of circles; lines between them are as strong as their weights.

    Parameters
    ----------
    network : Network
        The trained network.
    last : str
        What the last layer is called.
    outputs : sequence of str
        Names of its units; none where they are too many to name.
    name : str
        Start of the ids, unique in the page.
    is_narrow : bool, default=False
        Draw from top to bottom, as wide as a phone, instead of from left to right.
    """
    layers = network_layers(network, last)
    skipped = range(0)
    if len(network.layers) > MOST_HIDDEN:
        first = len(layers) - len(network.coefs)
        skipped = range(first + MOST_HIDDEN // 2, len(layers) - 1 - MOST_HIDDEN // 2)
    shown = [k for k in range(len(layers)) if k not in skipped]
    sheet: _Sheet = (_Narrow if is_narrow else _Wide)(network, layers, len(shown))
    marks = [
        element("title", f"The network: {network.n_parameters:,} parameters", id=f"{name}-title"),
        element("desc", "Layers: " + ", ".join(f"{x.name} ({x.units:,})" for x in layers), id=f"{name}-desc"),
    ]
    # Lines first: circles lie on them.
    for place, k in enumerate(shown[1:], 1):
        if shown[place - 1] == k - 1:
            marks += sheet.connections(k, place)
        else:
            marks.append(_text(f"+{len(skipped)} layers", *sheet.between(place)))
    for place, k in enumerate(shown):
        marks += sheet.layer(layers[k], place)
    if layers[-1].units <= MOST_UNITS:
        marks += sheet.labels(outputs, layers[-1].units)
    return drawing(marks, *sheet.size(max(map(len, outputs), default=0)), name)


@dataclass(frozen=True)
class _Sheet:
    """What is drawn, and where: each way to lay it out is a kind of its own."""

    network: Network
    layers: list[Layer]
    places: int

    def unit(self, place: int, along: float) -> tuple[float, float]:
        """Where a unit is; `along` is its distance from the middle of its layer."""
        raise NotImplementedError

    def between(self, place: int) -> tuple[float, float]:
        """Middle of the gap before a layer."""
        raise NotImplementedError

    def captions(self, layer: Layer, place: int) -> list[Markup]:
        """What is written at a layer."""
        raise NotImplementedError

    def labels(self, outputs: Sequence[str], units: int) -> list[Markup]:
        """Names of the last layer's units."""
        raise NotImplementedError

    def size(self, longest: int) -> tuple[int, int]:
        """Width and height, where the longest of the labels has so many letters."""
        raise NotImplementedError

    def shift(self, away: float) -> tuple[float, float]:
        """Step from the middle of a layer's units towards the next layer."""
        raise NotImplementedError

    def layer(self, layer: Layer, place: int) -> list[Markup]:
        """Units and captions of one layer."""
        encoding = self.network.encoding
        if layer.name == encoding.name and isinstance(encoding, GridMap):
            marks = _grid_sign(encoding, *self.unit(place, 0))
        else:
            spots = (self.unit(place, along) for along in self.spread(layer.units))
            marks = [element("circle", cx=x, cy=y, r=6, class_="unit") for x, y in spots]
        return marks + self.captions(layer, place)

    def spread(self, units: int) -> list[float]:
        """Distances of the drawn units from the middle of their layer."""
        count = min(units, MOST_UNITS)
        step = min(32.0, self.room / max(count - 1, 1))
        return [step * (k - (count - 1) / 2) for k in range(count)]

    @property
    def room(self) -> float:
        """For the units of a layer."""
        return BOTTOM - TOP

    def connections(self, k: int, place: int) -> list[Markup]:
        """Lines from the layer before to layer k, as opaque as the weight is large."""
        ends = [self.layers[k - 1], self.layers[k]]
        away = [26 if layer.name == "grid" else 6 for layer in ends]
        starts, stops = ([0.0] if layer.name == "grid" else self.spread(layer.units) for layer in ends)
        strength = np.full((len(starts), len(stops)), 0.5)
        if ends[1].parameters and ends[0].name != "grid":
            coef = self.network.coefs[k - (len(self.layers) - len(self.network.coefs))]
            weights = np.abs(np.nan_to_num(coef[np.ix_(_drawn(coef.shape[0]), _drawn(coef.shape[1]))]))
            strength = 0.05 + 0.75 * weights / max(float(weights.max()), 1e-30)
        (dx1, dy1), (dx2, dy2) = (self.shift(each) for each in away)
        marks = []
        for a, b in zip(*np.nonzero(strength >= FAINTEST), strict=True):
            (x1, y1), (x2, y2) = self.unit(place - 1, starts[a]), self.unit(place, stops[b])
            ends_at = {"x1": x1 + dx1, "y1": y1 + dy1, "x2": x2 - dx2, "y2": y2 - dy2}
            marks.append(element("line", **ends_at, class_="weight", stroke_opacity=strength[a, b].item()))
        return marks


class _Wide(_Sheet):
    """From left to right."""

    @property
    def step(self) -> int:
        return COLUMN if self.places <= ROOMY else TIGHT_COLUMN

    def unit(self, place: int, along: float) -> tuple[float, float]:
        return float(MARGIN + self.step * place), (TOP + BOTTOM) / 2 + along

    def shift(self, away: float) -> tuple[float, float]:
        return away, 0.0

    def between(self, place: int) -> tuple[float, float]:
        x, y = self.unit(place, 0)
        return x - self.step / 2, y

    def captions(self, layer: Layer, place: int) -> list[Markup]:
        x, _ = self.unit(place, 0)
        marks = [
            _text(layer.name, x, 20, "label"),
            _text(f"{layer.units:,}", x, BOTTOM + 26, "label"),
            _text(layer.does, x, BOTTOM + 44),
        ]
        if layer.parameters:
            marks.append(_text(f"+{layer.parameters:,}", x - self.step / 2, 40))
        return marks

    def labels(self, outputs: Sequence[str], units: int) -> list[Markup]:
        spots = [self.unit(self.places - 1, along) for along in self.spread(units)]
        beside = zip(outputs, spots, strict=False)
        return [element("text", _cut(label, LETTERS), x=x + 14, y=y + 4) for label, (x, y) in beside]

    def size(self, longest: int) -> tuple[int, int]:
        end, _ = self.unit(self.places - 1, 0)
        letters = min(longest, LETTERS)
        return round(end) + max(MARGIN, 20 + 8 * letters), 312


class _Narrow(_Sheet):
    """From top to bottom, with the captions to the left."""

    @property
    def room(self) -> float:
        return NARROW - NARROW_LEFT - 16

    def unit(self, place: int, along: float) -> tuple[float, float]:
        return (NARROW_LEFT + NARROW - 16) / 2 + along, 26.0 + ROW * place

    def shift(self, away: float) -> tuple[float, float]:
        return 0.0, away

    def between(self, place: int) -> tuple[float, float]:
        x, y = self.unit(place, 0)
        return x, y - ROW / 2

    def captions(self, layer: Layer, place: int) -> list[Markup]:
        _, y = self.unit(place, 0)
        marks = [
            element("text", layer.name, x=2, y=y - 2, class_="label"),
            element("text", f"{layer.units:,} \N{MIDDLE DOT} {layer.does}", x=2, y=y + 15),
        ]
        if layer.parameters:
            marks.append(element("text", f"+{layer.parameters:,}", x=2, y=y - ROW / 2 + 6))
        return marks

    def labels(self, outputs: Sequence[str], units: int) -> list[Markup]:
        spots = [self.unit(self.places - 1, along) for along in self.spread(units)]
        below = [(label, x - 3, y + 18) for label, (x, y) in zip(outputs, spots, strict=False)]
        return [
            element("text", _cut(label, FEW_LETTERS), x=x, y=y, transform=f"rotate(40 {x:.1f} {y:.1f})")
            for label, x, y in below
        ]

    def size(self, longest: int) -> tuple[int, int]:
        _, end = self.unit(self.places - 1, 0)
        return NARROW, round(end) + (70 if longest else 26)


def _grid_sign(grid: GridMap, x: float, middle: float) -> list[Markup]:
    """Squares for the levels of a grid, one behind the other."""
    levels, side = min(3, len(grid.levels)), 44
    marks = []
    for level in range(levels):
        left = x - side / 2 + 8 * (levels - 1 - level) - 4 * (levels - 1)
        top = middle - side / 2 - 8 * (levels - 1 - level) + 4 * (levels - 1)
        marks.append(element("rect", x=left, y=top, width=side, height=side, class_="mesh"))
        for line in range(1, 4):
            at = side * line / 4
            marks.append(element("line", x1=left + at, x2=left + at, y1=top, y2=top + side, class_="mesh"))
            marks.append(element("line", x1=left, x2=left + side, y1=top + at, y2=top + at, class_="mesh"))
    return marks


def _drawn(units: int) -> list[int]:
    """Numbers of the units that are drawn, spread evenly."""
    count = min(units, MOST_UNITS)
    return [int(n) for n in np.rint(np.linspace(0, units - 1, count))]


def _cut(label: str, letters: int) -> str:
    return label if len(label) <= letters else label[: letters - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _text(words: str, x: float, y: float, kind: str = "") -> Markup:
    return element("text", words, x=x, y=y, text_anchor="middle", class_=kind)
