"""The engine's oracle is scikit-learn's own step, to float32 rounding."""

import numpy as np
import pytest

from paintnet.engine.block_state import AdamRates
from paintnet.engine.blocks import BlockPlan
from paintnet.engine.compiler import has_compiler
from tests.engine.engine_helpers import RATE, Blocks, all_positions, grid_over, networks

ENGINES = [
    False,
    pytest.param(True, marks=pytest.mark.skipif(not has_compiler(), reason="numba is not installed")),
]
SIZE = 16


def train_both(mode, outputs, *, compiled, activation="relu", epochs=5, beta_1=0.9):
    """Five full-batch epochs of one block: nothing is lazy there, so both must agree."""
    grid = grid_over(SIZE, SIZE)
    inputs = grid.transform(all_positions(SIZE, SIZE))
    rng = np.random.default_rng(3)
    if mode == "regress":
        targets = rng.random((SIZE * SIZE, outputs)).astype(np.float32)
        planes, n_classes = targets.T.reshape(outputs, SIZE, SIZE), None
        targets = targets.ravel() if outputs == 1 else targets
    elif outputs == "one-hot":
        targets = np.eye(3, dtype=int)[rng.integers(3, size=SIZE * SIZE)]
        planes, n_classes = targets.T.reshape(3, SIZE, SIZE), 3
    else:
        targets = rng.integers(outputs, size=SIZE * SIZE)
        planes, n_classes = targets.reshape(1, SIZE, SIZE), outputs
    stock, block = networks(
        mode, inputs, targets, n_classes, activation=activation, alpha=0.0, beta_1=beta_1, beta_2=0.99
    )
    plan = BlockPlan.over(grid, SIZE, SIZE)
    blocks = Blocks(block, plan, planes, np.ones((SIZE, SIZE)), beta_1=beta_1, compiled=compiled)
    for epoch in range(1, epochs + 1):
        stock.partial_fit(inputs, targets)
        loss = blocks.train(np.random.default_rng(0), AdamRates(RATE, beta_1, 0.99, 1e-8, epoch))
        assert loss / SIZE**2 == pytest.approx(stock.loss_, rel=2e-4)
    return stock, block


@pytest.mark.parametrize("compiled", ENGINES)
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize(
    ("mode", "outputs"),
    [("regress", 3), ("regress", 1), ("classify", 2), ("classify", 5), ("classify", "one-hot")],
)
def test_equals_scikit_learn(mode, outputs, activation, compiled):
    stock, block = train_both(mode, outputs, compiled=compiled, activation=activation)
    for mine, theirs in zip(
        [*block.coefs_, *block.intercepts_], [*stock.coefs_, *stock.intercepts_], strict=True
    ):
        np.testing.assert_allclose(mine, theirs, atol=2e-4)


@pytest.mark.parametrize("compiled", ENGINES)
def test_without_a_first_moment_equals_scikit_learn(compiled):
    stock, block = train_both("regress", 3, compiled=compiled, beta_1=0.0)
    np.testing.assert_allclose(block.coefs_[0], stock.coefs_[0], atol=5e-4)


