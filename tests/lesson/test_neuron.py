import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from paintnet.activations import LESSON
from paintnet.errors import PaintnetError, SettingsError
from paintnet.lesson.neuron import Neuron, perceptron_rule

CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]
XOR = (0, 1, 1, 0)
XNOR = (1, 0, 0, 1)

# Worked by hand: exp(-2) = 0.135335, 1 / (1 + exp(-2)) = 0.880797, tanh(2) = (1 - exp(-4)) / (1 + exp(-4)).
HAND_WORKED = {
    "identity": {-2.0: -2.0, -0.5: -0.5, 0.0: 0.0, 0.5: 0.5, 2.0: 2.0},
    "step": {-2.0: 0.0, -0.5: 0.0, 0.0: 1.0, 0.5: 1.0, 2.0: 1.0},
    "logistic": {-2.0: 0.119203, -0.5: 0.377541, 0.0: 0.5, 0.5: 0.622459, 2.0: 0.880797},
    "tanh": {-2.0: -0.964028, -0.5: -0.462117, 0.0: 0.0, 0.5: 0.462117, 2.0: 0.964028},
    "relu": {-2.0: 0.0, -0.5: 0.0, 0.0: 0.0, 0.5: 0.5, 2.0: 2.0},
    "leaky-relu": {-2.0: -0.2, -0.5: -0.05, 0.0: 0.0, 0.5: 0.5, 2.0: 2.0},
}
BOUNDS = {"step": (0, 1), "logistic": (0, 1), "tanh": (-1, 1), "relu": (0, math.inf)}

finite = st.floats(-1e6, 1e6)
small = st.integers(-1000, 1000).map(float)


def vectors(size: int, elements: st.SearchStrategy[float] = finite) -> st.SearchStrategy[list[float]]:
    return st.lists(elements, min_size=size, max_size=size)


def step_neuron(**settings: Any) -> Neuron:
    return Neuron(2, **({"weights": [0, 0], "activation": "step"} | settings))


def test_every_activation_has_hand_worked_numbers() -> None:
    assert list(LESSON) == list(HAND_WORKED)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", HAND_WORKED)
def test_activation_gives_the_hand_worked_numbers(name: str, dtype: type) -> None:
    z, expected = list(HAND_WORKED[name]), list(HAND_WORKED[name].values())
    got = LESSON[name].function(np.array(z, dtype=dtype))
    assert got.dtype == dtype
    np.testing.assert_allclose(got, expected, atol=1e-6)
    for one, answer in HAND_WORKED[name].items():
        assert isinstance(LESSON[name].function(one), float)
        assert LESSON[name].function(one) == pytest.approx(answer, abs=1e-6)


@pytest.mark.parametrize("name", LESSON)
def test_activation_keeps_the_shape_and_leaves_its_input_alone(name: str) -> None:
    z = np.linspace(-3, 3, 12).reshape(3, 4)
    before = z.copy()
    assert LESSON[name].function(z).shape == (3, 4)
    np.testing.assert_array_equal(z, before)


