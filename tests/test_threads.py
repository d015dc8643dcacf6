"""Work of several threads comes out in the order of its items, whatever the threads do."""

import threading

import pytest

from paintnet.threads import in_threads


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_their_items(threads: int) -> None:
    later = threading.Event()

    def work(item: int) -> int:
        if item == 0 and threads > 1:
            assert later.wait(60)
        if item == 1:
            later.set()
        return item * item

    assert list(in_threads(work, range(50), threads)) == [item * item for item in range(50)]


def test_few_are_made_before_they_are_asked_for() -> None:
    taken = []
    results = in_threads(abs, (taken.append(n) or n for n in range(1000)), 2)
    assert next(results) == 0
    assert len(taken) <= 6
    results.close()
    assert len(taken) <= 6


def test_an_error_comes_where_its_result_would_have_come() -> None:
    results = in_threads(lambda n: 1 // n, [1, 2, 0, 4], 2)
    assert [next(results), next(results)] == [1, 0]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert list(results) == []


def test_without_room_for_threads_this_one_works(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", no_room)
    assert list(in_threads(abs, [-3, 2, -1], 2)) == [3, 2, 1]
