"""Which settings a report lists, and what it says of how a run ended and when."""

from datetime import UTC, datetime
from typing import Any

import pytest

from paintnet.dataset.classes import Classes
from paintnet.record import ENDINGS
from paintnet.report.facts import facts_of, now, percent, settings_in_use
from paintnet.settings.presets import settings_for
from tests.records import a_record


def listed(**settings: Any) -> set[str]:
    preset = settings.pop("preset", "draft")
    document = settings_for(64, 64, preset, **settings).to_document()
    return {name for name, _ in settings_in_use(document)}


def test_settings_without_influence_are_not_listed() -> None:
    regress, classify = listed(), listed(mode="classify", classes=Classes(threshold=300))
    assert not {name for name in regress if name.startswith("classes")} | (regress & {"one_hot"})
    assert classify >= {"classes.threshold", "one_hot"}
    assert not {"classes.colors", "classes.palette", "emphasis"} & classify
    grid = {"grid_rate_factor", "grid_beta_1", "grid_beta_2"}
    assert regress >= grid | {"emphasis", "beta_1", "epochs"}
    assert not grid & listed(encoding="raw")
    assert not grid & listed(engine="stock")
    assert not {"tol", "seconds", "hold_out", "alpha", "iterations", "target_psnr"} & regress
    assert listed(hold_out=0.2, seconds=5.0, target_psnr=30.0) >= {"hold_out", "seconds", "target_psnr"}


def test_settings_of_a_solver() -> None:
    lbfgs = listed(preset="tutorial", solver="lbfgs", encoding="raw")
    assert "iterations" in lbfgs
    assert not {"epochs", "learning_rate", "batch_size", "beta_1", "tol"} & lbfgs
    sgd = listed(solver="sgd", encoding="raw")
    assert "learning_rate" in sgd
    assert not {"beta_1", "beta_2", "epsilon"} & sgd


def test_why_it_ended() -> None:
    for reason, words in ENDINGS.items():
        assert ("why it ended", words) in facts_of(a_record(ended_by=reason))
    assert ("why it ended", "moonlight") in facts_of(a_record(ended_by="moonlight"))
    assert facts_of(None) == []


def test_the_date_comes_from_the_environment_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert now() == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    for odd in ("", "-5", "soon", "9" * 40, "\u0661"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", odd)
        assert abs((now() - datetime.now(UTC)).total_seconds()) < 60


def test_shares_are_not_rounded_to_all_or_nothing() -> None:
    assert [percent(share) for share in (0, 0.00005, 0.0001, 0.5, 0.99985, 0.99995, 1)] == [
        *("0 %", "less than 0.01 %", "0.01 %", "50 %", "99.98 %", "more than 99.99 %", "100 %")
    ]
