"""One painting at every size: photographs halved as people halve them, painted at 1, 2 and 1/4 times that."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image

from bench import results
from bench.pictures import photographs
from paintnet.metrics import psnr, ssim
from paintnet.painter.painter import Painter
from paintnet.painter.quality import as_written

FILTERS = {name: Image.Resampling[name.upper()] for name in ("box", "bicubic", "lanczos")}
HALVINGS = (
    *FILTERS,
    *("box, JPEG 90", "bicubic, JPEG 90", "box, JPEG 75"),
    *("box, noise 2", "box, noise 4", "box, noise 8"),
)
"""Filters, and what was done to the halves: JPEG of a quality, or noise of a deviation in levels."""

PURPOSES = ("copying", "any-size", "enlarging")
BORDER = 8
"""Pixels of the original at its edge that are not measured: there, interpolation guesses."""


def report() -> str:
    """Measure, save, and give the table of means."""
    results.clear("sizes")
    rows = []
    for halving in HALVINGS:
        for image in photographs():
            row = {
                "image": image.name,
                "halved by": halving,
                **measure(Image.open(image).convert("RGB"), halving),
            }
            results.save("sizes", row)
            rows.append(row)
            print(row, flush=True)
    names = [name for name in rows[0] if name not in ("image", "halved by")]
    means = [
        [halving, *(float(np.mean([r[n] for r in rows if r["halved by"] == halving])) for n in names)]
        for halving in HALVINGS
    ]
    return results.markdown(["halved by", *names], means)


def measure(original: Image.Image, halving: str) -> dict[str, float]:
    """PSNR of interpolations and paintings of the halved photograph; SSIM of those twice as large."""
    method, _, damage = halving.partition(", ")
    half = original.resize((original.width // 2, original.height // 2), FILTERS[method])
    half = damaged(half, damage) if damage else half
    small, large = (np.asarray(picture, dtype=np.float32) / 255 for picture in (half, original))
    height, width, _ = small.shape
    found: dict[str, float] = {}
    for name, enlarge in interpolations():
        doubled = [enlarge(np.ascontiguousarray(small[:, :, c]), original.size) for c in range(3)]
        found |= _scores(name, np.stack(doubled, axis=2), large)
    for purpose in PURPOSES:
        painting = Painter("standard", purpose=purpose).fit(small)
        found |= _scores(purpose, painting.render(original.size), large)
        found[f"{purpose} 1x"] = psnr(small, as_written(painting.render()))
        quarter = small[: height // 4 * 4, : width // 4 * 4].reshape(height // 4, 4, width // 4, 4, 3)
        region = (0, 0, width // 4 * 4, height // 4 * 4)
        painted = painting.render((width // 4, height // 4), region)
        found[f"{purpose} 1/4x"] = psnr(quarter.mean(axis=(1, 3)), as_written(painted))
    return found


def damaged(picture: Image.Image, how: str) -> Image.Image:
    """Save as JPEG and open again, or add noise."""
    kind, _, amount = how.partition(" ")
    if kind == "JPEG":
        content = io.BytesIO()
        picture.save(content, "jpeg", quality=int(amount))
        return Image.open(content)
    levels = np.asarray(picture, dtype=np.float32)
    noisy = levels + np.random.default_rng(0).normal(0, float(amount), levels.shape)
    return Image.fromarray(np.rint(noisy).clip(0, 255).astype(np.uint8))


def interpolations() -> Iterator[tuple[str, Callable[[Any, tuple[int, int]], Any]]]:
    """Yield what enlarges a plane to a size: Pillow's, and those of what else is installed."""
    for name in ("bicubic", "lanczos"):
        yield (
            name,
            lambda plane, size, kind=FILTERS[name]: np.asarray(Image.fromarray(plane).resize(size, kind)),
        )
    try:
        from skimage.transform import resize
    except ImportError:
        pass
    else:
        for order in (3, 5):
            yield (
                f"scikit-image spline {order}",
                lambda plane, size, order=order: resize(plane, size[::-1], order=order, mode="reflect"),
            )
    try:
        import cv2
    except ImportError:
        return
    for name, kind in (("cubic", cv2.INTER_CUBIC), ("lanczos4", cv2.INTER_LANCZOS4)):
        yield f"OpenCV {name}", lambda plane, size, kind=kind: cv2.resize(plane, size, interpolation=kind)


def _scores(name: str, painted: Any, large: Any) -> dict[str, float]:
    inner = slice(BORDER, -BORDER), slice(BORDER, -BORDER)
    pair = large[inner], as_written(np.clip(painted, 0, 1))[inner]
    return {f"{name} 2x": psnr(*pair), f"{name} 2x SSIM": ssim(*pair)}
