import numpy as np
import pytest

from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import GridMap
from paintnet.engine.blocks import SIDE, BlockPlan
from tests.engine.engine_helpers import all_positions, grid_over

SHAPES = [(16, 16), (40, 33), (7, 5), (1, 50), (100, 17)]


@pytest.mark.parametrize("basis", ["linear", "quadratic", "cubic", "keys"])
@pytest.mark.parametrize(("width", "height"), SHAPES)
def test_small_matrices_interpolate_as_the_encoding_does(width, height, basis):
    grid = grid_over(width, height, vertices=20, basis=basis)
    plan = BlockPlan.over(grid, width, height)
    table = np.random.default_rng(0).normal(size=(grid.n_features, 1)).astype(np.float32)
    expected = (grid.transform(all_positions(width, height)) @ table).reshape(height, width)

    painted = np.zeros((plan.rows * SIDE, plan.columns * SIDE), dtype=np.float32)
    lattice = table.reshape(-1, plan.stride)
    for row in range(plan.rows):
        for column in range(plan.columns):
            top, left = plan.top[row], plan.left[column]
            high, wide = plan.high[row], plan.wide[column]
            patch = lattice[top : top + high, left : left + wide]
            block = plan.down[row][:, :high] @ patch @ plan.across[column][:, :wide].T
            painted[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE] = block

    np.testing.assert_allclose(painted[:height, :width], expected, atol=1e-5)


def test_every_block_is_dealt_once_and_blocks_of_a_batch_share_no_vertex():
    width, height = 150, 90
    grid = grid_over(width, height, vertices=60)
    plan = BlockPlan.over(grid, width, height)
    assert plan is not None
    dealt = []
    for rows, columns in plan.batches(np.random.default_rng(1), 4):
        assert 1 <= len(rows) <= 4
        vertices = [
            (y, x)
            for row, column in zip(rows, columns, strict=True)
            for y in range(plan.top[row], plan.top[row] + plan.high[row])
            for x in range(plan.left[column], plan.left[column] + plan.wide[column])
        ]
        assert len(set(vertices)) == len(vertices)
        dealt += list(zip(rows.tolist(), columns.tolist(), strict=True))
    assert sorted(dealt) == [(row, column) for row in range(plan.rows) for column in range(plan.columns)]


def test_coarse_grids_and_several_levels_are_not_cut():
    extent = Extent.of_picture(200, 200)
    assert BlockPlan.over(GridMap.over(extent, [8]), 200, 200) is None
    assert BlockPlan.over(GridMap.over(extent, [50, 100]), 200, 200) is None
    assert BlockPlan.over(GridMap.over(extent, [100]), 200, 200) is not None
