"""Where independent jobs run: in this process, or in workers of which each has one at a time.

The workers are processes of loky, through the interface of `concurrent.futures`. Each stands in a pool
of its own: a pool of several is broken as a whole when one of them dies, and then nobody knows whose
fault it was, while the work of all others is lost with it. Or the workers are those of a Dask cluster, by
the same interface: its scheduler gives the work of a dead one to another.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from tempfile import NamedTemporaryFile
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from paintnet._version import __version__
from paintnet.cores import LIMIT, shares
from paintnet.errors import PaintnetError, SettingsError
from paintnet.extras import pip_line
from paintnet.signals import signals_wait

Task = TypeVar("Task")
Result = TypeVar("Result")

TRIES = 2
"""How often a task may lose its worker before it is given up."""

_IDLE = 20.0
"""Seconds after which a worker without work leaves; another one comes when there is some."""

_LOOKS_EVERY = 0.5
"""Seconds between two looks of a worker at whether its parent is there."""

_ANSWERS_WITHIN = 10.0
"""Seconds that the scheduler of a cluster has to answer."""

_LOOKS_FOR_WORKERS_EVERY = 5.0
"""Seconds between two looks at how many workers a cluster has, while none of them has ended its work."""


@dataclass(frozen=True)
class Cluster:
    """Workers of Dask.

    Parameters
    ----------
    address : str
        Of its scheduler, such as ``tcp://10.0.0.1:8786``.
    folder : path-like or None
        Must be there for each worker, by the same path.

    Examples
    --------
    >>> Cluster("tcp://10.0.0.1:8786", "/srv/photos").address
    'tcp://10.0.0.1:8786'
    """

    address: str
    folder: str | os.PathLike[str] | None = None

    def check(self) -> None:
        """Refuse it where Dask is not installed.

        Raises
        ------
        SettingsError
            It says how to install it.
        """
        if find_spec("distributed") is None:
            why = "it needs Dask, which is not installed"
            raise SettingsError("cluster", why, f"install it with {pip_line('dask')}")


@dataclass(frozen=True)
class Outcome(Generic[Task, Result]):
    """What became of a task.

    Parameters
    ----------
    task : Task
        As it was given.
    result : Result or None
        Of the work; None where its worker died each time.
    """

    task: Task
    result: Result | None


def places_of(workers: int, cluster: Cluster | None) -> int:
    """How many tasks `run_all` does at a time; a cluster is asked how many threads it has now.

    Raises
    ------
    PaintnetError
        If the cluster cannot be used.

    Examples
    --------
    >>> places_of(3, None)
    3
    """
    if cluster is None:
        return workers
    with _connected(cluster) as client:
        return _places_of(client)


def run_all(
    work: Callable[[Task], Result],
    tasks: Iterable[Task],
    workers: int | None = None,
    cluster: Cluster | None = None,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Generator[Outcome[Task, Result], None, None]:
    """Do independent tasks, and give what became of each as it ends.

    A task is asked for when there is a place for it, so that `tasks` may look at what has been done
    meanwhile. A worker that dies costs its task one more try, and then that task alone is given up. What
    `work` raises is raised here, and ends everything.

    Parameters
    ----------
    work : callable
        With workers a function of a module, so that they find it.
    tasks : iterable
        With workers something that can be sent there: paths and settings rather than arrays.
    workers : int or None
        Processes that are started for it. None works in this one, which dies if a task makes it die.
    cluster : Cluster or None
        Let its workers do it, as many as it has.
    variables : mapping of str to str
        Of the environment of workers that are started, more than they get from this process.

    Yields
    ------
    Outcome
        In the order in which they end. Whoever leaves early closes this generator, which ends the
        workers.

    Raises
    ------
    PaintnetError
        If no process can be started, or the cluster cannot be used.

    Examples
    --------
    >>> [outcome.result for outcome in run_all(abs, [-1, 2])]
    [1, 2]
    """
    if cluster is not None:
        return _in_cluster(work, iter(tasks), cluster)
    if workers is None:
        return (Outcome(task, work(task)) for task in tasks)
    return _in_workers(work, iter(tasks), workers, variables)


class _Lane:
    """One worker, and another one after its death."""

    def __init__(self, threads: int, variables: Mapping[str, str]) -> None:
        # What the libraries below would start by themselves, in each worker as many as there are cores.
        limits = {"OMP_NUM_THREADS": threads, "NUMBA_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": 1}
        numbers = {name: str(number) for name, number in {**limits, LIMIT: threads}.items()}
        self._environment = {**variables, **numbers}
        # What a program has switched off for itself, its workers would print amid its lines.
        self._environment["PYTHONWARNINGS"] = os.environ.get("PYTHONWARNINGS", "ignore")
        self._executor: Executor | None = None

    def submit(self, work: Callable[[Task], Result], task: Task) -> "Future[Result]":
        from joblib.externals.loky import ProcessPoolExecutor

        with _without_ctrl_c():
            try:
                self._executor = self._executor or ProcessPoolExecutor(
                    max_workers=1,
                    timeout=_IDLE,
                    env=self._environment,
                    initializer=_settle,
                    initargs=(os.getpid(),),
                )
                future: Future[Result] = self._executor.submit(work, task)
            except OSError as error:
                why = f"no process could be started ({error.strerror or error})"
                raise PaintnetError("workers", why, "use fewer of them") from error
        return future

    def close(self, *, at_once: bool) -> None:
        """End the worker: at once, whatever it does, or after its work; killed, it may leave semaphores."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, kill_workers=at_once)  # type: ignore[call-arg]
            self._executor = None


