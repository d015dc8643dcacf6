"""A run stored on its way: it goes on from there and gives the bytes that it would have given anyway."""

import hashlib
import weakref
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np

from paintnet._version import __version__
from paintnet.engine.trainer import TrainerState
from paintnet.errors import CheckpointError, SettingsError, value_text
from paintnet.files.container import Container, ForeignFileError, Layout, NewerFileError, encode_container
from paintnet.files.growing import MAGIC, MARK_BYTES, GrowingFile, is_marked
from paintnet.files.names import path_of
from paintnet.files.parts import ContainerError, OverLimitError, Part
from paintnet.files.writing import in_words, replacing, write_bytes
from paintnet.painter import patches_done
from paintnet.painter.patches_done import PatchesDone
from paintnet.picture.levels import BAND_ROWS, Pixels
from paintnet.settings.settings import PainterSettings
from paintnet.stored_patches import patch_name
from paintnet.typing import Array

LAYOUT = Layout(
    key="paintnet_checkpoint",
    version=1,
    max_parts=1,
    max_part_bytes=4_000_000_000,  # weights and two moments of the largest model
    max_bytes=4_000_000_000,
)

FEW = 32
"""Numbers of a list that stay in the document; longer ones, such as the losses, are stored as arrays."""

_STATE = "state"
_ANOTHER_COPY = "get an intact copy, or start the run again"
_MALFORMED = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a run needs to go on.

    Parameters
    ----------
    settings : dict
        Of the run, complete, as JSON values.
    preset, engine : str
        Rule that they came from, and what trained.
    picture : str
        SHA-256 of the pixels that are learned.
    epochs : int
        Epochs that are done.
    state : TrainerState
        Weights, moments, random state, schedule; of a mosaic, those of the patch on its way.
    version : str
        Of paintnet: another one may train otherwise.
    patches : PatchesDone or None
        Of a mosaic, those that are done.

    Examples
    --------
    >>> from paintnet import Painter
    >>> picture = np.linspace(0, 1, 20 * 30 * 3, dtype=np.float32).reshape(20, 30, 3)
    >>> painter = Painter("draft", epochs=6)
    >>> run = painter.start(picture)
    >>> for event in run:
    ...     if event.epoch == 2:
    ...         break
    >>> content = run.checkpoint().to_bytes()
    >>> later = painter.start(picture)
    >>> later.restore(Checkpoint.from_bytes(content))
    >>> [event.epoch for event in later]
    [3, 4, 5, 6]
    >>> later.result().to_bytes() == painter.fit(picture).to_bytes()
    True
    """

    settings: dict[str, Any]
    preset: str
    engine: str
    picture: str
    epochs: int
    state: TrainerState
    version: str = __version__
    patches: PatchesDone | None = None

    def check_fits(self, settings: PainterSettings, picture: str) -> None:
        """Refuse to go on with another picture (by its `fingerprint`), other settings or another version.

        Raises
        ------
        CheckpointError
            It names what differs.
        """
        if self.version != __version__:
            why = f"it was written by paintnet {self.version}, and this is {__version__}"
            raise CheckpointError("checkpoint", why, "go on with that version, or start the run again")
        if self.picture != picture:
            why = "it belongs to a run on another picture, or on this one at another size"
            raise CheckpointError("checkpoint", why, "give the picture that it began with")
        asked = settings.to_document()
        for name, value in self.settings.items():
            if asked.get(name) != value:
                why = f"it has {name} {value_text(value)}, and this run {value_text(asked.get(name))}"
                raise CheckpointError("checkpoint", why, "give the settings that it began with")

    def check_engine(self, engine: str) -> None:
        """Refuse to go on with another engine, whose rounding differs.

        Raises
        ------
        CheckpointError
            If it is not the one that it was trained with.
        """
        if self.engine != engine:
            why = f"it was trained by engine {self.engine}, and this run would use {engine}"
            raise CheckpointError("checkpoint", why, f"ask for engine {self.engine}, or start the run again")

    def to_bytes(self) -> bytes:
        """Give the bytes of its file."""
        if self.patches is not None:
            file = BytesIO()
            self.write_to(GrowingFile.create(file, patches_done.LAYOUT, bytes(MARK_BYTES)))
            return file.getvalue()
        return b"".join(encode_container(self._document, {_STATE: self._state()}, LAYOUT, "raw"))

    def write_to(self, file: GrowingFile) -> None:
        """Commit it to a file of its mosaic; patches that are there are not written again.

        Raises
        ------
        OverLimitError, OSError
            As `GrowingFile.commit`.
        """
        done = self.patches
        assert done is not None  # noqa: S101 - callers have looked; told to mypy
        added = ((patch_name(number), *done.stored(number)) for number in done.not_in(file))
        file.commit({**self._document, "patches": done.to_document()}, added, {_STATE: self._state()})

    def _state(self) -> Part:
        tensors = {name: array.astype(_stored(array.dtype)) for name, array in self.state.arrays.items()}
        kinds = {name: array.dtype.str for name, array in self.state.arrays.items()}
        values = _without_lists(self.state.values, tensors, "values")
        return Part(tensors, {"kinds": kinds, "values": values})

    @property
    def _document(self) -> dict[str, Any]:
        return {
            "settings": self.settings,
            "preset": self.preset,
            "engine": self.engine,
            "picture": self.picture,
            "epochs": self.epochs,
            "version": self.version,
        }

    @classmethod
    def from_bytes(cls, content: bytes, name: str = "checkpoint") -> Self:
        """Build a checkpoint from the bytes of its file; `name` is what messages call it.

        Raises
        ------
        CheckpointError
            If they are damaged, newer or not a checkpoint.
        """
        return cls._read(BytesIO(content), name)

    @classmethod
    def _read(cls, file: BinaryIO, name: str) -> Self:
        try:
            is_mosaic = file.read(len(MAGIC)) == MAGIC
            container = GrowingFile(file, patches_done.LAYOUT) if is_mosaic else Container(file, LAYOUT)
            part, document = container.read(_STATE), dict(container.document)
            tensors, told = dict(part.tensors), part.document
            kinds = {each: np.dtype(kind) for each, kind in told["kinds"].items()}
            arrays = {each: tensors.pop(each).astype(kind) for each, kind in kinds.items()}
            state = TrainerState(arrays, _with_lists(told["values"], tensors))
            if isinstance(container, GrowingFile):
                document["patches"] = PatchesDone.stored_in(container, document["patches"])
            return cls(state=state, **document)
        except ForeignFileError as error:
            raise CheckpointError(name, f"not a checkpoint{error}", _ANOTHER_COPY) from error
        except NewerFileError as error:
            remedy = "upgrade paintnet, or start the run again"
            raise CheckpointError(name, f"written by a newer paintnet ({error})", remedy) from error
        except (ContainerError, *_MALFORMED) as error:
            raise CheckpointError(name, f"damaged checkpoint: {error}", _ANOTHER_COPY) from error

    def save(self, path: str | Path, mark: bytes = bytes(MARK_BYTES)) -> None:
        """Write it to a file, which is the old one or the new one at every instant.

        Parameters
        ----------
        path : str or Path
            The file to create or to replace.
        mark : bytes
            By which whoever created the file of a mosaic knows it again.

        Raises
        ------
        OutputError
            If it cannot be written.
        CheckpointError
            If it is larger than a checkpoint may be.
        """
        try:
            if self.patches is None:
                write_bytes(path_of(path), self.to_bytes())
                return
            with replacing(path_of(path)) as file:
                self.write_to(GrowingFile.create(file, patches_done.LAYOUT, mark))
        except OverLimitError as error:
            raise CheckpointError(str(path), str(error), "use a smaller network") from error

    def update(self, path: str | Path, mark: bytes) -> None:
        """Write it where `save` with this mark has put one of its mosaic: what is there stays there.

        Whatever else is there, such as what another run has put in its place, is replaced. Raises as `save`.
        """
        path = path_of(path)
        if self.patches is not None and path.is_file():
            with in_words(path), path.open("r+b") as file, suppress(ContainerError):
                if is_marked(file, mark):
                    self.write_to(GrowingFile(file, patches_done.LAYOUT))
                    return
        self.save(path, mark)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read it from a file; that of a mosaic stays open, and its patches are read when they are asked for.

        Raises
        ------
        CheckpointError
            If the file is missing, damaged, newer or not a checkpoint.
        """
        path = path_of(path)
        with ExitStack() as stack:
            try:
                if path.exists() and not path.is_file():
                    raise CheckpointError(str(path), "not a regular file", _ANOTHER_COPY)
                file = stack.enter_context(path.open("rb"))
                is_mosaic = file.read(len(MAGIC)) == MAGIC
                limit = (patches_done.LAYOUT if is_mosaic else LAYOUT).max_file_bytes
                if file.seek(0, SEEK_END) > limit:
                    raise CheckpointError(str(path), "larger than a checkpoint can be", _ANOTHER_COPY)
                file.seek(0)
                found = cls._read(file, str(path))
            except OSError as error:
                remedy = "give one that a run has written, or start without it"
                raise CheckpointError(str(path), error.strerror or "cannot be read", remedy) from error
            if found.patches is not None:
                weakref.finalize(found.patches, stack.pop_all().close)
        return found


