"""The formats that pictures are written in, each by its file extension."""

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from paintnet.errors import OutputError
from paintnet.extras import pip_line
from paintnet.files.names import printable
from paintnet.files.staging import StagedFile
from paintnet.picture.deep_zoom import write_deep_zoom
from paintnet.picture.metadata import NONE, Metadata, pillow_options, png_chunks
from paintnet.picture.png_writing import png_pieces, with_chunks
from paintnet.picture.tiff_writing import can_write_tiles, write_tiles
from paintnet.typing import Levels

STREAMED_PIXELS = 4_000_000
"""A PNG of more pixels is written band by band; up to here Pillow packs it, which is a little faster."""

WHOLE_PIXELS = 200_000_000
"""Above so many pixels nothing is written that has to be put together in memory first: 800 MB."""

BAND_PIXELS = 65_536
"""Pixels that are turned into levels at once."""

Shape: TypeAlias = tuple[int, int, int]
"""Height, width and channels of a picture."""


@dataclass(frozen=True)
class OutputFormat:
    """One way to write a picture.

    Parameters
    ----------
    name : str
        What people call it.
    encode : callable or None
        From an 8-bit Pillow image and metadata to the bytes of a file, and sentences on what of the
        metadata the format has no place for; None where the format is written in bands only.
    keeps_alpha : bool
        Whether transparency survives.
    max_side : int
        The longest side that the format can hold.
    stream : callable or None
        Writes bands of levels, of which it is told the shape of the whole and metadata, to a file, and
        gives such sentences; for large pictures. None where the format is written only from the whole.
    is_folder : bool
        Whether there is a folder beside the file: then `stream` is given the staged file.
    can_stream : callable
        Whether what `stream` needs is there.
    """

    name: str
    encode: Callable[[Any, Metadata], tuple[bytes, tuple[str, ...]]] | None
    keeps_alpha: bool
    max_side: int
    stream: Callable[[Any, Iterable[Levels], Shape, Metadata], tuple[str, ...]] | None = None
    is_folder: bool = False
    can_stream: Callable[[], bool] = lambda: True

    def is_streamed(self, width: int, height: int) -> bool:
        """Whether a picture of this size is written in bands."""
        is_large = self.encode is None or width * height > STREAMED_PIXELS
        return is_large and self.stream is not None and self.can_stream()


def _encoder(pillow_name: str, **options: Any) -> Callable[[Any, Metadata], tuple[bytes, tuple[str, ...]]]:
    """Build the function that writes one format."""

    def encode(image: Any, metadata: Metadata) -> tuple[bytes, tuple[str, ...]]:
        said, notes = pillow_options(metadata, pillow_name)
        buffer = io.BytesIO()
        image.save(buffer, format=pillow_name, **{**options, **said})
        return buffer.getvalue(), notes

    return encode


def _encode_png(image: Any, metadata: Metadata) -> tuple[bytes, tuple[str, ...]]:
    content, _ = _encoder("PNG")(image, Metadata())
    return with_chunks(content, png_chunks(metadata)), ()


def _stream_png(
    file: IO[bytes], bands: Iterable[Levels], shape: Shape, metadata: Metadata
) -> tuple[str, ...]:
    pieces = png_pieces(bands, shape)
    file.write(with_chunks(next(pieces), png_chunks(metadata)))
    file.writelines(pieces)
    return ()


_PNG = OutputFormat("PNG", _encode_png, keeps_alpha=True, max_side=2**31 - 1, stream=_stream_png)
# Full color resolution: a painting has sharp color edges, and halved chroma would smear them.
_JPEG = OutputFormat("JPEG", _encoder("JPEG", quality=95, subsampling=0), keeps_alpha=False, max_side=65_500)
# Lossless: what is written is what was painted.
_WEBP = OutputFormat("WebP", _encoder("WEBP", lossless=True), keeps_alpha=True, max_side=16_383)
_TIFF = OutputFormat(
    "TIFF",
    _encoder("TIFF", compression="tiff_lzw"),
    keeps_alpha=True,
    max_side=2**31 - 1,
    stream=write_tiles,
    can_stream=can_write_tiles,
)
_DEEP_ZOOM = OutputFormat(
    "Deep Zoom", None, keeps_alpha=True, max_side=2**31 - 1, stream=write_deep_zoom, is_folder=True
)
# A BMP can carry a fourth channel, but most readers take it for padding.
_BMP = OutputFormat("BMP", _encoder("BMP"), keeps_alpha=False, max_side=2**31 - 1)

