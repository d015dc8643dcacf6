import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paintnet.dataset.classes import Classes
from paintnet.encoding.fourier import FourierSpec
from paintnet.encoding.grid import GridSpec
from paintnet.encoding.raw import RawSpec
from paintnet.engine.starts import STARTS
from paintnet.errors import SettingsError
from paintnet.settings.presets import settings_for
from paintnet.settings.settings import START_NAMES, PainterSettings, known_settings, parse_layers

GRID = settings_for(100, 100, purpose="copying")
FOURIER = GRID.changed(encoding="fourier", n_frequencies=64)


def test_settings_are_written_as_json_with_those_of_the_encoding_inside() -> None:
    classes = Classes(palette=("#fff", "#000"))
    settings = GRID.changed(mode="classify", classes=classes, layers=(16, np.int64(8)), levels=(np.int64(9),))
    document = json.loads(json.dumps(settings.to_document(), allow_nan=False))
    assert set(document) == PainterSettings.setting_names() - {"threads"}
    assert document["layers"] == [16, 8]
    assert document["encoding"] == {"name": "grid", "levels": [9], "basis": "linear"}
    assert document["classes"] == {"colors": None, "threshold": None, "palette": ["#fff", "#000"]}


def test_numbers_of_numpy_become_those_of_python() -> None:
    settings = GRID.changed(seed=np.int64(3), learning_rate=np.float32(0.5), epochs=np.uint8(7))
    kept = settings.seed, settings.learning_rate, settings.epochs
    assert kept == (3, 0.5, 7)
    assert [type(value) for value in kept] == [int, float, int]


@pytest.mark.parametrize(
    ("given", "layers"),
    [
        (16, (16,)),
        (np.int32(16), (16,)),
        ([64, 32.0], (64, 32)),
        (np.array([64, 32]), (64, 32)),
        (range(3, 5), (3, 4)),
        ("100x2", (100, 100)),
    ],
    ids=str,
)
def test_layers_are_taken_in_every_form_whose_meaning_is_plain(given: Any, layers: tuple[int, ...]) -> None:
    assert GRID.changed(layers=given).layers == layers
    assert GRID.changed(levels=64).encoding.to_document()["levels"] == [64]


def test_settings_of_the_encoding_in_use_are_changed_by_their_own_names() -> None:
    assert FOURIER.encoding == FourierSpec(n_frequencies=64, sigma=10.0)
    assert FOURIER.changed(sigma=3.0, seed=5).encoding == FourierSpec(n_frequencies=64, sigma=3.0)
    assert FOURIER.changed(encoding="fourier", sigma=3.0).encoding == FourierSpec(n_frequencies=64, sigma=3.0)
    assert FOURIER.changed(encoding="raw", normalize=False).encoding == RawSpec(normalize=False)
    whole = FOURIER.changed(encoding=GridSpec((8,)), basis="cubic", grid_beta_1=0.25)
    assert (whole.encoding, whole.grid_beta_1) == (GridSpec((8,), "cubic"), 0.25)


@pytest.mark.parametrize(
    ("settings", "given", "message", "owner"),
    [
        (GRID, {"sigma": 5.0}, "sigma: encoding grid has no such setting", "fourier"),
        (FOURIER, {"normalize": True}, "normalize: encoding fourier has no such setting", "raw"),
        (FOURIER, {"basis": "cubic"}, "basis: encoding fourier has no such setting", "grid"),
        (FOURIER, {"grid_beta_1": 0.5}, "grid_beta_1: encoding fourier has no such setting", "grid"),
        (GRID, {"encoding": "raw", "levels": (8,)}, "levels: encoding raw has no such setting", "grid"),
    ],
)
def test_a_setting_of_another_encoding_is_refused(
    settings: PainterSettings, given: dict[str, Any], message: str, owner: str
) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        settings.changed(**given)
    assert str(caught.value) == f"{message}; use encoding {owner}, which has it, or leave it out"


def test_names_of_all_settings() -> None:
    of_encodings = {"normalize", "n_frequencies", "sigma", "levels", "basis", "spacings"}
    assert known_settings() == PainterSettings.setting_names() | of_encodings
    assert not PainterSettings.setting_names() & of_encodings


