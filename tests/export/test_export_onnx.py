"""The exported graph: onnxruntime makes of it what `predict` and `predict_proba` make of the painting."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import BASES, GridMap
from paintnet.errors import SettingsError
from paintnet.export.formats import export_bytes
from paintnet.export.onnx import POWERS, onnx_of
from paintnet.painting import Painting
from paintnet.patches import Patch
from tests.export.export_helpers import CLASSES, COLORS, ENCODINGS, HEIGHT, PALETTE, WIDTH, chance_painting

RNG = np.random.default_rng(3)
PLACES = np.concatenate(
    [
        RNG.uniform((-3, -3), (WIDTH + 3, HEIGHT + 3), (300, 2)),
        [[0, 0], [WIDTH - 1, HEIGHT - 1], [WIDTH - 1, 0], [11, 6.5], [1e12, -1e12]],
    ]
).astype(np.float32)

CHANCES = {
    "three classes": chance_painting(ENCODINGS["keys"], palette=PALETTE, outputs=3, pixel="center"),
    **CLASSES,
}
INDEPENDENT = CHANCES["three classes"].patches[0]
CHANCES["one-hot"] = replace(
    CHANCES["three classes"],
    patches=(replace(INDEPENDENT, network=replace(INDEPENDENT.network, output="logistic")),),
)


def answers(painting: Painting, xy: np.ndarray) -> dict[str, np.ndarray]:
    runtime: Any = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(onnx_of(painting), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, {"xy": xy}), strict=True))


@pytest.mark.parametrize("name", COLORS)
def test_colors_are_those_of_predict(name: str) -> None:
    painting = COLORS[name]
    found = answers(painting, PLACES)
    assert list(found) == ["colors"]
    expected = painting.predict(PLACES)
    assert expected.std() > 0.01
    np.testing.assert_allclose(found["colors"], expected, atol=1e-4)


@pytest.mark.parametrize("name", CHANCES)
def test_probabilities_and_colors_of_classes(name: str) -> None:
    painting = CHANCES[name]
    found = answers(painting, PLACES)
    expected = painting.predict_proba(PLACES)
    np.testing.assert_allclose(found["probabilities"], expected, atol=1e-4)
    ranked = np.sort(expected, axis=1)
    is_clear = np.ones(len(PLACES), bool) if ranked.shape[1] == 1 else ranked[:, -1] - ranked[:, -2] > 1e-3
    np.testing.assert_array_equal(found["colors"][is_clear], painting.predict(PLACES)[is_clear])


def test_any_number_of_positions_may_be_asked_for() -> None:
    for count in (0, 1, 7):
        assert answers(COLORS["keys"], PLACES[:count])["colors"].shape == (count, 3)


def test_a_place_far_out_on_a_wide_picture_keeps_its_fraction() -> None:
    extent = Extent.of_picture(60_000, 20)
    grid = GridMap.over(extent, [20], "linear")
    painting = chance_painting(grid, layers=(), activation="identity")
    network = painting.patches[0].network
    wide = replace(painting, width=60_000, height=20, patches=(Patch(network, extent),))
    xy = np.stack([RNG.uniform(59_000, 59_999, 200), RNG.uniform(0, 19, 200)], axis=1).astype(np.float32)
    np.testing.assert_allclose(answers(wide, xy)["colors"], wide.predict(xy), atol=1e-4)


def test_the_model_is_valid_and_says_what_it_is() -> None:
    onnx: Any = pytest.importorskip("onnx")
    content = export_bytes(COLORS["keys"], ".onnx", "folder/my bird.paintnet")
    assert content == export_bytes(COLORS["keys"], ".onnx", "folder/my bird.paintnet")
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    assert model.graph.name == "my bird"
    properties = {each.key: each.value for each in model.metadata_props}
    assert properties == {"width": "23", "height": "14", "pixel": "area"}


@pytest.mark.parametrize("basis", BASES)
def test_powers_are_those_of_the_basis(basis: str) -> None:
    t = np.linspace(0, 1, 11)
    degree, weigh = BASES[basis]
    powers = np.stack([t**k for k in range(degree + 1)], axis=1)
    np.testing.assert_allclose(powers @ np.array(POWERS[basis]), np.stack(weigh(t), axis=1), atol=1e-12)


def test_without_the_extra_the_pip_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paintnet.export.onnx.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"the package onnx is not installed; install it with pip"):
        onnx_of(COLORS["raw"])
