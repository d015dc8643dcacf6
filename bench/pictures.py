"""The photographs that are measured."""

import os
import tempfile
from pathlib import Path

FOLDER = Path(os.environ.get("PAINTNET_BENCH_PICTURES", "../shared/pictures"))


def photographs() -> list[Path]:
    """The Kodak photographs where they are at hand, else the two that scikit-learn ships."""
    found = sorted(FOLDER.glob("kodim*.png"))
    return found or _samples()


def _samples() -> list[Path]:
    from PIL import Image
    from sklearn.datasets import load_sample_image

    folder = Path(tempfile.mkdtemp(prefix="paintnet-bench-"))
    paths = []
    for name in ("china", "flower"):
        path = folder / f"{name}.png"
        Image.fromarray(load_sample_image(f"{name}.jpg")).save(path)
        paths.append(path)
    return paths
