"""Who the page reaches: by keys alone, on a phone, in the dark, in Japanese, and when its server was away."""

import re
from pathlib import Path
from typing import Any

import pytest
from play_helpers import TOKEN, a_png
from screen import DESK, PHONE, QUICK, Open

from paintnet.picture import OpenLimits
from paintnet.play.server import Server
from tests import http_server as web
from tests.http_server import HttpServer

JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
DARK: dict[str, Any] = {**DESK, "color_scheme": "dark"}
GONE = (
    "Failed to load resource: net::ERR_",
    "Failed to load resource: the server responded with a status of 404",
)
"""What Chromium writes into its console while a server is away, and when it has come back."""


@pytest.mark.parametrize("options", [DESK, DARK, PHONE], ids=["light", "dark", "phone"])
def test_nothing_shuts_anybody_out(screen: Open, options: dict[str, Any]) -> None:
    page = screen(**options).open(f"mode=classify&colors=3&encoding=raw&layers=4,40&{QUICK}&engine=stock")
    assert not page.violations()
    page.learn()
    page.page.get_by_role("button", name="layer 1, neuron 1", exact=True).click()
    page.page.select_option("#lesson", "neuron")
    page.page.wait_for_selector("#told p")
    assert not page.violations()


def test_keys_alone_are_enough(screen: Open) -> None:
    page = screen().open(f"{QUICK}&layers=4,6,6")
    key = page.page.keyboard.press
    visited: list[str] = []
    for _ in range(200):
        key("Tab")
        found = page.page.evaluate(
            "(() => { const at = document.activeElement; const outline = "
            "getComputedStyle(at.closest('.file') ?? at).outlineStyle; "
            "return [at.id || at.textContent || at.ariaLabel, outline]; })()"
        )
        if found[0] in visited or not found[0].strip():
            break
        assert found[1] != "none", found  # who uses keys must see where they are
        visited.append(found[0])
        if found[0] == "start":
            break
    assert visited[-1] == "start"
    page.page.evaluate("delete document.body.dataset.phase")
    key("Enter")
    page.wait("ended", 8)
    page.page.focus("#rewind")
    page.page.evaluate("delete document.body.dataset.phase")
    key("ArrowLeft")
    page.wait("paused")
    assert int(page.text("#epoch").split()[0]) < 8
    page.page.focus("#stage")
    for name in ("ArrowRight", "Shift+ArrowDown", "Enter", "Shift+ArrowLeft", "Enter"):
        key(name)
    page.page.wait_for_selector("#strip", state="visible")
    page.says("should be", "#probe")
    page.page.focus("#layer-buttons [data-layer=more-1]")
    key("Enter")
    page.until("() => location.hash.includes('layers=4,8,6')")
    page.until("() => document.activeElement.dataset.layer === 'more-1'")  # it stays where it was
    page.wait("ready")


def test_every_button_and_field_is_reached_by_tab(screen: Open) -> None:
    page = screen().open(f"{QUICK}&mode=classify&threshold=400")
    page.learn()
    wanted = page.page.evaluate(
        "[...document.querySelectorAll('button, input, select, [tabindex]')]"
        ".filter(each => !each.disabled && each.getClientRects().length)"
        ".map((each, at) => (each.dataset.at = at))"
    )
    reached = set()
    for _ in range(len(wanted) + 5):
        page.page.keyboard.press("Tab")
        reached.add(page.page.evaluate("document.activeElement.dataset.at"))
    assert {str(at) for at in wanted} <= reached


def test_a_phone_needs_no_sideways_scrolling(screen: Open) -> None:
    page = screen(**PHONE).open()
    page.learn()
    for width in (360, 320):
        page.page.set_viewport_size({"width": width, "height": 740})
        assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.page.evaluate(
        "[...document.querySelectorAll('button, select, input:not([type=checkbox]):not([type=file])')]"
        ".filter(each => each.getClientRects().length && !each.classList.contains('unit'))"
        ".map(each => [each.id || each.textContent, each.getBoundingClientRect().height])"
        ".filter(each => each[1] < 24)"
    )
    assert [name for name, _ in small if name not in ("rewind", "compare", "threshold-slider")] == []
    page.page.locator("#stage").tap(position={"x": 40, "y": 40})
    page.says("should be", "#probe")
    assert page.page.evaluate("painted.getBoundingClientRect().top < columns.getBoundingClientRect().top")


def test_the_dark_is_dark_and_comes_by_itself(screen: Open) -> None:
    page = screen().open()

    def lightness() -> int:
        paper = page.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in re.findall(r"\d+", paper))

    assert lightness() > 700
    curve = page.page.evaluate("curve.toDataURL()")
    page.page.emulate_media(color_scheme="dark")
    assert lightness() < 100
    page.until("before => curve.toDataURL() !== before", curve)  # what is drawn follows


def test_japanese_is_whole(screen: Open) -> None:
    page = screen(**{**DESK, "locale": "ja-JP"}).open()
    assert page.page.evaluate("document.documentElement.lang") == "ja"
    page.learn()
    visible = page.page.evaluate(
        "[...document.querySelectorAll('[data-word], [id^=why-], button, h2, legend, #status')]"
        ".filter(each => each.getClientRects().length && each.id !== 'language')"
        ".map(each => each.textContent)"
    )
    words = [text for text in visible if re.search("[A-Za-z]{2}", text)]
    assert [text for text in words if not JAPANESE.search(text)] == ["bird", "china", "flower"]
    page.click("#language")
    page.says("The end")
    assert page.text("#start") == "Start again"
    assert page.page.evaluate("document.documentElement.lang") == "en"
    other = screen(**DESK).open(query="?lang=ja")
    assert JAPANESE.search(other.text("#start"))


def test_a_server_that_stops_is_told_and_found_again(screen: Open, tmp_path: Path) -> None:
    options: dict[str, Any] = {"folder": tmp_path, "token": TOKEN, "limits": OpenLimits(allow_private=True)}
    with (
        Server("sample:flower", **options) as server,
        HttpServer({"/photo.png": web.good(a_png(30, 20))}) as far,
    ):
        page = screen(server.address).open(f"{QUICK}&seed=3")
        page.page.fill("#address", far.url("/photo.png"))
        page.page.press("#address", "Enter")
        page.says(", 30", "#picture-name")
        page.upload("mine.png", a_png(32, 20))
        page.says("mine.png, 32", "#picture-name")
        page.wait("ready")
    page.says("does not answer", "#connection")
    assert page.page.is_visible("#connection")
    page.click("#start")
    page.says("does not answer")
    with Server("sample:flower", port=server.port, **options):
        page.page.wait_for_selector("#connection", state="hidden")
        page.wait("ready")
        page.says("mine.png, 32", "#picture-name")  # the page has kept it
        assert page.page.input_value("#set-seed") == "3"
        page.learn()
        assert page.complaints
        assert all(complaint.startswith(GONE) for complaint in page.complaints), page.complaints
        page.complaints.clear()
        page.page.goto("about:blank")
