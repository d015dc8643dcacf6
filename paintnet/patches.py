"""Patches: networks that lie side by side over a picture, and one blended answer of them all."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self, overload

import numpy as np

from paintnet.cores import cores
from paintnet.encoding.extent import Extent
from paintnet.lattice import points_of
from paintnet.network import Network
from paintnet.threads import in_threads
from paintnet.typing import Array

EDGE_WEIGHT = 1e-6
"""Weight on a patch's very edge, in pixels from it: above 0, so that a patch alone there has all of it."""


@dataclass(frozen=True, eq=False)
class Patch:
    """One network and the part of the picture that it paints.

    Parameters
    ----------
    network : Network
        The trained network.
    extent : Extent
        The rectangle of the picture that it covers, in pixels; with one patch, all of it.
    origin : (float, float), default=(0.0, 0.0)
        Where the network's own positions begin, x and y in pixels of the picture: it stays near 0,
        so that float32 tells positions apart however large the picture is.
    """

    network: Network
    extent: Extent
    origin: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def whole(cls, network: Network, width: int, height: int) -> Self:
        """One patch over a whole picture."""
        return cls(network, Extent.of_picture(width, height))

    @property
    def kind(self) -> tuple[int, str]:
        """How many outputs the network has, and what they are."""
        return self.network.n_outputs, self.network.output

    def forward(self, xy: Array) -> Array:
        """Outputs (n, n_outputs) for positions (n, 2) in the picture."""
        return self.network.forward(xy - np.array(self.origin) if any(self.origin) else xy)

    def forward_on(self, xs: Array, ys: Array) -> Array:
        """Outputs (len(ys), len(xs), n_outputs) on a lattice in the picture."""
        return self.network.forward_on(xs - self.origin[0], ys - self.origin[1])


class LazyPatches(Sequence[Patch]):
    """Patches that are read when they are asked for; where they lie is known before."""

    @property
    @abstractmethod
    def extents(self) -> Sequence[Extent]:
        """Where the patches lie."""

    @property
    @abstractmethod
    def kind(self) -> tuple[int, str]:
        """How many outputs each network has, and what they are."""

    @property
    @abstractmethod
    def n_parameters(self) -> int:
        """Weights and biases of all networks."""

    @abstractmethod
    def at(self, number: int) -> Patch:
        """Read a patch, by its number from 0."""

    def keep_only(self, numbers: Collection[int]) -> None:
        """Forget what was read of all other patches; those that keep nothing have nothing to forget."""

    @overload
    def __getitem__(self, index: int) -> Patch: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Patch]: ...

    def __getitem__(self, index: int | slice) -> Patch | Sequence[Patch]:
        numbers = range(len(self))[index]
        return self.at(numbers) if isinstance(numbers, int) else tuple(map(self.at, numbers))


