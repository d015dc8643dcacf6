"""Pixels that were never seen: learn every second one, paint those diagonally between."""

from typing import Any

import numpy as np
from PIL import Image

from bench import results
from bench.pictures import photographs
from paintnet.metrics import psnr
from paintnet.painter.painter import Painter
from paintnet.picture import open_picture

SIDE = 512
MARGIN = 3
"""Given pixels past the measured ones that interpolation may look at."""


def report() -> str:
    """Measure, save, and give the table."""
    results.clear("heldout")
    table = []
    for image in photographs():
        row = {"image": image.name, **measure(_crop(open_picture(image).pixels))}
        results.save("heldout", row)
        table.append(list(row.values()))
        print(row, flush=True)
    table.append(["mean", *(float(np.mean([line[k] for line in table])) for k in range(1, len(table[0])))])
    return results.markdown(["photograph", *(name for name in row if name != "image")], table)


def measure(crop: Any) -> dict[str, float]:
    """PSNR on ``crop[1::2, 1::2]`` of everyone who knows ``crop[::2, ::2]``."""
    given = np.ascontiguousarray(crop[::2, ::2])
    hidden = crop[1:-1:2, 1:-1:2]
    found = {
        "bilinear": _between(given, Image.Resampling.BILINEAR),
        "bicubic": _between(given, Image.Resampling.BICUBIC),
        "Lanczos": _between(given, Image.Resampling.LANCZOS),
        "paintnet": _painted(given, purpose="copying"),
        "paintnet --for enlarging": _painted(given, purpose="enlarging"),
    }
    return {name: psnr(np.clip(picture, 0, 1), hidden) for name, picture in found.items()}


def _painted(given: Any, purpose: str) -> Any:
    painting = Painter("standard", purpose=purpose).fit(given)
    height, width, _ = given.shape
    y, x = np.mgrid[: height - 1, : width - 1] + 0.5
    return painting.predict(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(height - 1, width - 1, -1)


def _between(given: Any, method: Image.Resampling) -> Any:
    """Interpolate diagonally between the pixels with Pillow, by a box moved half a pixel."""
    height, width, channels = given.shape
    padded = np.pad(given, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), mode="edge")
    size = (width - 1, height - 1)
    box = (MARGIN + 0.5, MARGIN + 0.5, MARGIN + width - 0.5, MARGIN + height - 0.5)
    planes = [
        np.asarray(Image.fromarray(np.ascontiguousarray(padded[:, :, c])).resize(size, method, box))
        for c in range(channels)
    ]
    return np.stack(planes, axis=2)


def _crop(pixels: Any) -> Any:
    """Give the middle square of even side, at most SIDE."""
    side = min(SIDE, *pixels.shape[:2]) // 2 * 2
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    return pixels[top : top + side, left : left + side]
