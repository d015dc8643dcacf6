"""Make the pictures of docs/playing.md and the README: ``make playing``.

A page is served and driven in a headless Chromium, as the tests do it (``PAINTNET_CHROMIUM`` names one that
is elsewhere); what it shows is kept as it is. The animation goes from epoch to epoch, so that it is as
smooth on a busy machine; only the times on the page tell how busy it was.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from os import environ
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from paintnet.cli.play import command_of
from paintnet.play.server import Server

FOLDER = Path(__file__).parent.parent / "docs" / "playing"
LARGEST = 1_000_000
"""Bytes of each."""

DESK = {"viewport": {"width": 1280, "height": 900}, "locale": "en-US"}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "locale": "ja-JP"}
SHOWN = 960
"""Width of the animation."""

WAVES = "&".join(
    (
        "picture=sample:flower&max_side=256&hold_out=0.1&encoding=fourier&sigma=4",
        "n_frequencies=64&layers=24,24&activation=tanh&batch_size=256&learning_rate=0.01&epochs=24",
    )
)
"""A network that is seen as a whole, and learns slowly enough to be watched."""

WATCHED = 8
"""Epochs of which every one is kept; afterwards less happens."""

MILLISECONDS = 220
"""An epoch is to be seen; the first and the last picture stay ten times as long."""


@contextmanager
def opened(browser: Any, server: Server, settings: str = "", **options: Any) -> Iterator[Any]:
    """Open a page and wait until it can learn; it leaves properly, as there is room for eight."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{server.address}#{settings}")
    page.wait_for_selector("body[data-phase=ready]")
    yield page
    page.goto("about:blank")
    context.close()


def learn(page: Any) -> None:
    """Press Start and wait for the end, and for the painting of all pixels after it."""
    page.click("#start")
    page.wait_for_selector("body[data-phase=ended]")
    page.wait_for_timeout(1500)


def classes(browser: Any, server: Server) -> bytes:
    """The flower in five colors, in the dark, with a neuron that is seen large."""
    settings = "picture=sample:flower&mode=classify&colors=5&encoding=raw&layers=24,24&max_side=256&epochs=60"
    with opened(browser, server, settings, **DESK, color_scheme="dark") as page:
        learn(page)
        page.get_by_role("button", name="layer 2, neuron 9", exact=True).click()
        page.wait_for_function("() => document.getElementById('unit-said').textContent !== ''")
        page.hover("#stage", position={"x": 250, "y": 150})
        page.wait_for_timeout(800)
        return still(page)


def lesson(browser: Any, server: Server) -> bytes:
    """Waves too long, right and too short, in three runs over each other."""
    with opened(browser, server, **DESK) as page:
        page.select_option("#lesson", "fourier")
        page.wait_for_function("() => document.querySelectorAll('#runs canvas').length === 3")
        page.wait_for_selector("body[data-phase=ended]")
        page.wait_for_timeout(1500)
        page.evaluate("document.getElementById('runs').scrollIntoView({ block: 'end' })")
        return still(page)


def phone(browser: Any, server: Server) -> bytes:
    """On a phone, in Japanese, while it has learned half."""
    with opened(browser, server, "picture=sample:china&epochs=6", **PHONE) as page:
        learn(page)
        page.wait_for_timeout(500)
        return still(page)


def learning(browser: Any, server: Server) -> list[Image.Image]:
    """Epoch by epoch, then the original from the right."""
    frames = []

    def keep() -> None:
        page.wait_for_timeout(250)
        frames.append(Image.open(BytesIO(page.screenshot())).convert("RGB"))

    with opened(browser, server, WAVES, **DESK) as page:
        page.wait_for_timeout(1000)
        for epoch in range(1, 25):
            page.click("#step")
            page.wait_for_function(
                "epoch => Number(document.body.dataset.frameEpoch) === epoch"
                " && painted.width >= stage.clientWidth",
                arg=epoch,
            )
            if epoch <= WATCHED or epoch % 2 == 0:
                keep()
        page.wait_for_selector("body[data-phase=ended]")
        page.hover("#stage", position={"x": 230, "y": 150})
        keep()
        for share in (75, 50, 25, 50, 75, 100):
            page.locator("#compare").fill(str(share))
            keep()
    return frames


def animated(frames: list[Image.Image]) -> bytes:
    """Write them as a WebP that runs for ever."""
    small = [
        each.resize((SHOWN, SHOWN * each.height // each.width), Image.Resampling.LANCZOS) for each in frames
    ]
    lasting = [MILLISECONDS] * len(small)
    lasting[0] = lasting[-1] = 10 * MILLISECONDS
    content = BytesIO()
    rest = {"save_all": True, "append_images": small[1:], "duration": lasting, "loop": 0}
    small[0].save(content, "WEBP", quality=60, method=6, **rest)
    return content.getvalue()


def still(page: Any) -> bytes:
    """Keep what is to be seen."""
    content = BytesIO()
    Image.open(BytesIO(page.screenshot())).save(content, "WEBP", quality=85, method=6)
    return content.getvalue()


def main() -> None:
    """Make all of them."""
    FOLDER.mkdir(exist_ok=True)
    chromium = environ.get("PAINTNET_CHROMIUM") or shutil.which("chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        Server("sample:bird", command_line=command_of, folder=Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, make in (
            ("learning.webp", lambda: animated(learning(browser, server))),
            ("classes.webp", lambda: classes(browser, server)),
            ("lesson.webp", lambda: lesson(browser, server)),
            ("phone.webp", lambda: phone(browser, server)),
        ):
            content = make()
            print(f"{name}: {len(content):,} bytes", flush=True)
            if len(content) > LARGEST:
                raise SystemExit(f"{name} has more than {LARGEST:,} bytes")
            (FOLDER / name).write_bytes(content)
        browser.close()


if __name__ == "__main__":
    main()
