"""Small files of pictures of every kind and of hardly any pixels: made and read, or told why not."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from paintnet import Painter, Painting
from paintnet.engine.compiler import has_compiler
from paintnet.errors import TrainingError
from paintnet.picture import open_picture

pytestmark = pytest.mark.skipif(not has_compiler(), reason="needs numba")

SIZE = (36, 28)


def a_file(mode: str, size: tuple[int, int] = SIZE) -> bytes:
    """A PNG of a slope, half of it transparent where it can be."""
    width, height = size
    levels = np.linspace(40, 220, width * height).reshape(height, width).astype(np.uint8)
    image = Image.fromarray(levels)
    alpha = Image.fromarray(
        np.where(np.arange(width) < width // 2, 255, 90).astype(np.uint8)[None].repeat(height, 0)
    )
    channels = {"L": [image], "LA": [image, alpha], "RGB": [image] * 3, "RGBA": [image] * 3 + [alpha]}[mode]
    file = BytesIO()
    (image if mode == "L" else Image.merge(mode, channels)).save(file, "png")
    return file.getvalue()


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("LA", 4), ("RGB", 3), ("RGBA", 4)])
@pytest.mark.parametrize("patch", [None, 32])
def test_every_kind_of_picture_is_as_small_as_was_asked_for(mode: str, channels: int, patch: Any) -> None:
    picture = open_picture(a_file(mode)).pixels[:]
    assert picture.shape == (28, 36, channels)
    painting = Painter("draft", epochs=100, file_size=2600, patch=patch).fit(picture)
    content = painting.to_bytes()
    assert len(content) <= 2600
    again = Painting.from_bytes(content)
    assert len(again.patches) == (1 if patch is None else 2)
    np.testing.assert_array_equal(again.render(), painting.render())
    assert np.abs(again.render() - picture).mean() < 0.03


@pytest.mark.parametrize("size", [(1, 1), (1, 23), (23, 1), (7, 5)])
@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_a_picture_of_a_few_pixels_is_made_or_told_why_not(size: tuple[int, int], mode: str) -> None:
    picture = open_picture(a_file(mode, size)).pixels[:]
    painting = Painter("draft", epochs=60, file_size=1000).fit(picture)
    content = painting.to_bytes()
    assert len(content) <= 1000
    assert Painting.from_bytes(content).render().shape == picture.shape
    with pytest.raises(
        TrainingError, match=r"bpp: \d+ bytes are too few: this painting takes \d+; allow more"
    ):
        Painter("draft", epochs=20, bpp=24).fit(picture)


@pytest.mark.parametrize("size", [(1, 1), (1, 23), (7, 5)])
def test_classes_of_a_few_pixels(size: tuple[int, int]) -> None:
    picture = open_picture(a_file("L", size)).pixels[:]
    painting = Painter("draft", epochs=100, mode="classify", file_size=1000).fit(picture)
    content = painting.to_bytes()
    assert len(content) <= 1000
    assert painting.training.accuracy == 1
    np.testing.assert_array_equal(Painting.from_bytes(content).render(), painting.render())
