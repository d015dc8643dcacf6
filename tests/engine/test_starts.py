import numpy as np
import pytest

from paintnet.dataset.classes import Classes
from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import GridMap
from paintnet.engine.starts import vertex_means
from paintnet.painter.painter import Painter
from paintnet.picture import open_picture

UNTRAINED = {"epochs": 1, "learning_rate": 1e-9, "engine": "numpy"}
"""One pass that moves nothing: what is painted is the start."""


def grid_of(picture, vertices, basis="linear"):
    height, width, _ = picture.shape
    return GridMap.over(Extent.of_picture(width, height), [vertices], basis)


@pytest.mark.parametrize("basis", ["linear", "quadratic", "cubic", "keys"])
def test_vertex_means_of_one_color_are_that_color(basis):
    picture = np.full((9, 13, 3), 0.25, dtype=np.float32)
    grid = grid_of(picture, 5, basis)
    means = vertex_means(grid, grid.levels[0], picture, np.ones((9, 13)))
    np.testing.assert_allclose(means, 0.25, atol=1e-6)


def test_vertex_means_by_hand():
    # Vertices at 0, 2 and 4: the middle one weighs its neighbours by 1/2.
    picture = np.array([[[0.0], [1.0], [3.0], [5.0], [9.0]]], dtype=np.float32)
    grid = GridMap(Extent.of_picture(5, 1), (GridMap.over(Extent.of_picture(5, 5), [3]).levels[0],))
    means = vertex_means(grid, grid.levels[0], picture, np.ones((1, 5)))
    assert means[1, 0] == pytest.approx((0.5 * 1 + 1 * 3 + 0.5 * 5) / 2)


def test_vertex_means_leave_out_masked_pixels():
    picture = np.zeros((8, 8, 1), dtype=np.float32)
    picture[3, 3] = 1.0
    mask = np.ones((8, 8))
    mask[3, 3] = 0
    grid = grid_of(picture, 4)
    assert not vertex_means(grid, grid.levels[0], picture, mask).any()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_picture_is_there_before_the_first_step(channels):
    picture = open_picture("sample:bird").pixels
    picture = np.concatenate([picture, np.ones((100, 100, 1), np.float32)], axis=2)[:, :, :channels]
    given = {"start": "picture", "activation": "relu", "layers": (channels, 16, 16, 16)}
    start = Painter("standard", **given, **UNTRAINED).fit(picture)
    # The mean color alone has 13 dB; random weights behind the picture take a little off.
    assert start.training.psnr > 20


@pytest.mark.parametrize("colors", [1, 2, 5])
def test_classes_are_there_before_the_first_step(colors):
    picture = open_picture("sample:bird").pixels
    start = Painter("standard", mode="classify", classes=Classes(colors=colors), **UNTRAINED).fit(picture)
    assert start.training.accuracy > 0.95


def test_narrow_layers_begin_at_the_mean_color():
    picture = open_picture("sample:bird").pixels
    given = {"start": "picture", "activation": "relu", "layers": (3, 2), "purpose": "copying"}
    start = Painter("standard", **given, **UNTRAINED).fit(picture)
    mean = picture.mean(axis=(0, 1))
    assert np.abs(start.render() - mean).max() < 0.2


def test_random_features_begin_near_the_mean_color():
    picture = open_picture("sample:bird").pixels
    start = Painter("fine", start="features", **UNTRAINED).fit(picture)
    assert start.patches[0].network.activation == "tanh"
    assert np.abs(start.render() - picture.mean(axis=(0, 1))).max() < 0.2
