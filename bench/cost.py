"""What an epoch costs: seconds and peak memory by picture size, and the share of the machine's speed."""

import json
import resource
import subprocess
import sys
import time
from itertools import pairwise
from typing import Any

import numpy as np

from bench import results
from bench.pictures import photographs

MEGAPIXELS = (0.1, 0.4, 1.5, 6.0, 24.0)
ENGINES = ("compiled", "numpy", "stock")
STOCK_LIMIT = 1.5
"""Megapixels up to which the stock engine is measured; beyond, an epoch takes minutes."""


def report() -> str:
    """Measure, save, and give the tables."""
    results.clear("cost")
    for megapixels in MEGAPIXELS:
        for engine in ENGINES:
            if engine != "stock" or megapixels <= STOCK_LIMIT:
                words = [sys.executable, "-m", "bench.cost", str(megapixels), engine]
                done = subprocess.run(words, check=True, capture_output=True, text=True)
                results.save("cost", json.loads(done.stdout))
    rows = results.load("cost")
    header = ["megapixels", "engine", "seconds an epoch", "seconds to render", "peak MB", "parameters"]
    table = [
        [
            row["megapixels"],
            row["engine"],
            f"{row['epoch']:.3f}",
            row["render"],
            round(row["peak"]),
            f"{row['parameters']:,}",
        ]
        for row in rows
    ]
    return "\n\n".join((results.markdown(header, table), speed(rows), shares()))


def one(megapixels: float, engine: str) -> dict[str, Any]:
    """Train a few epochs of the draft preset on a photograph enlarged to a size, and render it."""
    from paintnet.painter.events import EpochFinished, Event
    from paintnet.painter.painter import Painter
    from paintnet.painter.run import Run
    from paintnet.picture import open_picture

    picture = _enlarged(open_picture(photographs()[0]).pixels, megapixels)
    moments: list[float] = []

    def listen(event: Event, run: Run) -> None:
        if isinstance(event, EpochFinished):
            moments.append(event.seconds)

    epochs = 3 if megapixels > 2 or engine == "stock" else 10
    painting = Painter("draft", purpose="copying", listeners=(listen,), engine=engine, epochs=epochs).fit(
        picture
    )
    begun = time.perf_counter()
    painting.render()
    network = painting.patches[0].network
    gaps = np.diff(moments)
    return {
        "megapixels": megapixels,
        "engine": engine,
        "epoch": float(np.median(gaps)),
        "render": time.perf_counter() - begun,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "parameters": painting.n_parameters,
        "units": [*network.layers, network.n_outputs],
        "pixels": int(picture.shape[0] * picture.shape[1]),
    }


def shares() -> str:
    """Say where the time of an epoch goes in the NumPy step."""
    from paintnet.engine.numpy_step import NumpyStep
    from paintnet.painter.painter import Painter
    from paintnet.picture import open_picture

    parts = {"_vertices": "encode", "_forward": "forward", "_output": "forward", "_backward": "backward"}
    parts |= {"_update_grid": "grid gradient and update", "_blocks_of": "gather targets"}
    spent = dict.fromkeys(parts.values(), 0.0)

    def timed(name: str, method: Any) -> Any:
        def run(*args: Any) -> Any:
            begun = time.perf_counter()
            result = method(*args)
            spent[parts[name]] += time.perf_counter() - begun
            return result

        return run

    kept = {name: getattr(NumpyStep, name) for name in parts}
    for name, method in kept.items():
        setattr(NumpyStep, name, timed(name, method))
    Painter("draft", purpose="copying", engine="numpy", epochs=10).fit(open_picture(photographs()[0]).pixels)
    for name, method in kept.items():
        setattr(NumpyStep, name, method)
    # The output step gathers its targets itself.
    spent["forward"] -= spent["gather targets"] / 2
    total = sum(spent.values())
    return "NumPy step: " + ", ".join(f"{part} {seconds / total:.0%}" for part, seconds in spent.items())


def speed(rows: list[dict[str, Any]]) -> str:
    """Say which share of the measured matrix-product and copy speed an epoch reaches."""
    products, copies = _matrix_speed(), _copy_speed()
    lines = [
        f"Matrix products: {products:.0f} GFLOP/s in float32; memory copies: {copies:.1f} GB/s (all cores)."
    ]
    for row in rows:
        if row["megapixels"] == 0.4:
            units = row["units"]
            weights = sum(a * b for a, b in pairwise(units))
            # Forward, gradient by inputs, gradient by weights: two operations a weight and pixel each.
            rate = 6 * weights * row["pixels"] / row["epoch"] / 1e9
            # At least: the table and its two moments read and written once, the targets read.
            moved = 4 * (6 * row["parameters"] + units[-1] * row["pixels"]) / row["epoch"] / 1e9
            lines.append(
                f"{row['engine']}: {rate:.1f} GFLOP/s in the dense layers, {rate / products:.0%} of that; "
                f"{moved:.1f} GB/s of table, moments and targets, {moved / copies:.0%} of the copy speed."
            )
    return "\n".join(lines)


def _matrix_speed() -> float:
    a = np.ones((2048, 2048), dtype=np.float32)
    best = min(_timed(lambda: a @ a) for _ in range(5))
    return 2 * 2048**3 / best / 1e9


def _copy_speed() -> float:
    a = np.ones(64 * 2**20, dtype=np.float32)
    b = np.empty_like(a)
    return 2 * a.nbytes / min(_timed(lambda: np.copyto(b, a)) for _ in range(5)) / 1e9


def _timed(step: Any) -> float:
    begun = time.perf_counter()
    step()
    return time.perf_counter() - begun


def _enlarged(pixels: Any, megapixels: float) -> Any:
    """Repeat pixels of a photograph by nearest neighbour until it has the size."""
    height, width, _ = pixels.shape
    factor = (megapixels * 1e6 / (height * width)) ** 0.5
    rows = np.minimum((np.arange(round(height * factor)) / factor).astype(int), height - 1)
    columns = np.minimum((np.arange(round(width * factor)) / factor).astype(int), width - 1)
    return pixels[rows][:, columns]


if __name__ == "__main__":
    print(json.dumps(one(float(sys.argv[1]), sys.argv[2])))
