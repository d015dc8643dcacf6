"""The compiler: whether there is one, how compiled code comes into this process, and what to do if it fails.

A part that only makes things faster must never make a run fail: where code
cannot be kept it is compiled for this run, where no other process can compile
this one does, and where numba itself does not work, the caller trains with NumPy.
"""

import os
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, TypeVar

from paintnet.engine import code_cache
from paintnet.engine.code_cache import KERNEL
from paintnet.errors import TrainingError
from paintnet.extras import pip_line

COMPILING = "compiling the training step once, which takes about 20 s"
COMPILING_AGAIN = "compiling the training step, which takes about 20 s in each run: it cannot be kept"

_loading = threading.Lock()
_running = threading.Lock()


Step = TypeVar("Step")


class _Process:
    """What is true of this process."""

    caches = False
    """Whether the kernel that is being loaded may use a cache."""
    compiles_into: Path | None = None
    """Folder to compile into, where that is all that this process does."""
    loaded: ClassVar[set[str]] = set()
    """Kernels that are ready. One that somebody else has imported is not: it knows no cache."""
    is_guarded = False
    is_forked = False


class CompilerError(TrainingError):
    """The compiler is missing, or does not work, or what it makes cannot be kept."""


def has_compiler() -> bool:
    """Whether the extra `fast` is installed."""
    return find_spec("numba") is not None


def check_compiler() -> None:
    """Raise a `CompilerError` where the extra `fast` is not installed."""
    if not has_compiler():
        raise CompilerError("numba", "it is not installed", f"install it with {pip_line('fast')}")


def is_compiled(kernel: str = KERNEL) -> bool:
    """Whether this process has compiled code already, or finds what was kept."""
    return kernel in _Process.loaded or code_cache.kept_code(kernel) is not None


def compiling_note(kernel: str = KERNEL) -> str | None:
    """Tell that there is compiling to be done; None where there is not, or where numba does not work."""
    try:
        _start_numba()
    except Exception:  # whatever it is, loading will tell it
        return None
    if is_compiled(kernel):
        return None
    why = code_cache.why_not_kept()
    return COMPILING if why is None else f"{COMPILING_AGAIN} ({why})"


def compiled_or_none(
    make: Callable[[], Step], note: Callable[[str], None], kernel: str = KERNEL, *, insists: bool
) -> Step | None:
    """Give a compiled step, or None where the compiler fails and nobody insists on it.

    Parameters
    ----------
    make : callable
        Imports what needs numba, and gives the step.
    note : callable
        Is told what a user should know: that the kernel is compiled, or cannot be.
    kernel : str
        That it runs.
    insists : bool
        Whether to raise instead.

    Raises
    ------
    CompilerError
        If the compiler fails, and somebody insists on it.
    """
    if (compiling := compiling_note(kernel)) is not None:
        note(compiling)
    try:
        return make()
    except CompilerError as error:
        if insists:
            raise
        note(f"NumPy trains instead of numba: {error.why}")
        return None


@contextmanager
def compiled_for_workers(note: Callable[[str], None], kernels: Collection[str]) -> Iterator[dict[str, str]]:
    """Compile before workers start, unless that is done: else each of them would, all at once.

    Where that does not work, they are left to find out by themselves what does.

    Parameters
    ----------
    note : callable
        Is told before it begins, since it takes a while.
    kernels : collection of str
        What they will run.

    Yields
    ------
    dict of str to str
        Variables of the environment by which workers find what was compiled where it cannot be kept; it is
        gone afterwards.
    """
    with ExitStack() as stack:
        variables: dict[str, str] = {}
        with suppress(code_cache.CacheError):
            missing = [kernel for kernel in kernels if code_cache.kept_code(kernel) is None]
            if missing:
                why = code_cache.why_not_kept()
                note(COMPILING if why is None else f"{COMPILING_AGAIN} ({why})")
                if why is None:
                    for kernel in missing:
                        code_cache.keep(kernel)
                else:
                    # Workers look nowhere else then.
                    cache = stack.enter_context(code_cache.cache_for_now(kernels))
                    variables[code_cache.CACHE] = str(cache)
        yield variables


@contextmanager
def compiling_into(folder: Path) -> Iterator[None]:
    """Compile here, into a folder, instead of loading what another process compiles."""
    _Process.compiles_into = folder
    try:
        yield
    finally:
        _Process.compiles_into = None


