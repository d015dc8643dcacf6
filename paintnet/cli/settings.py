"""Settings of the painter as options: of each encoding, made from its spec, and of the finer tuning."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from paintnet.checked_settings import alternatives
from paintnet.cli.help import Declared, option, option_group
from paintnet.cli.types import NONE, NUMBERS, WHOLE_NUMBERS, Choice, Number
from paintnet.dataset.classes import Classes
from paintnet.dataset.palettes import palette_of
from paintnet.encoding.registry import ENCODINGS
from paintnet.errors import SettingsError
from paintnet.settings.settings import DECAYS, PRECISIONS, START_NAMES, known_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from paintnet.cli.console import Console
    from paintnet.cli.watching import View

_TYPES: dict[Any, Any] = {
    int: Number(whole=True),
    float: Number(),
    str: str,
    tuple[int, ...]: WHOLE_NUMBERS,
    tuple[float, ...]: NUMBERS,
}
"""What reads a setting that was typed, by the type of its field."""

MADE_OF_OPTIONS = frozenset({"classes"})
"""Settings that several options make together."""


def _option_name(setting: str) -> str:
    """Name an option after its setting; what counts things needs no letter for it."""
    return setting.removeprefix("n_")


def _options_of_encodings() -> "Iterator[Callable[[Declared], Declared]]":
    """Make an option of each setting of each encoding; where two share a name, they share the option."""
    made: set[str] = set()
    for name, spec in ENCODINGS.items():
        for setting, kind in spec.kinds().items():
            if setting in made:
                continue
            made.add(setting)
            words = _option_name(setting).replace("_", "-")
            why = spec.explanations.get(setting, "a setting of this encoding.")
            said = f"For {name}: {why[0].lower()}{why[1:]}"
            if bool in alternatives(kind):
                yield option(f"--{words}/--no-{words}", setting=setting, default=None, help=said)
                continue
            if setting in spec.choices:
                read: Any = Choice(list(spec.choices[setting]))
            else:
                read = next((_TYPES[each] for each in alternatives(kind) if each in _TYPES), str)
            metavar = {int: "N", float: words[0].upper()}.get(kind)
            yield option(f"--{words}", setting=setting, type=read, metavar=metavar, help=said)


encoding_options = option_group("The encoding", *_options_of_encodings())

tuning_options = option_group(
    "Fine tuning",
    option(
        "--emphasis",
        type=Number(),
        metavar="E",
        help="How much more than the error of the points in a pixel that of their mean counts; 0 to 1,000.",
    ),
    option("--decay", type=Choice(DECAYS), help="How the learning rate falls to 1 % by the end of the run."),
    option("--start", type=Choice(START_NAMES), help="Where the weights begin."),
    option("--beta-1", type=Number(), metavar="B", help="Decay of Adam's first moment; below 1."),
    option("--beta-2", type=Number(), metavar="B", help="Decay of Adam's second moment; below 1."),
    option("--epsilon", type=Number(), metavar="E", help="What Adam adds to the root of its second moment."),
    option(
        "--grid-rate-factor",
        type=Number(),
        metavar="F",
        help="For grid: its features learn at this multiple of the learning rate.",
    ),
    option("--grid-beta-1", type=Number(), metavar="B", help="For grid: --beta-1 of its features."),
    option("--grid-beta-2", type=Number(), metavar="B", help="For grid: --beta-2 of its features."),
    option(
        "--one-hot/--no-one-hot",
        default=None,
        help="For classify: give each class an independent output, as the preset tutorial does.",
    ),
    option("--precision", type=Choice(PRECISIONS), help="Of inputs, weights and targets."),
)


def settings_of(options: dict[str, Any], view: "View | Console") -> dict[str, Any]:
    """Fields of PainterSettings, and settings of an encoding, that the user gave."""
    given = {
        setting: options[_option_name(setting)]
        for setting in sorted(known_settings() - MADE_OF_OPTIONS - {"tol"})
        if options.get(_option_name(setting)) is not None
    }
    if options["for"] is not None:
        given["purpose"] = options["for"]
    if options["time"] is not None:
        given["seconds"] = options["time"]
    if options["tol"] is not None:
        given["tol"] = None if options["tol"] == NONE else options["tol"]
    classes = classes_of(options, view)
    if classes is not None:
        given["classes"] = classes
    check_solver(given)
    return given


def classes_of(options: dict[str, Any], view: "View | Console") -> Classes | None:
    """How pixels are sorted into classes, if the user said so."""
    classes = {name: options[name] for name in ("colors", "threshold") if options[name] is not None}
    if options["palette"] is not None:
        palette = palette_of(options["palette"])
        view.notes(palette.notes)
        classes["palette"] = palette.colors
    return Classes(**classes) if classes else None


def check_solver(given: dict[str, Any]) -> None:
    """Say so where an option does not apply to the solver."""
    if given.get("solver") == "lbfgs":
        foreign = {"epochs", "learning_rate", "batch_size", "seconds", "target_psnr", "tol"} & set(given)
        if foreign:
            why = "lbfgs takes all pixels at once: it has no epochs, rate or batches"
            raise SettingsError(min(foreign), why, "use --iterations, or --solver adam")
    elif "iterations" in given:
        raise SettingsError("iterations", "only lbfgs counts iterations", "use --epochs, or --solver lbfgs")
