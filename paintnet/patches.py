"""Patches: networks that lie side by side over a picture, and one blended answer of them all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from paintnet.encoding.extent import Extent
from paintnet.network import Network
from paintnet.typing import Array

EDGE_WEIGHT = 1e-6
"""Weight on a patch's very edge, in pixels from it: above 0, so that a patch alone there has all of it."""


@dataclass(frozen=True, eq=False)
class Patch:
    """One network and the part of the picture that it paints.

    Parameters
    ----------
    network : Network
        The trained network; it takes positions in the picture, not in the patch.
    extent : Extent
        The rectangle that it covers, in pixels; with one patch, the whole picture.
    """

    network: Network
    extent: Extent

    @classmethod
    def whole(cls, network: Network, width: int, height: int) -> Self:
        """One patch over a whole picture."""
        return cls(network, Extent.of_picture(width, height))


class Mosaic:
    """Patches whose outputs are blended where they overlap.

    A patch's weight at a position is its distance to the patch's nearest edge, along x times
    along y, divided by the sum over all patches there (feathering: Szeliski 2006, "Image
    Alignment and Stitching: A Tutorial", section 6.2). So the weights add up to 1, and from one
    patch to the next they fall linearly over the overlap. Edges on the border of the whole do
    not count, since no other patch takes over there. A position outside all patches has the
    weights of the nearest edge.

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
    array([0.  , 0.25, 0.5 , 1.  ])
    """

    def __init__(self, patches: Sequence[Patch]) -> None:
        if not patches:
            raise ValueError("a painting without patches")
        kinds = {(patch.network.n_outputs, patch.network.output) for patch in patches}
        if len(kinds) > 1:
            raise ValueError(f"patches with different outputs: {sorted(kinds)}")
        self.patches = patches
        corners = np.array([patch.extent.to_list() for patch in patches]).reshape(-1, 2, 2)
        self._low, self._high = corners[:, 0], corners[:, 1]
        self._border = self._low.min(axis=0), self._high.max(axis=0)

    @property
    def n_outputs(self) -> int:
        """Outputs of each network."""
        return self.patches[0].network.n_outputs

    def forward(self, xy: Array) -> Array:
        """Blended outputs (n, n_outputs) for positions (n, 2)."""
        if len(self.patches) == 1:
            return self.patches[0].network.forward(xy)
        shares, total = self._shares(np.clip(xy.astype(np.float64), *self._border))
        outputs = np.zeros((len(xy), self.n_outputs), dtype=self.patches[0].network.coefs[-1].dtype)
        for number, covered, weight in shares:
            part = self.patches[number].network.forward(xy[covered])
            part *= (weight / total[covered]).astype(part.dtype)[:, None]
            with np.errstate(over="ignore"):  # the mean of the largest numbers may be rounded to infinity
                outputs[covered] += part
        return outputs

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
        """Distance to the nearest edge that is not on the border, along x times along y."""
        to_low = np.where(low > self._border[0], xy - low, np.inf)
        to_high = np.where(high < self._border[1], high - xy, np.inf)
        distance = np.minimum(to_low, to_high)
        # A patch that reaches from border to border has no such edge along that axis: 1 for all.
        along = np.where(np.isinf(distance), 1.0, np.maximum(distance, EDGE_WEIGHT))
        return np.asarray(along.prod(axis=1))
