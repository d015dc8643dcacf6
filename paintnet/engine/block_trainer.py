"""Training by blocks of a picture under one fine grid."""

import numpy as np

from paintnet.dataset.pixels import Dataset
from paintnet.encoding.grid import GridMap
from paintnet.engine import sklearn_mlp as sk
from paintnet.engine.block_mlp import BlockMLPClassifier, BlockMLPRegressor
from paintnet.engine.block_state import AdamRates
from paintnet.engine.blocks import SIDE, BlockPlan
from paintnet.engine.schedule import Schedule
from paintnet.engine.starts import STARTS, StartContext
from paintnet.engine.targets import count_classes, network_targets
from paintnet.settings.settings import PainterSettings

PART_BATCHES = 24
"""Batches between two looks at the clock."""


class BlockTrainer:
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
        STARTS[settings.start](StartContext(self.estimator, dataset, grid, self.rng))
        self.n_pixels = dataset.n_learned
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
            grid = AdamRates(
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
