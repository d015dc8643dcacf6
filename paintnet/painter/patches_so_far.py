"""The patches of a run on its way, for whoever wants to see it learn."""

from collections.abc import Callable, Collection, Mapping, Sequence

from paintnet.dataset.windows import Window
from paintnet.encoding.extent import Extent
from paintnet.patches import LazyPatches, Patch
from paintnet.stored_patches import SpooledPatches


class PatchesSoFar(LazyPatches):
    """The patches of a run on its way, as they are at this moment: finished, begun, or one color.

    Parameters
    ----------
    finished : SpooledPatches
        Those that are done, in any order.
    begun : mapping of int to Patch
        Others that have learned something, by their number.
    windows : sequence of Window
        Of all patches.
    kind : (int, str)
        Of all patches.
    flat : callable
        Paints a window, by its number, with one color.
    """

    def __init__(
        self,
        finished: SpooledPatches,
        begun: Mapping[int, Patch],
        windows: Sequence[Window],
        kind: tuple[int, str],
        flat: Callable[[int], Patch],
    ) -> None:
        self._finished, self._done = finished, frozenset(finished.numbers)
        self._begun, self._windows, self._kind, self._flat = begun, windows, kind, flat

    def __len__(self) -> int:
        return len(self._windows)

    @property
    def extents(self) -> Sequence[Extent]:
        """Where the patches lie."""
        return [window.extent for window in self._windows]

    @property
    def kind(self) -> tuple[int, str]:
        """How many outputs each network has, and what they are."""
        return self._kind

    @property
    def n_parameters(self) -> int:
        """Weights and biases of all networks."""
        return sum(patch.network.n_parameters for patch in self)

    def at(self, number: int) -> Patch:
        """Give a patch, by its number from 0."""
        if number in self._done:
            return self._finished.at(number)
        return self._begun.get(number) or self._flat(number)

    def keep_only(self, numbers: Collection[int]) -> None:
        """Forget what was read of all other patches that are done."""
        self._finished.keep_only(numbers)
