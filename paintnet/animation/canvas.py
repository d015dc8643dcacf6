"""What stands around a frame: the original beside it, a caption under it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from paintnet.animation.frames import Frame
from paintnet.typing import Levels

GAP = 4
"""Pixels between two pictures."""

PAPER = 24
"""Level of the ground, dark grey."""

INK = 235
"""Level of the writing."""

LINE = 22
"""Pixels of a caption's strip."""

TEXT_HEIGHT = 14


@dataclass(frozen=True, eq=False)
class Canvas:
    """Lays a frame on its ground.

    Parameters
    ----------
    original : uint8 array of shape (height, width, 3) or None, default=None
        Shown to the left of the frame, if given; of the frame's size.
    has_caption : bool, default=False
        Whether epoch and PSNR stand below.

    Examples
    --------
    >>> frame = Frame(3, 20.5, np.zeros((40, 60, 3), np.uint8))
    >>> Canvas(original=frame.pixels, has_caption=True).lay(frame).shape
    (62, 124, 3)
    """

    original: Levels | None = None
    has_caption: bool = False

    def lay(self, frame: Frame) -> Levels:
        """Give the finished picture of one frame."""
        pixels = frame.pixels
        if self.original is not None:
            height = pixels.shape[0]
            gap = np.full((height, GAP, 3), PAPER, dtype=np.uint8)
            pixels = np.concatenate([self.original, gap, pixels], axis=1)
        return label(pixels, caption(frame)) if self.has_caption else pixels


def caption(frame: Frame) -> str:
    """Say where a frame stands.

    Examples
    --------
    >>> caption(Frame(12, 31.44, np.zeros((1, 1, 3), np.uint8)))
    'epoch 12   31.4 dB'
    >>> caption(Frame(0, None, np.zeros((1, 1, 3), np.uint8)))
    'start'
    """
    words = f"epoch {frame.epoch}" if frame.epoch else "start"
    return words if frame.psnr is None or np.isinf(frame.psnr) else f"{words}   {frame.psnr:.1f} dB"


def label(pixels: Levels, text: str) -> Levels:
    """Add a strip below a picture with words on it.

    Examples
    --------
    >>> label(np.zeros((40, 60, 3), np.uint8), "a bird").shape
    (62, 60, 3)
    """
    return np.concatenate([pixels, _strip(text, pixels.shape[1])], axis=0)


def _strip(text: str, width: int) -> Levels:
    """Write on a strip of the ground; what is too long for a narrow picture is made smaller, then cut."""
    from PIL import Image, ImageDraw

    strip = Image.new("RGB", (width, LINE), (PAPER,) * 3)
    draw = ImageDraw.Draw(strip)
    font = _fitting_font(draw, text, width - 8)
    draw.text((width / 2, LINE / 2), text, fill=(INK,) * 3, font=font, anchor="mm")
    return np.asarray(strip)


def _fitting_font(draw: Any, text: str, width: int) -> Any:
    from PIL import ImageFont

    for size in range(TEXT_HEIGHT, 7, -1):
        font = ImageFont.load_default(size)
        if draw.textlength(text, font=font) <= width:
            return font
    return ImageFont.load_default(7)