def warmed_up(warm_up: Callable[[ModuleType], Any], name: str = KERNEL) -> ModuleType:
    """Load the kernel and run it once.

    Parameters
    ----------
    warm_up : callable
        Runs the kernel's entry on next to nothing; given the kernel's module.
    name : str
        Of the kernel's module.

    Returns
    -------
    module
        The kernel, ready.

    Raises
    ------
    CompilerError
        If numba cannot be imported, compile, or start its threads, in any of the ways that are tried.
    """
    if _Process.is_forked:
        why = "compiled code cannot run in a process that was forked after it had run"
        raise CompilerError("numba", why, "start processes by spawn, or use engine numpy")
    with _loading:
        try:
            _start_numba()
            if name in _Process.loaded or _Process.compiles_into is not None:
                return _attempt(warm_up, name, _Process.compiles_into)
            for kernel in set(code_cache.SOURCES[name]) & set(code_cache.SOURCES) - _Process.loaded:
                sys.modules.pop(kernel, None)
            return _loaded(warm_up, name) or _attempt(warm_up, name, None)
        # numba and LLVM raise what they like.
        except Exception as error:
            _forget(name)
            why = f"it does not work here ({type(error).__name__}: {' '.join(str(error).split())[:200]})"
            remedy = "use engine numpy, or install numba again" if name == KERNEL else "install numba again"
            raise CompilerError("numba", why, remedy) from error


def _start_numba() -> None:
    """Import numba and start its threads, which fails before anything is compiled or a cache is blamed."""
    numba: Any = import_module("numba")  # which ships no types
    if numba.config.DISABLE_JIT:
        raise RuntimeError("NUMBA_DISABLE_JIT is set")
    # How long a thread of GNU OpenMP spins before it sleeps at the end of each batch: briefly, since a thread
    # that spins for one that has no core makes a busy machine ten times slower. Read when the library loads,
    # which is now.
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")
    numba.get_num_threads()


def _loaded(warm_up: Callable[[ModuleType], Any], name: str) -> ModuleType | None:
    """Load what is kept, else what is compiled to be kept, else what is compiled for now."""
    for source in (_kept, _newly_kept, code_cache.compiled_for_now):
        # Whatever is wrong with one source (a broken file, a full disk), the next may be better.
        with suppress(Exception), ExitStack() as stack:
            return _attempt(warm_up, name, stack.enter_context(source(name)))
        _forget(name)
    return None


def _forget(name: str) -> None:
    sys.modules.pop(name, None)
    _Process.loaded.discard(name)


@contextmanager
def _kept(kernel: str) -> Iterator[Path]:
    folder = code_cache.kept_code(kernel)
    if folder is None:
        raise code_cache.CacheError("nothing is kept")
    with code_cache.writable(folder) as readable:
        yield readable


@contextmanager
def _newly_kept(kernel: str) -> Iterator[Path]:
    yield code_cache.keep(kernel)


def _attempt(warm_up: Callable[[ModuleType], Any], name: str, folder: Path | None) -> ModuleType:
    numba: Any = import_module("numba")
    kept = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = "" if folder is None else str(folder)
    _Process.caches = folder is not None
    try:
        kernel = import_module(name)
        warm_up(kernel)
        _Process.loaded.add(name)
    finally:
        numba.config.CACHE_DIR = kept
    _guard_forks(numba)
    return kernel


def caches() -> bool:
    """Whether the kernel that is being loaded may use a cache."""
    return _Process.caches


def run_alone(run: Callable[..., Any], *arguments: Any) -> Any:
    """Run compiled code, one thread at a time where numba's own threads could not stand more."""
    numba: Any = import_module("numba")
    # The layer "workqueue" aborts the process if two threads use it at once.
    if numba.threading_layer() != "workqueue":
        return run(*arguments)
    with _running:
        return run(*arguments)


def _guard_forks(numba: Any) -> None:
    """Remember in a forked child that GNU OpenMP would kill it if it ran compiled code again."""
    if not _Process.is_guarded and numba.threading_layer() == "omp" and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_mark_forked)
        _Process.is_guarded = True


def _mark_forked() -> None:
    _Process.is_forked = True
