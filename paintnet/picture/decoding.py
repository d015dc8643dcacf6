"""From the bytes of a file to pixels. The bytes come from anywhere and may be hostile.

What a file is, its first bytes say: never its name, never the header of a server. Only the
decoders in ``_DECODERS`` are ever run.
"""

import contextlib
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from paintnet.errors import PictureError
from paintnet.files.names import printable
from paintnet.picture import png_reading, tiff
from paintnet.picture.banding import (
    in_tiles,
    picture_of,
    without_empty_alpha,
)
from paintnet.picture.content import TIFF_MAGIC, Content, NoScratchError, no_scratch, opened, whole
from paintnet.picture.levels import Pixels
from paintnet.picture.meaning import Meaning, meaning_of, raw_mode_of
from paintnet.picture.modes import UnusableValuesError
from paintnet.picture.spaces import space_of_png
from paintnet.picture.unusual import unusual_kind

_DECODERS: dict[str, Callable[[BinaryIO], ImageFile.ImageFile]] = {
    "PNG": PngImageFile,
    "JPEG": JpegImageFile,
    "WebP": WebPImageFile,
    "TIFF": TiffImageFile,
    "BMP": BmpImageFile,
    "GIF": GifImageFile,
    "PPM": PpmImageFile,
}
_CONVERT = "convert it to PNG, JPEG, WebP, TIFF, BMP, GIF or PPM"

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    *((magic, "TIFF") for magic in TIFF_MAGIC),
)

# Named in the message only; none of these is ever parsed.
_KNOWN_STRANGERS = (
    (b"%PDF", "a PDF"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"SIMPLE  =", "FITS"),
    (b"8BPS", "a Photoshop file"),
    (b"<svg", "SVG"),
    (b"<?xml", "XML or SVG"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "gzip"),
)

# The warning filters and Image.MAX_IMAGE_PIXELS belong to the whole process, so one picture
# at a time goes through Pillow.
_pillow_lock = threading.Lock()


@dataclass(frozen=True)
class Decoded:
    """A picture, and what there is to say about it."""

    held: Pixels
    notes: tuple[str, ...]

    @property
    def pixels(self) -> NDArray[np.float32]:
        """All of its pixels, (height, width, channels)."""
        return self.held[:]


def sniff(data: Content) -> str | None:
    r"""Tell the format of a picture by its first bytes.

    Parameters
    ----------
    data : bytes or StoredBytes
        The file, or its begin.

    Returns
    -------
    str or None
        One of the formats that are read; None for anything else.

    Examples
    --------
    >>> sniff(b"\xff\xd8\xff\xe0 and so on"), sniff(b"<html>")
    ('JPEG', None)
    """
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[:1] == b"P" and data[1:2] in b"123456f" and data[2:3].isspace():
        return "PPM"
    return None


def decode(data: Content, what: str, max_pixels: int) -> Decoded:
    """Decode the bytes of a picture file.

    Parameters
    ----------
    data : bytes or StoredBytes
        The whole file.
    what : str
        Its name for messages, fit to be shown.
    max_pixels : int
        Larger pictures are refused by their header, before anything is decoded.

    Returns
    -------
    Decoded
        Upright, in sRGB, the first frame.

    Raises
    ------
    PictureError
        When it is no picture, a damaged one, one too large, or one without usable colors.

    Examples
    --------
    >>> decode(b"P2 2 1 255 0 255", "two.pgm", 10).pixels[..., 0]
    array([[0., 1.]], dtype=float32)
    """
    name = sniff(data)
    if name is None:
        raise PictureError(what, f"not a supported image{_stranger(data)}", _CONVERT)
    load = _load_png if name == "PNG" else _load
    with (
        _failures_in_words(what, name, data, max_pixels),
        _guarded_pillow(max_pixels) as remarks,
        _silence(name == "TIFF"),
    ):
        held, notes = load(name, data, what, max_pixels)
    return Decoded(held, (*notes, *remarks))


