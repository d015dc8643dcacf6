"""The report in a real browser: what a reader's mouse, finger and keys do to it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paintnet.dataset.classes import Classes
from paintnet.report.charts import CurvePoint
from paintnet.report.report import RunRecord, report_html
from tests.browser import launched
from tests.records import a_record
from tests.report.report_helpers import fitted, plain_frames, plain_painting, smooth

DESK: dict[str, Any] = {"viewport": {"width": 1000, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched("--disable-gpu") as browser:
        yield browser


@pytest.fixture(scope="module")
def runs() -> dict[str, RunRecord]:
    """Black, painted white; a hard one for narrow screens; one with classes."""
    curve = [CurvePoint(k, k / 10, 1 / k, 10.0 + k) for k in range(1, 30)]
    settings = {"layers": [100] * 10, "a_setting_with_a_very_long_name": "x" * 200}
    painting = plain_painting(1.0, layers=(100,) * 10, training=a_record(settings=settings))
    black = np.zeros((painting.height, painting.width, 3), np.float32)
    plain = RunRecord("black.png", black, painting, curve, plain_frames(6), "paintnet fit black.png")
    hard = replace(plain, source="long-name-" * 30, command="paintnet fit " + "x" * 400)
    classify = fitted(smooth(), mode="classify", epochs=5, classes=Classes(colors=3))
    white = plain_painting(1.0, width=900, height=2, layers=(4,))
    wide = RunRecord("wide.png", np.zeros((2, 900, 3), np.float32), white)
    return {"plain": plain, "hard": hard, "wide": wide, "classify": replace(classify, frames=plain_frames(3))}


@pytest.fixture
def opened(browser: Any, runs: dict[str, RunRecord], tmp_path: Path) -> Iterator[Open]:
    """Open a report from its file; it may complain of nothing and ask for nothing else."""
    complaints: list[str] = []
    requests: list[str] = []
    contexts = []

    def open_report(run: str, **options: Any) -> Any:
        path = tmp_path / f"{run} report.html"
        path.write_text(report_html(runs[run]), encoding="utf-8")
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_report
    for context in contexts:
        context.close()
    assert not complaints
    assert sum(not url.startswith("data:") for url in requests) == len(contexts)


def grey_at(page: Any, selector: str, share: float) -> int:
    """Level that is really to be seen in an element, at a share of its width."""
    shot = Image.open(BytesIO(page.locator(selector).screenshot())).convert("L")
    return int(np.asarray(shot)[shot.height // 4, min(int(share * shot.width), shot.width - 1)])


def split(page: Any) -> int:
    """Where the two pictures meet, in percent, as the browser computed it for both."""
    styles = page.evaluate(
        "['.original img', '.painted img'].map(s => getComputedStyle(document.querySelector(s)).clipPath)"
    )
    at = page.evaluate("document.getElementById('compare').style.getPropertyValue('--at')")
    assert at.removesuffix("%") in styles[1]
    return int(at.removesuffix("%"))


def test_arrow_keys_move_the_slider(opened: Open) -> None:
    page = opened("plain", **DESK)
    assert split(page) == 50
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "compare-slider"
    outline = "getComputedStyle(document.getElementById('compare')).outlineStyle"
    assert page.evaluate(outline) == "solid"  # who uses keys must see where they are
    page.keyboard.press("ArrowRight")
    assert split(page) == 51
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert split(page) == 48
    page.keyboard.press("Home")
    assert split(page) == 0
    assert page.locator("#compare-slider").get_attribute("aria-valuetext") == "0 % original, 100 % painting"


def test_mouse_moves_the_slider_and_the_pictures_follow(opened: Open) -> None:
    page = opened("plain", **DESK)
    assert [grey_at(page, "#compare", share) for share in (0.3, 0.7)] == [0, 255]
    box = page.locator("#compare").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.2, y, steps=4)
    page.mouse.up()
    assert split(page) == pytest.approx(20, abs=1)
    assert [grey_at(page, "#compare", share) for share in (0.1, 0.3, 0.7)] == [0, 255, 255]
    page.mouse.click(box["x"] + box["width"] * 0.9, y)
    assert split(page) == pytest.approx(90, abs=1)
    assert [grey_at(page, "#compare", share) for share in (0.1, 0.3, 0.7)] == [0, 0, 0]


def test_finger_moves_the_slider(opened: Open) -> None:
    page = opened("plain", **PHONE)
    box = page.locator("#compare").bounding_box()
    y = box["y"] + box["height"] / 2
    hand = page.context.new_cdp_session(page)

    def touch(kind: str, *shares: float) -> None:
        points = [{"x": box["x"] + box["width"] * share, "y": y} for share in shares]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.5)
    for share in (0.55, 0.6, 0.7, 0.75):
        touch("touchMove", share)
    touch("touchEnd")
    assert split(page) == pytest.approx(75, abs=2)
    page.touchscreen.tap(box["x"] + box["width"] * 0.25, y)
    assert split(page) == pytest.approx(25, abs=2)
    assert [grey_at(page, "#compare", share) for share in (0.15, 0.35)] == [0, 255]


@pytest.mark.parametrize("run", ["plain", "wide"])
@pytest.mark.parametrize("device", [DESK, PHONE], ids=["desk", "phone"])
def test_the_two_pictures_lie_on_each_other(opened: Open, run: str, device: dict[str, Any]) -> None:
    page = opened(run, **device)
    first, second, whole = (
        page.locator(place).bounding_box() for place in (".original img", ".painted img", "#compare")
    )
    assert first == second == whole
    assert whole["height"] >= 48


def test_scrubber_changes_the_frame(opened: Open) -> None:
    page = opened("plain", **DESK)
    shown = (
        "[...document.querySelectorAll('.frame')].filter(f => getComputedStyle(f).visibility == 'visible')"
    )

    def caption() -> str:
        assert page.evaluate(f"{shown}.length") == 1
        return str(page.evaluate(f"{shown}[0].textContent"))

    assert caption() == "epoch 5, 15.00 dB"
    assert grey_at(page, "#strip", 0.5) == 255
    page.focus("#scrubber")
    page.keyboard.press("ArrowLeft")
    assert caption() == "epoch 4, 14.00 dB"
    assert grey_at(page, "#strip", 0.5) == 204
    page.keyboard.press("Home")
    assert caption() == "before the first epoch"
    assert grey_at(page, "#strip", 0.5) == 0
    box = page.locator("#scrubber").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    assert caption() in ("epoch 2, 12.00 dB", "epoch 3, 13.00 dB")
    assert page.locator("#scrubber").get_attribute("aria-valuetext") == caption()


def test_the_frames_play(opened: Open) -> None:
    page = opened("plain", **DESK)
    page.clock.install(time=0)
    page.clock.pause_at(10_000)  # else the page's clock goes on beside `run_for`, more on a busy machine
    page.click("#play")
    assert page.locator("#scrubber").input_value() == "0"
    assert page.locator("#play").text_content() == "Pause"
    page.clock.run_for(1100)
    assert page.locator("#scrubber").input_value() == "2"
    page.click("#play")
    page.clock.run_for(5000)
    assert page.locator("#scrubber").input_value() == "2"
    page.click("#play")
    page.clock.run_for(5000)
    assert page.locator("#scrubber").input_value() == "5"
    assert page.locator("#play").text_content() == "Play"


@pytest.mark.parametrize("run", ["plain", "hard", "wide", "classify"])
def test_a_phone_needs_no_sideways_scrolling(opened: Open, run: str) -> None:
    page = opened(run, **PHONE)
    assert page.evaluate("innerWidth") == 360
    for details in page.locator("summary").all():
        details.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = (
        "[...document.querySelectorAll('button, input, summary')].map(e => e.getBoundingClientRect().height)"
    )
    assert min(page.evaluate(small)) >= 32  # a fingertip finds it


CONTRASTS = """() => {
  const parse = (text) => {
    const [r, g, b, a] = text.match(/[\\d.]+/g).map(Number);
    return { rgb: [r, g, b], alpha: a === undefined ? 1 : a };
  };
  const ground = (element) => {
    if (!element) return [255, 255, 255];
    const { rgb, alpha } = parse(getComputedStyle(element).backgroundColor);
    if (alpha === 1) return rgb;
    // A label on a picture has the lightest picture behind it, at worst.
    const behind = element.className === "tag" ? [255, 255, 255] : ground(element.parentElement);
    return rgb.map((value, k) => alpha * value + (1 - alpha) * behind[k]);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].filter((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own.length || !element.getClientRects().length || element.tagName === "SCRIPT") continue;
    const style = getComputedStyle(element);
    const ink = parse(element.closest("svg") ? style.fill : style.color).rgb;
    const [low, high] = [luminance(ink), luminance(ground(element))].sort((a, b) => a - b);
    found.push([(high + 0.05) / (low + 0.05), element.textContent.trim().slice(0, 40)]);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("run", ["plain", "classify"])
def test_text_can_be_read_by_day_and_by_night(opened: Open, scheme: str, run: str) -> None:
    page = opened(run, **DESK, color_scheme=scheme)
    for details in page.locator("summary").all():
        details.click()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (max(ground) < 60) == (scheme == "dark")
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 60
    assert [text for contrast, text in contrasts if contrast < 4.5] == []


def test_every_picture_is_shown(opened: Open) -> None:
    page = opened("classify", **DESK)
    images = page.evaluate(
        "Promise.all([...document.images].map(i => i.decode().then(() => [i.alt, i.naturalWidth, i.width])))"
    )
    assert len(images) == 8
    assert all(alt and natural > 0 and width > 0 for alt, natural, width in images)


def test_fields_have_names(opened: Open) -> None:
    page = opened("plain", **DESK)
    names = page.evaluate("[...document.querySelectorAll('input')].map(i => i.labels[0].textContent)")
    assert names == ["Move the line: drag it, or use the arrow keys.", "Moment"]


def test_without_scripts_everything_is_there(opened: Open) -> None:
    page = opened("plain", **DESK, java_script_enabled=False)
    for picture in page.locator(".compare img, .frame img").all():
        assert picture.is_visible()
    assert not page.locator("input").first.is_visible()
    # Side by side, and neither is cut.
    assert [grey_at(page, "#compare", share) for share in (0.1, 0.4, 0.6, 0.9)] == [0, 0, 255, 255]
