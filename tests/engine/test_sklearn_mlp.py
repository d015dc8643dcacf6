"""The one place that knows scikit-learn's private side; run on its oldest and newest version."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.neural_network._multilayer_perceptron import BaseMultilayerPerceptron

from paintnet.engine import sklearn_mlp as sk
from paintnet.errors import TrainingError
from paintnet.settings.presets import settings_for
from paintnet.settings.settings import PainterSettings

rng = np.random.default_rng(0)
X = rng.random((50, 4)).astype(np.float32)
Y = np.stack([X.sum(axis=1) / 4, X[:, 0] * X[:, 1]], axis=1)
LABELS = (X[:, 0] > X[:, 1]).astype(int)


def settings(**given: Any) -> PainterSettings:
    own = {"layers": (8, 6), "batch_size": 16, "learning_rate": 0.01}
    return replace(settings_for(10, 10, "draft", encoding="raw"), **own | given)


@pytest.mark.parametrize(("mode", "stock"), [("regress", MLPRegressor), ("classify", MLPClassifier)])
def test_the_tutorial_network_has_the_defaults_of_scikit_learn(mode: str, stock: type) -> None:
    estimator = sk.make_estimator(settings_for(100, 100, "tutorial", mode=mode))
    assert type(estimator) is stock
    defaults = stock(hidden_layer_sizes=(100,) * 10).get_params()
    found = estimator.get_params()
    differing = {name for name in defaults if found[name] != defaults[name]}
    # How often and how long is the painter's business; 200 is what "auto" means from 200 pixels on.
    assert differing == {"batch_size", "random_state", "max_iter", "max_fun", "n_iter_no_change"}
    assert found["batch_size"] == 200
    assert found["hidden_layer_sizes"] == (100, 100, 100, 100, 100, 100, 100, 100, 100, 100)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("targets", [Y, LABELS], ids=["regress", "classify"])
@pytest.mark.parametrize("sparse", [False, True])
def test_epochs_equal_one_fit(solver: str, targets: np.ndarray, sparse: bool) -> None:
    given = settings(mode="classify" if targets is LABELS else "regress", solver=solver, alpha=1e-3, seed=7)
    estimator = sk.make_estimator(given)
    inputs = csr_matrix(X) if sparse else X
    n_classes = 2 if targets is LABELS else None
    losses = [sk.train_epoch(estimator, inputs, targets, n_classes) for _ in range(6)]
    stock = type(estimator)(**estimator.get_params()).set_params(
        random_state=7, max_iter=6, n_iter_no_change=10**9
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stock.fit(inputs, targets)
    assert losses == stock.loss_curve_
    assert all(map(np.array_equal, estimator.coefs_, stock.coefs_))
    assert all(map(np.array_equal, estimator.intercepts_, stock.intercepts_))


def test_each_epoch_has_another_order() -> None:
    shuffler = sk.OngoingShuffle(3)
    plain = np.random.RandomState(3)
    expected = np.arange(20)
    for _ in range(3):
        order = np.arange(20)
        plain.shuffle(order)
        expected = expected[order]
        found = np.arange(20)
        shuffler.shuffle(found)
        assert np.array_equal(found, expected)
    other = np.arange(7)
    shuffler.shuffle(other)
    assert sorted(other) == list(range(7))


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_the_rate_can_be_set_between_epochs(solver: str) -> None:
    estimator = sk.make_estimator(settings(solver=solver))
    sk.set_rate(estimator, 1e-12)
    sk.train_epoch(estimator, X, Y, None)

    def step(rate: float) -> float:
        before = [coef.copy() for coef in estimator.coefs_]
        sk.set_rate(estimator, rate)
        sk.train_epoch(estimator, X, Y, None)
        return max(np.abs(a - b).max() for a, b in zip(before, estimator.coefs_, strict=True))

    assert step(1e-12) < 1e-7 < 1e-5 < step(0.02)


def test_seeing_a_first_sample_leaves_fresh_weights() -> None:
    seen, fresh = (sk.make_estimator(settings()) for _ in range(2))
    sk.see_first_sample(seen, X[:1], Y[:1], None)
    sk.set_rate(fresh, 1e-30)
    sk.train_epoch(fresh, X, Y, None)
    assert all(map(np.array_equal, seen.coefs_, fresh.coefs_))
    assert seen.get_params()["batch_size"] == 16
    assert seen.get_params()["learning_rate_init"] == 0.01
    sk.train_epoch(seen, X, Y, None)
    assert not any(map(np.array_equal, seen.coefs_, fresh.coefs_))


@pytest.mark.parametrize("at_once", [False, True])
def test_ctrl_c_inside_the_loop_is_not_swallowed(at_once: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def backprop(self: Any, *arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(self, *arguments, **named)

    original = BaseMultilayerPerceptron._backprop
    monkeypatch.setattr(BaseMultilayerPerceptron, "_backprop", backprop)
    estimator = sk.make_estimator(settings(solver="lbfgs" if at_once else "adam"))
    run = (
        (lambda: sk.train_at_once(estimator, X, Y))
        if at_once
        else (lambda: sk.train_epoch(estimator, X, Y, None))
    )
    with pytest.raises(KeyboardInterrupt):
        run()
    assert len(calls) == 3


def test_a_loss_that_is_not_finite_is_told_with_its_rate() -> None:
    estimator = sk.make_estimator(settings(learning_rate=1e30))

    def epochs() -> None:
        for _ in range(3):
            sk.train_epoch(estimator, X, Y, None)

    with pytest.raises(TrainingError) as caught:
        epochs()
    assert str(caught.value) == (
        "training: the loss is no longer finite at a learning rate of 1e+30; lower the learning rate"
    )


def test_another_error_of_scikit_learn_is_not_hidden() -> None:
    estimator = sk.make_estimator(settings())
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        sk.train_epoch(estimator, X, Y[:-1], None)


def test_a_warning_stays_a_warning_for_others() -> None:
    filters = list(warnings.filters)
    sk.train_epoch(sk.make_estimator(settings()), X, Y, None)
    assert warnings.filters == filters


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_are_copies_of_the_type_asked_for(dtype: str) -> None:
    estimator = sk.make_estimator(settings(solver="lbfgs", iterations=5))
    sk.train_at_once(estimator, X, Y)
    coefs, intercepts = sk.weights(estimator, dtype)
    assert {array.dtype.name for array in (*coefs, *intercepts)} == {dtype}
    coefs[0][:] = 0
    assert estimator.coefs_[0].any()


@pytest.mark.parametrize(
    ("mode", "targets", "name"),
    [
        ("regress", Y, "identity"),
        ("classify", LABELS, "logistic"),
        ("classify", np.arange(50) % 3, "softmax"),
        ("classify", np.stack([LABELS, 1 - LABELS], axis=1), "logistic"),
    ],
)
def test_the_last_layer_says_what_it_does(mode: str, targets: np.ndarray, name: str) -> None:
    estimator = sk.make_estimator(settings(mode=mode))
    sk.train_epoch(estimator, X, targets, None if mode == "regress" else int(targets.max()) + 1)
    assert sk.output_activation(estimator) == name
