"""How much space and time a batch may take, before it begins."""

import math
import stat
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from paintnet.encoding.extent import Extent
from paintnet.engine.choice import kernels_for
from paintnet.errors import PaintnetError
from paintnet.fleet.plan import BatchSettings, Item, Plan
from paintnet.outputs import Outputs
from paintnet.picture import output_size
from paintnet.picture.header import size_by_header
from paintnet.picture.samples import sample_bytes
from paintnet.settings.presets import settings_for

PICTURE = 1.6
"""Bytes of a painted pixel as PNG: the photograph in the README has 1.5, smooth ones have less."""

VIEW = 3_000_000
"""Bytes of an animation or a page."""

UNKNOWN = (1000, 1000)
"""Pixels of what cannot be looked at before it is fetched."""


@dataclass(frozen=True)
class Estimate:
    """What is left to do.

    Parameters
    ----------
    size : int
        Bytes of the outputs.
    seconds : float or None
        With one worker; None where no picture has been done with these settings.
    """

    size: int
    seconds: float | None


def estimate(plan: Plan) -> Estimate:
    """Guess from the sizes of pictures, which are read from their headers, and from what was done before."""
    size = 0
    for item in plan.todo:
        found = learned_size(item)
        if found is not None:
            with suppress(PaintnetError):  # which its job will tell
                size += _bytes_of(item.settings, item.outputs, *found)
    keys = {item.settings.key for item in plan.items}
    took = [
        row.document["seconds"]
        for row in {id(row): row for row in plan.manifest.latest.values()}.values()
        if row.key in keys and isinstance(row.document.get("seconds"), int | float)
    ]
    return Estimate(size, sum(took) / len(took) * len(plan.todo) if took else None)


def kernels_of(plan: Plan) -> set[str]:
    """Compiled code that the pictures may want."""
    kernels, known = set[str](), set[str]()
    for item in plan.todo:
        # What some pictures of a batch want, the others hardly add to; so not all of them are looked at.
        if (key := item.settings.key) in known:
            continue
        size, job = learned_size(item), item.settings.job
        if size is not None:
            with suppress(PaintnetError):
                found = kernels_for(math.prod(size), settings_for(*size, job.preset, **job.settings))
                kernels |= found
                known |= {key} if found else set()
    return kernels


def learned_size(item: Item) -> tuple[int, int] | None:
    """Width and height of what is learned, by the picture's header; None where it will fail."""
    job, source = item.settings.job, item.input.source
    size: tuple[int, int] | None = UNKNOWN
    if isinstance(source, Path):
        size = size_by_header(source, job.limits.max_pixels) if _is_regular(source) else None
    elif source.startswith("sample:"):
        size = _size_of_sample(source.removeprefix("sample:"), job.limits.max_pixels)
    if size is None:
        return None
    width, height = size
    shrunk = min(1.0, (job.max_side or max(size)) / max(size))
    return max(1, round(width * shrunk)), max(1, round(height * shrunk))


def _size_of_sample(name: str, limit: int) -> tuple[int, int] | None:
    try:
        return size_by_header(sample_bytes(name), limit)
    except PaintnetError:  # which its job will tell
        return None


def _bytes_of(settings: BatchSettings, outputs: Outputs, width: int, height: int) -> int:
    job = settings.job
    painted = output_size((width, height), job.scale, job.size, 10**15)
    size = PICTURE * painted[0] * painted[1] * len(outputs.pictures)
    if outputs.models:
        chosen = settings_for(width, height, job.preset, **job.settings)
        inputs = chosen.encoding.build(Extent.of_picture(width, height), 0).n_features
        layers = (inputs, *chosen.layers, 3)
        weights = sum(a * b for a, b in pairwise(layers))
        size += 4.0 * weights * len(outputs.models)
    return int(size + VIEW * (len(outputs.paths) - len(outputs.pictures) - len(outputs.models)))


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False