def test_every_start_can_be_set() -> None:
    assert set(START_NAMES) == set(STARTS)


LAYERS = "use 1 to 63 layers of 1 to 65536 units, such as 64,64 or 100x10"
REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"mode": "dream"}, "mode: unknown value 'dream'; use one of regress, classify"),
    ({"encoding": "hash"}, "encoding: unknown name 'hash'; use one of raw, fourier, grid, pyramid"),
    ({"activation": "sine"}, "activation: unknown value 'sine'; use one of relu, tanh, logistic, identity"),
    ({"solver": "lion"}, "solver: unknown value 'lion'; use one of adam, sgd, lbfgs"),
    ({"decay": "steps"}, "decay: unknown value 'steps'; use one of constant, linear, cosine"),
    ({"start": "warm"}, "start: unknown value 'warm'; use one of stock, mean, features, picture, pretrained"),
    ({"engine": "gpu"}, "engine: unknown value 'gpu'; use one of auto, compiled, numpy, stock"),
    ({"precision": "float16"}, "precision: unknown value 'float16'; use one of float32, float64"),
    ({"basis": "hat"}, "basis: unknown value 'hat'; use one of linear, quadratic, cubic, keys"),
    ({"learning_rate": 0}, "learning_rate: 0 is out of range; use 0.000000001 to 1,000,000,000"),
    ({"learning_rate": float("nan")}, "learning_rate: nan is out of range; use 0.000000001 to 1,000,000,000"),
    ({"batch_size": 0}, "batch_size: 0 is out of range; use 1 to 100,000,000"),
    ({"alpha": -1}, "alpha: -1 is out of range; use 0 to 1,000,000,000"),
    ({"beta_1": 1}, "beta_1: 1 is out of range; use 0 or more, below 1"),
    ({"beta_2": -0.1}, "beta_2: -0.1 is out of range; use 0 or more, below 1"),
    ({"epsilon": 0}, "epsilon: 0 is out of range; use 1e-30 to 1"),
    ({"epochs": 0}, "epochs: 0 is out of range; use 1 to 1,000,000,000"),
    ({"seconds": 0}, "seconds: 0 is out of range; use 0.001 to 31,536,000"),
    ({"iterations": 0}, "iterations: 0 is out of range; use 1 to 1,000,000,000"),
    ({"tol": -1}, "tol: -1 is out of range; use 0 to 1,000,000,000"),
    ({"target_psnr": 201}, "target_psnr: 201 is out of range; use 0 to 200"),
    ({"hold_out": 0.95}, "hold_out: 0.95 is out of range; use 0 to 0.9"),
    ({"seed": -1}, "seed: -1 is out of range; use 0 to 4,294,967,295"),
    ({"epochs": "3"}, "epochs: '3' is not a whole number; use 1 to 1,000,000,000"),
    ({"encoding": "fourier", "n_frequencies": 0}, "n_frequencies: 0 is out of range; use 1 to 65,536"),
    ({"encoding": "fourier", "sigma": 0}, "sigma: 0 is out of range; use 0.000001 to 1,000,000"),
    ({"layers": ()}, f"layers: an empty list is out of range; {LAYERS}"),
    ({"layers": (5, 0)}, f"layers: 5, 0 is out of range; {LAYERS}"),
    ({"layers": (65537,)}, f"layers: 65,537 is out of range; {LAYERS}"),
    ({"layers": (1,) * 64}, f"layers: {', '.join('1' * 64)} is out of range; {LAYERS}"),
    ({"levels": ()}, "levels: an empty list is out of range; use 2 to 65,536 vertices a level"),
    ({"levels": "88"}, "levels: '88' is not a list of whole numbers; give one"),
    ({"levels": {8: 9}}, "levels: {8: 9} is not a list of whole numbers; give one"),
    ({"levels": (8, 1)}, "levels: 8, 1 is out of range; use 2 to 65,536 vertices a level"),
    ({"levels": (8, 9.5)}, "levels: (8, 9.5) is not a list of whole numbers; give one"),
    ({"layers": None}, "layers: None is not a list of whole numbers; give one"),
    ({"layers": "64;64"}, "layers: '64;64' is not a list of layers; write 64,64 or 100x10"),
    ({"epochs": 2.5}, "epochs: 2.5 is not a whole number; use 1 to 1,000,000,000"),
    ({"epochs": True}, "epochs: True is not a whole number; use 1 to 1,000,000,000"),
    ({"epochs": 10**5000}, "epochs: 1.000000e+5000 is out of range; use 1 to 1,000,000,000"),
    ({"seed": None}, "seed: None is not a whole number; use 0 to 4,294,967,295"),
    ({"seed": np.ma.masked}, "seed: masked is not a whole number; use 0 to 4,294,967,295"),
    ({"learning_rate": 1j}, "learning_rate: 1j is not a number; use 0.000000001 to 1,000,000,000"),
    ({"learning_rate": [1]}, "learning_rate: [1] is not a number; use 0.000000001 to 1,000,000,000"),
    ({"mode": None}, "mode: unknown value None; use one of regress, classify"),
    ({"mode": np.array([1, 2])}, "mode: unknown value array([1, 2]); use one of regress, classify"),
    (
        {"encoding": {"name": "raw"}},
        "encoding: unknown name {'name': 'raw'}; use one of raw, fourier, grid, pyramid",
    ),
    ({"one_hot": "yes"}, "one_hot: 'yes' is not True or False; give one"),
    ({"classes": 2}, "classes: 2 is not of type Classes; give one"),
    (
        {"solver": "lbfgs", "seconds": 3},
        "seconds: lbfgs has no epochs, so it cannot stop between them; use iterations, or solver adam",
    ),
    (
        {"solver": "lbfgs", "target_psnr": 30},
        "target_psnr: lbfgs has no epochs, so it cannot stop between them; use iterations, or solver adam",
    ),
    (
        {"mode": "classify", "target_psnr": 30},
        "target_psnr: classify learns classes, not colors; use mode regress",
    ),
    (
        {"classes": Classes(colors=3)},
        "colors, threshold, palette: only classify sorts pixels into classes; use mode classify",
    ),
    ({"epochs": None}, "epochs: neither epochs nor seconds are set; give one of them"),
]