def convert(image: Image.Image, what: str, max_pixels: int) -> Decoded:
    """Bring an image that Pillow holds already to pixels.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode; it is left as it is, but loaded.
    what : str
        Its name for messages, fit to be shown.
    max_pixels : int
        Larger pictures are refused.

    Returns
    -------
    Decoded
        Upright, in sRGB, the frame that the image is at.

    Raises
    ------
    PictureError
        When it cannot be loaded, is too large, or has no usable colors.

    Examples
    --------
    >>> convert(Image.new("L", (1, 1), 255), "an image", 10).pixels
    array([[[1.]]], dtype=float32)
    """
    name = image.format or "Pillow"
    with _failures_in_words(what, name, b"", max_pixels), _guarded_pillow(max_pixels) as remarks:
        _check_size(image, what, max_pixels)
        if not image.width * image.height:
            raise PictureError(what, "it has no pixels", "give a picture with some")
        space, notes = space_of_png(image.info, None)
        held, more = picture_of(image.copy(), Meaning(space=space))
    return Decoded(held, (*notes, *more, *remarks))


def header_of(data: Content, what: str, max_pixels: int) -> Image.Image:
    """Read the header of a picture file: an image whose pixels have not been decoded.

    Parameters and errors are those of `decode`.

    Examples
    --------
    >>> header_of(b"P2 2 1 255 0 255", "two.pgm", 10).size
    (2, 1)
    """
    name = sniff(data)
    if name is None:
        raise PictureError(what, f"not a supported image{_stranger(data)}", _CONVERT)
    with _failures_in_words(what, name, data, max_pixels), _guarded_pillow(max_pixels):
        if name == "PNG":
            data, _ = png_reading.without_damage(whole(data))
        if name == "TIFF":
            data, _ = tiff.picture_first(data)
        image = _DECODERS[name](opened(data))
        _check_size(image, what, max_pixels)
        return image


@contextlib.contextmanager
def _failures_in_words(what: str, name: str, data: Content, max_pixels: int) -> Iterator[None]:
    """Turn whatever a decoder raises into a PictureError."""
    try:
        yield
    except PictureError:
        raise
    except UnusableValuesError as error:
        raise PictureError(what, error.why, error.remedy) from error
    except NoScratchError as error:
        raise no_scratch(what, error) from error
    except MemoryError as error:
        raise PictureError(what, "does not fit into memory", "use a smaller copy") from error
    except Image.DecompressionBombError as error:
        raise _too_large(what, "its size", max_pixels) from error
    except Exception as error:  # hostile bytes make a decoder raise nearly anything
        raise _unreadable(what, name, data, error) from error


@contextlib.contextmanager
def _guarded_pillow(max_pixels: int) -> Iterator[list[str]]:
    """Set Pillow's own pixel limit, and collect its warnings as notes instead of printing them."""
    remarks: list[str] = []
    with _pillow_lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = max_pixels
        try:
            yield remarks
        finally:
            Image.MAX_IMAGE_PIXELS = before
        texts = [str(each.message) for each in caught if issubclass(each.category, UserWarning)]
        remarks += [f"the decoder remarked: {printable(text).strip()}" for text in dict.fromkeys(texts)][:3]


@contextlib.contextmanager
def _silence(wanted: bool) -> Iterator[None]:
    """Keep the C library behind TIFF from writing its complaints to stderr, where it has no business.

    It knows no other place for them, and Pillow offers no way to change that; what was wrong
    comes back as an exception all the same.
    """
    try:
        kept = os.dup(2) if wanted else None
    except OSError:  # there is no stderr
        kept = None
    if kept is None:
        yield
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _load_png(name: str, data: Content, what: str, max_pixels: int) -> tuple[Pixels, list[str]]:
    """Decode a PNG; damage beside its pixels is no reason to refuse it."""
    data, notes = png_reading.without_damage(whole(data))
    try:
        held, more = _load(name, data, what, max_pixels)
    except (PictureError, UnusableValuesError, MemoryError, Image.DecompressionBombError):
        raise
    except Exception:
        rest = png_reading.bare(data)
        if rest is data:
            raise
        with contextlib.suppress(Exception):  # the first error tells more
            held, more = _load(name, rest, what, max_pixels)
            return held, [*notes, *more, "damaged parts beside the pixels were ignored"]
        raise
    return held, [*notes, *more]


