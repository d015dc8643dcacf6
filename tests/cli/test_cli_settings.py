"""Every setting of the painter is an option, and an encoding brings its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from paintnet import load
from paintnet.cli import settings
from paintnet.cli.fit import fit
from paintnet.cli.help import Option, command, in_names_of_options
from paintnet.encoding.base import EncodingSpec
from paintnet.encoding.raw import RawMap
from paintnet.encoding.registry import ENCODINGS
from paintnet.settings.presets import settings_for
from paintnet.settings.settings import known_settings
from tests.command_line import QUICK, Run
from tests.fleet.fleet_helpers import pictures_in


def test_every_setting_has_its_option() -> None:
    options = {each.setting for each in fit.params if isinstance(each, Option)}
    assert known_settings() - settings.MADE_OF_OPTIONS <= options
    assert {"colors", "threshold", "palette"} <= options


def test_choices_are_those_of_the_settings() -> None:
    settings_for(8, 8).validate()
    for each in fit.params:
        allowed = type(settings_for(8, 8)).choices.get(getattr(each, "setting", ""))
        if allowed is not None:
            assert set(each.type.choices) == set(allowed), each.name  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("given", "encoding", "training"),
    [
        (
            ("--levels", "4,9", "--basis", "cubic", "--emphasis", "2", "--start", "features"),
            {"name": "grid", "levels": [4, 9], "basis": "cubic"},
            {"emphasis": 2.0, "start": "features"},
        ),
        (
            ("--encoding", "fourier", "--frequencies", "7", "--sigma", "2.5", "--decay", "cosine"),
            {"name": "fourier", "n_frequencies": 7, "sigma": 2.5},
            {"decay": "cosine"},
        ),
        (
            ("--encoding", "raw", "--no-normalize", "--precision", "float64", "--beta-1", "0.5"),
            {"name": "raw", "normalize": False},
            {"precision": "float64", "beta_1": 0.5},
        ),
    ],
)
def test_what_is_given_is_what_is_trained(
    run: Run, folder: Path, given: tuple[str, ...], encoding: dict[str, Any], training: dict[str, Any]
) -> None:
    pictures_in(folder, "a.png")
    run("fit", "a.png", *QUICK, "--engine", "stock", "-m", "a.paintnet", *given).done()
    record = load("a.paintnet").training
    assert record is not None
    document = record.to_document()["settings"]
    assert document["encoding"] == encoding
    assert {name: document[name] for name in training} == training


def test_a_setting_of_another_encoding_names_its_option(run: Run) -> None:
    told = run("fit", "sample:bird", "--sigma", "3").failed(2)
    assert told.startswith(
        "--sigma: --encoding grid has no such setting; use --encoding fourier, which has it"
    )
    told = run("fit", "sample:bird", "--encoding", "fourier", "--frequencies", "0").failed(2)
    assert told == "--frequencies: 0 is out of range; use 1 to 65,536"
    assert run("fit", "sample:bird", "--levels", "1").failed(2).startswith("--levels: 1 is out of range; ")
    assert "is not of the form N,N,..." in run("fit", "sample:bird", "--levels", "4.5").failed(2)


def test_an_encoding_from_outside_brings_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Waves(EncodingSpec):
        n_waves: int = 3
        phase: float | None = None
        is_round: bool = False
        shape: str = "sine"
        basis: str = "no second option of this name"
        name: ClassVar[str] = "waves"
        map_type: ClassVar[Any] = RawMap
        choices = {"shape": ("sine", "saw")}
        explanations = {"phase": "Where they begin."}

        def build(self, extent: Any, seed: int) -> Any:
            raise NotImplementedError

    monkeypatch.setitem(ENCODINGS, "waves", Waves)

    @command()
    @settings.option_group("The encoding", *settings._options_of_encodings())
    def made(**_: Any) -> None:
        """Nothing."""

    found = {each.name: each for each in made.params}
    assert [each.opts[0] for each in made.params][6:] == ["--waves", "--phase", "--is-round", "--shape"]
    assert found["phase"].help == "For waves: where they begin."  # type: ignore[attr-defined]
    assert list(found["shape"].type.choices) == ["sine", "saw"]  # type: ignore[attr-defined]
    values = made.make_context("made", ["--waves", "4", "--phase", "0.5", "--no-is-round"]).params
    assert {name: value for name, value in values.items() if value is not None} == {
        "waves": 4,
        "phase": 0.5,
        "is_round": False,
    }
    assert in_names_of_options("n_waves is odd", made) == "--waves is odd"
