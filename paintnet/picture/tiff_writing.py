"""A large TIFF, tile by tile, with smaller copies of it inside, which viewers look at first."""

import importlib.util
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from typing import IO, Any

import numpy as np

from paintnet.picture.metadata import XMP_OF_TIFF, Metadata
from paintnet.picture.pyramid import TileRows, pyramid, sizes_of, tiles_of
from paintnet.typing import Levels

SIDE = 256
"""Of a tile; the format wants multiples of 16."""

SMALLEST = 512
"""Longest side of the smallest copy."""

_BIG_BYTES = 3_900_000_000
"""Above it the file is a BigTIFF: a plain one counts its bytes with 32 bits."""

_BUFFER = 2**24
"""Bytes of tiles that tifffile packs at once."""

_INCH = 2


def can_write_tiles() -> bool:
    """Whether tifffile is there; it is not imported."""
    return importlib.util.find_spec("tifffile") is not None


def write_tiles(
    file: IO[bytes], bands: Iterable[Levels], shape: tuple[int, int, int], metadata: Metadata
) -> tuple[str, ...]:
    """Write a tiled TIFF, deflated, of which a few rows are held at a time.

    The smaller copies wait in temporary files, as they stand behind the picture.

    Parameters
    ----------
    file : binary file
        In which positions can be changed.
    bands : iterable of uint8 arrays of shape (rows, width, channels)
        From top to bottom.
    shape : (height, width, channels)
        Of the whole.
    metadata : Metadata
        Resolution and XMP are written.

    Returns
    -------
    tuple of str
        What of the metadata was left out.
    """
    import tifffile

    height, width, channels = shape
    sizes = sizes_of((width, height), SMALLEST)
    n_bytes = channels * sum(wide * high for wide, high in sizes)
    options: dict[str, Any] = {
        "dtype": np.uint8,
        "tile": (SIDE, SIDE),
        "compression": "zlib",
        "buffersize": _BUFFER,
        "photometric": "minisblack" if channels == 1 else "rgb",
        "extrasamples": ["unassalpha"] if channels == 4 else None,
        "metadata": None,
        "software": False,
    }
    own = dict(options, subifds=len(sizes) - 1)
    if metadata.dpi is not None:
        own |= {"resolution": metadata.dpi, "resolutionunit": _INCH}
    if metadata.xmp is not None:
        own["extratags"] = [(XMP_OF_TIFF, 1, len(metadata.xmp), metadata.xmp, True)]
    with ExitStack() as stack:
        spools: list[IO[bytes]] = [stack.enter_context(tempfile.TemporaryFile()) for _ in sizes[1:]]
        writer = stack.enter_context(tifffile.TiffWriter(file, bigtiff=n_bytes > _BIG_BYTES))
        # tifffile closes a generator at its last tile; the last rows of the copies come behind that.
        tiles = chain(_tiles(_spooling(pyramid(bands, len(sizes)), spools), height))
        writer.write(tiles, shape=_shape(shape), **own)
        for _ in tiles:
            pass
        for (wide, high), spool in zip(sizes[1:], spools, strict=True):
            small = _shape((high, wide, channels))
            writer.write(_tiles(_rows(spool, wide, channels), high), shape=small, subfiletype=1, **options)
    return () if metadata.exif is None else ("EXIF data were left out: a tiled TIFF has no place for them",)


def _shape(shape: tuple[int, int, int]) -> tuple[int, ...]:
    return shape[:2] if shape[2] == 1 else shape


def _spooling(levels: Iterator[tuple[int, Levels]], spools: list[IO[bytes]]) -> Iterator[Levels]:
    """Hand on the rows of the picture, and put those of its copies aside."""
    for number, rows in levels:
        if number:
            spools[number - 1].write(np.ascontiguousarray(rows).data)
        else:
            yield rows


def _rows(spool: IO[bytes], width: int, channels: int) -> Iterator[Levels]:
    spool.seek(0)
    while data := spool.read(SIDE * width * channels):
        yield np.frombuffer(data, np.uint8).reshape(-1, width, channels)


def _tiles(bands: Iterable[Levels], height: int) -> Iterator[Levels]:
    """Cut whole tiles; beyond the edges of the picture they are black."""
    cutter = TileRows(SIDE, height)
    for band in bands:
        for rows in cutter.push(band):
            for part in tiles_of(rows, SIDE):
                tile = np.zeros((SIDE, SIDE, part.shape[2]), np.uint8)
                tile[: part.shape[0], : part.shape[1]] = part
                yield tile[..., 0] if part.shape[2] == 1 else tile
