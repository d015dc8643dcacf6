"""Small networks on a grid, stock and by blocks, from the same start."""

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import GridMap
from paintnet.engine.block_state import AdamRates, BlockState
from paintnet.engine.numpy_step import NumpyStep

RATE = 0.01


def grid_over(width, height, vertices=9, basis="linear"):
    return GridMap.over(Extent.of_picture(width, height), [vertices], basis)


def all_positions(width, height):
    y, x = np.mgrid[:height, :width]
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def networks(mode, inputs, targets, n_classes=None, **settings):
    """Two estimators that have seen the same first sample: one to train as usual, one by blocks."""
    kind = {"regress": MLPRegressor, "classify": MLPClassifier}[mode]
    known = {} if n_classes is None else {"classes": np.arange(n_classes)}
    pair = []
    for _ in range(2):
        network = kind(
            hidden_layer_sizes=(5, 7),
            learning_rate_init=1e-12,
            random_state=0,
            shuffle=False,
            batch_size=1,
            n_iter_no_change=10**9,
            **settings,
        )
        network.partial_fit(inputs[:1], targets[:1], **known)
        del network._optimizer
        pair.append(network.set_params(batch_size=len(targets), learning_rate_init=RATE))
    return pair


class Blocks:
    """A network bound to a picture, and its step."""

    def __init__(self, network, plan, planes, mask, *, beta_1, compiled=False, threads=2, emphasis=0.0):
        self.network, self.plan, self.updates = network, plan, 0
        self.state = BlockState.bind(
            network,
            targets=plan.padded(planes),
            mask=plan.padded(mask[None])[0],
            keeps_first_moment=beta_1 > 0,
            emphasis=emphasis,
        )
        if compiled:
            from paintnet.engine.compiled_step import CompiledStep

            self.step = CompiledStep(plan, self.state, threads=threads)
        else:
            self.step = NumpyStep(plan, self.state)

    def train(self, rng, grid):
        """Pass over the picture once; returns the summed loss."""
        batches = list(self.plan.batches(rng, 4))
        network = self.network
        dense = AdamRates(RATE, network.beta_1, network.beta_2, network.epsilon, self.updates + 1)
        self.updates += len(batches)
        return self.step.train(batches, grid, dense)
