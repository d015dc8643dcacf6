"""The container: what comes back, part by part, and what is refused before any of it is used."""

import hashlib
import io
import pickle
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from paintnet.files.container import Container, ForeignFileError, Layout, NewerFileError, encode_container
from paintnet.files.parts import CODECS, CODED, OF_TENSORS, ContainerError, OverLimitError, Part, canonical

LAYOUT = Layout("kind", 3, max_parts=8, max_part_bytes=1000, max_bytes=2000)
DOCUMENT: dict[str, Any] = {"title": 'ü "', "rate": 1e-7, "none": None}
PARTS = {
    "b": Part({"w": np.array([[0.5, -1.25], [3.0, 0.0]], dtype=np.float32), "v": np.array([1e-7, -2.0])}),
    "a.10": Part({"w": np.zeros((0, 3), np.float32)}, {"nested": {"list": [1, None]}}),
    "a.2": Part({}, {"of": "nothing"}),
}
CHECKSUM = "its checksum does not fit its content"


def encoded(
    document: Any = DOCUMENT, parts: Any = PARTS, layout: Layout = LAYOUT, codec: str = "raw"
) -> bytes:
    return b"".join(encode_container(document, parts, layout, codec))


def opened(content: bytes, layout: Layout = LAYOUT) -> Container:
    return Container(io.BytesIO(content), layout)


def read_all(content: bytes, layout: Layout = LAYOUT) -> dict[str, Part]:
    container = opened(content, layout)
    return {name: container.read(name) for name in container.names}


def with_header(header: object, data: bytes = b"") -> bytes:
    text = (header if isinstance(header, str) else canonical(header)).encode()  # type: ignore[arg-type]
    return struct.pack("<Q", len(text)) + text + data


def placed(begin: int, end: int) -> dict[str, Any]:
    return {"data_offsets": [begin, end], "dtype": "U8", "shape": [end - begin]}


def described(data: bytes, n_bytes: int = 4, codec: str = "raw") -> dict[str, Any]:
    return {"bytes": n_bytes, "codec": codec, "sha256": hashlib.sha256(data).hexdigest()}


def forged(table: Any, parts: Any, data: bytes = b"", **more: Any) -> bytes:
    """A file with right checksums, written without paintnet."""
    metadata = {"document": {}, "format": 3, "parts": parts, **more}
    digest = hashlib.sha256(canonical({"metadata": metadata, "table": table}).encode()).hexdigest()
    text = canonical({**metadata, "sha256": digest})
    return with_header({"__metadata__": {"kind": text}, **table}, data)


def holding(data: bytes, n_bytes: int, codec: str = "raw") -> bytes:
    """A forged file of one part."""
    return forged({"a": placed(0, len(data))}, {"a": described(data, n_bytes, codec)}, data)


def refusal(content: bytes, layout: Layout = LAYOUT) -> str:
    with pytest.raises(ContainerError) as caught:
        read_all(content, layout)
    return str(caught.value)


@pytest.mark.parametrize("codec", OF_TENSORS)
def test_what_was_written_comes_back(codec: str) -> None:
    container = opened(encoded(codec=codec))
    assert container.document == DOCUMENT
    assert container.names == ["a.10", "a.2", "b"]
    for name, part in PARTS.items():
        again = container.read(name)
        assert again.document == part.document
        assert again.tensors.keys() == part.tensors.keys()
        for key, array in part.tensors.items():
            assert again.tensors[key].dtype == array.dtype
            assert np.array_equal(again.tensors[key], array)
    with pytest.raises(KeyError):
        container.read("c")


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_.]{0,9}", fullmatch=True),
        st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=9),
        max_size=8,
    ),
    st.sampled_from(OF_TENSORS),
)
def test_any_parts_come_back(parts: dict[str, list[float]], codec: str) -> None:
    content = encoded(
        {}, {name: Part({"x": np.array(values)}) for name, values in parts.items()}, codec=codec
    )
    assert {name: part.tensors["x"].tolist() for name, part in read_all(content).items()} == parts


@pytest.mark.parametrize("codec", OF_TENSORS)
def test_equal_containers_give_equal_bytes_however_they_were_made(codec: str) -> None:
    content = encoded(codec=codec)
    reordered = {
        name: Part(
            {key: np.asfortranarray(array) for key, array in reversed(part.tensors.items())}, part.document
        )
        for name, part in reversed(PARTS.items())
    }
    assert encoded(dict(reversed(DOCUMENT.items())), reordered, codec=codec) == content
    assert encoded(opened(content).document, read_all(content), codec=codec) == content


def test_it_is_a_safetensors_file_whose_raw_parts_are_safetensors_files() -> None:
    stored = load_tensors(encoded())
    assert stored.keys() == PARTS.keys()
    assert np.array_equal(load_tensors(stored["b"].tobytes())["w"], PARTS["b"].tensors["w"])


