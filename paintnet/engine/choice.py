"""Which engine trains: scikit-learn's own loop, or blocks in NumPy or compiled."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from paintnet.dataset.pixels import Dataset
from paintnet.encoding.base import PositionMap
from paintnet.encoding.grid import GridMap, GridSpec
from paintnet.encoding.pyramid import PyramidMap
from paintnet.engine.block_trainer import BlockTrainer
from paintnet.engine.blocks import BlockPlan
from paintnet.engine.code_cache import KERNEL, RATE_KERNEL
from paintnet.engine.compiler import has_compiler, is_compiled
from paintnet.engine.rate_trainer import RateTrainer
from paintnet.engine.schedule import Schedule
from paintnet.engine.stock_trainer import StockTrainer
from paintnet.errors import SettingsError
from paintnet.extras import pip_line
from paintnet.settings.settings import PainterSettings

WORTH_COMPILING = 1.5
"""Seconds in NumPy from which auto compiles: to import numba and load what is compiled takes one."""

WORTH_COMPILING_NOW = 60.0
"""Seconds of a time limit from which auto compiles what is not compiled yet; that takes 15, or more."""

NOT_COMPILED = (
    "NumPy trains, which is slower: to compile the training step would take too much of this time; "
    "compile it ahead, or once without a limit"
)

RATE_GAIN = "four"
"""How many times as fast compiled code trains for few bytes (docs/small-files.md)."""

BY_BLOCKS = "adam", "float32"
"""Solver and precision of a training by blocks."""

MOST_POINTS = 4
"""Points that are learned in a pixel, at most: one in each of its quarters."""

SECONDS_OF_WEIGHT = 1.75e-10
"""Seconds of a point, an epoch and a weight behind the grid: 0.107 for 768 x 512 points (docs/engine.md)."""

WEIGHTS_OF_GRID = 800
"""What the grid takes, counted in such weights."""


def make_trainer(
    dataset: Dataset,
    encoding: PositionMap,
    settings: PainterSettings,
    schedule: Schedule,
    *,
    share: float = 1.0,
    note: Callable[[str], None] = lambda text: None,
    compiling: Callable[[], None] = lambda: None,
) -> StockTrainer | BlockTrainer | RateTrainer:
    """Choose the engine: the fastest that fits, or the one that was asked for.

    `share` is that of the whole work which this training is: a patch of many is compiled for all of
    them. `note` is told what a user should know about the choice, and `compiling` is called before the
    kernel is compiled or loaded.

    Raises
    ------
    SettingsError
        If the engine asked for is not installed or cannot train this network.
    """
    if settings.purpose == "storing" and isinstance(encoding, PyramidMap):
        compiled = _rate_is_compiled(settings, note)
        return RateTrainer(
            dataset, encoding, settings, schedule, compiled=compiled, note=note, compiling=compiling
        )
    if settings.engine == "stock":
        return StockTrainer(dataset, encoding, settings, schedule)
    try:
        plan = _plan_of_blocks(dataset, encoding, settings)
    except SettingsError:
        if settings.engine != "auto":
            raise
        return StockTrainer(dataset, encoding, settings, schedule)
    _check_has_compiler(settings)
    compiled = settings.engine == "compiled"
    if settings.engine == "auto" and _is_worth_compiling(dataset.width * dataset.height / share, settings):
        compiled = has_compiler() and _has_time_to_compile(settings)
        if not has_compiler():
            note(f"with numba the training is about six times as fast: {pip_line('fast')}")
        elif not compiled:
            note(NOT_COMPILED)
    return BlockTrainer(
        dataset, encoding, plan, settings, schedule, compiled=compiled, note=note, compiling=compiling
    )


def kernels_for(pixels: int, settings: PainterSettings) -> set[str]:
    """Compiled code that the training of a picture may want, as far as can be told before.

    Parameters
    ----------
    pixels : int
        Of the whole picture.
    settings : PainterSettings
        For it.
    """
    if not has_compiler() or settings.engine not in ("auto", "compiled"):
        return set()
    if settings.purpose == "storing":
        kernel, is_worth = RATE_KERNEL, True
    elif isinstance(settings.encoding, GridSpec) and (settings.solver, settings.precision) == BY_BLOCKS:
        kernel, is_worth = KERNEL, _is_worth_compiling(MOST_POINTS * pixels, settings)
    else:
        return set()
    insists = settings.engine == "compiled"
    return {kernel} if insists or (is_worth and _has_time_to_compile(settings, kernel)) else set()


def numpy_seconds(points: float, epochs: int, layers: Sequence[int]) -> float:
    """Estimate the time of a training in NumPy, the same on every machine.

    Examples
    --------
    >>> numpy_seconds(1536 * 1024, 18, (4, 24, 24))  # standard, 768 x 512
    7.649...
    """
    weights = sum(a * b for a, b in pairwise((*layers, 3)))
    return SECONDS_OF_WEIGHT * points * epochs * (WEIGHTS_OF_GRID + weights)


def _is_worth_compiling(points: float, settings: PainterSettings) -> bool:
    """Weigh the work at hand.

    The engines differ in rounding, and a seeded run of fixed epochs gives the
    same bytes whatever ran before. So the work alone decides there, and whether
    the kernel is compiled already only where the clock decides the bytes anyway.
    """
    if settings.epochs is None and settings.seconds is not None:
        return settings.seconds >= WORTH_COMPILING or is_compiled()
    return numpy_seconds(points, settings.epochs or 1, settings.layers) >= WORTH_COMPILING


def _has_time_to_compile(settings: PainterSettings, kernel: str = KERNEL) -> bool:
    """Whether there is no clock that compiling would use up; what is compiled already takes no time."""
    return settings.seconds is None or settings.seconds >= WORTH_COMPILING_NOW or is_compiled(kernel)


def _check_has_compiler(settings: PainterSettings) -> None:
    if settings.engine == "compiled" and not has_compiler():
        remedy = f"install it with {pip_line('fast')}"
        raise SettingsError("engine compiled", "numba is not installed", remedy)


def _rate_is_compiled(settings: PainterSettings, note: Callable[[str], None]) -> bool:
    """Whether the training for few bytes is compiled: always where it can be, it takes so much longer."""
    _check_has_compiler(settings)
    if settings.engine != "auto":
        return settings.engine == "compiled"
    if not has_compiler():
        note(f"with numba this training is about {RATE_GAIN} times as fast: {pip_line('fast')}")
        return False
    if not _has_time_to_compile(settings, RATE_KERNEL):
        note(NOT_COMPILED)
        return False
    return True


def _plan_of_blocks(dataset: Dataset, encoding: PositionMap, settings: PainterSettings) -> BlockPlan:
    """Cut the picture into blocks, or say why that is not possible."""
    plan = None
    if not isinstance(encoding, GridMap):
        hindrance = f"training by blocks needs the grid encoding, not {settings.encoding.name}"
    elif (settings.solver, settings.precision) != BY_BLOCKS:
        hindrance = "training by blocks needs the solver adam and the precision float32"
    else:
        hindrance = "training by blocks needs a grid of one level, with cells of a few pixels"
        plan = BlockPlan.over(encoding, dataset.width, dataset.height, dataset.step)
    if plan is None:
        raise SettingsError(f"engine {settings.engine}", hindrance, "use engine stock, or leave it to auto")
    return plan