def _in_workers(
    work: Callable[[Task], Result], tasks: Iterator[Task], workers: int, variables: Mapping[str, str]
) -> Generator[Outcome[Task, Result], None, None]:
    lanes = [_Lane(threads, variables) for threads in reversed(shares(workers))]
    free = lanes.copy()
    busy: dict[Future[Result], tuple[_Lane, Task, int]] = {}
    try:
        while True:
            while free:
                for task in tasks:
                    lane = free.pop()
                    busy[lane.submit(work, task)] = (lane, task, 1)
                    break
                else:
                    break
            if not busy:
                return
            for future in wait(busy, return_when=FIRST_COMPLETED).done:
                lane, task, tries = busy.pop(future)
                result: Result | None = None
                try:
                    result = future.result()
                except BrokenExecutor:
                    lane.close(at_once=True)
                    if tries < TRIES:
                        busy[lane.submit(work, task)] = (lane, task, tries + 1)
                        continue
                free.append(lane)
                yield Outcome(task, result)
    finally:
        # Ctrl-C may have come after a lane was given its task and before anybody knew.
        for lane in sorted(lanes, key=lambda lane: lane in free):
            lane.close(at_once=lane not in free)


def _in_cluster(
    work: Callable[[Task], Result], tasks: Iterator[Task], cluster: Cluster
) -> Generator[Outcome[Task, Result], None, None]:
    from distributed import KilledWorker

    busy: dict[Future[Result], Task] = {}
    with _connected(cluster) as client:
        # Two equal tasks are two, and what a task raises is not tried again.
        executor = client.get_executor(pure=False, retries=0)
        try:
            while True:
                # No more than have a place: who waits in the queue of a dead worker would be under suspicion.
                for _ in range(_places_of(client) - len(busy)):
                    for task in tasks:
                        busy[executor.submit(work, task)] = task
                        break
                if not busy:
                    return
                for future in wait(busy, _LOOKS_FOR_WORKERS_EVERY, return_when=FIRST_COMPLETED).done:
                    task = busy.pop(future)
                    result: Result | None = None
                    try:
                        result = future.result()
                    except CancelledError as error:
                        raise _unusable(cluster, "its scheduler has gone") from error
                    except KilledWorker:
                        pass
                    yield Outcome(task, result)
        finally:
            executor.shutdown(wait=False)


@contextmanager
def _connected(cluster: Cluster) -> Iterator[Any]:
    """A client of a cluster whose workers have this version, and see the folder."""
    cluster.check()
    from distributed import Client

    try:
        client: Any = Client(cluster.address, timeout=_ANSWERS_WITHIN, set_as_default=False)
    except (OSError, ValueError) as error:  # a timeout is an OSError too
        raise _unusable(cluster, "no scheduler of Dask answers there") from error
    with client:
        try:
            versions = set(client.run(_version_here).values())
        except (ImportError, AttributeError) as error:
            raise _unusable(cluster, "a worker has no paintnet, or an older one") from error
        if versions - {__version__}:
            others = ", ".join(sorted(versions - {__version__}))
            raise _unusable(cluster, f"its workers have paintnet {others}, and this is {__version__}")
        if cluster.folder is not None:
            with NamedTemporaryFile(dir=cluster.folder, prefix=".paintnet-") as file:
                seen = client.run(os.path.exists, os.path.abspath(file.name))  # noqa: PTH100 (links are kept)
            blind = [worker for worker, is_there in seen.items() if not is_there]
            if blind:
                raise _unusable(cluster, f"its worker {blind[0]} does not see the folder {cluster.folder}")
        yield client


def _places_of(client: Any) -> int:
    return max(1, sum(map(int, client.nthreads().values())))


def _version_here() -> str:
    return __version__


def _unusable(cluster: Cluster, why: str) -> PaintnetError:
    return PaintnetError(f"cluster {cluster.address}", why, "look at what its scheduler and workers print")


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Start processes that do not hear Ctrl-C, which a terminal sends to all, before they can ignore it.

    A signal that is blocked stays so in a new program (POSIX, exec). This process hears it when they have
    started: to ignore it meanwhile would lose it, also where it is blocked, for another thread may take it.
    Both trackers of resources lift the block when they start, so they start before.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
    else:
        from multiprocessing import resource_tracker

        from joblib.externals.loky.backend import resource_tracker as tracker_of_loky

        resource_tracker.ensure_running()
        tracker_of_loky.ensure_running()
        with signals_wait():
            blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                yield
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _settle(parent: int) -> None:
    """Begin as a worker: ignore Ctrl-C, which the parent hears too and ends it, and end with the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name == "posix":  # elsewhere an orphan keeps the number of its parent
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process when its parent has been killed, since nobody would take its results."""
    while os.getppid() == parent:
        time.sleep(_LOOKS_EVERY)
    if sys.platform != "win32":
        os.kill(os.getpid(), signal.SIGKILL)
