"""An installed Chromium for the tests, or the reason why there is none."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = os.environ.get("PAINTNET_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
IS_REQUIRED = os.environ.get("PAINTNET_REQUIRE_BROWSER") == "1"
FLAGS = (
    "--no-sandbox --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
SOFTWARE = "--use-angle=swiftshader --enable-unsafe-swiftshader"
"""Graphics where there is no card."""


def missing(what: str) -> None:
    """Without a browser there is nothing to test, unless somebody has said that there must be one."""
    if IS_REQUIRED:
        pytest.fail(f"{what}, and PAINTNET_REQUIRE_BROWSER=1")
    pytest.skip(what)


@contextlib.contextmanager
def launched(graphics: str) -> Iterator[Any]:
    """Start Chromium with flags for its graphics."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("Playwright is not installed")
    if not Path(CHROMIUM).exists():
        missing(f"no Chromium at {CHROMIUM}; PAINTNET_CHROMIUM names one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS.split(), *graphics.split()]
        )
        yield browser
        browser.close()


def wait_for(page: Any, condition: str) -> None:
    """Playwright's own waiting evaluates text in the page, whose policy forbids that."""
    for _ in range(600):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"a minute without {condition}")
