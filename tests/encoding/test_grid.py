import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.interpolate import BSpline

from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import BASES, GridLevel, GridMap
from paintnet.lattice import points_of

DEGREE = {"linear": 1, "quadratic": 2, "cubic": 3}
bases = st.sampled_from(sorted(DEGREE))
shares = arrays(np.float64, (7, 2), elements=st.floats(0, 1))


@st.composite
def grids(draw: st.DrawFn) -> GridMap:
    left, top = draw(st.integers(-20, 20)), draw(st.integers(-20, 20))
    extent = Extent(left, top, left + draw(st.integers(0, 60)), top + draw(st.integers(0, 60)))
    return GridMap.over(extent, draw(st.lists(st.integers(2, 9), min_size=1, max_size=3)), draw(bases))


def positions(grid: GridMap, share: np.ndarray) -> np.ndarray:
    """Positions inside the extent, from shares of its sides."""
    left, top, right, bottom = grid.extent.to_list()
    return np.array([left, top]) + share * np.array([right - left, bottom - top])


def sites(level: GridLevel, basis: str) -> tuple[np.ndarray, np.ndarray]:
    """Where each vertex of a level sits (Greville abscissae), in pixels from the corner: x and y."""
    shift = (DEGREE[basis] - 1) / 2
    row, column = np.divmod(np.arange(level.n_vertices), level.columns)
    return (column - shift) * level.spacing, (row - shift) * level.spacing


def test_square_cells_over_the_short_side() -> None:
    grid = GridMap.over(Extent.of_picture(769, 513), [2, 17, 257])
    assert grid.levels == (GridLevel(2, 3, 512.0), GridLevel(17, 25, 32.0), GridLevel(257, 385, 2.0))
    assert grid.n_features == 6 + 17 * 25 + 257 * 385
    assert grid.n_touched == 12


def test_the_last_cell_reaches_over_the_edge_where_squares_do_not_fit() -> None:
    assert GridMap.over(Extent.of_picture(8, 4), [3]).levels == (GridLevel(3, 6, 1.5),)


@given(st.integers(2, 4000), st.integers(2, 300))
def test_rounding_adds_no_cell_to_the_short_side(side: int, vertices: int) -> None:
    (level,) = GridMap.over(Extent.of_picture(side, side), [vertices]).levels
    assert (level.rows, level.columns) == (vertices, vertices)


def test_hand_worked_corners_of_two_levels() -> None:
    grid = GridMap.over(Extent(10, 20, 14, 24), [2, 3])
    vertices, weights = grid.corners(np.array([[13.0, 21.0], [14.0, 24.0]]))
    # (13, 21) is at (3, 1): 3/4 across and 1/4 down the one cell of 4 pixels;
    # half across the second and half down the first cell of 2 pixels.
    assert vertices.tolist() == [[0, 1, 2, 3, 5, 6, 8, 9], [0, 1, 2, 3, 8, 9, 11, 12]]
    assert weights.tolist() == [
        [0.1875, 0.5625, 0.0625, 0.1875, 0.25, 0.25, 0.25, 0.25],
        [0, 0, 0, 1, 0, 0, 0, 1],
    ]


@pytest.mark.parametrize(
    ("basis", "t", "expected"),
    [
        ("linear", 0.25, [3 / 4, 1 / 4]),
        ("quadratic", 0.0, [1 / 2, 1 / 2, 0]),
        ("quadratic", 0.5, [1 / 8, 3 / 4, 1 / 8]),
        ("cubic", 0.0, [1 / 6, 2 / 3, 1 / 6, 0]),
        ("cubic", 0.5, [1 / 48, 23 / 48, 23 / 48, 1 / 48]),
    ],
)
def test_hand_worked_spline_weights(basis: str, t: float, expected: list[float]) -> None:
    _, weigh = BASES[basis]
    np.testing.assert_allclose([float(w) for w in weigh(np.array(t))], expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("t", "expected"),
    [
        (0.0, [0, 1, 0, 0]),  # a vertex is painted as it is
        (0.5, [-1 / 16, 9 / 16, 9 / 16, -1 / 16]),
        (0.25, [-9 / 128, 111 / 128, 29 / 128, -3 / 128]),
    ],
)
def test_hand_worked_weights_of_cubic_convolution(t: float, expected: list[float]) -> None:
    degree, weigh = BASES["keys"]
    np.testing.assert_allclose([float(w) for w in weigh(np.array(t))], expected, rtol=1e-15)
    assert degree == 3


@given(st.floats(0, 1), st.tuples(*[st.floats(-3, 3)] * 3))
def test_cubic_convolution_reproduces_quadratics(t: float, terms: tuple[float, float, float]) -> None:
    a, b, c = terms
    weights = np.stack(BASES["keys"][1](np.array(t)))
    at = np.arange(-1, 3)
    np.testing.assert_allclose(weights @ (a + b * at + c * at**2), a + b * t + c * t**2, atol=1e-12)


@given(grids(), shares)
def test_weights_are_those_of_scipy_splines(grid: GridMap, share: np.ndarray) -> None:
    xy = positions(grid, share)
    degree = DEGREE[grid.basis]
    blocks = []
    for level in grid.levels:
        axes = []
        for axis, count in ((1, level.rows), (0, level.columns)):
            knots = level.spacing * (np.arange(count + degree + 1) - degree)
            distance = xy[:, axis] - grid.extent.to_list()[axis]
            # A last position beyond the last knot by rounding alone still belongs to the last cell.
            distance = np.minimum(distance, knots[count])
            axes.append(BSpline.design_matrix(distance, knots, degree).toarray())
        blocks.append(np.einsum("nr,nc->nrc", *axes).reshape(len(xy), -1))
    np.testing.assert_allclose(grid.transform(xy).toarray(), np.hstack(blocks), atol=1e-9)


