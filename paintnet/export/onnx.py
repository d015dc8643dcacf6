"""A painting as a graph of ONNX, built by hand: positions in, colors or probabilities out.

Operators and their meaning: the ONNX specification, operator set 17, which runtimes of 2022 and later know.
"""

import math
from importlib.util import find_spec
from typing import Any

import numpy as np

from paintnet._version import __version__
from paintnet.encoding.fourier import FourierMap
from paintnet.encoding.grid import BASES, GridLevel, GridMap
from paintnet.encoding.raw import RawMap
from paintnet.errors import SettingsError
from paintnet.export.parts import only_network
from paintnet.extras import pip_line
from paintnet.files.names import printable
from paintnet.network import FARTHEST, Network
from paintnet.painting import Painting
from paintnet.typing import Array

OPSET, IR_VERSION = 17, 8

ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid"}

POWERS: dict[str, list[list[float]]] = {
    "linear": [[1, 0], [-1, 1]],
    "quadratic": [[1 / 2, 1 / 2, 0], [-1, 1, 0], [1 / 2, -1, 1 / 2]],
    "cubic": [
        [1 / 6, 4 / 6, 1 / 6, 0], [-1 / 2, 0, 1 / 2, 0],
        [1 / 2, -1, 1 / 2, 0], [-1 / 6, 1 / 2, -1 / 2, 1 / 6],
    ],
    "keys": [[0, 1, 0, 0], [-1 / 2, 0, 1 / 2, 0], [1, -5 / 2, 2, -1 / 2], [-1 / 2, 3 / 2, -3 / 2, 1 / 2]],
}  # fmt: skip
"""The weights of `paintnet.encoding.grid.BASES`: for 1, t, t * t and t * t * t, the share of each vertex."""


def onnx_of(painting: Painting, name: str = "painting") -> bytes:
    """Write a painting as a model of ONNX.

    Parameters
    ----------
    painting : Painting
        Of one patch.
    name : str
        What the graph is called.

    Returns
    -------
    bytes
        The input `xy` are positions (n, 2) in float32, as in `Painting.predict`. The output is
        `colors` (n, channels); in classify, `probabilities` (n, classes) and `colors`.

    Raises
    ------
    SettingsError
        If it has several patches, an encoding that cannot be written down, or the extra `onnx`
        is not installed.

    Examples
    --------
    >>> import paintnet
    >>> painting = paintnet.fit("sample:bird", preset="draft", epochs=1)
    >>> len(onnx_of(painting)) > 4 * painting.n_parameters
    True
    """
    if find_spec("onnx") is None:
        why = "the package onnx is not installed"
        raise SettingsError("onnx", why, f"install it with {pip_line('onnx')}")
    from onnx import TensorProto, helper

    network = only_network(painting)
    graph = _Graph()
    _output(graph, painting, network, _sums(graph, network))
    outputs = {"colors": painting.channels}
    if painting.palette is not None:
        outputs = {"probabilities": len(painting.palette), **outputs}
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            printable(name),
            [helper.make_tensor_value_info("xy", TensorProto.FLOAT, ["n", 2])],
            [helper.make_tensor_value_info(key, TensorProto.FLOAT, ["n", k]) for key, k in outputs.items()],
            graph.constants,
        ),
        producer_name="paintnet",
        producer_version=__version__,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    about = {"width": painting.width, "height": painting.height, "pixel": painting.pixel}
    helper.set_model_props(model, {key: str(value) for key, value in about.items()})
    content: bytes = model.SerializeToString(deterministic=True)
    return content