@pytest.mark.skipif(not has_compiler(), reason="numba is not installed")
@pytest.mark.parametrize("basis", ["linear", "quadratic", "cubic", "keys"])
@pytest.mark.parametrize("emphasis", [0.0, 8.0])
def test_compiled_and_numpy_agree_on_a_picture_of_many_blocks(basis, emphasis):
    width, height = 70, 50
    grid = grid_over(width, height, vertices=30, basis=basis)
    plan = BlockPlan.over(grid, width, height)
    inputs = grid.transform(all_positions(width, height))
    picture = np.random.default_rng(0).random((3, height, width)).astype(np.float32)
    mask = (np.arange(width) // 2 % 7 > 0) * np.ones((height, 1))
    # Adam divides rounding by rounding where a gradient vanishes; this epsilon keeps that out of the test.
    epsilon = 1e-3
    tables, losses = [], []
    for compiled in (False, True):
        _, block = networks("regress", inputs, picture.reshape(3, -1).T, alpha=0.1, activation="tanh")
        blocks = Blocks(block, plan, picture, mask, beta_1=0.5, compiled=compiled, emphasis=emphasis)
        rng = np.random.default_rng(5)
        losses.append([blocks.train(rng, AdamRates(RATE, 0.5, 0.9, epsilon, epoch)) for epoch in (1, 2, 3)])
        tables.append([block.coefs_[0], *block.coefs_[1:], *block.intercepts_])
    for one, other in zip(*tables, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_the_emphasized_gradient_is_the_slope_of_the_loss():
    """Half the squared errors, and emphasis times half the squared means of each 2 x 2, by differences."""
    emphasis = 8.0
    grid = grid_over(SIZE, SIZE)
    inputs = grid.transform(all_positions(SIZE, SIZE))
    picture = np.random.default_rng(1).random((2, SIZE, SIZE)).astype(np.float32)
    mask = np.ones((SIZE, SIZE))
    mask[2:4, 6:8] = 0
    _, network = networks("regress", inputs, picture.reshape(2, -1).T, activation="tanh", alpha=0.0)
    blocks = Blocks(network, BlockPlan.over(grid, SIZE, SIZE), picture, mask, beta_1=0.0, emphasis=emphasis)

    def loss():
        painted = network.predict(inputs.astype(np.float64)).T.reshape(2, SIZE, SIZE)
        error = (painted - picture) * mask
        means = error.reshape(2, SIZE // 2, 2, SIZE // 2, 2).mean(axis=(2, 4))
        pixels = 4 * np.square(means).sum() / 2
        return np.square(error).sum() / 2 + emphasis * pixels, pixels

    _, pixels = loss()
    still = AdamRates(0, 0, 0, 1, 1)
    returned = blocks.step.train([(np.zeros(1, np.int32), np.zeros(1, np.int32))], still, still)
    assert returned == pytest.approx(pixels / 2, rel=1e-4), "half the mean over two channels"
    bias, gradient = network.intercepts_[1], blocks.state.bias_grads[1]
    for unit in range(3):
        before = bias[unit]
        bias[unit] = before + 1e-2
        above, _ = loss()
        bias[unit] = before - 1e-2
        below, _ = loss()
        bias[unit] = before
        assert gradient[unit] == pytest.approx((above - below) / 2e-2 / mask.sum(), rel=1e-2, abs=1e-5)


@pytest.mark.skipif(not has_compiler(), reason="numba is not installed")
def test_the_number_of_threads_does_not_change_a_byte():
    width, height = 100, 64
    grid = grid_over(width, height, vertices=40)
    plan = BlockPlan.over(grid, width, height)
    inputs = grid.transform(all_positions(width, height))
    picture = np.random.default_rng(0).random((3, height, width)).astype(np.float32)
    results = []
    for threads in (1, 2, 3):
        _, block = networks("regress", inputs, picture.reshape(3, -1).T)
        mask = np.ones((height, width))
        blocks = Blocks(block, plan, picture, mask, beta_1=0.0, compiled=True, threads=threads)
        blocks.train(np.random.default_rng(5), AdamRates(RATE, 0, 0.9, 1e-8, 1))
        results.append(blocks.state.table.tobytes() + blocks.state.dense.tobytes())
    assert results[0] == results[1] == results[2]


def test_a_masked_pixel_has_no_influence():
    grid = grid_over(20, 18, vertices=9)
    plan = BlockPlan.over(grid, 20, 18)
    inputs = grid.transform(all_positions(20, 18))
    picture = np.random.default_rng(0).random((1, 18, 20)).astype(np.float32)
    mask = np.ones((18, 20))
    mask[4, 7] = 0
    tables = []
    for hidden_value in (0.0, 100.0):
        picture[0, 4, 7] = hidden_value
        _, block = networks("regress", inputs, picture.ravel())
        blocks = Blocks(block, plan, picture, mask, beta_1=0.0)
        blocks.train(np.random.default_rng(5), AdamRates(RATE, 0, 0.9, 1e-8, 1))
        tables.append(block.coefs_[0].copy())
    assert np.array_equal(*tables)


def test_a_trained_block_network_is_an_ordinary_estimator():
    _, block = train_both("regress", 3, compiled=False)
    positions = grid_over(SIZE, SIZE).transform(all_positions(SIZE, SIZE))
    assert block.predict(positions).shape == (SIZE * SIZE, 3)
    before = block.coefs_[0].copy()
    block.set_params(learning_rate_init=0.1).partial_fit(positions, np.zeros((SIZE * SIZE, 3), np.float32))
    assert not np.array_equal(before, block.coefs_[0])


@pytest.mark.skipif(not has_compiler(), reason="numba is not installed")
def test_warming_up_compiles_what_training_runs():
    """An int where training has a float would be compiled twice, the second time on the clock."""
    from paintnet.engine.kernel import run_batches

    train_both("regress", 3, compiled=True)
    kinds = [str(signature) for signature in run_batches.signatures]
    assert len(kinds) == len(set(kinds))
    rates = {str(signature[5]) for signature in run_batches.signatures}
    assert len(rates) == 1, rates
