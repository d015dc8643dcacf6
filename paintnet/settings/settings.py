"""Everything that decides how a painting is trained: one frozen dataclass."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from paintnet.dataset.classes import Classes
from paintnet.encoding.grid import BASES
from paintnet.encoding.maps import MAPS
from paintnet.errors import SettingsError
from paintnet.modelfile import MAX_LAYERS, MODES
from paintnet.network import HIDDEN_ACTIVATIONS

PURPOSES = ("copying", "enlarging")
ENGINES = ("auto", "compiled", "numpy", "stock")
START_NAMES = ("stock", "mean", "features", "picture", "learned")
SOLVERS = ("adam", "sgd", "lbfgs")
DECAYS = ("constant", "linear", "cosine")
MAX_UNITS = 65_536


@dataclass(frozen=True, kw_only=True)
class PainterSettings:
    """Settings of one training, complete: nothing is left to a preset.

    Parameters
    ----------
    mode : {"regress", "classify"}
        Learn colors or classes.
    purpose : {"copying", "enlarging"}
        Whether the painting should be close to the picture at its own size,
        or good where it is enlarged (regress).
    encoding : {"raw", "fourier", "grid"}
        What stands between position and network.
    layers : tuple of int
        Units of each hidden layer.
    activation : {"relu", "tanh", "logistic", "identity"}
        Of the hidden layers.
    solver : {"adam", "sgd", "lbfgs"}
        How the weights are found; lbfgs takes all pixels at once and counts
        iterations, not epochs.
    learning_rate : float
        At the start; above 0, at most 1e9.
    decay : {"constant", "linear", "cosine"}
        How the rate falls to 1 % by the end of the run.
    batch_size : int
        Pixels per update.
    alpha : float
        L2 penalty of scikit-learn's networks.
    beta_1, beta_2 : float
        Decay of Adam's moments, in [0, 1).
    epsilon : float
        Added to the root of Adam's second moment.
    grid_rate_factor : float
        Grid features learn at this multiple of the learning rate (not in engine stock).
    grid_beta_1, grid_beta_2 : float
        Decay of Adam's moments for grid features (not in engine stock).
    start : {"stock", "mean", "features", "picture", "learned"}
        Where the weights begin: as scikit-learn has them, at the mean color,
        with small random features, where layers are wide enough with the
        picture at the vertices, or where they have the preset's shape with
        what other photographs taught.
    engine : {"auto", "compiled", "numpy", "stock"}
        What runs a step: numba (extra `fast`), NumPy, or scikit-learn's own
        loop; auto takes the fastest that fits.
    epochs : int or None
        Passes over the picture; None where only the clock ends the run.
    seconds : float or None
        Training time; whichever of the two ends first.
    iterations : int
        Limit of lbfgs.
    tol : float or None
        Stop after more than 10 epochs in a row whose loss did not fall by
        this much, as scikit-learn's ``fit`` does; None: never.
    target_psnr : float or None
        Stop as soon as the painting reaches it, in dB (regress).
    hold_out : float
        Share of the pixels kept back, 0 to 0.9.
    seed : int
        The one source of all that is random; 0 to 2**32 - 1.
    classes : Classes
        How classify sorts pixels.
    one_hot : bool
        Classify with one independent logistic output per class, and argmax.
    precision : {"float32", "float64"}
        Of inputs, weights and targets.
    normalize : bool
        Raw encoding: scale to [-1, 1].
    n_frequencies, sigma : int, float
        Fourier encoding: directions, and bandwidth in cycles per short side.
    levels : tuple of int
        Grid encoding: vertices on the short side, for each level.
    basis : {"linear", "quadratic", "cubic"}
        Grid encoding: B-spline of the weights.

    Raises
    ------
    SettingsError
        From `validate`, if a value is out of range or two do not fit.
    """

    mode: str = "regress"
    purpose: str = "copying"
    encoding: str = "grid"
    layers: tuple[int, ...] = (16, 16)
    activation: str = "relu"
    solver: str = "adam"
    learning_rate: float = 0.02
    decay: str = "linear"
    batch_size: int = 16_384
    alpha: float = 0.0
    beta_1: float = 0.9
    beta_2: float = 0.99
    epsilon: float = 1e-8
    grid_rate_factor: float = 10.0
    grid_beta_1: float = 0.0
    grid_beta_2: float = 0.9
    start: str = "picture"
    engine: str = "auto"
    epochs: int | None = 20
    seconds: float | None = None
    iterations: int = 200
    tol: float | None = None
    target_psnr: float | None = None
    hold_out: float = 0.0
    seed: int = 0
    classes: Classes = field(default_factory=Classes)
    one_hot: bool = False
    precision: str = "float32"
    normalize: bool = True
    n_frequencies: int = 128
    sigma: float = 10.0
    levels: tuple[int, ...] = (16, 64, 256)
    basis: str = "linear"

    def validate(self) -> None:
        """Raise `SettingsError` for the first value that cannot be used."""
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                shown = ", ".join(allowed)
                raise SettingsError(name, f"unknown value {getattr(self, name)!r}", f"use one of {shown}")
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                end = " or more, below 1" if high == _BELOW_1 else f" to {high:,.10g}"
                raise SettingsError(_spoken(name), f"{value:.10g} is out of range", f"use {low:,.10g}{end}")
        if not 1 <= len(self.layers) <= MAX_LAYERS - 1 or not all(1 <= n <= MAX_UNITS for n in self.layers):
            raise SettingsError(
                "layers",
                f"{','.join(map(str, self.layers))} is out of range",
                f"use 1 to {MAX_LAYERS - 1} layers of 1 to {MAX_UNITS} units, such as 64,64 or 100x10",
            )
        if not self.levels or not all(2 <= n <= MAX_UNITS for n in self.levels):
            raise SettingsError("levels", f"{self.levels} is out of range", "use 2 or more vertices a level")
        self._check_combinations()

    def _check_combinations(self) -> None:
        if self.solver == "lbfgs" and (self.seconds is not None or self.target_psnr is not None):
            name = "time" if self.seconds is not None else "target-psnr"
            raise SettingsError(
                name, "lbfgs has no epochs, so it cannot stop between them", "use iterations, or solver adam"
            )
        if self.mode == "classify" and self.target_psnr is not None:
            raise SettingsError("target-psnr", "classify learns classes, not colors", "use mode regress")
        if self.purpose == "enlarging" and (self.mode == "classify" or self.hold_out):
            name = "mode classify" if self.mode == "classify" else "hold-out"
            raise SettingsError(name, "enlarging learns colors, from all pixels", "leave out one of the two")
        if self.mode == "regress" and self.classes != Classes():
            raise SettingsError("colors, threshold, palette", "they belong to classify", "use mode classify")
        if self.epochs is None and self.seconds is None:
            raise SettingsError("epochs and time", "neither is set", "give one of them")

    def to_document(self) -> dict[str, Any]:
        """Give the settings as JSON values."""
        return asdict(self)


_CHOICES: dict[str, tuple[str, ...]] = {
    "mode": MODES,
    "purpose": PURPOSES,
    "encoding": tuple(MAPS),
    "activation": tuple(HIDDEN_ACTIVATIONS),
    "solver": SOLVERS,
    "decay": DECAYS,
    "start": START_NAMES,
    "engine": ENGINES,
    "precision": ("float32", "float64"),
    "basis": tuple(BASES),
}

_BELOW_1 = float(np.nextafter(1, 0))
"""A moment that never decays would never forget its start, 0."""

_RANGES: dict[str, tuple[float, float]] = {
    "learning_rate": (1e-9, 1e9),
    "batch_size": (1, 100_000_000),
    "alpha": (0, 1e9),
    "beta_1": (0, _BELOW_1),
    "beta_2": (0, _BELOW_1),
    "epsilon": (1e-30, 1),
    "grid_rate_factor": (1e-6, 1e6),
    "grid_beta_1": (0, _BELOW_1),
    "grid_beta_2": (0, _BELOW_1),
    "epochs": (1, 1_000_000_000),
    "seconds": (0.001, 31_536_000),
    "iterations": (1, 1_000_000_000),
    "tol": (0, 1e9),
    "target_psnr": (0, 200),
    "hold_out": (0, 0.9),
    "seed": (0, 2**32 - 1),
    "n_frequencies": (1, MAX_UNITS),
    "sigma": (1e-6, 1e6),
}

SETTING_NAMES = frozenset(f.name for f in fields(PainterSettings))


def _spoken(name: str) -> str:
    """Name of a setting as users write it."""
    return {"seconds": "time"}.get(name, name.replace("_", "-"))


def parse_layers(text: str) -> tuple[int, ...]:
    """Read hidden layers: ``64,64``, or ``100x10`` for ten layers of 100.

    Raises
    ------
    SettingsError
        If the text is neither.

    Examples
    --------
    >>> parse_layers("64,32")
    (64, 32)
    >>> parse_layers("100x10") == (100,) * 10
    True
    """
    layers: list[int] = []
    for part in text.split(","):
        units, _, times = part.strip().partition("x")
        if not units.isdecimal() or (times and not times.isdecimal()) or part.strip().endswith("x"):
            raise SettingsError("layers", f"{text!r} is not a list of layers", "write 64,64 or 100x10")
        count = int(times or 1)
        if count > MAX_LAYERS or not 1 <= int(units) <= MAX_UNITS or count < 1:
            limits = f"use 1 to {MAX_LAYERS - 1} layers of 1 to {MAX_UNITS} units"
            raise SettingsError("layers", f"{text!r} is out of range", limits)
        layers += [int(units)] * count
    return tuple(layers)
