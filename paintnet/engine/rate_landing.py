"""The end of a training for few bytes: a file of the size that was asked for.

Numbers and networks are rounded, their bits are counted, and numbers are rounded more coarsely or finely
until they fit. Nothing that is learned changes; a run may go on afterwards.
"""

import math

import numpy as np

from paintnet.coding.coded import Coded
from paintnet.coding.weights import Steps
from paintnet.engine.rate_finish import GROUP_BITS, coded_of, regained, stepped_weights
from paintnet.engine.rate_state import RateState
from paintnet.engine.rate_step import RateStep
from paintnet.errors import TrainingError
from paintnet.typing import Array

NEAR, FINEST, HALVINGS = 1.05, 0.7, 9
"""Factor of the first tries to round more coarsely or finely, the least one, and halvings in between."""

TRIES = 6
"""How often the bytes of a file are counted, and what is asked for corrected."""

MUCH = 1.3
"""A factor from which on it is worth while to let the networks have fewer bits, too."""

DOUBLINGS = 10
"""How often the price of a bit is doubled in the end, at most."""

MOST_LOST = 1.05
"""How much more the error of rounded networks may be where no size is asked for."""

ENOUGH = 0.997
"""Share of the target from which on a file is not made larger any more."""

BYTES_OF_FRAME = 24
"""A file takes beside what is coded: its name, size and checksum."""


class Landing:
    """Rounds a state, and counts its bits.

    Parameters
    ----------
    state : RateState
        What is learned.
    step : RateStep
        Measures.
    target : int or None
        Bytes that a file may have.
    asked_as : str
        Name of the setting that asks for it.
    """

    def __init__(self, state: RateState, step: RateStep, target: int | None, asked_as: str) -> None:
        self.state, self.step, self.target, self._asked_as = state, step, target, asked_as
        self.net_bits = 3.5 * sum(group.size for group in state.split())

    def hard_bits(self) -> float:
        """Bits of a file with the numbers as they are in `q`."""
        runs = np.arange(len(self.state.runs.places))
        bits = self.step.rate_epoch(runs, 0.0, np.zeros(4, np.float32), learns=False)
        return float(bits) + self.fixed_bits

    @property
    def fixed_bits(self) -> float:
        """Bits of all but the numbers."""
        return self.net_bits + 8 * BYTES_OF_FRAME

    def weigh(self, multiplier: float) -> None:
        """Count the bits of the networks in steps; they stay as they are."""
        nets = self.state.decoder.weights, self.state.model.weights
        kept = [net.copy() for net in nets]
        self._stepped(multiplier)
        for net, weights in zip(nets, kept, strict=True):
            net[...] = weights

    def meet(self, most: float) -> float:
        """Round so coarsely that there are few enough bits; the factor of a step.

        Which numbers change is decided by what they were before they were rounded. To take whole numbers
        towards 0 instead costs far more: what is coded after them was expected from them. The nearest
        factor is the one that is wanted: far from 1 nothing is as expected, and bits grow again.
        """
        low, high, ratio = 1 / NEAR, 1.0, NEAR
        if self._bits_at(1.0) > most:
            low, high = 1.0, NEAR
            while self._bits_at(high) > most and self.state.q.any():
                ratio *= NEAR
                low, high = high, high * ratio
        else:
            while low > FINEST and self._bits_at(low) <= most:
                low, high = low / NEAR, low
        for _ in range(HALVINGS):
            middle = math.sqrt(low * high)
            low, high = (low, middle) if self._bits_at(middle) <= most else (middle, high)
        self.state.round(high)
        return high

    def _bits_at(self, factor: float) -> float:
        self.state.round(factor)
        return self.hard_bits()

    def coded(self, multiplier: float, *, is_fixed: bool) -> Coded:
        """Give the painting in whole numbers, of at most as many bytes as were asked for.

        Parameters
        ----------
        multiplier : float
            Price of a bit, for the networks.
        is_fixed : bool
            Whether the numbers are whole already.

        Raises
        ------
        TrainingError
            If no painting of this shape is as small as that.
        """
        state = self.state
        kept = {name: array.copy() for name, array in state.changing().items()}
        if not is_fixed:
            state.round()
        if self.target is None:
            coded = coded_of(state, self._stepped_closely(kept, multiplier))
        else:
            coded = self._small_enough(self._stepped_for_size(kept, multiplier))
        for name, array in state.changing().items():
            array[...] = kept[name]
        return coded

    def _stepped_closely(self, kept: dict[str, Array], multiplier: float) -> list[Steps]:
        """Round the networks; where those of a small picture would take most bytes, by what they are for."""
        state = self.state
        blocks = np.arange(len(state.blocks.targets))
        learned = self.step.error(blocks, kept["decoder"])
        steps = self._stepped(multiplier)
        while self.step.error(blocks, state.decoder.weights) > MOST_LOST * learned and multiplier > 1e-9:
            state.decoder.weights[:], state.model.weights[:] = kept["decoder"], kept["model"]
            multiplier /= 4
            steps = self._stepped(multiplier)
        return steps

    def _stepped_for_size(self, kept: dict[str, Array], multiplier: float) -> list[Steps]:
        """Round the networks, and the numbers to what they leave; the bits of both at one price.

        Where the numbers would have to be far coarser than they were learned, the price is raised.
        """
        blocks = np.arange(len(self.state.blocks.targets))
        best = math.inf
        steps: list[Steps] = []
        for doublings in range(DOUBLINGS):
            steps, factor, fits = self._at_price(kept, multiplier, doublings)
            error = self.step.error(blocks, self.state.decoder.weights)
            if fits and error >= best:
                return self._at_price(kept, multiplier, doublings - 1)[0]
            if fits and factor < MUCH:
                break
            best = error if fits else best
        return steps

    def _at_price(
        self, kept: dict[str, Array], multiplier: float, doublings: int
    ) -> tuple[list[Steps], float, bool]:
        price, state, most = 2.0**doublings, self.state, 8.0 * (self.target or 0)
        for name, array in state.changing().items():
            array[...] = kept[name]
        state.coarsen(math.sqrt(price))
        state.round()
        steps = self._stepped(price * multiplier)
        factor = self.meet(most)
        regained(state, steps, factor)
        return steps, factor, self.hard_bits() <= most

    def _stepped(self, multiplier: float) -> list[Steps]:
        steps = stepped_weights(self.state, self.step, multiplier)
        self.net_bits = sum(each.coded[1] + GROUP_BITS for each in steps)
        return steps

    def _small_enough(self, steps: list[Steps]) -> Coded:
        """Round as finely as the target allows.

        The context model of a file is rounded, and its bits differ a little from those that are estimated
        here; so they are counted, and what is asked for is corrected.
        """
        target = self.target or 0
        room, asked, best = target - BYTES_OF_FRAME, 8.0 * target, None
        for _ in range(TRIES):
            coded = coded_of(self.state, regained(self.state, steps, self.meet(asked)))
            spent = coded.estimated_bytes + 2
            if spent <= room and (best is None or spent > best.estimated_bytes + 2):
                best = coded
            if ENOUGH * room < spent <= room:
                break
            asked += 8 * ((1 + ENOUGH) / 2 * room - spent)
        if best is None:
            least = math.ceil(coded.estimated_bytes) + 2 + BYTES_OF_FRAME
            why = f"{target:,} bytes are too few: this painting takes {least:,}"
            raise TrainingError(self._asked_as, why, "allow more, or learn from a smaller copy")
        return best
