"""Training a painting in few bytes: its error and its bits in one loss, whose balance meets a target.

The loss is the mean squared error plus a multiplier times bits per pixel. Whole numbers have no gradient, so
the numbers are rounded softly, with noise, and ever harder (Kim et al. 2024, "C3: High-performance and
low-complexity neural compression from a single image or video", section 3.2); in the last part of a run they
are fixed, and the two networks behind them settle.
"""

import math
from collections.abc import Callable

import numpy as np

from paintnet.coding.coded import Coded
from paintnet.coding.context import MOST_UNITS
from paintnet.coding.layout import Layout
from paintnet.coding.network import CodedNetwork, network_weights
from paintnet.cores import cores
from paintnet.dataset.pixels import Dataset
from paintnet.encoding.pyramid import PyramidMap
from paintnet.engine import sklearn_mlp as sk
from paintnet.engine.code_cache import RATE_KERNEL
from paintnet.engine.compiler import compiled_or_none
from paintnet.engine.numpy_rate import NumpyRate
from paintnet.engine.rate_guess import multiplier_for_bits, multiplier_for_error
from paintnet.engine.rate_landing import COARSEST, Landing, frame_bytes
from paintnet.engine.rate_state import RateState
from paintnet.engine.rate_step import RateStep, adam_numbers
from paintnet.engine.schedule import Schedule
from paintnet.engine.targets import count_classes
from paintnet.engine.trainer import TrainerState
from paintnet.metrics import psnr_of
from paintnet.network import Network
from paintnet.settings.settings import PainterSettings
from paintnet.typing import Array

FIXED_FROM = 0.94
"""Share of a run after which the numbers stay as they are."""

NUMBER_RATE, MODEL_RATE = 30.0, 2.0
"""Learning rates of the numbers and the context model, times that of the decoder."""

COLD_EPOCHS = 4
"""In which the decoder's rate rises from 0: all numbers are 0 at first, and from noise alone the decoder
learns to heed none. Without that, kodim02 stayed grey at one bit a pixel, and others lost up to 0.6 dB."""

DEAR, DEAR_UNTIL = 10.0, 0.15
"""What a bit costs at the beginning of a run, times what it costs from this share of it on. Else the finest
level, which lowers the error fastest, takes bits that are lost: at a low rate no run gives them up again, and
the seed decides whether it begins so. kodim03 at a quarter of a bit had 32.9 to 34.4 dB, and has 34.5."""

LAST_RATE = 0.1
"""Share of the rates at the end of the soft part."""

TEMPERATURES, AMPLITUDES = (0.5, 0.1), (0.75, 1.0)
"""Of rounding and of noise, from the beginning to the end of the soft part."""

LOOKS = 60
"""Times in a run that hard rounded numbers are counted, and the multiplier is corrected."""

WEIGHINGS = (30, 36, 42, 48, 51, 54)
"""Looks at which the bits of the networks are counted too: half of all, in a small picture."""

CAUTION = 0.25
"""How much of a correction is made at a look."""

FIRST_LOOK = 0.45
"""Share of a run before which little is told by its bits: some pictures have twice as many as in the end."""

STILL_TO_FALL = 0.5
"""What bits fall by until the end, times the square of the share of a run that is left; about."""

AIM = 0.985
"""What the multiplier aims at, times the target: numbers that were learned long lie near whole ones. Rounded
a little more coarsely they hardly take fewer bits; to round them more finely costs nothing."""

PLAIN_MULTIPLIER = 1e-3
"""Where no target is given: about 36 dB and a third of a bit per pixel of a photograph."""

AIM_OF_CLASSES = 0.97
"""The same where classes are learned: nearly all of their numbers are what was expected, and rounded more
coarsely they would take more bits."""

CLASSES_MULTIPLIER, LEAST_OF_CLASSES = 0.05, 0.005
"""Nats for each bit where classes are learned, at first and at least: with so few all are right, and a file
need not be filled."""

RATE_SLOPE, PSNR_SLOPE = 0.57, 2.9
"""What bits (as logarithms) and decibels fall by with the multiplier's logarithm; as measured."""