OUTPUT_FORMATS: dict[str, OutputFormat] = {
    ".png": _PNG,
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".webp": _WEBP,
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".bmp": _BMP,
    ".dzi": _DEEP_ZOOM,
}


def check_size(path: str, chosen: OutputFormat, size: tuple[int, int]) -> None:
    """Refuse a size that the format of an output cannot hold, or not without filling the memory.

    Raises
    ------
    OutputError
        If a side is too long, or there are too many pixels.
    """
    width, height = size
    if max(size) > chosen.max_side:
        why = f"{chosen.name} holds at most {chosen.max_side:,} pixels a side, not {max(size):,}"
        raise OutputError(printable(path), why, "write a PNG or a smaller picture")
    if width * height > WHOLE_PIXELS and not chosen.is_streamed(width, height):
        why = f"{chosen.name} is put together in memory, which is done for {WHOLE_PIXELS:,} pixels at most"
        remedy = "write a .png, .tif or .dzi"
        if chosen.stream is not None:
            remedy = f"write a .png or .dzi, or install what writes it tile by tile: {pip_line('big')}"
        raise OutputError(printable(path), f"{why}, not {width * height:,}", remedy)


def encode_picture(pixels: NDArray[Any], extension: str) -> tuple[bytes, tuple[str, ...]]:
    r"""Turn a picture into the bytes of a file.

    Parameters
    ----------
    pixels : ndarray of shape (height, width, channels)
        1, 3 or 4 channels in [0, 1], straight alpha. Values outside are clipped, each is
        rounded to the nearest of 256 levels.
    extension : str
        A key of ``OUTPUT_FORMATS``, in any case.

    Returns
    -------
    tuple of bytes and tuple of str
        The file, and sentences on what was changed to fit the format.

    Raises
    ------
    OutputError
        When the extension is unknown, a value is not a number, or the format cannot hold the size.

    Examples
    --------
    >>> data, notes = encode_picture(np.zeros((2, 2, 4)), ".jpg")
    >>> data[:3], notes
    (b'\xff\xd8\xff', ('transparency was flattened on white: JPEG has none',))
    """
    file = io.BytesIO()
    notes = write_bands(file, [pixels], pixels.shape, extension)
    return file.getvalue(), notes


def write_bands(
    file: IO[bytes] | StagedFile,
    bands: Iterable[NDArray[Any]],
    shape: tuple[int, ...],
    extension: str,
    metadata: Metadata = NONE,
) -> tuple[str, ...]:
    """Write a picture that comes in bands; of its values only a few rows are held at a time.

    A PNG or TIFF of more than `STREAMED_PIXELS` pixels is written as the bands come, and so are
    tiles; in every other format the whole is held as 8-bit levels.

    Parameters
    ----------
    file : binary file or StagedFile
        Where the bytes go; tiles need the latter. After an error it holds a part of a picture.
    bands : iterable of ndarray of shape (rows, width, channels)
        From top to bottom, as `Painting.bands` yields them; values as in `encode_picture`.
    shape : (height, width, channels)
        Of the whole picture.
    extension : str
        A key of ``OUTPUT_FORMATS``, in any case.
    metadata : Metadata, optional
        What the file says besides; by default nothing.

    Returns
    -------
    tuple of str
        Sentences on what was changed to fit the format.

    Raises
    ------
    OutputError
        When the extension is unknown, a value is not a number, or the format cannot hold the size.
    ValueError
        When the bands have more or fewer rows than the shape.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> write_bands(file, (np.zeros((2, 5, 1)) for _ in range(3)), (6, 5, 1), ".png")
    ()
    >>> file.getvalue()[1:4]
    b'PNG'
    """
    chosen = _format_of(extension, shape)
    height, width, channels = shape
    levels = _LevelBands(bands, height, flattens=channels == 4 and not chosen.keeps_alpha)
    written = height, width, 3 if levels.flattens else channels
    if chosen.is_folder and not isinstance(file, StagedFile):
        why = f"{chosen.name} is a folder of tiles, which goes into no single file"
        raise OutputError(f"extension {extension!r}", why, "give a file name for it, or choose .png")
    plain = file.file if isinstance(file, StagedFile) else file
    if chosen.stream is not None and chosen.is_streamed(width, height):
        notes = chosen.stream(file if chosen.is_folder else plain, levels, written, metadata)
    else:
        assert chosen.encode is not None  # noqa: S101 - what has no other way is streamed; told to mypy
        content, notes = chosen.encode(_image(levels, written), metadata)
        plain.write(content)
    if levels.lost_alpha:
        notes = (f"transparency was flattened on white: {chosen.name} has none", *notes)
    return notes


