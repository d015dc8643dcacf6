"""What a trainer is: one network, its training set, and how far they are."""

from dataclasses import dataclass
from typing import Any, Protocol

from paintnet.engine.schedule import Schedule
from paintnet.typing import Array


@dataclass(frozen=True, eq=False)
class TrainerState:
    """All that a training remembers from epoch to epoch.

    Parameters
    ----------
    arrays : dict of str to array
        Weights, moments, orders.
    values : dict
        JSON values: counts, losses, random state, schedule.
    """

    arrays: dict[str, Array]
    values: dict[str, Any]


class Trainer(Protocol):
    """One network and its training set."""

    estimator: Any
    engine: str
    """What runs a step: "compiled", "numpy" or "stock"."""
    schedule: Schedule

    def epoch(self) -> float:
        """Pass over the learned pixels once; the clock may end it early. Returns the mean loss."""

    def state(self) -> TrainerState:
        """Give what `restore` needs; a trainer restored from it goes on byte for byte as this one does."""

    def restore(self, state: TrainerState) -> None:
        """Go on from a state; this trainer has the same training set, encoding and settings."""

    def finish(self) -> None:
        """Let go of the training set."""
