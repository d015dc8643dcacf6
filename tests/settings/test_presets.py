from dataclasses import MISSING, fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paintnet.encoding.extent import Extent
from paintnet.encoding.fourier import FourierSpec
from paintnet.encoding.grid import GridMap, GridSpec
from paintnet.encoding.raw import RawSpec
from paintnet.engine.blocks import BlockPlan
from paintnet.errors import SettingsError
from paintnet.settings.presets import PRESETS, bound_note, grid_vertices, settings_for
from paintnet.settings.settings import PainterSettings, known_settings

sides = st.integers(1, 3000)


@given(sides, sides, st.sampled_from(sorted(PRESETS)), st.sampled_from(["regress", "classify"]), st.data())
def test_every_preset_fits_every_picture(
    width: int, height: int, preset: str, mode: str, data: st.DataObject
) -> None:
    encoding = data.draw(st.sampled_from([{}, {"encoding": "raw"}, {"encoding": "fourier"}]))
    channels = data.draw(st.sampled_from([1, 3, 4]))
    settings = settings_for(width, height, preset, channels=channels, mode=mode, **encoding)
    assert settings.mode == mode
    assert settings.encoding.name == encoding.get("encoding", "raw" if preset == "tutorial" else "grid")


@given(sides, sides, st.sampled_from([1.0, 1.5, 2.0]))
def test_the_grid_has_as_many_vertices_as_asked(width: int, height: int, pixels: float) -> None:
    grid = GridMap.over(Extent.of_picture(width, height), [grid_vertices(width, height, pixels)])
    assert grid.n_features <= 2_700_000
    if min(width, height) >= 64:
        assert grid.n_features == pytest.approx(min(2_500_000, width * height / pixels), rel=0.1)


@pytest.mark.parametrize(
    ("given", "found", "rule", "side"),
    [
        # 24,000,000 pixels: at most 2,500,000 vertices, or one for each 3.5 pixels if those are more.
        ({}, "3.5", "1", "1,930"),
        ({"purpose": "copying"}, "9.6", "2", "2,730"),
        ({"purpose": "enlarging"}, "3.5", "0.5", "1,360"),
        ({"mode": "classify"}, "9.6", "1.5", "2,370"),
        ({"channels": 1}, "3.5", "1", "1,930"),
    ],
)
def test_a_grid_that_is_coarser_than_the_rule_is_told(
    given: dict[str, Any], found: str, rule: str, side: str
) -> None:
    assert bound_note(6000, 4000, **given) == (
        f"this picture of 24.0 megapixels has {found} pixels for each vertex of the grid, where {rule} is "
        f"the rule: fine details are lost; learn from a copy of at most {side} pixels a side (max_side) to "
        "keep all of its own"
    )
    width = int(side.replace(",", ""))
    assert bound_note(width, round(width / 1.5), **given) is None


@pytest.mark.parametrize(
    "given", [{"encoding": "raw"}, {"levels": (900,)}, {"encoding": GridSpec((900,))}, {"preset": "tutorial"}]
)
def test_where_no_rule_lays_the_grid_there_is_nothing_to_tell(given: dict[str, Any]) -> None:
    assert bound_note(6000, 4000, **given) is None


@pytest.mark.parametrize("encoding", [None, "raw", "fourier"])
@pytest.mark.parametrize("size", [(8, 8), (100, 100), (768, 512)])
def test_more_time_is_given_from_draft_to_fine(encoding: str | None, size: tuple[int, int]) -> None:
    given = {} if encoding is None else {"encoding": encoding}
    epochs = [settings_for(*size, preset, **given).epochs or 0 for preset in ("draft", "standard", "fine")]
    assert epochs == sorted(set(epochs))


@pytest.mark.parametrize("encoding", [None, "raw", "fourier"])
def test_a_small_picture_gets_more_epochs(encoding: str | None) -> None:
    given = {} if encoding is None else {"encoding": encoding}
    small, medium, large = (settings_for(side, side, "draft", **given).epochs or 0 for side in (10, 40, 1000))
    assert small > medium > large


def test_the_tutorial_is_the_lesson_to_the_letter() -> None:
    settings = settings_for(100, 100, "tutorial")
    expected = {
        "encoding": RawSpec(normalize=False),
        "layers": (100,) * 10,
        "activation": "relu",
        "solver": "adam",
        "learning_rate": 0.001,
        "decay": "constant",
        "batch_size": 200,
        "alpha": 0.0001,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-8,
        "epochs": 200,
        "tol": 1e-4,
        "precision": "float64",
        "start": "stock",
        "engine": "stock",
        "one_hot": False,
    }
    assert {name: getattr(settings, name) for name in expected} == expected
    assert settings_for(100, 100, "tutorial", mode="classify").one_hot
    assert settings_for(10, 9, "tutorial").batch_size == 90


