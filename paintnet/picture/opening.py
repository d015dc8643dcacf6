"""The door for pictures: whatever the source, checked pixels come out."""

import errno
import os
import re
import stat
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from paintnet.errors import PictureError, SettingsError
from paintnet.files.names import (
    file_stem,
    printable,
    printable_source,
    printable_url,
    scheme_of,
    unwrapped,
    url_stem,
)
from paintnet.picture.arrays import pixels_of
from paintnet.picture.content import (
    HELD_BYTES,
    TIFF_MAGIC,
    Content,
    NoScratchError,
    StoredBytes,
    no_scratch,
    sha256_of,
)
from paintnet.picture.levels import Pixels
from paintnet.picture.metadata import NONE, Metadata
from paintnet.picture.samples import sample_bytes

_WEB = ("http", "https")
_HOST_AND_PATH = re.compile(r"\s*(//|[^/\s]+@)?[\w-]+(\.[\w-]+)*\.[a-z]{2,}(:\d+)?/", re.IGNORECASE)

# No format in use needs more for a pixel, so a larger file is no picture within the limit.
_BYTES_PER_PIXEL = 16
_BYTES_BESIDES = 64_000_000
_PIECE = 1_000_000
_NAMELESS = "picture"
_LONGEST_PATH = 4096
_WHAT_TO_GIVE = "give a path, a URL, an array, a Pillow image, or the bytes of a picture file"
_PATH_OR_URL = "give a path, or an http or https URL"


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
        try:
            whole = int(self.max_pixels)
        except (TypeError, ValueError, OverflowError):
            whole = 0
        if whole != self.max_pixels:
            why = "is not a whole number"
            raise SettingsError(f"max pixels {printable(repr(self.max_pixels))}", why, "give 1 or more")
        if whole < 1:
            raise SettingsError(f"max pixels {whole}", "a picture has at least 1", "give 1 or more")
        object.__setattr__(self, "max_pixels", whole)  # NumPy's own numbers overflow
        text = self.sha256
        if text is not None and not (isinstance(text, str) and re.fullmatch("[0-9a-fA-F]{64}", text)):
            remedy = "give its 64 hexadecimal digits, as sha256sum prints them"
            raise SettingsError(f"sha256 {printable(str(text)[:80])}", "is not a SHA-256 checksum", remedy)

    @property
    def max_bytes(self) -> int:
        """The size above which a file is not read."""
        return self.max_pixels * _BYTES_PER_PIXEL + _BYTES_BESIDES


@dataclass(frozen=True)
class OpenedPicture:
    """A picture and where it came from.

    Parameters
    ----------
    held : float32 array or LevelPicture of shape (height, width, channels)
        Its pixels: in [0, 1], 1, 3 or 4 channels, straight alpha, colors 0 where alpha is 0. A large
        picture is held with 8 or 16 bits a value, in a file, and read by windows.
    name : str
        A stem for output files.
    source : str
        The source, fit to be shown: a URL without password and query.
    notes : tuple of str
        What there is to say about it, one sentence each.
    sha256 : str or None
        Checksum of the file's bytes; None where there was no file.
    metadata : Metadata
        What the file says besides its pixels.
    """

    held: Pixels
    name: str
    source: str
    notes: tuple[str, ...] = ()
    sha256: str | None = None
    metadata: Metadata = NONE

    @cached_property
    def pixels(self) -> NDArray[np.float32]:
        """All of its pixels as float32; a large picture is read when they are asked for."""
        return self.held[:]


@dataclass(frozen=True)
class Fetched:
    """The bytes of a source before they are decoded, the stem and the source as in `OpenedPicture`."""

    data: Content
    name: str
    source: str


