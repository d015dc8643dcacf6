"""A large TIFF, decoded tile by tile: a tile, or a strip, is a small TIFF of its own to the decoder.

What a tile needs of the file's tags goes with it, so every way to pack that Pillow knows is read, and by
the same code that reads small files.
"""

import io
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from paintnet.picture.content import Content
from paintnet.picture.meaning import read_lower

MOST_PIXELS = 2**24
"""Of a tile; a file of larger ones is decoded as a whole."""

_WIDTH, _HEIGHT, _OFFSETS, _ROWS, _COUNTS, _PLANAR = 256, 257, 273, 278, 279, 284
_ORIENTATION, _TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_COUNTS = 274, 322, 323, 324, 325

# Bits, compression, meaning, bit order, channels, predictor, alpha, sample format, tables of JPEG, chroma.
_CARRIED = (258, 259, 262, 266, 277, 284, 317, 338, 339, 347, 529, 530, 531, 532)
_MODES = ("1", "L", "LA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "I;16")


class TiledImage:
    """Stands for a Pillow image of which rows are cropped, from top to bottom.

    Parameters
    ----------
    image : TiffImageFile
        Opened and not loaded.
    data : bytes or StoredBytes
        The file.
    """

    def __init__(self, image: TiffImageFile, data: Content, *, is_lower: bool = False) -> None:
        self.mode, self.size, self.info = image.mode, image.size, image.info
        self.width, self.height = image.size
        self._tags, self._data = image.tag_v2, data
        is_tiled = _TILE_OFFSETS in self._tags
        rows = min(int(self._tags.get(_ROWS, self.height)), self.height)
        self.tile_width = int(self._tags[_TILE_WIDTH]) if is_tiled else self.width
        self.tile_height = int(self._tags[_TILE_HEIGHT]) if is_tiled else rows
        self._is_tiled = is_tiled
        self._offsets = _numbers(self._tags[_TILE_OFFSETS if is_tiled else _OFFSETS])
        self._counts = _numbers(self._tags[_TILE_COUNTS if is_tiled else _COUNTS])
        self._columns = -(-self.width // self.tile_width)
        self._row, self._in_row = -1, list[Image.Image]()
        self._image, self._is_lower = image, is_lower

    @classmethod
    def of(cls, image: TiffImageFile, data: Content) -> "TiledImage | None":
        """Give None for a file that is better decoded as a whole.

        Raises
        ------
        ValueError
            If the file ends before its tiles.
        """
        tags = image.tag_v2
        if image.mode not in _MODES or tags.get(_PLANAR, 1) != 1 or tags.get(_ORIENTATION, 1) != 1:
            return None
        try:
            found = cls(image, data)
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            return None
        wanted = found._columns * -(-found.height // found.tile_height)
        if not 0 < found.tile_width * found.tile_height <= MOST_PIXELS or len(found._offsets) != wanted:
            return None
        if len(found._counts) != wanted:
            return None
        ends = (start + count for start, count in zip(found._offsets, found._counts, strict=True))
        if max(ends) > len(data):
            raise ValueError("the file ends before its last tile")
        return found

    def getexif(self) -> dict[int, Any]:
        """It is upright."""
        return {}

    def has_empty_alpha(self) -> bool:
        """Whether it has alpha and that is 0 everywhere: tiles are decoded up to the first other one."""
        if self.mode not in ("RGBA", "LA"):
            return False
        numbers = range(len(self._offsets))
        return not any(self._tile(number).getchannel("A").getbbox() for number in numbers)

    @cached_property
    def lower(self) -> "LowerTiles":
        """The lower bytes of 16-bit colors, of which the image has the upper ones."""
        return LowerTiles(TiledImage(self._image, self._data, is_lower=True))

    def crop(self, box: tuple[int, int, int, int]) -> Image.Image:
        """Decode the rows that lie in a box, as Pillow's own images do it."""
        left, top, right, bottom = box
        image = Image.new(self.mode, (right - left, bottom - top))
        image.info = dict(self.info)
        for row in range(top // self.tile_height, (bottom - 1) // self.tile_height + 1):
            if row != self._row:
                numbers = range(row * self._columns, (row + 1) * self._columns)
                self._row, self._in_row = row, [self._tile(number) for number in numbers]
            for column, tile in enumerate(self._in_row):
                place = (column * self.tile_width - left, row * self.tile_height - top)
                image.paste(tile, place)
        return image

    def _tile(self, number: int) -> Image.Image:
        height = self.tile_height
        if not self._is_tiled:  # the last strip is shorter
            height = min(height, self.height - number * height)
        tags = ImageFileDirectory_v2(prefix=self._data[:2])
        for tag in _CARRIED:
            if tag in self._tags:
                tags.tagtype[tag] = self._tags.tagtype[tag]
                tags[tag] = self._tags[tag]
        tags[_WIDTH], tags[_HEIGHT], tags[_ROWS] = self.tile_width, height, height
        start, count = self._offsets[number], self._counts[number]
        tags[_OFFSETS], tags[_COUNTS] = (0,), (count,)
        file = io.BytesIO()
        tags.save(file)  # it moves the offset behind the tags
        file.seek(0, io.SEEK_END)
        file.write(self._data[start : start + count])
        tile = TiffImageFile(io.BytesIO(file.getvalue()))
        if self._is_lower:
            read_lower(tile)
        tile.load()
        if tile.mode != self.mode:
            raise ValueError("its tiles differ from what its tags say")
        return tile


class LowerTiles:
    """Stands for an array of lower bytes of which rows are looked at, from top to bottom.

    Parameters
    ----------
    image : TiledImage
        Made for them.
    """

    def __init__(self, image: TiledImage) -> None:
        self._image = image

    def __getitem__(self, place: tuple[slice, slice]) -> NDArray[np.uint8]:
        rows, columns = place
        return np.asarray(self._image.crop((columns.start, rows.start, columns.stop, rows.stop)))


def _numbers(value: Any) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (int(value),)
