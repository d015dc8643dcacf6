import numpy as np
import pytest

from paintnet.dataset.upsampling import upsample


def slanted_edge(side: int) -> np.ndarray:
    """Two colors parted by a straight line that no axis follows, antialiased over a pixel."""
    y, x = np.mgrid[:side, :side]
    distance = (x - side / 2) * 0.8 - (y - side / 2) * 0.6
    shade = np.clip(distance + 0.5, 0, 1)[:, :, None]
    return (shade * [0.9, 0.2, 0.1] + (1 - shade) * [0.1, 0.3, 0.8]).astype(np.float32)


def bicubic_between(given: np.ndarray) -> np.ndarray:
    """Keys' cubic (a = -0.5) halfway between pixels along both axes."""
    for axis in (0, 1):
        padded = np.pad(given, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
        taps = [np.take(padded, np.arange(k, k + given.shape[axis] - 1), axis) for k in range(4)]
        given = (-taps[0] + 9 * taps[1] + 9 * taps[2] - taps[3]) / 16
    return given


@pytest.mark.parametrize("shape", [(40, 30, 3), (13, 17, 1), (20, 20, 4), (5, 3, 3), (1, 1, 1)])
def test_given_pixels_stay_as_they_are(shape):
    picture = np.random.default_rng(0).random(shape).astype(np.float32)
    dense = upsample(picture)
    assert dense.shape == (2 * shape[0] - 1, 2 * shape[1] - 1, shape[2])
    assert dense.dtype == np.float32
    assert np.array_equal(dense[::2, ::2], picture)
    assert picture.min() <= dense.min()
    assert dense.max() <= picture.max()


def test_one_color_stays_one_color():
    np.testing.assert_allclose(upsample(np.full((16, 16, 3), 0.3, np.float32)), 0.3, atol=1e-6)


def test_an_edge_comes_out_closer_than_by_bicubic_interpolation():
    fine = slanted_edge(65)
    given, hidden = fine[::2, ::2], fine[1::2, 1::2]
    inner = (slice(4, -4), slice(4, -4))
    learned = np.square(upsample(given)[1::2, 1::2] - hidden)[inner].mean()
    interpolated = np.square(bicubic_between(given) - hidden)[inner].mean()
    assert learned < interpolated / 2


def test_the_seed_decides_every_byte():
    picture = np.random.default_rng(1).random((20, 20, 3)).astype(np.float32)
    assert upsample(picture, 3).tobytes() == upsample(picture, 3).tobytes()
    assert upsample(picture, 3).tobytes() != upsample(picture, 4).tobytes()
