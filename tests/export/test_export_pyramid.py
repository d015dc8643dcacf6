"""Pages of small files: their scripts, run without a browser, give what the painting gives."""

import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from paintnet.errors import SettingsError
from paintnet.export.formats import export_bytes
from paintnet.export.page import page_of
from paintnet.painting import Painting
from paintnet.picture.formats import to_levels
from tests.export.export_helpers import PYRAMIDS

NODE, GLSLANG = shutil.which("node"), shutil.which("glslangValidator")

HARNESS = """
const fs = require("fs");
const page = fs.readFileSync(process.argv[2], "utf8");
const text = (id) => ({ textContent: new RegExp(`id="${id}">([^<]*)<`).exec(page)[1] });
globalThis.document = { getElementById: text };
%s
readPainting().then((about) => {
  const [columns, rows] = process.argv.slice(3).map(Number);
  const lattice = latticeOf(about, [0, 0, about.width, about.height], columns, rows);
  const levels = Array.from(new PlainPainter(about).rows(lattice, 0, rows));
  const shader = shaderSource(about, packTexels(about).starts);
  console.log(JSON.stringify({ levels, shader }));
});
"""


def run_page(painting: Painting, size: tuple[int, int], folder: Path) -> tuple[np.ndarray, str]:
    """Levels that the page's JavaScript paints, RGBA, and its shader."""
    viewer = files("paintnet.export") / "viewer"
    scripts = "".join((viewer / name).read_text("utf-8") for name in ("planes.js", "network.js", "webgl.js"))
    (folder / "run.js").write_text(HARNESS % scripts.replace('"use strict";', ""), "utf-8")
    (folder / "page.html").write_bytes(page_of(painting))
    command = [str(NODE), str(folder / "run.js"), str(folder / "page.html"), *map(str, size)]
    out = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return np.array(out["levels"]).reshape(size[1], size[0], 4), out["shader"]


@pytest.mark.skipif(NODE is None, reason="needs node")
@pytest.mark.parametrize("size", [(23, 14), (61, 37), (9, 5)])
@pytest.mark.parametrize("painting", PYRAMIDS.values(), ids=list(PYRAMIDS))
def test_its_script_paints_what_the_painting_renders(
    painting: Painting, size: tuple[int, int], tmp_path: Path
) -> None:
    found, _ = run_page(painting, size, tmp_path)
    expected = to_levels(painting.render(size))
    if painting.palette is None:
        assert np.abs(found[:, :, :3].astype(int) - expected).max() <= 1
        assert expected.std() > 10
    else:
        assert (np.abs(found[:, :, :3].astype(int) - expected).max(axis=2) <= 1).mean() > 0.995
        assert len(np.unique(expected.reshape(-1, 3), axis=0)) > 1


@pytest.mark.skipif(NODE is None or GLSLANG is None, reason="needs node and glslangValidator")
@pytest.mark.parametrize("painting", PYRAMIDS.values(), ids=list(PYRAMIDS))
def test_its_shader_compiles(painting: Painting, tmp_path: Path) -> None:
    shader = run_page(painting, (2, 2), tmp_path)[1]
    (tmp_path / "page.frag").write_text(shader.strip(), "utf-8")
    told = subprocess.run([str(GLSLANG), str(tmp_path / "page.frag")], capture_output=True, text=True)
    assert told.returncode == 0, told.stdout
    assert "wx[i] * wy[j] * texel(" in shader


@pytest.mark.parametrize("extension", [".glsl", ".onnx"])
def test_what_holds_no_pyramid_says_so(extension: str) -> None:
    with pytest.raises(
        SettingsError, match=r"far larger in such a file than in its own; export it as \.html"
    ):
        export_bytes(PYRAMIDS["pyramid"], extension)


def test_the_page_tells_what_the_network_is() -> None:
    words = re.search(r'id="words">([^<]*)<', page_of(PYRAMIDS["pyramid"]).decode())
    assert words
    assert "pyramid encoding" in json.loads(words[1])["en"]["about"]