def test_a_codec_is_used_only_when_asked_for_and_makes_the_file_smaller() -> None:
    flat = {"a": Part({"x": np.zeros(200, np.float32)})}
    assert b'\\"raw\\"' in encoded(parts=flat)
    assert len(encoded(parts=flat, codec="zlib")) < len(encoded(parts=flat)) - 700


def test_a_part_is_read_without_the_others() -> None:
    class Watched(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.taken += len(data)
            return data

    parts = {f"p.{k}": Part({"x": np.full(100, k, np.float64)}) for k in range(6)}
    layout = Layout("kind", 3, max_parts=8, max_part_bytes=1000, max_bytes=10_000)
    content = bytearray(encoded(parts=parts, layout=layout))
    content[-1] ^= 1  # the last part is damaged; nobody asks for it
    file = Watched(content)
    container = Container(file, layout)
    before = file.taken
    assert container.read("p.3").tensors["x"][7] == 3
    assert file.taken - before < 1100
    with pytest.raises(ContainerError, match=CHECKSUM):
        container.read("p.5")


def test_ten_thousand_parts_fit_and_are_found() -> None:
    layout = Layout("kind", 3, max_parts=10_000, max_part_bytes=1000, max_bytes=10**7)
    weights = np.arange(3, dtype=np.float32)
    parts = {f"patch.{k}": Part({"x": weights + np.float32(k)}) for k in range(10_000)}
    lines = [{"extent": [12_345.5, 12_345.5, 12_445.5, 12_445.5]}] * 10_000
    content = encoded({"patches": lines}, parts, layout)
    container = opened(content, layout)
    assert len(container.document["patches"]) == len(container.names) == 10_000
    assert container.read("patch.9999").tensors["x"].tolist() == [9999, 10_000, 10_001]


def test_cut_short_anywhere_it_is_refused() -> None:
    content = encoded()
    for end in range(len(content)):
        refusal(content[:end])
    assert refusal(content[:-1]) == refusal(content + b"\0") == "its length does not fit its header"


@pytest.mark.parametrize("codec", CODECS)
def test_with_any_bit_flipped_it_is_refused(codec: str) -> None:
    parts = PARTS if codec in OF_TENSORS else {"a": Part({CODED: np.arange(40, dtype=np.uint8)})}
    content = bytearray(encoded(parts=parts, codec=codec))
    assert len(content) < 2000
    for position in range(len(content)):
        for bit in range(8):
            content[position] ^= 1 << bit
            refusal(bytes(content))
            content[position] ^= 1 << bit
    read_all(bytes(content))


def test_with_any_byte_made_white_space_gone_or_doubled_it_is_refused() -> None:
    content = encoded()
    for position, byte in enumerate(content):
        for other in b" \t\n\r":
            if byte != other:
                refusal(content[:position] + bytes([other]) + content[position + 1 :])
        refusal(content[:position] + content[position + 1 :])
        refusal(content[:position] + content[position : position + 1] + content[position:])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        pickle.dumps({"weights": [1.0, 2.0]}),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        struct.pack("<Q", 10),
        with_header("[" * 10_000 + "]" * 10_000),
        with_header("[]"),
        with_header('{"a":' + "9" * 5000 + "}"),
        struct.pack("<Q", 2) + b"\xff\xff",
        struct.pack("<Q", 9) + b"{}",
    ],
    ids=["empty", "zip", "pickle", "png", "no header", "deep", "list", "long number", "not text", "short"],
)
def test_another_kind_of_file_is_refused(content: bytes) -> None:
    with pytest.raises(ForeignFileError):
        opened(content, Layout("kind", 3, 1000, 10, 10))


def test_a_safetensors_file_of_another_kind_is_told_as_such() -> None:
    weights = {"w": np.zeros(3)}
    for content in (
        save_tensors(weights),
        save_tensors(weights, metadata={"format": "pt"}),
        encoded(layout=Layout("another", 3, 8, 1000, 2000)),
        with_header({"__metadata__": {"kind": canonical({"format": 3}), "more": "x"}}),
        with_header({"__metadata__": {"kind": {}}}),
    ):
        with pytest.raises(ForeignFileError, match=r"^, though a safetensors file$"):
            opened(content)


@pytest.mark.parametrize("length", [LAYOUT.max_header_bytes + 1, 2**40, 2**64 - 1])
def test_a_huge_header_is_refused_unread(length: int) -> None:
    with pytest.raises(ForeignFileError, match=r"^: its header is said to be over 67 KB$"):
        opened(struct.pack("<Q", length) + b"{}")


def test_a_later_version_or_an_unknown_codec_is_newer() -> None:
    with pytest.raises(NewerFileError, match=r"^format 4, this one reads up to 3$"):
        opened(forged({}, {}, format=4))
    with pytest.raises(NewerFileError, match=r"^codec 'neural', this one knows raw, zlib, packed, coded$"):
        opened(holding(b"1234", 4, codec="neural"))


@pytest.mark.parametrize("version", [0, -1, "1", None, [1], True, 1.5])
def test_an_unknown_version_is_refused(version: object) -> None:
    assert refusal(forged({}, {}, format=version)) == f"unknown format {version!r}"


