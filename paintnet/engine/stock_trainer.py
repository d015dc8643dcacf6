"""The training set in encoded parts, so that memory does not grow with the picture."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from paintnet.dataset.pixels import Dataset
from paintnet.encoding.base import PositionMap
from paintnet.engine import sklearn_mlp as sk
from paintnet.engine.schedule import Schedule
from paintnet.engine.starts import STARTS, StartContext
from paintnet.engine.targets import count_classes, network_targets
from paintnet.engine.trainer import TrainerState
from paintnet.settings.settings import PainterSettings
from paintnet.typing import Array

PART_PIXELS = 65_536
CACHE_BYTES = 256 * 2**20


@dataclass(eq=False)
class EncodedParts:
    """Random parts of the learned pixels, encoded once where they fit in memory.

    Parameters
    ----------
    dataset : Dataset
        Targets and learned pixels.
    encoding : PositionMap
        Turns positions into inputs.
    targets : array
        Targets in the form the network takes, one row per pixel.
    dtype : str
        Of the inputs.
    rng : numpy.random.Generator
        Deals the pixels out.

    Notes
    -----
    A picture of one part is left in its own order, row by row: then a run is
    exactly scikit-learn's own on the whole training set.
    """

    dataset: Dataset
    encoding: PositionMap
    targets: Array
    dtype: str
    rng: np.random.Generator
    _parts: list[Array] = field(init=False)
    _cache: dict[int, Any] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        pixels = self.dataset.learned
        n_parts = -(-len(pixels) // PART_PIXELS)
        if n_parts > 1:
            pixels = self.rng.permutation(pixels)
        self._parts = np.array_split(pixels, n_parts)

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def smallest(self) -> int:
        """Pixels of the smallest part."""
        return min(len(part) for part in self._parts)

    def __iter__(self) -> Iterator[tuple[Any, Array]]:
        for number, pixels in enumerate(self._parts):
            inputs = self._cache.get(number)
            if inputs is None:
                inputs = self.encoding.transform(self.dataset.xy(pixels).astype(self.dtype, copy=False))
                if (number + 1) * _bytes(inputs) <= CACHE_BYTES:
                    self._cache[number] = inputs
            yield inputs, self.targets[pixels]


def _bytes(inputs: Any) -> int:
    """Size of encoded inputs, dense or CSR."""
    return int(inputs.nbytes) if isinstance(inputs, np.ndarray) else int(inputs.data.nbytes * 2)


class StockTrainer:
    """scikit-learn's own ``partial_fit`` on encoded parts of the picture."""

    engine = "stock"

    def __init__(
        self, dataset: Dataset, encoding: PositionMap, settings: PainterSettings, schedule: Schedule
    ) -> None:
        self.schedule, self.encoding, self.dtype = schedule, encoding, settings.precision
        rng = np.random.default_rng(settings.seed)
        self.targets = network_targets(dataset, settings)
        self.parts = EncodedParts(dataset, encoding, self.targets, settings.precision, rng)
        batch_size = min(settings.batch_size, self.parts.smallest)
        self.estimator = sk.make_estimator(replace(settings, batch_size=batch_size))
        self.n_classes = count_classes(dataset)
        if settings.start != "stock" and settings.solver != "lbfgs":
            self._make_weights()
            STARTS[settings.start](StartContext(self.estimator, dataset, encoding, rng))

    def _make_weights(self) -> None:
        first = self.encoding.transform(np.zeros((1, 2), dtype=self.dtype))
        sk.see_first_sample(self.estimator, first, self.targets[:1], self.n_classes)

    def epoch(self) -> float:
        """Pass over the parts once."""
        losses, sizes = [], []
        for inputs, targets in self.parts:
            sk.set_rate(self.estimator, self.schedule.rate)
            losses.append(sk.train_epoch(self.estimator, inputs, targets, self.n_classes))
            sizes.append(len(targets))
            self.schedule.epochs_done += 1 / len(self.parts)
            if self.schedule.out_of_time:
                break
        return float(np.average(losses, weights=sizes))

    def state(self) -> TrainerState:
        """All of the network's own, and the schedule; the parts follow from the settings."""
        state = sk.state_of(self.estimator)
        return TrainerState(state.arrays, {**state.values, "schedule": self.schedule.state()})

    def restore(self, state: TrainerState) -> None:
        """Go on from a state."""
        if "record" in state.values and not hasattr(self.estimator, "coefs_"):
            self._make_weights()
        sk.restore(self.estimator, state)
        self.schedule.restore(state.values["schedule"])

    def finish(self) -> None:
        """Let go of the encoded parts."""
        del self.parts

    def at_once(self, told: Callable[[float], None] = lambda progress: None) -> int:
        """Run lbfgs on all parts together, telling its share; returns its iterations."""
        from scipy.sparse import issparse, vstack

        inputs, targets = zip(*self.parts, strict=True)
        stack = vstack if issparse(inputs[0]) else np.concatenate
        sk.train_at_once(self.estimator, stack(inputs), np.concatenate(targets), told)
        return int(self.estimator.n_iter_)
