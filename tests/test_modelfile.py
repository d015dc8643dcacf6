"""The container: what comes back, and what is refused before any of it is used."""

import hashlib
import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save as save_tensors

from paintnet.errors import ModelFileError
from paintnet.modelfile import Model, decode_model, encode_model, read_model, write_model

TENSORS = {
    "patch.0.coefs.0": np.array([[0.5, -1.25], [3.0, 0.0]], dtype=np.float32),
    "patch.0.intercepts.0": np.array([1e-7, -2.0]),
    "palette": np.array([[1.0], [0.25]], dtype=np.float32),
}
DOCUMENT: dict[str, Any] = {
    "mode": "classify",
    "size": [4, 3],
    "training": {"psnr": 31.25, "note": 'ü "', "none": None},
}
MODEL = Model(DOCUMENT, TENSORS)
NOT_ONE = "m: not a paintnet model; make one with `paintnet fit IMAGE -m FILE.paintnet`"
COPY = "; get a whole copy, or paint it again"
CHECKSUM = "m: damaged model: its checksum does not fit its content" + COPY


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def entry(begin: int, *shape: int, kind: str = "F32") -> dict[str, Any]:
    size = {"F32": 4, "F64": 8, "F16": 2}[kind] * int(np.prod(shape, dtype=object))
    return {"dtype": kind, "shape": list(shape), "data_offsets": [begin, begin + size]}


def forged(table: dict[str, Any], data: bytes = b"", document: object = None, **more: object) -> bytes:
    """A file with a right checksum, written without paintnet."""
    if not isinstance(document, str):
        document = {"format": 1, **(document or {}), **more}  # type: ignore[dict-item]
        covered = canonical({"document": document, "table": table}).encode() + data
        document["sha256"] = hashlib.sha256(covered).hexdigest()
        document = canonical(document)
    return with_header({"__metadata__": {"paintnet": document}, **table}, data)


def with_header(header: object, data: bytes = b"") -> bytes:
    content = (header if isinstance(header, str) else json.dumps(header)).encode()
    return struct.pack("<Q", len(content)) + content + data


def refusal(content: bytes) -> str:
    with pytest.raises(ModelFileError) as caught:
        decode_model(content, "m")
    return str(caught.value)


def test_what_was_written_comes_back() -> None:
    again = decode_model(encode_model(MODEL), "m")
    assert again.document == DOCUMENT
    assert again.tensors.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        assert again.tensors[name].dtype == array.dtype
        assert np.array_equal(again.tensors[name], array)


def test_equal_models_give_equal_bytes_however_they_were_made() -> None:
    content = encode_model(MODEL)
    assert encode_model(MODEL) == content
    assert encode_model(decode_model(content, "m")) == content
    reordered = Model(
        dict(reversed(DOCUMENT.items())),
        {name: np.asfortranarray(array) for name, array in reversed(TENSORS.items())},
    )
    assert encode_model(reordered) == content


def test_the_file_is_what_the_format_says() -> None:
    data = np.array([2.5], dtype="<f4").tobytes()
    model = decode_model(forged({"palette": entry(0, 1, 1)}, data, {"a": [1, None]}), "m")
    assert model.document == {"a": [1, None]}
    assert model.tensors["palette"].tolist() == [[2.5]]


def test_cut_short_anywhere_it_is_refused() -> None:
    content = encode_model(MODEL)
    for end in range(len(content)):
        refusal(content[:end])


def test_with_more_behind_it_is_refused() -> None:
    assert refusal(encode_model(MODEL) + b"\0") == CHECKSUM


def test_with_any_bit_flipped_it_is_refused() -> None:
    content = bytearray(encode_model(MODEL))
    assert len(content) < 1000
    for position in range(len(content)):
        for bit in range(8):
            content[position] ^= 1 << bit
            refusal(bytes(content))
            content[position] ^= 1 << bit
    decode_model(bytes(content), "m")