def test_a_document_in_another_spelling_or_none_is_refused() -> None:
    for text in ('{"format": 3}', '{"format":3,"format":3}', '{"z":1,"format":3}', "[1]", "1"):
        content = with_header({"__metadata__": {"kind": text}})
        assert refusal(content) == "its document is not as it was written"
    for text in ("{", "", '{"a":1e999}', '{"a":NaN}', '{"a":' + "[" * 20_000):
        assert refusal(with_header({"__metadata__": {"kind": text}})) == "its document is not JSON"
    for text in (
        '{"format":3}',
        '{"document":[],"format":3,"parts":{}}',
        '{"document":{},"format":3,"parts":1}',
    ):
        content = with_header({"__metadata__": {"kind": text}})
        assert refusal(content) == "its document lacks a part of itself"


def test_no_depth_of_nesting_brings_more_than_a_refusal() -> None:
    for depth in range(800, 1100, 3):
        text = '{"document":{"a":' + "[" * depth + "]" * depth + '},"format":3,"parts":{}}'
        assert refusal(with_header({"__metadata__": {"kind": text}})).startswith("its ")


@pytest.mark.parametrize(
    ("name", "place", "line"),
    [
        ("../a", placed(0, 4), described(b"")),
        ("A", placed(0, 4), described(b"")),
        ("a" * 65, placed(0, 4), described(b"")),
        ("a", None, described(b"")),
        ("a", [], described(b"")),
        ("a", placed(0, 4), None),
        ("a", placed(4, 0), described(b"")),
        ("a", placed(-4, 0), described(b"")),
        ("a", {**placed(0, 4), "data_offsets": [0]}, described(b"")),
        ("a", {**placed(0, 4), "data_offsets": [0, 4.0]}, described(b"")),
        ("a", {**placed(0, 4), "data_offsets": [False, True]}, described(b"")),
        ("a", placed(0, 4), {**described(b""), "bytes": -1}),
        ("a", placed(0, 4), {**described(b""), "codec": 1}),
        ("a", placed(0, 4), {**described(b""), "sha256": "0" * 63}),
        ("a", placed(0, 4), {**described(b""), "sha256": "G" * 64}),
    ],
)
def test_an_unexpected_part_is_refused(name: str, place: Any, line: Any) -> None:
    assert refusal(forged({name: place}, {name: line}, bytes(4))) == f"unexpected part {name[:60]!r}"


@pytest.mark.parametrize("changes", [{"dtype": "F32"}, {"shape": [2, 2]}, {"shape": None}, {"more": 1}])
def test_a_place_in_another_spelling_is_refused(changes: Any) -> None:
    assert refusal(forged({"a": placed(0, 4) | changes}, {"a": described(bytes(4))}, bytes(4))) == CHECKSUM


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"a": placed(0, 4), "b": placed(0, 4)}, "its parts do not lie one after the other"),
        ({"a": placed(0, 4), "b": placed(2, 6)}, "its parts do not lie one after the other"),
        ({"a": placed(4, 8), "b": placed(0, 4)}, "its parts do not lie one after the other"),
        ({"a": placed(1, 4), "b": placed(4, 8)}, "its parts do not lie one after the other"),
        ({"a": placed(0, 4), "b": placed(4, 6)}, "its length does not fit its header"),
        ({"a": placed(0, 4), "b": placed(4, 900)}, "its length does not fit its header"),
        ({"a": placed(0, 8)}, "its table does not fit its document"),
    ],
    ids=["same place", "overlapping", "backwards", "gap", "data left", "data short", "one missing"],
)
def test_places_that_do_not_fit_the_data_are_refused(table: dict[str, Any], message: str) -> None:
    lines = {"a": described(bytes(4)), "b": described(bytes(4))}
    assert refusal(forged(table, lines, bytes(8))) == message


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_a_number_that_is_not_finite_is_refused(value: float, kind: str) -> None:
    part = Part({"w": np.array([[0.0, value]], dtype=kind)})
    assert refusal(encoded(parts={"a": part})) == "it holds numbers that are not finite"


def test_what_is_over_a_limit_is_neither_written_nor_read() -> None:
    one = Part({"x": np.zeros(100)})
    wide = Layout("kind", 3, max_parts=100, max_part_bytes=10_000, max_bytes=100_000)
    for parts, message in (
        ({f"a.{k}": Part({}) for k in range(9)}, "9 parts, more than 8"),
        ({"a": Part({"x": np.zeros(126)})}, "part a has more than 1,000 bytes"),
        (dict.fromkeys("abc", one), "2,400 bytes, more than 2,000"),
    ):
        assert refusal(encoded(parts=parts, layout=wide)) == message
        with pytest.raises(OverLimitError) as caught:
            encoded(parts=parts)
        assert str(caught.value) == message
    with pytest.raises(OverLimitError, match=r"^a header of 70,\d\d\d bytes, more than 68,736$"):
        encoded({"long": "x" * 70_000})
