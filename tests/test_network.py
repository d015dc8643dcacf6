"""The forward pass in NumPy, held against scikit-learn's own."""

import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

from paintnet.activations import HIDDEN
from paintnet.encoding.base import PositionMap
from paintnet.encoding.extent import Extent
from paintnet.encoding.fourier import FourierMap
from paintnet.encoding.grid import GridMap
from paintnet.encoding.raw import RawMap
from paintnet.lattice import points_of
from paintnet.network import Network

EXTENT = Extent.of_picture(12, 9)
ENCODINGS: dict[str, PositionMap] = {
    "raw": RawMap(EXTENT),
    "integers": RawMap(EXTENT, normalize=False),
    "fourier": FourierMap.draw(EXTENT, 6, 2.0, np.random.default_rng(0)),
    "grid": GridMap.over(EXTENT, [2, 5]),
    "cubic grid": GridMap.over(EXTENT, [3], "cubic"),
}
ROW, COLUMN = np.indices((9, 12)).reshape(2, -1)
XY = np.stack([COLUMN, ROW], axis=1).astype(np.float32)
BETWEEN = np.random.default_rng(1).uniform(0, 8, (50, 2)).astype(np.float32)
LABELS = (ROW // 3 + COLUMN // 4) % 3
TARGETS: dict[str, tuple[Any, np.ndarray, str]] = {
    "regress": (MLPRegressor, np.stack([COLUMN / 11, ROW / 8, COLUMN * 0 + 0.3], axis=1), "identity"),
    "regress grey": (MLPRegressor, COLUMN / 11, "identity"),
    "binary": (MLPClassifier, LABELS % 2, "logistic"),
    "multiclass": (MLPClassifier, LABELS, "softmax"),
    "one-hot": (MLPClassifier, np.equal.outer(LABELS, range(3)).astype(int), "logistic"),
}


def trained(mode: str, encoding: PositionMap, activation: str, dtype: str) -> tuple[Any, Network]:
    kind, targets, output = TARGETS[mode]
    network = kind(hidden_layer_sizes=(8, 7), activation=activation, random_state=0)
    network.set_params(max_iter=8, learning_rate_init=0.05, batch_size=16)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.fit(encoding.transform(XY.astype(dtype)), targets)
    assert network.out_activation_ == output
    return network, Network(encoding, tuple(network.coefs_), tuple(network.intercepts_), activation, output)


@pytest.mark.parametrize("activation", HIDDEN)
@pytest.mark.parametrize("mode", TARGETS)
@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=list(ENCODINGS))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_answers_as_scikit_learn(mode: str, encoding: PositionMap, activation: str, dtype: str) -> None:
    estimator, network = trained(mode, encoding, activation, dtype)
    xy = np.concatenate([XY, BETWEEN]).astype(dtype)
    features = encoding.transform(xy)
    outputs = network.forward(xy)
    assert outputs.dtype == estimator.coefs_[0].dtype == dtype
    assert outputs.shape == (len(xy), network.n_outputs)
    if mode.startswith("regress"):
        expected = estimator.predict(features).reshape(len(xy), -1)
    else:
        expected = estimator.predict_proba(features)
        if mode == "binary":
            expected = expected[:, 1:]
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=2e-5 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=list(ENCODINGS))
@pytest.mark.parametrize("at_once", [1, 7, 32_768])
def test_on_a_lattice_it_answers_as_at_its_points(
    encoding: PositionMap, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, network = trained("multiclass", encoding, "tanh", "float32")
    monkeypatch.setattr("paintnet.network.POINTS_AT_ONCE", at_once)
    xs, ys = np.linspace(-3, 14, 11), np.linspace(8, 0, 5)
    outputs = network.forward_on(xs, ys)
    assert outputs.shape == (5, 11, 3)
    expected = network.forward(points_of(xs, ys)).reshape(outputs.shape)
    np.testing.assert_allclose(outputs, expected, rtol=0, atol=2e-6)


def test_a_pass_worked_by_hand() -> None:
    coefs = (np.array([[1.0, -1.0], [2.0, 1.0]]), np.array([[0.5], [3.0]]))
    intercepts = (np.array([0.5, -1.0]), np.array([0.25]))
    network = Network(RawMap(EXTENT, normalize=False), coefs, intercepts, "relu", "identity")
    # At x = 2, y = 3 the inputs are (3, 2): 3 + 4 + 0.5 = 7.5 and -3 + 2 - 1 = -2, which relu makes 0.
    assert network.forward(np.array([[2.0, 3.0]])).tolist() == [[7.5 * 0.5 + 0.25]]
    assert (network.layers, network.n_outputs, network.n_parameters) == ((2,), 1, 9)


def test_the_weights_stay_as_they_are() -> None:
    _, network = trained("multiclass", ENCODINGS["grid"], "tanh", "float32")
    before = [array.copy() for array in (*network.coefs, *network.intercepts)]
    first, second = network.forward(XY), network.forward(XY)
    assert np.array_equal(first, second)
    assert all(map(np.array_equal, before, (*network.coefs, *network.intercepts)))


@pytest.mark.parametrize("output", ["logistic", "softmax"])
def test_huge_sums_do_not_overflow(output: str) -> None:
    coefs = (np.array([[1e30, -1e30], [0, 0]], dtype=np.float32),)
    network = Network(RawMap(EXTENT, normalize=False), coefs, (np.zeros(2, np.float32),), "relu", output)
    np.testing.assert_array_equal(network.forward(np.array([[0.0, 5.0]])), [[1, 0]])


def overflowing(*, weight: float = 3e38) -> Network:
    """Two hidden units whose sums are huge and of opposite sign beyond 1, and one output that adds them."""
    coefs = (np.array([[weight, -weight], [0, 0]], "f4"), np.array([[weight], [weight]], "f4"))
    intercepts = (np.zeros(2, "f4"), np.array([0.25], "f4"))
    return Network(RawMap(EXTENT, normalize=False), coefs, intercepts, "identity", "identity")


def test_sums_that_overflow_are_held_and_all_others_are_as_they_are() -> None:
    """The raw inputs are y and x, so y decides: at 0 the answer is the bias, at 2 it would be inf - inf."""
    assert overflowing().forward(np.array([[5.0, 0.0], [5.0, 2.0], [0.0, -1e300]])).tolist() == [
        [0.25],
        [0],
        [0],
    ]
    assert overflowing().forward_on(np.array([5.0, 7.0]), np.array([2.0, 0.0])).tolist() == [
        [[0], [0]],
        [[0.25], [0.25]],
    ]
    assert overflowing(weight=2.0).forward(np.array([[0.0, 3.0]])).tolist() == [[0.25]]


def test_weights_that_are_not_numbers_stay_visible() -> None:
    assert np.isnan(overflowing(weight=np.nan).forward(np.array([[5.0, 2.0]]))).all()


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=list(ENCODINGS))
def test_a_position_far_out_has_a_finite_answer(encoding: PositionMap) -> None:
    _, network = trained("regress", encoding, "relu", "float32")
    far = np.array([[1e300, -1e300], [-1e300, 3.0], [2e9, 2e9]])
    assert np.isfinite(network.forward(far)).all()
    assert np.isfinite(network.forward_on(far[:, 0], far[:, 1])).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"activation": "sine"}, "unknown activation 'sine' or output 'identity'"),
        ({"output": "relu"}, "unknown activation 'relu' or output 'relu'"),
        ({"coefs": (), "intercepts": ()}, "0 weight matrices and 0 bias vectors"),
        ({"intercepts": (np.zeros(3),)}, "2 weight matrices and 1 bias vectors"),
        (
            {"coefs": (np.zeros((3, 3)), np.zeros((3, 1)))},
            r"layer 0: weights \(3, 3\) and biases \(3,\) after 2 units",
        ),
        (
            {"coefs": (np.zeros((2, 3)), np.zeros((4, 1)))},
            r"layer 1: weights \(4, 1\) and biases \(1,\) after 3 units",
        ),
        (
            {"coefs": (np.zeros((2, 3)), np.zeros(3))},
            r"layer 1: weights \(3,\) and biases \(1,\) after 3 units",
        ),
        (
            {"intercepts": (np.zeros(3), np.zeros(2))},
            r"layer 1: weights \(3, 1\) and biases \(2,\) after 3 units",
        ),
    ],
)
def test_what_does_not_chain_is_refused(change: dict[str, Any], reason: str) -> None:
    good = {
        "encoding": RawMap(EXTENT),
        "coefs": (np.zeros((2, 3)), np.zeros((3, 1))),
        "intercepts": (np.zeros(3), np.zeros(1)),
        "activation": "relu",
        "output": "identity",
    }
    Network(**good)
    with pytest.raises(ValueError, match=reason):
        Network(**good | change)


@pytest.mark.parametrize("wide", ["layer", "encoding"])
def test_fault_15_a_wide_network_takes_bounded_memory(wide: str) -> None:
    if wide == "layer":
        encoding, width = ENCODINGS["raw"], 30_000
        shapes = [(2, width), (width, 1)]
    else:
        encoding, width = FourierMap.draw(EXTENT, 15_000, 2.0, np.random.default_rng(0)), 30_000
        shapes = [(width, 1)]
    coefs = tuple(np.full(shape, 1e-5, np.float32) for shape in shapes)
    intercepts = tuple(np.zeros(shape[1], np.float32) for shape in shapes)
    network = Network(encoding, coefs, intercepts, "relu", "identity")
    xy = np.resize(XY, (4000, 2))
    tracemalloc.start()
    whole = network.forward(xy)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 650_000_000  # all at once, the encoding would take twice that
    np.testing.assert_allclose(
        whole, np.concatenate([network.forward(xy[:77]), network.forward(xy[77:])]), atol=1e-4
    )
