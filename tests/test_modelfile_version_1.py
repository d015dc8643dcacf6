"""Files of format version 1 stay readable for ever.

The files in tests/version_1 were written by the paintnet of that version, which nobody can
make again: they must never be regenerated. Beside each stands what it painted then.
"""

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paintnet
from paintnet.errors import ModelFileError
from paintnet.painting import Painting

FOLDER = Path(__file__).parent / "version_1"
FILES = sorted(FOLDER.glob("*.paintnet"))
WHOLE = (FOLDER / "raw.paintnet").read_bytes()
COPY = "; get an intact copy, or paint it again"
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
        Painting.from_bytes(content, "m")
    return str(caught.value)


def test_every_encoding_and_mode_has_its_file() -> None:
    assert [path.stem for path in FILES] == ["alpha", "classify", "raw", "regress"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_of_version_1_paints_what_it_painted_then(path: Path) -> None:
    known = json.loads(path.with_suffix(".json").read_text())
    painting = paintnet.load(path)
    assert (painting.mode, painting.channels) == (known["mode"], known["channels"])
    assert [painting.width, painting.height] == known["size"]
    assert list(painting.patches[0].network.layers) == known["layers"]
    assert painting.training.to_document() == known["training"]
    if known["palette"] is None:
        assert painting.palette is None
    else:
        np.testing.assert_allclose(painting.palette, known["palette"], rtol=1e-6)
    np.testing.assert_allclose(painting.predict(known["xy"]), known["predicted"], atol=1e-5)
    # The picture was rendered as the function's values at the centers of 5 x 3 pixels.
    across = (np.arange(5) + 0.5) * painting.width / 5 - 0.5
    down = (np.arange(3) + 0.5) * painting.height / 3 - 0.5
    centers = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)
    expected = np.array(known["rendered"])
    np.testing.assert_allclose(painting.predict(centers), expected.reshape(15, -1), atol=1e-5)
    np.testing.assert_allclose(painting.render(size=(5, 3)), expected, atol=1e-5)


def test_cut_short_anywhere_or_longer_it_is_refused() -> None:
    for end in range(len(WHOLE)):
        refusal(WHOLE[:end])
    assert refusal(WHOLE + b"\0") == CHECKSUM


def test_with_a_bit_of_any_byte_flipped_it_is_refused() -> None:
    content = bytearray(WHOLE)
    for position in range(len(content)):
        bit = 1 << position % 8
        content[position] ^= bit
        refusal(bytes(content))
        content[position] ^= bit


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
def test_a_number_that_is_not_finite_is_refused(value: float) -> None:
    content = forged({"palette": entry(0, 1)}, np.array([value], "<f4").tobytes())
    assert refusal(content) == "m: damaged model: it holds numbers that are not finite" + COPY


def test_too_many_layers_are_refused() -> None:
    names = [f"patch.{i // 50}.coefs.{i % 50}" for i in range(65)]
    content = forged({name: entry(4 * i, 1) for i, name in enumerate(names)}, bytes(4 * 65))
    assert refusal(content) == "m: 65 layers, more than 64; use a smaller network"


@pytest.mark.parametrize("shapes", [[(10_000, 10_001)], [(60_000_000,), (40_000_000, 2)], [(10**12, 10**12)]])
def test_too_many_parameters_are_refused_before_they_are_made(shapes: list[tuple[int, ...]]) -> None:
    table = {f"patch.0.coefs.{k}": entry(0, *shape) for k, shape in enumerate(shapes)}
    total = sum(int(np.prod(shape, dtype=object)) for shape in shapes)
    assert refusal(forged(table)) == (
        f"m: {total:,} parameters, more than 100,000,000; use a smaller network"
    )


def test_its_header_has_the_limit_of_its_time() -> None:
    assert refusal(forged({}, more="x" * 70_000)).startswith("m: a header of 70,")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({}, "KeyError: 'patches'"),
        ({"patches": []}, "ValueError: not enough values to unpack"),
        ({"patches": [{"layers": 1}]}, "ValueError: 0 layers are there"),
        ({"patches": [{"layers": 0}], "size": [2]}, "ValueError: not enough values to unpack"),
        ({"patches": [{"layers": 0}], "size": [2, 2]}, "KeyError: 'training'"),
        ({"patches": [{"layers": 0}], "size": [2, 2], "training": {}}, "KeyError: 'encoding'"),
    ],
)
def test_a_document_that_is_no_painting_is_refused(document: dict[str, Any], reason: str) -> None:
    assert refusal(forged({}, document=document)).startswith(f"m: damaged model: {reason}")


def test_a_second_patch_is_refused() -> None:
    content = forged({"patch.1.coefs.0": entry(0, 1)}, bytes(4), {"patches": [{"layers": 0}], "size": [1, 1]})
    assert "unexpected tensors ['patch.1.coefs.0']" in refusal(content)
