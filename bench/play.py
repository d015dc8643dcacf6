"""What the page of ``paintnet play`` does beside its browser: how soon, how often, at what cost."""

import io
import threading
import time
from base64 import b64decode
from collections import deque
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import requests
from PIL import Image

from bench import results
from bench.pictures import photographs
from paintnet.metrics import psnr
from paintnet.painter.painter import Painter
from paintnet.picture import open_picture, shrink
from paintnet.play.controls import Wish
from paintnet.play.server import Server
from paintnet.typing import Array

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
        "read, s",
        "watched, s",
    ]
    return results.markdown(headings, table)


def _once(path: Path) -> dict[str, float]:
    """Run alone, read by nobody who draws, watched, and with all paintings kept, which itself takes time."""
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
        "read": _read(path),
        "watched": watched,
    }


def _alone(path: Path) -> float:
    """Seconds that all epochs take where nobody looks."""
    wish = Wish()
    run = Painter(wish.preset, **wish.settings).start(shrink(open_picture(path).pixels, wish.max_side))
    list(run)
    return run.schedule.seconds


def _read(path: Path) -> float:
    """Seconds that all epochs take where a program takes what a browser would draw."""
    with Server(path) as server, requests.Session() as session:
        session.trust_env = False
        address = f"{server.address}pages"
        page = f"{address}/{session.post(address).json()['id']}"
        with session.get(f"{page}/stream", stream=True) as stream:
            threading.Thread(target=_drain, args=(stream,), daemon=True).start()
            for verb in ("configure", "open"):
                requests.post(f"{page}/{verb}", data="{}").raise_for_status()
            (only,) = server.pages._open.values()
            assert only.learner is not None
            for phase in ("ready", "ended"):
                while only.learner.phase != phase:
                    time.sleep(0.1)
                if phase == "ready":
                    time.sleep(0.5)
                    requests.post(f"{page}/start", data="{}").raise_for_status()
            assert only.learner.run is not None
            seconds = only.learner.run.schedule.seconds
            requests.post(f"{page}/leave").raise_for_status()
        return seconds


def _drain(stream: requests.Response) -> None:
    with suppress(AttributeError, requests.RequestException):  # it is closed while it is read
        deque(stream.iter_content(65536), 0)


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
    """PSNR of what is seen: canvas and picture as large as the screen shows them."""
    painted = Image.open(io.BytesIO(b64decode(url.partition(",")[2]))).convert("RGB")
    size = (width, round(width * picture.height / picture.width))
    return psnr(*(np.asarray(_shown(each, size), dtype=np.float32) / 255 for each in (painted, picture)))


def _shown(image: Image.Image, size: tuple[int, int]) -> Image.Image | Array:
    """Enlarge as browsers do, and make smaller by the mean over each pixel's area."""
    if image.width < size[0]:
        return image.resize(size, Image.Resampling.BILINEAR)
    across, down = (_overlaps(*sides) for sides in zip(image.size, size, strict=True))
    shown: Array = np.einsum(
        "yr,rcd,xc->yxd", down, np.asarray(image, dtype=np.float32), across, optimize=True
    )
    return shown


def _overlaps(n: int, shown: int) -> Array:
    """Share of each of n pixels in each that is shown, (shown, n)."""
    ends = np.arange(shown + 1)[:, None] * (n / shown)
    covered = np.clip(ends - np.arange(n), 0, 1)
    return np.asarray((covered[1:] - covered[:-1]) * (shown / n), dtype=np.float32)
