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

COARSEST = 1.08
"""The largest factor that is tried where numbers were learned to be few enough: they lie near whole ones, and
stay those until the factor is two, while what is expected of them does not."""

PRICES = (1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 16.0)
"""What a bit of the networks costs, times that of one of the numbers: the first that is enough is taken."""

CHEAP = 2.0
"""Up to here no other way is tried."""

TRIES = 6
"""How often the bytes of a file are counted, and what is asked for corrected."""

DOUBLINGS = 10
"""How often the price of a bit is doubled in the end, at most."""

MOST_LOST = 1.05
"""How much more the error of rounded networks may be where no size is asked for."""

ENOUGH = 0.997
"""Share of the target from which on a file is not made larger any more."""

BYTES_OF_FRAME = 24
"""A file takes beside what is coded: its name, size and checksum."""


BYTES_OF_CLASSES = 28
"""More than that, where there are classes: beside their palette, of which each channel takes one."""


def frame_bytes(palette: Array | None) -> int:
    """Count what a file takes beside what is coded, at most.

    Examples
    --------
    >>> frame_bytes(None), frame_bytes(np.zeros((6, 3)))
    (24, 70)
    """
    return BYTES_OF_FRAME if palette is None else BYTES_OF_FRAME + BYTES_OF_CLASSES + palette.size


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
    frame : int
        Bytes of a file beside what is coded.
    """

    def __init__(
        self,
        state: RateState,
        step: RateStep,
        target: int | None,
        asked_as: str,
        frame: int,
    ) -> None:
        self.state, self.step, self.target, self._asked_as = state, step, target, asked_as
        self._frame = frame
        self.net_bits = 3.5 * sum(group.size for group in state.split())

    def hard_bits(self) -> float:
        """Bits of a file with the numbers as they are in `q`."""
        runs = np.arange(len(self.state.runs.places))
        bits = self.step.rate_epoch(runs, 0.0, np.zeros(4, np.float32), learns=False)
        return float(bits) + self.fixed_bits

    @property
    def fixed_bits(self) -> float:
        """Bits of all but the numbers."""
        return self.net_bits + 8 * self._frame

    def weigh(self, multiplier: float) -> None:
        """Count the bits of the networks in steps; they stay as they are."""
        nets = self.state.decoder.weights, self.state.model.weights
        kept = [net.copy() for net in nets]
        try:
            self._stepped(multiplier)
        finally:  # Ctrl-C may end the run here, and its painting be kept
            for net, weights in zip(nets, kept, strict=True):
                net[...] = weights

    def meet(self, most: float, coarsest: float = math.inf) -> float | None:
        """Round so coarsely that there are few enough bits; the factor of a step, None where none is enough.

        Which numbers change is decided by what they were before they were rounded. To take whole numbers
        towards 0 instead costs far more: what is coded after them was expected from them. The nearest
        factor is the one that is wanted: far from 1 nothing is as expected, and bits grow again, up to a
        factor of two or more, which costs many decibels.
        """
        low, high, ratio = 1 / NEAR, 1.0, NEAR
        if self._bits_at(1.0) > most:
            low, high = 1.0, min(NEAR, coarsest)
            while self._bits_at(high) > most:
                if high >= coarsest or not self.state.q.any():
                    return None
                ratio *= NEAR
                low, high = high, min(high * ratio, coarsest)
        elif self.state.blocks.is_classes:  # finer numbers do not make a class any truer
            self.state.round()
            return 1.0
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
            coded = self._small_enough(kept, multiplier)
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

    def _small_enough(self, kept: dict[str, Array], multiplier: float) -> Coded:
        """Give the best of the paintings that are small enough; raises where there is none."""
        found: list[tuple[float, Coded]] = []
        for price in PRICES:
            self._go_back(kept, 1.0)
            found += self._filled(self._stepped(price * multiplier), COARSEST)
            if found:
                break
        if not found or price > CHEAP:
            found += self._at_one_price(kept, multiplier)
        if not found:
            least = math.ceil(_bytes_of(coded_of(self.state, self._stepped(multiplier)))) + self._frame
            why = f"{self.target or 0:,} bytes are too few: this painting takes {least:,}"
            raise TrainingError(self._asked_as, why, "allow more, or learn from a smaller copy")
        return min(found, key=lambda each: each[0])[1]

    def _at_one_price(self, kept: dict[str, Array], multiplier: float) -> list[tuple[float, Coded]]:
        """Round numbers and networks at one price, which is raised while that is better."""
        found: list[tuple[float, Coded]] = []
        for doublings in range(DOUBLINGS):
            price = 2.0**doublings
            self._go_back(kept, math.sqrt(price))
            tried = self._filled(self._stepped(price * multiplier))
            if tried and found and tried[0][0] >= found[-1][0]:
                break
            found += tried
        return found

    def _go_back(self, kept: dict[str, Array], factor: float) -> None:
        """Take all as it was learned, and round the numbers in steps so many times as large."""
        for name, array in self.state.changing().items():
            array[...] = kept[name]
        self.state.coarsen(factor)
        self.state.round()

    def _stepped(self, multiplier: float) -> list[Steps]:
        steps = stepped_weights(self.state, self.step, multiplier)
        self.net_bits = sum(each.coded[1] + GROUP_BITS for each in steps)
        return steps

    def _filled(self, steps: list[Steps], coarsest: float = math.inf) -> list[tuple[float, Coded]]:
        """Round as finely as the target allows, with networks that are rounded: its error and the painting.

        The context model of a file is rounded, and its bits differ a little from those that are estimated
        here; so they are counted, and what is asked for is corrected.
        """
        room, asked = (self.target or 0) - self._frame, 8.0 * (self.target or 0)
        blocks = np.arange(len(self.state.blocks.targets))
        best: list[tuple[float, Coded]] = []
        most = 0.0
        for _ in range(TRIES):
            factor = self.meet(asked, coarsest)
            if factor is None:
                break
            coded = coded_of(self.state, regained(self.state, steps, factor))
            spent = _bytes_of(coded)
            if most < spent <= room:
                most, best = spent, [(self.step.error(blocks, self.state.decoder.weights), coded)]
            if ENOUGH * room < spent <= room:
                break
            asked += 8 * ((1 + ENOUGH) / 2 * room - spent)
        return best


def _bytes_of(coded: Coded) -> float:
    return coded.estimated_bytes + 2
