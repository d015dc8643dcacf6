import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from paintnet.errors import PictureError
from paintnet.picture import banding, open_picture, opening, tiff_tiles
from paintnet.picture.content import StoredBytes
from paintnet.picture.levels import LevelPicture

tifffile = pytest.importorskip("tifffile")

RGB = np.random.default_rng(3).integers(0, 256, (53, 41, 3), dtype=np.uint8)
ALPHA = np.dstack([RGB, RGB[..., :1] // 128 * 200])
DEEP = np.random.default_rng(4).integers(0, 65536, (53, 41), dtype=np.uint16)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def stripped(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", **options)
    return buffer.getvalue()


def tiled(levels: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    extra = {"extrasamples": ["unassalpha"]} if levels.shape[-1] == 4 else {}
    photometric = "rgb" if levels.ndim == 3 else "minisblack"
    tifffile.imwrite(buffer, levels, **{"tile": (16, 32), "photometric": photometric, **extra, **options})
    return buffer.getvalue()


FILES = {
    "tiles": tiled(RGB),
    "deflated tiles": tiled(RGB, compression="zlib"),
    "big": tiled(RGB, bigtiff=True),
    "big-endian": tiled(RGB, byteorder=">"),
    "alpha": tiled(ALPHA, compression="zlib"),
    "grey": tiled(RGB[..., 0]),
    "deep": tiled(DEEP, compression="zlib"),
    "deep colors": tiled(DEEP[..., None] ^ RGB, compression="zlib"),
    "deep alpha": tiled(np.dstack([DEEP[..., None] ^ RGB, DEEP | 1]), byteorder=">"),
    "deep strips": tiled(DEEP, tile=None, rowsperstrip=5),
    "strips": tiled(RGB, tile=None, rowsperstrip=7),
    "LZW": stripped(Image.fromarray(RGB), compression="tiff_lzw", tiffinfo={278: 6}),
    "JPEG": stripped(Image.fromarray(RGB), compression="jpeg", tiffinfo={278: 16}),
    "profile": stripped(Image.fromarray(RGB), icc_profile=PROFILE, tiffinfo={278: 6}),
    "CMYK": stripped(Image.fromarray(RGB).convert("CMYK"), compression="tiff_adobe_deflate"),
    "bits": stripped(Image.fromarray(RGB[..., 0]).convert("1"), compression="packbits"),
}
WHOLE = {
    "planes": tiled(np.moveaxis(RGB, 2, 0).copy(), planarconfig="separate"),
    "turned": stripped(Image.fromarray(RGB), tiffinfo={274: 6}),
    "palette": stripped(Image.fromarray(RGB).quantize(16)),
    "alpha of nothing": tiled(np.dstack([RGB, RGB[..., :1] * 0])),
    "deep big-endian": tiled(DEEP, byteorder=">"),
}


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Every picture is a large one, cut into bands of nine rows; gives what is decoded tile by tile."""
    monkeypatch.setattr(banding, "HELD_PIXELS", 0)
    monkeypatch.setattr(banding, "BAND_PIXELS", 9 * 41)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    decoded: list[str] = []
    crop = tiff_tiles.TiledImage.crop
    monkeypatch.setattr(
        tiff_tiles.TiledImage, "crop", lambda self, box: decoded.append(self.mode) or crop(self, box)
    )
    return decoded


@pytest.mark.parametrize("name", [*FILES, *WHOLE])
def test_in_tiles_it_is_the_same_picture(
    name: str, large: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = (FILES | WHOLE)[name]
    found = open_picture(data)
    assert isinstance(found.held, LevelPicture)
    is_in_halves = name in ("deep colors", "deep alpha")
    assert len(large) == (6 if name in FILES else 0) * (1 + is_in_halves)
    monkeypatch.setattr(banding, "HELD_PIXELS", 10**6)
    small = open_picture(data)
    np.testing.assert_array_equal(found.pixels, small.pixels)
    assert found.notes == small.notes


@pytest.mark.parametrize("name", ["tiles", "deflated tiles", "LZW", "strips", "big"])
def test_what_is_cut_off_is_damaged(name: str, large: list[str]) -> None:
    whole, refused = open_picture(FILES[name]).pixels, 0
    for end in range(401, len(FILES[name]), 401):
        try:
            pixels = open_picture(FILES[name][:end]).pixels
        except PictureError:
            refused += 1
        else:  # only what does not matter is gone
            np.testing.assert_array_equal(pixels, whole)
    assert refused > 5


@pytest.mark.parametrize(
    ("tag", "letter", "value"),
    [(322, "H", 65_520), (323, "H", 65_520), (324, "I", 2**32 - 9), (325, "I", 2**31), (322, "H", 0)],
)
def test_hostile_tiles_are_refused(tag: int, letter: str, value: int, large: list[str]) -> None:
    with tifffile.TiffFile(io.BytesIO(FILES["deflated tiles"])) as file:
        found = file.pages[0].tags[tag]
    data = bytearray(FILES["deflated tiles"])
    struct.pack_into("<" + letter, data, found.valueoffset, value)
    with pytest.raises(PictureError, match=r"the bytes: (damaged|not a supported) image"):
        open_picture(bytes(data))


@pytest.mark.parametrize("name", FILES | WHOLE)
def test_a_file_that_is_not_held_is_the_same_picture(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes((FILES | WHOLE)[name])
    held = open_picture(path)
    monkeypatch.setattr(opening, "HELD_BYTES", 0)
    assert isinstance(opening.fetched(path, opening.OpenLimits(), None).data, StoredBytes)
    found = open_picture(path)
    assert (found.pixels == held.pixels).all()
    assert (found.sha256, found.notes, found.metadata) == (held.sha256, held.notes, held.metadata)


def test_a_file_that_finds_no_place_on_the_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(FILES["tiles"])
    monkeypatch.setattr(opening, "HELD_BYTES", 0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(PictureError, match="do not fit into the folder for temporary files") as error:
        open_picture(path)
    assert error.value.remedy == "free some space there, or set TMPDIR to another folder"
