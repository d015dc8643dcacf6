"""How an epoch is run: by scikit-learn's own loop, or block by block."""

from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from paintnet.dataset import Dataset
from paintnet.encoding.grid import GridMap
from paintnet.encoding.maps import PositionMap
from paintnet.engine.blocks import SIDE, BlockPlan
from paintnet.engine.mlp import BlockMLPClassifier, BlockMLPRegressor, has_compiler
from paintnet.engine.problem import Adam
from paintnet.errors import SettingsError
from paintnet.painter import estimator as sk
from paintnet.painter.batches import EncodedParts
from paintnet.painter.schedule import Schedule
from paintnet.painter.settings import PainterSettings
from paintnet.painter.start import STARTS, Beginning

Array = NDArray[Any]

PART_BATCHES = 24
"""Batches between two looks at the clock."""


WORTH_COMPILING = 65_536
"""Pixels from which auto compiles: NumPy is done with a smaller picture before a compiler has begun."""


class Learner(Protocol):
    """One network and its training set."""

    estimator: Any
    engine: str
    """What runs a step: "compiled", "numpy" or "stock"."""

    def epoch(self, schedule: Schedule) -> float:
        """Pass over the learned pixels once; the clock may end it early. Returns the mean loss."""

    def finish(self) -> None:
        """Let go of the training set."""


class StockLearner:
    """scikit-learn's own ``partial_fit`` on encoded parts of the picture."""

    engine = "stock"

    def __init__(self, dataset: Dataset, encoding: PositionMap, settings: PainterSettings) -> None:
        rng = np.random.default_rng(settings.seed)
        self.targets = network_targets(dataset, settings)
        self.parts = EncodedParts(dataset, encoding, self.targets, settings.precision, rng)
        batch_size = min(settings.batch_size, self.parts.smallest)
        self.estimator = sk.make_estimator(replace(settings, batch_size=batch_size))
        self.n_classes = count_classes(dataset)
        if settings.start != "stock" and settings.solver != "lbfgs":
            first = encoding.transform(np.zeros((1, 2), dtype=settings.precision))
            sk.see_first_sample(self.estimator, first, self.targets[:1], self.n_classes)
            STARTS[settings.start](Beginning(self.estimator, dataset, encoding, rng))

    def epoch(self, schedule: Schedule) -> float:
        """Pass over the parts once."""
        losses, sizes = [], []
        for inputs, targets in self.parts:
            sk.set_rate(self.estimator, schedule.rate)
            losses.append(sk.train_epoch(self.estimator, inputs, targets, self.n_classes))
            sizes.append(len(targets))
            schedule.epochs_done += 1 / len(self.parts)
            if schedule.out_of_time:
                break
        return float(np.average(losses, weights=sizes))

    def finish(self) -> None:
        """Let go of the encoded parts."""
        del self.parts

    def at_once(self) -> None:
        """Run lbfgs on all parts together."""
        from scipy.sparse import issparse, vstack

        inputs, targets = zip(*self.parts, strict=True)
        stack = vstack if issparse(inputs[0]) else np.concatenate
        sk.train_at_once(self.estimator, stack(inputs), np.concatenate(targets))