class Mosaic:
    """Patches whose outputs are blended where they overlap.

    A patch's weight at a position is its distance to the patch's nearest edge, squared, along x
    times along y, divided by the sum over all patches there (feathering: Szeliski 2006, "Image
    Alignment and Stitching: A Tutorial", section 6.2). So the weights add up to 1, and as they are
    squared, they leave and arrive without a bend that would show as a line. Edges on the border of
    the whole do not count, since no other patch takes over there. A position outside all patches
    has the weights of the nearest edge.

    Parameters
    ----------
    patches : sequence of Patch
        At least one; all with the same number and kind of outputs.

    Raises
    ------
    ValueError
        If there is none, or their outputs differ.

    Examples
    --------
    >>> from paintnet.encoding.raw import RawMap
    >>> def flat(value, left, right):
    ...     extent = Extent(left, 0, right, 10)
    ...     weights = (np.zeros((2, 1)),), (np.array([value]),)
    ...     return Patch(Network(RawMap(extent), *weights, "relu", "identity"), extent)
    >>> mosaic = Mosaic([flat(0.0, 0, 60), flat(1.0, 40, 100)])
    >>> mosaic.forward(np.array([[40.0, 5.0], [45.0, 5.0], [50.0, 5.0], [200.0, 5.0]])).ravel().round(3)
    array([0. , 0.1, 0.5, 1. ])
    """

    def __init__(self, patches: Sequence[Patch]) -> None:
        if not patches:
            raise ValueError("a painting without patches")
        if isinstance(patches, LazyPatches):
            kinds, extents = {patches.kind}, patches.extents
        else:
            kinds, extents = {patch.kind for patch in patches}, [patch.extent for patch in patches]
        if len(kinds) > 1:
            raise ValueError(f"patches with different outputs: {sorted(kinds)}")
        self.patches = patches
        (self.kind,) = kinds
        corners = np.array([extent.to_list() for extent in extents]).reshape(-1, 2, 2)
        self._low, self._high = corners[:, 0], corners[:, 1]
        self._border = self._low.min(axis=0), self._high.max(axis=0)

    @property
    def n_outputs(self) -> int:
        """Outputs of each network."""
        return self.kind[0]

    def forward(self, xy: Array) -> Array:
        """Blended outputs (n, n_outputs) for positions (n, 2)."""
        if len(self.patches) == 1:
            return self.patches[0].forward(xy)
        shares, total = self._shares(np.clip(xy.astype(np.float64), *self._border))
        outputs = np.zeros((len(xy), self.n_outputs), dtype=np.float32)
        for number, covered, weight in shares:
            part = self.patches[number].forward(xy[covered])
            outputs = outputs.astype(part.dtype, copy=False)
            part *= (weight / total[covered]).astype(part.dtype)[:, None]
            with np.errstate(over="ignore"):  # the mean of the largest numbers may be rounded to infinity
                outputs[covered] += part
        return outputs

    def forward_on(self, xs: Array, ys: Array) -> Array:
        """Blended outputs (len(ys), len(xs), n_outputs) on a lattice, patch by patch.

        Each network answers once for all of the lattice that it covers, several at a time. Patches that
        are read from a file and cover nothing of it are let go of: a render goes from top to bottom.

        Parameters
        ----------
        xs, ys : float64 arrays
            Ascending positions in the picture.
        """
        if len(self.patches) == 1:
            return self.patches[0].forward_on(xs, ys)
        along = [self._axis_weights(axis, values) for axis, values in enumerate((xs, ys))]
        total = np.zeros((len(ys), len(xs)))
        touched = []
        for number in range(len(self.patches)):
            (columns, across), (rows, down) = along[0][number], along[1][number]
            if len(across) and len(down):
                total[rows, columns] += np.outer(down, across)
                touched.append(number)
        if not (total > 0).all():  # in gaps the nearest patch answers
            return self.forward(points_of(xs, ys)).reshape(len(ys), len(xs), -1)
        if isinstance(self.patches, LazyPatches):
            self.patches.keep_only(touched)
        outputs = np.zeros((len(ys), len(xs), self.n_outputs), dtype=np.float32)

        def of_patch(number: int) -> Array:
            (columns, across), (rows, down) = along[0][number], along[1][number]
            part = self.patches[number].forward_on(xs[columns], ys[rows])
            part *= (np.outer(down, across) / total[rows, columns]).astype(part.dtype)[:, :, None]
            return part

        for number, part in zip(touched, in_threads(of_patch, touched, cores()), strict=True):
            columns, rows = along[0][number][0], along[1][number][0]
            outputs = outputs.astype(part.dtype, copy=False)
            with np.errstate(over="ignore"):  # as in `forward`
                outputs[rows, columns] += part
        return outputs

    def _axis_weights(self, axis: int, values: Array) -> list[tuple[slice, Array]]:
        """For each patch: which of ascending positions along an axis it covers, and its weights there."""
        inside = np.clip(values, self._border[0][axis], self._border[1][axis])
        begins = np.searchsorted(inside, self._low[:, axis], "left")
        ends = np.searchsorted(inside, self._high[:, axis], "right")
        found = []
        for low, high, begin, end in zip(self._low, self._high, begins, ends, strict=True):
            place = slice(int(begin), max(int(begin), int(end)))
            found.append((place, self._along(low[axis], high[axis], axis, inside[place])))
        return found

    def _shares(self, xy: Array) -> tuple[list[tuple[int, Array, Array]], Array]:
        """For each patch: its number, which positions it covers, its weights there; and the weights' sum.

        Positions in a gap between patches are moved to the nearest edge first, in place.
        """
        # Sorted by x, the positions in a patch's columns lie together: a row of a wide picture crosses
        # hundreds of patches, and each looks at its own part only.
        order = np.argsort(xy[:, 0], kind="stable")
        begins = np.searchsorted(xy[order, 0], self._low[:, 0], "left")
        ends = np.searchsorted(xy[order, 0], self._high[:, 0], "right")
        lowest, highest = xy[:, 1].min(initial=np.inf), xy[:, 1].max(initial=-np.inf)
        near = (begins < ends) & (self._low[:, 1] <= highest) & (lowest <= self._high[:, 1])
        shares, total = [], np.zeros(len(xy))
        for number in np.flatnonzero(near):
            low, high = self._low[number], self._high[number]
            columns = order[begins[number] : ends[number]]
            y = xy[columns, 1]
            covered = columns[(low[1] <= y) & (y <= high[1])]
            if len(covered):
                weight = self._weight(low, high, xy[covered])
                shares.append((int(number), covered, weight))
                total[covered] += weight
        if (total > 0).all():
            return shares, total
        for row in np.flatnonzero(total == 0):
            on_edge = np.clip(xy[row], self._low, self._high)
            xy[row] = on_edge[np.square(on_edge - xy[row]).sum(axis=1).argmin()]
        return self._shares(xy)

    def _weight(self, low: Array, high: Array, xy: Array) -> Array:
        """Weight along x times along y."""
        weights = (self._along(low[axis], high[axis], axis, xy[:, axis]) for axis in (0, 1))
        return np.asarray(next(weights) * next(weights))

    def _along(self, low: float, high: float, axis: int, values: Array) -> Array:
        """Square of the distance to the nearest edge that is not on the border.

        A patch that reaches from border to border has no such edge: 1 for all.
        """
        is_inner = low > self._border[0][axis], high < self._border[1][axis]
        if not any(is_inner):
            return np.ones(len(values))
        to_low = values - low if is_inner[0] else np.inf
        to_high = high - values if is_inner[1] else np.inf
        return np.asarray(np.maximum(np.minimum(to_low, to_high), EDGE_WEIGHT) ** 2)
