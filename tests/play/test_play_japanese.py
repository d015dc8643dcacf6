"""The page in a real browser, in Japanese and in English: nothing that it says is in the other language."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from play_helpers import a_png

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
    # A browser writes down each answer that refuses something.
    assert [each for each in complaints if not each.startswith("Failed to load resource")] == []


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


def in_japanese(page: Any, *words: str, selector: str = "#status") -> None:
    """Until it says so; all of it is Japanese but for names and values."""
    for word in words:
        page.wait_for_function(
            "([selector, word]) => document.querySelector(selector).textContent.includes(word)",
            arg=[selector, word],
        )
    text = page.inner_text(selector)
    assert JAPANESE.search(text)
    assert text.endswith(("。", "…"))
    assert not re.search(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b", text), text


def upload(page: Any, name: str, content: bytes) -> None:
    page.set_input_files("#file", {"name": name, "mimeType": "image/png", "buffer": content})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.png", b"<!doctype html><p>hello", "a.png: 対応していない形式の画像です (HTML ページ)。"),
        ("b.png", b"", "対応していない形式の画像です (空のファイル)。PNG、JPEG、"),
        ("c.png", a_png()[:60], "画像が壊れていて、PNG のデータを読み取れません"),
        ("d.paintnet", b"no model", "d.paintnet: paintnet のモデルではありません。"),
    ],
    ids=["a page", "empty", "damaged", "no model"],
)
def test_a_hostile_file_is_refused_in_japanese(page: Any, name: str, content: bytes, said: str) -> None:
    upload(page, name, content)
    in_japanese(page, said)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("learning_rate", "-5", "学習率: -5 は範囲外です。"),
        ("levels", "4,x", "整数ではありません。整数をコンマで区切って書いてください。"),
        ("epochs", "100000000000", "は範囲外です。1 から "),
        ("palette", "red,nothing", "は色ではありません。#1da1f2 や red"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_japanese(
    page: Any, setting: str, value: str, said: str
) -> None:
    if setting == "levels":
        page.locator("#set-encoding").select_option("grid")
    field = page.locator(f"#set-{setting}")
    field.fill(value)
    field.press("Enter")
    in_japanese(page, said)


def test_a_setting_that_only_the_training_finds_is_refused_in_japanese(page: Any) -> None:
    page.locator("#set-engine").select_option("numpy")
    in_japanese(page, "計算エンジン numpy: ブロックごとの学習には、raw ではなく格子")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ftp://example.org/a.png", "見本の名前でもアドレスでもありません。http または https"),
        ("http://127.0.0.1:9/a.png", "127.0.0.1 はこのマシン自身のアドレスなので、接続しません。"),
        ("sample:nobody", "そのような見本はありません。次のいずれかにしてください: "),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_in_japanese(page: Any, address: str, said: str) -> None:
    page.fill("#address", address)
    page.press("#address", "Enter")
    in_japanese(page, said)


def test_a_run_that_fails_says_so_in_japanese(browser: Any, served: Server) -> None:
    page = browser.new_page(locale="ja-JP")
    page.goto(
        f"{served.address}#preset=draft&engine=stock&encoding=raw&solver=sgd&learning_rate=1000&max_side=128"
    )
    wait_for(page, "document.body.dataset.phase === 'ready'")
    page.locator("#start").click()
    in_japanese(page, "学習: ", "学習率")
    page.close()


def test_a_page_too_many_and_a_server_that_is_gone_are_told_in_japanese(browser: Any) -> None:
    with Server("sample:bird") as server:
        server.pages.most = 1
        first, second = (browser.new_page(locale="ja-JP") for _ in range(2))
        first.goto(f"{server.address}#max_side=128")
        wait_for(first, "document.body.dataset.phase === 'ready'")
        second.goto(server.address)
        in_japanese(
            second, "ページ: すでに 1 個のページが開いています。どれかを閉じて、もう一度お試しください。"
        )
    first.locator("#step").click()
    in_japanese(first, "サーバーから応答がありません")
    wait_for(first, "!document.getElementById('connection').hidden")
    assert "再接続を試みています" in first.inner_text("#connection")
    first.close()
    second.close()
