"""Targets in the form that a network takes."""

import numpy as np

from paintnet.dataset.pixels import Dataset
from paintnet.settings.settings import PainterSettings
from paintnet.typing import Array


def count_classes(dataset: Dataset) -> int | None:
    """Classes that the network is told of: at least two; None in regress."""
    return None if dataset.palette is None else max(2, len(dataset.palette))


def network_targets(dataset: Dataset, settings: PainterSettings) -> Array:
    """Targets in the form that the network takes: colors, class numbers, or one-hot classes."""
    if dataset.palette is None:
        return dataset.targets
    # lbfgs is not told of classes and would number anew those that it sees, so here it sees a column of each.
    seen = len(np.unique(dataset.of_learned(dataset.targets)))
    if settings.one_hot or (settings.solver == "lbfgs" and seen < len(dataset.palette)):
        classes = np.arange(max(2, len(dataset.palette)))
        return np.asarray(dataset.targets[:, None] == classes, dtype=np.int64)
    return dataset.targets
