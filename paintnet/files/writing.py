"""Writing results so that a file is either the old one or the new one, never half of it."""

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, TypeVar

from paintnet.errors import OutputError, PaintnetError, SettingsError
from paintnet.files.names import printable
from paintnet.files.staging import StagedFile, companion
from paintnet.signals import signals_wait

T = TypeVar("T")
Writer: TypeAlias = Callable[[StagedFile], object]

FOLDERS = {".dzi": "_files"}
"""Extensions of files that have a folder beside them, and how its name ends."""

_IN_USE = -32
"""Stands for ERROR_SHARING_VIOLATION of Windows, whose errno is that of a missing permission."""

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
    _IN_USE: (
        "another program has it open",
        "close it there, or choose another name",
    ),
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
    with in_words(path):
        target = _target(path)
        found = _status(target)
        if found is not None and stat.S_ISDIR(found.st_mode):
            raise OutputError(printable(path), "is a folder", "give a file name in it")
        _check_extension(path, extensions)
        _check_folder(path, target.parent)
        if found is not None:
            _check_existing(path, target, found, force)
        if ending := FOLDERS.get(path.suffix.lower()):
            _check_companion(path, companion(target, ending), force)


def check_apart(outputs: Sequence[str], inputs: Sequence[Any] = ()) -> None:
    """Refuse outputs that are one file, or one that is read, under whatever names.

    Parameters
    ----------
    outputs : sequence of str
        Where results are to go.
    inputs : sequence
        What is read: those that are paths or open files are looked at.

    Raises
    ------
    SettingsError
        If a file would be written twice, or replaced although it is read.

    Examples
    --------
    >>> check_apart(["bird.png", "./bird.png"])
    Traceback (most recent call last):
    paintnet.errors.SettingsError: outputs: one file is named twice; give each output a name of its own
    """
    named = [_real_name(path) for path in outputs]
    if len(set(named)) < len(named):
        raise SettingsError("outputs", "one file is named twice", "give each output a name of its own")
    read = [(found, each) for each in inputs if (found := _status_of_input(each)) is not None]
    for path in outputs:
        there = _status_of_input(path)
        for found, each in read:
            if there is not None and os.path.samestat(there, found):
                name = printable(each) if isinstance(each, str | os.PathLike) else "the file on its input"
                why = f"it would replace {name}, which is read"
                raise SettingsError(printable(path), why, "give the output another name")


def told_together(failures: Mapping[str, Exception], written: Sequence[str]) -> Exception:
    """Say the first of several failures, which others there were, and what is there in spite of them.

    One that nobody has foreseen goes before all others, as it is.
    """
    for error in failures.values():
        if not isinstance(error, PaintnetError):
            return error
    first, *others = (error for error in failures.values() if isinstance(error, PaintnetError))
    remedy = first.remedy
    if others:
        remedy += f"; {', '.join(printable(path) for path in list(failures)[1:])} failed too"
    if written:
        remedy += f"; written: {', '.join(map(printable, written))}"
    return type(first)(first.what, first.why, remedy, first.parameter)


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


def write_whole(path: str | Path, write: Callable[[StagedFile], T]) -> T:
    """Put a file, and a folder that it may have beside it, in place when all of it is written.

    Parameters
    ----------
    path : str or Path
        The file to create or to replace.
    write : callable
        Is given the staged file; what it gives back is returned.

    Raises
    ------
    OutputError
        When it cannot be written; what was there is as it was.
    """
    with in_words(path), _staged(path) as staged:
        result = write(staged)
        staged.finish()
        with signals_wait(second_acts=False):
            staged.take_place()
    _sync_folder(staged.target.parent)
    return result


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
    with in_words(path), _staged(path) as staged:
        yield staged.file
        staged.finish()
        staged.take_place()
    _sync_folder(staged.target.parent)


