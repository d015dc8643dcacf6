"""The settings that a page offers, and how what it sends becomes settings of a painter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paintnet.activations import HIDDEN
from paintnet.checked_settings import CheckedSettings
from paintnet.dataset.classes import Classes
from paintnet.encoding.extent import Extent
from paintnet.encoding.fourier import FourierSpec
from paintnet.encoding.grid import BASES, GridMap, GridSpec
from paintnet.encoding.registry import ENCODINGS
from paintnet.errors import SettingsError, number_text, value_text
from paintnet.modelfile import MODES
from paintnet.settings.presets import PRESETS, settings_for
from paintnet.settings.settings import DECAYS, ENGINES, PURPOSES, SOLVERS, PainterSettings

MOST_WEIGHTS = 20_000_000
"""Of a network on a page: with its moments and a few of the moments kept, some hundred MB."""

MAX_SIDES = (128, 256, 512, 768, 1024, 1536, 2048)
MAX_SIDE = 768
"""A larger picture is learned from a copy of this side, unless the page asks for more."""

ON_THE_WAY = frozenset({"learning_rate", "epochs", "seconds"})
"""What may be changed while a network learns; all else begins anew."""

CLASSES = ("colors", "threshold", "palette")


@dataclass(frozen=True)
class Control:
    """One setting on the page.

    Parameters
    ----------
    name : str
        As the painter has it, but for `max_side` and `preset`.
    group : {"picture", "positions", "network", "learning"}
        Where it stands.
    kind : {"choice", "number", "whole", "layers", "wholes", "colors"}
        What it takes.
    choices : tuple
        Of a choice.
    needs : dict
        Values of other controls without which it has no effect.
    """

    name: str
    group: str
    kind: str
    choices: tuple[Any, ...] = ()
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def to_document(self) -> dict[str, Any]:
        """Give it as JSON values, with the range that the painter allows."""
        low, high = _RANGES.get(self.name, (None, None))
        needs = {name: list(values) for name, values in self.needs.items()}
        document = {"name": self.name, "group": self.group, "kind": self.kind, "choices": list(self.choices)}
        return {**document, "low": low, "high": high, "needs": needs}


def _ranges(*settings: type[CheckedSettings]) -> dict[str, tuple[float, float]]:
    return {name: ends for each in settings for name, ends in each.ranges.items()}


_RANGES = _ranges(PainterSettings, Classes, FourierSpec, GridSpec)
_CLASSIFY = {"mode": ("classify",)}
_NOT_LBFGS = {"solver": ("", "adam", "sgd")}

# A painting for storing is rounded as it learns: before its end there is nothing of it to be seen.
_PURPOSES = tuple(name for name in PURPOSES if name != "storing")

CONTROLS = (
    Control("mode", "picture", "choice", tuple(MODES)),
    Control("preset", "picture", "choice", tuple(PRESETS)),
    Control("max_side", "picture", "choice", MAX_SIDES),
    Control("colors", "picture", "whole", needs=_CLASSIFY),
    Control("threshold", "picture", "whole", needs=_CLASSIFY),
    Control("palette", "picture", "colors", needs=_CLASSIFY),
    Control("hold_out", "picture", "number"),
    Control("purpose", "picture", "choice", _PURPOSES, {"mode": ("regress",)}),
    Control("encoding", "positions", "choice", tuple(ENCODINGS)),
    Control("sigma", "positions", "number", needs={"encoding": ("fourier",)}),
    Control("n_frequencies", "positions", "whole", needs={"encoding": ("fourier",)}),
    Control("levels", "positions", "wholes", needs={"encoding": ("", "grid")}),
    Control("basis", "positions", "choice", tuple(BASES), {"encoding": ("", "grid")}),
    Control("layers", "network", "layers"),
    Control("activation", "network", "choice", tuple(HIDDEN)),
    Control("solver", "learning", "choice", SOLVERS),
    Control("learning_rate", "learning", "number", needs=_NOT_LBFGS),
    Control("decay", "learning", "choice", DECAYS, _NOT_LBFGS),
    Control("batch_size", "learning", "whole", needs=_NOT_LBFGS),
    Control("alpha", "learning", "number"),
    Control("epochs", "learning", "whole", needs=_NOT_LBFGS),
    Control("seconds", "learning", "number", needs=_NOT_LBFGS),
    Control("iterations", "learning", "whole", needs={"solver": ("lbfgs",)}),
    Control("seed", "learning", "whole"),
    Control("engine", "learning", "choice", ENGINES),
)
"""All of them, in their order on the page."""

_KNOWN = {control.name: control for control in CONTROLS}


@dataclass(frozen=True)
class Wish:
    """What a page wants to be learned.

    Parameters
    ----------
    preset : str
        Rule that gives the settings.
    max_side : int
        Learn from a copy of at most this side.
    settings : dict
        Settings that win over the preset; `classes` made of three of the page's.

    Examples
    --------
    >>> Wish.of({"preset": "draft", "layers": "8,8", "mode": "classify", "colors": 3}).settings
    {'layers': '8,8', 'mode': 'classify', 'classes': Classes(colors=3, threshold=None, palette=None)}
    """

    preset: str = "standard"
    max_side: int = MAX_SIDE
    settings: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Wish":
        """Read what a page has sent.

        Raises
        ------
        SettingsError
            If it names something else than a control of the page.
        """
        if not isinstance(document, Mapping):
            raise SettingsError("settings", f"{value_text(document)} are none", "send an object")
        for name in document:
            if name not in _KNOWN:
                remedy = f"use one of {', '.join(_KNOWN)}"
                raise SettingsError(value_text(name), "the page has no such setting", remedy)
        given = {name: _read(_KNOWN[name], value) for name, value in document.items()}
        preset, max_side = given.pop("preset", "standard"), given.pop("max_side", MAX_SIDE)
        classes = {name: given.pop(name) for name in CLASSES if name in given}
        if classes:
            given["classes"] = Classes(**classes)
        return cls(preset, max_side, given)

    def settings_for(self, shape: tuple[int, ...]) -> PainterSettings:
        """Complete and check them for a picture of some shape.

        Raises
        ------
        SettingsError
            If one cannot be used, or the network would be too large for a page.
        """
        height, width, channels = shape
        complete = settings_for(width, height, self.preset, channels=channels, **self.settings)
        if complete.layers[0] * _features(complete, width, height) > MOST_WEIGHTS or (
            sum(a * b for a, b in zip(complete.layers, complete.layers[1:], strict=False)) > MOST_WEIGHTS
        ):
            why = f"the network would have more than {number_text(MOST_WEIGHTS)} weights"
            raise SettingsError("layers", why, "use fewer units, a coarser grid or a smaller picture")
        return complete

    def differs_from(self, other: "Wish | None") -> list[str]:
        """Names of what is not as in another wish."""
        if other is None:
            return []
        names = sorted(self.settings.keys() | other.settings.keys())
        found = [name for name in names if self.settings.get(name) != other.settings.get(name)]
        own, others = (self.preset, self.max_side), (other.preset, other.max_side)
        pairs = zip(("preset", "max_side"), own, others, strict=True)
        return [name for name, mine, its in pairs if mine != its] + found


def _features(settings: PainterSettings, width: int, height: int) -> int:
    """Inputs of the network; a grid's vertices are counted, not made."""
    spec = settings.encoding
    if isinstance(spec, GridSpec):
        return GridMap.over(Extent.of_picture(width, height), spec.levels, spec.basis).n_features
    return 2 * spec.n_frequencies if isinstance(spec, FourierSpec) else 2


def _read(control: Control, value: Any) -> Any:
    """Bring a value to the form that the painter takes; what its own checks refuse, they refuse later."""
    if control.kind == "wholes" and isinstance(value, str):
        return tuple(_whole(control.name, part) for part in value.split(","))
    if control.kind == "colors" and isinstance(value, str):
        return tuple(part.strip() for part in value.split(","))
    if control.name == "max_side" and value not in MAX_SIDES:
        raise SettingsError("max_side", f"{value_text(value)} is not offered", f"use one of {MAX_SIDES}")
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise SettingsError(control.name, f"{value_text(value)} is no value", "send a number or a text")
    return value


def _whole(name: str, text: str) -> int:
    if not text.strip().isdecimal() or len(text) > 12:
        why = f"{value_text(text)} is not a whole number"
        raise SettingsError(name, why, "write whole numbers with commas between them")
    return int(text)
