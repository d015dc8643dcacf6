"""The .paintnet file: what comes back, what is refused, and in which words."""

import io
import pickle
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save as save_tensors

from paintnet.encoding.extent import Extent
from paintnet.encoding.raw import RawMap
from paintnet.errors import ModelFileError, SettingsError
from paintnet.files.container import Container, Layout, encode_container
from paintnet.files.parts import Part
from paintnet.model_parts import LAYOUT, MAX_LAYERS
from paintnet.modelfile import (
    Model,
    decode_model,
    encode_model,
    read_model,
    receive_model,
    write_model,
)
from paintnet.network import Network
from paintnet.patches import Patch
from tests.records import a_record

NOT_ONE = "m: not a paintnet model; give a file that a painting was saved to"
COPY = "; get an intact copy, or paint it again"


def patch(left: float, layers: tuple[int, ...] = (3,), outputs: int = 1, output: str = "identity") -> Patch:
    extent = Extent(left, 0.0, left + 20.0, 9.0)
    sizes = (2, *layers, outputs)
    rng = np.random.default_rng(int(left))
    coefs = tuple(rng.normal(size=(m, n)).astype(np.float32) for m, n in pairwise(sizes))
    intercepts = tuple(rng.normal(size=n) for n in sizes[1:])
    return Patch(Network(RawMap(extent), coefs, intercepts, "tanh", output), extent)


MODEL = Model("regress", 33, 10, 1, (patch(0.0), patch(12.0)), None, a_record(psnr=np.inf))


def parts_of(model: Model) -> tuple[dict[str, Any], dict[str, Part]]:
    container = Container(io.BytesIO(encode_model(model)), LAYOUT)
    return container.document, {name: container.read(name) for name in container.names}


def changed(document: dict[str, Any], parts: dict[str, Part | None]) -> bytes:
    """The file of the model with some of it put in place of what was there; None takes a part out."""
    known, known_parts = parts_of(MODEL)
    kept = {name: part for name, part in (known_parts | parts).items() if part is not None}
    return b"".join(encode_container(known | document, kept, LAYOUT))


def refusal(content: bytes) -> str:
    with pytest.raises(ModelFileError) as caught:
        decode_model(content, "m", Model)
    return str(caught.value)


@pytest.mark.parametrize("codec", ["raw", "zlib"])
def test_what_was_written_comes_back(codec: str) -> None:
    again = decode_model(encode_model(MODEL, codec), "m", Model)
    assert (again.mode, again.width, again.height, again.channels) == ("regress", 33, 10, 1)
    assert again.palette is None
    assert again.training == MODEL.training
    for one, other in zip(again.patches, MODEL.patches, strict=True):
        assert one.extent == other.extent
        assert one.network.encoding == other.network.encoding
        assert [array.dtype for array in one.network.arrays] == [np.float32] * 2 + [np.float64] * 2
        assert all(map(np.array_equal, one.network.arrays, other.network.arrays))
    assert encode_model(again, codec) == encode_model(MODEL, codec)


def test_a_file_says_what_the_format_says() -> None:
    document, parts = parts_of(MODEL)
    assert document["patches"] == [
        {"extent": [0.0, 0.0, 20.0, 9.0], "parameters": 13},
        {"extent": [12.0, 0.0, 32.0, 9.0], "parameters": 13},
    ]
    assert document["size"] == [33, 10]
    assert document["training"]["psnr"] is None
    assert parts.keys() == {"patch.0", "patch.1"}
    assert parts["patch.1"].tensors.keys() == {"coefs.0", "coefs.1", "intercepts.0", "intercepts.1"}
    assert parts["patch.1"].document["activation"] == "tanh"
    palette = np.array([[0.0], [1.0]], np.float32)
    document, parts = parts_of(Model("classify", 20, 9, 1, (patch(0, output="logistic"),), palette))
    assert "training" not in document
    assert np.array_equal(parts["palette"].tensors["palette"], palette)


