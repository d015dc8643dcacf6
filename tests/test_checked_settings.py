import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from paintnet.checked_settings import BELOW_1, CheckedSettings
from paintnet.errors import SettingsError


@dataclass(frozen=True)
class Brush(CheckedSettings):
    shape: str = "round"
    width: float | None = 2.0
    dry: float = 0.5
    sizes: Any = (1, 2)
    extra: dict[str, Any] = field(default_factory=dict)
    choices = {"shape": ("round", "flat")}
    ranges = {"width": (0.5, 4_000), "dry": (0, BELOW_1)}


def test_every_field_is_a_setting() -> None:
    assert Brush.setting_names() == {"shape", "width", "dry", "sizes", "extra"}


@pytest.mark.parametrize("given", [{"width": 0.5}, {"width": np.float32(4_000)}, {"width": None}, {"dry": 0}])
def test_the_ends_of_a_range_belong_to_it_and_nothing_may_be_set(given: dict[str, Any]) -> None:
    Brush(**given).validate()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shape": "square"}, "shape: unknown value 'square'; use one of round, flat"),
        ({"shape": ["round"]}, "shape: unknown value ['round']; use one of round, flat"),
        ({"width": 0.4}, "width: 0.4 is out of range; use 0.5 to 4,000"),
        ({"width": float("nan")}, "width: nan is out of range; use 0.5 to 4,000"),
        ({"width": "3"}, "width: '3' is not a number; use 0.5 to 4,000"),
        ({"width": np.array([3])}, "width: array([3]) is not a number; use 0.5 to 4,000"),
        ({"dry": 1}, "dry: 1 is out of range; use 0 or more, below 1"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Brush(**given).validate()
    assert str(caught.value) == message


def test_a_document_holds_json_values_only() -> None:
    brush = Brush(
        width=np.float32(0.5), sizes=np.array([3, 4]), extra={"at": (np.int64(1), [np.bool_(True)])}
    )
    expected = {"shape": "round", "width": 0.5, "dry": 0.5, "sizes": [3, 4], "extra": {"at": [1, [True]]}}
    assert json.loads(json.dumps(brush.to_document())) == brush.to_document() == expected
