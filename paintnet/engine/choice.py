"""Which engine trains: scikit-learn's own loop, or blocks in NumPy or compiled."""

from collections.abc import Callable

from paintnet.dataset.pixels import Dataset
from paintnet.encoding.base import PositionMap
from paintnet.encoding.grid import GridMap
from paintnet.engine.block_trainer import BlockTrainer
from paintnet.engine.blocks import BlockPlan
from paintnet.engine.compiler import has_compiler
from paintnet.engine.schedule import Schedule
from paintnet.engine.stock_trainer import StockTrainer
from paintnet.errors import SettingsError
from paintnet.settings.settings import PainterSettings

WORTH_COMPILING = 65_536
"""Pixels from which auto compiles: NumPy is done with a smaller picture before a compiler has begun."""


def make_trainer(
    dataset: Dataset,
    encoding: PositionMap,
    settings: PainterSettings,
    schedule: Schedule,
    note: Callable[[str], None] = lambda text: None,
) -> StockTrainer | BlockTrainer:
    """Choose the engine: the fastest that fits, or the one that was asked for.

    `note` is told what a user should know about the choice.

    Raises
    ------
    SettingsError
        If the engine asked for is not installed or cannot train this network.
    """
    if settings.engine == "stock":
        return StockTrainer(dataset, encoding, settings, schedule)
    try:
        plan = _plan_of_blocks(dataset, encoding, settings)
    except SettingsError:
        if settings.engine != "auto":
            raise
        return StockTrainer(dataset, encoding, settings, schedule)
    if settings.engine == "compiled" and not has_compiler():
        raise SettingsError(
            "engine compiled", "numba is not installed", "install it with pip install 'paintnet[fast]'"
        )
    worth = dataset.width * dataset.height >= WORTH_COMPILING or settings.engine == "compiled"
    compiled = settings.engine != "numpy" and has_compiler() and worth
    return BlockTrainer(dataset, encoding, plan, settings, schedule, compiled=compiled, note=note)


def _plan_of_blocks(dataset: Dataset, encoding: PositionMap, settings: PainterSettings) -> BlockPlan:
    """Cut the picture into blocks, or say why that is not possible."""
    plan = None
    if not isinstance(encoding, GridMap):
        hindrance = f"training by blocks needs the grid encoding, not {settings.encoding.name}"
    elif settings.solver != "adam" or settings.precision != "float32":
        hindrance = "training by blocks needs the solver adam and the precision float32"
    else:
        hindrance = "training by blocks needs a grid of one level, with cells of a few pixels"
        plan = BlockPlan.over(encoding, dataset.width, dataset.height, dataset.step)
    if plan is None:
        raise SettingsError(f"engine {settings.engine}", hindrance, "use engine stock, or leave it to auto")
    return plan
