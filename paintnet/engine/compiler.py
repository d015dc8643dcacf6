"""The compiler and its cache: whether there is one, where compiled code is kept, and what to do if it fails.

A part that only makes things faster must never make a run fail: a cache that
cannot be written, or that holds a broken file, is left aside, and where numba
itself does not work, the caller trains with NumPy.
"""

import hashlib
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from paintnet._version import __version__
from paintnet.errors import TrainingError

KERNEL = "paintnet.engine.kernel"

_loading = threading.Lock()
_running = threading.Lock()


class _Process:
    """What is true of this process."""

    caches = False
    """Whether the kernel that is being loaded may use a cache."""
    is_guarded = False
    is_forked = False


class CompilerError(TrainingError):
    """The compiler is there, but does not work."""


def has_compiler() -> bool:
    """Whether the extra `fast` is installed."""
    return find_spec("numba") is not None


def usable_cores() -> int:
    """Cores that this process may run on; not every system can tell, some only how many there are."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def cache_folder() -> Path | None:
    """Folder for compiled code, made if need be; None where none can be written.

    It lies in the user's cache folder, so that an installation without rights
    to write works too, and is named after all that compiled code depends on.
    """
    try:
        numba: Any = import_module("numba")  # which ships no types
        binding: Any = import_module("llvmlite.binding")
    except Exception:
        return None
    versions = (__version__, numba.__version__, binding.get_host_cpu_name(), sys.version)
    key = hashlib.sha256(repr(versions).encode()).hexdigest()[:12]
    given = os.environ.get("XDG_CACHE_HOME", "")
    try:
        # With HOME unset, the home of the user's account is taken; an account without one has no cache.
        root = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
        if not root.is_absolute():
            return None
        folder = root / "paintnet" / f"kernel-{__version__}-{key}"
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"0" * 4096)
    except (OSError, RuntimeError):
        return None
    return folder


def is_compiled() -> bool:
    """Whether this process has compiled code already, or finds it in the cache."""
    if KERNEL in sys.modules:
        return True
    folder = cache_folder()
    return folder is not None and any(folder.rglob("kernel.run_batches*.nbi"))


def warmed_up(warm_up: Callable[[ModuleType], Any]) -> ModuleType:
    """Load the kernel and run it once, which compiles it or loads what was compiled.

    Parameters
    ----------
    warm_up : callable
        Runs the kernel's entry on next to nothing; given the kernel's module.

    Returns
    -------
    module
        The kernel, ready.

    Raises
    ------
    CompilerError
        If numba cannot be imported, compile, or start its threads, with and without a cache.
    """
    if _Process.is_forked:
        why = "compiled code cannot run in a process that was forked after it had run"
        raise CompilerError("numba", why, "start processes by spawn, or use engine numpy")
    with _loading:
        folder = None if KERNEL in sys.modules else cache_folder()
        try:
            return _attempt(warm_up, folder)
        # numba, LLVM and pickle raise what they like: whatever it is, a cache may be its cause.
        except Exception:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            sys.modules.pop(KERNEL, None)
        try:
            return _attempt(warm_up, None)
        except Exception as error:
            sys.modules.pop(KERNEL, None)
            why = f"it does not work here ({type(error).__name__}: {' '.join(str(error).split())[:200]})"
            raise CompilerError("numba", why, "use engine numpy, or install numba again") from error


def _attempt(warm_up: Callable[[ModuleType], Any], folder: Path | None) -> ModuleType:
    numba: Any = import_module("numba")  # which ships no types
    kept = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = "" if folder is None else str(folder)
    _Process.caches = folder is not None
    try:
        numba.get_num_threads()  # starts the threads, which may fail too
        kernel = import_module(KERNEL)
        warm_up(kernel)
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
