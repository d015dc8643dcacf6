"""Writing results so that a file is either the old one or the new one, never half of it."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from paintnet.errors import OutputError
from paintnet.files.names import printable

_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some space or choose another disk"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or choose another disk"),
    errno.EROFS: ("the disk is read-only", "choose another folder"),
    errno.EACCES: (
        "no permission to write there",
        "choose another folder or change its permissions",
    ),
    errno.EPERM: ("no permission to write there", "choose another folder or change its permissions"),
    errno.ENOENT: ("its folder does not exist", "create the folder first"),
    errno.ENOTDIR: ("its folder is a file", "choose another folder"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter name"),
    errno.ELOOP: ("its symbolic links run in a circle", "choose another name"),
    errno.EFBIG: ("the file grew over the allowed size", "raise the limit or choose a smaller output"),
}


def check_output(path: str | Path, *, force: bool, extensions: Collection[str]) -> None:
    """Refuse, before any work is done, an output that could not be written at the end.

    Parameters
    ----------
    path : str or Path
        Where a result is to go.
    force : bool
        Whether an existing file may be replaced.
    extensions : collection of str
        The known extensions, lower case, with their dot.

    Raises
    ------
    OutputError
        When the path is a folder, exists already, has an unknown extension or cannot be written.

    Examples
    --------
    >>> check_output("bird.xyz", force=False, extensions=[".png", ".jpg"])
    Traceback (most recent call last):
    paintnet.errors.OutputError: bird.xyz: unknown extension '.xyz'; use one of .jpg .png
    """
    path = Path(path)
    try:
        target = _target(path)
        found = _status(target)
        if found is not None and stat.S_ISDIR(found.st_mode):
            raise OutputError(printable(path), "is a folder", "give a file name in it")
        _check_extension(path, extensions)
        _check_folder(path, target.parent)
        if found is not None:
            _check_existing(path, target, found, force)
    except OSError as error:
        raise _explained(path, error) from error
    except ValueError as error:
        raise OutputError(printable(path), "is not a possible file name", "choose another name") from error


def write_bytes(path: str | Path, *pieces: bytes) -> None:
    """Put a file in its place in one step, as `replacing` does.

    Parameters
    ----------
    path : str or Path
        The file to create or to replace.
    *pieces : bytes
        All of its content, one piece after the other.

    Raises
    ------
    OutputError
        When it cannot be written; the old file, if any, is as it was.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "note.txt"
    ...     write_bytes(file, b"painted")
    ...     file.read_bytes()
    b'painted'
    """
    with replacing(path) as file:
        file.writelines(pieces)


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file that takes its place in one step, when all of it is written.

    The bytes go to a temporary file beside the target, are forced to the disk, and the file is
    renamed over the target. Whatever happens, a reader sees the old file or the new one, whole.
    A symbolic link stays, and what it points to is replaced; a new file gets the usual
    permissions, a replaced one keeps those it had.

    Parameters
    ----------
    path : str or Path
        The file to create or to replace.

    Yields
    ------
    binary file
        To be written; whatever is raised meanwhile leaves the old file, if any, as it was.

    Raises
    ------
    OutputError
        When it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "note.txt") as file:
    ...         written = file.write(b"paint"), file.write(b"ed")
    ...     (Path(folder) / "note.txt").read_bytes()
    b'painted'
    """
    path = Path(path)
    try:
        target = _target(path)
        found = _status(target)
    except OSError as error:
        raise _explained(path, error) from error
    except ValueError as error:
        raise OutputError(printable(path), "is not a possible file name", "choose another name") from error
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise OutputError(printable(path), "is not a regular file", "give a file name, or - for stdout")
    try:
        with _beside(target, None if found is None else stat.S_IMODE(found.st_mode)) as file:
            yield file
    except OSError as error:
        raise _explained(path, error) from error


@contextlib.contextmanager
def _beside(target: Path, mode: int | None) -> Iterator[BinaryIO]:
    """Write beside the target, then rename over it; leave nothing behind on any failure."""
    # The name is short and random: it fits where the target's own name fits, and two runs
    # that write the same output never share a temporary file.
    temporary = target.with_name(f".paintnet-{secrets.token_hex(8)}.tmp")
    try:
        # The kernel takes the umask off 0o666, as it does for every new file of this user.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with open(os.open(temporary, flags, 0o666), "wb") as file:  # noqa: PTH123 (a descriptor)
            if mode is not None:
                temporary.chmod(mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:  # Ctrl-C too must not leave a temporary file
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Force the renaming itself to the disk, where the system knows how to.

    The new file is in place already; a file system that cannot sync a folder is no failure.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _target(path: Path) -> Path:
    """Follow symbolic links to the file that is really meant."""
    try:
        return path.resolve()
    except RuntimeError as error:  # how Python before 3.13 reports links that run in a circle
        raise OSError(errno.ELOOP, "circle of links") from error


def _status(target: Path) -> os.stat_result | None:
    """What is there now, or None."""
    try:
        return target.stat()
    except FileNotFoundError:
        return None


def _check_extension(path: Path, extensions: Collection[str]) -> None:
    extension = path.suffix.lower()
    if extension not in extensions:
        why = f"unknown extension {printable(path.suffix)!r}" if extension else "has no extension"
        raise OutputError(printable(path), why, f"use one of {' '.join(sorted(extensions))}")


def _check_folder(path: Path, folder: Path) -> None:
    if not folder.exists():
        raise OutputError(
            printable(path), f"the folder {printable(folder)} does not exist", "create it first"
        )
    if not folder.is_dir():
        raise OutputError(printable(path), f"{printable(folder)} is a file", "choose another folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        why = f"the folder {printable(folder)} is not writable"
        raise OutputError(printable(path), why, "choose another folder or change its permissions")


def _check_existing(path: Path, target: Path, found: os.stat_result, force: bool) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise OutputError(printable(path), "is not a regular file", "give a file name, or - for stdout")
    if not force:
        remedy = "let it be replaced or choose another name"
        raise OutputError(printable(path), "exists already", remedy, "force")
    if not os.access(target, os.W_OK):
        raise OutputError(
            printable(path), "is write-protected", "choose another name or change its permissions"
        )


def _explained(path: Path, error: OSError) -> OutputError:
    """Put an error of the system into words."""
    fallback = (printable(error.strerror or error), "choose another place")
    why, remedy = _REASONS.get(error.errno or 0, fallback)
    return OutputError(printable(path), why, remedy)
