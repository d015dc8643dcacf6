"""Tables whose rows are whole numbers times a few vectors: a file keeps the whole numbers."""

import numpy as np
from numpy.typing import NDArray

from paintnet.typing import Array

ROWS_AT_ONCE = 8192
"""So many stay in the cache while their features are added up."""

LARGEST = 2**15 - 1
"""Of the whole numbers, which are kept in 16 bits."""


def on_lattice(numbers: NDArray[np.int16], basis: Array) -> Array:
    """Add up the vectors of a lattice: float32 rows (n, features).

    It is done in float64, one vector after the other: a matrix product would sum in another order on
    another machine, and a painting would not be the same on both to the bit.

    Parameters
    ----------
    numbers : int16 array of shape (n, features)
        How often each vector is taken.
    basis : float64 array of shape (features, features)
        The vectors, one in each row.

    Examples
    --------
    >>> on_lattice(np.array([[3, -2]], np.int16), np.array([[0.5, 0.0], [0.25, 1.0]]))
    array([[ 1., -2.]], dtype=float32)
    """
    rows = np.empty(numbers.shape, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # whoever reads a file looks at what comes out
        for start in range(0, len(rows), ROWS_AT_ONCE):
            some = slice(start, start + ROWS_AT_ONCE)
            columns = numbers[some].T.astype(np.float64)
            for feature, steps in enumerate(basis.T):
                total = np.zeros(columns.shape[1])
                for column, step in zip(columns, steps, strict=True):
                    total += column * step
                rows[some, feature] = total
    return rows


def numbers_on_lattice(rows: Array, basis: Array) -> NDArray[np.int16] | None:
    """Find the nearest point of the lattice to each row; None where one is too far out for 16 bits."""
    try:
        inverse = np.linalg.inv(basis)
    except np.linalg.LinAlgError:  # vectors that nobody could have rounded to
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.rint(rows.astype(np.float64) @ inverse)
    if not np.abs(found).max(initial=0.0) <= LARGEST:
        return None
    return found.astype(np.int16)