def write_together(contents: Mapping[str, bytes | Writer]) -> dict[str, Exception]:
    """Put several files in their places, all at one moment as near as the system allows.

    Everything is written beside its target and forced to the disk first; then all are renamed, one
    right after the other, while Ctrl-C and SIGTERM wait. So they are all of this run or all of the
    one before, but for a kill between two renames.

    Parameters
    ----------
    contents : mapping of str to bytes or callable
        By path, no two of them the same file: all of its content, or what writes it, given the staged
        file.

    Returns
    -------
    dict of str to Exception
        What could not be written, and why; all else is in its place.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     failures = write_together({f"{folder}/a": b"one", f"{folder}/no/b": b"two"})
    ...     (Path(folder) / "a").read_bytes(), [error.why for error in failures.values()]
    (b'one', ['its folder does not exist'])
    """
    failures: dict[str, Exception] = {}
    ready: dict[str, StagedFile] = {}
    with contextlib.ExitStack() as stack:
        for path, content in contents.items():
            try:
                with in_words(path):
                    staged = stack.enter_context(_staged(path))
                    if isinstance(content, bytes):
                        staged.file.write(content)
                    else:
                        content(staged)
                    staged.finish()
                ready[path] = staged
            except Exception as error:  # of what writes it: the others are written all the same
                failures[path] = error
        with signals_wait(second_acts=False):
            for path, staged in ready.items():
                try:
                    with in_words(path):
                        staged.take_place()
                except OutputError as error:
                    failures[path] = error
    for folder in {staged.target.parent for staged in ready.values()}:
        _sync_folder(folder)
    return failures


def _staged(path: str | Path) -> StagedFile:
    """Begin a file that may take the place of what is there."""
    target = _target(Path(path))
    found = _status(target)
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise OutputError(printable(path), "is not a regular file", "give a file name, or - for stdout")
    return StagedFile(target, None if found is None else stat.S_IMODE(found.st_mode))


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
    except ValueError as error:
        raise OutputError(printable(path), "is not a possible file name", "choose another name") from error


def _real_name(path: str) -> str:
    """Give the one name of a file, whatever links lead to it."""
    try:
        return str(Path(path).resolve())
    except (OSError, RuntimeError, ValueError):  # no possible name, which is told where it is checked
        return path


def _status_of_input(source: Any) -> os.stat_result | None:
    """Tell what a path or an open file is, so that it is known under any name; None for all else."""
    try:
        if isinstance(source, str | os.PathLike):
            return os.stat(source)  # noqa: PTH116 (a path-like may give bytes)
        return os.fstat(source.fileno())
    except (AttributeError, TypeError, OSError, ValueError):  # an address, an array, bytes in memory
        return None


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


def _check_companion(path: Path, folder: Path, force: bool) -> None:
    """Refuse to replace a folder, and with whatever leave what is no folder of tiles."""
    if not os.path.lexists(folder):
        return
    name = f"{printable(folder)}, the folder of its tiles,"
    if folder.is_symlink() or not folder.is_dir():
        raise OutputError(printable(path), f"{name} is no folder", "choose another name")
    with os.scandir(folder) as entries:
        is_ours = all(entry.name.isdecimal() and entry.is_dir(follow_symlinks=False) for entry in entries)
    if not is_ours:
        raise OutputError(printable(path), f"{name} has other files in it", "choose another name")
    if not force:
        remedy = "let it be replaced or choose another name"
        raise OutputError(printable(path), f"{name} exists already", remedy, "force")


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


@contextlib.contextmanager
def in_words(path: str | Path) -> Iterator[None]:
    """Put an error of the system with a file that is written into words."""
    try:
        yield
    except OSError as error:
        fallback = (printable(error.strerror or error), "choose another place")
        is_in_use = getattr(error, "winerror", None) == -_IN_USE
        why, remedy = _REASONS.get(_IN_USE if is_in_use else error.errno or 0, fallback)
        raise OutputError(printable(path), why, remedy) from error
