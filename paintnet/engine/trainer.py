"""How an epoch is run: by scikit-learn's own loop, or block by block."""

from typing import Any, Protocol

from paintnet.dataset.pixels import Dataset
from paintnet.encoding.grid import GridMap
from paintnet.encoding.maps import PositionMap
from paintnet.engine.block_mlp import has_compiler
from paintnet.engine.block_trainer import BlockTrainer
from paintnet.engine.blocks import BlockPlan
from paintnet.engine.schedule import Schedule
from paintnet.engine.stock_trainer import StockTrainer
from paintnet.errors import SettingsError
from paintnet.settings.settings import PainterSettings

WORTH_COMPILING = 65_536
"""Pixels from which auto compiles: NumPy is done with a smaller picture before a compiler has begun."""


class Trainer(Protocol):
    """One network and its training set."""

    estimator: Any
    engine: str
    """What runs a step: "compiled", "numpy" or "stock"."""

    def epoch(self, schedule: Schedule) -> float:
        """Pass over the learned pixels once; the clock may end it early. Returns the mean loss."""

    def finish(self) -> None:
        """Let go of the training set."""


def make_trainer(
    dataset: Dataset, encoding: PositionMap, settings: PainterSettings, schedule: Schedule
) -> StockTrainer | BlockTrainer:
    """Choose the engine: the fastest that fits, or the one that was asked for.

    Raises
    ------
    SettingsError
        If the engine asked for is not installed or cannot train this network.
    """
    hindrance = _why_not_blocks(dataset, encoding, settings)
    if settings.engine == "stock" or (settings.engine == "auto" and hindrance):
        return StockTrainer(dataset, encoding, settings)
    if hindrance:
        raise SettingsError(f"engine {settings.engine}", hindrance, "use engine stock, or leave it to auto")
    if settings.engine == "compiled" and not has_compiler():
        raise SettingsError(
            "engine compiled", "numba is not installed", "install it with pip install 'paintnet[fast]'"
        )
    worth = dataset.width * dataset.height >= WORTH_COMPILING or settings.engine == "compiled"
    compiled = settings.engine != "numpy" and has_compiler() and worth
    assert isinstance(encoding, GridMap)  # noqa: S101 - blocks need one; told to mypy
    return BlockTrainer(dataset, encoding, settings, compiled=compiled, schedule=schedule)


def _why_not_blocks(dataset: Dataset, encoding: PositionMap, settings: PainterSettings) -> str | None:
    """Why training by blocks is not possible, or None."""
    if not isinstance(encoding, GridMap):
        return f"training by blocks needs the grid encoding, not {settings.encoding}"
    if settings.solver != "adam" or settings.precision != "float32":
        return "training by blocks needs the solver adam and the precision float32"
    if not BlockPlan.can_cut(encoding, dataset.width, dataset.height, dataset.step):
        return "training by blocks needs a grid of one level, with cells of a few pixels"
    return None
