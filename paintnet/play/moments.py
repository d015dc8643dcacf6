"""Moments of a run that it can be taken back to, in bounded memory."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from paintnet.painter.checkpoint import Checkpoint
from paintnet.painting import Painting

MOST_BYTES = 256 * 2**20
"""All moments of a run together: more than ten of a photograph of 768 x 512."""

MOST_MOMENTS = 60
"""As many as a slider can usefully have."""


@dataclass(frozen=True, eq=False)
class Moment:
    """A run as it was after one of its epochs.

    Parameters
    ----------
    epoch : int
        Epochs done.
    loss : float
        Of that epoch; infinite before the first.
    psnr : float or None
        Its estimate, in dB.
    checkpoint : Checkpoint
        What the run goes on from.
    painting : Painting or None
        As it was then; None before weights were made.
    """

    epoch: int
    loss: float
    psnr: float | None
    checkpoint: Checkpoint
    painting: Painting | None

    @property
    def n_bytes(self) -> int:
        """Memory that it takes."""
        weights = [] if self.painting is None else self.painting.patches[0].network.arrays
        return sum(array.nbytes for array in (*self.checkpoint.state.arrays.values(), *weights))


class Moments:
    """Keeps the start, the latest, and between them those where the loss changed most.

    Parameters
    ----------
    most : int
        How many are kept, at least 3.
    most_bytes : int
        Memory of all; the start and the latest are kept whatever they take.
    """

    def __init__(self, most: int = MOST_MOMENTS, most_bytes: int = MOST_BYTES) -> None:
        self.most, self.most_bytes = most, most_bytes
        self._kept: list[Moment] = []

    def __iter__(self) -> Iterator[Moment]:
        return iter(tuple(self._kept))

    @property
    def epochs(self) -> list[int]:
        """Epochs that one can go back to."""
        return [moment.epoch for moment in self]

    def keep(self, moment: Moment) -> None:
        """Add the latest, and let go of what is missed least while there are too many."""
        kept = [*self._kept, moment]
        while len(kept) > 2 and (len(kept) > self.most or sum(m.n_bytes for m in kept) > self.most_bytes):
            heights = [_height(each) for each in kept]
            # Where the loss hardly falls any more, the epochs between two moments count a little too.
            gaps = [
                heights[at - 1] - heights[at + 1] + 1e-3 * (kept[at + 1].epoch - kept[at - 1].epoch)
                for at in range(1, len(kept) - 1)
            ]
            del kept[1 + gaps.index(min(gaps))]
        self._kept = kept

    def back_to(self, epoch: int) -> Moment:
        """Give the latest moment that is not after an epoch, and forget those after it."""
        self._kept = [moment for moment in self._kept if moment.epoch <= epoch] or self._kept[:1]
        return self._kept[-1]

    def latest(self) -> Moment | None:
        """Give the latest one."""
        return self._kept[-1] if self._kept else None


def _height(moment: Moment) -> float:
    """How far there is to go: 10 dB of loss are 1."""
    return math.log10(max(1e-12, min(moment.loss, 1.0)))


def evenly(moments: list[Moment], count: int) -> list[Moment]:
    """Choose moments for an animation: the first, and others evenly spread over the list.

    Examples
    --------
    >>> evenly(list(range(10)), 4)
    [0, 3, 6, 9]
    """
    if len(moments) <= count:
        return moments
    places = {round(at * (len(moments) - 1) / (count - 1)) for at in range(count)}
    return [moments[place] for place in sorted(places)]
