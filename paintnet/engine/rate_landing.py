"""The end of a training for few bytes: a file of the size that was asked for.

Numbers and networks are rounded, their bits are counted, and numbers are rounded more coarsely or finely
until they fit. Nothing that is learned changes; a run may go on afterwards.
"""

import math
from typing import NamedTuple

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

COLLAPSED = 1.25
"""How much larger an error may become by a factor before another way is tried too."""

SPARE = 0.4
"""Share of the networks' bits that they can do without, if need be."""

PRICES = 8
"""How many prices of the networks' bits are tried then."""

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

    def fix(self) -> float:
        """Round for good what goes on being learned, to about the target; the factor of a step.

        Gains make up for it. Where numbers would become so surprising that all of them had to go, the
        networks are left to take fewer bits in the end.
        """
        state, learned = self.state, self._error()
        factor = self._fixed_at(8.0 * (self.target or 0))
        if self._error() > 2 * COLLAPSED * learned:
            state.coarsen(1 / factor)
            factor = self._fixed_at(8.0 * (self.target or 0) + SPARE * self.net_bits)
        return factor

    def _fixed_at(self, most: float) -> float:
        factor = self.meet(most)
        self.state.coarsen(factor)
        return factor

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
            now = {name: array.copy() for name, array in state.changing().items()}
            coded = self._small_enough(now, multiplier, self._stepped_for_size(kept, multiplier))
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

    def _small_enough(self, kept: dict[str, Array], multiplier: float, steps: list[Steps]) -> Coded:
        """Round as finely as the target allows."""
        state, target = self.state, self.target or 0
        blocks = np.arange(len(state.blocks.targets))
        state.decoder.weights[:], state.q[:] = kept["decoder"], kept["q"]
        learned = self.step.error(blocks, state.decoder.weights)
        found = self._by_numbers(steps)
        if found.coded is None or found.error > COLLAPSED * learned:
            found = min(found, self._by_networks(kept, multiplier), key=lambda each: each.error)
        if found.coded is None:
            least = math.ceil(found.bytes) + self._frame
            why = f"{target:,} bytes are too few: this painting takes {least:,}"
            raise TrainingError(self._asked_as, why, "allow more, or learn from a smaller copy")
        return found.coded

    def _by_numbers(self, steps: list[Steps]) -> "_Found":
        """Meet the target by the size of a step.

        The context model of a file is rounded, and its bits differ a little from those that are estimated
        here; so they are counted, and what is asked for is corrected.
        """
        target = self.target or 0
        room, asked, best = target - self._frame, 8.0 * target, _Found(math.inf, 0.0, None)
        for _ in range(TRIES):
            coded = coded_of(self.state, regained(self.state, steps, self.meet(asked)))
            spent = coded.estimated_bytes + 2
            if spent <= room and (best.coded is None or spent > best.bytes):
                best = _Found(self._error(), spent, coded)
            if ENOUGH * room < spent <= room:
                break
            asked += 8 * ((1 + ENOUGH) / 2 * room - spent)
        return best if best.coded is not None else _Found(math.inf, spent, None)

    def _by_networks(self, kept: dict[str, Array], multiplier: float) -> "_Found":
        """Leave the numbers as they were learned, and round the networks until they leave enough room.

        Where nearly every number is what was expected, as in a picture of a few flat colors, to divide all
        of them by a factor makes them surprising, and takes more bits with any factor near 1.
        """
        state, room = self.state, (self.target or 0) - self._frame
        best, low, high = _Found(math.inf, math.inf, None), -float(DOUBLINGS), float(DOUBLINGS)
        for _ in range(PRICES):
            doublings = (low + high) / 2
            for name, array in state.changing().items():
                array[...] = kept[name]
            coded = coded_of(state, self._stepped(2**doublings * multiplier))
            spent = coded.estimated_bytes + 2
            if spent <= room:
                error = self._error()
                best = min(best, _Found(error, spent, coded), key=lambda each: each.error)
                high = doublings
            else:
                low = doublings
        return best if best.coded is not None else _Found(math.inf, spent, None)

    def _error(self) -> float:
        return self.step.error(np.arange(len(self.state.blocks.targets)), self.state.decoder.weights)


class _Found(NamedTuple):
    """A painting in whole numbers, its error and its bytes; None where it is too large."""

    error: float
    bytes: float
    coded: Coded | None
