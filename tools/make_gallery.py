"""Make the pictures of docs/gallery.md and the README: ``make gallery``.

The page's own commands are run in an empty folder, in the page's order; what is no file that they write is a
sheet of such files. Each picture is checked to stay below 500 KB, so that the pages load quickly.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paintnet import load
from paintnet.animation.canvas import label
from paintnet.animation.frames import as_levels
from paintnet.metrics import psnr
from paintnet.picture import encode_picture, open_picture, shrink
from tools.page_commands import blocks_of

DOCS = Path(__file__).parent.parent / "docs"
PAGES = (DOCS / "gallery.md", DOCS / "lesson.md", DOCS / "commands.md")
"""Those whose commands take long: the first writes the pictures, the others have to run."""

FOLDER = DOCS / "gallery"
LARGEST = 500_000
"""Bytes."""

LONGEST = 600
"""Seconds that one command may take, on a machine that is busy with other things."""

GAP = 4

Picture = NDArray[np.float32]


def run_page(page: Path, folder: Path) -> None:
    """Run every command of a page, in its order."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    (folder / "photo.jpg").write_bytes(encode_picture(sample("flower", 320), ".jpg")[0])
    for block in (each for each in blocks_of(page) if not each.is_elsewhere):
        for command in block.commands:
            begun = time.monotonic()
            print(f"$ {command}", flush=True)
            shell = ("sh", "-c", command)
            environment = {**os.environ, "PATH": path, "PAINTNET_SHOW_COLOR": "always"}  # as on a terminal
            subprocess.run(shell, cwd=folder, env=environment, timeout=LONGEST, check=True)  # noqa: S603
            print(f"({time.monotonic() - begun:.0f} s)", flush=True)


def sample(name: str, max_side: int = 10_000) -> Picture:
    """Open a bundled picture."""
    return shrink(open_picture(f"sample:{name}").pixels, max_side)


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


def classes(made: Path) -> bytes:
    """Three numbers of classes."""
    panels = [("original", sample("china", 320))]
    for colors in (2, 4, 8):
        training = load(made / f"china-{colors}.paintnet").training
        pixels = open_picture(made / f"china-{colors}.png").pixels
        panels.append((f"{colors} colors, {training.accuracy:.2%} right", pixels))
    return labelled(*panels)


def tutorial_beside_standard(made: Path) -> bytes:
    """The classic recipe and today's default, on the bird and on a photograph."""
    panels = []
    for name, picture in (("bird", sample("bird")), ("flower", sample("flower", 200))):
        panels.append(("original", picture))
        for preset in ("tutorial", "standard"):
            pixels = open_picture(made / f"{name}-{preset}.png").pixels
            panels.append((f"{preset}, {psnr(picture, pixels):.1f} dB", pixels))
    return labelled(*((words, _at_height(pixels, 200)) for words, pixels in panels))


def enlargement(made: Path) -> bytes:
    """A detail at four times its size: as pixels, interpolated, painted by the default and for enlarging."""
    picture = np.ascontiguousarray(sample("china")[80:160, 250:320])
    size = (picture.shape[1] * 4, picture.shape[0] * 4)
    bicubic = np.asarray(Image.fromarray(as_levels(picture)).resize(size, Image.Resampling.BICUBIC))
    return labelled(
        ("pixels", enlarged_pixels(picture, 4)),
        ("bicubic", bicubic / np.float32(255)),
        ("paintnet fit", open_picture(made / "roof.png").pixels),
        ("paintnet fit --for enlarging", open_picture(made / "roof-larger.png").pixels),
    )


def _at_height(pixels: Picture, height: int) -> Picture:
    width = round(pixels.shape[1] * height / pixels.shape[0])
    image = Image.fromarray(as_levels(pixels)).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image) / np.float32(255)


SHEETS: dict[str, Callable[[Path], bytes]] = {
    "classes.webp": classes,
    "tutorial-and-standard.webp": tutorial_beside_standard,
    "enlargement.webp": enlargement,
}


def main() -> None:
    """Make them all, and then put them in their places."""
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        for page in PAGES:
            (made / page.stem).mkdir()
            run_page(page, made / page.stem)
        made /= PAGES[0].stem
        for sheet, draw in SHEETS.items():
            (made / sheet).write_bytes(draw(made))
        pictures = sorted(path.name for path in FOLDER.iterdir())
        for picture in pictures:
            size = (made / picture).stat().st_size
            print(f"{picture}: {size:,} bytes", flush=True)
            if size > LARGEST:
                raise SystemExit(f"{picture} is too large for a page")
        for picture in pictures:
            shutil.copyfile(made / picture, FOLDER / picture)


if __name__ == "__main__":
    main()
