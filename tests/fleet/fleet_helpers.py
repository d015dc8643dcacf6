"""Little pictures in folders, and quick batches over them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from paintnet.fleet.batch import plan_batch, run_batch
from paintnet.fleet.plan import BatchSettings
from paintnet.job import Job
from tests.command_line import encoded, picture_levels

SETTINGS = {"epochs": 2, "batch_size": 64, "engine": "numpy"}


def picture(shade: int = 0) -> bytes:
    """The bytes of a PNG, another one for each shade."""
    levels = picture_levels()
    levels[..., 2] = shade
    return encoded(Image.fromarray(levels.astype(np.uint8)))


def pictures_in(folder: Path, *names: str) -> Path:
    """Make pictures in a folder."""
    for shade, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(picture(shade))
    return folder


def settings_in(folder: Path, **given: Any) -> BatchSettings:
    job = {"preset": "draft", "settings": SETTINGS, **given.pop("job", {})}
    return BatchSettings(**{"job": Job(source="", **job), "out_dir": folder, **given})


def states(
    settings: BatchSettings, *inputs: object, workers: int | None = None, **given: Any
) -> dict[str, str]:
    """Run a batch; gives the state of each picture by its stem."""
    plan = plan_batch(settings, list(map(str, inputs)), **given)
    return {
        Path(row["source"].partition("?")[0]).stem: row["state"] for row in run_batch(plan, workers=workers)
    }


def manifest_of(folder: Path) -> list[dict[str, Any]]:
    """All lines, each of them whole."""
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines() if line]
