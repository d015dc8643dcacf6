"""Planes of whole numbers: what was packed comes back to the bit, and nothing else is believed."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paintnet.files.parts import CODECS, ContainerError, OverLimitError, Part
from paintnet.files.planes import MOST_NUMBERS, PlanesError, pack_planes, unpack_planes

shapes = st.tuples(st.integers(1, 3), st.integers(1, 40), st.integers(1, 40))


@given(shape=shapes, largest=st.sampled_from([0, 1, 9, 200, 32767]), seed=st.integers(0, 99))
def test_what_was_packed_comes_back(shape: tuple[int, int, int], largest: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    planes = rng.integers(-largest - 1, largest + 1, shape).astype(np.int16)
    packed = pack_planes(planes)
    assert np.array_equal(unpack_planes(packed, shape), planes)
    assert pack_planes(planes.copy()) == packed


@pytest.mark.parametrize("shape", [(2, 129, 200), (1, 1, 5000), (1, 5000, 1), (3, 2, 3000)])
def test_large_and_narrow_planes_come_back(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    smooth = np.cumsum(np.cumsum(rng.normal(0, 1, shape), axis=1), axis=2)
    planes = np.rint(smooth * (20_000 / np.abs(smooth).max())).astype(np.int16)
    assert np.array_equal(unpack_planes(pack_planes(planes), shape), planes)


def noise(deviation: float, planes: int = 1) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.rint(rng.normal(0, deviation, (planes, 256, 256))).astype(np.int16)


def test_what_was_packed_last_is_remembered_unless_it_has_changed() -> None:
    planes = np.arange(24, dtype=np.int16).reshape(1, 4, 6)
    packed = pack_planes(planes)
    assert pack_planes(planes.copy()) is packed
    planes[0, 1, 2] = 99
    assert (unpack_planes(pack_planes(planes), planes.shape) == planes).all()


def test_noise_takes_hardly_more_than_its_entropy() -> None:
    # Of a rounded normal deviate: half the logarithm of 2 pi e times its variance.
    entropy = 0.5 * np.log2(2 * np.pi * np.e * 36)
    assert 8 * len(pack_planes(noise(6.0))) / 256**2 < 1.05 * entropy + 0.3


def test_what_neighbors_and_other_planes_foretell_takes_no_room() -> None:
    rows, columns = np.mgrid[0:256, 0:256]
    ramp = (3 * rows + 5 * columns - 900).astype(np.int16)[None]
    assert 8 * len(pack_planes(ramp)) / 256**2 < 0.3
    one = noise(6.0)
    alone, twice = len(pack_planes(one)), len(pack_planes(np.concatenate([one, one])))
    assert twice < 1.2 * alone


PLANES = np.concatenate([noise(3.0, 2)[:, :60, :50], 2000 + noise(100.0)[:, :60, :50]])
PACKED = pack_planes(PLANES)


def test_any_truncation_is_refused() -> None:
    for length in [*range(40), *range(40, len(PACKED), 211), len(PACKED) - 1]:
        with pytest.raises(PlanesError):
            unpack_planes(PACKED[:length], PLANES.shape)
    with pytest.raises(PlanesError, match="longer"):
        unpack_planes(PACKED + b"x", PLANES.shape)


@pytest.mark.parametrize(
    "shape", [(3, 50, 60), (3, 60, 51), (3, 61, 50), (2, 60, 50), (4, 60, 50), (3, 1, 1)]
)
def test_another_shape_is_refused_or_gives_planes_of_it(shape: tuple[int, int, int]) -> None:
    with suppress(PlanesError):
        assert unpack_planes(PACKED, shape).shape == shape


@given(st.data())
def test_flipped_bits_are_refused_or_give_planes(data: st.DataObject) -> None:
    content = bytearray(PACKED)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with suppress(PlanesError):
        assert unpack_planes(bytes(content), PLANES.shape).shape == PLANES.shape


def packed_part(**changes: object) -> bytes:
    """The bytes of a part whose document says other shapes than its planes have."""
    rest = Part({"x": np.ones(2, np.float32)}, {"document": {}, "planes": {"p": [3, 60, 50]}, **changes})
    pieces = (CODECS["raw"].encode(rest), PACKED)
    return b"".join(len(piece).to_bytes(8, "little") + piece for piece in pieces)


N_BYTES = 8 + PLANES.nbytes


def test_a_packed_part_comes_back() -> None:
    part = Part({"x": np.ones(2, np.float32), "p": PLANES}, {"of": [1, None]})
    data = CODECS["packed"].encode(part)
    again = CODECS["packed"].decode(data, part.n_bytes)
    assert again.document == part.document
    assert again.tensors.keys() == part.tensors.keys()
    assert all(np.array_equal(again.tensors[name], part.tensors[name]) for name in part.tensors)
    assert CODECS["packed"].encode(again) == data
    assert CODECS["packed"].decode(packed_part(), N_BYTES).tensors["p"].tolist() == PLANES.tolist()
    for length in [*range(0, 300, 7), len(data) - 1]:
        with pytest.raises(ContainerError):
            CODECS["packed"].decode(data[:length], part.n_bytes)


@pytest.mark.parametrize(
    "planes",
    [{}, None, {"p": [3, 60]}, {"p": [3, 60, 50.0]}, {"p": [3, 0, 50]}, {"p": [-3, -60, 50]},
     {"x": [3, 60, 50]}, {"p": [3, 60, 50], "q": [1, 1, 1]}, {"p": [3, 60, 10**30]}, {"p": [True, 60, 150]}],
)  # fmt: skip
def test_shapes_that_nobody_wrote_are_refused(planes: object) -> None:
    with pytest.raises(ContainerError):
        CODECS["packed"].decode(packed_part(planes=planes), N_BYTES)


def test_planes_that_are_said_to_be_huge_are_never_begun() -> None:
    huge = {"p": [2, MOST_NUMBERS, 1]}
    with pytest.raises(OverLimitError, match="planes of more than"):
        CODECS["packed"].decode(packed_part(planes=huge), 8 + 4 * MOST_NUMBERS)
    with pytest.raises(ContainerError, match="do not fit its size"):
        CODECS["packed"].decode(packed_part(planes=huge), N_BYTES)
    wide = {"p": [1, 8192, 4096]}  # as much as is allowed: its streams are too short, which is seen at once
    with pytest.raises(ContainerError):
        CODECS["packed"].decode(packed_part(planes=wide), 8 + 2 * MOST_NUMBERS)
