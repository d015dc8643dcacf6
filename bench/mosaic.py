"""Large pictures: photographs side by side, mirrored at random, painted by the command as anybody would.

Each painting is a process of its own, whose peak memory is measured. The seams are looked for on a picture
whose photographs do not end where the patches do.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench import results
from bench.pictures import photographs
from paintnet.dataset.windows import windows_over
from paintnet.painter.painter import Painter
from paintnet.painter.quality import as_written
from paintnet.picture.formats import write_bands

MEGAPIXELS = (0.4, 1.6, 6.3, 25, 100)
PRESETS = ("draft", "standard")
TILE = (768, 512)
AROUND_A_BORDER = 12
"""Pixels on both sides of where two parts meet: all of their overlap."""


def report() -> str:
    """Measure, save, and give the tables."""
    results.clear("mosaic")
    rows = []
    for preset in PRESETS:
        single = [_painted(path, preset)["psnr"] for path in photographs()]
        for megapixels in MEGAPIXELS:
            row = {
                "preset": preset,
                "MP": megapixels,
                "singles": float(np.mean(single)),
                **of_size(megapixels, preset),
            }
            results.save("mosaic", row)
            rows.append(row)
            print(row, flush=True)
    seams = [[preset, *seam(preset).values()] for preset in PRESETS]
    names = list(rows[0])
    header = ["preset", "error at borders", "gradient at borders", "gradient elsewhere"]
    tables = results.markdown(names, [[row[name] for name in names] for row in rows])
    return f"{tables}\n\n{results.markdown(header, seams)}"


def of_size(megapixels: float, preset: str) -> dict[str, float]:
    """Paint a picture of so many megapixels."""
    across = max(1, round((megapixels * 1e6 / (TILE[0] * TILE[1])) ** 0.5))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.png"
        with path.open("wb") as file:
            shape = (across * TILE[1], across * TILE[0], 3)
            write_bands(file, _rows_of_tiles(across), shape, ".png")
        return _painted(path, preset)


def _painted(path: Path, preset: str) -> dict[str, Any]:
    """Run the command on a picture."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "paintnet", "fit", str(path), "--preset", preset, "--json"]
        command += ["--max-pixels", "2G", "-o", f"{folder}/p.png", "-m", f"{folder}/p.paintnet"]
        with Path(f"{folder}/out").open("wb") as out:
            process = subprocess.Popen(command, stdout=out)
            _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"paintnet failed on {path}")
        said = json.loads(Path(f"{folder}/out").read_text())
        model = Path(f"{folder}/p.paintnet").stat().st_size
    with Image.open(path) as image:
        n_pixels = image.width * image.height
    seconds = sum(said["seconds_by_part"].values())
    return {
        "psnr": said["psnr"],
        "s/MP": seconds / n_pixels * 1e6,
        "seconds": seconds,
        "peak MB": usage.ru_maxrss / 1024,
        "bits/pixel": 8 * model / n_pixels,
    }


def _rows_of_tiles(across: int, seed: int = 0) -> Iterator[Any]:
    """Yield rows of photographs, as bands."""
    Image.MAX_IMAGE_PIXELS = None
    rng = np.random.default_rng(seed)
    tiles = [_upright(path) for path in photographs()]
    for row in range(across):
        chosen = [tiles[(row * across + column) % len(tiles)] for column in range(across)]
        turned = [tile[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])] for tile in chosen]
        yield np.concatenate(turned, axis=1).astype(np.float32) / np.float32(255)


def _upright(path: Path) -> Any:
    with Image.open(path) as image:
        wide = image.convert("RGB")
        wide = wide if wide.width >= wide.height else wide.transpose(Image.Transpose.ROTATE_90)
        return np.asarray(wide.resize(TILE) if wide.size != TILE else wide)


def seam(preset: str) -> dict[str, float]:
    """Squared error, and the painting's gradient over the picture's, at borders and elsewhere."""
    tiles = np.concatenate(list(_rows_of_tiles(2)))
    picture = np.roll(tiles, (211, 317), (0, 1))
    height, width, _ = picture.shape
    painted = as_written(Painter(preset).fit(picture).render())
    error = np.square(painted - picture).mean(axis=2)
    slopes = [np.abs(np.diff(each, axis=1)).mean(axis=2) for each in (painted, picture)]
    windows = windows_over(width, height)
    borders = {window.left + AROUND_A_BORDER for window in windows} - {AROUND_A_BORDER}
    at = np.zeros(width, dtype=bool)
    for border in borders:
        at[border - AROUND_A_BORDER : border + AROUND_A_BORDER] = True
    return {
        "error": float(error[:, at].mean() / error[:, ~at].mean()),
        "gradient": float(slopes[0][:, at[:-1]].mean() / slopes[1][:, at[:-1]].mean()),
        "elsewhere": float(slopes[0][:, ~at[:-1]].mean() / slopes[1][:, ~at[:-1]].mean()),
    }