@pytest.mark.parametrize("name", LESSON)
@given(z=st_numpy.arrays(np.float64, st.integers(2, 20), elements=finite))
def test_activation_never_falls_and_stays_in_bounds(name: str, z: np.ndarray) -> None:
    answers = LESSON[name].function(np.sort(z))
    assert (np.diff(answers) >= -1e-15).all()
    low, high = BOUNDS.get(name, (-math.inf, math.inf))
    assert answers.min() >= low
    assert answers.max() <= high


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logistic_does_not_overflow(dtype: type) -> None:
    largest = np.finfo(dtype).max
    z = np.array([-np.inf, -largest, -1000, 1000, largest, np.inf], dtype=dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert LESSON["logistic"].function(z).tolist() == [0, 0, 0, 1, 1, 1]


@given(z=st.floats(-700, 700))
def test_logistic_is_symmetric_and_exact_far_below_zero(z: float) -> None:
    logistic = LESSON["logistic"].function
    assert logistic(z) + logistic(-z) == pytest.approx(1.0)
    assert logistic(z) == pytest.approx(0.5 * (1 + math.tanh(z / 2)), abs=1e-15)
    assert logistic(-abs(z) - 40) == pytest.approx(math.exp(-abs(z) - 40), rel=1e-12, abs=1e-320)


def test_the_neuron_of_the_lesson_gives_minus_a_twentieth() -> None:
    neuron = Neuron(3, bias=-0.1, weights=[0.7, 0.6, 1.4])
    assert neuron.weighted_sum([1.0, 0.5, -1.0]) == pytest.approx(-0.5)
    assert neuron([1.0, 0.5, -1.0]) == pytest.approx(-0.05)
    assert type(neuron([1.0, 0.5, -1.0])) is float


@pytest.mark.parametrize("name", LESSON)
def test_the_neuron_applies_its_activation(name: str) -> None:
    neuron = Neuron(2, bias=0.5, weights=[1, -2], activation=name)
    assert neuron([1, 1]) == pytest.approx(HAND_WORKED[name][-0.5], abs=1e-6)


def test_defaults_are_no_bias_and_leaky_relu() -> None:
    neuron = Neuron(1, weights=[2])
    assert (neuron.bias, neuron.activation, neuron([-1])) == (0.0, "leaky-relu", pytest.approx(-0.2))


def test_random_weights_lie_between_minus_one_and_one_and_follow_the_seed() -> None:
    weights = Neuron(1000, seed=7).weights
    assert weights.shape == (1000,)
    assert -1 <= weights.min() < -0.9 < 0.9 < weights.max() <= 1
    assert weights.tolist() == Neuron(1000, seed=7).weights.tolist()
    assert weights.tolist() != Neuron(1000, seed=8).weights.tolist()
    assert Neuron(1000).weights.tolist() != Neuron(1000).weights.tolist()


def test_a_neuron_keeps_its_own_weights() -> None:
    given_weights = np.array([1.0, 2.0])
    neuron = Neuron(2, weights=given_weights)
    given_weights[0] = 100
    assert neuron([1, 1]) == 3
    with pytest.raises(ValueError, match="read-only"):
        neuron.weights[0] = 100


def test_repr_makes_the_same_neuron() -> None:
    neuron = Neuron(2, bias=0.5, seed=1, activation="tanh")
    again = eval(repr(neuron), {"Neuron": Neuron})
    assert (repr(again), again([1, 2])) == (repr(neuron), neuron([1, 2]))


@given(weights=vectors(3), x=vectors(3), y=vectors(3), a=st.floats(-100, 100))
def test_an_identity_neuron_without_bias_is_linear(
    weights: list[float], x: list[float], y: list[float], a: float
) -> None:
    neuron = Neuron(3, weights=weights, activation="identity")
    mixed = neuron([a * p + q for p, q in zip(x, y, strict=True)])
    assert mixed == pytest.approx(a * neuron(x) + neuron(y), rel=1e-9, abs=3e14 * 1e-12)


@given(weights=vectors(3), x=vectors(3), bias=finite)
def test_the_bias_is_added_once(weights: list[float], x: list[float], bias: float) -> None:
    with_bias, without = Neuron(3, bias=bias, weights=weights), Neuron(3, weights=weights)
    assert with_bias.weighted_sum(x) == without.weighted_sum(x) + bias


@given(weights=vectors(4, small), x=vectors(4, small), order=st.permutations(range(4)))
def test_the_order_of_the_inputs_does_not_matter(
    weights: list[float], x: list[float], order: list[int]
) -> None:
    shuffled = Neuron(4, weights=[weights[i] for i in order])
    assert shuffled([x[i] for i in order]) == Neuron(4, weights=weights)(x)


@pytest.mark.parametrize(
    ("neuron", "inputs", "line"),
    [
        (
            Neuron(3, bias=-0.1, weights=[0.7, 0.6, 1.4]),
            [1, 0.5, -1],
            "0.7*1 + 0.6*0.5 + 1.4*(-1) - 0.1 = -0.5 -> leaky-relu -> -0.05",
        ),
        (
            Neuron(2, weights=[-1, -2.5], activation="relu"),
            [3, -4],
            "-1*3 - 2.5*(-4) + 0 = 7 -> relu -> 7",
        ),
        (
            Neuron(1, bias=-0.0, weights=[-0.0], activation="relu"),
            [-0.0],
            "0*0 + 0 = 0 -> relu -> 0",
        ),
        (
            Neuron(1, bias=2, weights=[1 / 3], activation="logistic"),
            [-6e6],
            "0.333333*(-6e+06) + 2 = -2e+06 -> logistic -> 0",
        ),
        (
            Neuron(1, bias=123456.7, weights=[1], activation="identity"),
            [0],
            "1*0 + 123457 = 123457 -> identity -> 123457",
        ),
    ],
)
def test_explain_writes_the_sum_out(neuron: Neuron, inputs: list[float], line: str) -> None:
    assert neuron.explain(inputs) == line


@given(weights=vectors(3, small), x=vectors(3, small), bias=small)
def test_the_explained_sum_can_be_worked_out_again(weights: list[float], x: list[float], bias: float) -> None:
    neuron = Neuron(3, bias=bias, weights=weights)
    written, activation, _ = neuron.explain(x).split(" -> ")
    assert eval(written.split(" = ")[0]) == neuron.weighted_sum(x)
    assert activation == "leaky-relu"
    assert " -0 " not in f" {neuron.explain(x)} "


def test_the_perceptron_learns_and() -> None:
    neuron, mistakes = perceptron_rule(step_neuron(), CORNERS, [0, 0, 0, 1])
    assert mistakes == [2, 3, 3, 2, 1, 0]
    assert (neuron.weights.tolist(), neuron.bias) == ([2.0, 1.0], -3.0)
    assert [neuron(corner) for corner in CORNERS] == [0, 0, 0, 1]


@pytest.mark.parametrize("targets", list(itertools.product([0, 1], repeat=4)))
def test_of_the_sixteen_rules_all_but_xor_and_its_opposite_are_learned(targets: tuple[int, ...]) -> None:
    neuron, mistakes = perceptron_rule(step_neuron(), CORNERS, targets)
    if targets in (XOR, XNOR):
        assert len(mistakes) == 100
        assert min(mistakes) > 0
    else:
        assert mistakes[-1] == 0
        assert 0 not in mistakes[:-1]
        assert [neuron(corner) for corner in CORNERS] == list(targets)


@given(seed=st.integers(0, 2**32), rate=st.floats(1e-3, 1e3), bias=st.floats(-5, 5))
def test_xor_is_learned_from_no_start_at_no_rate(seed: int, rate: float, bias: float) -> None:
    start = Neuron(2, bias=bias, seed=seed, activation="step")
    mistakes = perceptron_rule(start, CORNERS, XOR, rate=rate, epochs=30).mistakes
    assert len(mistakes) == 30
    assert min(mistakes) > 0


@given(
    rows=st.lists(st.tuples(small, small), min_size=1, max_size=20),
    line=st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(-3, 3)),
)
def test_a_lesson_that_ends_with_no_mistake_is_learned(
    rows: list[tuple[float, float]], line: tuple[int, int, int]
) -> None:
    teacher = Neuron(2, weights=line[:2], bias=line[2], activation="step")
    targets = [teacher(row) for row in rows]
    neuron, mistakes = perceptron_rule(step_neuron(), rows, targets, epochs=20)
    if mistakes[-1] == 0:
        assert [neuron(row) for row in rows] == targets
    else:
        assert len(mistakes) == 20