@given(grids(), arrays(np.float64, (5, 2), elements=st.floats(-200, 200)))
def test_weights_of_each_level_add_up_to_one(grid: GridMap, xy: np.ndarray) -> None:
    _, weights = grid.corners(xy)
    levels = weights.reshape(len(xy), len(grid.levels), -1)
    np.testing.assert_allclose(levels.sum(axis=2), 1, rtol=1e-12)
    assert weights.min() >= 0


@given(grids(), shares, st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3))
def test_linear_functions_are_reproduced(
    grid: GridMap, share: np.ndarray, a: float, b: float, c: float
) -> None:
    """Marsden's identity: control values on a plane give the plane, in every basis."""
    xy = positions(grid, share)
    planes = []
    for level in grid.levels:
        x, y = sites(level, grid.basis)
        planes.append(a * (grid.extent.left + x) + b * (grid.extent.top + y) + c)
    coefs = np.concatenate(planes)[:, None] / len(grid.levels)
    np.testing.assert_allclose(grid.first_layer(xy, coefs)[:, 0], xy @ [a, b] + c, atol=1e-8)


@given(grids(), arrays(np.float64, (6, 2), elements=st.floats(-100, 100)), st.sampled_from("fd"))
def test_the_sparse_matrix_and_the_first_layer_agree(grid: GridMap, xy: np.ndarray, kind: str) -> None:
    xy = xy.astype(kind)
    matrix = grid.transform(xy)
    assert matrix.shape == (6, grid.n_features)
    assert matrix.dtype == xy.dtype
    assert all(np.all(np.diff(matrix.indices[a:b]) > 0) for a, b in itertools.pairwise(matrix.indptr))
    coefs = np.random.default_rng(0).normal(size=(grid.n_features, 3)).astype(kind)
    sums = grid.first_layer(xy, coefs)
    assert sums.dtype == xy.dtype
    np.testing.assert_allclose(sums, matrix @ coefs, atol=1e-5 if kind == "f" else 1e-12)


@given(
    grids(), *[arrays(np.float64, n, elements=st.floats(-100, 100)) for n in (5, 3)], st.sampled_from("fd")
)
def test_a_lattice_has_the_sums_of_its_points(
    grid: GridMap, xs: np.ndarray, ys: np.ndarray, kind: str
) -> None:
    coefs = np.random.default_rng(0).normal(size=(grid.n_features, 3)).astype(kind)
    sums = grid.first_layer_on(xs, ys, coefs)
    assert sums.dtype == coefs.dtype
    expected = grid.first_layer(points_of(xs, ys), coefs).reshape(3, 5, 3)
    np.testing.assert_allclose(sums, expected, atol=1e-5 if kind == "f" else 1e-12)


@given(grids(), arrays(np.float64, (6, 2), elements=st.floats(-100, 100)))
def test_a_position_outside_counts_as_the_edge(grid: GridMap, xy: np.ndarray) -> None:
    left, top, right, bottom = grid.extent.to_list()
    inside = np.clip(xy, [left, top], [right, bottom])
    for outer, inner in zip(grid.corners(xy), grid.corners(inside), strict=True):
        assert np.array_equal(outer, inner)


@pytest.mark.parametrize("basis", DEGREE)
@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 9), (9, 1)])
def test_a_picture_of_one_row_or_column(basis: str, width: int, height: int) -> None:
    grid = GridMap.over(Extent.of_picture(width, height), [2, 5], basis)
    y, x = np.indices((height, width)).reshape(2, -1)
    xy = np.stack([x, y], axis=1).astype(np.float32)
    matrix = grid.transform(xy)
    np.testing.assert_allclose(matrix.sum(axis=1), 2, rtol=1e-6)
    assert len({row.tobytes() for row in matrix.toarray()}) == width * height


def test_float32_keeps_the_fraction_on_a_wide_picture() -> None:
    grid = GridMap.over(Extent.of_picture(30_001, 10_001), [4001])
    xy = np.array([[29_999.25, 1.0]])
    _, exact = grid.corners(xy)
    _, weights = grid.corners(xy.astype(np.float32))
    np.testing.assert_allclose(weights, exact, atol=1e-6)


def test_no_position_gives_no_row() -> None:
    grid = GridMap.over(Extent.of_picture(4, 4), [3])
    assert grid.transform(np.empty((0, 2))).shape == (0, 9)


@given(grids())
def test_its_document_brings_it_back(grid: GridMap) -> None:
    assert GridMap.from_document(grid.to_document(), grid.tensors()) == grid


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"basis": "quintic"}, "unknown basis 'quintic'"),
        ({"levels": []}, "a grid without levels"),
        ({"levels": [[1, 5, 1.0]]}, r"impossible grid level GridLevel\(rows=1, columns=5, spacing=1.0\)"),
        ({"levels": [[5, 5, 0.0]]}, "impossible grid level"),
        ({"levels": [[5, 5, float("inf")]]}, "impossible grid level"),
        ({"levels": [[5, 5, float("nan")]]}, "impossible grid level"),
        ({"basis": "cubic", "levels": [[3, 3, 1.0]]}, "impossible grid level"),
        ({"extent": [0, 0, -1, 0]}, "is not a rectangle"),
    ],
)
def test_a_document_that_no_grid_has_written_is_refused(change: dict[str, Any], reason: str) -> None:
    document = GridMap.over(Extent.of_picture(4, 4), [3]).to_document() | change
    with pytest.raises(ValueError, match=reason):
        GridMap.from_document(document, {})