class RateTrainer:
    """Trains a pyramid of numbers, its decoder and its context model.

    Parameters
    ----------
    dataset : Dataset
        Colors at the centers of pixels.
    encoding : PyramidMap
        The pyramid.
    settings : PainterSettings
        Of the run: purpose storing.
    schedule : Schedule
        Its rate and its clock.
    compiled : bool
        Run the numba kernel, else NumPy.
    note : callable
        Is told what a user should know: that the kernel is compiled, or cannot be.
    compiling : callable
        Is called before the kernel is compiled or loaded.
    """

    def __init__(
        self,
        dataset: Dataset,
        encoding: PyramidMap,
        settings: PainterSettings,
        schedule: Schedule,
        *,
        compiled: bool,
        note: Callable[[str], None] = lambda text: None,
        compiling: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings, self.schedule, self.encoding = settings, schedule, encoding
        self.rng = np.random.default_rng(settings.seed)
        self.estimator = sk.make_estimator(settings)
        height, width = dataset.height, dataset.width
        targets = dataset.targets.reshape(height, width, -1)
        first = encoding.transform(np.zeros((1, 2), dtype=np.float32))
        n_classes = count_classes(dataset)
        sk.see_first_sample(self.estimator, first, dataset.targets[:1], n_classes)
        self._output = sk.output_activation(self.estimator)
        self.n_pixels = height * width
        self.target_bytes = target_bytes(settings, self.n_pixels)
        self.multiplier = self._first_multiplier(targets)
        self.state_ = RateState(
            Layout(width, height, encoding.spacings),
            targets,
            dataset.mask(),
            settings.layers[1:],
            (MOST_UNITS, MOST_UNITS),
            self.multiplier,
            self.rng,
            n_classes,
        )
        step = None
        if compiled:
            compiling()
            insists = settings.engine == "compiled"
            step = compiled_or_none(self._compiled_step, note, RATE_KERNEL, insists=insists)
        self.engine = "numpy" if step is None else "compiled"
        self.step = step or NumpyRate(self.state_)
        self.epochs_begun, self.looks = 0, 0
        self.is_fixed = False
        asked_as = "bpp" if settings.file_size is None else "file_size"
        frame = frame_bytes(dataset.palette)
        self.landing = Landing(self.state_, self.step, self.target_bytes, asked_as, frame)
        self.losses: list[float] = []
        self.bits = 0.0
        self._finished: tuple[int, Coded] | None = None

    def _compiled_step(self) -> RateStep:
        # numba takes seconds to load; only a compiled run pays for it.
        from paintnet.engine.compiled_rate import CompiledRate

        return CompiledRate(self.state_, self.settings.threads or cores())

    def _first_multiplier(self, targets: Array) -> float:
        if self.settings.mode == "classify":
            return CLASSES_MULTIPLIER
        if self.target_bytes is not None:
            return multiplier_for_bits(targets, 8.0 * self.target_bytes)
        if self.settings.target_psnr is not None:
            return multiplier_for_error(targets, 10 ** (-self.settings.target_psnr / 10))
        return PLAIN_MULTIPLIER

    def epoch(self) -> float:
        """Pass over all blocks and all numbers once."""
        schedule, state, step = self.schedule, self.state_, self.step
        progress = schedule.progress
        self.epochs_begun += 1
        self._finished = None
        base = schedule.learning_rate
        seed = int(self.rng.integers(2**32))
        if progress < FIXED_FROM:
            if int(progress * LOOKS) > self.looks:
                self._look(progress)
            share = progress / FIXED_FROM
            cosine = 0.5 * (1 + math.cos(math.pi * share))
            rate = base * (LAST_RATE + (1 - LAST_RATE) * cosine)
            temperature, amplitude = (a + (b - a) * share for a, b in (TEMPERATURES, AMPLITUDES))
            step.quantize(temperature, amplitude, seed)
        else:
            if not self.is_fixed:
                self._land()
            left = (1 - progress) / (1 - FIXED_FROM)
            rate = base * LAST_RATE * max(0.02, left)
        blocks = self.rng.permutation(len(state.blocks.targets))
        runs = self.rng.permutation(len(state.runs.places))
        dear = DEAR ** max(0.0, 1 - progress / DEAR_UNTIL)
        weight = dear * self.multiplier * state.n_learned / self.n_pixels
        warmth = min(1.0, (self.epochs_begun - 1) / COLD_EPOCHS)
        error = step.paint_epoch(blocks, adam_numbers(rate * warmth, 0.9, 0.99))
        self.bits = step.rate_epoch(runs, weight, adam_numbers(MODEL_RATE * rate, 0.9, 0.99), learns=True)
        if self.is_fixed:
            step.drop_gradients()
        else:
            step.update_numbers(adam_numbers(NUMBER_RATE * rate, 0.8, 0.9))
        schedule.epochs_done += 1
        loss = error if self.settings.mode == "classify" else error / 2
        self.losses.append(loss)
        sk.keep_losses(self.estimator, self.losses, rate, self.n_pixels)
        if not np.isfinite(loss) or not np.isfinite(self.bits):
            raise sk.diverged(self.settings.learning_rate)
        return loss

    @property
    def bits_per_pixel(self) -> float:
        """About what a file would take now."""
        return (self.bits + self.landing.fixed_bits) / self.n_pixels

    def _look(self, progress: float) -> None:
        """Measure with numbers rounded hard, and correct the multiplier."""
        before, self.looks = self.looks, int(progress * LOOKS)
        if progress < FIRST_LOOK or (self.target_bytes is None and self.settings.target_psnr is None):
            return
        self.state_.round()
        if any(before < look <= self.looks for look in WEIGHINGS):
            self.landing.weigh(self.multiplier)
        if self.target_bytes is not None:
            fixed = self.landing.fixed_bits
            aim = AIM_OF_CLASSES if self.settings.mode == "classify" else AIM
            left = max(aim * 8 * self.target_bytes - fixed, 0.2 * 8 * self.target_bytes)
            left *= 1 + STILL_TO_FALL * (1 - progress / FIXED_FROM) ** 2
            change = math.log(max(1.0, self.landing.hard_bits() - fixed) / left) / RATE_SLOPE
        else:
            weights, blocks = self.state_.decoder.weights, np.arange(len(self.state_.blocks.targets))
            change = (
                psnr_of(self.step.error(blocks, weights)) - float(self.settings.target_psnr or 0)
            ) / PSNR_SLOPE
        change = min(1.0, max(-1.0, change))
        factor = math.exp(CAUTION * change)
        if self.settings.mode == "classify":
            factor = max(factor, LEAST_OF_CLASSES / self.multiplier)
        self.multiplier *= factor
        self.state_.coarsen(math.sqrt(factor))

    def _land(self) -> None:
        """Round the numbers for good, to about the target; what is missing then is saved in the networks."""
        self.is_fixed = True
        self.state_.round()
        self.landing.weigh(self.multiplier)
        if self.target_bytes is not None:
            factor = self.landing.meet(8.0 * self.target_bytes, COARSEST) or 1.0
            self.state_.coarsen(factor)
            self.state_.round()
            self.multiplier *= factor**2

    def coded(self) -> Coded:
        """Give the painting in whole numbers, of at most as many bytes as were asked for."""
        if self._finished is None or self._finished[0] != self.epochs_begun:
            coded = self.landing.coded(self.multiplier, is_fixed=self.is_fixed)
            self._finished = self.epochs_begun, coded
        return self._finished[1]

    def network(self, *, is_final: bool) -> Network:
        """Give the network as it is now; the one that is stored where this is the end."""
        if is_final:
            return CodedNetwork.of(self.coded(), self._output)
        state, layout = self.state_, self.state_.layout
        flat = state.q if self.is_fixed else np.floor(state.y + np.float32(0.5))
        planes = [layout.view(flat, level) for level in range(layout.n_levels)]
        decoder = [np.array(group, np.float64) for group in state.split()[: len(state.shape.decoder)]]
        coefs, intercepts = network_weights(planes, decoder)
        return Network(self.encoding, coefs, intercepts, "relu", self._output)

    def state(self) -> TrainerState:
        """Numbers, weights, moments, random state, multiplier, counts and schedule."""
        arrays = {name: array.copy() for name, array in self.state_.changing().items()}
        values = {
            "random": self.rng.bit_generator.state,
            "steps": dict(self.state_.steps),
            "own": [self.epochs_begun, self.looks, self.is_fixed],
            "balance": [self.multiplier, self.landing.net_bits, self.bits],
            "losses": list(self.losses),
            "schedule": self.schedule.state(),
        }
        return TrainerState(arrays, values)

    def restore(self, state: TrainerState) -> None:
        """Go on from a state."""
        for name, array in self.state_.changing().items():
            array[...] = state.arrays[name]
        values = state.values
        self.rng.bit_generator.state = values["random"]
        self.state_.steps.update(values["steps"])
        self.epochs_begun, self.looks, self.is_fixed = values["own"]
        self.multiplier, self.landing.net_bits, self.bits = values["balance"]
        self.losses = list(values["losses"])
        self.schedule.restore(values["schedule"])
        self._finished = None

    def finish(self) -> None:
        """Let go of the picture; what is left is the fitted estimator."""
        network = CodedNetwork.of(self.coded(), self._output)
        self.estimator.coefs_, self.estimator.intercepts_ = list(network.coefs), list(network.intercepts)
        del self.state_, self.step, self.landing


def target_bytes(settings: PainterSettings, n_pixels: int) -> int | None:
    """Bytes that a file may have; None where there is no such limit."""
    if settings.file_size is not None:
        return settings.file_size
    return None if settings.bpp is None else int(settings.bpp * n_pixels / 8)
