"""The exported page as a text: what is in it, what is escaped, what is refused."""

import base64
import hashlib
import json
import re
from importlib.resources import files

import numpy as np
import pytest

import paintnet
from paintnet.errors import SettingsError
from paintnet.export import page
from paintnet.export.formats import export_bytes
from paintnet.export.page import SCRIPTS, page_of
from paintnet.modelfile import stored_bytes
from tests.export.export_helpers import chance_painting, encodings, mosaic_of


def test_the_numbers_in_the_page_are_those_of_the_network() -> None:
    painting = chance_painting(encodings()["fourier"])
    text = page_of(painting).decode()
    stored = re.search(r'id="weights">([^<]*)<', text)
    assert stored
    found = np.frombuffer(base64.b64decode(stored[1]), "<f4")
    network = painting.patches[0].network
    expected = [network.encoding.tensors()["frequencies"], *network.coefs, *network.intercepts]
    np.testing.assert_array_equal(found, np.concatenate([array.ravel() for array in expected]))


def test_a_page_is_hardly_larger_than_what_the_painting_has_stored() -> None:
    painting = paintnet.fit("sample:china", preset="draft", epochs=2)
    assert painting.patches[0].network.lattice is not None
    assert len(page_of(painting)) <= 1.1 * 4 / 3 * stored_bytes(painting)


def test_its_policy_allows_its_own_script_and_style_alone() -> None:
    text = page_of(chance_painting(encodings()["raw"])).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    assert "unsafe" not in policy[1]
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        content = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert len(content) == 1
        digest = base64.b64encode(hashlib.sha256(content[0].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy[1]


def test_a_hostile_name_stays_a_text() -> None:
    text = page_of(chance_painting(encodings()["raw"]), "</title><script>alert(1)</script>").decode()
    assert "<script>alert" not in text
    about = re.search(r'id="painting">([^<]*)<', text)
    assert about
    assert json.loads(about[1])["width"] == 23


def test_all_its_words_are_there_in_each_language_and_filled_in() -> None:
    viewer = files("paintnet.export") / "viewer"
    scripts = "".join((viewer / name).read_text("utf-8") for name in SCRIPTS)
    template = (viewer / "page.html.j2").read_text("utf-8")
    asked = {*re.findall(r'\bsay\("(\w+)"', scripts), *re.findall(r'data-(?:word|label)="(\w+)"', template)}
    text = page_of(chance_painting(encodings()["raw"]), "a {engine} in {width}").decode()
    found = re.search(r'id="words">([^<]*)<', text)
    assert found
    words = json.loads(found[1])
    assert list(words) == ["en", "ja"]
    assert words["ja"].keys() == words["en"].keys() == asked | {"no_script"}
    for key, english in words["en"].items():
        assert re.search("[\u3041-\u30ff\u4e00-\u9fff]", words["ja"][key]), key
        assert not re.search("[\u3041-\u30ff\u4e00-\u9fff]", english), key
        assert re.findall(r"\{\w+\}", words["ja"][key]) == re.findall(r"\{\w+\}", english), key
    assert words["en"]["title"] == "a {engine} in {width}, painted by a neural network"
    assert words["en"]["about"].endswith(" 14, raw encoding, 2 → 6 → 5 → 3, tanh")
    assert '<title data-word="title">a {engine} in {width}, painted by' in text


@pytest.mark.parametrize(
    ("limit", "most", "why"),
    [
        ("MOST_NUMBERS", 1000, "it has 4,676 numbers, and a page holds 1,000"),
        ("MOST_PATCHES", 3, "it has 4 patches"),
    ],
)
def test_a_painting_that_is_too_large_is_refused_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, limit: str, most: int, why: str
) -> None:
    mosaic = mosaic_of(chance_painting(encodings()["keys"]))
    monkeypatch.setattr(page, limit, most)
    with pytest.raises(SettingsError, match=rf"{why}.*render it as \.dzi"):
        page_of(mosaic)


def test_an_unknown_extension_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(
        SettingsError, match=r"unknown extension '\.pdf'; use one of \.glsl \.html \.onnx \.svg"
    ):
        export_bytes(chance_painting(encodings()["raw"]), ".pdf")
