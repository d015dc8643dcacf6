"""Pictures inside a page: as data: addresses, no larger than a page can bear."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from paintnet.animation.frames import Frame
from paintnet.picture import encode_picture, shrink
from paintnet.picture.formats import to_levels
from paintnet.typing import Array, Levels

T = TypeVar("T")

PICTURE_SIDE = 1600
PICTURE_BYTES = 900_000
"""Of an embedded picture: above them it is made smaller, or loses what is hard to see."""

MOST_FRAMES = 60
FRAMES_BYTES = 1_200_000
"""Of all frames together."""

LOSSLESS = 101
FRAME_FORMS = ((512, LOSSLESS), (512, 80), (384, 65), (256, 50))
"""Longer side and WebP quality of frames: the first whose frames fit is taken."""

LOSSLESS_PIXELS = 1_500_000
"""Of all frames: with more the lossless form is not even tried."""

QUALITIES = (90, 75, 50)
"""WebP qualities of a picture, likewise."""


@dataclass(frozen=True)
class Embedded:
    """A picture as it lies in the page.

    Parameters
    ----------
    uri : str
        A ``data:`` address.
    width, height : int
        Its size in pixels.
    is_exact : bool
        Whether every level is as it was.
    """

    uri: str
    width: int
    height: int
    is_exact: bool


def embed_picture(pixels: Array) -> Embedded:
    """Embed a picture: lossless where that is small enough.

    Parameters
    ----------
    pixels : array of shape (height, width, channels)
        Grey, RGB or RGBA in [0, 1].

    Examples
    --------
    >>> embedded = embed_picture(np.zeros((2, 3, 1), np.float32))
    >>> embedded.uri[:22], embedded.width, embedded.height, embedded.is_exact
    ('data:image/png;base64,', 3, 2, True)
    """
    small = shrink(pixels, PICTURE_SIDE)
    height, width = small.shape[:2]
    png, _ = encode_picture(small, ".png")
    if len(png) <= PICTURE_BYTES:
        return Embedded(_uri(png, "png"), width, height, is_exact=small is pixels)
    levels = to_levels(small)
    for quality in QUALITIES:
        webp = _webp(levels, quality)
        if len(webp) <= PICTURE_BYTES:
            break
    return Embedded(_uri(webp, "webp"), width, height, is_exact=False)


def embed_levels(levels: Levels) -> Embedded:
    """Embed a map that has few colors, always lossless."""
    from PIL import Image

    # A map has at most 256 colors, so a palette holds them all and the file is a third as long.
    colors, index = np.unique(levels.reshape(-1, 3), axis=0, return_inverse=True)
    image = Image.fromarray(index.reshape(levels.shape[:2]).astype(np.uint8))
    image.putpalette(colors.astype(np.uint8).tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return Embedded(_uri(buffer.getvalue(), "png"), levels.shape[1], levels.shape[0], is_exact=True)


def embed_frames(frames: Sequence[Frame]) -> list[tuple[Frame, Embedded]]:
    """Embed frames: at most `MOST_FRAMES`, the first and last among them, in `FRAMES_BYTES`."""
    chosen = spread(frames, MOST_FRAMES)
    is_much = sum(frame.pixels[..., 0].size for frame in chosen) > LOSSLESS_PIXELS
    for side, quality in FRAME_FORMS[is_much:]:
        encoded = [_frame(frame, side, quality) for frame in chosen]
        if sum(len(data) for data, _, _ in encoded) <= FRAMES_BYTES:
            break
    # The last form may still be too large; then there are fewer.
    while len(encoded) > 2 and sum(len(data) for data, _, _ in encoded) > FRAMES_BYTES:
        half = (len(encoded) + 1) // 2
        chosen, encoded = spread(chosen, half), spread(encoded, half)
    return [
        (frame, Embedded(_uri(data, "webp"), width, height, is_exact=False))
        for frame, (data, width, height) in zip(chosen, encoded, strict=True)
    ]


def spread(items: Sequence[T], most: int) -> list[T]:
    """Choose items spread evenly, the first and last among them.

    Examples
    --------
    >>> spread(range(101), 5), spread("ab", 5)
    ([0, 25, 50, 75, 100], ['a', 'b'])
    """
    if len(items) <= most:
        return list(items)
    return [items[int(k)] for k in np.rint(np.linspace(0, len(items) - 1, most))]


def _frame(frame: Frame, side: int, quality: int) -> tuple[bytes, int, int]:
    pixels = frame.pixels
    if max(pixels.shape[:2]) > side:
        pixels = to_levels(shrink((pixels / 255).astype(np.float32), side))
    return _webp(pixels, quality), pixels.shape[1], pixels.shape[0]


def _webp(levels: Levels, quality: int) -> bytes:
    from PIL import Image

    flat = levels[..., 0] if levels.shape[-1] == 1 else levels
    buffer = io.BytesIO()
    options = {"lossless": True} if quality == LOSSLESS else {"quality": quality, "method": 3}
    Image.fromarray(np.ascontiguousarray(flat)).save(buffer, "WEBP", **options)
    return buffer.getvalue()


def _uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
