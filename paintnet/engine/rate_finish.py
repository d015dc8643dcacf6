"""From the training of a painting in few bytes to its whole numbers."""

from typing import Any

import numpy as np

from paintnet.coding.coded import Coded
from paintnet.coding.weights import Steps
from paintnet.engine.rate_state import RateState
from paintnet.typing import Array

DECODER_HALVINGS = range(3, 14)
MODEL_HALVINGS = range(1, 11)
"""Steps that are tried for each group of weights."""

SAMPLE = 256
"""Blocks on which steps of the decoder are weighed, at most."""

GROUP_BITS = 24.0
"""Of a group's halvings, scale and largest number."""


def stepped_weights(state: RateState, step: Any, multiplier: float) -> list[Steps]:
    """Choose the step of each group of weights, by the loss that pays for its bits.

    Parameters
    ----------
    state : RateState
        With numbers that are rounded hard; its weights become those of the steps.
    step : CompiledRate or NumpyRate
        Measures.
    multiplier : float
        Of a bit per pixel.
    """
    groups = state.split()
    n_decoder = len(state.shape.decoder)
    blocks = np.arange(len(state.blocks.targets))
    sample = blocks[:: max(1, len(blocks) // SAMPLE)]
    runs = np.arange(len(state.runs.places))
    nothing = np.zeros(4, np.float32)
    chosen = []
    for number, group in enumerate(groups):
        is_decoder = number < n_decoder
        kept, found = group.copy(), []
        for halvings in DECODER_HALVINGS if is_decoder else MODEL_HALVINGS:
            steps = Steps.of(kept.ravel(), halvings)
            group[...] = steps.values.reshape(group.shape)
            bits = steps.coded[1] + GROUP_BITS
            if is_decoder:
                cost = step.error(sample, state.decoder.weights)
            else:
                bits += step.rate_epoch(runs, 0.0, nothing, learns=False)
                cost = 0.0
            found.append((cost + multiplier * bits / state.n_learned, halvings, steps))
        best = min(found, key=lambda each: each[:2])[2]
        group[...] = best.values.reshape(group.shape)
        chosen.append(best)
    return chosen


def dispensable(state: RateState, q: Array) -> Array:
    """Places of the numbers that are not 0, those first that are missed least.

    Fine levels come before coarse ones, small numbers before large ones, and among equals those that were
    nearest to 0 before they were rounded.
    """
    layout, found = state.layout, []
    for level in range(layout.n_levels):
        places = layout.view(np.arange(layout.size), level).ravel()
        places = places[q[places] != 0]
        found.append(places[np.lexsort((np.abs(state.y[places]), np.abs(q[places])))])
    every = np.concatenate(found)
    return np.asarray(every[np.argsort(np.abs(q[every]) > 1, kind="stable")])


def coded_of(state: RateState, weights: list[Steps]) -> Coded:
    """Give the painting in whole numbers."""
    return Coded(state.shape, weights, np.rint(state.q).astype(np.float64))
