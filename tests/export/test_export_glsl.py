"""The exported shader: it compiles as it stands, and draws what `render` paints."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paintnet
from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import GridMap
from paintnet.errors import SettingsError
from paintnet.export.formats import export_bytes
from paintnet.export.glsl import MOST_NUMBERS, glsl_of
from paintnet.painting import Painting
from paintnet.patches import Patch
from paintnet.picture.alpha import premultiply
from paintnet.settings.presets import PRESETS, settings_for
from paintnet.settings.settings import PainterSettings
from tests.browser import SOFTWARE, launched
from tests.export.export_helpers import CLASSES, COLORS, ENCODINGS, HEIGHT, PALETTE, WIDTH, chance_painting

HEAD = "#version 300 es\nprecision highp float;\nuniform vec3 iResolution;\nout vec4 color;\n"
TAIL = "\nvoid main() { mainImage(color, gl_FragCoord.xy); }\n"
SIZES = [(23, 14), (46, 28), (9, 5), (30, 14)]

PAINTINGS = {
    **COLORS,
    **CLASSES,
    "five classes": chance_painting(
        ENCODINGS["keys"], palette=np.concatenate([PALETTE, PALETTE[:2, ::-1]]), outputs=5, pixel="center"
    ),
}

DRAW = """([source, sizes]) => sizes.map(([width, height]) => {
  const gl = new OffscreenCanvas(width, height).getContext("webgl2");
  const program = gl.createProgram();
  const corners = "#version 300 es\\nvoid main() { vec2 c = vec2(gl_VertexID % 2, gl_VertexID / 2);"
    + " gl_Position = vec4(4. * c - 1., 0., 1.); }";
  for (const [kind, text] of [[gl.VERTEX_SHADER, corners], [gl.FRAGMENT_SHADER, source]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  gl.useProgram(program);
  gl.uniform3f(gl.getUniformLocation(program, "iResolution"), width, height, 1);
  gl.drawArrays(gl.TRIANGLES, 0, 3);
  const levels = new Uint8Array(4 * width * height);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, levels);
  return [...levels];
})"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with launched(SOFTWARE) as browser:
        yield browser.new_page()


@pytest.mark.parametrize("name", PAINTINGS)
def test_a_compiler_takes_it_as_it_stands(name: str, tmp_path: Path) -> None:
    compiler = shutil.which("glslangValidator")
    if compiler is None:
        pytest.skip("no glslangValidator (Debian's glslang-tools)")
    path = tmp_path / "painting.frag"
    path.write_text(HEAD + glsl_of(PAINTINGS[name], "a */ \n b").decode() + TAIL)
    done = subprocess.run([compiler, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PAINTINGS)
def test_it_draws_what_render_paints(page: Any, name: str) -> None:
    painting = PAINTINGS[name]
    source = HEAD + glsl_of(painting).decode() + TAIL
    for size, values in zip(SIZES, page.evaluate(DRAW, [source, SIZES]), strict=True):
        found = np.array(values, int).reshape(size[1], size[0], 4)[::-1]
        expected, inside = expected_of(painting, size)
        assert (found[~inside] == 0).all()
        apart = np.abs(found - expected).max(axis=2)[inside]
        if painting.palette is None:
            assert apart.max() <= 2
        else:  # on a boundary rounding decides
            assert (apart > 2).mean() <= 0.005


def expected_of(painting: Painting, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Levels times alpha of the picture in the middle of a screen, and where on the screen it is."""
    side = max(WIDTH / size[0], HEIGHT / size[1])
    left, top = (WIDTH - side * size[0]) / 2, (HEIGHT - side * size[1]) / 2
    colors = painting.render(size, (left, top, left + side * size[0], top + side * size[1]))
    if colors.shape[2] == 1:
        colors = colors.repeat(3, axis=2)
    if colors.shape[2] == 3:
        colors = np.concatenate([colors, np.ones_like(colors[:, :, :1])], axis=2)
    xs, ys = ((np.arange(n) + 0.5) * side + start for n, start in zip(size, (left, top), strict=True))
    inside = np.outer((ys >= 0) & (ys <= HEIGHT), (xs >= 0) & (xs <= WIDTH))
    return np.rint(255 * premultiply(colors)).astype(int), inside


def test_a_grid_that_is_too_large_is_refused_with_its_size_and_the_way_out() -> None:
    grid = GridMap.over(Extent.of_picture(WIDTH, HEIGHT), [80])
    painting = chance_painting(grid)
    with pytest.raises(SettingsError, match=r"its grid has 21,600 vectors .* export it as \.html"):
        export_bytes(painting, ".glsl")


def test_a_network_that_is_too_large_is_refused() -> None:
    painting = chance_painting(ENCODINGS["raw"], layers=(300, 200))
    with pytest.raises(SettingsError, match=r"its network has 61,703 numbers, and a shader holds 60,000"):
        glsl_of(painting)


def test_several_patches_are_refused() -> None:
    painting = PAINTINGS["raw"]
    two = (painting.patches[0], Patch(painting.patches[0].network, Extent(10.0, 0.0, 22.0, 13.0)))
    with pytest.raises(SettingsError, match="it consists of 2 patches"):
        glsl_of(replace(painting, patches=two))


def test_each_number_is_the_same_float32_again() -> None:
    network = PAINTINGS["raw"].patches[0].network
    text = glsl_of(PAINTINGS["raw"]).decode().partition("SIZE")[2]
    written = {np.float32(number) for number in re.findall(r"-?(?:\d+\.\d*|\.\d+)(?:e[+-]\d+)?", text)}
    assert {value for array in network.arrays for value in array.ravel()} <= written


@pytest.mark.parametrize("encoding", ["raw", "fourier"])
def test_presets_with_encodings_that_have_no_table_fit(encoding: str) -> None:
    painting = paintnet.fit("sample:bird", encoding=encoding, preset="draft", epochs=1)
    assert b"mainImage" in glsl_of(painting)
    for preset in set(PRESETS) - {"tutorial"}:
        for size in ((100, 100), (3000, 2000)):
            assert numbers_of(settings_for(*size, preset, encoding=encoding)) <= MOST_NUMBERS
    assert numbers_of(settings_for(100, 100, "tutorial", encoding=encoding)) > MOST_NUMBERS


def numbers_of(settings: PainterSettings) -> int:
    """Weights and biases of a network, of three channels, whose encoding has no table."""
    features = settings.encoding.build(Extent.of_picture(9, 9), 0).n_features
    return sum((before + 1) * after for before, after in pairwise((features, *settings.layers, 3)))
