import gc
import io
import pickle
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageCms

from paintnet.errors import PictureError
from paintnet.files.scratch import ScratchFile
from paintnet.picture import OpenedPicture, banding, file_levels, open_picture
from paintnet.picture.file_levels import FileLevels
from paintnet.picture.levels import LevelPicture

RGB = np.random.default_rng(3).integers(0, 256, (29, 41, 3), dtype=np.uint8)
ALPHA = np.dstack([RGB, RGB[..., :1] // 128 * 200])
DEEP = np.random.default_rng(4).integers(0, 65536, (29, 41), dtype=np.uint16)


def encoded(image: Image.Image, name: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def palette() -> Image.Image:
    image = Image.fromarray(RGB).quantize(16)
    image.info["transparency"] = 3
    return image


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    return encoded(Image.fromarray(RGB), "PNG", exif=exif)


FILES = {
    "RGB": encoded(Image.fromarray(RGB), "PNG"),
    "RGBA": encoded(Image.fromarray(ALPHA), "PNG"),
    "grey": encoded(Image.fromarray(RGB[..., 0]), "PNG"),
    "grey and alpha": encoded(Image.fromarray(ALPHA).convert("LA"), "PNG"),
    "bits": encoded(Image.fromarray(RGB[..., 0]).convert("1"), "PNG"),
    "palette": encoded(palette(), "PNG", transparency=3),
    "key": encoded(Image.fromarray(RGB), "PNG", transparency=tuple(int(each) for each in RGB[5, 7])),
    "deep": encoded(Image.fromarray(DEEP), "PNG"),
    "CMYK": encoded(Image.fromarray(RGB).convert("CMYK"), "TIFF"),
    "JPEG": encoded(Image.fromarray(RGB), "JPEG"),
    "profile": encoded(
        Image.fromarray(RGB),
        "PNG",
        icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    ),
    "floats": encoded(Image.fromarray(DEEP.astype(np.float32) / 70_000), "TIFF"),
    **{f"orientation {number}": turned(number) for number in range(1, 9)},
}


@pytest.fixture
def bands_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Every picture is a large one, cut into bands of four rows; gives the folder of their files."""
    monkeypatch.setattr(banding, "HELD_PIXELS", 0)
    monkeypatch.setattr(banding, "BAND_PIXELS", 4 * 41)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_a_large_picture_is_the_same_as_a_small_one(name: str, bands_only: Path) -> None:
    large = open_picture(FILES[name])
    with pytest.MonkeyPatch.context() as context:
        context.setattr(banding, "HELD_PIXELS", 10**6)
        small = open_picture(FILES[name])
    assert isinstance(small.held, np.ndarray)
    if name == "floats":  # what is white, all of them tell
        assert isinstance(large.held, np.ndarray)
    else:
        assert isinstance(large.held, LevelPicture)
        assert large.held.levels.dtype == (np.uint16 if name == "deep" else np.uint8)
    np.testing.assert_array_equal(large.pixels, small.pixels)
    assert (large.notes, large.sha256, large.metadata) == (small.notes, small.sha256, small.metadata)


def test_colors_of_a_space_of_their_own_keep_more_than_256_levels(bands_only: Path) -> None:
    # gAMA of 1.0: linear light (PNG specification, 11.3.2.2).
    chunk = b"gAMA" + (100_000).to_bytes(4, "big")
    data = FILES["RGB"]
    data = data[:33] + (4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big") + data[33:]
    large = open_picture(data)
    with pytest.MonkeyPatch.context() as context:
        context.setattr(banding, "HELD_PIXELS", 10**6)
        small = open_picture(data)
    assert isinstance(large.held, LevelPicture)
    assert large.held.levels.dtype == np.uint16
    np.testing.assert_allclose(large.pixels, small.pixels, atol=0.6 / 65_535)
    assert large.notes == small.notes == ("colors converted from linear light to sRGB",)


def test_that_nothing_is_seen_is_told_of_the_whole_only(bands_only: Path) -> None:
    seen = ALPHA.copy()
    seen[:-1, :, 3] = 0
    seen[-1, :, 3] = 9
    assert open_picture(encoded(Image.fromarray(seen), "PNG")).notes == ()
    seen[..., 3] = 0
    assert open_picture(encoded(Image.fromarray(seen), "PNG")).notes == ("every pixel of it is transparent",)


def test_windows_are_cut_out_of_the_whole(bands_only: Path) -> None:
    opened = open_picture(FILES["RGBA"])
    for x0, y0, x1, y1 in ((0, 0, 41, 29), (3, 5, 4, 29), (40, 28, 41, 29)):
        np.testing.assert_array_equal(opened.held[y0:y1, x0:x1], opened.pixels[y0:y1, x0:x1])


def test_its_file_goes_with_it_and_only_the_name_goes_to_others(bands_only: Path) -> None:
    opened = open_picture(FILES["RGB"])
    assert isinstance(opened.held, LevelPicture)
    levels = opened.held.levels
    assert isinstance(levels, FileLevels)
    assert levels.path.stat().st_size == RGB.size
    sent = pickle.dumps(opened.held)
    assert len(sent) < 1_000
    copy = pickle.loads(sent)
    np.testing.assert_array_equal(copy[2:9, 2:9], opened.held[2:9, 2:9])
    del copy
    gc.collect()
    assert list(bands_only.iterdir()) == [levels.path]
    del opened, levels
    gc.collect()
    assert list(bands_only.iterdir()) == []


def test_a_file_that_a_killed_run_has_left_goes_with_the_next_one(bands_only: Path) -> None:
    left = bands_only / ".paintnet-0123456789abcdef.tmp"
    left.write_bytes(b"levels")
    living = ScratchFile()
    living.file.write(b"x")
    living.file.flush()
    assert not left.exists()
    other = ScratchFile()
    assert living.path.exists()
    living.close()
    other.close()


def test_a_full_folder_is_told_and_left_clean(bands_only: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(ScratchFile):
        def __init__(self) -> None:
            super().__init__()
            answers = iter([1, 1])
            self.file = SimpleNamespace(write=lambda _: next(answers, None) or no_space())  # type: ignore

    def no_space() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file_levels, "ScratchFile", Full)
    with pytest.raises(PictureError, match=r"the bytes: its pixels do not fit .*No space left.* TMPDIR"):
        open_picture(FILES["RGB"])
    assert list(bands_only.iterdir()) == []


def test_an_opened_picture_makes_its_pixels_once() -> None:
    opened = OpenedPicture(np.zeros((1, 2, 1), np.float32), "name", "source")
    assert opened.pixels is opened.pixels
