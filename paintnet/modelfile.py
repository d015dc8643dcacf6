"""A painting to and from its .paintnet file: what stands where in the container, and the limits."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from paintnet import small_mosaic
from paintnet.coding.network import CodedNetwork
from paintnet.errors import ModelFileError, SettingsError
from paintnet.files.container import Container, assemble, read_header
from paintnet.files.parts import CODED, LENGTH_BYTES, NEW_CODECS, OF_TENSORS, OverLimitError, Part
from paintnet.files.spool import Spool
from paintnet.files.writing import replacing
from paintnet.model_parts import LAYOUT, MAKE_ONE, SMALLER, bytes_of, network_of, told
from paintnet.modelfile_1 import read_version_1
from paintnet.patches import Mosaic, Patch
from paintnet.record import TrainingRecord
from paintnet.smallfile import CHECK_BYTES, MOST_BYTES, decode_small, encode_small, is_small
from paintnet.stored_patches import Place, SpooledPatches, StoredPatches, patch_name
from paintnet.typing import Array

EXTENSION = ".paintnet"

MODES = ("regress", "classify")
PIXELS = ("center", "area")
PROBABILITIES = ("logistic", "softmax")
"""Output activations that give numbers from 0 to 1."""

WHOLE_BYTES = 16 * 2**20
"""Numbers of a mosaic up to which all of it is read and checked at once, as a painting of one patch is."""

MOST_AT_ONCE = 2_000_000_000
"""Bytes of a file that is held in memory."""

_PALETTE = "palette"


@dataclass(frozen=True, eq=False)
class Model:
    """What a .paintnet file holds: all that a painting is made of.

    Its fields are those of `paintnet.painting.Painting`, which adds what a painting does.

    Raises
    ------
    ValueError
        If these do not fit each other.
    """

    mode: str
    width: int
    height: int
    channels: int
    patches: Sequence[Patch]
    palette: Array | None = None
    training: TrainingRecord | None = None
    pixel: str = "center"

    def __post_init__(self) -> None:
        if self.mode not in MODES or (self.mode == "classify") != (self.palette is not None):
            raise ValueError(f"mode {self.mode!r} does not fit its palette")
        if self.pixel not in PIXELS or (self.mode == "classify" and self.pixel != "center"):
            raise ValueError(f"pixel {self.pixel!r} in mode {self.mode}")
        if self.channels not in (1, 3, 4) or not (1 <= self.width < 2**31 and 1 <= self.height < 2**31):
            raise ValueError(f"a picture of {self.width} x {self.height} with {self.channels} channels")
        if self.palette is None:
            expected = {self.channels}
        elif self.palette.ndim != 2 or self.palette.shape[1] != self.channels or not len(self.palette):
            raise ValueError(f"a palette of shape {self.palette.shape}")
        elif not ((self.palette >= 0) & (self.palette <= 1)).all():
            raise ValueError("a palette with colors outside 0 to 1")
        else:
            # Two classes may share one output; a palette of one color is trained as two classes.
            expected = {len(self.palette)} if len(self.palette) > 2 else {1, 2}
        mosaic = Mosaic(self.patches)
        n_outputs, output = mosaic.kind
        if n_outputs not in expected:
            raise ValueError(f"{n_outputs} outputs, expected {expected}")
        if self.palette is not None and output not in PROBABILITIES:
            raise ValueError(f"output {output!r} gives no probabilities of classes")


M = TypeVar("M", bound=Model)


def encode_model(model: Model, codec: str | None = None) -> bytes:
    """Turn a model into the bytes of a .paintnet file; equal models give equal bytes.

    Parameters
    ----------
    model : Model
        Such as a painting.
    codec : str, optional
        How the parts are stored: a name of `paintnet.files.parts.OF_TENSORS`. By default what lies in a
        file stays as it is, networks on a lattice are "packed" and all else is "raw".

    Raises
    ------
    ModelFileError
        If it is over a limit, so that nobody could read it again.
    """
    return b"".join(model_pieces(model, codec))


def write_model(path: str | Path, model: Model, codec: str | None = None) -> None:
    """Write a model; the file is the old one or the new one at every instant."""
    pieces = model_pieces(model, codec, str(path))
    with replacing(path) as file:
        file.writelines(pieces)


def decode_model(content: bytes, name: str, kind: type[M]) -> M:
    """Check the bytes of a .paintnet file and make a model of them.

    Parameters
    ----------
    content : bytes
        The whole file.
    name : str
        What messages call it.
    kind : type
        `Model`, or what is derived from it.

    Raises
    ------
    ModelFileError
        If anything about it is not as it was written.
    """
    return _decode(BytesIO(content), name, kind)


def read_model(path: str | Path, kind: type[M]) -> M:
    """Read a model and check all of it before any of it is used.

    Raises
    ------
    ModelFileError
        If it is missing, unreadable, too large, damaged, newer or no model.
    """
    path, name = Path(path), str(path)
    try:
        if not path.is_file():
            why = "not a regular file" if path.exists() else "no such file"
            raise ModelFileError(name, why, MAKE_ONE, "model")
        with ExitStack() as stack:
            file = stack.enter_context(path.open("rb"))
            model = _decode(file, name, kind)
            if isinstance(model.patches, StoredPatches):
                stack.pop_all()  # it reads on, and closes the file in the end
            return model
    except OSError as error:
        raise ModelFileError(name, error.strerror or "cannot be read", MAKE_ONE, "model") from error


def receive_model(stream: BinaryIO, name: str) -> bytes:
    """Read the bytes of a model from a stream that may be endless: its header is judged first.

    Raises
    ------
    ModelFileError
        If it is too large, newer or no model.
    """
    start = stream.read(LENGTH_BYTES + LAYOUT.max_header_bytes)
    with told(name):
        if is_small(start):
            return start + stream.read(MOST_BYTES - len(start) + 1)
        read_header(BytesIO(start), LAYOUT)
        content = start + stream.read(MOST_AT_ONCE - len(start) + 1)
        if len(content) > MOST_AT_ONCE:
            raise OverLimitError(f"larger than {MOST_AT_ONCE:,} bytes")
    return content


def _decode(file: BinaryIO, name: str, kind: type[M]) -> M:
    with told(name):
        start = file.read(LENGTH_BYTES)
        if start.startswith(small_mosaic.START):
            return _decode_small_mosaic(file, name, kind)
        if is_small(start):
            file.seek(0)
            small = decode_small(file.read(MOST_BYTES + 1))
            patches = (Patch.whole(small.network, small.width, small.height),)
            return kind("regress", small.width, small.height, small.channels, patches)
        file.seek(0)
        header = read_header(file, LAYOUT)
        if header.version == 1:
            document, parts = read_version_1(header, file)
            return _model(document, parts.keys(), parts.__getitem__, kind)
        container = Container(file, LAYOUT, header)

        def stored(places: list[Place]) -> StoredPatches | None:
            sizes = [container.entry(patch_name(k)).n_bytes for k in range(len(places))]
            if len(places) < 2 or sum(sizes) <= WHOLE_BYTES:
                return None
            return StoredPatches(container, places, lambda: told(name), file)

        return _model(container.document, set(container.names), container.read, kind, stored)


def _decode_small_mosaic(file: BinaryIO, name: str, kind: type[M]) -> M:
    patches = small_mosaic.SmallPatches(file, lambda: told(name))
    head = patches.head
    mode = "regress" if head.palette is None else "classify"
    few = (patches[0],) if len(patches) == 1 else patches
    return kind(mode, head.width, head.height, head.channels, few, head.palette)


def stored_bytes(model: Model) -> int:
    """Count the bytes that the weights of all patches take in a file."""
    if isinstance(model.patches, StoredPatches):
        entries = map(model.patches.entry, range(len(model.patches)))
        return sum(entry.end - entry.begin for entry in entries)
    return sum(bytes_of(patch.network) for patch in model.patches)


def model_pieces(model: Model, codec: str | None = None, name: str = "the painting") -> Iterator[bytes]:
    """Give the bytes of a .paintnet file in pieces, in bounded memory where its patches are stored ones.

    Parameters
    ----------
    model : Model
        Such as a painting.
    codec : str, optional
        As in `encode_model`.
    name : str
        What messages call it.

    Raises
    ------
    ModelFileError
        Before the first piece, if it is over a limit, so that nobody could read it again.
    """
    if codec is not None and codec not in OF_TENSORS:
        raise SettingsError("codec", f"unknown name {codec!r}", f"use one of {', '.join(OF_TENSORS)}")
    if (pieces := _small_pieces(model)) is not None:
        return pieces
    rest, patches = Spool(BytesIO()), model.patches
    if model.palette is not None:
        rest.add(_PALETTE, Part({_PALETTE: model.palette}), codec or "raw")
    if not isinstance(patches, StoredPatches) or codec is not None:
        spooled = SpooledPatches(codec, None if isinstance(patches, StoredPatches) else BytesIO())
        for patch in patches:
            spooled.append(patch)
        patches = spooled
    document: dict[str, Any] = {
        "mode": model.mode,
        "size": [model.width, model.height],
        "channels": model.channels,
        "pixel": model.pixel,
        "patches": [place.to_document() for place in patches.places],
    }
    if model.training is not None:
        document["training"] = model.training.to_document()
    numbers = {patch_name(k): k for k in range(len(patches))}
    entries = {part: patches.entry(k) for part, k in numbers.items()} | rest.entries
    is_new = any(any(place.origin) for place in patches.places) or any(
        entry.codec in NEW_CODECS for entry in entries.values()
    )
    try:
        return assemble(
            document,
            entries,
            lambda part: patches.stored(numbers[part]) if part in numbers else rest.stored(part),
            LAYOUT,
            None if is_new else LAYOUT.oldest,
        )
    except OverLimitError as error:
        raise ModelFileError(name, str(error), SMALLER) from error


def _small_pieces(model: Model) -> Iterator[bytes] | None:
    """Give the bytes of a painting in whole numbers; None of any other."""
    patches = model.patches
    if (
        len(patches) == 1
        and isinstance(network := patches[0].network, CodedNetwork)
        and model.palette is None
    ):
        return iter([encode_small(model.width, model.height, network.coded)])
    if not isinstance(patches, StoredPatches):
        if not all(isinstance(patch.network, CodedNetwork) for patch in patches):
            return None
        spooled = SpooledPatches(file=BytesIO())
        for patch in patches:
            spooled.append(patch)
        patches = spooled
    numbers = range(len(patches))
    entries = [patches.entry(number) for number in numbers]
    if any(entry.codec != CODED for entry in entries):
        return None
    sizes = [CHECK_BYTES + entry.end - entry.begin for entry in entries]
    head = small_mosaic.SmallHead.of(
        (model.width, model.height, model.channels), model.palette, patches.places, sizes
    )
    return small_mosaic.small_pieces(head, map(patches.stored, numbers))


def _model(
    document: Mapping[str, Any],
    names: AbstractSet[str],
    read: Callable[[str], Part],
    kind: type[M],
    stored: Callable[[list[Place]], Sequence[Patch] | None] = lambda places: None,
) -> M:
    places = [Place.from_document(patch) for patch in document["patches"]]
    patch_names = [patch_name(k) for k in range(len(places))]
    if unexpected := names - {*patch_names, _PALETTE}:
        raise ValueError(f"unexpected part {min(unexpected)}")
    patches = stored(places)
    if patches is None:
        networks = [network_of(read(name)) for name in patch_names]
        patches = tuple(
            Patch(network, place.extent, place.origin)
            for network, place in zip(networks, places, strict=True)
        )
    palette = None
    if _PALETTE in names:
        tensors = read(_PALETTE).tensors
        if tensors.keys() != {_PALETTE}:
            raise ValueError(f"unexpected tensors {sorted(tensors)}")
        palette = tensors[_PALETTE]
    width, height = (int(side) for side in document["size"])
    return kind(
        mode=document["mode"],
        width=width,
        height=height,
        channels=int(document["channels"]),
        patches=patches,
        palette=palette,
        training=TrainingRecord.from_document(document["training"]) if "training" in document else None,
        pixel=document.get("pixel", "center"),
    )
