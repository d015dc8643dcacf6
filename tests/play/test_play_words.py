"""The words of the page: all that it says is there in both languages, and nothing else is."""

import ast
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import paintnet
from paintnet.play.controls import CLASSES, CONTROLS, Wish
from paintnet.play.display import VIEWS
from paintnet.play.taking import KINDS
from paintnet.report.colors import _named_colors

PAGE = files("paintnet.play") / "page"
SCRIPTS = [item.read_text("utf-8") for item in PAGE.iterdir() if item.name.endswith(".js")]
NAMES_OF_THINGS = {"paintnet play", "paintnet", "PSNR"}
"""What the page itself says without asking for a word."""

JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")


def loaded(name: str) -> Any:
    return json.loads((PAGE / name).read_text("utf-8"))


ENGLISH, TRANSLATED = loaded("words.en.json"), loaded("words.ja.json")


class Asked(HTMLParser):
    """Words that a page asks for, and texts that it brings along."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: set[str] = set()
        self.texts: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.words |= {given[name] for name in ("data-word", "data-hint") if name in given}
        self.words |= {f"label_{given['data-label']}"} if "data-label" in given else set()
        self.texts |= {given[name] for name in ("title", "aria-label", "placeholder") if given.get(name)}

    def handle_data(self, data: str) -> None:
        if re.search("[A-Za-z]", data):
            self.texts.add(data.strip())


def asked_by_scripts() -> set[str]:
    """Keys that are written out; a text that is only compared with is none."""
    calls = [call for text in SCRIPTS for call in re.findall(r"\bsay\(([^`]*?)[,)]", text)]
    return {key for call in calls for key in re.findall(r'(?<!=== )"([\w-]+)"', call)}


def asked_by_lists() -> set[str]:
    """Keys that are put together: of each setting, group, view, and of what is taken along."""
    found = {f"{kind}_{control.name}" for control in CONTROLS for kind in ("name", "why")}
    found |= {f"group_{control.group}" for control in CONTROLS} | {"name_classes"}
    found |= {f"view_{view}{end}" for view in VIEWS for end in ("", "_hint")}
    return found | {f"take_{kind}" for kind in KINDS}


def test_every_word_that_the_page_asks_for_is_there_and_no_other() -> None:
    page = Asked((PAGE / "index.html").read_text("utf-8"))
    assert page.texts == NAMES_OF_THINGS
    templates = {key for text in SCRIPTS for key in re.findall(r"say\(`([^`]*)`", text)}
    assert {key.partition("_")[0] for key in templates} == {"name", "why", "group", "view", "take", "label"}
    assert page.words | asked_by_scripts() | asked_by_lists() == ENGLISH.keys()


def test_every_english_text_has_a_japanese_one_with_the_same_values_in_it() -> None:
    assert list(TRANSLATED) == list(ENGLISH)
    for key, text in ENGLISH.items():
        assert JAPANESE.search(TRANSLATED[key]), key
        assert not JAPANESE.search(text), key
        assert sorted(re.findall(r"\{\w+\}", TRANSLATED[key])) == sorted(re.findall(r"\{\w+\}", text)), key
        assert text.endswith(".") <= TRANSLATED[key].endswith("。"), key


def test_every_setting_has_a_whole_sentence() -> None:
    for control in CONTROLS:
        assert ENGLISH[f"why_{control.name}"].endswith(".")


def test_whatever_begins_a_run_anew_has_a_name() -> None:
    others = {control.name for control in CONTROLS if control.name not in CLASSES}
    changed = Wish.of({**dict.fromkeys(others, "1"), "max_side": 128, "colors": 2}).differs_from(Wish())
    assert set(changed) == others | {"classes"}
    assert {f"name_{name}" for name in changed} <= ENGLISH.keys()


def texts_of_the_package() -> set[str]:
    """All texts in its code; where a value is put in, there is a {}."""
    found = set()
    for path in Path(paintnet.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
                found.add("".join(map(str, parts)))
    return found


def test_every_sentence_that_is_translated_is_one_of_the_program() -> None:
    texts = texts_of_the_package()
    for english, japanese in loaded("messages.ja.json")["sentences"]:
        pieces = [piece for piece in re.split(r"\{\w+\}|: |is not ", english) if piece.strip(" ()")]
        assert all(any(piece.strip(" ()") in text for text in texts) for piece in pieces), english
        values = re.findall(r"\{\w+\}", english)
        assert set(re.findall(r"\{\w+\}", japanese)) <= set(values), english
        assert len(set(values)) == len(values), english
        assert JAPANESE.search(japanese) or not re.search(r"[a-z]{3}", japanese), english
        assert not japanese.endswith("。")


def test_no_sentence_is_translated_twice() -> None:
    english = [each for each, _ in loaded("messages.ja.json")["sentences"]]
    assert len(set(english)) == len(english)


def test_every_color_that_the_server_names_has_a_japanese_name() -> None:
    colors = loaded("colors.ja.json")
    assert set(colors) == {*_named_colors()[0], "transparent"}
    assert all(JAPANESE.search(name) for name in colors.values())
    assert len(set(colors.values())) == len(colors)


@pytest.mark.parametrize("lesson", loaded("lessons.json"), ids=lambda lesson: lesson["id"])
def test_a_lesson_is_told_in_both_languages(lesson: dict[str, Any]) -> None:
    for english, japanese in zip(
        [lesson["title"]["en"], *lesson["en"]], [lesson["title"]["ja"], *lesson["ja"]], strict=True
    ):
        assert JAPANESE.search(japanese)
        assert not JAPANESE.search(english)
        assert english.endswith(".") == japanese.endswith("。")
        numbers = set(re.findall(r"\d+", english))
        assert numbers <= set(re.findall(r"\d+", japanese))
