"""Models that were changed and sealed again: right in every checksum, wrong in what they say."""

import hashlib
import io
import random
from collections.abc import Callable
from typing import Any

import numpy as np

from paintnet.coding.coded import read_varint
from paintnet.files.container import Container, encode_container
from paintnet.files.parts import CODED, OF_TENSORS, ContainerError, Part
from paintnet.model_parts import LAYOUT
from paintnet.smallfile import CHECK_BYTES, MAGIC
from tools.fuzz.mutations import mutated

_MOST_STEPS = 4
_NUMBERS = (0.0, -0.0, 1e-45, 0.5, 1.0000001, -1.0, 255.0, 1e9, 1e18, -1e19, 3e38, -3.4e38, 1e308, -1e-308)
_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        "",
        "regress",
        "classify",
        "softmax",
        "identity",
        "logistic",
        "relu",
        "area",
        "grid",
        "raw",
    ),
    *(0, 1, -1, 2, 3, 4, 2**31, -(2**31), 2**63, 10**30, 0.5, 1e-300, 1e300, -1e300, 5e-324, [], {}, [[]]),
    *([1, 2], {"name": "grid"}, {"name": "hash"}, "\x1b[2J", "caf\u00e9", "\ud800"),
)

Parts = dict[str, Part]
Step = Callable[[random.Random, dict[str, Any], Parts], None]


def damaged_model(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Damage the bytes of a model, or forge one, each half of the time."""
    return (forged if chance.random() < 0.5 else mutated)(data, other, chance)


def damaged_small(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Damage a small file; most of the time its checksum is made right again, so that damage goes deeper."""
    damaged = mutated(data, other, chance)
    return _sealed(damaged) if chance.random() < 0.8 else damaged


def _sealed(data: bytes) -> bytes:
    """Make the checksum of a small file right, where it has the numbers before it."""
    begin = at = len(MAGIC) + 1
    try:
        for _ in range(3):
            at += read_varint(data[at : at + 5])[1]
    except ValueError:
        return data
    end = at + CHECK_BYTES
    check = hashlib.sha256(data[begin:at] + data[end:]).digest()[:CHECK_BYTES]
    return data[:at] + check + data[end:]


def forged(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Change what a model says, and write it as if it had always been so.

    Parameters
    ----------
    data : bytes
        The model.
    other : bytes
        Another one, from which parts are taken.
    chance : random.Random
        Decides everything; the same one gives the same forgery.

    Returns
    -------
    bytes
        The model as it was where what came of it cannot be written.
    """
    document, parts = _opened(data)
    foreign = _opened(other)[1]
    for _ in range(chance.randint(1, _MOST_STEPS)):
        if chance.random() < 0.05:
            name = chance.choice(sorted(foreign))
            parts[chance.choice([name, *sorted(parts)])] = foreign[name]
        else:
            chance.choice(_STEPS)(chance, document, parts)
    are_coded = bool(parts) and all(CODED in part.tensors for part in parts.values())
    codec = CODED if are_coded else chance.choice(sorted(OF_TENSORS))
    try:
        return b"".join(encode_container(document, parts, LAYOUT, codec))
    except (ContainerError, ValueError, TypeError):
        return data


def _opened(data: bytes) -> tuple[dict[str, Any], Parts]:
    container = Container(io.BytesIO(data), LAYOUT)
    return container.document, {name: container.read(name) for name in container.names}


def _number(chance: random.Random, document: dict[str, Any], parts: Parts) -> None:
    """Put a number where others are, or everywhere."""
    part, name, array = _tensor(chance, parts)
    with np.errstate(over="ignore"):
        value = array.dtype.type(chance.choice(_NUMBERS))
    if not np.isfinite(value):  # refused long before anything is computed
        value = np.finfo(array.dtype).max
    changed = array.copy()
    if changed.size:
        changed.flat[:: chance.choice((1, 1, 2, chance.randint(1, changed.size)))] = value
    part.tensors[name] = changed


def _scale(chance: random.Random, document: dict[str, Any], parts: Parts) -> None:
    """Make all numbers of a tensor huge or tiny."""
    part, name, array = _tensor(chance, parts)
    limit = np.finfo(array.dtype).max
    with np.errstate(all="ignore"):
        scaled = array * array.dtype.type(chance.choice((-1, 1e-30, 1e6, 1e15, 1e30, 1e38)))
    part.tensors[name] = np.clip(np.nan_to_num(scaled), -limit, limit)


def _reshape(chance: random.Random, document: dict[str, Any], parts: Parts) -> None:
    """Give a tensor another shape or type."""
    part, name, array = _tensor(chance, parts)
    ways: tuple[Callable[[], np.ndarray], ...] = (
        lambda: array[:0],
        lambda: array[:-1],
        lambda: array[..., :-1],
        lambda: array.T,
        lambda: array[None],
        lambda: array.ravel(),
        lambda: np.concatenate([array, array]),
        lambda: np.concatenate([array, array], axis=-1),
        lambda: array.astype(np.float64 if array.dtype == np.float32 else np.float32),
    )
    with np.errstate(over="ignore"):
        part.tensors[name] = np.nan_to_num(np.ascontiguousarray(chance.choice(ways)()))


def _rename(chance: random.Random, document: dict[str, Any], parts: Parts) -> None:
    """Take a tensor or a part away, or give it another name."""
    part, name, array = _tensor(chance, parts)
    names = ("", "coefs.7", "coefs.0", "intercepts.1", "encoding.frequencies", "palette", "x")
    if chance.random() < 0.3:
        taken = parts.pop(chance.choice(sorted(parts)))
        parts[chance.choice(("patch.0", "patch.1", "patch.00", "palette", "x"))] = taken
    else:
        del part.tensors[name]
        part.tensors[chance.choice(names)] = array


def _say(chance: random.Random, document: dict[str, Any], parts: Parts) -> None:
    """Put another value somewhere in a document."""
    place: Any = chance.choice([document, *(parts[name].document for name in sorted(parts))])
    while True:
        keys: list[Any] = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = chance.choice(keys)
        if isinstance(place[key], dict | list) and place[key] and chance.random() < 0.7:
            place = place[key]
            continue
        if chance.random() < 0.1:
            del place[key]
        else:
            place[key] = chance.choice(_VALUES)
        return


def _more(chance: random.Random, document: dict[str, Any], parts: Parts) -> None:
    """Add another patch, somewhere."""
    patches = document.get("patches")
    if not isinstance(patches, list) or not isinstance(parts.get("patch.0"), Part):
        return
    left, top = (chance.choice((-(2.0**31), -5.0, 0.0, 3.0, 8.0)) for _ in range(2))
    right, bottom = (low + chance.choice((0.0, 1e-9, 4.0, 2.0**31)) for low in (left, top))
    parts[f"patch.{len(patches)}"] = parts["patch.0"]
    patches.append({"extent": [left, top, right, bottom]})


_STEPS: tuple[Step, ...] = (_number, _number, _scale, _scale, _reshape, _rename, _say, _say, _say, _more)


def _tensor(chance: random.Random, parts: Parts) -> tuple[Part, str, np.ndarray]:
    part = parts[chance.choice(sorted(parts))]
    if not part.tensors:
        part.tensors["x"] = np.zeros(3, np.float32)
    name = chance.choice(sorted(part.tensors))
    return part, name, part.tensors[name]
