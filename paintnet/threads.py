"""Several threads of this process for work in NumPy, which lets others run while it computes."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[Result]:
    """Yield what is made of each item, in their order.

    Each thread has one item, and as many results wait to be taken: memory stays bounded. Where the
    system has no room for more threads, this one does the work.

    Parameters
    ----------
    work : callable
        Takes an item.
    items : iterable
        Taken in this thread.
    threads : int
        How many work at a time; 1 is this one.

    Examples
    --------
    >>> list(in_threads(abs, [-3, 2, -1], threads=2))
    [3, 2, 1]
    """
    if threads <= 1:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(threads)
    results = deque[Callable[[], Result]]()
    try:
        for item in items:
            results.append(_begun(pool, work, item))
            if len(results) > 2 * threads:
                yield results.popleft()()
        while results:
            yield results.popleft()()
    finally:
        # Not waited for: what is left early may be collected in any thread, one that just begins too, whose
        # starter waits for it with a lock in hand that the end of another thread needs.
        pool.shutdown(wait=False, cancel_futures=True)


def _begun(pool: ThreadPoolExecutor, work: Callable[[Item], Result], item: Item) -> Callable[[], Result]:
    """Give the work to a thread, and tell where its result will be."""
    try:
        return pool.submit(work, item).result
    except RuntimeError:  # "can't start new thread"
        result = work(item)
        return lambda: result
