"""Little pictures, and palettes as levels."""

import numpy as np


def picture(*rows: list[tuple[int, ...]]) -> np.ndarray:
    """A picture from 8-bit levels."""
    return np.array(rows, dtype=np.float32) / np.float32(255)


def levels(palette: np.ndarray | None) -> list[list[int]]:
    assert palette is not None
    assert palette.dtype == np.float32
    return np.rint(palette * 255).astype(int).tolist()
