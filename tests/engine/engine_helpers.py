"""Small networks on a grid, stock and by blocks, from the same start."""

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import GridMap
from paintnet.engine.block_mlp import BlockMLPClassifier, BlockMLPRegressor

RATE = 0.01


def grid_over(width, height, vertices=9, basis="linear"):
    return GridMap.over(Extent.of_picture(width, height), [vertices], basis)


def all_positions(width, height):
    y, x = np.mgrid[:height, :width]
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def networks(mode, inputs, targets, n_classes=None, **settings):
    """A stock estimator and a block one that have seen the same first sample."""
    stock_class = {"regress": MLPRegressor, "classify": MLPClassifier}[mode]
    block_class = {"regress": BlockMLPRegressor, "classify": BlockMLPClassifier}[mode]
    known = {} if n_classes is None else {"classes": np.arange(n_classes)}
    pair = []
    for kind in (stock_class, block_class):
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
