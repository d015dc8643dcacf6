import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paintnet.engine.schedule import Schedule, decayed
from paintnet.settings.settings import DECAYS

shares = st.floats(0, 1)


class Clock:
    """A clock that goes only when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def schedule(**settings: object) -> Schedule:
    return Schedule(**{"learning_rate": 0.02, "decay": "linear", "_running_since": 100.0, **settings})  # type: ignore[arg-type]


@given(st.sampled_from(DECAYS), shares, shares)
def test_a_rate_never_rises_and_stays_above_one_percent(decay: str, first: float, second: float) -> None:
    early, late = sorted((first, second))
    assert 2 >= decayed(2, decay, early) >= decayed(2, decay, late) >= 0.02 * (1 - 1e-12)


@pytest.mark.parametrize(
    ("decay", "rates"),
    [("constant", [2, 2, 2, 2]), ("linear", [2, 1.5, 1, 0.02]), ("cosine", [2, 1.70999, 1.01, 0.02])],
)
def test_hand_worked_rates(decay: str, rates: list[float]) -> None:
    found = [decayed(2, decay, progress) for progress in (0, 0.25, 0.5, 1)]
    assert found == pytest.approx(rates, abs=1e-4)
    assert decayed(2, decay, -1) == rates[0]
    assert decayed(2, decay, 9) == pytest.approx(rates[-1])


def test_progress_is_that_of_the_limit_which_is_nearer(clock: Clock) -> None:
    both = schedule(epochs=10, time_limit=20.0)
    both.epochs_done = 2.5
    assert both.progress == 0.25
    clock.now += 8
    assert (both.seconds, both.progress) == (8, 0.4)
    assert both.rate == pytest.approx(0.02 * 0.6)
    assert not both.out_of_time
    clock.now += 12
    assert both.out_of_time
    assert both.progress == 1
    clock.now += 99
    assert both.progress == 1
    assert both.rate == pytest.approx(0.02 * 0.01)


def test_without_a_time_limit_there_is_always_time(clock: Clock) -> None:
    by_epochs = schedule(epochs=4)
    clock.now += 1e9
    assert not by_epochs.out_of_time
    assert by_epochs.progress == 0


def test_the_clock_stands_still_in_a_pause(clock: Clock) -> None:
    paused = schedule(time_limit=10.0)
    clock.now += 1
    with paused.paused():
        clock.now += 50
    clock.now += 2
    assert paused.seconds == 3

    def fail() -> None:
        with paused.paused():
            clock.now += 50
            raise ValueError("from a listener")

    with pytest.raises(ValueError, match="from a listener"):
        fail()
    assert paused.seconds == 3


def test_eleven_epochs_without_improvement_are_stale() -> None:
    stale = schedule(tol=0.1)
    assert not stale.is_stale(1.0)
    assert [stale.is_stale(0.95) for _ in range(11)] == [False] * 10 + [True]


def test_an_improvement_starts_the_count_again() -> None:
    stale = schedule(tol=0.1)
    losses = [1.0, *[1.0] * 10, 0.8, *[0.75] * 10]
    assert not any(stale.is_stale(loss) for loss in losses)
    assert stale.is_stale(0.75)


def test_without_tol_nothing_is_stale() -> None:
    never = schedule()
    assert not any(never.is_stale(1.0) for _ in range(50))


def test_limits_may_change_on_the_way(clock: Clock) -> None:
    changed = schedule(epochs=10)
    changed.epochs_done = 5
    changed.epochs, changed.learning_rate = 20, 0.1
    assert (changed.progress, changed.rate) == (0.25, pytest.approx(0.075))
    changed.time_limit = 4.0
    clock.now += 3
    assert changed.progress == 0.75


def test_a_restored_schedule_goes_on_from_its_seconds(clock: Clock) -> None:
    stored = schedule(epochs=10, time_limit=20.0, tol=0.1)
    stored.epochs_done = 2.5
    stored.is_stale(1.0)
    clock.now += 8
    with stored.paused():
        clock.now += 100
    state = json.loads(json.dumps(stored.state()))
    clock.now += 1000
    restored = schedule(tol=0.1, _running_since=None)
    restored.restore(state)
    assert (restored.seconds, restored.progress, restored.rate) == (8, 0.4, stored.learning_rate * 0.6)
    assert [restored.is_stale(0.95) for _ in range(11)] == [False] * 10 + [True]
