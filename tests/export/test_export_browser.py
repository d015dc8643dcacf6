"""The exported page in a real browser: it paints what `render` paints, with and without a graphics card."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import GridMap
from paintnet.export.page import page_of
from paintnet.painting import Painting
from paintnet.patches import Patch
from paintnet.picture.formats import to_levels
from paintnet.rounding import on_lattice
from tests.browser import SOFTWARE, launched, wait_for
from tests.export.export_helpers import (
    CLASSES,
    COLORS,
    ENCODINGS,
    EXTENT,
    PALETTE,
    PYRAMIDS,
    chance_painting,
    mosaic_of,
)

ENGINES = {"": "WebGL2", "#plain": "JavaScript"}
AXE = Path(__file__).parents[1] / "play" / "axe" / "axe.min.js"
REGION = (-0.0, 2.5, 11.25, 9.0)
SIZES = [((23, 14), (0, 0, 23, 14)), ((60, 37), (0, 0, 23, 14)), ((9, 5), (0, 0, 23, 14)), ((40, 30), REGION)]

PAINTINGS = {
    **COLORS,
    **CLASSES,
    **PYRAMIDS,
    "three classes": chance_painting(ENCODINGS["keys"], palette=PALETTE, outputs=3, pixel="center"),
    "two outputs": chance_painting(ENCODINGS["fourier"], palette=PALETTE[:2], outputs=2, pixel="center"),
}

PAINTINGS |= {
    "mosaic": mosaic_of(PAINTINGS["keys"]),
    "mosaic of three classes": mosaic_of(PAINTINGS["three classes"]),
    "mosaic of two classes": mosaic_of(PAINTINGS["two classes"]),
    "mosaic of waves": mosaic_of(PAINTINGS["logistic"]),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched(SOFTWARE) as browser:
        yield browser


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Open the page of a painting; it may complain of nothing and ask for nothing else."""
    complaints: list[str] = []
    requests: list[str] = []
    contexts = []

    def open_it(painting: Painting, engine: str = "", **options: Any) -> Any:
        path = tmp_path / "page.html"
        path.write_bytes(page_of(painting, "a <b> & 'c'"))
        context = browser.new_context(**{"viewport": {"width": 480, "height": 480}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri() + engine)
        wait_for(page, "Boolean(window.paintnet)")
        return page

    yield open_it
    for context in contexts:
        context.close()
    # Chromium itself warns that reading pixels back waits for the card.
    assert [text for text in complaints if "GPU stall" not in text] == []
    assert {re.split("[#?]", url)[0] for url in requests} <= {(tmp_path / "page.html").as_uri(), "data:,"}


def painted(page: Any, size: tuple[int, int], region: tuple[float, ...]) -> np.ndarray:
    values = page.evaluate("([w, h, region]) => [...paintnet.render(w, h, region)]", [*size, list(region)])
    return np.array(values, np.uint8).reshape(size[1], size[0], 4)


def as_rgba(levels: np.ndarray) -> np.ndarray:
    if levels.shape[2] == 1:
        levels = levels.repeat(3, axis=2)
    if levels.shape[2] == 3:
        levels = np.concatenate([levels, np.full_like(levels[:, :, :1], 255)], axis=2)
    return levels


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", PAINTINGS)
def test_the_page_paints_what_render_paints(open_page: Any, name: str, engine: str) -> None:
    painting = PAINTINGS[name]
    page = open_page(painting, engine)
    assert ENGINES[engine] in page.inner_text("#engine")
    assert painting.render().std(axis=(0, 1)).max() > 0.01 or name == "one class"
    for size, region in SIZES:
        expected = as_rgba(to_levels(painting.render(size, region)))
        found = painted(page, size, region)
        apart = np.abs(found.astype(int) - expected).max(axis=2)
        if painting.palette is not None:  # on a boundary rounding decides
            assert (apart > 2).mean() <= 0.005
            continue
        # Under little alpha a level of it is many of a color.
        seen = expected[:, :, 3] > 32
        assert apart[seen].max() <= (2 if painting.channels < 4 else 8)
        assert np.abs(found[:, :, 3].astype(int) - expected[:, :, 3]).max() <= 2


PACKED = [
    (GridMap.over(EXTENT, [3, 90], "keys"), 3),
    (GridMap.over(EXTENT, [2, 5], "linear"), 1),
    (GridMap.over(EXTENT, [60], "cubic"), 16),
    (GridMap.over(Extent.of_picture(300, 2), [2], "linear"), 2),
    (GridMap.over(Extent.of_picture(2, 300), [2], "linear"), 2),
]


@pytest.mark.parametrize(("grid", "features"), PACKED)
def test_a_packed_table_is_unpacked_to_the_bit(open_page: Any, grid: GridMap, features: int) -> None:
    rng = np.random.default_rng(1)
    painting = chance_painting(grid, layers=(features,))
    network = painting.patches[0].network
    lattice = rng.normal(0, 0.1, (features, features))
    numbers = rng.normal(0, 4, network.coefs[0].shape)
    numbers[:: len(numbers) // 9] *= 900  # some are too large for a byte
    table = on_lattice(np.rint(numbers).astype(np.int16), lattice)
    network = replace(network, coefs=(table, *network.coefs[1:]), lattice=lattice)
    page = open_page(replace(painting, patches=(Patch.whole(network, 23, 14),)))
    found = page.evaluate("[...paintnet.view.about.patches[0].layers[0].weights]")
    np.testing.assert_array_equal(np.array(found, np.float32), table.ravel())
    assert page.evaluate("paintnet.view.about.patches[0].table.packed.length") == len(grid.levels)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["keys", "mosaic"])
def test_the_point_under_the_pointer_has_the_color_of_predict(open_page: Any, name: str, engine: str) -> None:
    painting = PAINTINGS[name]
    page = open_page(painting, engine)
    wait_for(page, "document.getElementById('engine').textContent.startsWith('painted')")
    box = page.locator("#canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for(page, "document.getElementById('point').textContent.startsWith('x ')")
    color = page.evaluate("getComputedStyle(document.getElementById('swatch')).backgroundColor")
    found = [int(part) for part in color.strip("rgb()").split(",")]
    # The middle of the canvas is the middle of the picture, to a part of a screen pixel.
    expected = to_levels(painting.predict([[(23 - 1) / 2, (14 - 1) / 2]]))[0]
    assert np.abs(np.array(found) - expected).max() <= 4
    page.locator("summary").click()
    assert page.locator("#units li").count() == 5


@pytest.mark.parametrize(("address", "locale"), [("", "ja-JP"), ("?lang=ja", "de-DE")])
def test_it_speaks_japanese_where_the_browser_or_the_address_does(
    open_page: Any, address: str, locale: str
) -> None:
    page = open_page(PAINTINGS["two classes"], address, locale=locale)
    wait_for(page, "document.getElementById('engine').textContent.endsWith('で描きました')")
    box = page.locator("#canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for(page, "document.getElementById('point').textContent.includes('、クラス ')")
    assert page.evaluate("document.documentElement.lang") == "ja"
    assert page.title() == "a <b> & 'c': ニューラルネットワークが描いた絵"
    page.locator("summary").click()
    assert page.locator("#units li").first.inner_text().startswith("ニューロン ")
    english = r"\b[A-Za-z]{2,} [a-z]{2,}\b"
    labels = page.evaluate("[...document.querySelectorAll('[aria-label]')].map((item) => item.ariaLabel)")
    assert [text for text in [page.inner_text("body"), *labels] if re.search(english, text)] == []


def test_a_language_that_it_does_not_speak_gets_english(open_page: Any) -> None:
    page = open_page(PAINTINGS["raw"], "?lang=fr", locale="ja-JP")
    wait_for(page, "document.getElementById('engine').textContent.startsWith('painted with')")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_it_zooms_moves_and_comes_back_by_keys_wheel_and_buttons(open_page: Any) -> None:
    page = open_page(PAINTINGS["raw"])
    state = "[paintnet.view.zoom, ...paintnet.view.middle]"
    at_first = page.evaluate(state)
    page.locator("#canvas").focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    zoom, x, y = page.evaluate(state)
    assert zoom == pytest.approx(at_first[0] * 1.5)
    assert x > at_first[1]
    assert y == pytest.approx(at_first[2])
    page.keyboard.press("0")
    assert page.evaluate(state) == pytest.approx(at_first)
    box = page.locator("#canvas").bounding_box()
    where = (box["x"] + 80, box["y"] + 60)
    page.mouse.move(*where)
    under = page.evaluate("place => paintnet.view.under(...place)", where)
    page.mouse.wheel(0, -400)
    wait_for(page, f"paintnet.view.zoom > {1.5 * at_first[0]}")
    assert page.evaluate("place => paintnet.view.under(...place)", where) == pytest.approx(under, abs=0.1)
    page.locator("#whole").click()
    assert page.evaluate(state) == pytest.approx(at_first)
    for _ in range(40):
        page.locator("#closer").click()
    assert page.evaluate("paintnet.view.zoom") == 4096


def test_two_fingers_pinch_on_a_phone_where_nothing_is_wider_than_the_screen(open_page: Any) -> None:
    page = open_page(
        PAINTINGS["linear"], viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    before = page.evaluate("paintnet.view.zoom")
    touch = page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 120), ("touchEnd", None)):
        fingers = [] if apart is None else [{"x": 180 + k * apart, "y": 350, "id": k} for k in (-1, 1)]
        fingers = [{**finger, "id": number} for number, finger in enumerate(fingers)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
    wait_for(page, f"paintnet.view.zoom > {2 * before}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_card_that_is_lost_is_done_without(open_page: Any) -> None:
    page = open_page(PAINTINGS["fourier"])
    before = painted(page, *SIZES[0])
    page.evaluate("paintnet.view.painter.gl.getExtension('WEBGL_lose_context').loseContext()")
    after = painted(page, *SIZES[0])
    assert page.evaluate("paintnet.view.painter.name") == "JavaScript"
    assert np.abs(before.astype(int) - after).max() <= 2


SCREENS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
    "Japanese": {"locale": "ja-JP"},
}


@pytest.mark.parametrize("screen", SCREENS)
def test_everyone_can_use_it(open_page: Any, screen: str) -> None:
    page = open_page(PAINTINGS["three classes"], **SCREENS[screen])
    page.locator("#canvas").focus()
    box = page.locator("#canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator("summary").click()
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 10
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found["violations"]] == []
