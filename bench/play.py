"""What the page of ``paintnet play`` does beside its browser: how soon, how often, at what cost."""

import io
from base64 import b64decode
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from bench import results
from bench.pictures import photographs
from paintnet.metrics import psnr
from paintnet.painter.painter import Painter
from paintnet.picture import open_picture, shrink
from paintnet.play.controls import Wish
from paintnet.play.server import Server

REPEATS = 3
SHARP_DB = 35.0
FLAGS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync")

WATCH = """() => {
  window.seen = [];
  const painted = document.getElementById("painted");
  new MutationObserver(() => {
    const at = performance.now() - window.clicked;
    const { frameEpoch } = document.body.dataset;
    const shown = Math.round(painted.getBoundingClientRect().width * devicePixelRatio);
    const kept = window.keeps ? painted.toDataURL() : null;
    window.seen.push([at, Number(frameEpoch), shown, kept]);
  }).observe(document.body, { attributes: true, attributeFilter: ["data-frames"] });
}"""
START = """keeps => {
  window.keeps = keeps;
  window.seen.length = 0;
  delete document.body.dataset.phase;
  window.clicked = performance.now();
  document.getElementById("start").click();
}"""


def report() -> str:
    """Measure a run of the default on photographs, watched by Chromium and by nobody."""
    results.clear("play")
    table = []
    for path in photographs()[2:8:2]:
        runs = [_once(path) for _ in range(REPEATS)]
        row = {name: median(run[name] for run in runs) for name in runs[0]}
        results.save("play", {"picture": path.name, **row})
        table.append([path.name, *row.values()])
    headings = [
        "picture",
        "first, ms",
        f"{SHARP_DB:.0f} dB, s",
        "repaintings/s",
        "alone, s",
        "watched, s",
        "cost",
    ]
    return results.markdown(headings, table)


def _once(path: Path) -> dict[str, float]:
    """One run alone, one that is watched, and one whose paintings are kept, which itself takes time."""
    alone = _alone(path)
    seen, watched = _watched(path, keeps=False)
    kept, _ = _watched(path, keeps=True)
    picture = Image.open(path).convert("RGB")
    while_learning = [at for at, *_ in seen if at <= 1000 * watched]
    return {
        "first": seen[0][0],
        "sharp": next(
            (at / 1000 for at, _, shown, url in kept if _quality(picture, shown, url) > SHARP_DB), np.inf
        ),
        "repaintings": len(while_learning) / watched,
        "alone": alone,
        "watched": watched,
        "cost": watched / alone - 1,
    }


def _alone(path: Path) -> float:
    """Seconds that all epochs take where nobody looks."""
    wish = Wish()
    run = Painter(wish.preset, **wish.settings).start(shrink(open_picture(path).pixels, wish.max_side))
    list(run)
    return run.schedule.seconds


def _watched(path: Path, *, keeps: bool) -> tuple[list[Any], float]:
    """Each repainting, and the seconds from the click to the last epoch."""
    with Server(path) as server, _browser() as page:
        page.goto(server.address)
        _wait(page, "document.body.dataset.phase === 'ready'")
        page.wait_for_timeout(500)
        page.evaluate(WATCH)
        page.evaluate(START, keeps)
        _wait(page, "document.body.dataset.phase === 'ended'")
        page.wait_for_timeout(500)
        (only,) = server.pages._open.values()
        assert only.learner is not None
        assert only.learner.run is not None
        return page.evaluate("seen"), only.learner.run.schedule.seconds


@contextmanager
def _browser() -> Any:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def _wait(page: Any, condition: str) -> None:
    while not page.evaluate(condition):
        page.wait_for_timeout(100)


def _quality(picture: Image.Image, width: int, url: str) -> float:
    """PSNR of what is seen: the canvas as large as it is shown, beside the picture at that size."""
    painted = Image.open(io.BytesIO(b64decode(url.partition(",")[2]))).convert("RGB")
    size = (width, round(width * picture.height / picture.width))
    levels = [
        np.asarray(painted.resize(size, Image.Resampling.BILINEAR)),
        np.asarray(picture.resize(size, Image.Resampling.BOX)),
    ]
    return psnr(*(each.astype(np.float64) / 255 for each in levels))
