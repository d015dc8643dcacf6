"""The pictures that are meant by paths, folders, patterns, addresses and lists of them."""

import glob
import os
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from paintnet.errors import SettingsError
from paintnet.files.names import file_stem, printable, printable_source, scheme_of, unwrapped, url_stem
from paintnet.files.texts import decode_text
from paintnet.picture import OUTPUT_FORMATS
from paintnet.picture.decoding import sniff

HIDDEN = "hidden"
NO_PICTURE = "no picture"
TWICE = "named twice"
MADE_HERE = "made by this batch"
NOT_ENTERED = "a folder below, left out"
UNREADABLE = "a folder that cannot be read"

_PICTURES = {*OUTPUT_FORMATS, ".gif", ".jfif", ".jpe", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".apng"}
"""Extensions of files that should be pictures: where they are none, that is an error and not passed over."""

_ENOUGH_TO_TELL = 16


@dataclass(frozen=True)
class Input:
    """A picture of a batch.

    Parameters
    ----------
    source : str or Path
        What `paintnet.picture.open_picture` takes; a file is always a Path.
    folder : str
        Where it lay below the folder that was given.
    """

    source: str | Path
    folder: str = ""

    @property
    def name(self) -> str:
        """It, fit to be shown."""
        return printable(self.source) if isinstance(self.source, Path) else printable_source(self.source)

    @property
    def label(self) -> str:
        """It, as a manifest knows it from anywhere: a full path, or an address without its secrets."""
        is_file = isinstance(self.source, Path)
        return os.path.abspath(self.source) if is_file else self.name  # noqa: PTH100 (links are kept)

    @property
    def stem(self) -> str:
        """What its outputs are named after."""
        if isinstance(self.source, Path):
            return file_stem(self.source.name)
        address = unwrapped(self.source)
        return url_stem(address) if scheme_of(address) else file_stem(address.removeprefix("sample:"))

    @property
    def suffix(self) -> str:
        """Its extension, in lower case and without the dot."""
        path = self.source if isinstance(self.source, Path) else Path(self.name.partition("?")[0])
        return path.suffix.lower().removeprefix(".") or "picture"


@dataclass
class Found:
    """Pictures, and how many files are none.

    Parameters
    ----------
    inputs : list of Input
        In the order in which they were given; those of a folder by name.
    passed_over : Counter of str
        How many files were left out, by the reason.
    """

    inputs: list[Input] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)


def find_inputs(
    given: Iterable[str],
    *,
    recursive: bool = False,
    out_dir: Path | None = None,
    made: Collection[str] = (),
) -> Found:
    """Find the pictures that are meant.

    Parameters
    ----------
    given : iterable of str
        Files, folders, patterns such as ``photos/*.jpg``, addresses, and ``sample:bird``.
    recursive : bool, default=False
        Whether to enter the folders in folders.
    out_dir : Path or None, default=None
        Not entered, unless it is given itself.
    made : collection of str
        Full paths of what earlier runs wrote: no pictures to learn from.

    Returns
    -------
    Found
        What is missing or damaged is among the pictures, to be told when it is opened.

    Raises
    ------
    SettingsError
        If standard input is asked for, or nothing is found.

    Examples
    --------
    >>> found = find_inputs(["sample:bird", "https://example.org/cat.png", "sample:bird"])
    >>> [each.stem for each in found.inputs], found.passed_over
    (['bird', 'cat'], Counter({'named twice': 1}))
    """
    found = Found()
    seen: set[str] = set(made)
    kept = frozenset(made)
    for each in given:
        for one in _meant(each, recursive, out_dir, found.passed_over):
            real = os.path.realpath(one.source) if isinstance(one.source, Path) else one.source
            if real in seen:
                found.passed_over[MADE_HERE if real in kept else TWICE] += 1
            else:
                seen.add(real)
                found.inputs.append(one)
    if not found.inputs:
        over = ", ".join(f"{count} {reason}" for reason, count in found.passed_over.items())
        why = f"there are no pictures ({over or 'nothing was given'})"
        raise SettingsError("inputs", why, "give pictures, folders with pictures, or addresses")
    return found