def fingerprint(picture: Pixels) -> str:
    """SHA-256 of a picture's shape, type and pixels, as hexadecimal digits."""
    digest = hashlib.sha256(f"{picture.shape} {picture.dtype.str}".encode())
    for top in range(0, len(picture), BAND_ROWS):
        digest.update(np.ascontiguousarray(picture[top : top + BAND_ROWS]).data)
    return digest.hexdigest()


def check_can_be_stored(settings: PainterSettings) -> None:
    """Refuse checkpoints of a solver that has no epochs to store between.

    Raises
    ------
    SettingsError
        If the solver is lbfgs.
    """
    if settings.solver == "lbfgs":
        raise SettingsError("checkpoint", "lbfgs has no epochs to store between", "use solver adam or sgd")


def _stored(kind: np.dtype[Any]) -> str:
    """Type of tensor that holds all of a type's values: whole numbers here stay below 2**53."""
    return "float32" if kind == np.float32 else "float64"


def _without_lists(value: Any, tensors: dict[str, Array], name: str) -> Any:
    """Put long lists of numbers among the tensors, and their names in their place."""
    if isinstance(value, dict):
        return {key: _without_lists(inner, tensors, f"{name}.{key}") for key, inner in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) > FEW:
        tensors[name] = np.array(value, dtype=np.float64)
        return {"list": name}
    return [_without_lists(inner, tensors, f"{name}.{number}") for number, inner in enumerate(value)]


def _with_lists(value: Any, tensors: dict[str, Array]) -> Any:
    """Undo `_without_lists`."""
    if isinstance(value, dict):
        if value.keys() == {"list"}:
            return tensors.pop(value["list"]).tolist()
        return {key: _with_lists(inner, tensors) for key, inner in value.items()}
    return [_with_lists(inner, tensors) for inner in value] if isinstance(value, list) else value
