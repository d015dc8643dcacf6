"""What packing a painting costs: PSNR and bits of each photograph, stored whole and packed."""

from typing import Any

import numpy as np
from PIL import Image

from bench import results
from bench.pictures import photographs
from bench.sizes import BORDER
from paintnet.metrics import psnr
from paintnet.painter.painter import Painter
from paintnet.painter.quality import as_written
from paintnet.painting import Painting

STORES = ("float32", "packed")


def report() -> str:
    """Measure, save, and give the table with its means."""
    results.clear("storage")
    rows = []
    for image in photographs():
        row = {"image": image.name, **measure(Image.open(image).convert("RGB"))}
        results.save("storage", row)
        rows.append(row)
        print(row, flush=True)
    names = [name for name in rows[0] if name != "image"]
    means = ["mean", *(float(np.mean([row[name] for row in rows])) for name in names)]
    return results.markdown(
        ["image", *names], [*([row[n] for n in ("image", *names)] for row in rows), means]
    )


def measure(original: Image.Image) -> dict[str, float]:
    """PSNR at its own size, and of its half (box filter) twice as large; bits of the file for each pixel."""
    width, height = original.width // 2 * 2, original.height // 2 * 2
    original = original.crop((0, 0, width, height))
    half = original.resize((width // 2, height // 2), Image.Resampling.BOX)
    small, large = (np.asarray(picture, dtype=np.float32) / 255 for picture in (half, original))
    inner = slice(BORDER, -BORDER), slice(BORDER, -BORDER)
    found = {}
    for store in STORES:
        own, doubled = (Painter("standard", store=store).fit(picture) for picture in (large, small))
        twice = as_written(np.clip(doubled.render(original.size), 0, 1))
        found[f"{store} 1x"] = psnr(large, as_written(own.render()))
        found[f"{store} bits"] = _bits(own)
        found[f"{store} 2x"] = psnr(large[inner], twice[inner])
        found[f"{store} 2x bits"] = _bits(doubled)
    lanczos: Any = half.resize(original.size, Image.Resampling.LANCZOS)
    found["Lanczos 2x"] = psnr(large[inner], np.asarray(lanczos, dtype=np.float32)[inner] / 255)
    return found


def _bits(painting: Painting) -> float:
    return 8 * len(painting.to_bytes()) / (painting.width * painting.height)
