import numpy as np
import pytest

from paintnet.dataset.pixels import regress_dataset
from paintnet.encoding.base import PositionMap
from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import GridMap
from paintnet.encoding.raw import RawMap
from paintnet.engine import stock_trainer
from paintnet.engine.stock_trainer import EncodedParts

PICTURE = np.random.default_rng(0).random((9, 13, 3), dtype=np.float32)
EXTENT = Extent.of_picture(13, 9)
ENCODINGS = [RawMap(EXTENT), GridMap.over(EXTENT, [4])]


def parts_of(
    encoding: PositionMap, hold_out: float = 0.0, dtype: str = "float32", seed: int = 0
) -> EncodedParts:
    dataset = regress_dataset(PICTURE, hold_out=hold_out)
    return EncodedParts(dataset, encoding, dataset.targets, dtype, np.random.default_rng(seed))


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda e: e.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_part_is_the_training_set_in_its_own_order(encoding: PositionMap, dtype: str) -> None:
    ((inputs, targets),) = parts_of(encoding, dtype=dtype)
    row, column = np.indices((9, 13)).reshape(2, -1)
    expected = encoding.transform(np.stack([column, row], axis=1).astype(dtype))
    assert inputs.dtype == dtype
    assert abs(inputs - expected).max() == 0
    assert np.array_equal(targets, PICTURE.reshape(-1, 3))


def test_parts_hold_each_learned_pixel_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_trainer, "PART_PIXELS", 25)
    parts = parts_of(RawMap(EXTENT, normalize=False), hold_out=0.2)
    learned = parts.dataset.learned
    sizes = [len(targets) for _, targets in parts]
    assert len(parts) == len(sizes) == 4
    assert sum(sizes) == len(learned) == 94
    assert max(sizes) - min(sizes) <= 1
    assert parts.smallest == min(sizes)
    seen = []
    for inputs, targets in parts:
        row, column = inputs.T.astype(int)
        assert np.array_equal(targets, PICTURE[row, column])
        seen.extend(row * 13 + column)
    assert sorted(seen) == learned.tolist()
    assert seen != learned.tolist()


def test_a_seed_repeats_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_trainer, "PART_PIXELS", 25)
    first, again, other = (
        np.concatenate([inputs for inputs, _ in parts_of(ENCODINGS[0], seed=seed)]) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda e: e.name)
@pytest.mark.parametrize("cache", [0, 2**30])
def test_what_fits_in_the_cache_is_encoded_once(
    encoding: PositionMap, cache: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def transform(self: PositionMap, xy: np.ndarray) -> object:
        calls.append(len(xy))
        return original(self, xy)

    original = type(encoding).transform
    monkeypatch.setattr(type(encoding), "transform", transform)
    monkeypatch.setattr(stock_trainer, "PART_PIXELS", 40)
    monkeypatch.setattr(stock_trainer, "CACHE_BYTES", cache)
    parts = parts_of(encoding)
    rounds = [[abs(inputs).sum() for inputs, _ in parts] for _ in range(3)]
    assert rounds[0] == rounds[1] == rounds[2]
    assert len(calls) == (3 if cache else 9)
