"""Which lattice the table of a grid network is rounded to, so that a file of few bits loses little.

The vectors are chosen so that a step along any of them moves the colors by the same amount on the mean,
and the numbers along one say as little as can be about those along another (the transform coding of
V. K. Goyal 2001, "Theoretical foundations of transform coding", IEEE SPM 18(5), with the error weighed by
the network's own slope). The step is as small as `BITS_PER_PIXEL` allows, and never below `FINEST`.
"""

from dataclasses import replace

import numpy as np

from paintnet.encoding.grid import GridMap
from paintnet.files.planes import MOST_NUMBERS, pack_planes
from paintnet.network import Network
from paintnet.rounding import numbers_on_lattice, on_lattice
from paintnet.typing import Array

BITS_PER_PIXEL = 16
"""Of the picture, that a whole file may have where its table is the most of it."""

GREY_BITS_PER_PIXEL = 17.2
"""The same of a grey one, of which rounding costs .2 dB more than of the same picture as RGB."""

HEADER_BYTES = 4096
"""Of a file beside its numbers, about."""

LEAST_BITS = 3.5
"""For each number of a table, that it may have where it has many for a pixel."""

SMALL_BYTES = 65_536
"""A packed table of no more is small enough."""

FINEST = 0.2 / 255
"""Step in the colors that is always fine enough."""

FIRST = 1 / 255
"""Step that is tried first."""

COARSEST = 8 / 255
"""Step beyond which a table is better kept as it is."""

FEWEST_NUMBERS = 4096
"""Tables of fewer numbers stay as they are: a file of theirs is small."""

MOST_FEATURES = 16
"""Of a vertex: each has a vector that each row is rounded along, so the time grows with their square."""

PROBES = 4096
"""Positions at which the slope is measured."""

SLOPE_STEP = 1e-3
"""Change of a feature by which the slope is measured."""

TRIES = 4
"""The first on a sample, the others on all numbers."""

SAMPLE_VERTICES = 65_536
"""Tables of no more are no trouble to pack."""

STRIP_ROWS = 16


def packed_network(network: Network, n_pixels: int) -> Network:
    """Round the table of a grid network to a lattice; any other network comes back as it is.

    Parameters
    ----------
    network : Network
        Float32 weights.
    n_pixels : int
        Of the picture that it paints.
    """
    table, grid = network.coefs[0], network.encoding
    if not isinstance(grid, GridMap) or table.dtype != np.float32 or network.output != "identity":
        return network
    if not FEWEST_NUMBERS <= table.size <= MOST_NUMBERS or table.shape[1] > MOST_FEATURES:
        return network
    vectors = _vectors(network, grid)
    if vectors is None:
        return network
    rest = HEADER_BYTES + sum(array.nbytes for array in network.arrays[1:])
    least = max(LEAST_BITS * table.size, 8 * SMALL_BYTES)
    bits_per_pixel = GREY_BITS_PER_PIXEL if network.n_outputs == 1 else BITS_PER_PIXEL
    most_bits = max(bits_per_pixel * n_pixels - 8 * rest, least)
    step = FIRST
    best = None
    for attempt in range(TRIES):
        numbers = numbers_on_lattice(table, vectors * step)
        if numbers is None:
            return network
        bits = 8 * _packed_bytes(numbers, grid, is_sample=attempt == 0)
        if attempt and bits <= most_bits:
            best = step
            if step <= FINEST or bits > 0.985 * most_bits:
                break
        # Half the step costs a bit more for each number that is not always 0.
        surplus = (bits - most_bits * (0.995 if attempt == 0 else 0.99)) / table.size
        step = float(np.clip(step * 2 ** (1.05 * surplus), FINEST, 4 * COARSEST))
    if best is None or best > COARSEST:
        return network
    basis = vectors * best
    numbers = numbers_on_lattice(table, basis)
    assert numbers is not None  # noqa: S101 - it was there a moment ago; told to mypy
    return replace(network, coefs=(on_lattice(numbers, basis), *network.coefs[1:]), lattice=basis)


def _packed_bytes(numbers: Array, grid: GridMap, *, is_sample: bool) -> float:
    """Bytes that the planes of all levels take; of a sample, what all would take if it were like it."""
    ends = np.cumsum([level.n_vertices for level in grid.levels])[:-1]
    total = 0.0
    for level, part in zip(grid.levels, np.split(numbers, ends), strict=True):
        planes = part.T.reshape(-1, level.rows, level.columns)
        if is_sample and level.n_vertices > SAMPLE_VERTICES:
            planes = _strips(planes)
        total += len(pack_planes(planes)) * level.n_vertices / (planes.shape[1] * planes.shape[2])
    return total


def _strips(planes: Array) -> Array:
    """Every fourth strip of rows, one below the other."""
    rows = np.arange(planes.shape[1])
    return planes[:, rows[rows // STRIP_ROWS % 4 == 1]]


def _vectors(network: Network, grid: GridMap) -> Array | None:
    """Vectors whose unit moves the colors by one; None where the colors do not move with every feature."""
    slope = _slope(network)
    try:
        root = np.linalg.cholesky(slope + np.eye(len(slope)) * (1e-6 * np.trace(slope) + 1e-12))
    except np.linalg.LinAlgError:
        return None
    level = grid.levels[-1]
    table = (network.coefs[0][-level.n_vertices :] @ root).reshape(level.rows, level.columns, -1)
    # What a picture's neighbors do not foretell, roughly.
    left = table[1:, 1:] - table[1:, :-1] - table[:-1, 1:] + table[:-1, :-1]
    left = left.reshape(-1, len(root))
    _, turn = np.linalg.eigh(left.T @ left)
    basis = np.linalg.inv(root @ turn[:, ::-1])
    return basis if np.isfinite(basis).all() else None


def _slope(network: Network) -> Array:
    """Mean product of the colors' derivatives by any two features, (features, features)."""
    rng = np.random.default_rng(0)
    extent = network.encoding.extent  # type: ignore[attr-defined]
    low, high = (extent.left, extent.top), (extent.right, extent.bottom)
    xy = rng.uniform(low, high, (PROBES, 2)).astype(np.float32)
    features = network.encoding.first_layer(xy, network.coefs[0]).astype(np.float64)
    features += network.intercepts[0]
    changes = np.eye(features.shape[1]) * SLOPE_STEP
    slopes = np.stack([network.rest(features + e) - network.rest(features - e) for e in changes], axis=1)
    slopes = slopes.reshape(PROBES, len(changes), -1) / (2 * SLOPE_STEP)
    return np.asarray(np.einsum("nfc,ngc->fg", slopes, slopes) / PROBES)