def _image(bands: Iterable[Levels], shape: Shape) -> Any:
    """Put a whole image together; Pillow is imported when this is first called."""
    from PIL import Image

    image = Image.new({1: "L", 3: "RGB", 4: "RGBA"}[shape[2]], (shape[1], shape[0]))
    top = 0
    for band in bands:
        flat = band[..., 0] if shape[2] == 1 else band
        image.paste(Image.fromarray(np.ascontiguousarray(flat)), (0, top))
        top += len(band)
    return image


def _format_of(extension: str, shape: tuple[int, ...]) -> OutputFormat:
    chosen = OUTPUT_FORMATS.get(extension.lower())
    if chosen is None:
        known = " ".join(sorted(OUTPUT_FORMATS))
        raise OutputError(f"extension {extension!r}", "no picture format has it", f"use one of {known}")
    longest = max(shape[:2])
    if longest > chosen.max_side:
        why = f"{chosen.name} holds at most {chosen.max_side:,} pixels a side"
        raise OutputError(f"a picture {longest:,} pixels long", why, "write a PNG or a smaller picture")
    return chosen


@dataclass
class _LevelBands:
    """Bands as 8-bit levels, a few rows at a time; tells afterwards whether transparency was lost."""

    bands: Iterable[NDArray[Any]]
    height: int
    flattens: bool
    lost_alpha: bool = False

    def __iter__(self) -> Iterator[Levels]:
        rows = 0
        for band in self.bands:
            rows += len(band)
            step = max(1, BAND_PIXELS // band.shape[1])
            for top in range(0, len(band), step):
                yield self._levels(band[top : top + step])
        if rows != self.height:
            raise ValueError(f"bands of {rows} rows for a picture of {self.height}")

    def _levels(self, pixels: NDArray[Any]) -> Levels:
        if not np.isfinite(pixels).all():
            raise OutputError("the picture", "some of its values are not numbers", "train it again")
        if self.flattens:
            self.lost_alpha = self.lost_alpha or bool((to_levels(pixels[..., 3]) < 255).any())
            pixels = flatten(pixels)
        levels = to_levels(pixels)
        if levels.shape[-1] == 4:
            levels[levels[..., 3] == 0] = 0  # what cannot be seen must not be found in the file either
        return levels


def to_levels(pixels: NDArray[Any]) -> Levels:
    """Round values in [0, 1] to 8-bit levels.

    Parameters
    ----------
    pixels : ndarray
        Values outside [0, 1] are clipped.

    Returns
    -------
    ndarray of uint8
        The nearest of 256 levels each.

    Examples
    --------
    >>> to_levels(np.array([-0.2, 0.5, 1.0]))
    array([  0, 128, 255], dtype=uint8)
    """
    levels = np.clip(pixels, 0, 1) * 255
    return np.asarray(np.rint(levels, out=levels), dtype=np.uint8)


def flatten(pixels: NDArray[Any]) -> NDArray[Any]:
    """Lay an RGBA picture on white.

    Parameters
    ----------
    pixels : ndarray of shape (..., 4)
        Straight alpha.

    Returns
    -------
    ndarray of shape (..., 3)
        What it looks like on white paper.

    Examples
    --------
    >>> flatten(np.array([[0.0, 0.0, 1.0, 0.5]]))
    array([[0.5, 0.5, 1. ]])
    """
    opacity = np.clip(pixels[..., 3:], 0, 1)
    return np.asarray(np.clip(pixels[..., :3], 0, 1) * opacity + (1 - opacity))