def lines_of(data: bytes, name: str) -> list[str]:
    r"""Read a list of inputs, one on each line.

    Parameters
    ----------
    data : bytes
        The file; blank lines, and those that begin with ``#``, are skipped.
    name : str
        Of the file, for messages.

    Returns
    -------
    list of str

    Raises
    ------
    SettingsError
        If a line is no text.

    Examples
    --------
    >>> lines_of(b"\xef\xbb\xbfa.png\r\n\r\n# others\r\nb.png\r\n", "list.txt")
    ['a.png', 'b.png']
    """
    lines = []
    for number, line in enumerate(decode_text(data).splitlines(), start=1):
        if "\ufffd" in line or "\0" in line:
            why = "is not text in UTF-8"
            raise SettingsError(f"{printable(name)} line {number}", why, "save the list as UTF-8")
        if line.strip() and not line.startswith("#"):
            lines.append(line.strip())
    return lines


def _meant(given: str, recursive: bool, out_dir: Path | None, passed: Counter[str]) -> Iterator[Input]:
    """All that one argument stands for."""
    if given == "-":
        remedy = "give files, folders or addresses, or learn it by itself"
        raise SettingsError("-", "standard input is one picture, and no batch", remedy)
    path = Path(given)
    if given.startswith("sample:"):
        yield Input(given)
        return
    if not os.path.lexists(path):
        if scheme_of(unwrapped(given)):
            yield Input(given)
            return
        if glob.has_magic(given):
            names = sorted(glob.glob(given, recursive=True))  # noqa: PTH207 (it may be absolute)
            for name in names:
                yield from _of_path(Path(name), recursive, out_dir, passed)
            if names:
                return
        yield Input(path)  # which says that it is not there
        return
    yield from _of_path(path, recursive, out_dir, passed)


def _of_path(path: Path, recursive: bool, out_dir: Path | None, passed: Counter[str]) -> Iterator[Input]:
    if path.is_dir():
        yield from _in_folder(path, recursive, out_dir, passed)
    elif is_picture(path):
        yield Input(path)
    else:
        passed[NO_PICTURE] += 1


def _in_folder(root: Path, recursive: bool, out_dir: Path | None, passed: Counter[str]) -> Iterator[Input]:
    own = None if out_dir is None else os.path.realpath(out_dir)

    def count_unreadable(_: OSError) -> None:
        passed[UNREADABLE] += 1

    for folder, folders, files in os.walk(root, onerror=count_unreadable):
        inner = [each for each in folders if os.path.realpath(Path(folder, each)) != own]
        folders[:] = sorted(_not_hidden(inner, passed)) if recursive else []
        if not recursive:
            passed.update({NOT_ENTERED: len(inner)} if inner else {})
        below = os.path.relpath(folder, root)
        for name in sorted(_not_hidden(files, passed)):
            path = Path(folder, name)
            if is_picture(path):
                yield Input(path, "" if below == os.curdir else below)
            else:
                passed[NO_PICTURE] += 1


def _not_hidden(names: list[str], passed: Counter[str]) -> list[str]:
    shown = [name for name in names if not name.startswith(".")]
    passed.update({HIDDEN: len(names) - len(shown)} if len(shown) < len(names) else {})
    return shown


def is_picture(path: Path) -> bool:
    """Whether a file is a picture by its name, or by its first bytes.

    Examples
    --------
    >>> is_picture(Path("nowhere.jpg")), is_picture(Path("Thumbs.db"))
    (True, False)
    """
    if path.suffix.lower() in _PICTURES:
        return True
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe might block for ever
            return False
        with path.open("rb") as file:
            return sniff(file.read(_ENOUGH_TO_TELL)) is not None
    except OSError:
        return False
