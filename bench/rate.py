"""Paintings for storing beside JPEG, WebP, AVIF and JPEG 2000 of the same size, by Pillow.

python -m bench.rate PICTURE... [--bpp 0.25 0.5] [--preset draft]

What has been measured (bench/results/rate.jsonl) is not measured again; ``python -m bench.rate_report``
makes tables and a plot of it. Of a model file, FILE.paintnet, only what it costs to read and paint it is
measured.
"""

import argparse
import io
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, features

from bench import results
from paintnet import Painter, Painting
from paintnet.metrics import psnr, ssim
from paintnet.painter.quality import as_written
from paintnet.typing import Array

RATES = (0.1, 0.15, 0.25, 0.5, 0.75, 1.0, 1.5)
HALVINGS = 8


def codecs() -> dict[str, list[dict[str, Any]]]:
    """Formats that this Pillow writes, each with the ways that are tried; the best one counts."""
    found: dict[str, list[dict[str, Any]]] = {
        "JPEG": [
            {"optimize": True, "subsampling": s, "progressive": p} for s in (0, 2) for p in (False, True)
        ]
    }
    for name, module, ways in (
        ("WEBP", "webp", [{"method": 6}]),
        ("AVIF", "avif", [{}]),
        ("JPEG2000", "jpg_2000", [{"mct": 1}]),
    ):
        if features.check(module):
            found[name] = ways
    return found


def quality_at(
    image: Image.Image, n_bytes: int, name: str, way: dict[str, Any]
) -> tuple[float, float] | None:
    """PSNR and SSIM of the largest file of at most so many bytes; None where there is none."""
    levels = np.asarray(image)

    def written(quality: float) -> bytes:
        given = {"quality_mode": "rates", "quality_layers": [quality]} if name == "JPEG2000" else {}
        out = io.BytesIO()
        image.save(out, name, **way, **(given or {"quality": int(quality)}))
        return out.getvalue()

    if name == "JPEG2000":
        low, high = levels.size / n_bytes, 4 * levels.size / n_bytes
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if len(written(middle)) <= n_bytes else (middle, high)
        content = written(high)
    else:
        least, most = 1, 100  # files grow with their quality
        if len(content := written(least)) > n_bytes:
            return None
        while most - least > 1:
            middle = (least + most) // 2
            if len(tried := written(middle)) <= n_bytes:
                least, content = middle, tried
            else:
                most = middle
    decoded = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), np.float32) / 255
    original = levels.astype(np.float32) / 255
    return psnr(original, decoded), ssim(original, decoded)


def measured(path: Path, bpp: float, preset: str) -> dict[str, Any]:
    """All figures of one picture at one rate."""
    image = Image.open(path).convert("RGB")
    picture = np.asarray(image, np.float32) / 255
    begin = time.perf_counter()
    painting = Painter(preset, bpp=bpp).fit(picture)
    seconds = time.perf_counter() - begin
    content = painting.to_bytes()
    cost, again = cost_of(content)
    again = as_written(again)
    row: dict[str, Any] = {
        "picture": path.stem,
        "preset": preset,
        "asked": bpp,
        "bpp": 8 * len(content) / (image.width * image.height),
        "paintnet": [psnr(picture, again), ssim(picture, again)],
        "encoding_s": round(seconds, 1),
        **cost,
    }
    for name, ways in codecs().items():
        found = [quality_at(image, len(content), name, way) for way in ways]
        row[name] = max((each for each in found if each is not None), default=None)
    return row


def cost_of(content: bytes) -> tuple[dict[str, float], Array]:
    """CPU seconds to read a file, paint it, and paint it four times as wide and high; and what is painted."""
    times = [time.process_time()]
    painting = Painting.from_bytes(content)
    times.append(time.process_time())
    picture = painting.render()
    times.append(time.process_time())
    painting.render((4 * painting.width, 4 * painting.height))
    times.append(time.process_time())
    names = "reading_cpu_s", "painting_cpu_s", "painting_4x_cpu_s"
    return dict(zip(names, np.diff(times).round(3).tolist(), strict=True)), picture


def main() -> None:
    """Measure, and print a line of JSON for each picture and rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--bpp", nargs="+", type=float, default=RATES)
    parser.add_argument("--preset", default="standard")
    given = parser.parse_args()
    done = {(row["picture"], row["preset"], row["asked"]) for row in results.load("rate")}
    for path in given.pictures:
        if path.suffix == ".paintnet":
            print(json.dumps({"file": path.name, **cost_of(path.read_bytes())[0]}), flush=True)
            continue
        for bpp in given.bpp:
            if (path.stem, given.preset, bpp) not in done:
                row = measured(path, bpp, given.preset)
                results.save("rate", row)
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
