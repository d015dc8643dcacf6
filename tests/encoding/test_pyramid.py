"""The pyramid encoding: where its numbers lie and how they are weighed."""

import numpy as np
import pytest

from paintnet.encoding.extent import Extent
from paintnet.encoding.pyramid import PyramidMap, PyramidSpec
from paintnet.errors import SettingsError
from paintnet.lattice import points_of

XY = np.random.default_rng(0).random((200, 2)) * (13, 9) - 1


def test_the_finest_level_passes_through_its_numbers() -> None:
    pyramid = PyramidMap(Extent.of_picture(4, 3), (1,))
    plane = np.arange(12.0).reshape(3, 4)
    centers = np.array([[x, y] for y in range(3) for x in range(4)], float)
    np.testing.assert_allclose(pyramid.interpolated(centers, [plane]).ravel(), plane.ravel())


def test_a_coarse_level_is_a_cubic_spline_by_hand() -> None:
    pyramid = PyramidMap(Extent.of_picture(16, 1), (2,))
    plane = np.zeros((1, 8))
    plane[0, 3] = 1
    # Number 3 lies at x = 2 * 3 + 0.5; a B-spline is 2/3 there, and 1/6 a number away.
    values = pyramid.interpolated(np.array([[6.5, 0.0], [4.5, 0.0], [8.5, 0.0], [2.5, 0.0]]), [plane])
    np.testing.assert_allclose(values.ravel(), [2 / 3, 1 / 6, 1 / 6, 0], atol=1e-12)


@pytest.mark.parametrize("size", [(1, 1), (1, 8), (12, 8), (64, 3)])
def test_planes_and_matrix_say_the_same(size: tuple[int, int]) -> None:
    pyramid = PyramidMap(Extent.of_picture(*size))
    random = np.random.default_rng(1)
    planes = [random.random((level.rows, level.columns)) for level in pyramid.levels]
    coefs = np.zeros((pyramid.n_features, len(planes)))
    at = 0
    for level, plane in enumerate(planes):
        coefs[at : at + plane.size, level] = plane.ravel()
        at += plane.size
    expected = pyramid.interpolated(XY, planes)
    np.testing.assert_allclose(pyramid.transform(XY) @ coefs, expected, atol=1e-12)
    np.testing.assert_allclose(pyramid.first_layer(XY, coefs), expected, atol=1e-12)
    ones = pyramid.transform(XY) @ np.ones(pyramid.n_features)
    np.testing.assert_allclose(ones, len(planes), atol=1e-12)


@pytest.mark.parametrize("size", [(1, 1), (1, 8), (12, 8), (64, 3)])
def test_a_lattice_gets_the_same_values_as_its_points(size: tuple[int, int]) -> None:
    pyramid = PyramidMap(Extent.of_picture(*size))
    random = np.random.default_rng(2)
    planes = [random.random((level.rows, level.columns)) for level in pyramid.levels]
    coefs = random.random((pyramid.n_features, 3))
    own = np.arange(size[0], dtype=float), np.arange(size[1], dtype=float)
    for xs, ys in (
        own,
        (np.linspace(-2, size[0] + 1, 29), np.linspace(-1.5, size[1], 17)),
        (own[0], own[1][:1]),
    ):
        points = points_of(xs, ys)
        values = pyramid.interpolated_on(xs, ys, planes)
        assert values.shape == (len(planes), len(ys), len(xs))
        expected = pyramid.interpolated(points, planes)
        np.testing.assert_allclose(values.reshape(len(planes), -1).T, expected, atol=1e-12)
        sums = pyramid.first_layer_on(xs, ys, coefs).reshape(-1, 3)
        np.testing.assert_allclose(sums, pyramid.first_layer(points, coefs), atol=1e-12)


def test_spacings_that_are_no_powers_of_two_are_refused() -> None:
    for spacings in ((), (3,), (2, 1), (1, 1), (8192,)):
        with pytest.raises(SettingsError, match="use powers of two from 1 to 4,096, ascending"):
            PyramidSpec(spacings).validate()