def _load(name: str, data: Content, what: str, max_pixels: int) -> tuple[Pixels, list[str]]:
    """Read the header, check the size, then decode the first frame or the page that is the picture."""
    notes: list[str] = []
    if name == "TIFF":
        data, notes = tiff.picture_first(data)
    image: Image.Image = _DECODERS[name](opened(data))
    _check_size(image, what, max_pixels)
    if name == "PNG":
        _DECODERS[name](opened(data)).verify()  # decoding alone ignores most checksums
    meaning, more = meaning_of(image, data)
    notes += [*notes_of_header(name, image, meaning), *more]
    tiled = in_tiles(image, data, meaning)
    if tiled is not None:
        held, after = picture_of(tiled, meaning)
        return held, [*notes, *after]
    image.load()
    _check_size(image, what, max_pixels)
    image, more = without_empty_alpha(name, image)
    held, after = picture_of(image, meaning)
    return held, [*notes, *more, *after]


def notes_of_header(name: str, image: Image.Image, meaning: Meaning) -> list[str]:
    """Say what will not be read of a file of a format, by its header."""
    notes = []
    if name != "TIFF" and _has_more_frames(image):
        notes.append("only the first of several frames was read")
    if _is_narrowed(image) and not meaning.is_deep:
        notes.append("16-bit colors were read with 8 bits each")
    return notes


def _is_narrowed(image: Image.Image) -> bool:
    """Whether Pillow keeps only the upper bytes of what is in the file."""
    raw_mode = raw_mode_of(image)
    if image.format == "PPM":  # the layout, and the value that means white
        return (
            image.mode == "RGB" and raw_mode.startswith("(") and int(raw_mode.strip("()").split(",")[1]) > 255
        )
    return ";16" in raw_mode and "BGR" not in raw_mode and image.mode in ("RGB", "RGBA", "LA", "CMYK")


def _check_size(image: Image.Image, what: str, max_pixels: int) -> None:
    if image.width * image.height > max_pixels:
        raise _too_large(what, f"{image.width} x {image.height}", max_pixels)


def _too_large(what: str, size: str, max_pixels: int) -> PictureError:
    why = f"{size} is more than the limit of {max_pixels:,} pixels"
    return PictureError(what, why, "raise the limit or use a smaller copy", "max_pixels")


def _has_more_frames(image: Image.Image) -> bool:
    """Look whether there is a second frame, without decoding any.

    Frames are not counted: in a GIF that means walking the whole file.
    """
    try:
        return bool(getattr(image, "is_animated", False))
    except (OSError, EOFError, ValueError, SyntaxError, LookupError, TypeError):
        return False  # what follows the first frame may be damaged: it is not used


def _unreadable(what: str, name: str, data: Content, error: Exception) -> PictureError:
    """Tell a kind of file that is not supported from one that is broken."""
    text = " ".join(printable(error).split()).rstrip(".")
    reason = text if any(character.isalpha() for character in text) else "its parts contradict each other"
    kind = reason if isinstance(error, NotImplementedError) else unusual_kind(name, data, reason)
    if kind is not None:
        return PictureError(what, f"not a supported image: a {name} of an unusual kind ({kind})", _CONVERT)
    why = f"damaged image: its {name} data cannot be decoded ({reason})"
    return PictureError(what, why, "get an intact copy")


def _stranger(data: Content) -> str:
    """Name what it is instead, where that is plain."""
    if not data:
        return ": it is empty"
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for magic, name in _KNOWN_STRANGERS:
        if start.startswith(magic.lower()):
            return f": it is {name}"
    if data[4:8] == b"ftyp":
        return ": it is HEIC, AVIF or a video"
    return ""
