"""Where compiled code is kept between runs: a folder of the user's own, complete or absent.

Code from there is executed, so nobody else may have been able to write it; and
it is the one form in which the kernel is run. numba optimizes what it compiles
in memory otherwise than what it writes (it writes the inner function into the
object of the outer one, and optimizes it there once more), and sums end in
other bits. So another process compiles, and every run, the first one too,
loads what was written.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from paintnet._version import __version__

KERNEL = "paintnet.engine.kernel"
RATE_KERNEL = "paintnet.engine.rate_kernel"
_SHARED = ("paintnet.engine.kernel_types", "paintnet.engine.blocks", "paintnet.activations")
SOURCES = {
    KERNEL: (KERNEL, *_SHARED),
    RATE_KERNEL: (RATE_KERNEL, "paintnet.engine.rate_losses", KERNEL, *_SHARED),
}
"""For each kernel the modules whose content goes into its compiled code."""

ENTRIES = {KERNEL: "run_batches", RATE_KERNEL: "update_numbers"}
"""The function of each that is compiled last."""

CACHE = "XDG_CACHE_HOME"
"""Environment variable that says where programs keep what they can make again."""

ROOM = 4_000_000
"""Bytes that compiled code takes at most; it is half as many."""

PATIENCE = 600
"""Seconds after which a compiler is given up: the slowest machines take a minute."""

STALE = 3600
"""Seconds after which what a killed compiler left may be swept."""

PRIVATE = 0o700
OTHERS_MAY_WRITE = 0o022

# The search path is handed on, so that the child finds the packages that this process has.
_CHILD = (
    "import sys; folder, kernel = sys.argv[1:3]; sys.path[:] = sys.argv[3:]\n"
    "from paintnet.engine.warming import compile_into\n"
    "compile_into(folder, kernel)\n"
)


class CacheError(Exception):
    """Compiled code cannot be kept, or not be made by another process; its text says why."""


def kept_code(kernel: str = KERNEL) -> Path | None:
    """Folder with the compiled code of this version, processor and installation; None where there is none.

    Code that somebody else could have written is not taken.
    """
    try:
        folder = _folder(kernel)
        if not folder.is_dir():
            return None
        is_safe = all(map(_is_ours, (folder.parent, folder, *folder.rglob("*"))))
    except (CacheError, OSError):
        return None
    return folder if is_safe else None


def why_not_kept() -> str | None:
    """Tell why compiled code could not be kept; None where it can."""
    try:
        root = _root()
        with tempfile.TemporaryFile(dir=root) as probe:
            probe.write(b"0" * ROOM)
    except CacheError as error:
        return str(error)
    except OSError as error:
        return f"{error.strerror or error}: {_folder().parent}"
    return None


def keep(kernel: str = KERNEL) -> Path:
    """Compile in another process, and keep the result whole, in the place of what may be broken there.

    Raises
    ------
    CacheError
        If that is not possible.
    """
    try:
        root, folder = _root(), _folder(kernel)
        _sweep(root)
        is_broken = folder.exists()
        with tempfile.TemporaryDirectory(
            dir=root, prefix="compiling-", ignore_cleanup_errors=True
        ) as scratch:
            made = Path(scratch) / folder.name
            _compile(made, kernel)
            if is_broken:
                shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # another process may have been as fast
                made.replace(folder)
    except OSError as error:
        raise CacheError(error.strerror or str(error)) from error
    kept = kept_code(kernel)
    if kept is None:
        raise CacheError(f"others may write into {folder}")
    return kept


@contextmanager
def compiled_for_now(kernel: str = KERNEL) -> Iterator[Path]:
    """Compile in another process, into a folder that is gone afterwards."""
    with cache_for_now([kernel]) as cache:
        yield cache / "paintnet" / _name(kernel)


@contextmanager
def cache_for_now(kernels: Iterable[str]) -> Iterator[Path]:
    """Compile as `compiled_for_now`, but give what `XDG_CACHE_HOME` has to be for others to find it."""
    with tempfile.TemporaryDirectory(prefix="paintnet-", ignore_cleanup_errors=True) as scratch:
        root = Path(scratch) / "paintnet"
        root.mkdir(PRIVATE)
        for kernel in kernels:
            _compile(root / _name(kernel), kernel)
        yield Path(scratch)


@contextmanager
def writable(folder: Path) -> Iterator[Path]:
    """Give the folder, or a copy where it cannot be written: numba loads from no other."""
    if os.access(folder, os.W_OK):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="paintnet-", ignore_cleanup_errors=True) as scratch:
        yield Path(shutil.copytree(folder, Path(scratch) / folder.name))


def _folder(kernel: str = KERNEL) -> Path:
    """Where code is kept; named after all that it depends on, so that what is found there fits."""
    given = os.environ.get(CACHE, "")
    try:
        # With HOME unset, the home of the user's account is taken; an account without one has no cache.
        root = Path(given) if Path(given).is_absolute() else Path.home() / ".cache"
    except RuntimeError as error:
        raise CacheError("the user has no home folder") from error
    if not root.is_absolute():
        raise CacheError("the user has no home folder")
    return root / "paintnet" / _name(kernel)


def _name(kernel: str) -> str:
    try:
        return f"{kernel.rpartition('.')[2]}-{__version__}-{_key(kernel)}"
    except Exception as error:  # whatever numba raises where it does not work
        raise CacheError(f"numba does not work ({error})") from error


def _key(kernel: str) -> str:
    numba: Any = import_module("numba")  # which ships no types
    binding: Any = import_module("llvmlite.binding")
    config = numba.config
    named: list[Any] = [numba.__version__, sys.version]
    named += [binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()]
    named += [config.CPU_NAME, config.CPU_FEATURES, config.OPT, config.LOOP_VECTORIZE, config.SLP_VECTORIZE]
    for module in SOURCES[kernel]:
        spec = find_spec(module)
        path = Path(str(spec.origin if spec else ""))
        if module in SOURCES:
            # numba takes its own files only for the same path and time.
            named += [str(path), path.stat().st_mtime_ns]
        named.append(hashlib.sha256(path.read_bytes()).hexdigest())
    return hashlib.sha256(repr(named).encode()).hexdigest()[:12]


def _root() -> Path:
    """Give the folder above, made if need be, or say why it is not to be used."""
    root = _folder().parent
    root.parent.mkdir(parents=True, exist_ok=True)
    root.mkdir(PRIVATE, exist_ok=True)
    if not _is_ours(root):
        raise CacheError(f"others may write into {root}")
    return root


def _is_ours(path: Path) -> bool:
    """Whether nobody but this user, and root, can have written it."""
    if not hasattr(os, "geteuid"):
        return True
    status = path.stat()
    return status.st_uid in (0, os.geteuid()) and not status.st_mode & OTHERS_MAY_WRITE


def _compile(folder: Path, kernel: str) -> None:
    """Let another process compile into a folder."""
    if not sys.executable or getattr(sys, "frozen", False):
        raise CacheError("there is no Python to compile with")
    folder.mkdir(PRIVATE)
    command = [sys.executable, "-I", "-c", _CHILD, str(folder), kernel, *sys.path]
    try:
        outcome = subprocess.run(  # noqa: S603 - this Python, and a program that stands above
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            umask=0o077,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise CacheError(f"no process could be started to compile ({error})") from error
    if outcome.returncode:
        last = outcome.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise CacheError(f"compiling failed ({''.join(last)[:200]})")
    if not any(folder.rglob(f"{kernel.rpartition('.')[2]}.{ENTRIES[kernel]}*.nbi")):
        raise CacheError("numba does not keep what it compiles with these settings")


def _sweep(root: Path) -> None:
    """Remove what compilers left that were killed."""
    for path in root.glob("compiling-*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE:
                shutil.rmtree(path, ignore_errors=True)
