"""Everything that decides how a painting is trained: one frozen dataclass."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from paintnet.activations import HIDDEN
from paintnet.checked_settings import BELOW_1, CheckedSettings, listed
from paintnet.dataset.classes import Classes
from paintnet.encoding.base import EncodingSpec
from paintnet.encoding.grid import GridSpec
from paintnet.encoding.registry import ENCODINGS, encoding_named
from paintnet.errors import SettingsError
from paintnet.model_parts import MAX_LAYERS
from paintnet.modelfile import MODES

PURPOSES = ("any-size", "copying", "enlarging", "storing")
ENGINES = ("auto", "compiled", "numpy", "stock")
START_NAMES = ("stock", "mean", "features", "picture", "pretrained")
SOLVERS = ("adam", "sgd", "lbfgs")
PRECISIONS = ("float32", "float64")
STORES = ("packed", "float32")
DECAYS = ("constant", "linear", "cosine")
MAX_UNITS = 65_536
GRID_SETTINGS = frozenset({"grid_rate_factor", "grid_beta_1", "grid_beta_2"})
"""How grid features learn: settings of the training, since the encoding only says where they are."""


@dataclass(frozen=True, kw_only=True)
class PainterSettings(CheckedSettings):
    """Settings of one training, complete; `paintnet.settings.presets.settings_for` makes them.

    What differs from preset to preset has no default here: each preset says it.

    Parameters
    ----------
    mode : {"regress", "classify"}
        Learn colors or classes.
    purpose : {"any-size", "copying", "enlarging", "storing"}
        What a pixel is: its mean over its area, so that the painting is good at any size; the color
        at its center, which is the fastest way to a copy of the picture's own size, and what
        classify learns; its mean, with more care for what lies between, where it will be enlarged; or
        the color at its center in as few bytes as are asked for.
    emphasis : float
        How much more than the error of the points in a pixel that of their mean counts (purpose
        any-size and enlarging; without influence in engine stock); 0 to 1000.
    encoding : EncodingSpec
        What stands between position and network, with settings of its own: `RawSpec`,
        `FourierSpec`, `GridSpec`, or one that was registered from outside.
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
    start : {"stock", "mean", "features", "picture", "pretrained"}
        Where the weights begin: as scikit-learn has them, at the mean color,
        with small random features, where layers are wide enough with the
        picture at the vertices, or where they have the preset's shape with
        what other photographs taught.
    engine : {"auto", "compiled", "numpy", "stock"}
        What runs a step: numba (extra `fast`), NumPy, or scikit-learn's own
        loop; auto takes the fastest that fits and is worth its compiling.
    threads : int or None
        How many blocks are trained at a time (engine compiled); None: one for
        each core that the process may use. The result does not depend on it.
    epochs : int or None
        Passes over the picture; None where only the clock ends the run.
    seconds : float or None
        Time of preparing and training; whichever of the two ends first.
    iterations : int
        Limit of lbfgs.
    tol : float or None
        Stop after more than 10 epochs in a row whose loss did not fall by
        this much, as scikit-learn's ``fit`` does; None: never.
    target_psnr : float or None
        Stop as soon as the painting reaches it, in dB (regress).
    bpp : float or None
        Bits of the file for each pixel of the picture, at most (purpose storing).
    file_size : int or None
        The same in bytes of the whole file.
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
    store : {"packed", "float32"}
        What is kept of the weights: a grid's features in as many bits as their quality needs, some
        16 for a pixel; or all weights as they were learned. Other encodings, classes and float64
        always keep all.

    Raises
    ------
    SettingsError
        From `validate`, if a value is out of range or two do not fit.
    """

    mode: str
    purpose: str
    emphasis: float
    encoding: EncodingSpec
    layers: tuple[int, ...]
    activation: str
    solver: str = "adam"
    learning_rate: float
    decay: str = "linear"
    batch_size: int
    alpha: float = 0.0
    beta_1: float = 0.9
    beta_2: float
    epsilon: float
    grid_rate_factor: float = 10.0
    grid_beta_1: float = 0.5
    grid_beta_2: float = 0.8
    start: str
    engine: str = "auto"
    threads: int | None = None
    epochs: int | None
    seconds: float | None = None
    iterations: int = 200
    tol: float | None = None
    target_psnr: float | None = None
    bpp: float | None = None
    file_size: int | None = None
    hold_out: float = 0.0
    seed: int = 0
    classes: Classes = field(default_factory=Classes)
    one_hot: bool = False
    precision: str = "float32"
    store: str = "packed"

    choices: ClassVar[Mapping[str, Collection[str]]] = {
        "mode": MODES,
        "purpose": PURPOSES,
        "activation": tuple(HIDDEN),
        "solver": SOLVERS,
        "decay": DECAYS,
        "start": START_NAMES,
        "engine": ENGINES,
        "precision": PRECISIONS,
        "store": STORES,
    }

    ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "emphasis": (0, 1000),
        "learning_rate": (1e-9, 1e9),
        "batch_size": (1, 100_000_000),
        "alpha": (0, 1e9),
        # A moment that never decays would never forget its start, 0.
        "beta_1": (0, BELOW_1),
        "beta_2": (0, BELOW_1),
        "epsilon": (1e-30, 1),
        "grid_rate_factor": (1e-6, 1e6),
        "grid_beta_1": (0, BELOW_1),
        "grid_beta_2": (0, BELOW_1),
        "threads": (1, 1024),
        "epochs": (1, 1_000_000_000),
        "seconds": (0.001, 31_536_000),
        "iterations": (1, 1_000_000_000),
        "tol": (0, 1e9),
        "target_psnr": (0, 200),
        "bpp": (0.001, 24),
        "file_size": (64, 2_000_000_000),
        "hold_out": (0, 0.9),
        "seed": (0, 2**32 - 1),
    }

    def _read(self, name: str, value: Any, kind: Any) -> Any:
        if name == "layers" and isinstance(value, str):
            return parse_layers(value)
        return super()._read(name, value, kind)

    def changed(self, **given: Any) -> Self:
        """Give a checked copy with other values.

        Parameters
        ----------
        **given
            Fields of this class, or by their own names settings of the encoding in use; `encoding`
            itself as a spec, or as a name, which leaves its settings as they are where it is in
            use already.

        Raises
        ------
        SettingsError
            If a name is unknown or belongs to another encoding, or a value cannot be used.
        """
        encoding = given.pop("encoding", self.encoding)
        if not isinstance(encoding, EncodingSpec):
            encoding = self.encoding if encoding == self.encoding.name else encoding_named(encoding)()
        for name in sorted(given):
            _check_place(name, encoding)
        of_encoding = {name: given.pop(name) for name in encoding.setting_names() if name in given}
        changed = replace(self, encoding=replace(encoding, **of_encoding), **given)
        changed.validate()
        return changed

    def validate(self) -> None:
        """Raise `SettingsError` for the first value that cannot be used."""
        super().validate()
        self._check_encoding()
        if not 1 <= len(self.layers) <= MAX_LAYERS - 1 or not all(1 <= n <= MAX_UNITS for n in self.layers):
            raise SettingsError(
                "layers",
                f"{listed(self.layers)} is out of range",
                f"use 1 to {MAX_LAYERS - 1} layers of 1 to {MAX_UNITS} units, such as 64,64 or 100x10",
            )
        self._check_combinations()

    def _check_encoding(self) -> None:
        name = self.encoding.name
        if encoding_named(name) is not type(self.encoding):
            why = f"{type(self.encoding).__name__} is not what is registered as {name!r}"
            raise SettingsError("encoding", why, "register it under a name of its own")
        shared = sorted(self.encoding.setting_names() & self.setting_names())
        if shared:
            why = f"its setting {shared[0]} has the name of one of the training"
            raise SettingsError(f"encoding {name}", why, "rename it")
        self.encoding.validate()

    def _check_storing(self) -> None:
        targets = [name for name in ("bpp", "file_size") if getattr(self, name) is not None]
        if self.purpose != "storing":
            if targets:
                why = f"purpose {self.purpose} does not count the bytes of its file"
                raise SettingsError(targets[0], why, "use purpose storing")
            return
        if len(targets) > 1 or (targets and self.target_psnr is not None):
            name = targets[-1] if len(targets) > 1 else "target_psnr"
            raise SettingsError(name, f"{targets[0]} is given too", "give one of the two")
        if self.one_hot:
            raise SettingsError("one_hot", "storing learns classes by softmax", "leave it out")
        if self.encoding.name != "pyramid":
            why = f"storing needs the encoding pyramid, not {self.encoding.name}"
            raise SettingsError("encoding", why, "leave it out")
        n_levels = len(getattr(self.encoding, "spacings", ()))
        if self.activation != "relu" or self.layers[0] != n_levels or not 2 <= len(self.layers) <= 5:
            why = (
                f"{listed(self.layers)} with {self.activation}, where storing has relu and a first layer of "
            )
            raise SettingsError("layers", f"{why}{n_levels} units", "leave layers and activation out")
        if self.engine == "stock" or self.solver != "adam" or self.precision != "float32":
            name = "engine" if self.engine == "stock" else "solver"
            raise SettingsError(name, "storing has a training of its own", "leave it out")

    def _check_combinations(self) -> None:
        self._check_storing()
        if self.solver == "lbfgs" and (self.seconds is not None or self.target_psnr is not None):
            name = "seconds" if self.seconds is not None else "target_psnr"
            raise SettingsError(
                name, "lbfgs has no epochs, so it cannot stop between them", "use iterations, or solver adam"
            )
        if self.mode == "classify" and self.target_psnr is not None:
            raise SettingsError("target_psnr", "classify learns classes, not colors", "use mode regress")
        if self.purpose == "enlarging" and (self.mode == "classify" or self.hold_out):
            name, remedy = "purpose", "use mode regress, or another purpose"
            if self.mode != "classify":
                name, remedy = "hold_out", "leave it out, or use another purpose"
            raise SettingsError(name, "enlarging learns colors, from all pixels", remedy)
        if self.purpose == "any-size" and self.mode == "classify":
            remedy = "use mode regress, or purpose copying"
            raise SettingsError("purpose", "any-size learns colors, and classify learns classes", remedy)
        if self.purpose == "copying" and self.emphasis:
            why = "copying learns one point a pixel, which is its mean"
            raise SettingsError("emphasis", why, "use purpose any-size, or leave it out")
        if self.mode == "regress" and self.classes != Classes():
            raise SettingsError(
                "colors, threshold, palette", "only classify sorts pixels into classes", "use mode classify"
            )
        if self.epochs is None and self.seconds is None:
            raise SettingsError("epochs", "neither epochs nor seconds are set", "give one of them")

    def to_document(self) -> dict[str, Any]:
        """Give the settings that a result depends on, as JSON values."""
        document = {**super().to_document(), "encoding": self.encoding.to_document()}
        del document["threads"]
        return document


def known_settings() -> frozenset[str]:
    """Names of all settings: the training's, and those of every registered encoding."""
    return PainterSettings.setting_names().union(*(spec.setting_names() for spec in ENCODINGS.values()))


