"""Compile ahead, and what the process does that compiles."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import GridMap
from paintnet.engine import code_cache
from paintnet.engine.block_state import BlockState, dense_size
from paintnet.engine.blocks import SIDE, BlockPlan
from paintnet.engine.code_cache import KERNEL
from paintnet.engine.compiled_rate import smallest_rate
from paintnet.engine.compiled_step import CompiledStep
from paintnet.engine.compiler import CompilerError, compiling_into


@dataclass(frozen=True)
class Warmed:
    """What compiling ahead did.

    Parameters
    ----------
    folder : Path
        Where the compiled code is kept.
    compiled : bool
        False where it was there already.
    seconds : float
        Time that it took.
    """

    folder: Path
    compiled: bool
    seconds: float


def compile_ahead() -> Warmed:
    """Compile the training step and keep it, unless that is done; every later run loads it.

    Raises
    ------
    CompilerError
        If numba does not work, or compiled code cannot be kept.
    """
    begin, before = time.perf_counter(), _numbers_of_kept()
    why = None if all(before) else code_cache.why_not_kept()
    if why is None:
        _smallest_step()  # to load it is the proof; what is broken is compiled anew
        smallest_rate()
    folder, after = code_cache.kept_code(), _numbers_of_kept()
    if folder is None:
        remedy = "set XDG_CACHE_HOME to a folder that only you can write"
        raise CompilerError("compiled code", f"it cannot be kept: {why or 'numba wrote nothing'}", remedy)
    return Warmed(folder, before != after, time.perf_counter() - begin)


def _numbers_of_kept() -> list[int | None]:
    """Tell the folder of each kernel that is there from one that takes its place."""
    folders = map(code_cache.kept_code, code_cache.SOURCES)
    return [None if folder is None else folder.stat().st_ino for folder in folders]


def compile_into(folder: str, kernel: str = KERNEL) -> None:
    """Compile a training step into a folder: what the process does that compiles."""
    with compiling_into(Path(folder)):
        if kernel == KERNEL:
            _smallest_step()
        else:
            smallest_rate()


def _smallest_step() -> CompiledStep:
    """Make the step of one block: the types of its numbers are those of all steps."""
    grid = GridMap.over(Extent.of_picture(SIDE, SIDE), [SIDE // 2], "linear")
    plan = BlockPlan.over(grid, SIDE, SIDE)
    assert plan is not None  # noqa: S101 - the grid is fine enough; told to mypy
    units = (1, 1)
    state = BlockState(
        table=np.zeros((grid.n_features, 1), np.float32),
        dense=np.zeros(dense_size(units), np.float32),
        units=units,
        activation="tanh",
        output="identity",
        alpha=0.0,
        targets=np.zeros((1, SIDE, SIDE), np.float32),
        mask=np.ones((SIDE, SIDE), np.float32),
        keeps_first_moment=True,
    )
    return CompiledStep(plan, state)
