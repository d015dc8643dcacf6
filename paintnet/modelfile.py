"""The .paintnet file: safetensors, because loading it can run no code.

Here is the container only: tensors and one JSON document, checked for size,
names, types, finiteness and integrity. What they mean is `painting.py`'s.
"""

import hashlib
import json
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from paintnet.errors import ModelFileError
from paintnet.files.writing import write_bytes
from paintnet.typing import Array

FORMAT_VERSION = 1
EXTENSION = ".paintnet"

MAX_HEADER_BYTES = 64 * 1024
MAX_LAYERS = 64
MAX_PARAMETERS = 100_000_000
TENSOR_TYPES = ("F32", "F64")

_METADATA_KEY = "paintnet"
_LENGTH = struct.Struct("<Q")
_TENSOR_NAME = re.compile(
    r"palette|patch\.\d{1,6}\.(coefs\.\d{1,2}|intercepts\.\d{1,2}|encoding\.[a-z_]{1,32})"
)
_NOT_A_MODEL = "not a paintnet model"
_DAMAGED = "damaged model"
_MAKE_ONE = "make one with `paintnet fit IMAGE -m FILE.paintnet`"
_ANOTHER_COPY = "get a whole copy, or paint it again"


@dataclass(frozen=True, eq=False)
class Model:
    """What a .paintnet file holds.

    Parameters
    ----------
    document : dict
        JSON values: what the painting is and how it was trained.
    tensors : dict of str to array
        float32 or float64 arrays by name.
    """

    document: dict[str, Any]
    tensors: dict[str, Array]


def encode_model(model: Model) -> bytes:
    """Turn a model into the bytes of a .paintnet file; equal models give equal bytes."""
    tensors = {name: np.ascontiguousarray(array) for name, array in model.tensors.items()}
    table, data = _split(save_tensors(tensors))
    document = {**model.document, "format": FORMAT_VERSION}
    document["sha256"] = _digest(document, table, data)
    return bytes(save_tensors(tensors, metadata={_METADATA_KEY: _canonical(document)}))


def decode_model(content: bytes, name: str) -> Model:
    """Check the bytes of a .paintnet file and take them apart.

    Parameters
    ----------
    content : bytes
        The whole file.
    name : str
        What messages call it.

    Raises
    ------
    ModelFileError
        If anything about it is not as `encode_model` would have written it.
    """
    table = _checked_header(content, name)
    document = _checked_document(table.pop("__metadata__", None), name)
    _check_table(table, name)
    data = memoryview(content)[_data_start(content) :]
    try:
        whole = document.pop("sha256", None) == _digest(document, table, data)
    except RecursionError:  # nested to the last level that JSON can be read at; only a forger does that
        whole = False
    if not whole:
        raise ModelFileError(name, f"{_DAMAGED}: its checksum does not fit its content", _ANOTHER_COPY)
    document.pop("format")
    try:
        tensors = load_tensors(content)
    except SafetensorError as error:
        raise ModelFileError(name, f"{_DAMAGED}: {error}", _ANOTHER_COPY) from error
    if not all(np.isfinite(array).all() for array in tensors.values()):
        raise ModelFileError(name, f"{_DAMAGED}: it holds numbers that are not finite", _ANOTHER_COPY)
    return Model(document, tensors)


def write_model(path: str | Path, model: Model) -> None:
    """Write a model; the file is the old one or the new one at every instant."""
    write_bytes(path, encode_model(model))


def read_model(path: str | Path) -> Model:
    """Read a model and check all of it before any of it is used.

    Raises
    ------
    ModelFileError
        If it is missing, unreadable, too large, damaged, newer or no model.
    """
    name = str(path)
    try:
        content = _read_bounded(Path(path), name)
    except OSError as error:
        raise ModelFileError(name, error.strerror or "cannot be read", _MAKE_ONE) from error
    return decode_model(content, name)


def _read_bounded(path: Path, name: str) -> bytes:
    if not path.is_file():
        missing = not path.exists()
        raise ModelFileError(name, "no such file" if missing else "not a regular file", _MAKE_ONE)
    largest = _LENGTH.size + MAX_HEADER_BYTES + 8 * MAX_PARAMETERS
    with path.open("rb") as file:
        # The header is judged first: a foreign file of gigabytes is never read whole.
        start = file.read(_LENGTH.size + MAX_HEADER_BYTES)
        _checked_header(start, name)
        content = start + file.read(largest - len(start) + 1)
    if len(content) > largest:
        raise ModelFileError(name, f"larger than {largest:,} bytes", "use a smaller network")
    return content


