import numpy as np
import pytest

from paintnet.engine.blocks import BlockPlan
from paintnet.engine.compiler import has_compiler
from tests.engine.engine_helpers import grid_over

pytestmark = pytest.mark.skipif(not has_compiler(), reason="numba is not installed")


@pytest.mark.parametrize("basis", ["linear", "quadratic", "cubic", "keys"])
@pytest.mark.parametrize(
    ("width", "height", "vertices"), [(40, 33, 20), (49, 17, 8), (100, 65, 60), (16, 16, 3)]
)
def test_taps_are_the_matrices_and_stay_in_their_patch(width, height, vertices, basis):
    from paintnet.engine.compiled_step import taps

    plan = BlockPlan.over(grid_over(width, height, vertices, basis), width, height)
    for matrices, sizes in ((plan.down, plan.high), (plan.across, plan.wide)):
        numbers, weights = taps(matrices)
        assert (numbers >= 0).all()
        assert (numbers < sizes[:, None, None]).all(), (
            "a weight of 0 times a number past the table may be NaN"
        )
        again = np.zeros_like(matrices)
        blocks, pixels, _ = np.indices(numbers.shape)
        np.add.at(again, (blocks, pixels, numbers), weights)
        np.testing.assert_array_equal(again, matrices)