class BlockLearner:
    """The engine's training by blocks of a picture under one fine grid."""

    def __init__(
        self,
        dataset: Dataset,
        grid: GridMap,
        settings: PainterSettings,
        *,
        compiled: bool,
        schedule: Schedule,
    ) -> None:
        self.engine = "compiled" if compiled else "numpy"
        self.settings = settings
        self.rng = np.random.default_rng(settings.seed)
        self.plan = BlockPlan.over(grid, dataset.width, dataset.height, dataset.step)
        kind = BlockMLPClassifier if settings.mode == "classify" else BlockMLPRegressor
        self.estimator = sk.make_estimator(settings, kind)
        targets = network_targets(dataset, settings)
        first = grid.transform(np.zeros((1, 2), dtype=np.float32))
        sk.see_first_sample(self.estimator, first, targets[:1], count_classes(dataset))
        STARTS[settings.start](Beginning(self.estimator, dataset, grid, self.rng))
        self.n_pixels = len(dataset.learned)
        self.epochs_begun = 0
        planes = targets.reshape(dataset.height, dataset.width, -1).transpose(2, 0, 1)
        # Compiling, once per machine, is installing rather than training.
        with schedule.paused():
            self.estimator.start_blocks(
                self.plan,
                planes,
                dataset.mask(),
                beta_1=settings.grid_beta_1,
                compiled=compiled,
            )

    def epoch(self, schedule: Schedule) -> float:
        """Pass over all blocks once."""
        settings = self.settings
        self.epochs_begun += 1
        batches = list(self.plan.batches(self.rng, max(1, settings.batch_size // SIDE**2)))
        total = 0.0
        for begin in range(0, len(batches), PART_BATCHES):
            part = batches[begin : begin + PART_BATCHES]
            rate = schedule.rate
            grid = Adam(
                settings.grid_rate_factor * rate,
                settings.grid_beta_1,
                settings.grid_beta_2,
                settings.epsilon,
                # A vertex is touched about once an epoch, so its moments are as old as the epochs.
                self.epochs_begun,
            )
            total += self.estimator.train_blocks(part, grid, rate)
            schedule.epochs_done += len(part) / len(batches)
            if schedule.out_of_time:
                total *= len(batches) / (begin + len(part))
                break
        self.estimator.learning_rate_init = rate
        loss = total / self.n_pixels
        self.estimator.finish_epoch(loss, self.n_pixels)
        if not np.isfinite(loss):
            raise sk.diverged(settings.learning_rate)
        return loss

    def finish(self) -> None:
        """Let go of the picture in blocks."""
        self.estimator.finish_blocks()


def make_learner(
    dataset: Dataset, encoding: PositionMap, settings: PainterSettings, schedule: Schedule
) -> StockLearner | BlockLearner:
    """Choose the engine: the fastest that fits, or the one that was asked for.

    Raises
    ------
    SettingsError
        If the engine asked for is not installed or cannot train this network.
    """
    hindrance = _why_not_blocks(dataset, encoding, settings)
    if settings.engine == "stock" or (settings.engine == "auto" and hindrance):
        return StockLearner(dataset, encoding, settings)
    if hindrance:
        raise SettingsError(f"engine {settings.engine}", hindrance, "use engine stock, or leave it to auto")
    if settings.engine == "compiled" and not has_compiler():
        raise SettingsError("engine compiled", "numba is not installed", "pip install 'paintnet[fast]'")
    worth = dataset.width * dataset.height >= WORTH_COMPILING or settings.engine == "compiled"
    compiled = settings.engine != "numpy" and has_compiler() and worth
    assert isinstance(encoding, GridMap)  # noqa: S101 - blocks need one; told to mypy
    return BlockLearner(dataset, encoding, settings, compiled=compiled, schedule=schedule)


def _why_not_blocks(dataset: Dataset, encoding: PositionMap, settings: PainterSettings) -> str | None:
    """Why training by blocks is not possible, or None."""
    if not isinstance(encoding, GridMap):
        return f"blocks need the grid encoding, not {settings.encoding}"
    if settings.solver != "adam" or settings.precision != "float32":
        return "blocks train by adam in float32"
    if not BlockPlan.can_cut(encoding, dataset.width, dataset.height, dataset.step):
        return "blocks need a grid of one level, with cells of a few pixels"
    return None


def count_classes(dataset: Dataset) -> int | None:
    """Classes that the network is told of: at least two; None in regress."""
    return None if dataset.palette is None else max(2, len(dataset.palette))


def network_targets(dataset: Dataset, settings: PainterSettings) -> Array:
    """Targets in the form that the network takes: colours, class numbers, or one-hot classes."""
    if dataset.palette is None:
        return dataset.targets
    # lbfgs is not told of classes and would number anew those that it sees, so here it sees a column of each.
    seen = len(np.unique(dataset.targets[dataset.learned]))
    if settings.one_hot or (settings.solver == "lbfgs" and seen < len(dataset.palette)):
        classes = np.arange(max(2, len(dataset.palette)))
        return np.asarray(dataset.targets[:, None] == classes, dtype=np.int64)
    return dataset.targets