class _Graph:
    """Nodes in the order of their making; each call names what comes out."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """Put numbers into the graph."""
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(value, dtype, order="C"), name))
        return name

    def __call__(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """Add a node."""
        from onnx import helper

        name = name or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def cast(self, value: str, dtype: Any) -> str:
        """Change the type of numbers."""
        from onnx import helper

        return self("Cast", value, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def _sums(graph: _Graph, network: Network) -> str:
    """Sums of the last layer."""
    near = graph("Clip", "xy", graph.constant(-FARTHEST), graph.constant(FARTHEST))
    sums = graph("Add", _first_layer(graph, network, near), graph.constant(network.intercepts[0]))
    for coef, intercept in zip(network.coefs[1:], network.intercepts[1:], strict=True):
        operator = ACTIVATIONS.get(network.activation)
        hidden = graph(operator, sums) if operator else sums
        sums = graph("Gemm", hidden, graph.constant(coef), graph.constant(intercept))
    return sums


def _first_layer(graph: _Graph, network: Network, xy: str) -> str:
    encoding, coef = network.encoding, network.coefs[0]
    if isinstance(encoding, GridMap):
        return _grid(graph, encoding, coef, xy)
    if isinstance(encoding, RawMap):
        away = graph("Sub", xy, graph.constant(encoding.center))
        features = graph("Div", away, graph.constant(encoding.unit))
        return graph("MatMul", features, graph.constant(coef[::-1]))  # the network's order is (row, column)
    assert isinstance(encoding, FourierMap)  # noqa: S101 - `only_network` lets no other through; told to mypy
    corner = graph.constant([encoding.extent.left, encoding.extent.top])
    cycles = graph("MatMul", graph("Sub", xy, corner), graph.constant(encoding.frequencies))
    phase = graph("Mul", graph("Sub", cycles, graph("Round", cycles)), graph.constant(2 * math.pi))
    features = graph("Concat", graph("Sin", phase), graph("Cos", phase), axis=1)
    return graph("MatMul", features, graph.constant(coef))


def _grid(graph: _Graph, encoding: GridMap, coef: Array, xy: str) -> str:
    """Weighted sums of the rows of the table around each position, level by level."""
    extent = encoding.extent
    # As in `GridMap.axis`: a float32 quotient would lose the fraction on pictures thousands of pixels wide.
    place = graph.cast(xy, np.float64)
    low, high = (extent.left, extent.top), (extent.right, extent.bottom)
    place = graph("Max", place, graph.constant(low, np.float64))
    place = graph("Min", place, graph.constant(high, np.float64))
    place = graph("Sub", place, graph.constant(low, np.float64))
    total = ""
    first = 0
    for level in encoding.levels:
        table = coef[first : first + level.n_vertices].reshape(level.rows, level.columns, -1)
        part = _level(graph, level, encoding.basis, table, place)
        total = graph("Add", total, part) if total else part
        first += level.n_vertices
    return total


def _level(graph: _Graph, level: GridLevel, basis: str, table: Array, place: str) -> str:
    degree = BASES[basis][0]
    count = degree + 1
    cells = np.array([level.columns - degree, level.rows - degree])
    at = graph("Div", place, graph.constant(level.spacing, np.float64))
    at = graph("Min", at, graph.constant(cells, np.float64))
    cell = graph("Min", graph("Floor", at), graph.constant(cells - 1, np.float64))
    t = graph.cast(graph("Sub", at, cell), np.float32)
    powers = [graph.constant(np.ones(1)), t, graph("Mul", t, t)][:count]
    if count == 4:
        powers.append(graph("Mul", powers[2], t))
    # (n, 2, 1) times (count,): for each axis, the share of each vertex.
    shares = ""
    for power, row in zip(powers, POWERS[basis], strict=True):
        column = graph("Unsqueeze", power, graph.constant([-1], np.int64))
        part = graph("Mul", column, graph.constant(row))
        shares = graph("Add", shares, part) if shares else part
    across, down = (graph("Gather", shares, graph.constant(axis, np.int64), axis=1) for axis in (0, 1))
    weights = graph(
        "Mul",
        graph("Unsqueeze", down, graph.constant([2], np.int64)),
        graph("Unsqueeze", across, graph.constant([1], np.int64)),
    )
    corner = graph("Unsqueeze", graph.cast(cell, np.int64), graph.constant([1], np.int64))
    steps = np.stack(np.meshgrid(np.arange(count), np.arange(count)), axis=2).reshape(1, -1, 2)
    vertices = graph("Add", corner, graph.constant(steps, np.int64))
    # GatherND takes (row, column).
    turned = graph("Gather", vertices, graph.constant([1, 0], np.int64), axis=2)
    features = graph("GatherND", graph.constant(table), turned)
    weights = graph("Reshape", weights, graph.constant([0, 1, count**2], np.int64))
    return graph("Squeeze", graph("MatMul", weights, features), graph.constant([1], np.int64))


def _output(graph: _Graph, painting: Painting, network: Network, sums: str) -> None:
    """From the sums of the last layer to the outputs."""
    zero, one = graph.constant(0.0), graph.constant(1.0)
    if painting.palette is not None:
        _classes(graph, painting.palette, network, sums, one)
        return
    values = graph("Sigmoid", sums) if network.output == "logistic" else sums
    if painting.channels < 4:
        graph("Clip", values, zero, one, name="colors")
        return
    # The network has learned colors times alpha.
    values = graph("Clip", values, zero, one)
    alpha = graph("Slice", values, *(graph.constant([n], np.int64) for n in (3, 4, 1)))
    color = graph("Slice", values, *(graph.constant([n], np.int64) for n in (0, 3, 1)))
    whole = graph("Max", alpha, graph.constant(np.finfo(np.float32).tiny))
    plain = graph("Min", graph("Div", color, whole), one)
    plain = graph("Mul", plain, graph("Sign", alpha))  # where nothing is seen the color is 0
    graph("Concat", plain, alpha, axis=1, name="colors")


def _classes(graph: _Graph, palette: Array, network: Network, sums: str, one: str) -> None:
    if len(palette) == 1:
        ones = graph("Mul", graph("Sigmoid", sums), graph.constant(0.0))
        graph("Add", ones, one, name="probabilities")
    elif network.n_outputs == 1:
        chance = graph("Sigmoid", sums)
        graph("Concat", graph("Sub", one, chance), chance, axis=1, name="probabilities")
    elif network.output == "softmax":
        graph("Softmax", sums, axis=1, name="probabilities")
    else:
        # One-hot outputs are independent probabilities, and all may have underflowed.
        chances = graph("Add", graph("Sigmoid", sums), graph.constant(np.finfo(np.float32).tiny))
        total = graph("ReduceSum", chances, graph.constant([1], np.int64))
        graph("Div", chances, total, name="probabilities")
    best = graph("ArgMax", "probabilities", axis=1, keepdims=0)
    graph("Gather", graph.constant(palette), best, axis=0, name="colors")
