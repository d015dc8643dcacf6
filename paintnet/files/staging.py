"""Temporary files beside their targets: written whole, then renamed; and those of dead runs swept away."""

import contextlib
import os
import re
import secrets
import sys
import time
from pathlib import Path
from typing import BinaryIO, Self

_HAS_LOCKS = sys.platform != "win32"
_TEMPORARY = re.compile(r"\.paintnet-[0-9a-f]{16}\.tmp")
_BEING_BORN = 60.0
"""Seconds for which an empty one is left alone: its run may be about to lock it."""

_OUTLIVED = 86_400.0
"""Seconds after which one is given up where the file system has no locks to ask."""


class StagedFile:
    """A file beside its target that has not taken its place yet; a context that leaves nothing behind.

    While it is there it is locked, so that no other run takes it for that of a dead one: the system
    lets go of the lock when its process ends, however that happens.

    Parameters
    ----------
    target : Path
        Whose place it will take; no symbolic link.
    mode : int or None
        Its permissions; None for the usual ones of a new file.

    Attributes
    ----------
    file : binary file
        To be written.
    temporary : Path
        Its name until then.
    """

    file: BinaryIO

    def __init__(self, target: Path, mode: int | None) -> None:
        self.target, self._mode = target, mode
        # The name is short and random: it fits where the target's own name fits, and two runs
        # that write the same output never share a temporary file.
        self.temporary = target.with_name(f".paintnet-{secrets.token_hex(8)}.tmp")

    def __enter__(self) -> Self:
        sweep(self.target.parent)
        try:
            # The kernel takes the umask off 0o666, as it does for every new file of this user.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            self.file = open(os.open(self.temporary, flags, 0o666), "wb")  # noqa: PTH123
            _lock(self.file.fileno(), wait=True)
            if self._mode is not None:
                self.temporary.chmod(self._mode)
        except BaseException:  # Ctrl-C too must not leave a temporary file
            self._discard()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._discard()

    def finish(self) -> None:
        """Force to the disk what was written."""
        self.file.flush()
        os.fsync(self.file.fileno())

    def take_place(self) -> None:
        """Rename it over its target: whoever reads sees the old file or the new one, whole."""
        if not _HAS_LOCKS:
            self.file.close()  # Windows renames no open file
        self.temporary.replace(self.target)

    def _discard(self) -> None:
        with contextlib.suppress(OSError):  # what is left to flush has no place to go
            if hasattr(self, "file"):
                self.file.close()
        with contextlib.suppress(OSError):
            self.temporary.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Take away the temporary files of runs that were killed; those of living ones stay.

    What cannot be looked at or taken away is left to a later run.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    _sweep_file(entry.path)


def _sweep_file(path: str) -> None:
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    try:
        is_free = _lock(descriptor, wait=False)
        status = os.fstat(descriptor)
        age = time.time() - status.st_mtime
        if is_free is None:
            is_dead = age > _OUTLIVED
        else:  # nothing is written before it is locked
            is_dead = is_free and (status.st_size > 0 or age > _BEING_BORN)
        if is_dead and _HAS_LOCKS:
            Path(path).unlink()
    finally:
        os.close(descriptor)
    if is_dead and not _HAS_LOCKS:
        Path(path).unlink()  # Windows takes no open file away


def _lock(descriptor: int, *, wait: bool) -> bool | None:
    """Whether a file could be locked; None where the system cannot tell."""
    is_locked = None
    if sys.platform != "win32" and _HAS_LOCKS:
        import fcntl

        # OSError: a file system without locks.
        with contextlib.suppress(OSError):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
                is_locked = True
            except BlockingIOError:
                is_locked = False
    return is_locked
