"""What the header of a picture file says about the picture, without decoding it."""

from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL.TiffImagePlugin import TiffImageFile

from paintnet.picture import png_reading, tiff
from paintnet.picture.banding import is_turned_on_its_side
from paintnet.picture.content import Content, whole
from paintnet.picture.decoding import _DECODERS, _guarded_pillow, _silence, header_of, notes_of_header, sniff
from paintnet.picture.meaning import meaning_of
from paintnet.picture.modes import channels_of

_WIDTH, _HEIGHT = 256, 257


class Outline(NamedTuple):
    """A picture that has not been decoded: its height, width and channels, and what there is to say."""

    shape: tuple[int, int, int]
    notes: tuple[str, ...]


def outline(data: Content, what: str, max_pixels: int) -> Outline:
    """Tell what `paintnet.picture.decoding.decode` would make of a file; it raises as that one.

    Parameters
    ----------
    data, what, max_pixels : bytes or StoredBytes, str, int
        As for `decode`.

    Examples
    --------
    >>> outline(b"P2 2 1 255 0 255", "two.pgm", 10).shape
    (1, 2, 1)
    """
    image = header_of(data, what, max_pixels)
    name = sniff(data) or ""
    notes = list[str]()
    if name == "PNG":
        data, notes = png_reading.without_damage(whole(data))
    if name == "TIFF":
        data, notes = tiff.picture_first(data)
    meaning, more = meaning_of(image, data)
    width, height = image.size
    if isinstance(image, TiffImageFile):  # some versions of Pillow have turned its size already
        width, height = int(image.tag_v2[_WIDTH]), int(image.tag_v2[_HEIGHT])
    sides = (width, height) if is_turned_on_its_side(image) else (height, width)
    return Outline((*sides, channels_of(image)), (*notes, *notes_of_header(name, image, meaning), *more))


def size_by_header(source: Path | bytes, max_pixels: int) -> tuple[int, int] | None:
    """Read the size of a picture.

    Parameters
    ----------
    source : Path or bytes
        A regular file, or what one holds.
    max_pixels : int
        Larger ones are not looked at.

    Returns
    -------
    (int, int) or None
        Width and height as they are stored; None for what is no picture, or too large.

    Examples
    --------
    >>> size_by_header(Path("nowhere.png"), 100) is None
    True
    """
    try:
        with source.open("rb") if isinstance(source, Path) else BytesIO(source) as file:
            name = sniff(file.read(16))
            if name is None:
                return None
            file.seek(0)
            with _guarded_pillow(max_pixels), _silence(name == "TIFF"):
                width, height = _DECODERS[name](file).size
    except Exception:  # of a decoder that meets a damaged file: the job will say what is wrong
        return None
    return (width, height) if width * height <= max_pixels else None
