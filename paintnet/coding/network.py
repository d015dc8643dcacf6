"""A painting in whole numbers as an ordinary network behind the pyramid encoding."""

from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Self

import numpy as np

from paintnet.coding.coded import Coded, Shape, read_varint, varint
from paintnet.coding.layout import Layout
from paintnet.coding.weights import Steps
from paintnet.encoding.extent import Extent
from paintnet.encoding.pyramid import MAX_SPACING, PyramidMap
from paintnet.network import Network
from paintnet.typing import Array

REACH = 1.6
"""What Keys's weights of both axes come to at most, their signs left out: 1.25 squared, and some."""

OUTPUTS = ("identity", "logistic", "softmax")
"""What outputs may be, by the number that stands in a file."""

FLAT_HALVINGS = 10
"""Of the step of a single answer."""

MOST_OUTPUTS = 256
"""Classes of a painting, at most."""


@dataclass(frozen=True, eq=False)
class CodedNetwork(Network):
    """A network whose first matrix is a pyramid of whole numbers.

    Parameters
    ----------
    coded : Coded
        What it is stored as.
    """

    coded: Coded = field(kw_only=True)

    @classmethod
    def of(cls, coded: Coded, output: str = "identity") -> Self:
        """Build the network of a painting in whole numbers."""
        layout = coded.shape.layout
        encoding = PyramidMap(Extent.of_picture(layout.width, layout.height), layout.spacings)
        coefs, intercepts = network_weights(coded.planes, coded.decoder)
        return cls(encoding, coefs, intercepts, "relu", output, coded=coded)

    @classmethod
    def flat(cls, width: int, height: int, answers: Array, output: str) -> Self:
        """Build the network of one answer for all positions, in hardly any bytes.

        Examples
        --------
        >>> network = CodedNetwork.flat(30, 20, np.array([0.25, 1.0, 0.0]), "identity")
        >>> network.forward(np.array([[3.0, 4.0]])).tolist(), len(network.to_bytes()) < 60
        ([[0.25, 1.0, 0.0]], True)
        """
        shape = Shape(Layout(width, height, (MAX_SPACING,)), len(answers), (1,), (1, 1))
        sizes = map(prod, shape.all)
        weights = [Steps(np.zeros(size, np.int64), 0) for size in sizes]
        weights[len(shape.decoder) - 1] = Steps.of(answers, FLAT_HALVINGS)
        return cls.of(Coded(shape, weights, np.zeros(shape.layout.size)), output)

    def to_bytes(self) -> bytes:
        """Write all of it: width, height, outputs and what they are, then the whole numbers."""
        layout = self.coded.shape.layout
        numbers = layout.width, layout.height, self.n_outputs, OUTPUTS.index(self.output)
        return b"".join(map(varint, numbers)) + self.coded.to_bytes()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ValueError
            If it could not have come from there.
        """
        numbers = []
        for _ in range(4):
            number, used = read_varint(content)
            numbers.append(number)
            content = content[used:]
        width, height, n_outputs, output = numbers
        if not 1 <= n_outputs <= MOST_OUTPUTS or output >= len(OUTPUTS):
            raise ValueError(f"{n_outputs:,} outputs of kind {output}")
        return cls.of(Coded.from_bytes(content, width, height, n_outputs), OUTPUTS[output])

    @property
    def n_parameters(self) -> int:
        """Numbers of the pyramid, weights and biases, those of the context model too."""
        return self.coded.n_parameters

    @property
    def n_bytes(self) -> int:
        """Bytes as stored."""
        return round(self.coded.estimated_bytes)

    def _first_layer(self, xy: Array) -> Array:
        assert isinstance(self.encoding, PyramidMap)  # noqa: S101 - made so above; told to mypy
        gains = self.coded.decoder[0].astype(np.float32)
        values = self.encoding.interpolated(xy, self._planes)
        values *= gains
        return values

    def _first_layer_on(self, xs: Array, ys: Array) -> Array:
        assert isinstance(self.encoding, PyramidMap)  # noqa: S101 - as above
        gains = self.coded.decoder[0].astype(np.float32)
        values = self.encoding.interpolated_on(xs, ys, self._planes).reshape(len(gains), -1)
        values *= gains[:, None]
        return values.T

    @cached_property
    def _planes(self) -> list[Array]:
        return [plane.astype(np.float32) for plane in self.coded.planes]


def network_weights(planes: list[Array], decoder: list[Array]) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Weights of the network that a pyramid and its decoder are: coefs and intercepts, float32.

    The first layer has one unit a level. It has to be linear, and is one with ReLU: its biases are so
    large that no sum is ever below 0, and the next layer's biases take them off again.

    Examples
    --------
    >>> planes, gains = [np.array([[2.0, -3.0]])], np.array([0.5])
    >>> coefs, intercepts = network_weights(planes, [gains, np.array([[1.0]]), np.array([0.25])])
    >>> coefs[0].tolist(), intercepts[0].tolist(), round(float(intercepts[1][0]), 6)
    ([[1.0], [-1.5]], [2.4000000953674316], -2.15)
    """
    sizes = [plane.size for plane in planes]
    # Column by column, so that zeros take no memory: their pages are never written.
    table = np.zeros((sum(sizes), len(planes)), dtype=np.float32, order="F")
    shift = np.empty(len(planes))
    at = 0
    for level, (plane, gain) in enumerate(zip(planes, decoder[0], strict=True)):
        table[at : at + plane.size, level] = (gain * plane).ravel()
        shift[level] = REACH * np.abs(table[at : at + plane.size, level]).max()
        at += plane.size
    weights, biases = list(decoder[1::2]), list(decoder[2::2])
    biases[0] = biases[0] - shift @ weights[0]
    coefs = (table, *(each.astype(np.float32) for each in weights))
    return coefs, tuple(each.astype(np.float32) for each in (shift, *biases))
