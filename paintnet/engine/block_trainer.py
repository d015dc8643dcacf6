"""Training by blocks of a picture under one fine grid, on scikit-learn's own network.

The estimator's public ``coefs_`` and ``intercepts_`` become windows on the
arrays that a step changes in place; fitted, it is what it always was.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from paintnet.cores import cores
from paintnet.dataset.pixels import Dataset
from paintnet.encoding.base import PositionMap
from paintnet.engine import sklearn_mlp as sk
from paintnet.engine.block_state import AdamRates, BlockState
from paintnet.engine.blocks import SIDE, BlockPlan
from paintnet.engine.compiler import compiled_or_none
from paintnet.engine.numpy_step import NumpyStep
from paintnet.engine.schedule import Schedule
from paintnet.engine.starts import STARTS, StartContext
from paintnet.engine.targets import count_classes, network_targets
from paintnet.engine.trainer import TrainerState
from paintnet.settings.settings import PainterSettings

PART_BATCHES = 24
"""Batches between two looks at the clock."""


class BlockTrainer:
    """Trains block by block: a few blocks of pixels are a batch.

    Parameters
    ----------
    dataset : Dataset
        What is learned.
    encoding : GridMap
        One grid over the picture.
    plan : BlockPlan
        How the picture is cut.
    settings : PainterSettings
        Of the run.
    schedule : Schedule
        Its rate and its clock.
    compiled : bool
        Run the numba kernel, else NumPy.
    note : callable
        Is told what a user should know: that the kernel is compiled, or cannot be.
    compiling : callable
        Is called before the kernel is compiled or loaded.
    """

    def __init__(
        self,
        dataset: Dataset,
        encoding: PositionMap,
        plan: BlockPlan,
        settings: PainterSettings,
        schedule: Schedule,
        *,
        compiled: bool,
        note: Callable[[str], None] = lambda text: None,
        compiling: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings, self.schedule, self.plan = settings, schedule, plan
        self.rng = np.random.default_rng(settings.seed)
        self.estimator = sk.make_estimator(settings)
        targets = network_targets(dataset, settings)
        first = encoding.transform(np.zeros((1, 2), dtype=np.float32))
        sk.see_first_sample(self.estimator, first, targets[:1], count_classes(dataset))
        STARTS[settings.start](StartContext(self.estimator, dataset, encoding, self.rng))
        self.blocks = BlockState.bind(
            self.estimator,
            targets=plan.padded(targets.reshape(dataset.height, dataset.width, -1).transpose(2, 0, 1)),
            mask=plan.padded(dataset.mask()[None])[0],
            keeps_first_moment=settings.grid_beta_1 > 0,
            emphasis=settings.emphasis,
        )
        self.n_pixels = dataset.n_learned
        self.epochs_begun = self.updates = 0
        self.losses: list[float] = []
        step = None
        if compiled:
            compiling()
            step = compiled_or_none(self._compiled_step, note, insists=settings.engine == "compiled")
        self.engine = "numpy" if step is None else "compiled"
        self.step = step or NumpyStep(plan, self.blocks)

    def _compiled_step(self) -> Any:
        # numba takes seconds to load; only a compiled run pays for it.
        from paintnet.engine.compiled_step import CompiledStep

        return CompiledStep(self.plan, self.blocks, threads=self.settings.threads or cores())

    def epoch(self) -> float:
        """Pass over all blocks once."""
        settings, schedule = self.settings, self.schedule
        # A vertex is touched about once an epoch, so its moments are as old as the epochs.
        self.epochs_begun += 1
        batches = list(self.plan.batches(self.rng, max(1, settings.batch_size // SIDE**2)))
        total = 0.0
        for begin in range(0, len(batches), PART_BATCHES):
            part = batches[begin : begin + PART_BATCHES]
            rate, epsilon = schedule.rate, settings.epsilon
            grid_rate = settings.grid_rate_factor * rate
            grid = AdamRates(
                grid_rate, settings.grid_beta_1, settings.grid_beta_2, epsilon, self.epochs_begun
            )
            dense = AdamRates(rate, settings.beta_1, settings.beta_2, epsilon, self.updates + 1)
            # Rates that run away end in a loss that is not finite, which is told below.
            with np.errstate(all="ignore"):
                total += self.step.train(part, grid, dense)
            self.updates += len(part)
            schedule.epochs_done += len(part) / len(batches)
            if schedule.out_of_time:
                total *= len(batches) / (begin + len(part))
                break
        loss = total / self.n_pixels
        self.losses.append(loss)
        sk.keep_losses(self.estimator, self.losses, rate, self.n_pixels)
        if not np.isfinite(loss):
            raise sk.diverged(settings.learning_rate)
        return loss

    def state(self) -> TrainerState:
        """Weights, moments, the order's random state, counts and schedule."""
        arrays = {name: array.copy() for name, array in self.blocks.changing().items()}
        values = {
            "random": self.rng.bit_generator.state,
            "epochs_begun": self.epochs_begun,
            "updates": self.updates,
            "losses": list(self.losses),
            "schedule": self.schedule.state(),
        }
        return TrainerState(arrays, values)

    def restore(self, state: TrainerState) -> None:
        """Go on from a state."""
        for name, array in self.blocks.changing().items():
            array[...] = state.arrays[name]
        values = state.values
        self.rng.bit_generator.state = values["random"]
        self.epochs_begun, self.updates = values["epochs_begun"], values["updates"]
        self.losses = list(values["losses"])
        self.schedule.restore(values["schedule"])

    def finish(self) -> None:
        """Let go of the picture in blocks: what is left is the fitted estimator."""
        del self.blocks, self.step
