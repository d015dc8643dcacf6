"""Make the pictures of docs/gallery.md and the README from the bundled samples: ``make gallery``.

Each is checked to stay below 500 KB, so that the pages load quickly.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paintnet.animation.canvas import Canvas, label
from paintnet.animation.formats import encode_animation
from paintnet.animation.frames import FrameTaker, as_levels, frame_original
from paintnet.dataset.classes import Classes
from paintnet.lesson.boundaries import Boundary, draw_sheet
from paintnet.metrics import psnr
from paintnet.painter.painter import Painter
from paintnet.picture import encode_picture, open_picture, shrink

FOLDER = Path(__file__).parent.parent / "docs" / "gallery"
LARGEST = 500_000
"""Bytes."""

GAP = 4

Picture = NDArray[np.float32]


def sample(name: str, max_side: int = 10_000) -> Picture:
    """Open a bundled picture."""
    return shrink(open_picture(f"sample:{name}").pixels, max_side)


def learning(picture: Picture, n_frames: int, extension: str, fps: float = 8, **settings: Any) -> bytes:
    """Animate a run, the original beside it."""
    with FrameTaker(n_frames) as taker:
        Painter(listeners=(taker,), **settings).fit(picture)
        canvas = Canvas(frame_original(picture), has_caption=True)
        return encode_animation((canvas.lay(frame) for frame in taker.frames()), extension, fps=fps)


def labelled(*panels: tuple[str, Picture]) -> bytes:
    """Put pictures beside each other, each with words below."""
    columns = []
    for words, pixels in panels:
        levels = as_levels(pixels)
        columns += [label(levels, words), np.full((len(levels) + 22, GAP, 3), 24, np.uint8)]
    whole = np.concatenate(columns[:-1], axis=1)
    return encode_picture(whole / np.float32(255), ".webp")[0]


def enlarged_pixels(pixels: Picture, factor: int) -> Picture:
    """Repeat every pixel."""
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def bird_learning() -> bytes:
    """By the lesson's own recipe: slow enough to watch."""
    bird = sample("bird")
    return learning(bird, 48, ".gif", preset="tutorial", epochs=150, tol=None)


def bird_in_classes() -> bytes:
    """The same recipe, position to one of two classes."""
    settings = {"mode": "classify", "classes": Classes(threshold=600), "epochs": 60, "tol": None}
    return learning(sample("bird"), 48, ".gif", preset="tutorial", **settings)


def china_learning() -> bytes:
    """A photograph by the standard preset."""
    return learning(sample("china", 320), 20, ".webp")


def flower_random() -> bytes:
    """Sines of random directions instead of a grid: a picture comes into focus."""
    return learning(sample("flower", 300), 24, ".webp", encoding="fourier", epochs=30)


def classes() -> bytes:
    """Three numbers of classes."""
    picture = sample("china", 320)
    panels = [("original", picture)]
    for colors in (2, 4, 8):
        painting = Painter(mode="classify", classes=Classes(colors=colors)).fit(picture)
        right = f"{painting.training.accuracy:.2%}"
        panels.append((f"{colors} colors, {right} right", painting.render()))
    return labelled(*panels)


def tutorial_beside_standard() -> bytes:
    """The classic recipe and today's default, on the bird and on a photograph."""
    rows = []
    for picture in (sample("bird"), sample("flower", 200)):
        panels = [("original", picture)]
        for preset in ("tutorial", "standard"):
            painting = Painter(preset).fit(picture)
            panels.append((f"{preset}, {psnr(picture, painting.render()):.1f} dB", painting.render()))
        rows.append(panels)
    height = 200
    return labelled(*((words, _at_height(pixels, height)) for panels in rows for words, pixels in panels))


def enlargement() -> bytes:
    """A detail at four times its size: as pixels, interpolated, painted by the default and for enlarging."""
    picture = np.ascontiguousarray(sample("china")[80:160, 250:320])
    size = (picture.shape[1] * 4, picture.shape[0] * 4)
    bicubic = np.asarray(Image.fromarray(as_levels(picture)).resize(size, Image.Resampling.BICUBIC))
    return labelled(
        ("pixels", enlarged_pixels(picture, 4)),
        ("bicubic", bicubic / np.float32(255)),
        ("paintnet fit", Painter().fit(picture).render(size)),
        ("paintnet fit --for enlarging", Painter(purpose="enlarging").fit(picture).render(size)),
    )


def boundaries() -> bytes:
    """One neuron, one layer and three, on four kinds of points."""
    kinds = (("and", "xor"), ("circles", "spirals"))
    rows = [
        [Boundary(data, layers) for data in pair for layers in ((), (4,), (16, 16, 16))] for pair in kinds
    ]
    for each in (each for row in rows for each in row):
        each.learn(1500)
    return encode_picture(draw_sheet(rows, 180) / np.float32(255), ".png")[0]


def _at_height(pixels: Picture, height: int) -> Picture:
    width = round(pixels.shape[1] * height / pixels.shape[0])
    image = Image.fromarray(as_levels(pixels)).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image) / np.float32(255)


PICTURES: dict[str, Callable[[], bytes]] = {
    "bird-learning.gif": bird_learning,
    "bird-in-classes.gif": bird_in_classes,
    "china-learning.webp": china_learning,
    "flower-in-waves.webp": flower_random,
    "classes.webp": classes,
    "tutorial-and-standard.webp": tutorial_beside_standard,
    "enlargement.webp": enlargement,
    "boundaries.png": boundaries,
}


def main() -> None:
    """Make them all, or those that are named."""
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        data = PICTURES[name]()
        print(f"{name}: {len(data):,} bytes", flush=True)
        if len(data) > LARGEST:
            raise SystemExit(f"{name} is too large for a page")
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    main()