def open_picture(
    source: Any, *, limits: OpenLimits | None = None, stdin: BinaryIO | None = None
) -> OpenedPicture:
    """Open a picture.

    Parameters
    ----------
    source : str, path-like, bytes, binary file, PIL.Image.Image or array-like
        A path, an http or https URL (also in angle brackets), ``-`` for ``stdin``, or
        ``sample:bird``, ``sample:china``, ``sample:flower``; a path-like object is always a
        path. The content of a picture file, or a binary file that has it. Or what another
        library holds already: a Pillow image, or an array (height, width, channels) of 1, 3
        or 4 channels with values in [0, 1], also as nested lists.
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
    SettingsError
        When it is nothing that a picture can come from.

    Examples
    --------
    >>> bird = open_picture("sample:bird")
    >>> bird.name, bird.pixels.shape
    ('bird', (100, 100, 3))
    """
    limits = limits or OpenLimits()
    held = _held(source, limits)
    if held is not None:
        return held
    file = fetched(source, limits, stdin)
    from paintnet.picture.decoding import decode, header_of
    from paintnet.picture.metadata_reading import metadata_of

    decoded = decode(file.data, file.source, limits.max_pixels)
    digest = sha256_of(file.data)
    try:
        metadata = metadata_of(header_of(file.data, file.source, limits.max_pixels))
    except PictureError:  # what is damaged beside the pixels has been left out there too
        metadata = NONE
    return OpenedPicture(decoded.held, file.name, file.source, decoded.notes, digest, metadata)


def fetched(source: Any, limits: OpenLimits, stdin: BinaryIO | None) -> Fetched:
    """Get the bytes of a source, checked against the limits not decoded; raises as `open_picture`."""
    file = _fetch(source, limits, stdin)
    _check_sum(file, limits.sha256)
    return file


def _held(source: Any, limits: OpenLimits) -> OpenedPicture | None:
    """Take what another library holds already; None for anything that has bytes."""
    if isinstance(source, str | bytes):  # NumPy has strings of its own, which are arrays too
        return None
    pillow = sys.modules.get("PIL.Image")  # where it is not imported, nobody has an image of it
    is_image = pillow is not None and isinstance(source, pillow.Image)
    if not is_image and not isinstance(source, np.ndarray | list | tuple) and not _is_array_like(source):
        return None
    what = "the Pillow image" if is_image else "the array"
    if limits.sha256 is not None:
        why = "there are no bytes to compare with a checksum"
        raise SettingsError(what, why, "give the file, or leave the checksum out")
    if is_image:
        from paintnet.picture.decoding import convert

        decoded = convert(source, what, limits.max_pixels)
        name = getattr(source, "filename", "")
        return OpenedPicture(
            decoded.held, file_stem(os.fsdecode(name)) if name else _NAMELESS, what, decoded.notes
        )
    pixels = pixels_of(source)
    if pixels.shape[0] * pixels.shape[1] > limits.max_pixels:
        size = f"{pixels.shape[1]} x {pixels.shape[0]}"
        why = f"{size} is more than the limit of {limits.max_pixels:,} pixels"
        raise PictureError(what, why, "raise the limit or use a smaller copy", "max_pixels")
    return OpenedPicture(pixels.astype(np.float32, copy=False), _NAMELESS, what)


def _is_array_like(source: Any) -> bool:
    """Whether NumPy has been told how to make an array of it."""
    return any(hasattr(type(source), name) for name in ("__array__", "__array_interface__"))


def _fetch(source: Any, limits: OpenLimits, stdin: BinaryIO | None) -> Fetched:
    """Get the bytes, by the kind of the source."""
    if isinstance(source, os.PathLike):
        return _from_path_like(source, limits)
    if isinstance(source, bytes | bytearray | memoryview):
        return _from_bytes(bytes(source), limits)
    if callable(getattr(source, "read", None)):
        name = getattr(source, "name", None)
        name = file_stem(name) if isinstance(name, str) else _NAMELESS
        return Fetched(_read_bounded(source, "the file object", limits.max_bytes), name, "the file object")
    if not isinstance(source, str):
        kind = "None" if source is None else f"a value of type {type(source).__name__}"
        raise SettingsError("picture", f"{kind} is no picture", _WHAT_TO_GIVE)
    if source == "-":
        return _from_stdin(stdin, limits)
    if source.startswith("sample:"):
        name = source.removeprefix("sample:")
        return Fetched(sample_bytes(name), name, source)
    address = unwrapped(source)
    scheme = scheme_of(address)
    if scheme in _WEB:
        # requests takes a while to import, and most pictures are files
        from paintnet.files.download import download

        data = download(address, allow_private=limits.allow_private)
        return Fetched(data, url_stem(address), printable_url(address))
    if scheme is not None and not os.path.lexists(source):
        remedy = "save the picture to a file and give its path" if scheme == "data" else _PATH_OR_URL
        raise PictureError(printable_url(address), f"{scheme} addresses are not supported", remedy)
    return _from_path(Path(source), limits)


