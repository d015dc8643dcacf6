import numpy as np
import pytest

from paintnet.dataset.pixels import regress_dataset
from paintnet.encoding.grid import GridLevel
from paintnet.engine.pretrained import patches, pretrained_starts
from paintnet.painter.painter import Painter
from paintnet.picture import open_picture
from paintnet.settings.presets import settings_for

UNTRAINED = {"store": "float32", "epochs": 1, "learning_rate": 1e-9, "engine": "numpy"}
"""One pass that moves nothing: what is painted is the start."""


def photograph(channels):
    pixels = open_picture("sample:flower").pixels[100:260, 200:380]
    if channels == 1:
        return pixels.mean(axis=2, keepdims=True)
    return np.concatenate([pixels, np.ones_like(pixels[:, :, :1])], axis=2)[:, :, :channels]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_presets_have_the_shape_that_was_learned(channels):
    copying = settings_for(99, 99, "standard", channels=channels, purpose="copying").layers
    any_size = settings_for(99, 99, "standard", channels=channels).layers
    starts = pretrained_starts(channels)
    for layers, start in ((copying, starts[0]), (any_size, starts[-1])):
        check_shape(start, layers, channels)


def check_shape(start, layers, channels):
    assert [array.shape for array in start.decoder[1::2]] == [
        (layers[0], layers[1]),
        (layers[1], layers[2]),
        (layers[2], channels),
    ]
    assert start.encoder[-1].shape == (layers[0],)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_it_leads_to_more_than_random_features_do(channels):
    picture = photograph(channels)
    quality = [
        Painter("draft", start=start, epochs=8).fit(picture).training.psnr
        for start in ("pretrained", "features")
    ]
    assert quality[0] > quality[1] + 1


def test_patches_by_hand():
    # Vertices at x = 0 and 1.5, y = 0; the second lies halfway between pixels 1 and 2.
    colors = np.arange(8, dtype=np.float32).reshape(2, 4, 1) / 10
    (first, second) = patches(GridLevel(rows=1, columns=2, spacing=1.5), colors) + np.float32(0.5)
    row = [0.0, 0.1, 0.2, 0.3]
    below = [0.4, 0.5, 0.6, 0.7]
    np.testing.assert_allclose(second[:-2], row + row + below + below, atol=1e-6)
    np.testing.assert_allclose(second[-2:], [0.0, 0.5], atol=1e-6)
    np.testing.assert_allclose(first[:4], [0.0, 0.0, 0.1, 0.2], atol=1e-6)


def test_wide_grids_look_further():
    colors = np.arange(30, dtype=np.float32).reshape(1, 30, 1)
    (_, second) = patches(GridLevel(rows=1, columns=2, spacing=6.0), colors) + np.float32(0.5)
    np.testing.assert_allclose(second[:4], [2, 6, 10, 14])


def test_pixels_that_are_held_out_change_nothing():
    picture = photograph(3)
    settings = {"hold_out": 0.3, "seed": 5, **UNTRAINED}
    painting = Painter("standard", **settings).fit(picture)
    hidden = regress_dataset(picture, hold_out=0.3).held_out
    other = picture.copy()
    other.reshape(-1, 3)[hidden] = picture.reshape(-1, 3)[hidden] * 0.8
    again = Painter("standard", **settings).fit(other)
    for one, two in zip(painting.patches[0].network.coefs, again.patches[0].network.coefs, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("given", [{"layers": (5, 7)}, {"activation": "relu"}, {"levels": (8, 16)}])
def test_another_network_begins_without_it(given):
    picture = photograph(3)
    painting = Painter("standard", **given, epochs=2).fit(picture)
    assert painting.training.psnr > 10


def test_the_start_for_grey_paints_grey_as_the_one_for_colors_does():
    picture = photograph(1)
    grey = Painter("standard", **UNTRAINED).fit(picture).render()
    colors = Painter("standard", **UNTRAINED).fit(picture.repeat(3, axis=2)).render()
    np.testing.assert_allclose(grey[:, :, 0], np.mean(colors, axis=2), atol=2e-3)


def test_the_start_without_transparency_paints_colors_as_that_of_rgb_does():
    opaque = photograph(4)
    painted = Painter("standard", **UNTRAINED).fit(opaque).render()
    colors = Painter("standard", **UNTRAINED).fit(photograph(3)).render()
    np.testing.assert_allclose(painted[:, :, :3], colors, atol=2e-3)
    np.testing.assert_allclose(painted[:, :, 3], 1, atol=1e-5)


def test_with_transparency_the_start_is_that_of_transparent_pictures():
    picture = photograph(4)
    picture[50:60, 50:60, 3] = 0.5
    painted = Painter("standard", **UNTRAINED).fit(picture).render()
    assert abs(painted[55, 55, 3] - 0.5) < 0.1