def test_learning_leaves_the_first_neuron_alone_and_counts_the_rate() -> None:
    start = step_neuron()
    neuron, mistakes = perceptron_rule(start, CORNERS, [0, 0, 0, 1], rate=0.5, epochs=3)
    assert (start.weights.tolist(), start.bias) == ([0, 0], 0)
    assert (neuron.weights.tolist(), neuron.bias, mistakes) == ([1.0, 0.5], -1.0, [2, 3, 3])


FAULTS: dict[str, tuple[Callable[[], object], str]] = {
    "activation": (
        lambda: Neuron(1, activation="sigmoid"),
        "activation 'sigmoid': there is no such function; "
        "choose one of identity, step, logistic, tanh, relu, leaky-relu",
    ),
    "no input": (
        lambda: Neuron(0),
        "n_inputs 0: it is not a whole number of at least 1; give one, such as 1",
    ),
    "half an input": (
        lambda: Neuron(1.5),
        "n_inputs 1.5: it is not a whole number of at least 1; give one, such as 1",
    ),  # type: ignore[arg-type]
    "seed": (
        lambda: Neuron(1, seed=-1),
        "seed -1: it is not a whole number of at least 0; give one, such as 1",
    ),
    "bias nan": (
        lambda: Neuron(1, bias=math.nan),
        "bias nan: it is not a finite number; give one finite number",
    ),
    "bias text": (lambda: Neuron(1, bias="x"), "bias 'x': it is not a finite number; give one finite number"),  # type: ignore[arg-type]
    "weights few": (
        lambda: Neuron(3, weights=[1, 2]),
        "weights: 2 numbers were given where 3 belong; give 3 finite numbers",
    ),
    "weights many": (
        lambda: Neuron(1, weights=[1, 2]),
        "weights: 2 numbers were given where 1 belong; give 1 finite number",
    ),
    "weights nan": (
        lambda: Neuron(2, weights=[1, math.nan]),
        "weights: number 2 is nan; give 2 finite numbers",
    ),
    "weights huge": (
        lambda: Neuron(1, weights=[10**400]),
        "weights: it is not a plain list of numbers; give 1 finite number",
    ),
    "inputs few": (
        lambda: step_neuron()([1]),
        "inputs: 1 numbers were given where 2 belong; give 2 finite numbers",
    ),
    "inputs inf": (lambda: step_neuron()([math.inf, 1]), "inputs: number 1 is inf; give 2 finite numbers"),
    "inputs table": (
        lambda: step_neuron()([[1, 2]]),
        "inputs: it is not a plain list of numbers; give 2 finite numbers",
    ),
    "inputs ragged": (
        lambda: step_neuron()([[1], [2, 3]]),  # type: ignore[list-item]
        "inputs: it is not a plain list of numbers; give 2 finite numbers",
    ),
    "overflow": (
        lambda: Neuron(2, weights=[1e200, -1e200])([1e200, 1e200]),
        "weighted sum: it is too large for a float; use smaller inputs or weights",
    ),
    "rule of another activation": (
        lambda: perceptron_rule(Neuron(2), CORNERS, XOR),
        "activation 'leaky-relu': the perceptron rule teaches step neurons; use 'step'",
    ),
    "rate": (
        lambda: perceptron_rule(step_neuron(), CORNERS, XOR, rate=0),
        "rate 0: it is not above 0; give a positive number, such as 1",
    ),
    "rate overflow": (
        lambda: perceptron_rule(step_neuron(), [[1e10, 1]], [0], rate=1e300),
        "weights: number 1 is -inf; give 2 finite numbers",
    ),
    "epochs": (
        lambda: perceptron_rule(step_neuron(), CORNERS, XOR, epochs=0),
        "epochs 0: it is not a whole number of at least 1; give one, such as 1",
    ),
    "no example": (
        lambda: perceptron_rule(step_neuron(), [], []),
        "inputs: there are no examples; give a list of rows, one for each example",
    ),
    "no table": (
        lambda: perceptron_rule(step_neuron(), 5, [1]),
        "inputs: there are no examples; give a list of rows, one for each example",
    ),
    "example few": (
        lambda: perceptron_rule(step_neuron(), [[1]], [1]),
        "inputs: 1 numbers were given where 2 belong; give 2 finite numbers",
    ),
    "targets few": (
        lambda: perceptron_rule(step_neuron(), CORNERS, [1]),
        "targets: 1 numbers were given where 4 belong; give 4 finite numbers",
    ),
    "targets": (
        lambda: perceptron_rule(step_neuron(), CORNERS, [0, 0, 0, -1]),
        "target -1: it is neither 0 nor 1; give what a step neuron can answer, 0 or 1",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_says_what_why_and_what_to_do(fault: str) -> None:
    call, message = FAULTS[fault]
    with pytest.raises(SettingsError) as caught:
        call()
    assert str(caught.value) == message
    assert isinstance(caught.value, PaintnetError)
