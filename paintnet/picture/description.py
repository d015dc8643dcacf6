"""What a picture file is, besides its pixels: format, mode, profile, orientation, metadata."""

import io
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import ExifTags

from paintnet.files.names import printable
from paintnet.picture.banding import HELD_PIXELS
from paintnet.picture.decoding import decode, header_of
from paintnet.picture.header import outline
from paintnet.picture.metadata_reading import dpi_of, exif_of, orientation_of
from paintnet.picture.opening import OpenLimits, fetched

ONLY_ITS_HEADER = "it is large, so only its header was read"


@dataclass(frozen=True)
class Description:
    """A picture file in words.

    Parameters
    ----------
    source, name : str
        As those of `paintnet.picture.OpenedPicture`.
    shape : (int, int, int)
        Height, width and channels as it is read.
    notes : tuple of str
        What there is to say about it.
    n_bytes : int
        Size of its file.
    format : str
        Such as ``JPEG``.
    mode : str
        How its file keeps colors, as Pillow names it: ``RGB``, ``L``, ``CMYK``, ``P``, ``I;16``.
    size : (int, int)
        Width and height in the file, before it is turned upright.
    orientation : int
        Of EXIF, 1 to 8; 1 is upright.
    profile : str or None
        Name of its color profile, where it has one.
    dpi : (float, float) or None
        Its resolution across and down, where it has one.
    metadata : tuple of str
        Which there are of EXIF, XMP, IPTC, and in EXIF a GPS position.
    """

    source: str
    name: str
    shape: tuple[int, int, int]
    notes: tuple[str, ...]
    n_bytes: int
    format: str
    mode: str
    size: tuple[int, int]
    orientation: int
    profile: str | None
    dpi: tuple[float, float] | None
    metadata: tuple[str, ...]


def describe(source: Any, limits: OpenLimits | None = None, stdin: BinaryIO | None = None) -> Description:
    """Describe a picture file; of one of more than `HELD_PIXELS` only the header is read.

    Parameters
    ----------
    source, limits, stdin
        As for :func:`paintnet.picture.open_picture`; the source must have bytes.

    Raises
    ------
    PaintnetError
        What opening it raises.

    Examples
    --------
    >>> bird = describe("sample:bird")
    >>> bird.format, bird.mode, bird.size, bird.orientation, bird.metadata
    ('PNG', 'RGB', (100, 100), 1, ())
    """
    limits = limits or OpenLimits()
    file = fetched(source, limits, stdin)
    image = header_of(file.data, file.source, limits.max_pixels)
    if image.width * image.height > HELD_PIXELS:
        found = outline(file.data, file.source, limits.max_pixels)
        shape, notes = found.shape, (*found.notes, ONLY_ITS_HEADER)
    else:
        decoded = decode(file.data, file.source, limits.max_pixels)
        shape, notes = decoded.held.shape, decoded.notes
    info = image.info
    kinds = {"EXIF": "exif", "XMP": "xmp", "IPTC": "photoshop"}
    exif = exif_of(image)
    has_exif = bool(exif) and (image.format != "TIFF" or ExifTags.IFD.Exif in exif)
    there = [name for name, key in kinds.items() if info.get(key) or (name == "EXIF" and has_exif)]
    if ExifTags.IFD.GPSInfo in exif:
        there.append("GPS position")
    return Description(
        file.source,
        file.name,
        shape,
        notes,
        len(file.data),
        image.format or "",
        image.mode,
        image.size,
        orientation_of(exif),
        _profile_name(info.get("icc_profile")),
        dpi_of(info.get("dpi")),
        tuple(there),
    )


def _profile_name(profile: Any) -> str | None:
    if not profile:
        return None
    try:
        from PIL import ImageCms

        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except Exception:  # without Pillow's color management, or with a broken profile
        return "one that cannot be read"
    return " ".join(printable(name.strip()).split())[:60] or "one without a name"