def _own_settings(encoding: type[EncodingSpec]) -> frozenset[str]:
    """Names of settings that mean something with this encoding only."""
    return encoding.setting_names() | (GRID_SETTINGS if issubclass(encoding, GridSpec) else frozenset())


def settings_of_others(encoding: type[EncodingSpec]) -> frozenset[str]:
    """Names of settings that mean something with other encodings only.

    Examples
    --------
    >>> "sigma" in settings_of_others(GridSpec), "basis" in settings_of_others(GridSpec)
    (True, False)
    """
    return frozenset().union(*map(_own_settings, ENCODINGS.values())) - _own_settings(encoding)


def _check_place(name: str, encoding: EncodingSpec) -> None:
    """Refuse a name that is no setting, or that of another encoding than the one in use."""
    shared = PainterSettings.setting_names() - GRID_SETTINGS
    if name in shared | _own_settings(type(encoding)):
        return
    owners = [spec.name for spec in ENCODINGS.values() if name in _own_settings(spec)]
    if owners:
        why = f"encoding {encoding.name} has no such setting"
        raise SettingsError(name, why, f"use encoding {' or '.join(owners)}, which has it, or leave it out")
    raise SettingsError(name, "unknown setting", f"use one of {', '.join(sorted(known_settings()))}")


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
