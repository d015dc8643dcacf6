"""The exported page as a text: what is in it, what is escaped, what is refused."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from paintnet.encoding.extent import Extent
from paintnet.errors import SettingsError
from paintnet.export.formats import export_bytes
from paintnet.export.page import SCRIPTS, page_of
from paintnet.patches import Patch
from tests.export.export_helpers import chance_painting, encodings


def test_the_numbers_in_the_page_are_those_of_the_network() -> None:
    painting = chance_painting(encodings()["fourier"])
    text = page_of(painting).decode()
    stored = re.search(r'id="weights">([^<]*)<', text)
    assert stored
    found = np.frombuffer(base64.b64decode(stored[1]), "<f4")
    network = painting.patches[0].network
    expected = [network.encoding.tensors()["frequencies"], *network.coefs, *network.intercepts]
    np.testing.assert_array_equal(found, np.concatenate([array.ravel() for array in expected]))


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


def test_several_patches_are_refused() -> None:
    painting = chance_painting(encodings()["raw"])
    patch = painting.patches[0]
    two = (patch, Patch(patch.network, Extent(10.0, 0.0, 22.0, 13.0)))
    with pytest.raises(SettingsError, match="it consists of 2 patches, and an export holds one network"):
        page_of(replace(painting, patches=two))


def test_an_unknown_extension_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(SettingsError, match=r"unknown extension '\.pdf'; use one of \.html"):
        export_bytes(chance_painting(encodings()["raw"]), ".pdf")
