"""Tiles of a picture for viewers in web pages: Deep Zoom, a small file beside a folder.

The picture and its halves are cut into tiles, each a file NUMBER/COLUMN_ROW.jpg of the folder; the largest
number is that of the picture itself, and 0 that of one single pixel (Microsoft's Deep Zoom file format,
as OpenSeadragon reads it).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from paintnet.files.staging import StagedFile
from paintnet.files.writing import FOLDERS
from paintnet.picture.metadata import Metadata
from paintnet.picture.pyramid import TileRows, pyramid, sizes_of, tiles_of
from paintnet.typing import Levels

SIDE, OVERLAP = 254, 1
"""Of a tile; with the overlap it has 256 pixels."""

_TEXT = """<?xml version="1.0" encoding="UTF-8"?>
<Image xmlns="http://schemas.microsoft.com/deepzoom/2008"
       TileSize="{side}" Overlap="{overlap}" Format="{format}">
  <Size Width="{width}" Height="{height}"/>
</Image>
"""


def write_deep_zoom(
    staged: StagedFile, bands: Iterable[Levels], shape: tuple[int, int, int], metadata: Metadata
) -> tuple[str, ...]:
    """Write a picture as tiles, of which a few rows are held at a time.

    Parameters
    ----------
    staged : StagedFile
        Takes the small file, and gives the folder.
    bands : iterable of uint8 arrays of shape (rows, width, channels)
        From top to bottom.
    shape : (height, width, channels)
        Of the whole. Tiles are JPEG; with four channels they are PNG.
    metadata : Metadata
        There is no place for it.

    Returns
    -------
    tuple of str
        What of the metadata was left out.
    """
    height, width, channels = shape
    kind = "png" if channels == 4 else "jpg"
    text = _TEXT.format(side=SIDE, overlap=OVERLAP, format=kind, width=width, height=height)
    staged.file.write(text.encode())
    staged.file.flush()  # should this run be killed, the next one sees by it that it had begun
    folder = staged.folder(FOLDERS[".dzi"])
    sizes = sizes_of((width, height))
    cutters = []
    for number, (_, rows) in enumerate(sizes):
        (folder / _name(number, sizes)).mkdir()
        cutters.append(TileRows(SIDE, rows, OVERLAP))
    for number, levels in pyramid(bands, len(sizes)):
        cutter = cutters[number]
        for rows_of_tiles in cutter.push(levels):
            for column, tile in enumerate(tiles_of(rows_of_tiles, SIDE, OVERLAP)):
                _save(tile, folder / _name(number, sizes) / f"{column}_{cutter.number}.{kind}")
    kept = (("EXIF", metadata.exif), ("XMP", metadata.xmp))
    return tuple(f"{name} data were left out: tiles have no place for them" for name, data in kept if data)


def _name(number: int, sizes: list[tuple[int, int]]) -> str:
    return str(len(sizes) - 1 - number)


def _save(tile: Levels, path: Path) -> None:
    from PIL import Image

    flat = np.ascontiguousarray(tile[..., 0] if tile.shape[2] == 1 else tile)
    options: dict[str, Any] = {"quality": 90, "subsampling": 0} if path.suffix == ".jpg" else {}
    Image.fromarray(flat).save(path, **options)
