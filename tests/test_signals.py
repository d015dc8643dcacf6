"""Signals that wait: when they act, and what is left of the waiting."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from paintnet.signals import signals_wait


class Terminated(BaseException):
    """What a handler of SIGTERM raises here."""


def raise_terminated(*_: object) -> None:
    raise Terminated


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, raise_terminated)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def handlers() -> tuple[object, object]:
    return signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_a_signal_acts_at_the_end(number: signal.Signals, error: type[BaseException]) -> None:
    done: list[str] = []

    def work() -> None:
        with signals_wait():
            signal.raise_signal(number)
            done.append("whole")
        done.append("after")

    with pytest.raises(error):
        work()
    assert done == ["whole"]
    assert handlers() == (signal.default_int_handler, raise_terminated)


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_the_second_one_does_not_wait(second: signal.Signals) -> None:
    done: list[str] = []

    def work() -> None:
        with signals_wait():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(second)
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == []
    assert handlers() == (signal.default_int_handler, raise_terminated)


def test_a_signal_is_not_lost_where_the_work_fails() -> None:
    def work() -> None:
        with signals_wait():
            signal.raise_signal(signal.SIGTERM)
            raise OSError

    with pytest.raises(Terminated):
        work()


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
def test_what_was_ignored_stays_ignored(handler: Callable[..., None] | signal.Handlers) -> None:
    signal.signal(signal.SIGINT, handler)
    with signals_wait():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == handler


def test_each_signal_acts_once() -> None:
    seen: list[str] = []
    signal.signal(signal.SIGTERM, lambda *_: seen.append("acted"))
    with signals_wait():
        signal.raise_signal(signal.SIGTERM)
        assert seen == []
        signal.raise_signal(signal.SIGTERM)
        seen.append("whole")
    assert seen == ["acted", "whole", "acted"]


def test_where_all_wait_they_act_once_at_the_end() -> None:
    done: list[str] = []

    def work() -> None:
        with signals_wait(second_acts=False):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["whole"]


def test_in_another_thread_there_is_nothing_to_wait_for() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(waited_handlers).result() == (signal.default_int_handler, raise_terminated)


def waited_handlers() -> tuple[object, object]:
    with signals_wait():
        return handlers()


def test_nothing_happens_without_a_signal() -> None:
    with signals_wait():
        pass
    assert handlers() == (signal.default_int_handler, raise_terminated)
