"""Patches of a mosaic that are done, as its checkpoints keep them: each is written once."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from paintnet.files.container import Layout
from paintnet.files.entries import Entry
from paintnet.files.growing import GrowingFile
from paintnet.model_parts import MAX_PATCHES
from paintnet.stored_patches import SpooledPatches, patch_name

LAYOUT = Layout(
    key="paintnet_mosaic_checkpoint",
    version=1,
    max_parts=MAX_PATCHES + 1,  # and the state of the patch on its way
    max_part_bytes=4_000_000_000,
    max_bytes=68_000_000_000,
)

SEVERITY = ("epochs", "iterations", "converged", "tol", "target-psnr", "time", "stopped", "ctrl-c")
"""Why a patch ended; of several reasons the last one here is that of the mosaic."""


@dataclass(frozen=True)
class Ending:
    """How the learning of a patch ended.

    Parameters
    ----------
    epochs : int
        Epochs that were done.
    loss : float
        Of the last one.
    ended_by, engine : str
        As in the record of a training.
    """

    epochs: int
    loss: float
    ended_by: str
    engine: str

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Build it again from `asdict`; what cannot have come from it is a ValueError or a TypeError."""
        found = cls(**document)
        is_text = isinstance(found.engine, str) and found.ended_by in SEVERITY
        if type(found.epochs) is not int or not isinstance(found.loss, float | int) or not is_text:
            raise ValueError(f"a patch that ended so: {document!s:.80}")
        return found


@dataclass(frozen=True, eq=False)
class PatchesDone:
    """Which patches are done, and where their bytes are.

    Parameters
    ----------
    endings : dict of int to Ending
        By the number of the patch.
    stored : callable
        Gives the entry of a patch, and its bytes as they are stored.
    """

    endings: dict[int, Ending]
    stored: Callable[[int], tuple[Entry, bytes]]

    @classmethod
    def waiting(cls, endings: Mapping[int, Ending], patches: SpooledPatches) -> Self:
        """Take those of a run on its way, as they are now."""
        return cls(dict(endings), lambda number: (patches.entry(number), patches.stored(number)))

    @classmethod
    def stored_in(cls, file: GrowingFile, document: Mapping[str, Any]) -> Self:
        """Take those of a checkpoint's file; `document` is what `to_document` has made of them."""

        def stored(number: int) -> tuple[Entry, bytes]:
            return file.entry(patch_name(number)), file.stored(patch_name(number))

        return cls({int(key): Ending.from_document(each) for key, each in document.items()}, stored)

    def to_document(self) -> dict[str, Any]:
        """Turn what is known of them into JSON values."""
        return {str(number): asdict(ending) for number, ending in self.endings.items()}

    def not_in(self, file: GrowingFile) -> list[int]:
        """Numbers of those that a file does not have."""
        there = set(file.names)
        return [number for number in self.endings if patch_name(number) not in there]
