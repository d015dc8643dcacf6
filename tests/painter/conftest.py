"""One BLAS thread: on a busy machine, threads that wait for each other slow a small network tenfold."""

from collections.abc import Iterator

import pytest
import sklearn  # noqa: F401 - loads every library that has threads to limit
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield
