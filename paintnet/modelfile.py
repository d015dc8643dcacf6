"""A painting to and from its .paintnet file: what stands where in the container, and the limits."""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from paintnet.coding.network import CodedNetwork
from paintnet.encoding.extent import FARTHEST, Extent
from paintnet.encoding.registry import ENCODINGS, map_named
from paintnet.errors import ModelFileError, SettingsError
from paintnet.files.container import (
    Container,
    ForeignFileError,
    Layout,
    NewerFileError,
    encode_container,
    read_header,
)
from paintnet.files.parts import CODECS, LENGTH_BYTES, ContainerError, OverLimitError, Part
from paintnet.files.writing import write_bytes
from paintnet.modelfile_1 import read_version_1
from paintnet.network import Network
from paintnet.patches import Mosaic, Patch
from paintnet.record import TrainingRecord
from paintnet.smallfile import MOST_BYTES, decode_small, encode_small, is_small
from paintnet.typing import Array

EXTENSION = ".paintnet"
FORMAT_VERSION = 2

MODES = ("regress", "classify")
PIXELS = ("center", "area")
PROBABILITIES = ("logistic", "softmax")
"""Output activations that give numbers from 0 to 1."""

MAX_LAYERS = 64
"""Of the network of one patch."""

MAX_PATCHES = 10_000

LAYOUT = Layout(
    key="paintnet",
    version=FORMAT_VERSION,
    max_parts=MAX_PATCHES + 1,  # and the palette
    max_part_bytes=800_000_000,  # 100 million parameters in float64
    max_bytes=2_000_000_000,
)

_PALETTE = "palette"
_MAKE_ONE = "give a file that a painting was saved to"
_ANOTHER_COPY = "get an intact copy, or paint it again"
_SMALLER = "use a smaller network"
_MALFORMED = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError)


class UnknownEncodingError(Exception):
    """A model whose encoding is not registered here; it carries the name."""


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
    patches: tuple[Patch, ...]
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
        n_outputs, output = mosaic.n_outputs, self.patches[0].network.output
        if n_outputs not in expected:
            raise ValueError(f"{n_outputs} outputs, expected {expected}")
        if self.palette is not None and output not in PROBABILITIES:
            raise ValueError(f"output {output!r} gives no probabilities of classes")


M = TypeVar("M", bound=Model)


def encode_model(model: Model, codec: str = "raw") -> bytes:
    """Turn a model into the bytes of a .paintnet file; equal models give equal bytes.

    Parameters
    ----------
    model : Model
        Such as a painting.
    codec : str, default="raw"
        How the parts are stored: a name of `paintnet.files.parts.CODECS`.

    Raises
    ------
    ModelFileError
        If it is over a limit, so that nobody could read it again.
    """
    return b"".join(_encode(model, codec, "the painting"))


def write_model(path: str | Path, model: Model, codec: str = "raw") -> None:
    """Write a model; the file is the old one or the new one at every instant."""
    write_bytes(path, *_encode(model, codec, str(path)))


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
            raise ModelFileError(name, why, _MAKE_ONE, "model")
        with path.open("rb") as file:
            return _decode(file, name, kind)
    except OSError as error:
        raise ModelFileError(name, error.strerror or "cannot be read", _MAKE_ONE, "model") from error


def receive_model(stream: BinaryIO, name: str) -> bytes:
    """Read the bytes of a model from a stream that may be endless: its header is judged first.

    Raises
    ------
    ModelFileError
        If it is too large, newer or no model.
    """
    start = stream.read(LENGTH_BYTES + LAYOUT.max_header_bytes)
    with _told(name):
        if is_small(start):
            return start + stream.read(MOST_BYTES - len(start) + 1)
        read_header(BytesIO(start), LAYOUT)
        content = start + stream.read(LAYOUT.max_file_bytes - len(start) + 1)
        if len(content) > LAYOUT.max_file_bytes:
            raise OverLimitError(f"larger than {LAYOUT.max_file_bytes:,} bytes")
    return content


def _decode(file: BinaryIO, name: str, kind: type[M]) -> M:
    with _told(name):
        if is_small(file.read(LENGTH_BYTES)):
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
        return _model(container.document, set(container.names), container.read, kind)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Put what is wrong with a file into words, and say what to do about it."""
    try:
        yield
    except ForeignFileError as error:
        raise ModelFileError(name, f"not a paintnet model{error}", _MAKE_ONE, "model") from error
    except NewerFileError as error:
        why = f"written by a newer paintnet ({error})"
        raise ModelFileError(name, why, "upgrade with `pip install --upgrade paintnet`") from error
    except OverLimitError as error:
        raise ModelFileError(name, str(error), _SMALLER) from error
    except UnknownEncodingError as error:
        why = f"unknown encoding {error.args[0]!r:.60}"
        raise ModelFileError(name, why, "install or import what registers it") from error
    except ContainerError as error:
        raise ModelFileError(name, f"damaged model: {error}", _ANOTHER_COPY) from error
    except _MALFORMED as error:
        why = f"damaged model: {type(error).__name__}: {error}"
        raise ModelFileError(name, why, _ANOTHER_COPY) from error


def _encode(model: Model, codec: str, name: str) -> list[bytes]:
    if codec not in CODECS:
        raise SettingsError("codec", f"unknown name {codec!r}", f"use one of {', '.join(CODECS)}")
    network = model.patches[0].network
    if isinstance(network, CodedNetwork):
        return [encode_small(model.width, model.height, network.coded)]
    document: dict[str, Any] = {
        "mode": model.mode,
        "size": [model.width, model.height],
        "channels": model.channels,
        "pixel": model.pixel,
        "patches": [_described(patch) for patch in model.patches],
    }
    if model.training is not None:
        document["training"] = model.training.to_document()
    parts = {f"patch.{k}": _part(patch.network) for k, patch in enumerate(model.patches)}
    if model.palette is not None:
        parts[_PALETTE] = Part({_PALETTE: model.palette})
    try:
        return encode_container(document, parts, LAYOUT, codec)
    except OverLimitError as error:
        raise ModelFileError(name, str(error), _SMALLER) from error


def _described(patch: Patch) -> dict[str, Any]:
    """What the document says of a patch."""
    origin = {"origin": list(patch.origin)} if any(patch.origin) else {}
    return {"extent": patch.extent.to_list(), **origin}


def _origin(described: Mapping[str, Any]) -> tuple[float, float]:
    x, y = (float(value) for value in described.get("origin", (0.0, 0.0)))
    if not (abs(x) <= FARTHEST and abs(y) <= FARTHEST):
        raise ValueError(f"an origin at {x}, {y}")
    return x, y


def _model(
    document: Mapping[str, Any], names: AbstractSet[str], read: Callable[[str], Part], kind: type[M]
) -> M:
    extents = [Extent.from_list(patch["extent"]) for patch in document["patches"]]
    patch_names = [f"patch.{k}" for k in range(len(extents))]
    if unexpected := names - {*patch_names, _PALETTE}:
        raise ValueError(f"unexpected part {min(unexpected)}")
    networks = [_network(read(name)) for name in patch_names]
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
        patches=tuple(map(Patch, networks, extents, map(_origin, document["patches"]))),
        palette=palette,
        training=TrainingRecord.from_document(document["training"]) if "training" in document else None,
        pixel=document.get("pixel", "center"),
    )


def _part(network: Network) -> Part:
    tensors = {f"encoding.{name}": array for name, array in network.encoding.tensors().items()}
    tensors |= {f"coefs.{k}": array for k, array in enumerate(network.coefs)}
    tensors |= {f"intercepts.{k}": array for k, array in enumerate(network.intercepts)}
    document = {
        "encoding": network.encoding.to_document(),
        "activation": network.activation,
        "output": network.output,
    }
    return Part(tensors, document)


def _network(part: Part) -> Network:
    tensors, document = dict(part.tensors), part.document
    n_layers = sum(name.startswith("coefs.") for name in tensors)
    if n_layers > MAX_LAYERS:
        raise OverLimitError(f"{n_layers} layers, more than {MAX_LAYERS}")
    prefix = "encoding."
    ours = [name for name in tensors if name.startswith(prefix)]
    drawn = {name.removeprefix(prefix): tensors.pop(name) for name in ours}
    encoding = document["encoding"]
    if isinstance(encoding["name"], str) and encoding["name"] not in ENCODINGS:
        raise UnknownEncodingError(encoding["name"])
    network = Network(
        encoding=map_named(encoding["name"]).from_document(encoding, drawn),
        coefs=tuple(tensors.pop(f"coefs.{k}") for k in range(n_layers)),
        intercepts=tuple(tensors.pop(f"intercepts.{k}") for k in range(n_layers)),
        activation=document["activation"],
        output=document["output"],
    )
    if tensors:
        raise ValueError(f"unexpected tensors {sorted(tensors)}")
    return network
