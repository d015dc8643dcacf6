"""What paintings for any size do with drawings, transparency and grey."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import maximum_filter, minimum_filter

from paintnet.metrics import psnr
from paintnet.painter.painter import Painter
from paintnet.painter.quality import as_written
from paintnet.picture import open_picture, premultiply

SIDE, FINE, SCALE = 48, 8, 4


def drawn(kind: str) -> np.ndarray:
    """A drawing as 8-bit levels: dark on light within a range that leaves room on both sides."""
    if kind == "pixel art":
        blocks = np.random.default_rng(7).integers(0, 3, (12, 12))
        levels = np.array([60, 130, 200])[blocks.repeat(4, axis=0).repeat(4, axis=1)]
        return levels[:, :, None].astype(np.float32) / np.float32(255)
    image = Image.new("L", (FINE * SIDE, FINE * SIDE), 200)
    draw = ImageDraw.Draw(image)
    if kind == "text":
        font = ImageFont.load_default(15 * FINE)
        draw.multiline_text((2 * FINE, 2 * FINE), "Hamb\nur 73\nQ&gs", fill=60, font=font)
    else:
        draw.ellipse([5 * FINE, 5 * FINE, 38 * FINE, 43 * FINE], fill=60)
        draw.polygon([(20 * FINE, 8 * FINE), (33 * FINE, 30 * FINE), (9 * FINE, 26 * FINE)], fill=130)
    levels = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float32)
    return levels[:, :, None] / np.float32(255)


def enlarged(plane: np.ndarray, kind: Image.Resampling) -> np.ndarray:
    size = (SCALE * plane.shape[1], SCALE * plane.shape[0])
    return np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize(size, kind))


def halo(painted: np.ndarray, plane: np.ndarray) -> np.ndarray:
    """How far each pixel leaves the range of the 3 x 3 pixels around the one that it lies in."""
    highest, lowest = (
        find(plane, 3).repeat(SCALE, axis=0).repeat(SCALE, axis=1)
        for find in (maximum_filter, minimum_filter)
    )
    return np.maximum(0, np.maximum(painted - highest, lowest - painted))


@pytest.mark.parametrize("purpose", ["any-size", "enlarging"])
@pytest.mark.parametrize("kind", ["text", "pixel art", "logo"])
def test_a_drawing_has_no_more_halo_than_lanczos_interpolation_gives_it(kind: str, purpose: str) -> None:
    picture = drawn(kind)
    painting = Painter("standard", purpose=purpose, engine="numpy").fit(picture)
    size = (SCALE * SIDE, SCALE * SIDE)
    ours = halo(painting.render(size)[:, :, 0], picture[:, :, 0])
    theirs = halo(enlarged(picture[:, :, 0], Image.Resampling.LANCZOS), picture[:, :, 0])
    assert np.sqrt(np.mean(ours**2)) < np.sqrt(np.mean(theirs**2))
    assert np.quantile(ours, 0.999) < np.quantile(theirs, 0.999)
    assert psnr(picture, as_written(painting.render())) > 40


@pytest.mark.parametrize("purpose", ["any-size", "enlarging"])
def test_an_edge_of_alpha_has_no_fringe(purpose: str) -> None:
    alpha = (200 / 255 - drawn("logo")) / np.float32(140 / 255)
    color = np.float32([0.9, 0.4, 0.1])
    picture = as_written(np.concatenate([np.broadcast_to(color, (SIDE, SIDE, 3)), alpha], axis=2))
    painting = Painter("standard", purpose=purpose, engine="numpy").fit(picture)
    large = painting.render((SCALE * SIDE, SCALE * SIDE))
    fringe = np.abs(premultiply(large)[:, :, :3] - color * large[:, :, 3:])
    seen = premultiply(picture)
    theirs = np.stack([enlarged(seen[:, :, n], Image.Resampling.LANCZOS) for n in range(4)], axis=2)
    their_fringe = np.abs(np.clip(theirs, 0, 1)[:, :, :3] - color * np.clip(theirs, 0, 1)[:, :, 3:])
    assert np.quantile(fringe, 0.999) < np.quantile(their_fringe, 0.999)
    ours = halo(large[:, :, 3], alpha[:, :, 0])
    assert np.sqrt(np.mean(ours**2)) < np.sqrt(np.mean(halo(theirs[:, :, 3], alpha[:, :, 0]) ** 2))


def test_grey_is_painted_as_well_as_the_same_saved_as_colors() -> None:
    grey = open_picture("sample:flower").pixels[100:180, 200:290].mean(axis=2, keepdims=True)
    one, two = (Painter("draft", engine="numpy").fit(picture) for picture in (grey, grey.repeat(3, axis=2)))
    assert psnr(grey, as_written(one.render())) > psnr(grey.repeat(3, axis=2), as_written(two.render()))
    assert one.n_parameters < two.n_parameters


def test_rgba_without_transparency_is_painted_at_least_as_well_as_rgb() -> None:
    picture = open_picture("sample:flower").pixels[100:140, 200:250]
    opaque = np.concatenate([picture, np.ones_like(picture[:, :, :1])], axis=2)
    plain, with_alpha = (Painter("standard", engine="numpy").fit(each).render() for each in (picture, opaque))
    assert psnr(picture, as_written(with_alpha)[:, :, :3]) > psnr(picture, as_written(plain))
    assert np.all(as_written(with_alpha)[:, :, 3] == 1)
