"""What a photographer expects to survive, read back with Pillow; unasked, nothing private does."""

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from paintnet.errors import PictureError
from paintnet.picture import open_picture
from paintnet.picture.formats import STREAMED_PIXELS, write_bands
from paintnet.picture.metadata import Metadata

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:li tiff:Orientation="6" dc:title="Heron"/></x:xmpmeta>'


def photograph(kind: str, orientation: int = 6) -> bytes:
    """A file of 6 x 4 pixels with resolution, EXIF (with a thumbnail in JPEG) and XMP."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Artist] = "Ada"
    exif[ExifTags.IFD.Exif] = {
        ExifTags.Base.DateTimeOriginal: "2026:01:02 03:04:05",
        ExifTags.Base.ExifImageWidth: 6,
    }
    exif[ExifTags.IFD.GPSInfo] = {ExifTags.GPS.GPSLatitudeRef: "N"}
    buffer = io.BytesIO()
    options: dict[str, Any] = {}
    if kind == "TIFF":
        content = exif.tobytes()
        exif = Image.Exif()  # of one that has been read, Pillow writes all
        exif.load(content)
        exif[ExifTags.Base.XMLPacket] = XMP
    else:
        options["xmp"] = XMP
    Image.new("RGB", (6, 4), "teal").save(buffer, kind, dpi=(300, 200), exif=exif, **options)
    return buffer.getvalue()


def written(metadata: Metadata, extension: str, side: int = 5) -> tuple[Image.Image, tuple[str, ...]]:
    buffer = io.BytesIO()
    notes = write_bands(buffer, [np.zeros((side, side, 3), np.float32)], (side, side, 3), extension, metadata)
    return Image.open(io.BytesIO(buffer.getvalue())), notes


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
@pytest.mark.parametrize("extension", [".png", ".jpg", ".webp", ".tif"])
def test_resolution_exif_and_xmp_survive_upright(kind: str, extension: str) -> None:
    opened = open_picture(photograph(kind))
    assert opened.pixels.shape[:2] == (6, 4)
    image, notes = written(opened.metadata, extension)
    exif = image.getexif()
    assert notes == ()
    assert exif[ExifTags.Base.Artist] == "Ada"
    assert exif[ExifTags.Base.Orientation] == 1
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    assert inner[ExifTags.Base.DateTimeOriginal] == "2026:01:02 03:04:05"
    assert ExifTags.Base.ExifImageWidth not in inner
    assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
    assert not exif.get_ifd(ExifTags.IFD.IFD1)
    assert b'tiff:Orientation="1" dc:title="Heron"' in bytes(image.info["xmp"])
    assert image.size == (5, 5)
    if extension != ".webp":  # which has no place for a resolution but in EXIF
        assert [round(float(each)) for each in image.info["dpi"]] == [200, 300]


@pytest.mark.parametrize("extension", [".png", ".jpg", ".webp", ".tif", ".bmp"])
def test_unasked_only_the_resolution_is_written(extension: str) -> None:
    image, notes = written(open_picture(photograph("JPEG", 1)).metadata.resolution, extension)
    assert notes == ()
    assert not image.getexif().get(ExifTags.Base.Artist)
    assert not {"exif", "xmp"} & image.info.keys()
    if extension != ".webp":
        assert [round(float(each)) for each in image.info["dpi"]] == [300, 200]


def test_a_png_in_bands_says_the_same() -> None:
    metadata = open_picture(photograph("JPEG")).metadata
    whole, _ = written(metadata, ".png")
    streamed, _ = written(metadata, ".png", side=1 + int(STREAMED_PIXELS**0.5))
    streamed.load()
    whole.load()
    for name in ("dpi", "exif", "xmp"):
        assert streamed.info[name] == whole.info[name]


def test_what_has_no_place_is_told() -> None:
    long = Metadata(exif=b"Exif\0\0" + bytes(70_000), xmp=b"x" * 70_000)
    assert written(long, ".jpg")[1] == (
        "EXIF data were left out: JPEG has no place for them",
        "XMP data were left out: JPEG has no place for them",
    )
    assert len(written(Metadata(exif=b"Exif\0\0MM"), ".bmp")[1]) == 1


@pytest.mark.parametrize("at", range(20, 200, 3))
def test_damaged_exif_does_no_harm(at: int) -> None:
    data = bytearray(photograph("JPEG"))
    data[at : at + 3] = b"\xff\x00\xfe"
    with contextlib.suppress(PictureError):
        written(open_picture(bytes(data)).metadata, ".jpg")


def test_arrays_and_samples_have_none() -> None:
    assert open_picture(np.zeros((2, 2, 3))).metadata == Metadata()
