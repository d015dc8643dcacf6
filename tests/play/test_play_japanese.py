"""The page in a real browser, in Japanese and in English: nothing that it says is in the other language."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from paintnet.play.server import Server
from tests.browser import wait_for

JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")
ENGLISH_SENTENCE = re.compile(r"\b[A-Za-z]{2,} [a-z]{2,}\b")
SETTINGS = "#mode=classify&threshold=600&preset=draft&epochs=6&max_side=128&encoding=raw&layers=40"

VISIBLE = """() => {
  const found = [];
  const walk = (item) => {
    for (const name of ["aria-label", "title", "placeholder", "aria-valuetext"])
      if (item.getAttribute(name)) found.push(item.getAttribute(name));
    if (item.id === "command" || item.tagName === "SCRIPT") return;
    for (const child of item.childNodes) {
      if (child.nodeType === 3 && child.data.trim()) found.push(child.data.trim());
      else if (child.nodeType === 1) walk(child);
    }
  };
  walk(document.body);
  return found;
}"""


@pytest.fixture
def page(browser: Any, served: Server) -> Iterator[Any]:
    page = browser.new_page(locale="ja-JP")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{served.address}{SETTINGS}")
    wait_for(page, "document.body.dataset.phase === 'ready'")
    yield page
    page.close()
    assert complaints == []


def said(page: Any) -> list[str]:
    """All that can be read or heard, but for the command and the name of the other language."""
    found: list[str] = page.evaluate(VISIBLE)
    return [text for text in found if text not in ("日本語", "English")]


def use_it(page: Any) -> None:
    """Do what makes the page speak: learn, look at a neuron, ask for a color and a line."""
    page.locator("#start").click()
    wait_for(page, "document.body.dataset.phase === 'ended'")
    stage = page.locator("#stage")
    stage.click(position={"x": 30, "y": 30})
    stage.click(position={"x": 120, "y": 120})
    wait_for(page, "!document.getElementById('strip').hidden")
    page.locator("#columns .unit").first.click()
    wait_for(page, "document.getElementById('unit-said').textContent")
    wait_for(page, "document.querySelector('#probe').textContent.includes('#')")


def test_a_browser_that_prefers_japanese_gets_japanese_and_nothing_in_english(page: Any) -> None:
    use_it(page)
    assert page.evaluate("document.documentElement.lang") == "ja"
    texts = said(page)
    assert [text for text in texts if ENGLISH_SENTENCE.search(text)] == []
    assert sum(bool(JAPANESE.search(text)) for text in texts) > 100


def test_a_lesson_on_another_picture_starts_by_itself(page: Any) -> None:
    page.locator("#lesson").select_option("neuron")
    wait_for(page, "document.body.dataset.phase === 'ended'")
    assert page.inner_text("#picture-name").startswith("sample:flower")
    page.locator("#start").click()
    wait_for(page, "document.body.dataset.phase === 'running'")


def test_the_language_changes_while_it_is_used_and_stays_when_it_is_loaded_again(page: Any) -> None:
    page.locator("#lesson").select_option("classes")
    wait_for(page, "document.body.dataset.phase === 'ended'")
    page.locator("#columns .unit").first.click()
    page.locator("#language").click()
    wait_for(page, "document.getElementById('unit-said').textContent.startsWith('Answers')")
    wait_for(page, "document.querySelector('#columns h3').textContent.startsWith('grid')")
    assert [text for text in said(page) if JAPANESE.search(text)] == []
    assert "Every pixel is light or dark" in page.inner_text("#told")
    page.reload()
    wait_for(page, "document.body.dataset.phase === 'ready'")
    assert page.evaluate("document.documentElement.lang") == "en"
