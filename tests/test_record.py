"""The training record: what comes back from its document, and what is no record."""

import json
import math
import pickle
from dataclasses import replace
from typing import Any

import pytest

from paintnet.record import TrainingRecord
from tests.records import a_record

FULL = a_record(engine="numpy", held_out_psnr=math.inf, accuracy=0.5, seconds=1.5)


def test_a_document_brings_it_back_by_way_of_json() -> None:
    for record in (a_record(), FULL, a_record(psnr=math.inf)):
        document = json.loads(json.dumps(record.to_document(), allow_nan=False))
        assert TrainingRecord.from_document(document) == record


def test_an_infinite_psnr_is_null_and_an_absent_field_stays_absent() -> None:
    document = FULL.to_document()
    assert document["held_out_psnr"] is None
    assert "held_out_psnr" not in a_record().to_document()
    assert a_record().to_document().keys() == document.keys() - {
        "engine",
        "held_out_psnr",
        "accuracy",
        "seconds",
    }


def test_it_is_a_copy_of_what_it_was_given_and_travels() -> None:
    settings = {"layers": (8, 4), "grid": {"basis": "linear"}}
    record = a_record(settings=settings, psnr=30)
    settings["grid"]["basis"] = "cubic"  # type: ignore[index]
    assert record.settings == {"layers": [8, 4], "grid": {"basis": "linear"}}
    assert isinstance(record.psnr, float)
    assert pickle.loads(pickle.dumps(record)) == record


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"preset": 3}, "preset is 3, not a text"),
        ({"preset": None}, "preset is None, not a text"),
        ({"settings": []}, "settings is [], not an object"),
        ({"seed": True}, "seed is True, not a whole number from 0"),
        ({"seed": -1}, "seed is -1, not a whole number from 0"),
        ({"epochs": 1.0}, "epochs is 1.0, not a whole number from 0"),
        ({"epochs": None}, "epochs is None, not a whole number from 0"),
        ({"psnr": "high"}, "psnr is 'high', not a number"),
        ({"psnr": {}}, "psnr is {}, not a number"),
        ({"psnr": 10**400}, "psnr is 1000000000"),
        ({"accuracy": []}, "accuracy is [], not a number from 0 to 1"),
        ({"accuracy": 1.5}, "accuracy is 1.5, not a number from 0 to 1"),
        ({"seconds": -1}, "seconds is -1.0, not a number from 0"),
        ({"engine": 1}, "engine is 1, not a text"),
        ({"versions": 3}, "versions is 3, not texts by name"),
        ({"versions": ["a"]}, "versions is ['a'], not texts by name"),
        ({"versions": {"numpy": 2}}, "versions is {'numpy': 2}, not texts by name"),
        ({"more": 1}, "unknown 'more'"),
    ],
)
def test_a_wrong_document_is_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="training record: ") as caught:
        TrainingRecord.from_document(FULL.to_document() | changes)
    assert str(caught.value).startswith(f"training record: {message}")


def test_a_document_that_is_none_or_lacks_a_field_is_told() -> None:
    with pytest.raises(ValueError, match=r"^training record: \[\] is no object$"):
        TrainingRecord.from_document([])
    document = FULL.to_document()
    del document["epochs"], document["psnr"]
    with pytest.raises(ValueError, match=r"^training record: epochs, psnr missing$"):
        TrainingRecord.from_document(document)


@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_a_psnr_that_no_picture_has_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="psnr"):
        replace(FULL, psnr=value)


@pytest.mark.parametrize("value", [math.inf, object(), {1, 2}])
def test_a_setting_that_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="settings has a value that JSON cannot hold"):
        a_record(settings={"rate": value})