def test_with_any_byte_gone_or_doubled_it_is_refused() -> None:
    content = encode_model(MODEL)
    for position in range(len(content)):
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
    ],
    ids=["empty", "zip", "pickle", "png", "no header", "deep", "list", "long number", "not text"],
)
def test_another_kind_of_file_is_refused(content: bytes) -> None:
    message = refusal(content)
    assert message.startswith("m: not a paintnet model")
    assert message.endswith("; make one with `paintnet fit IMAGE -m FILE.paintnet`")


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "exploded",))

    path = tmp_path / "model.paintnet"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        path.write_bytes(pickle.dumps(Bomb(), protocol))
        with pytest.raises(ModelFileError, match="not a paintnet model"):
            read_model(path)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("length", [64 * 1024 + 1, 2**40, 2**64 - 1])
def test_a_huge_header_is_refused_unread(length: int) -> None:
    assert refusal(struct.pack("<Q", length) + b"{}") == (
        "m: not a paintnet model: its header is said to be over 64 KB; "
        "make one with `paintnet fit IMAGE -m FILE.paintnet`"
    )


def test_a_foreign_safetensors_file_is_refused() -> None:
    foreign = "m: not a paintnet model, though a safetensors file; "
    for content in (save_tensors(TENSORS), save_tensors(TENSORS, metadata={"format": "pt"})):
        assert refusal(content).startswith(foreign)
    two = {"paintnet": canonical({"format": 1}), "more": "x"}
    assert refusal(with_header({"__metadata__": two})).startswith(foreign)
    assert refusal(with_header({"__metadata__": {"paintnet": {}}})).startswith(foreign)


def test_a_newer_version_is_told_as_such() -> None:
    assert refusal(forged({}, document={"format": 2})) == (
        "m: written by a newer paintnet (format 2, this one reads 1); "
        "upgrade with `pip install --upgrade paintnet`"
    )


@pytest.mark.parametrize("version", [0, -1, "1", None, [1]])
def test_an_unknown_version_is_refused(version: object) -> None:
    assert refusal(forged({}, document={"format": version})) == (
        f"m: damaged model: unknown format {version!r}" + COPY
    )


@pytest.mark.parametrize(
    "document", ['{"format": 1}', '{"format":1,"format":1}', '{"z":1,"format":1}', "[1]", "1"]
)
def test_a_document_in_another_spelling_is_refused(document: str) -> None:
    assert refusal(forged({}, document=document)) == (
        "m: damaged model: its document is not as it was written" + COPY
    )


@pytest.mark.parametrize("document", ["{", "", '{"a":1e999}', '{"a":NaN}', '{"a":' + "[" * 20_000])
def test_a_document_that_is_not_json_is_refused(document: str) -> None:
    assert refusal(forged({}, document=document)) == "m: damaged model: its document is not JSON" + COPY


def test_no_depth_of_nesting_brings_more_than_a_refusal() -> None:
    for depth in range(800, 1100, 3):
        message = refusal(forged({}, document='{"a":' + "[" * depth + "]" * depth + ',"format":1}'))
        assert message.startswith("m: damaged model: its ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weights", entry(0, 1)),
        ("patch.0.coefs.0.more", entry(0, 1)),
        ("patch.-1.coefs.0", entry(0, 1)),
        ("../palette", entry(0, 1)),
        ("palette", entry(0, 1, kind="F16")),
        ("palette", {**entry(0, 1), "dtype": ["F32"]}),
        ("palette", entry(0, 1, 1, 1)),
        ("palette", {**entry(0, 1), "shape": [-1]}),
        ("palette", {**entry(0, 1), "shape": [True]}),
        ("palette", {**entry(0, 1), "shape": [1.0]}),
        ("palette", {**entry(0, 1), "shape": None}),
        ("palette", {**entry(0, 1), "data_offsets": [0, float("nan")]}),
        ("palette", {**entry(0, 1), "data_offsets": None}),
        ("palette", {**entry(0, 1), "more": 1}),
        ("palette", {**entry(0, 1), "more": float("nan")}),
        ("palette", {"dtype": "F32", "shape": [1]}),
        ("palette", [0, 4]),
        ("palette", None),
    ],
)
def test_an_unexpected_tensor_is_refused(name: str, value: object) -> None:
    content = forged({name: value}, bytes(4))
    assert refusal(content) == f"m: damaged model: unexpected tensor {name!r}" + COPY


