"""The clock of a job: its parts add up to the whole, whatever happens between them."""

import time

import pytest

from paintnet.painter.events import PARTS, Noted, Working
from paintnet.painter.parts import PartClock


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in a list of one."""
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    return now


def test_the_parts_add_up_to_the_whole(at: list[float]) -> None:
    said: list[Working] = []
    clock = PartClock(said.append, begun=98.5)
    steps = [("opening", 1.0), ("learning", 2.0), ("measuring", 4.0), ("learning", 8.0), ("writing", 16.0)]
    for part, seconds in steps:
        clock.at(part)
        at[0] += seconds / 2
        clock.at(part, 0.5)
        clock(Noted("not a part"))
        at[0] += seconds / 2
    clock.stop()
    at[0] += 1000
    assert clock.seconds == {
        "starting": 1.5,
        "opening": 1.0,
        "learning": 10.0,
        "measuring": 4.0,
        "writing": 16.0,
    }
    assert sum(clock.seconds.values()) == 131 + 1.5 - 100
    assert [event for event in said if event.progress is None] == [Working(part) for part, _ in steps]
    assert list(clock.seconds) == [part for part in PARTS if part in clock.seconds]


def test_a_clock_that_nobody_hears_begins_now(at: list[float]) -> None:
    clock = PartClock()
    at[0] += 3
    clock.at("opening")
    assert clock.seconds == {"starting": 3.0}
