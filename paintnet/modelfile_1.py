"""Files of format version 1, which are read for ever and no longer written.

They hold one patch, all tensors in one table, and one SHA-256 over everything.
What is read comes back as the document and the parts of today's format.
"""

import hashlib
import re
from typing import Any, BinaryIO

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors

from paintnet.encoding.extent import Extent
from paintnet.files.container import Header
from paintnet.files.parts import LENGTH_BYTES, TENSOR_TYPES, ContainerError, OverLimitError, Part, canonical

MAX_HEADER_BYTES = 64 * 1024
MAX_LAYERS = 64
MAX_PARAMETERS = 100_000_000

_TENSOR_NAME = re.compile(
    r"palette|patch\.\d{1,6}\.(coefs\.\d{1,2}|intercepts\.\d{1,2}|encoding\.[a-z_]{1,32})"
)


def read_version_1(header: Header, file: BinaryIO) -> tuple[dict[str, Any], dict[str, Part]]:
    """Check a file of version 1, whose header has been read, and take it apart.

    Raises
    ------
    ContainerError
        If anything about it is not as it was written, or over a limit of its time.
    """
    if len(header.content) > MAX_HEADER_BYTES:
        raise OverLimitError(f"a header of {len(header.content):,} bytes, more than {MAX_HEADER_BYTES:,}")
    _check_table(header.table)
    largest = 8 * MAX_PARAMETERS
    data = file.read(largest + 1)
    if len(data) > largest:
        raise OverLimitError(f"larger than {header.data_start + largest:,} bytes")
    document = dict(header.document)
    _check_digest(document, header.table, data)
    content = len(header.content).to_bytes(LENGTH_BYTES, "little") + header.content + data
    try:
        tensors = load_tensors(content)
    except SafetensorError as error:
        raise ContainerError(str(error)) from error
    if not all(np.isfinite(array).all() for array in tensors.values()):
        raise ContainerError("it holds numbers that are not finite")
    return _as_today(document, tensors)


def _check_table(table: dict[str, Any]) -> None:
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
            raise ContainerError(f"unexpected tensor {tensor[:60]!r}")
        parameters += int(np.prod(shape, dtype=object)) if shape else 1
    layers = sum(".coefs." in tensor for tensor in table)
    if layers > MAX_LAYERS:
        raise OverLimitError(f"{layers} layers, more than {MAX_LAYERS}")
    if parameters > MAX_PARAMETERS:
        raise OverLimitError(f"{parameters:,} parameters, more than {MAX_PARAMETERS:,}")


def _is_shape(shape: object) -> bool:
    return isinstance(shape, list) and len(shape) <= 2 and all(type(n) is int and n >= 0 for n in shape)


def _check_digest(document: dict[str, Any], table: dict[str, Any], data: bytes) -> None:
    """Hold document, names, types, shapes and bytes against the checksum, which is taken off."""
    stated = document.pop("sha256", None)
    try:
        digest = hashlib.sha256(canonical({"document": document, "table": table}).encode())
    except RecursionError:  # nested to the last level that JSON can be read at; only a forger does that
        digest = hashlib.sha256()
    digest.update(data)
    if stated != digest.hexdigest():
        raise ContainerError("its checksum does not fit its content")


def _as_today(document: dict[str, Any], tensors: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Part]]:
    (patch,) = document["patches"]
    n_layers = sum(name.startswith("patch.0.coefs.") for name in tensors)
    if patch.pop("layers") != n_layers:
        raise ValueError(f"{n_layers} layers are there")
    parts: dict[str, Part] = {}
    if "palette" in tensors:
        parts["palette"] = Part({"palette": tensors.pop("palette")})
    prefix = "patch.0."
    if unexpected := sorted(name for name in tensors if not name.startswith(prefix)):
        raise ValueError(f"unexpected tensors {unexpected}")
    parts["patch.0"] = Part({name.removeprefix(prefix): tensors[name] for name in tensors}, patch)
    width, height = document["size"]
    document["patches"] = [{"extent": Extent.of_picture(width, height).to_list()}]
    del document["format"]
    if document["training"] == {}:
        del document["training"]
    return document, parts
