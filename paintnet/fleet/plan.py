"""What a batch is going to do: names of outputs, what is there already, and what must not be touched."""

import hashlib
import json
import os
import re
import stat
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from paintnet._version import __version__
from paintnet.errors import OutputError, SettingsError
from paintnet.files.names import PAINTED, printable
from paintnet.fleet.inputs import Input
from paintnet.fleet.manifest import Manifest, Row
from paintnet.job import Job
from paintnet.modelfile import EXTENSION
from paintnet.outputs import Animation, Outputs
from paintnet.painter.keeping import Keeping
from paintnet.painter.parts import PartClock

NAMING = "{stem}.{ext}"
CHECKPOINT = ".checkpoint"
"""What the checkpoint of a picture on its way is called after its first output."""

ENDINGS = (PAINTED.removeprefix("."), EXTENSION.removeprefix("."))
_FIELD = re.compile(r"\{([^{}]*)\}")
_FIELDS = ("stem", "ext", "suffix", "number")


@dataclass(frozen=True, kw_only=True)
class BatchSettings:
    """How each picture of a batch is learned, and what is written about it.

    Parameters
    ----------
    job : Job
        What all have in common; its source and its outputs have no meaning.
    out_dir : Path
        Folder of the outputs, made where there is none.
    name : str
        Of each output: ``{stem}`` of the picture, ``{ext}`` of the output, ``{suffix}`` of the picture's
        file and ``{number}`` in the order of the batch.
    endings : tuple of str
        Extensions of painted pictures and models.
    animation : Animation or None
        Its path is an extension.
    report : bool
        Whether each gets a page.
    required_psnr : float or None
        Below it a picture has failed.
    checkpoint_every : float or None
        Seconds between two checkpoints of a picture, from which a later run goes on; None for none.

    Examples
    --------
    >>> settings = BatchSettings(job=Job(source=""), out_dir=Path("out"), name="{stem}-{suffix}.{ext}")
    >>> settings.outputs_of(Input(Path("photos/a.JPG"), "trip"), 1).models
    ('trip/a-jpg.paintnet',)
    """

    job: Job
    out_dir: Path
    name: str = NAMING
    endings: tuple[str, ...] = ENDINGS
    animation: Animation | None = None
    report: bool = False
    required_psnr: float | None = None
    checkpoint_every: float | None = None

    def check(self) -> None:
        """Refuse what would fail with every picture.

        Raises
        ------
        PaintnetError
            If a setting, a name or an extension cannot be used.
        """
        unknown = [each for each in _FIELD.findall(self.name) if each not in _FIELDS]
        if unknown or re.search(r"[{}/\\]", _FIELD.sub("", self.name)) or "{ext}" not in self.name:
            why = f"unknown part {{{unknown[0]}}}" if unknown else "needs {ext}, and can have no folders"
            parts = ", ".join(f"{{{each}}}" for each in _FIELDS)
            raise SettingsError(f"name {printable(self.name)}", why, f"put it together from {parts}")
        with tempfile.TemporaryDirectory() as folder:  # whose files are surely new and can be written
            probe = self.outputs_of(Input("sample:bird"), 1)
            self._job(Input("sample:bird"), _below(Path(folder), probe)).check()

    def outputs_of(self, given: Input, number: int) -> Outputs:
        """Name the outputs of a picture, below the folder of the batch, with slashes on every system."""

        def path(ending: str) -> str:
            parts = {
                "stem": given.stem,
                "ext": ending.removeprefix("."),
                "suffix": given.suffix,
                "number": str(number),
            }
            return PurePath(given.folder, _FIELD.sub(lambda found: parts[found[1]], self.name)).as_posix()

        models = tuple(path(each) for each in self.endings if f".{each}".lower().endswith(EXTENSION))
        pictures = tuple(path(each) for each in self.endings if path(each) not in models)
        animation = self.animation and replace(self.animation, path=path(self.animation.path))
        return Outputs(pictures, models, animation, path("html") if self.report else None)

    def job_of(self, given: Input, outputs: Outputs) -> Job:
        """One picture's job; what it would replace has been looked at by the plan."""
        return self._job(given, _below(self.out_dir, outputs))

    def _job(self, given: Input, outputs: Outputs) -> Job:
        keeping = self.job.keeping
        if self.checkpoint_every is not None:
            keeping = Keeping(checkpoint=outputs.paths[0] + CHECKPOINT, every=self.checkpoint_every)
        return replace(
            self.job,
            source=given.source,
            outputs=outputs,
            force=True,
            streams={},
            keeping=keeping,
            clock=PartClock(),
        )

    def to_document(self) -> dict[str, Any]:
        """All that an output depends on besides the picture, as JSON values."""
        job = self.job
        settings = {name: value for name, value in job.settings.items() if name != "threads"}
        document = {
            "preset": job.preset,
            **settings,
            "max_side": job.max_side,
            "patch": None if job.patch == "auto" else str(job.patch),
            "scale": job.scale,
            "size": job.size,
            "animation": self.animation,
            "frames": job.frames if self.animation or self.report else None,
        }
        return {name: _plain(value) for name, value in document.items() if value is not None}

    @property
    def key(self) -> str:
        """Stands for them and the version."""
        text = json.dumps([self.to_document(), __version__], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass
class Item:
    """A picture of a batch, or of a trial, and its outputs.

    Parameters
    ----------
    input : Input
        The picture.
    outputs : Outputs
        Below the folder of the batch.
    settings : BatchSettings
        How it is learned.
    row : Row or None
        What the manifest knows, where nothing is left to do.
    """

    input: Input
    outputs: Outputs
    settings: BatchSettings
    row: Row | None = None


@dataclass
class Plan:
    """What there is to do.

    Parameters
    ----------
    settings : BatchSettings
        For all, but for what a trial has of its own.
    manifest : Manifest
        What has been done.
    items : list of Item
        All pictures.
    passed_over : Counter of str
        Files that are none.
    """

    settings: BatchSettings
    manifest: Manifest
    items: list[Item] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)

    @property
    def todo(self) -> list[Item]:
        """Pictures that are not done yet."""
        return [item for item in self.items if item.row is None]

    def add(self, inputs: Iterable[Input]) -> None:
        """Plan all pictures, and look at what is there.

        Raises
        ------
        PaintnetError
            If two outputs would have one name, or one would replace a file that is not of this batch.
        """
        self.add_items(
            Item(each, self.settings.outputs_of(each, number), self.settings)
            for number, each in enumerate(inputs, start=1)
        )

    def add_items(self, items: Iterable[Item]) -> None:
        """Plan all of them, and look at what is there, as `add` does."""
        self.items = list(items)
        self._check_collisions()
        for item in self.items:
            row = self.row_of(item)
            item.row = row if row is not None and self.is_of(item, row) else None
        foreign = [path for item in self.todo for path in self.foreign(item)]
        if foreign:
            others = f", and {len(foreign) - 1} more are there too" if len(foreign) > 1 else ""
            why = f"exists already, and is not from this batch with these settings{others}"
            remedy = "let it be replaced or choose another folder"
            raise OutputError(printable(self.settings.out_dir / foreign[0]), why, remedy, "force")

    def row_of(self, item: Item) -> Row | None:
        """What the manifest knows, where all outputs are there as it says and good enough."""
        paths = item.outputs.paths
        row = self.manifest.latest.get(paths[0])
        if row is None or row.state != "done" or row.key != item.settings.key or set(row.sizes) != {*paths}:
            return None
        if any(self.manifest.latest.get(path) is not row for path in paths):
            return None
        sizes = sizes_of(self.settings.out_dir, paths)
        reached, required = row.document.get("psnr"), item.settings.required_psnr
        is_poor = required is not None and isinstance(reached, int | float) and reached < required
        return None if is_poor or None in sizes.values() or sizes != row.sizes else row

    def is_of(self, item: Item, row: Row) -> bool:
        """Whether a row is about the picture as it is now; that of an address must be fetched to know."""
        return isinstance(item.input.source, Path) and row.sha256 == _digest(item.input.source)

    def foreign(self, item: Item) -> list[str]:
        """Outputs that are there and must stay, unless they may be replaced."""
        row = self.row_of(item)
        if self.settings.job.force or (row is not None and row.input == item.input.label):
            return []  # where an address gives another picture than before, its worker finds out
        sizes = sizes_of(self.settings.out_dir, item.outputs.paths)
        return [path for path, size in sizes.items() if size is not None and not self._is_own(item, path)]

    def _is_own(self, item: Item, path: str) -> bool:
        """Whether a file is what a run with these settings made of the same picture, or was about to."""
        row = self.manifest.latest.get(path)
        if row is None or (row.input, row.key) != (item.input.label, item.settings.key):
            return False
        if row.state != "done":
            return True
        # Addresses are told without their secrets, so two of them may look like one.
        is_file = isinstance(item.input.source, Path)
        return is_file and sizes_of(self.settings.out_dir, [path])[path] == row.sizes[path]

    def _check_collisions(self) -> None:
        taken: dict[str, Item] = {}
        sources = {
            os.path.realpath(item.input.source): item
            for item in self.items
            if isinstance(item.input.source, Path)
        }
        for item in self.items:
            for path in item.outputs.paths:
                # Some systems take names in capitals, or with accents put together otherwise, for the same.
                other = taken.setdefault(unicodedata.normalize("NFC", path).casefold(), item)
                if other is not item:
                    what = f"{other.input.name} and {item.input.name}"
                    remedy = "put {suffix} or {number} into the name of outputs"
                    raise SettingsError(what, f"both would be written to {printable(path)}", remedy)
                if (read := sources.get(os.path.realpath(self.settings.out_dir / path))) is not None:
                    why = f"it would replace {read.input.name}, which is read"
                    raise SettingsError(printable(path), why, "choose another folder or another name")


def sizes_of(folder: Path, paths: Sequence[str]) -> dict[str, int | None]:
    """Bytes of files below a folder; None where there is none."""
    return {path: _size(folder / path) for path in paths}


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _digest(path: Path) -> str | None:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe might block for ever
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _below(folder: Path, outputs: Outputs) -> Outputs:
    def path(name: str) -> str:
        return str(folder / name)

    animation = outputs.animation and replace(outputs.animation, path=path(outputs.animation.path))
    report = None if outputs.report is None else path(outputs.report)
    return Outputs(tuple(map(path, outputs.pictures)), tuple(map(path, outputs.models)), animation, report)


def _plain(value: Any) -> Any:
    """Put a setting into JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
