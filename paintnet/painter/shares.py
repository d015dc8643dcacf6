"""How a mosaic in few bytes divides them among its patches: at one price of a bit for all."""

from collections.abc import Sequence

import numpy as np

from paintnet.dataset.windows import Window
from paintnet.engine.rate_guess import BitsOfPicture, least_multiplier
from paintnet.engine.rate_landing import frame_bytes
from paintnet.errors import TrainingError
from paintnet.picture import premultiply
from paintnet.picture.levels import Pixels
from paintnet.settings.settings import PainterSettings
from paintnet.small_mosaic import FRAME_BYTES, SmallHead
from paintnet.typing import Array

LEAST_BYTES = 800
"""Of a patch of one color: its networks."""

TOO_FEW = 650
"""Bytes of a patch below which its networks cannot paint anything."""


def shares_of(
    picture: Pixels, windows: Sequence[Window], settings: PainterSettings, target: int, palette: Array | None
) -> list[int]:
    """Give each patch its bytes, from what the picture's Haar coefficients say of its window.

    They are the same whichever patch is learned first, and where.

    Parameters
    ----------
    picture : LevelPicture or float32 array
        The whole.
    windows : sequence of Window
        Of the patches.
    settings : PainterSettings
        Of the run; messages name what it asks for.
    target : int
        Bytes of the file.
    palette : array or None
        In classify.

    Raises
    ------
    TrainingError
        If there are too few for so many patches.
    """
    height, width, channels = picture.shape
    head = len(SmallHead(width, height, channels, palette, []).to_bytes())
    room = target - head - FRAME_BYTES * len(windows)
    if room < TOO_FEW * len(windows):
        name = "bpp" if settings.file_size is None else "file_size"
        why = f"{target:,} bytes are too few for {len(windows):,} patches"
        raise TrainingError(name, why, "allow more, or use larger patches, or fewer")
    bits = [BitsOfPicture(premultiply(window.of(picture))) for window in windows]

    def wanted(multiplier: float) -> Array:
        return np.array([max(8.0 * LEAST_BYTES, each.at(multiplier)) for each in bits])

    found = wanted(least_multiplier(lambda multiplier: bool(wanted(multiplier).sum() <= 8 * room)))
    ends = np.floor(np.cumsum(found) * (room / found.sum()) + 1e-6).astype(int)
    return [int(share) + frame_bytes(palette) for share in np.diff(ends, prepend=0)]
