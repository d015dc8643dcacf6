"""From the training of a painting in few bytes to its whole numbers."""

import numpy as np

from paintnet.coding.coded import Coded
from paintnet.coding.weights import Steps
from paintnet.engine.rate_state import RateState
from paintnet.engine.rate_step import RateStep

DECODER_HALVINGS = range(14)
MODEL_HALVINGS = range(1, 11)
"""Steps that are tried for each group of weights."""

SAMPLE = 256
"""Blocks on which steps of the decoder are weighed, and runs for those of the context model, about."""

GAIN_HALVINGS = 11
"""Of the gains' step, at least: to a percent or so."""

GROUP_BITS = 24.0
"""Of a group's halvings, scale and largest number."""


def stepped_weights(state: RateState, step: RateStep, multiplier: float) -> list[Steps]:
    """Choose the step of each group of weights, by the loss that pays for its bits.

    Parameters
    ----------
    state : RateState
        With numbers that are rounded hard; its weights become those of the steps.
    step : RateStep
        Measures.
    multiplier : float
        Of a bit per pixel.
    """
    groups = state.split()
    n_decoder = len(state.shape.decoder)
    blocks = np.arange(len(state.blocks.targets))
    sample = blocks[:: max(1, len(blocks) // SAMPLE)]
    runs = np.arange(len(state.runs.places))
    some = runs[:: max(1, len(runs) // SAMPLE)]
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
                bits += step.rate_epoch(some, 0.0, nothing, learns=False) * len(runs) / len(some)
                cost = 0.0
            found.append((cost + multiplier * bits / state.n_learned, halvings, steps))
        best = min(found, key=lambda each: each[:2])[2]
        group[...] = best.values.reshape(group.shape)
        chosen.append(best)
    return chosen


def regained(state: RateState, weights: list[Steps], factor: float) -> list[Steps]:
    """Let the decoder's gains make up for numbers that are rounded so many times as coarsely.

    Parameters
    ----------
    state : RateState
        Its gains become the new ones.
    weights : list of Steps
        Those of `stepped_weights`, for numbers rounded as they were learned; they stay.
    factor : float
        Of a step.
    """
    gains = Steps.of(weights[0].values * factor, max(weights[0].halvings, GAIN_HALVINGS))
    state.decoder.weights[: len(gains.numbers)] = gains.values
    return [gains, *weights[1:]]


def coded_of(state: RateState, weights: list[Steps]) -> Coded:
    """Give the painting in whole numbers."""
    return Coded(state.shape, weights, np.rint(state.q).astype(np.float64))
