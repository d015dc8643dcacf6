"""scikit-learn in a hurry: what is left out is there for whoever asks for it later."""

import subprocess
import sys

import pytest

from paintnet.cli import loading

PROBE = """
import sys, warnings
from paintnet.cli import loading
{before}
loading.load_networks()
left_out = [name for name in loading._LATER if name in sys.modules]
print(*left_out)
warnings.simplefilter("ignore")
import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor
x = np.random.default_rng(0).random((60, 2))
quick = dict(hidden_layer_sizes=(3,), early_stopping=True, max_iter=2)
assert MLPRegressor(**quick).fit(x, x[:, 0]).score(x, x[:, 0]) < 1
assert MLPClassifier(**quick).fit(x, x[:, 0] > 0.5).score(x, x[:, 0] > 0.5) <= 1
import scipy, scipy.stats, sklearn.metrics, sklearn.model_selection
assert round(sklearn.metrics.roc_auc_score([0, 1, 1], [0.1, 0.2, 0.3])) == 1
assert sklearn.metrics.label_ranking_average_precision_score([[1, 0]], [[0.9, 0.1]]) == 1
assert scipy.stats.norm.cdf(0) == 0.5 and scipy.stats is sys.modules["scipy.stats"]
assert len(sklearn.model_selection.cross_val_score(MLPRegressor(**quick), x, x[:, 0], cv=2)) == 2
"""


@pytest.mark.parametrize(
    ("before", "loaded"),
    [
        ("", ""),
        ("import scipy.stats", "scipy.stats"),
        ("import sklearn.metrics", "scipy.stats sklearn.metrics"),
        (
            "loading._LATER = {**loading._LATER, 'sklearn.model_selection': ()}",
            "sklearn.metrics sklearn.model_selection",
        ),
    ],
    ids=["nothing before", "with scipy.stats", "with scikit-learn", "another version"],
)
def test_all_of_scikit_learn_works(before: str, loaded: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROBE.format(before=before)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == loaded


def test_no_stand_in_is_left_behind() -> None:
    loading.load_networks()
    assert not [name for name, module in sys.modules.items() if type(module) is loading._Later]