def _data_start(content: bytes) -> int:
    return _LENGTH.size + int(_LENGTH.unpack_from(content)[0])


def _split(content: bytes) -> tuple[dict[str, Any], memoryview]:
    start = _data_start(content)
    return json.loads(content[_LENGTH.size : start]), memoryview(content)[start:]


def _canonical(document: dict[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _digest(document: dict[str, Any], table: dict[str, Any], data: memoryview) -> str:
    """Cover document, names, types, shapes and bytes: a flip anywhere shows."""
    digest = hashlib.sha256(_canonical({"document": document, "table": table}).encode())
    digest.update(data)
    return digest.hexdigest()


def _checked_header(content: bytes, name: str) -> dict[str, Any]:
    if len(content) < _LENGTH.size:
        raise ModelFileError(name, _NOT_A_MODEL, _MAKE_ONE)
    start = _data_start(content)
    if start > _LENGTH.size + MAX_HEADER_BYTES:
        why = f"{_NOT_A_MODEL}: its header is said to be over {MAX_HEADER_BYTES // 1024} KB"
        raise ModelFileError(name, why, _MAKE_ONE)
    try:
        header = json.loads(content[_LENGTH.size : start].decode())
    except (ValueError, RecursionError) as error:
        raise ModelFileError(name, _NOT_A_MODEL, _MAKE_ONE) from error
    if not isinstance(header, dict):
        raise ModelFileError(name, _NOT_A_MODEL, _MAKE_ONE)
    return header


def _checked_document(metadata: object, name: str) -> dict[str, Any]:
    text = metadata.get(_METADATA_KEY) if isinstance(metadata, dict) and len(metadata) == 1 else None
    if not isinstance(text, str):
        raise ModelFileError(name, f"{_NOT_A_MODEL}, though a safetensors file", _MAKE_ONE)
    try:
        document = json.loads(text)
        # Only one spelling of a document is valid, so a flipped bit cannot hide in white space or digits.
        canonical = isinstance(document, dict) and _canonical(document) == text
    except (ValueError, RecursionError) as error:
        raise ModelFileError(name, f"{_DAMAGED}: its document is not JSON", _ANOTHER_COPY) from error
    if not canonical:
        raise ModelFileError(name, f"{_DAMAGED}: its document is not as it was written", _ANOTHER_COPY)
    version = document.get("format")
    if isinstance(version, int) and version > FORMAT_VERSION:
        why = f"written by a newer paintnet (format {version}, this one reads {FORMAT_VERSION})"
        raise ModelFileError(name, why, "upgrade with `pip install --upgrade paintnet`")
    if version != FORMAT_VERSION:
        raise ModelFileError(name, f"{_DAMAGED}: unknown format {version!r}", _ANOTHER_COPY)
    return dict(document)


def _check_table(table: dict[str, Any], name: str) -> None:
    parameters = 0
    for tensor, entry in table.items():
        shape = entry.get("shape") if isinstance(entry, dict) else None
        if (
            not _TENSOR_NAME.fullmatch(tensor)
            or not _is_shape(shape)
            or entry.get("dtype") not in TENSOR_TYPES
            or not _is_shape(entry.get("data_offsets"))
            or len(entry) != 3
        ):
            raise ModelFileError(name, f"{_DAMAGED}: unexpected tensor {tensor[:60]!r}", _ANOTHER_COPY)
        parameters += int(np.prod(shape, dtype=object)) if shape else 1
    layers = sum(".coefs." in tensor for tensor in table)
    if layers > MAX_LAYERS:
        raise ModelFileError(name, f"{layers} layers, more than {MAX_LAYERS}", "use fewer layers")
    if parameters > MAX_PARAMETERS:
        why = f"{parameters:,} parameters, more than {MAX_PARAMETERS:,}"
        raise ModelFileError(name, why, "use a smaller network")


def _is_shape(shape: object) -> bool:
    return isinstance(shape, list) and len(shape) <= 2 and all(type(n) is int and n >= 0 for n in shape)
