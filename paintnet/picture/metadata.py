"""What a picture file says besides its pixels, and how a painting's file says it: resolution, EXIF, XMP."""

import struct
from dataclasses import dataclass
from typing import Any

LONGEST_IN_JPEG = 65_000
"""Bytes that fit into one segment of a JPEG, which is where EXIF and XMP stand."""

XMP_OF_TIFF = 700
"""Tag of the XMP packet."""


@dataclass(frozen=True)
class Metadata:
    """What goes from a picture's file to that of its painting.

    Parameters
    ----------
    dpi : (float, float) or None
        Resolution across and down, of the upright picture.
    exif : bytes or None
        EXIF data of an upright picture, without a thumbnail, as they stand in files: from
        ``Exif`` and two zeros on.
    xmp : bytes or None
        The XMP packet.
    """

    dpi: tuple[float, float] | None = None
    exif: bytes | None = None
    xmp: bytes | None = None

    @property
    def resolution(self) -> "Metadata":
        """The same without what tells of the photographer: resolution only."""
        return Metadata(self.dpi)


NONE = Metadata()


def png_chunks(metadata: Metadata) -> list[tuple[bytes, bytes]]:
    r"""Chunks of a PNG that say the same, each a name and its content.

    Examples
    --------
    >>> png_chunks(Metadata(dpi=(254.0, 254.0)))
    [(b'pHYs', b"\x00\x00'\x10\x00\x00'\x10\x01")]
    """
    found = []
    if metadata.dpi is not None:
        across, down = (round(each / 0.0254) for each in metadata.dpi)
        found.append((b"pHYs", struct.pack(">IIB", across, down, 1)))
    if metadata.exif is not None:
        found.append((b"eXIf", metadata.exif.removeprefix(b"Exif\0\0")))
    if metadata.xmp is not None:
        found.append((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp))
    return found


def pillow_options(metadata: Metadata, name: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Say the same in the options of Pillow's `save`, and what a format has no place for.

    Parameters
    ----------
    metadata : Metadata
        What is to be said.
    name : str
        Of the format, as Pillow has it: JPEG, WEBP, TIFF or BMP.
    """
    options: dict[str, Any] = {} if metadata.dpi is None else {"dpi": metadata.dpi}
    notes = []
    for what, content in (("exif", metadata.exif), ("xmp", metadata.xmp)):
        if content is None:
            continue
        if name == "BMP" or (name == "JPEG" and len(content) > LONGEST_IN_JPEG):
            notes.append(f"{what.upper()} data were left out: {name} has no place for them")
        elif name == "TIFF":
            # The library that packs a TIFF cannot write the tables that EXIF data consist of.
            options |= {"exif": _tags_of_tiff(metadata), "compression": "raw"}
        else:
            options[what] = content
    return options, tuple(notes)


def _tags_of_tiff(metadata: Metadata) -> Any:
    """EXIF and XMP as the tags of a TIFF, which stand side by side there."""
    from PIL import Image

    tags = Image.Exif()
    if metadata.exif is not None:
        tags.load(metadata.exif)
    if metadata.xmp is not None:
        tags[XMP_OF_TIFF] = metadata.xmp
    return tags
