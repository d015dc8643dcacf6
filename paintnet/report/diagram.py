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

FAINTEST = 0.12
"""Opacity below which a line is left out: it would only be haze."""

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


def network_drawing(network: Network, last: str, outputs: Sequence[str], name: str = "network") -> Markup:
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
    """
    layers = network_layers(network, last)
    skipped = range(0)
    if len(network.layers) > MOST_HIDDEN:
        first = len(layers) - len(network.coefs)
        skipped = range(first + MOST_HIDDEN // 2, len(layers) - 1 - MOST_HIDDEN // 2)
    columns = [k for k in range(len(layers)) if k not in skipped]
    sheet = _Sheet(network, layers, COLUMN if len(columns) <= ROOMY else TIGHT_COLUMN)
    marks = [
        element("title", f"The network: {network.n_parameters:,} parameters", id=f"{name}-title"),
        element("desc", "Layers: " + ", ".join(f"{x.name} ({x.units:,})" for x in layers), id=f"{name}-desc"),
    ]
    # Lines first: circles lie on them.
    for place, k in enumerate(columns[1:], 1):
        x = sheet.x(place)
        if columns[place - 1] == k - 1:
            marks += sheet.connections(k, x)
        else:
            words = f"+{len(skipped)} layers"
            marks.append(_text(words, x - sheet.step / 2, (TOP + BOTTOM) / 2))
    for place, k in enumerate(columns):
        marks += sheet.layer(layers[k], sheet.x(place))
    end = sheet.x(len(columns) - 1)
    if layers[-1].units <= MOST_UNITS:
        beside = zip(outputs, _heights(layers[-1].units), strict=False)
        marks += [element("text", label, x=end + 14, y=y + 4) for label, y in beside]
    return drawing(marks, round(end) + MARGIN + (30 if outputs else 0), 312, name)


@dataclass(frozen=True)
class _Sheet:
    """What is drawn, and how wide."""

    network: Network
    layers: list[Layer]
    step: int

    def x(self, place: int) -> float:
        """Middle of a column."""
        return float(MARGIN + self.step * place)

    def layer(self, layer: Layer, x: float) -> list[Markup]:
        """Units and captions of one layer."""
        encoding = self.network.encoding
        if layer.name == encoding.name and isinstance(encoding, GridMap):
            marks = _grid_sign(encoding, x)
        else:
            marks = [element("circle", cx=x, cy=y, r=6, class_="unit") for y in _heights(layer.units)]
        marks += [
            _text(layer.name, x, 20, "label"),
            _text(f"{layer.units:,}", x, BOTTOM + 26, "label"),
            _text(layer.does, x, BOTTOM + 44),
        ]
        if layer.parameters:
            marks.append(_text(f"+{layer.parameters:,}", x - self.step / 2, 40))
        return marks

    def connections(self, k: int, x: float) -> list[Markup]:
        """Lines from the layer before to layer k at x, as opaque as the weight is large."""
        ends = [self.layers[k - 1], self.layers[k]]
        middle, away = (TOP + BOTTOM) / 2, [26 if layer.name == "grid" else 6 for layer in ends]
        starts, stops = ([middle] if layer.name == "grid" else _heights(layer.units) for layer in ends)
        strength = np.full((len(starts), len(stops)), 0.5)
        if ends[1].parameters and ends[0].name != "grid":
            coef = self.network.coefs[k - (len(self.layers) - len(self.network.coefs))]
            weights = np.abs(np.nan_to_num(coef[np.ix_(_drawn(coef.shape[0]), _drawn(coef.shape[1]))]))
            strength = 0.05 + 0.75 * weights / max(float(weights.max()), 1e-30)
        x1, x2 = x - self.step + away[0], x - away[1]
        return [
            element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_="weight", stroke_opacity=strength[a, b].item())
            for a, y1 in enumerate(starts)
            for b, y2 in enumerate(stops)
            if strength[a, b] >= FAINTEST
        ]


def _grid_sign(grid: GridMap, x: float) -> list[Markup]:
    """Squares for the levels of a grid, one behind the other."""
    levels, side, middle = min(3, len(grid.levels)), 44, (TOP + BOTTOM) / 2
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


def _heights(units: int) -> list[float]:
    count = min(units, MOST_UNITS)
    step = min(32.0, (BOTTOM - TOP) / max(count - 1, 1))
    middle = (TOP + BOTTOM) / 2
    return [middle + step * (k - (count - 1) / 2) for k in range(count)]


def _text(words: str, x: float, y: float, kind: str = "") -> Markup:
    return element("text", words, x=x, y=y, text_anchor="middle", class_=kind)
