"""Every encoding by its name, and one that comes from outside: polar coordinates."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest

import paintnet
from paintnet.encoding.base import DenseMap, EncodingSpec, PositionMap
from paintnet.encoding.extent import Extent
from paintnet.encoding.fourier import FourierSpec
from paintnet.encoding.grid import GridSpec
from paintnet.encoding.pyramid import PyramidSpec
from paintnet.encoding.raw import RawSpec
from paintnet.encoding.registry import ENCODINGS, encoding_named, map_named, register, unregister
from paintnet.errors import ModelFileError, SettingsError
from paintnet.report.diagram import network_layers
from tests.command_line import Run

EXTENT = Extent.of_picture(9, 5)
SPECS = [RawSpec(), RawSpec(normalize=False), FourierSpec(6, 2.0), GridSpec((2, 4)), GridSpec((3,), "cubic")]
SPECS.append(PyramidSpec((1, 4)))


@dataclass(frozen=True)
class PolarMap(DenseMap):
    """Distance from the center, and the direction as that of a star with so many rays."""

    extent: Extent
    rays: int
    name: ClassVar[str] = "polar"
    description: ClassVar[str] = "distance, direction"
    n_features: ClassVar[int] = 3

    def transform(self, xy: np.ndarray) -> np.ndarray:
        x, y = (xy - np.array(self.extent.center, dtype=xy.dtype)).T
        angle = self.rays * np.arctan2(y, x)
        distance = np.hypot(x, y) / (self.extent.long_side / 2)
        return np.stack([distance, np.cos(angle), np.sin(angle)], axis=1)

    def to_document(self) -> dict[str, Any]:
        return {"name": self.name, "extent": self.extent.to_list(), "rays": self.rays}

    @classmethod
    def from_document(cls, document: dict[str, Any], tensors: dict[str, np.ndarray]) -> Self:
        return cls(Extent.from_list(document["extent"]), int(document["rays"]))


@dataclass(frozen=True)
class PolarSpec(EncodingSpec):
    rays: int = 1
    name: ClassVar[str] = "polar"
    map_type: ClassVar[type[PositionMap]] = PolarMap
    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {"rays": (1, 100)}

    def build(self, extent: Extent, seed: int) -> PolarMap:
        return PolarMap(extent, self.rays)


@pytest.fixture
def polar() -> Iterator[None]:
    register(PolarSpec)
    yield
    unregister("polar")


def star(side: int = 40) -> np.ndarray:
    """Seven rays, which polar coordinates of seven rays see as one wave."""
    y, x = np.indices((side, side)) - (side - 1) / 2
    wave = 0.5 + 0.4 * np.cos(7 * np.arctan2(y, x))
    return wave[:, :, None].astype(np.float32)


@pytest.mark.parametrize("spec", SPECS, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_first_layer_is_the_product_and_types_are_kept(spec: EncodingSpec, dtype: type) -> None:
    encoding = spec.build(EXTENT, seed=0)
    rng = np.random.default_rng(3)
    xy = rng.uniform(0, 8, (20, 2)).astype(dtype)
    coefs = rng.normal(size=(encoding.n_features, 5)).astype(dtype)
    features = encoding.transform(xy)
    assert features.shape == (20, encoding.n_features)
    assert features.dtype == dtype
    sums = encoding.first_layer(xy, coefs)
    assert sums.dtype == dtype
    np.testing.assert_allclose(sums, features @ coefs, atol=1e-4 if dtype is np.float32 else 1e-12)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_document_and_tensors_bring_a_map_back(spec: EncodingSpec) -> None:
    encoding = spec.build(EXTENT, seed=0)
    document = json.loads(json.dumps(encoding.to_document()))
    again = map_named(encoding.name).from_document(document, encoding.tensors())
    xy = np.random.default_rng(3).uniform(-2, 10, (20, 2)).astype(np.float32)
    first, second = encoding.transform(xy), again.transform(xy)
    assert abs(first - second).max() == 0


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_a_spec_is_found_by_the_name_in_its_document(spec: EncodingSpec) -> None:
    document = json.loads(json.dumps(spec.to_document()))
    again = encoding_named(document.pop("name"))(**document)
    again.validate()
    assert again.to_document() == spec.to_document()


def test_numbers_of_numpy_are_written_as_json() -> None:
    spec = GridSpec(levels=(np.int64(3), 8))
    assert json.dumps(spec.to_document()) == '{"name": "grid", "levels": [3, 8], "basis": "linear"}'
    document = FourierSpec(np.int32(4), np.float32(0.5)).to_document()
    assert json.dumps(document) == '{"name": "fourier", "n_frequencies": 4, "sigma": 0.5}'


def test_an_unknown_name_is_refused() -> None:
    for look_up in (encoding_named, map_named, unregister):
        with pytest.raises(SettingsError) as caught:
            look_up("hash")
        assert str(caught.value) == "encoding: unknown name 'hash'; use one of raw, fourier, grid, pyramid"


@pytest.mark.usefixtures("polar")
def test_an_encoding_from_outside_is_learned_saved_and_painted(tmp_path: Path) -> None:
    picture = star()
    painting = paintnet.fit(picture, preset="draft", encoding="polar", rays=7, epochs=20, layers=(16,))
    assert painting.training.psnr > 30
    assert painting.training.settings["encoding"] == {"name": "polar", "rays": 7}
    one_ray = paintnet.fit(picture, preset="draft", encoding=PolarSpec(), epochs=20, layers=(16,))
    assert one_ray.training.psnr < 15

    painting.save(tmp_path / "star.paintnet")
    again = paintnet.load(tmp_path / "star.paintnet")
    assert isinstance(again.patches[0].network.encoding, PolarMap)
    assert np.array_equal(again.render(), painting.render())
    assert again.render(size=(90, 70)).shape == (70, 90, 1)
    assert [layer.does for layer in network_layers(again.patches[0].network, "gray")][:2] == [
        "x, y",
        "distance, direction",
    ]
    unregister("polar")
    try:
        with pytest.raises(ModelFileError, match="unknown encoding 'polar'; install or import"):
            paintnet.load(tmp_path / "star.paintnet")
    finally:
        register(PolarSpec)


@pytest.mark.usefixtures("polar")
def test_its_settings_are_checked_as_all_others() -> None:
    for given, message in (
        ({"encoding": "polar", "rays": 0}, "rays: 0 is out of range; use 1 to 100"),
        ({"encoding": PolarSpec(rays=101)}, "rays: 101 is out of range; use 1 to 100"),
        (
            {"rays": 7},
            "rays: encoding grid has no such setting; use encoding polar, which has it, or leave it out",
        ),
    ):
        with pytest.raises(SettingsError) as caught:
            paintnet.fit(star(), **given)
        assert str(caught.value) == message


def test_it_is_a_choice_of_the_command_line_while_it_is_registered(run: Run, photo: Path) -> None:
    before = run("fit", "--help").done().out
    assert "[raw|fourier|grid|pyramid]" in before
    register(PolarSpec)
    try:
        assert "[raw|fourier|grid|pyramid|polar]" in run("fit", "--help").done().out
        run("fit", photo, "--encoding", "polar", "--preset", "draft", "-o", "painted.paintnet").done()
        assert "polar encoding" in run("info", "painted.paintnet").done().out
    finally:
        unregister("polar")
    assert run("fit", "--help").out == before
    message = run("fit", photo, "--encoding", "polar").failed(2)
    assert "'polar' is not one of 'raw', 'fourier', 'grid'" in message


def test_a_name_that_is_taken_or_that_its_map_does_not_have_is_refused() -> None:
    @dataclass(frozen=True)
    class Other(PolarSpec):
        name: ClassVar[str] = "raw"

    with pytest.raises(SettingsError) as caught:
        register(Other)
    taken = "choose another one, or unregister the other first"
    assert str(caught.value) == f"encoding: the name 'raw' is taken; {taken}"
    Other.name = "rays"
    with pytest.raises(SettingsError) as caught:
        register(Other)
    why = "Other has the name 'rays', and its map 'polar'"
    assert str(caught.value) == f"encoding: {why}; give both one name: files are read by that of the map"
    register(RawSpec)  # the same again is no other
    assert list(ENCODINGS) == ["raw", "fourier", "grid", "pyramid"]


def test_a_setting_may_not_have_the_name_of_one_of_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Shifted(PolarSpec):
        alpha: float = 0.0

    monkeypatch.setitem(ENCODINGS, "polar", Shifted)
    with pytest.raises(SettingsError) as caught:
        paintnet.fit(star(), encoding="polar", alpha=0.5)
    expected = "encoding polar: its setting alpha has the name of one of the training; rename it"
    assert str(caught.value) == expected
    with pytest.raises(SettingsError, match="PolarSpec is not what is registered as 'polar'"):
        paintnet.fit(star(), encoding=PolarSpec())