@pytest.mark.parametrize("given", [{"layers": (5,)}, {"seed": 9, "alpha": 0.5}])
@pytest.mark.parametrize("preset", PRESETS)
def test_what_is_given_wins(preset: str, given: dict[str, Any]) -> None:
    settings = settings_for(30, 20, preset, **given)
    assert {name: getattr(settings, name) for name in given} == given


@pytest.mark.parametrize("preset", PRESETS)
def test_an_encoding_is_given_by_name_or_whole_and_its_settings_beside_it(preset: str) -> None:
    by_name = settings_for(30, 20, preset, encoding="fourier", sigma=3.0)
    assert by_name.encoding == FourierSpec(n_frequencies=128, sigma=3.0)
    assert by_name == settings_for(30, 20, preset, encoding=FourierSpec(sigma=3.0))
    assert by_name == settings_for(
        30, 20, preset, encoding=FourierSpec(n_frequencies=5), n_frequencies=128, sigma=3.0
    )
    whole = settings_for(30, 20, preset, encoding=GridSpec(levels=(7, 9)))
    assert whole.encoding == GridSpec(levels=(7, 9), basis="linear")
    assert whole == settings_for(30, 20, preset, encoding="grid", levels=(7, 9), basis="linear")


def test_a_default_is_what_the_standard_preset_has_for_copying() -> None:
    settings = settings_for(768, 512, purpose="copying")
    kinds = (settings, PainterSettings), (settings.encoding, GridSpec)
    for found, kind in kinds:
        for field in fields(kind):
            if field.default is not MISSING:
                assert getattr(found, field.name) == field.default, field.name


def test_a_time_limit_alone_takes_the_limit_of_epochs_away() -> None:
    assert settings_for(30, 20, seconds=3).epochs is None
    assert settings_for(30, 20, seconds=3, epochs=7).epochs == 7
    assert settings_for(30, 20, seconds=None).epochs is not None


def test_unknown_names_are_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        settings_for(9, 9, "best")
    assert str(caught.value) == ("preset: unknown name 'best'; use one of draft, standard, fine, tutorial")
    with pytest.raises(SettingsError) as caught:
        settings_for(9, 9, momentum=3)
    assert str(caught.value) == f"momentum: unknown setting; use one of {', '.join(sorted(known_settings()))}"
    for encoding in ("hash", None, ["raw"], GridSpec):
        with pytest.raises(
            SettingsError, match=r"encoding: unknown name .*; use one of raw, fourier, grid, pyramid"
        ):
            settings_for(9, 9, encoding=encoding)
    with pytest.raises(SettingsError, match="epochs: 0 is out of range"):
        settings_for(9, 9, epochs=0)


def test_a_preset_leaves_no_number_that_json_does_not_know() -> None:
    for preset in PRESETS:
        assert isinstance(settings_for(np.int64(9).item(), 7, preset).epochs, int)


@pytest.mark.parametrize("preset", ["draft", "standard", "fine"])
def test_the_default_is_good_at_any_size_where_there_is_a_grid_and_colors(preset: str) -> None:
    default = settings_for(60, 40, preset)
    assert default == settings_for(60, 40, preset, purpose="any-size")
    assert (default.purpose, default.emphasis, default.encoding.basis) == ("any-size", 4.0, "keys")
    for other in ({"mode": "classify"}, {"encoding": "raw"}, {"purpose": "copying"}):
        settings = settings_for(60, 40, preset, **other)
        assert (settings.purpose, settings.emphasis) == ("copying", 0.0)
    assert settings_for(60, 40, "tutorial").purpose == "copying"


@pytest.mark.parametrize(("width", "height"), [(768, 512), (3000, 4000), (9000, 6000), (40, 3000)])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_grid_for_any_size_can_be_cut_into_blocks(width: int, height: int, channels: int) -> None:
    settings = settings_for(width, height, channels=channels)
    extent = Extent(-0.25, -0.25, width - 0.75, height - 0.75)
    grid = settings.encoding.build(extent, 0)
    assert BlockPlan.over(grid, 2 * width, 2 * height, 0.5) is not None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"purpose": "copying", "emphasis": 2.0},
            "emphasis: copying learns one point a pixel, which is its mean; ",
        ),
        (
            {"purpose": "any-size", "mode": "classify"},
            "purpose: any-size learns colors, and classify learns classes",
        ),
        ({"emphasis": -1}, "emphasis: -1 is out of range"),
    ],
)
def test_what_does_not_fit_the_purpose_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_for(60, 40, **given)
    assert str(caught.value).startswith(message)
