"""The door for pictures: whatever the source, checked pixels come out."""

import errno
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from paintnet.errors import PictureError, SettingsError
from paintnet.files.names import file_stem, printable, printable_url, url_stem
from paintnet.picture.samples import sample_bytes

_WEB = re.compile(r"https?:", re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):/", re.IGNORECASE)  # two letters or more: C:/ is a drive

# No format in use needs more for a pixel, so a larger file is no picture within the limit.
_BYTES_PER_PIXEL = 16
_BYTES_BESIDES = 64_000_000
_PIECE = 1_000_000


@dataclass(frozen=True)
class OpenLimits:
    """What a picture may be, and where it may come from.

    Parameters
    ----------
    max_pixels : int, default=50_000_000
        Pictures with more pixels are refused before they are decoded.
    allow_private : bool, default=False
        Whether a URL may lead to a private or loopback address.
    sha256 : str or None, default=None
        The checksum that the bytes of the source must have, 64 hexadecimal digits.

    Examples
    --------
    >>> OpenLimits(max_pixels=1_000_000).allow_private
    False
    """

    max_pixels: int = 50_000_000
    allow_private: bool = False
    sha256: str | None = None

    def __post_init__(self) -> None:
        if self.max_pixels < 1:
            raise SettingsError(f"max pixels {self.max_pixels}", "a picture has at least 1", "give 1 or more")
        if self.sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", self.sha256):
            remedy = "give its 64 hexadecimal digits, as sha256sum prints them"
            raise SettingsError(f"sha256 {printable(self.sha256[:80])}", "is not a SHA-256 checksum", remedy)

    @property
    def max_bytes(self) -> int:
        """The size above which a file is not read."""
        return self.max_pixels * _BYTES_PER_PIXEL + _BYTES_BESIDES


@dataclass(frozen=True)
class OpenedPicture:
    """A picture and where it came from.

    Parameters
    ----------
    pixels : ndarray of float32, shape (height, width, channels)
        Values in [0, 1]; 1, 3 or 4 channels; straight alpha, colors 0 where alpha is 0.
    name : str
        A stem for output files.
    source : str
        The source, fit to be shown: a URL without password and query.
    notes : tuple of str
        What there is to say about it, one sentence each.
    """

    pixels: NDArray[np.float32]
    name: str
    source: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Fetched:
    """The bytes of a source before they are decoded."""

    data: bytes
    name: str
    source: str


def open_picture(
    source: str | Path, *, limits: OpenLimits | None = None, stdin: BinaryIO | None = None
) -> OpenedPicture:
    """Open a picture.

    Parameters
    ----------
    source : str or Path
        A path, an http or https URL, ``-`` for ``stdin``, or ``sample:bird``, ``sample:china``,
        ``sample:flower``. A ``Path`` is always a path.
    limits : OpenLimits, optional
        Size, addresses and checksum; the defaults of :class:`OpenLimits`.
    stdin : binary file, optional
        Where ``-`` reads from.

    Returns
    -------
    OpenedPicture
        Upright, in sRGB; of an animation the first frame.

    Raises
    ------
    PictureError
        When it cannot be read, is no picture, is damaged or too large.
    DownloadError
        When a URL cannot be fetched or must not be.

    Examples
    --------
    >>> bird = open_picture("sample:bird")
    >>> bird.name, bird.pixels.shape
    ('bird', (100, 100, 3))
    """
    limits = limits or OpenLimits()
    fetched = _fetch(source, limits, stdin)
    _check_sum(fetched, limits.sha256)
    from paintnet.picture.decoding import decode

    decoded = decode(fetched.data, fetched.source, limits.max_pixels)
    return OpenedPicture(decoded.pixels, fetched.name, fetched.source, decoded.notes)


def _fetch(source: str | Path, limits: OpenLimits, stdin: BinaryIO | None) -> _Fetched:
    """Get the bytes, by the kind of the source."""
    if isinstance(source, Path):
        return _from_path(source, limits)
    if source == "-":
        return _from_stdin(stdin, limits)
    if source.startswith("sample:"):
        name = source.removeprefix("sample:")
        return _Fetched(sample_bytes(name), name, source)
    if _WEB.match(source):
        # requests takes a while to import, and most pictures are files
        from paintnet.files.download import download

        data = download(source, allow_private=limits.allow_private)
        return _Fetched(data, url_stem(source), printable_url(source))
    scheme = _SCHEME.match(source)
    if scheme and not Path(source).exists():
        why = f"{scheme[1].lower()} addresses are not supported"
        raise PictureError(printable_url(source), why, "give a path, or an http or https URL")
    return _from_path(Path(source), limits)


def _from_stdin(stdin: BinaryIO | None, limits: OpenLimits) -> _Fetched:
    if stdin is None:
        raise PictureError("-", "there is no standard input here", "give a path or a URL")
    return _Fetched(_read_bounded(stdin, "stdin", limits.max_bytes), "stdin", "stdin")


def _from_path(path: Path, limits: OpenLimits) -> _Fetched:
    what = printable(path)
    # O_NONBLOCK: should the path become a pipe between the two looks, opening it still returns.
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        _check_regular(path.stat(), what)
        with open(os.open(path, flags), "rb") as file:  # noqa: PTH123 (a descriptor)
            found = os.fstat(file.fileno())
            _check_regular(found, what)
            if found.st_size > limits.max_bytes:
                raise _too_long(what, limits.max_bytes)
            data = _read_bounded(file, what, limits.max_bytes)
    except OSError as error:
        raise _unopened(what, error) from error
    except ValueError as error:
        raise PictureError(what, "is not a possible file name", "check its spelling") from error
    return _Fetched(data, file_stem(path.name), what)


def _check_regular(found: os.stat_result, what: str) -> None:
    """Only a regular file is read: anything else may block for ever."""
    if stat.S_ISDIR(found.st_mode):
        raise PictureError(what, "is a folder", "give one of the pictures in it")
    if stat.S_ISFIFO(found.st_mode):
        raise PictureError(what, "is a pipe", "give - and send the picture to standard input")
    if not stat.S_ISREG(found.st_mode):
        raise PictureError(what, "is not a regular file", "give a picture file")


def _read_bounded(file: BinaryIO, what: str, max_bytes: int) -> bytes:
    """Read to the end, but never more than the limit; in pieces, as a read reserves all it may need."""
    data = bytearray()
    try:
        while piece := file.read(_PIECE):
            data += piece
            if len(data) > max_bytes:
                raise _too_long(what, max_bytes)
    except OSError as error:
        raise _unopened(what, error) from error
    return bytes(data)


def _too_long(what: str, max_bytes: int) -> PictureError:
    why = f"is larger than {max_bytes // 1_000_000:,} MB: no picture within the pixel limit needs so much"
    return PictureError(what, why, "raise the limit or use a smaller copy", "max_pixels")


def _unopened(what: str, error: OSError) -> PictureError:
    """Put an error of the system into words."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return PictureError(what, "there is no such file", "check its spelling")
    if error.errno in (errno.EACCES, errno.EPERM):
        return PictureError(what, "no permission to read it", "change its permissions")
    return PictureError(what, f"cannot be read ({printable(error.strerror or error)})", "check the file")


def _check_sum(fetched: _Fetched, expected: str | None) -> None:
    """Compare the checksum before a decoder sees the bytes."""
    if expected is None:
        return
    found = hashlib.sha256(fetched.data).hexdigest()
    if found != expected.lower():
        why = f"its SHA-256 is {found}, not the expected {expected.lower()}"
        raise PictureError(fetched.source, why, "check where it comes from, or the checksum", "sha256")