@pytest.mark.parametrize(("change", "message"), REFUSALS, ids=[message[:40] for _, message in REFUSALS])
def test_what_cannot_be_used_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        GRID.changed(**change)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "change",
    [
        {"layers": (1,) * 63},
        {"learning_rate": 1e9},
        {"hold_out": 0.9},
        {"seed": 2**32 - 1},
        {"beta_1": 0},
        {"tol": 0},
        {"epochs": None, "seconds": 1},
        {"solver": "lbfgs", "iterations": 1},
    ],
)
def test_the_ends_of_a_range_belong_to_it(change: dict[str, Any]) -> None:
    GRID.changed(**change)


@given(st.lists(st.tuples(st.integers(1, 65_536), st.integers(1, 20)), min_size=1, max_size=3))
def test_layers_are_read_in_both_spellings(parts: list[tuple[int, int]]) -> None:
    expected = tuple(units for units, times in parts for _ in range(times))
    assert parse_layers(",".join(f"{units}x{times}" for units, times in parts)) == expected
    assert parse_layers(" , ".join(map(str, expected))) == expected


@pytest.mark.parametrize("text", ["", "x", "64,", "64x", "x3", "6.5", "-3", "64;64", "64x2x2", "ten", "²"])
def test_what_is_no_list_of_layers_is_refused(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_layers(text)
    assert str(caught.value) == f"layers: {text!r} is not a list of layers; write 64,64 or 100x10"


@pytest.mark.parametrize("text", ["0", "65537", "5x0", "5x65", "5x999999999999", "9" * 30])
def test_layers_out_of_range_are_refused(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_layers(text)
    assert str(caught.value) == (f"layers: {text!r} is out of range; use 1 to 63 layers of 1 to 65536 units")