@pytest.mark.parametrize(
    "table",
    [
        {"palette": entry(0, 1), "patch.0.intercepts.0": entry(0, 1)},
        {"palette": entry(0, 1), "patch.0.intercepts.0": entry(2, 1)},
        {"palette": entry(4, 1)},
        {"palette": entry(0, 1)},
        {"palette": entry(0, 3)},
        {"palette": {**entry(0, 2), "shape": [1]}},
        {"palette": {**entry(0, 2), "data_offsets": [8, 0]}},
    ],
    ids=["same place", "overlapping", "gap", "data left", "data short", "wrong size", "backwards"],
)
def test_offsets_that_do_not_fit_the_data_are_refused(table: dict[str, Any]) -> None:
    message = refusal(forged(table, bytes(8)))
    assert message.startswith("m: damaged model: ")
    assert message != CHECKSUM
    assert message.endswith(COPY)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_a_number_that_is_not_finite_is_refused(value: float, kind: str) -> None:
    tensors = TENSORS | {"patch.0.coefs.0": np.array([[0.0, value]], dtype=kind)}
    message = "m: damaged model: it holds numbers that are not finite" + COPY
    assert refusal(encode_model(Model(DOCUMENT, tensors))) == message


def test_too_many_layers_are_refused() -> None:
    def layers(count: int) -> bytes:
        names = [f"patch.{i // 50}.coefs.{i % 50}" for i in range(count)]
        return forged({name: entry(4 * i, 1) for i, name in enumerate(names)}, bytes(4 * count))

    assert len(decode_model(layers(64), "m").tensors) == 64
    assert refusal(layers(65)) == "m: 65 layers, more than 64; use fewer layers"


@pytest.mark.parametrize("shapes", [[(10_000, 10_001)], [(60_000_000,), (40_000_000, 2)], [(10**12, 10**12)]])
def test_too_many_parameters_are_refused_before_they_are_made(shapes: list[tuple[int, ...]]) -> None:
    table = {f"patch.0.coefs.{k}": entry(0, *shape) for k, shape in enumerate(shapes)}
    total = sum(int(np.prod(shape, dtype=object)) for shape in shapes)
    assert refusal(forged(table)) == (
        f"m: {total:,} parameters, more than 100,000,000; use a smaller network"
    )


def test_a_file_is_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "a.paintnet"
    write_model(path, MODEL)
    assert path.read_bytes() == encode_model(MODEL)
    assert read_model(path).document == DOCUMENT
    assert [p.name for p in tmp_path.iterdir()] == ["a.paintnet"]


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    make_one = "; make one with `paintnet fit IMAGE -m FILE.paintnet`"
    for path, reason in ((tmp_path / "none", "no such file"), (tmp_path, "not a regular file")):
        with pytest.raises(ModelFileError) as caught:
            read_model(path)
        assert str(caught.value) == f"{path}: {reason}{make_one}"


def test_a_large_foreign_file_is_refused_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)  # sparse: it takes no room, and reading it whole would take a minute
    with pytest.raises(ModelFileError, match="not a paintnet model"):
        read_model(path)


def test_a_file_over_the_cap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.paintnet"
    path.write_bytes(encode_model(MODEL) + bytes(2**17))
    monkeypatch.setattr("paintnet.modelfile.MAX_PARAMETERS", 100)
    largest = 8 + 64 * 1024 + 800
    with pytest.raises(ModelFileError) as caught:
        read_model(path)
    assert str(caught.value) == f"{path}: larger than {largest:,} bytes; use a smaller network"