def _from_path_like(source: Any, limits: OpenLimits) -> Fetched:
    try:
        path = Path(os.fsdecode(source))
    except TypeError as error:  # whatever its __fspath__ does
        raise SettingsError("picture", "its path is no path", _WHAT_TO_GIVE) from error
    return _from_path(path, limits)


def _from_bytes(data: bytes, limits: OpenLimits) -> Fetched:
    if len(data) > limits.max_bytes:
        raise _too_long("the bytes", limits.max_bytes)
    from paintnet.picture.decoding import sniff

    if len(data) <= _LONGEST_PATH and sniff(data) is None:
        why = "these bytes are no picture file"
        raise SettingsError("picture", why, "give a path as text, or the whole content of a picture file")
    return Fetched(data, _NAMELESS, "the bytes")


def _from_stdin(stdin: BinaryIO | None, limits: OpenLimits) -> Fetched:
    if stdin is None:
        raise PictureError("-", "there is no standard input here", "give a path or a URL")
    return Fetched(_read_bounded(stdin, "stdin", limits.max_bytes), "stdin", "stdin")


def _from_path(path: Path, limits: OpenLimits) -> Fetched:
    # The name of a file that is there holds no secret; what names none may be an address.
    what = printable(path) if os.path.lexists(path) else printable_source(str(path))
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
    return Fetched(data, file_stem(path.name), what)


def _check_regular(found: os.stat_result, what: str) -> None:
    """Only a regular file is read: anything else may block for ever."""
    if stat.S_ISDIR(found.st_mode):
        raise PictureError(what, "is a folder", "give one of the pictures in it")
    if stat.S_ISFIFO(found.st_mode):
        raise PictureError(what, "is a pipe", "give - and send the picture to standard input")
    if not stat.S_ISREG(found.st_mode):
        raise PictureError(what, "is not a regular file", "give a picture file")


def _read_bounded(file: BinaryIO, what: str, max_bytes: int) -> Content:
    """Read to the end, but never more than the limit; in pieces, as a read reserves all it may need."""
    data = bytearray()
    try:
        while piece := file.read(_PIECE):
            data += piece
            if len(data) > max_bytes:
                raise _too_long(what, max_bytes)
            if len(data) > HELD_BYTES and data[:4] in TIFF_MAGIC:
                return _stored(data, file, what, max_bytes)
    except OSError as error:
        raise _unopened(what, error) from error
    except (TypeError, ValueError) as error:  # text instead of bytes, or a closed file
        raise SettingsError(what, "does not give bytes", "open it in binary mode") from error
    return bytes(data)


def _stored(begin: bytearray, file: BinaryIO, what: str, max_bytes: int) -> StoredBytes:
    """Put what was read, and the rest of a file, into a temporary one."""
    try:
        stored = StoredBytes()
        stored.write(begin)
        while piece := file.read(_PIECE):
            stored.write(piece)
            if len(stored) > max_bytes:
                raise _too_long(what, max_bytes)
    except NoScratchError as error:
        raise no_scratch(what, error) from error
    return stored


def _too_long(what: str, max_bytes: int) -> PictureError:
    why = f"is larger than {max_bytes // 1_000_000:,} MB: no picture within the pixel limit needs so much"
    return PictureError(what, why, "raise the limit or use a smaller copy", "max_pixels")


def _unopened(what: str, error: OSError) -> PictureError:
    """Put an error of the system into words."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        remedy = "check its spelling"
        if _HOST_AND_PATH.match(what):
            remedy += ", or begin a URL with https://"
        return PictureError(what, "there is no such file", remedy)
    if error.errno in (errno.EACCES, errno.EPERM):
        return PictureError(what, "no permission to read it", "change its permissions")
    return PictureError(what, f"cannot be read ({printable(error.strerror or error)})", "check the file")


def _check_sum(fetched: Fetched, expected: str | None) -> None:
    """Compare the checksum before a decoder sees the bytes."""
    if expected is None:
        return
    found = sha256_of(fetched.data)
    if found != expected.lower():
        why = f"its SHA-256 is {found}, not the expected {expected.lower()}"
        raise PictureError(fetched.source, why, "check where it comes from, or the checksum", "sha256")
