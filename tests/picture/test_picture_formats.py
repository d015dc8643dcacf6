import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from paintnet.errors import OutputError
from paintnet.picture import OUTPUT_FORMATS, encode_picture, open_picture, write_bands

SHAPES = st.tuples(st.integers(1, 7), st.integers(1, 7), st.sampled_from([1, 3, 4]))
LOSSLESS = [".png", ".tif", ".webp", ".bmp"]
ONE_FILE = [extension for extension, chosen in OUTPUT_FORMATS.items() if not chosen.is_folder]


@pytest.mark.parametrize("extension", LOSSLESS)
@given(levels=arrays(np.uint8, SHAPES))
def test_written_and_opened_again_it_is_the_same(extension: str, levels: np.ndarray) -> None:
    keeps = OUTPUT_FORMATS[extension].keeps_alpha
    if levels.shape[-1] == 4:
        levels = np.where(levels[..., 3:] > 0, levels, 0) if keeps else levels[..., :3]
    data, notes = encode_picture(levels.astype(np.float32) / 255, extension)
    back = np.rint(open_picture("-", stdin=io.BytesIO(data)).pixels * 255)
    assert notes == ()
    if levels.shape[-1] == 4 and back.shape[-1] == 3:  # WebP drops an alpha that is 255 everywhere
        assert (levels[..., 3] == 255).all()
        levels = levels[..., :3]
    assert np.array_equal(back, np.broadcast_to(levels, back.shape))


@pytest.mark.parametrize("extension", ONE_FILE)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_format_takes_every_channel_count(extension: str, channels: int) -> None:
    data, _ = encode_picture(np.full((5, 9, channels), 0.5, np.float32), extension)
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (9, 5)
        assert image.format == OUTPUT_FORMATS[extension].name.upper()


@pytest.mark.parametrize(("extension", "name"), [(".jpg", "JPEG"), (".JPEG", "JPEG"), (".bmp", "BMP")])
def test_transparency_is_flattened_on_white_with_a_note(extension: str, name: str) -> None:
    pixels = np.zeros((8, 8, 4), np.float32)
    pixels[..., 2] = pixels[..., 3] = 0.5
    data, notes = encode_picture(pixels, extension)
    assert notes == (f"transparency was flattened on white: {name} has none",)
    with Image.open(io.BytesIO(data)) as image:
        assert np.abs(np.asarray(image).astype(int) - (128, 128, 191)).max() <= 2


def test_opaque_rgba_needs_no_note() -> None:
    assert encode_picture(np.ones((2, 2, 4)), ".jpg")[1] == ()


@pytest.mark.parametrize("extension", [".png", ".tiff", ".webp"])
def test_fault_06_hidden_colors_are_not_written(extension: str) -> None:
    pixels = np.ones((4, 4, 4), np.float32)
    pixels[..., 3] = 0.001  # rounds to 0
    with Image.open(io.BytesIO(encode_picture(pixels, extension)[0])) as image:
        assert not np.asarray(image.convert("RGBA")).any()


def test_values_are_rounded_and_clipped() -> None:
    pixels = np.array([[[-1.0], [0.4 / 255], [0.6 / 255], [2.0]]])
    with Image.open(io.BytesIO(encode_picture(pixels, ".png")[0])) as image:
        assert list(image.tobytes()) == [0, 0, 1, 255]


def test_given_pixels_are_not_changed() -> None:
    pixels = np.full((3, 3, 4), 0.25, np.float32)
    for extension in ONE_FILE:
        encode_picture(pixels, extension)
    assert (pixels == 0.25).all()


def test_unknown_extension() -> None:
    with pytest.raises(OutputError) as caught:
        encode_picture(np.zeros((1, 1, 1)), ".gif")
    assert str(caught.value) == (
        "extension '.gif': no picture format has it; use one of .bmp .dzi .jpeg .jpg .png .tif .tiff .webp"
    )


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_values_that_are_no_numbers(odd: float) -> None:
    with pytest.raises(
        OutputError, match=r"^the picture: some of its values are not numbers; train it again$"
    ):
        encode_picture(np.full((1, 1, 3), odd), ".png")


def test_picture_too_long_for_its_format() -> None:
    with pytest.raises(OutputError) as caught:
        encode_picture(np.zeros((1, 16_384, 1), np.float32), ".webp")
    assert str(caught.value) == (
        "a picture 16,384 pixels long: WebP holds at most 16,383 pixels a side;"
        " write a PNG or a smaller picture"
    )


def test_bird_survives_every_format(tmp_path: Path) -> None:
    bird = open_picture("sample:bird").pixels
    for extension in ONE_FILE:
        path = tmp_path / f"bird{extension}"
        path.write_bytes(encode_picture(bird, extension)[0])
        assert np.abs(open_picture(path).pixels - bird).max() < (0.2 if "j" in extension else 1e-6)


@pytest.mark.parametrize("extension", ONE_FILE)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("rows", [1, 4, 11])
def test_in_bands_it_becomes_the_same_file(extension: str, channels: int, rows: int) -> None:
    pixels = np.random.default_rng(0).uniform(-0.1, 1.1, (11, 9, channels)).astype(np.float32)
    file = io.BytesIO()
    notes = write_bands(
        file, (pixels[top : top + rows] for top in range(0, 11, rows)), pixels.shape, extension
    )
    assert (file.getvalue(), notes) == encode_picture(pixels, extension)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_large_png_is_streamed_and_has_the_same_levels(
    channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.random.default_rng(0).uniform(-0.1, 1.1, (11, 9, channels)).astype(np.float32)
    packed, _ = encode_picture(pixels, ".png")
    monkeypatch.setattr("paintnet.picture.formats.STREAMED_PIXELS", 98)
    monkeypatch.setattr("paintnet.picture.formats.BAND_PIXELS", 30)
    streamed, _ = encode_picture(pixels, ".png")
    assert streamed != packed
    one, other = (np.asarray(Image.open(io.BytesIO(data))) for data in (streamed, packed))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("rows", [0, 5, 7])
@pytest.mark.parametrize("most", [10**6, 1])
def test_bands_of_another_height_are_an_error(rows: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paintnet.picture.formats.STREAMED_PIXELS", most)
    with pytest.raises(ValueError, match=rf"^bands of {rows} rows for a picture of 6$"):
        write_bands(io.BytesIO(), np.zeros((rows, 1, 5, 3)), (6, 5, 3), ".png")