def test_a_mosaic_is_not_bound_to_the_layers_of_one_network() -> None:
    many = tuple(patch(12.0 * k, (2,) * 7) for k in range(200))
    model = Model("regress", 2400, 10, 1, many)
    assert len(decode_model(encode_model(model), "m", Model).patches) == 200
    deep = Model("regress", 20, 9, 1, (patch(0, (1,) * MAX_LAYERS),))
    assert refusal(encode_model(deep)) == "m: 65 layers, more than 64; use a smaller network"


def test_an_unknown_codec_is_a_setting_that_cannot_be_used() -> None:
    with pytest.raises(SettingsError) as caught:
        encode_model(MODEL, "zip")
    assert str(caught.value) == "codec: unknown name 'zip'; use one of raw, zlib, packed"


def test_another_kind_of_file_is_refused() -> None:
    for content in (b"", b"PK\x03\x04", pickle.dumps({"weights": [1.0]}), b"\x89PNG\r\n\x1a\n" + bytes(100)):
        message = refusal(content)
        assert message.startswith("m: not a paintnet model")
        assert message.endswith("; give a file that a painting was saved to")
    assert refusal(b"") == NOT_ONE
    foreign = NOT_ONE.replace("model;", "model, though a safetensors file;")
    assert refusal(save_tensors({"w": np.zeros(3)})) == foreign


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "exploded",))

    path = tmp_path / "model.paintnet"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        path.write_bytes(pickle.dumps(Bomb(), protocol))
        with pytest.raises(ModelFileError, match="not a paintnet model"):
            read_model(path, Model)
    assert not (tmp_path / "exploded").exists()


def test_a_huge_header_is_refused_unread() -> None:
    assert refusal(struct.pack("<Q", 2**62) + b"{}") == (
        "m: not a paintnet model: its header is said to be over 3,970 KB; "
        "give a file that a painting was saved to"
    )


def test_a_newer_version_is_told_as_such() -> None:
    newer = Layout("paintnet", 4, 9, 9, 9)
    assert refusal(b"".join(encode_container({}, {}, newer))) == (
        "m: written by a newer paintnet (format 4, this one reads up to 3); "
        "upgrade with `pip install --upgrade paintnet`"
    )


def test_a_flipped_bit_is_damage() -> None:
    content = bytearray(encode_model(MODEL))
    content[-1] ^= 1
    assert refusal(bytes(content)) == "m: damaged model: its checksum does not fit its content" + COPY


def weights(**tensors: np.ndarray) -> Part:
    """The first patch's part with other tensors in it, by names in which _ stands for the dot."""
    part = parts_of(MODEL)[1]["patch.0"]
    return Part({**part.tensors, **{n.replace("_", "."): a for n, a in tensors.items()}}, part.document)


def described(**document: Any) -> Part:
    """The first patch's part with another document."""
    part = parts_of(MODEL)[1]["patch.0"]
    return Part(part.tensors, part.document | document)


PALETTE = Part({"palette": np.zeros((2, 1), np.float32)})


