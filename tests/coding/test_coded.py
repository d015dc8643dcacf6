"""Paintings in whole numbers to bytes and back, and bytes that nobody wrote."""

import hashlib
import time
from pathlib import Path

import numpy as np
import pytest

from paintnet import Painting
from paintnet.coding.coded import Coded, Shape
from paintnet.coding.layout import Layout
from paintnet.coding.network import CodedNetwork
from paintnet.coding.range_coder import RangeDecoder, RangeEncoder
from paintnet.coding.tables import REACH, SCALES, TOTAL, intervals, tails
from paintnet.coding.weights import Steps
from paintnet.errors import ModelFileError
from paintnet.modelfile import encode_model
from paintnet.patches import Patch


def a_coded(width: int, height: int, *, channels: int = 3, seed: int = 0, spread: float = 1.0) -> Coded:
    """A painting of random numbers; integer draws only, so that every NumPy makes the same."""
    random = np.random.default_rng(seed)
    layout = Layout(width, height, (1, 2, 4))
    flat = np.zeros(layout.size)
    for level in range(3):
        view = layout.view(flat, level)
        low = round(2 * spread)
        view[...] = random.integers(-low, low + 1, view.shape) * random.integers(0, 2, view.shape)
    shape = Shape(layout, channels, (4, 3), (5, 6))
    groups = [Steps(random.integers(-9, 10, int(np.prod(each))), 5) for each in shape.all]
    return Coded(shape, groups, flat)


def equal(a: Coded, b: Coded) -> bool:
    groups = zip(a.weights, b.weights, strict=True)
    same = all((x.numbers == y.numbers).all() and x.halvings == y.halvings for x, y in groups)
    return same and bool((a.flat == b.flat).all())


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (30, 1), (17, 23), (64, 48)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_bytes_give_the_same_numbers_again(size: tuple[int, int], channels: int) -> None:
    coded = a_coded(*size, channels=channels)
    content = coded.to_bytes()
    assert equal(Coded.from_bytes(content, *size, channels), coded)
    assert abs(coded.estimated_bytes - len(content)) <= 3


def test_numbers_far_from_what_was_expected_come_back_too() -> None:
    coded = a_coded(40, 30, spread=8000)
    assert equal(Coded.from_bytes(coded.to_bytes(), 40, 30, 3), coded)


def test_the_bytes_of_a_painting_never_change() -> None:
    content = a_coded(64, 48, seed=7).to_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert (len(content), digest[:16]) == GOLDEN


GOLDEN = (1134, "882092bf641b56fb")


def test_tables_are_those_of_a_laplace_distribution() -> None:
    scales = np.exp(-3.5 + np.arange(SCALES) / 16)[:, None]
    expected = np.rint(TOTAL / 2 * np.exp(-np.arange(REACH + 1) / 16 / scales))
    assert np.abs(tails() - expected).max() <= 1


def test_intervals_fill_the_total_and_leave_none_without() -> None:
    numbers = np.arange(-40, 41)
    for mean, scale in ((0, 0), (-700, 20), (3, 128), (10_000, 60)):
        begins, lengths = intervals(numbers, 0 * numbers + mean, 0 * numbers + scale, -40, 40)
        assert begins[0] == 0
        assert (lengths >= 1).all()
        np.testing.assert_array_equal(begins[1:], (begins + lengths)[:-1])
        assert begins[-1] + lengths[-1] == TOTAL + 81


def test_the_range_coder_costs_what_the_chances_say() -> None:
    random = np.random.default_rng(3)
    lengths = np.array([700, 250, 49, 1])
    begins = np.cumsum([0, *lengths[:-1]])
    numbers = random.choice(4, 5000, p=lengths / 1000)
    encoder = RangeEncoder()
    encoder.put(begins[numbers].tolist(), lengths[numbers].tolist(), 1000)
    content = encoder.finish()
    ideal = -np.log2(lengths[numbers] / 1000).sum() / 8
    assert ideal <= len(content) + 1 <= ideal + 4
    decoder = RangeDecoder(content)
    for number in numbers:
        assert begins[number] <= decoder.seek(1000) < begins[number] + lengths[number]
        decoder.take(int(begins[number]), int(lengths[number]))


def a_file(width: int = 24, height: int = 16) -> bytes:
    network = CodedNetwork.of(a_coded(width, height))
    return encode_model(Painting("regress", width, height, 3, (Patch.whole(network, width, height),)))


def test_a_file_gives_the_same_painting(tmp_path: Path) -> None:
    content = a_file()
    painting = Painting.from_bytes(content)
    assert painting.to_bytes() == content
    assert painting.bits_per_pixel == pytest.approx(8 * len(content) / (24 * 16), rel=0.1)
    (tmp_path / "a.paintnet").write_bytes(content)
    np.testing.assert_array_equal(Painting.load(tmp_path / "a.paintnet").render(), painting.render())


def test_every_flipped_bit_and_every_cut_is_refused() -> None:
    content = a_file()
    for at in range(len(content)):
        for bit in (0, 3, 7):
            flipped = bytearray(content)
            flipped[at] ^= 1 << bit
            with pytest.raises(ModelFileError):
                painting_from(bytes(flipped))
        with pytest.raises(ModelFileError):
            painting_from(content[:at])


def painting_from(content: bytes) -> Painting:
    return Painting.from_bytes(content)


def test_bytes_without_a_checksum_decode_in_bounded_time_or_are_refused() -> None:
    content, random, begin = a_coded(24, 16).to_bytes(), np.random.default_rng(1), time.monotonic()
    for _ in range(150):
        damaged = bytearray(content)
        for at in random.integers(0, len(content), 3):
            damaged[at] = random.integers(256)
        try:
            decoded = Coded.from_bytes(bytes(damaged), 24, 16, 3)
        except ValueError:
            continue
        assert decoded.planes[0].shape == (16, 24)
        assert np.isfinite(CodedNetwork.of(decoded).forward(np.array([[3.0, 4.0]]))).all()
    assert time.monotonic() - begin < 60


def test_numbers_that_no_file_can_say_are_refused() -> None:
    coded = a_coded(2, 2)
    layout, flat = coded.shape.layout, np.zeros(coded.shape.layout.size)
    layout.view(flat, 0)[...] = [[-32_767, 32_767]]
    content = Coded(coded.shape, coded.weights, flat).to_bytes()
    assert Coded.from_bytes(content, 2, 2, 3).planes[0].tolist() == [[-32_767, 32_767]] * 2
    # The lowest number of the finest level, and how far above it the highest is.
    said, too_far = b"\xfd\xff\x03\xfe\xff\x03", b"\xfd\xff\x03\xff\xff\x03"
    assert content.count(said) == 1
    with pytest.raises(ValueError, match="65,535 where at most 65,534 can be"):
        Coded.from_bytes(content.replace(said, too_far), 2, 2, 3)


def test_sizes_are_checked_before_anything_is_allocated() -> None:
    with pytest.raises(ValueError, match="a network for 2147483647 x 2147483647 pixels"):
        Coded.from_bytes(a_coded(2, 2).to_bytes(), 2**31 - 1, 2**31 - 1, 3)
    with pytest.raises(ValueError, match="a network for 1 x 100001 pixels"):
        Coded.from_bytes(a_coded(2, 2).to_bytes(), 1, 100_001, 3)
