"""A translated page says what the English one says: the same commands, links, pictures and numbers."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tools.page_commands import ALL_PAGES, ROOT, original_of

TRANSLATED = [page for page in ALL_PAGES if page != original_of(page)]
BLOCK = re.compile(r"^(?:<!--[^\n]*-->\n)?```\w+\n.*?^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"-?[\d.]+|#[\da-f]{6}")
TABLE = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
HEADING, ITEM, FORMULA = re.compile(r"#+ "), re.compile(r"- "), re.compile(r" {4}")
NUMBER_WORDS = {"a second": "1", "one": "1", "six": "6"}
"""How the English README writes numbers that a translation writes as digits."""


def name_of(page: Path) -> str:
    return page.name


each_page = pytest.mark.parametrize("page", TRANSLATED, ids=name_of)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def both(page: Path) -> tuple[str, str]:
    return text_of(original_of(page)), text_of(page)


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in table.splitlines()]


def code_in(text: str) -> list[str]:
    """The code in the text; a command may name the page of the other language."""
    return [code.replace(".ja", "") for code in re.findall(r"`([^`]+)`", BLOCK.sub("", text))]


def links_in(text: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", BLOCK.sub("", text))


def outline(text: str) -> list[tuple[str, int]]:
    """What stands below each other, without its words: headings, tables, lists, paragraphs."""
    found = []
    for part in re.split(r"\n\n+", BLOCK.sub("```", text).strip()):
        lines = part.splitlines()
        if heading := HEADING.match(part):
            found.append(("heading", len(heading[0])))
        elif part.startswith("|"):
            found.append(("table", len(lines)))
        elif ITEM.match(part):
            found.append(("list", sum(bool(ITEM.match(line)) for line in lines)))
        else:
            kind = "formula" if FORMULA.match(part) else "picture" if part.startswith("![") else "text"
            found.append((kind, len(lines) if kind == "formula" else 1))
    return found


@each_page
def test_it_has_the_same_parts_in_the_same_order(page: Path) -> None:
    original, translation = both(page)
    assert outline(translation) == outline(original)


@each_page
def test_it_shows_the_same_code_and_commands(page: Path) -> None:
    original, translation = both(page)
    assert BLOCK.findall(translation) == BLOCK.findall(original)
    assert Counter(code_in(translation)) == Counter(code_in(original))


@each_page
def test_its_tables_have_the_same_shape_and_numbers(page: Path) -> None:
    original, translation = both(page)
    for mine, its in zip(TABLE.findall(translation), TABLE.findall(original), strict=True):
        for row, same in zip(rows(mine), rows(its), strict=True):
            assert len(row) == len(same)
            assert [cell for cell in row if NUMBER.fullmatch(cell)] == [
                cell for cell in same if NUMBER.fullmatch(cell)
            ]


@each_page
def test_it_points_to_the_same_pictures_and_pages_or_to_their_translations(page: Path) -> None:
    original, translation = both(page)
    here = page.parent

    def places(text: str) -> Counter[Path]:
        targets = (here / link.partition("#")[0] for link in links_in(text) if "://" not in link)
        return Counter(original_of(target) if target.suffix == ".md" else target for target in targets)

    assert places(translation) == places(original)
    translated = {original_of(each) for each in TRANSLATED}
    others = links_in(translation)[1:]  # the first is that to the original
    assert [link for link in others if here / link.partition("#")[0] in translated] == []


@each_page
def test_the_languages_are_linked_at_the_top(page: Path) -> None:
    for text, other in zip(both(page), (page, original_of(page)), strict=True):
        assert re.match(rf"# .*\n\n\[[^]]+\]\({re.escape(other.name)}\)\n\n", text)


@pytest.mark.parametrize("page", [page for page in TRANSLATED if page.parent == ROOT], ids=name_of)
def test_a_readme_says_the_same_numbers(page: Path) -> None:
    """Those of the lesson are worked out in test_lesson.py."""

    def numbers(text: str) -> Counter[str]:
        prose = re.sub(r"`[^`]+`|\]\([^)]+\)", "", BLOCK.sub("", text))
        return Counter(re.findall(r"\d[\d.,]*\d|\d", prose))

    original, translation = both(page)
    for word, digits in NUMBER_WORDS.items():
        original = re.sub(rf"\b{word}\b", digits, original)
    assert numbers(translation) == numbers(original)
