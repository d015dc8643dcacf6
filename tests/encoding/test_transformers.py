"""The public transformers, by scikit-learn's own checks and in a user's own Pipeline."""

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks
from sklearn.utils.validation import validate_data

from paintnet import FourierEncoding, GridEncoding, RawEncoding
from paintnet.errors import SettingsError

ENCODINGS = [RawEncoding(), FourierEncoding(8, sigma=1.0, random_state=0), GridEncoding(levels=(2, 4))]

OTHER_WIDTHS = dict.fromkeys(
    [
        "check_dict_unchanged",
        "check_dont_overwrite_parameters",
        "check_dtype_object",
        "check_estimators_dtypes",
        "check_estimators_nan_inf",
        "check_estimators_pickle",
        "check_f_contiguous_array_estimator",
        "check_fit2d_1feature",
        "check_fit2d_1sample",
        "check_fit2d_predict1d",
        "check_fit_score_takes_y",
        "check_methods_sample_order_invariance",
        "check_methods_subset_invariance",
        "check_n_features_in_after_fitting",
        "check_pipeline_consistency",
        "check_positive_only_tag_during_fit",
        "check_transformer_data_not_an_array",
        "check_transformer_general",
        "check_transformer_preserve_dtypes",
    ],
    "it feeds other than two columns, and a position has x and y",
)


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda e: type(e).__name__)
def test_scikit_learn_checks(encoding: Any) -> None:
    results = check_estimator(encoding, expected_failed_checks=OTHER_WIDTHS, on_skip=None)
    names: dict[str, set[str]] = {"passed": set(), "xfail": set(), "skipped": set()}
    for result in results:
        names[result["status"]].add(result["check_name"])
    assert len(names["passed"]) > 20
    assert names["xfail"] == set(OTHER_WIDTHS)
    assert names["skipped"] <= {"check_array_api_input"}


class _AnyWidth:
    """Takes its position from the first and the last column, so that every check reaches the code."""

    def _checked(self, X: Any, *, reset: bool) -> np.ndarray:
        return validate_data(self, X, reset=reset, dtype=[np.float64, np.float32])[:, [0, -1]]


class AnyWidthRaw(_AnyWidth, RawEncoding):
    pass


class AnyWidthFourier(_AnyWidth, FourierEncoding):
    pass


class AnyWidthGrid(_AnyWidth, GridEncoding):
    pass


@parametrize_with_checks(
    [AnyWidthRaw(), AnyWidthFourier(n_frequencies=5, random_state=0), AnyWidthGrid(levels=(2, 4))]
)
def test_the_width_is_all_that_stands_between_them_and_the_other_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_they_work_in_a_pipeline_and_keep_the_type(encoding: Any, dtype: type) -> None:
    row, column = np.indices((12, 12)).reshape(2, -1)
    xy = np.stack([column, row], axis=1).astype(dtype)
    y = (xy[:, 0] + 2 * xy[:, 1]) / 33
    network = MLPRegressor(hidden_layer_sizes=(16,), solver="lbfgs", random_state=0, max_iter=100)
    pipeline = make_pipeline(clone(encoding), network).fit(xy, y)
    assert pipeline[0].transform(xy).dtype == dtype
    assert pipeline.score(xy, y) > 0.99
    again = pickle.loads(pickle.dumps(pipeline))
    assert np.array_equal(again.predict(xy), pipeline.predict(xy))


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda e: type(e).__name__)
def test_every_output_column_has_a_name(encoding: Any) -> None:
    fitted = clone(encoding).fit([[0, 0], [9, 9]])
    names = fitted.get_feature_names_out()
    assert len(set(names)) == fitted.transform([[1, 2]]).shape[1]
    assert names[0] == type(encoding).__name__.lower() + "0"


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("width", [1, 3])
def test_other_than_two_columns_are_refused(encoding: Any, width: int) -> None:
    reason = rf"X has {width} features, but {type(encoding).__name__} takes exactly 2: x and y"
    with pytest.raises(ValueError, match=reason):
        clone(encoding).fit(np.zeros((5, width)))


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        (FourierEncoding(n_frequencies=0), "n_frequencies: 0 is out of range; use 1 to 65,536"),
        (FourierEncoding(sigma=0.0), "sigma: 0 is out of range; use 0.000001 to 1,000,000"),
        (FourierEncoding(sigma=float("nan")), "sigma: nan is out of range; use 0.000001 to 1,000,000"),
        (GridEncoding(levels=()), "levels: an empty list is out of range; use 2 to 65,536 vertices a level"),
        (GridEncoding(levels=(1, 4)), "levels: 1, 4 is out of range; use 2 to 65,536 vertices a level"),
        (GridEncoding(basis="hat"), "basis: unknown value 'hat'; use one of linear, quadratic, cubic, keys"),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_fit(encoding: Any, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        encoding.fit([[0, 0], [1, 1]])
    assert str(caught.value) == message


def test_levels_may_be_an_array() -> None:
    xy = [[0.0, 0.0], [3.0, 3.0]]
    assert GridEncoding(levels=np.array([2, 3])).fit(xy).transform(xy).shape == (2, 13)


def test_a_random_state_repeats_the_directions() -> None:
    xy = np.random.default_rng(0).uniform(0, 99, (4, 2))
    first, again, other = (FourierEncoding(4, random_state=seed).fit_transform(xy) for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