@pytest.mark.parametrize(
    ("document", "parts", "reason"),
    [
        ({"mode": "dream"}, {}, "ValueError: mode 'dream' does not fit its palette"),
        ({"mode": "classify"}, {}, "ValueError: mode 'classify' does not fit its palette"),
        ({}, {"palette": PALETTE}, "ValueError: mode 'regress' does not fit its palette"),
        ({}, {"palette": Part({"p": np.zeros(2)})}, "ValueError: unexpected tensors ['p']"),
        ({"size": [9]}, {}, "ValueError: not enough values to unpack"),
        ({"size": [0, 6]}, {}, "ValueError: a picture of 0 x 6 with 1 channels"),
        ({"size": [9, 2**31]}, {}, "ValueError: a picture of 9 x 2147483648 with 1 channels"),
        ({"size": "no"}, {}, "ValueError: invalid literal"),
        ({"channels": 2}, {}, "ValueError: a picture of 33 x 10 with 2 channels"),
        ({"channels": 3}, {}, "ValueError: 1 outputs, expected {3}"),
        ({"training": []}, {}, "ValueError: training record: [] is no object"),
        ({"training": {"preset": 1}}, {}, "ValueError: training record: ended_by, epochs, psnr, seed"),
        ({"patches": []}, {}, "ValueError: unexpected part patch.0"),
        ({"patches": []}, {"patch.0": None, "patch.1": None}, "ValueError: a painting without patches"),
        ({"patches": None}, {}, "TypeError: "),
        ({"patches": [{}, {}]}, {}, "KeyError: 'extent'"),
        ({"patches": [{"extent": [0, 0, 1]}] * 2}, {}, "ValueError: not enough values to unpack"),
        ({"patches": [{"extent": [5, 0, 1, 1]}] * 2}, {}, "ValueError: [5, 0, 1, 1] is not a rectangle"),
        ({"patches": [{"extent": [0, 0, 1, 1e10]}] * 2}, {}, "ValueError: [0, 0, 1, 10000000000.0] is not"),
        ({"patches": [{"extent": [-1e300, 0, 1, 1]}] * 2}, {}, "ValueError: [-1e+300, 0, 1, 1] is not"),
        ({"patches": [{"extent": [0, 0, 1, 1]}] * 3}, {}, "KeyError: 'patch.2'"),
        ({}, {"patch.1": None}, "KeyError: 'patch.1'"),
        ({}, {"patch.01": Part({})}, "ValueError: unexpected part patch.01"),
        ({}, {"patch.0": described(activation="sine")}, "ValueError: unknown activation 'sine'"),
        ({}, {"patch.0": described(activation=[])}, "TypeError: "),
        ({}, {"patch.0": described(output=None)}, "ValueError: unknown activation 'tanh' or output None"),
        ({}, {"patch.0": described(output="softmax")}, "ValueError: patches with different outputs: "),
        ({}, {"patch.0": described(encoding={"name": ["hash"]})}, "SettingsError: encoding: unknown name"),
        ({}, {"patch.0": described(encoding=None)}, "TypeError: "),
        ({}, {"patch.0": described(encoding={"name": "grid"})}, "KeyError: 'basis'"),
        ({}, {"patch.0": Part({})}, "KeyError: 'encoding'"),
        (
            {},
            {"patch.0": weights(coefs_1=np.zeros((4, 1)))},
            "ValueError: layer 1: weights (4, 1) and",
        ),
        ({}, {"patch.0": weights(coefs_1=np.zeros(3))}, "ValueError: layer 1: weights (3,) and biases (1,)"),
        ({}, {"patch.0": weights(coefs_2=np.zeros((1, 1)))}, "KeyError: 'intercepts.2'"),
        ({}, {"patch.0": weights(coefs_x=np.zeros((1, 1)))}, "KeyError: 'coefs.2'"),
        ({}, {"patch.0": weights(palette=np.zeros(1))}, "ValueError: unexpected tensors ['palette']"),
    ],
)
def test_a_file_that_is_no_painting_is_refused(
    document: dict[str, Any], parts: dict[str, Part | None], reason: str
) -> None:
    message = refusal(changed(document, parts))
    assert message.startswith(f"m: damaged model: {reason}")
    assert message.endswith(COPY)


@pytest.mark.parametrize(
    ("palette", "outputs", "reason"),
    [
        (np.zeros(3), 3, "a palette of shape (3,)"),
        (np.zeros((0, 1)), 3, "a palette of shape (0, 1)"),
        (np.zeros((3, 4)), 3, "a palette of shape (3, 4)"),
        (np.zeros((2, 1)), 3, "3 outputs, expected {1, 2}"),
        (np.zeros((4, 1)), 3, "3 outputs, expected {4}"),
        (np.array([[0.0], [1.5], [0.0]]), 3, "a palette with colors outside 0 to 1"),
        (np.array([[0.0], [-1e-9], [0.0]]), 3, "a palette with colors outside 0 to 1"),
        (np.array([[0.0], [np.nan], [0.0]]), 3, "a palette with colors outside 0 to 1"),
        (np.zeros((3, 1)), 3, "output 'identity' gives no probabilities of classes"),
    ],
)
def test_a_palette_that_does_not_fit_is_refused(palette: np.ndarray, outputs: int, reason: str) -> None:
    with pytest.raises(ValueError, match=r"palette|outputs?") as caught:
        Model("classify", 20, 9, 1, (patch(0, outputs=outputs),), palette)
    assert str(caught.value) == reason


