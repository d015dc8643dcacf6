"""One thread of BLAS for all that train at once, whoever comes and goes."""

import threading
from collections.abc import Callable

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from paintnet.blas import OneBlasThread


def numbers() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def elsewhere(do: Callable[[], object]) -> None:
    thread = threading.Thread(target=do)
    thread.start()
    thread.join()


def test_another_thread_is_heard_while_the_main_one_has_its_own_number() -> None:
    seen: list[set[int]] = []

    def work() -> None:
        with OneBlasThread():
            seen.append(numbers())
        seen.append(numbers())

    with threadpool_limits(2, user_api="blas"):
        elsewhere(work)
        assert seen == [{1}, {2}]
        work()
    assert seen == [{1}, {2}] * 2


@pytest.mark.parametrize("is_first_in_main", [True, False])
def test_who_leaves_first_takes_nothing_from_the_other(*, is_first_in_main: bool) -> None:
    first, second = OneBlasThread(), OneBlasThread()

    def here(do: Callable[[], object]) -> None:
        do()

    one, other = (here, elsewhere) if is_first_in_main else (elsewhere, here)
    with threadpool_limits(2, user_api="blas"):
        one(first.__enter__)
        other(second.__enter__)
        one(first.__exit__)
        assert numbers() == {1}
        other(second.__exit__)
        assert numbers() == {2}


def test_one_context_may_be_entered_within_itself() -> None:
    context = OneBlasThread()
    with threadpool_limits(2, user_api="blas"):
        with context:
            with context:
                pass
            assert numbers() == {1}
        assert numbers() == {2}
