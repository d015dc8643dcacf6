"""Parts and their codecs: bytes from outside are checked before they are believed."""

import json
import struct
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest

from paintnet.files.parts import (
    CODECS,
    CODED,
    OF_TENSORS,
    ContainerError,
    OverLimitError,
    Part,
    canonical,
    decode_raw,
    decode_zlib,
)

PART = Part({"w": np.array([[0.5, -1.25]], dtype=np.float32), "v": np.array([2.0])}, {"of": "a test"})


def entry(begin: int, *shape: int, kind: str = "F32") -> dict[str, Any]:
    size = {"F32": 4, "F64": 8, "F16": 2, "BF16": 2, "I8": 1}[kind] * int(np.prod(shape, dtype=object))
    return {"dtype": kind, "shape": list(shape), "data_offsets": [begin, begin + size]}


def raw(table: Any, data: bytes = b"", document: str = "{}") -> bytes:
    text = table if isinstance(table, str) else json.dumps({"__metadata__": {"document": document}, **table})
    return struct.pack("<Q", len(text.encode())) + text.encode() + data


def refusal(data: bytes, n_bytes: int) -> str:
    with pytest.raises(ContainerError) as caught:
        decode_raw(data, n_bytes)
    return str(caught.value)


@pytest.mark.parametrize("name", OF_TENSORS)
def test_a_codec_gives_back_what_it_took(name: str) -> None:
    codec = CODECS[name]
    data = codec.encode(PART)
    assert codec.encode(PART) == data
    again = codec.decode(data, PART.n_bytes)
    assert again.document == PART.document
    assert {name: array.tolist() for name, array in again.tensors.items()} == {
        "w": [[0.5, -1.25]],
        "v": [2.0],
    }
    for wrong in (0, PART.n_bytes - 1, PART.n_bytes + 1):
        with pytest.raises(ContainerError):
            codec.decode(data, wrong)


def test_bytes_that_are_coded_already_stay_as_they_are() -> None:
    codec, part = CODECS[CODED], Part({CODED: np.arange(5, dtype=np.uint8)})
    data = codec.encode(part)
    assert data == bytes(range(5))
    assert codec.decode(data, part.n_bytes).tensors[CODED].tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(ContainerError, match="the length of a coded part"):
        codec.decode(data, 4)


@pytest.mark.parametrize(
    "table",
    [
        "",
        "[]",
        "{",
        "null",
        '{"__metadata__":1}',
        '{"__metadata__":{}}',
        "[" * 5000,
        '{"a":1}',
    ],
)
def test_a_table_that_is_none_is_refused(table: str) -> None:
    assert refusal(raw(table), 0) == "the table of a part is none"


@pytest.mark.parametrize("document", ["{", "", "[" * 30_000])
def test_a_document_that_is_not_json_is_refused(document: str) -> None:
    assert refusal(raw({}, document=document), 0) == "the table of a part is none"


def test_a_document_that_is_no_object_is_refused() -> None:
    assert refusal(raw({}, document="[]"), 0) == "the document of a part is no object"


@pytest.mark.parametrize(
    "value",
    [
        entry(0, 2, kind="F16"),
        entry(0, 2, kind="BF16"),
        entry(0, 4, kind="I8"),
        [0, 4],
        None,
        {"dtype": None},
    ],
)
def test_a_tensor_of_another_type_is_refused(value: Any) -> None:
    assert refusal(raw({"w": value}, bytes(4)), 4) == "unexpected tensor 'w'"


@pytest.mark.parametrize(
    "value",
    [
        {**entry(0, 1), "shape": [-1]},
        {**entry(0, 1), "shape": [1.5]},
        {**entry(0, 1), "shape": None},
        {**entry(0, 1), "shape": [2]},
        {**entry(0, 1), "shape": [2**62, 2**62]},
        {**entry(0, 1), "data_offsets": None},
        {**entry(0, 1), "data_offsets": [4, 0]},
        {**entry(0, 1), "data_offsets": [4, 8]},
        {"dtype": "F32", "shape": [1]},
        {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]},
    ],
    ids=str,
)
def test_a_tensor_that_does_not_fit_its_data_is_refused(value: Any) -> None:
    refusal(raw({"w": value}, bytes(4)), 4)


def test_one_name_twice_is_refused() -> None:
    line = json.dumps(entry(0, 1))
    text = '{"__metadata__":{"document":"{}"},"w":%s,"w":%s}'
    assert refusal(raw(text % (line, line), bytes(4)), 4) == "the table of a part is none"


def test_a_table_over_the_limit_is_refused() -> None:
    with pytest.raises(OverLimitError, match=r"^a table of 9,223,.* bytes, more than 65,536$"):
        decode_raw(struct.pack("<Q", 2**63 - 1) + b"{}", 0)


def test_a_bomb_is_stopped_where_it_swells_beyond_its_word() -> None:
    packed = zlib.compress(bytes(50_000_000), 9)
    assert len(packed) < 60_000
    tracemalloc.start()
    with pytest.raises(ContainerError, match="longer or shorter"):
        decode_zlib(packed, 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("data", [b"", b"x", zlib.compress(b"")[:-1], zlib.compress(b"") + b"x"])
def test_what_zlib_cannot_unpack_is_refused(data: bytes) -> None:
    with pytest.raises(ContainerError):
        decode_zlib(data, 0)


def test_canonical_json_has_no_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": float("nan")})
