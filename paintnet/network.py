"""The trained network, run forward in plain NumPy.

scikit-learn takes a second to import; a saved painting answers before that.
The tests hold this pass against scikit-learn's own, to float32 rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from paintnet.activations import HIDDEN, OUTPUT
from paintnet.encoding.base import DenseMap, LatticeMap, PositionMap
from paintnet.lattice import points_of
from paintnet.typing import Array

FARTHEST = 1e9
"""A position farther out counts as this far: float32 would overflow, and NaN is no color."""

MOST_AT_ONCE = 50_000_000
"""Numbers of a layer that are held at once, 200 MB of them: layers may be thousands of units wide."""

ROW_NUMBERS = 512
"""Of biases, as many are added at once."""

POINTS_AT_ONCE = 32_768
"""Points of a lattice that are answered for at once: their layers stay in the cache."""

LARGEST = 1e18
"""What a sum that overflowed counts as; its square is finite in float32."""


@dataclass(frozen=True, eq=False)
class Network:
    """Weights of a trained multi-layer perceptron behind its encoding.

    Parameters
    ----------
    encoding : PositionMap
        What turns positions into inputs.
    coefs : tuple of arrays
        Weight matrices, layer by layer, (inputs, units).
    intercepts : tuple of arrays
        Biases, layer by layer, (units,).
    activation : str
        A name of `paintnet.activations.HIDDEN`.
    output : str
        A name of `paintnet.activations.OUTPUT`.
    lattice : float64 array of shape (features, features), optional
        Where the first weights are those of a table that was rounded to a lattice
        (`paintnet.rounding`): its vectors. Files are smaller for it; no answer depends on it.

    Raises
    ------
    ValueError
        If the layers do not chain or a name is unknown.
    """

    encoding: PositionMap
    coefs: tuple[Array, ...]
    intercepts: tuple[Array, ...]
    activation: str
    output: str
    lattice: Array | None = None

    def __post_init__(self) -> None:
        if self.activation not in HIDDEN or self.output not in OUTPUT:
            raise ValueError(f"unknown activation {self.activation!r} or output {self.output!r}")
        if not self.coefs or len(self.coefs) != len(self.intercepts):
            raise ValueError(f"{len(self.coefs)} weight matrices and {len(self.intercepts)} bias vectors")
        if self.lattice is not None and self.lattice.shape != (self.coefs[0].shape[-1],) * 2:
            raise ValueError(f"a lattice of shape {self.lattice.shape} for weights {self.coefs[0].shape}")
        n_inputs = self.encoding.n_features
        for layer, (coef, intercept) in enumerate(zip(self.coefs, self.intercepts, strict=True)):
            if coef.ndim != 2 or coef.shape[0] != n_inputs or intercept.shape != coef.shape[1:]:
                raise ValueError(
                    f"layer {layer}: weights {coef.shape} and biases {intercept.shape} after {n_inputs} units"
                )
            n_inputs = coef.shape[1]

    @property
    def layers(self) -> tuple[int, ...]:
        """Units of each hidden layer."""
        return tuple(int(coef.shape[1]) for coef in self.coefs[:-1])

    @property
    def n_outputs(self) -> int:
        """Units of the last layer."""
        return int(self.coefs[-1].shape[1])

    @property
    def arrays(self) -> tuple[Array, ...]:
        """All weights, then all biases."""
        return (*self.coefs, *self.intercepts)

    @property
    def n_parameters(self) -> int:
        """Weights and biases in all."""
        return sum(array.size for array in self.arrays)

    @property
    def n_bytes(self) -> int:
        """Bytes of all parameters, as stored."""
        return sum(array.nbytes for array in self.arrays)

    def forward(self, xy: Array) -> Array:
        """Outputs (n, n_outputs) for positions (n, 2); finite where the weights are."""
        at_once = self._at_once
        parts = [self._near(xy[start : start + at_once]) for start in range(0, max(1, len(xy)), at_once)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    @property
    def _at_once(self) -> int:
        """Positions that may be answered for at once."""
        # A dense map writes all of its features down; a grid adds up those that count.
        n_features = self.encoding.n_features if isinstance(self.encoding, DenseMap) else 1
        return max(1, MOST_AT_ONCE // max(n_features, *map(len, self.intercepts)))

    def forward_on(self, xs: Array, ys: Array) -> Array:
        """Outputs (len(ys), len(xs), n_outputs) on a lattice, at ``(xs[column], ys[row])``.

        They are those of `forward` but for rounding. How many positions a matrix product takes at once
        moves its last bits, so those depend on the whole lattice.
        """
        at_once = min(self._at_once, POINTS_AT_ONCE)
        columns = max(1, min(len(xs), at_once))
        rows = max(1, at_once // columns)
        outputs = np.empty((len(ys), len(xs), self.n_outputs), dtype=self.coefs[0].dtype)
        for top in range(0, len(ys), rows):
            for left in range(0, len(xs), columns):
                part = outputs[top : top + rows, left : left + columns]
                part[...] = self._block(xs[left : left + columns], ys[top : top + rows]).reshape(part.shape)
        return outputs

    def _block(self, xs: Array, ys: Array) -> Array:
        """Outputs (len(ys) * len(xs), n_outputs) on a small lattice, row by row."""
        if isinstance(self.encoding, LatticeMap):
            with np.errstate(over="ignore", invalid="ignore"):
                x, y = (np.clip(values, -FARTHEST, FARTHEST) for values in (xs, ys))
                z = self._first_layer_on(x, y)
                add_to_rows(z, self.intercepts[0])
                outputs = self.rest(z)
            if np.isfinite(outputs).all():
                return outputs
        return self._near(points_of(xs, ys))

    def _near(self, xy: Array) -> Array:
        near = np.clip(xy, -FARTHEST, FARTHEST).astype(self.coefs[0].dtype, copy=False)
        outputs = self._forward(near, lambda z: z)
        is_finite = np.isfinite(outputs)
        # Weights that are not finite ran away in training; whoever trained them has to see it.
        if not is_finite.all() and all(np.isfinite(array).all() for array in self.arrays):
            lost = ~is_finite.all(axis=1)
            outputs[lost] = self._forward(near[lost], _held)
        return outputs

    def _first_layer(self, xy: Array) -> Array:
        """Weighted sums of the first layer."""
        return self.encoding.first_layer(xy, self.coefs[0])

    def _first_layer_on(self, xs: Array, ys: Array) -> Array:
        """The same on a lattice, row by row."""
        assert isinstance(self.encoding, LatticeMap)  # noqa: S101 - the caller has checked; told to mypy
        z = self.encoding.first_layer_on(xs, ys, self.coefs[0])
        return z.reshape(-1, z.shape[2])

    def _forward(self, xy: Array, hold: Callable[[Array], Array]) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            z = self._first_layer(xy)
            add_to_rows(z, self.intercepts[0])
            return self.rest(z, hold)

    def rest(self, z: Array, hold: Callable[[Array], Array] = lambda z: z) -> Array:
        """Outputs for the sums of the first layer, biases included, which are overwritten."""
        hidden = HIDDEN[self.activation].function
        with np.errstate(over="ignore", invalid="ignore"):
            for coef, intercept in zip(self.coefs[1:], self.intercepts[1:], strict=True):
                z = hidden(hold(z), out=z) @ coef
                add_to_rows(z, intercept)
            z = hold(z)
            outputs: Array = OUTPUT[self.output].function(z, out=z)
            return outputs


def outputs_of(channels: int, n_classes: int | None, *, one_hot: bool = False) -> tuple[int, str]:
    """Tell how many outputs a network has, and what they are: those that scikit-learn gives it.

    Parameters
    ----------
    channels : int
        Of the picture.
    n_classes : int or None
        Classes that are learned, one of which counts as two; None where colors are.
    one_hot : bool, default=False
        Whether each class has an output of its own, apart from the others.

    Examples
    --------
    >>> outputs_of(3, None), outputs_of(3, 2), outputs_of(3, 6), outputs_of(3, 2, one_hot=True)
    ((3, 'identity'), (1, 'logistic'), (6, 'softmax'), (2, 'logistic'))
    """
    if n_classes is None:
        return channels, "identity"
    n_outputs = max(2, n_classes)
    if one_hot:
        return n_outputs, "logistic"
    return (1, "logistic") if n_outputs == 2 else (n_outputs, "softmax")


def add_to_rows(z: Array, row: Array) -> None:
    """Add a row to each of (n, numbers), in place."""
    whole = 0
    if z.flags.c_contiguous:  # short rows are added several at once, in a half to a fifth of the time
        together = max(1, ROW_NUMBERS // len(row))
        whole = len(z) - len(z) % together
        z[:whole].reshape(-1, together * len(row))[...] += np.tile(row, together)
    z[whole:] += row


def _held(z: Array) -> Array:
    """Bring sums that overflowed back into range, in place; where they lost their sign, to 0."""
    return np.nan_to_num(z, copy=False, nan=0.0, posinf=LARGEST, neginf=-LARGEST)
