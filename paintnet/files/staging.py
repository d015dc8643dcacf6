"""Temporary files beside their targets: written whole, then renamed; and those of dead runs swept away."""

import contextlib
import os
import re
import secrets
import shutil
import sys
import time
from pathlib import Path
from typing import BinaryIO, Self

_HAS_LOCKS = sys.platform != "win32"
_TEMPORARY = re.compile(r"\.paintnet-[0-9a-f]{16}\.tmp")
_FOLDER = re.compile(r"(\.paintnet-[0-9a-f]{16})\.(new|old)")
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

        self._new: Path | None = None
        self._place = target

    def __enter__(self) -> Self:
        sweep(self.target.parent)
        try:
            self.file = self.temporary.open("xb")
            if _lock(self.file.fileno(), wait=True):
                # Dated back, an empty one says that it has been locked: should this process be killed before
                # the first byte is there, nobody takes it for one that is being born.
                os.utime(self.file.fileno(), (0, 0))
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

    def folder(self, ending: str) -> Path:
        """Begin a folder that takes its place together with the file.

        Parameters
        ----------
        ending : str
            Its name is that of the file without extension, and this.
        """
        self._place = companion(self.target, ending)
        self._new = self.temporary.with_suffix(".new")
        self._new.mkdir()
        return self._new

    def take_place(self) -> None:
        """Rename it over its target: whoever reads sees the old file or the new one, whole.

        With a folder there is for a moment no file: better none than one beside another's folder.
        """
        if not _HAS_LOCKS:
            self.file.close()  # Windows renames no open file
        if self._new is None:
            self.temporary.replace(self.target)
            return
        if hasattr(os, "sync"):
            os.sync()  # its many files at once
        old = self.temporary.with_suffix(".old")
        old.mkdir()
        moved: list[tuple[Path, Path]] = []
        try:
            for number, path in enumerate((self.target, self._place)):
                if path.exists():
                    moved.append((path, path.rename(old / str(number))))
            moved.append((self._new, self._new.rename(self._place)))
            self.temporary.replace(self.target)
        except OSError:
            for before, after in reversed(moved):
                after.rename(before)
            raise
        finally:
            shutil.rmtree(old, ignore_errors=True)

    def take_free_place(self) -> None:
        """Give it the name of its target where there is nothing yet: another file is never replaced.

        Raises
        ------
        FileExistsError
            If there is something.
        """
        if sys.platform == "win32":
            self.file.close()
            self.temporary.rename(self.target)  # which fails there, where the target exists
        else:
            os.link(self.temporary, self.target)

    def _discard(self) -> None:
        with contextlib.suppress(OSError):  # what is left to flush has no place to go
            if hasattr(self, "file"):
                self.file.close()
        if self._new is not None:
            shutil.rmtree(self._new, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.temporary.unlink(missing_ok=True)


def companion(target: Path, ending: str) -> Path:
    """Name the folder that belongs to a file.

    Examples
    --------
    >>> companion(Path("map.dzi"), "_files").name
    'map_files'
    """
    return target.with_name(target.stem + ending)


def sweep(folder: Path) -> None:
    """Take away the temporary files of runs that were killed; those of living ones stay.

    What cannot be looked at or taken away is left to a later run.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name.endswith((".new", ".old"))):
            found = _FOLDER.fullmatch(entry.name)
            # A folder lives as long as its file, which has been looked at before it.
            if found and entry.is_dir(follow_symlinks=False) and not (folder / f"{found[1]}.tmp").exists():
                shutil.rmtree(entry.path, ignore_errors=True)
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
