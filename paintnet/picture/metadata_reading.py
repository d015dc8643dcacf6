"""Resolution, EXIF and XMP of a picture file, as its painting's file may say them."""

import re
from typing import Any

from PIL import ExifTags, Image

from paintnet.picture.metadata import Metadata

_TURNED = (5, 6, 7, 8)
"""Orientations of EXIF whose rows are the columns of the upright picture."""

_ORIENTATION_OF_XMP = re.compile(rb"(tiff:Orientation(?:\s*=\s*[\"']|>)\s*)[1-8]")

_POINTERS = {ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop, ExifTags.Base.SubIFDs}
"""Tags that say where further tags stand."""

_OF_THE_PICTURE = {
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.Copyright,
}
"""What of a TIFF is not about the pixels in it, or where they stand."""


def metadata_of(image: Image.Image) -> Metadata:
    """Take what there is from the header of a picture file.

    Parameters
    ----------
    image : PIL.Image.Image
        As `paintnet.picture.decoding.header_of` gives it.

    Examples
    --------
    >>> metadata_of(Image.new("L", (2, 1)))
    Metadata(dpi=None, exif=None, xmp=None)
    """
    exif = exif_of(image)
    dpi = dpi_of(image.info.get("dpi"))
    if dpi is not None and orientation_of(exif) in _TURNED:
        dpi = dpi[::-1]
    xmp = image.info.get("xmp")
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    upright = _ORIENTATION_OF_XMP.sub(rb"\g<1>1", xmp) if isinstance(xmp, bytes) and xmp else None
    return Metadata(dpi, _upright_exif(exif, image.format), upright)


def exif_of(image: Image.Image) -> Image.Exif:
    """EXIF data of a picture; none where they are damaged."""
    try:
        return image.getexif()
    except Exception:  # EXIF data are a format of their own, and often damaged
        return Image.Exif()


def orientation_of(exif: Image.Exif) -> int:
    """How a picture lies in its file, 1 to 8; 1 is upright."""
    found = exif.get(ExifTags.Base.Orientation, 1)
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def dpi_of(dpi: Any) -> tuple[float, float] | None:
    """Take a resolution that makes sense: files have zeros, and ones where nothing was set."""
    if isinstance(dpi, str):
        return None
    try:
        across, down = (round(float(each), 1) for each in dpi)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return (across, down) if 1 < across <= 100_000 and 1 < down <= 100_000 else None


def _upright_exif(exif: Image.Exif, name: str | None) -> bytes | None:
    """Write EXIF data again: upright, and without the thumbnail, which would show the unpainted picture."""
    try:
        kept = Image.Exif()
        for tag, value in exif.items():
            # What describes the pixels of a TIFF, and where parts stand in the file, is not to be copied.
            if tag in _OF_THE_PICTURE if name == "TIFF" else tag not in _POINTERS:
                kept[tag] = value
        for ifd in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            inner = dict(exif.get_ifd(ifd))
            inner.pop(ExifTags.Base.ExifImageWidth, None)  # of the photograph, not of its painting
            inner.pop(ExifTags.Base.ExifImageHeight, None)
            if inner:
                kept[ifd] = inner
        if not len(kept):
            return None
        kept[ExifTags.Base.Orientation] = 1
        written = kept.tobytes()
    except Exception:  # damaged data; nothing of them is worth an error
        return None
    return written if written.startswith(b"Exif\0\0") else b"Exif\0\0" + written
