"""The pages that a user reads tell the truth: their Python runs."""

import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("page", ["python.md", "model-file.md"])
def test_the_python_of_a_page_runs(page, folder):
    text = (DOCS / page).read_text(encoding="utf-8").replace("```", "")
    test = doctest.DocTestParser().get_doctest(text, {}, page, page, 0)
    assert test.examples
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    assert runner.run(test).failed == 0


PAGES = [DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_to_is_there(page):
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_pictures_of_the_gallery_load_quickly_and_are_shown():
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    for picture in (DOCS / "gallery").iterdir():
        assert picture.stat().st_size < 500_000
        assert f"(gallery/{picture.name})" in text