def test_an_encoding_that_is_not_registered_is_told_as_such() -> None:
    assert refusal(changed({}, {"patch.0": described(encoding={"name": "hash\x1b"})})) == (
        "m: unknown encoding 'hash\\x1b'; install or import what registers it"
    )


def test_a_file_is_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "a.paintnet"
    write_model(path, MODEL)
    assert path.read_bytes() == encode_model(MODEL)
    assert read_model(path, Model).training == MODEL.training
    assert [p.name for p in tmp_path.iterdir()] == ["a.paintnet"]


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    make_one = "; give a file that a painting was saved to"
    for path, reason in ((tmp_path / "none", "no such file"), (tmp_path, "not a regular file")):
        with pytest.raises(ModelFileError) as caught:
            read_model(path, Model)
        assert str(caught.value) == f"{path}: {reason}{make_one}"


def test_a_large_foreign_file_is_refused_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)  # sparse: it takes no room, and reading it whole would take a minute
    with pytest.raises(ModelFileError, match="not a paintnet model"):
        read_model(path, Model)


class Endless(io.RawIOBase):
    """A stream that begins with some bytes and never ends."""

    def __init__(self, start: bytes) -> None:
        self.start = start
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "it would be read for ever"
        data = self.start[self.taken : self.taken + size]
        self.taken += size
        return data + bytes(size - len(data))


def test_an_endless_stream_is_refused_from_its_start() -> None:
    stream = Endless(b"y\n" * 100)
    with pytest.raises(ModelFileError, match="not a paintnet model"):
        receive_model(stream, "stdin")
    assert stream.taken < 5_000_000


def test_a_stream_that_goes_on_behind_its_header_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paintnet.modelfile.LAYOUT", Layout("paintnet", 2, 4, 10_000, 20_000))
    monkeypatch.setattr("paintnet.modelfile.MOST_AT_ONCE", 300_000)
    content = encode_model(MODEL)
    assert receive_model(io.BytesIO(content), "stdin") == content
    with pytest.raises(ModelFileError) as caught:
        receive_model(Endless(content), "stdin")
    assert str(caught.value) == "stdin: larger than 300,000 bytes; use a smaller network"


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paintnet.modelfile.LAYOUT", Layout("paintnet", 2, 4, 50, 100))
    with pytest.raises(ModelFileError) as caught:
        write_model(tmp_path / "a.paintnet", MODEL)
    assert str(caught.value) == (
        f"{tmp_path}/a.paintnet: part patch.0 has more than 50 bytes; use a smaller network"
    )
    assert not list(tmp_path.iterdir())


def test_where_the_positions_of_a_patch_begin_comes_back() -> None:
    moved = Patch(patch(0.0).network, patch(0.0).extent, (700.0, 1.5))
    again = decode_model(encode_model(Model("regress", 33, 10, 1, (patch(0.0), moved))), "m", Model)
    assert [each.origin for each in again.patches] == [(0.0, 0.0), (700.0, 1.5)]
    document, _ = parts_of(again)
    for origin in ([1e300, 0.0], [1.0], ["a", 1]):
        patches = [document["patches"][0], {**document["patches"][1], "origin": origin}]
        content = b"".join(encode_container({**document, "patches": patches}, parts_of(again)[1], LAYOUT))
        assert refusal(content).startswith("m: damaged model: ")
