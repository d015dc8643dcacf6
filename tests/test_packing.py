"""Tables that are rounded when a run ends: file, painting and estimator agree, and little is lost."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paintnet import Painter
from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import GridMap
from paintnet.model_parts import codec_for, network_of, part_of
from paintnet.network import Network
from paintnet.packing import FINEST, packed_network
from paintnet.painting import Painting
from paintnet.rounding import numbers_on_lattice, on_lattice

WIDTH, HEIGHT = 72, 56


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """Soft blots with a little noise."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = [np.sin(x / 7 + c) * np.cos(y / (5 + c)) for c in range(3)]
    noise = np.random.default_rng(0).normal(0, 0.02, (HEIGHT, WIDTH, 3))
    return np.clip(0.5 + 0.3 * np.stack(waves, axis=2) + noise, 0, 1).astype(np.float32)


@pytest.fixture(scope="module")
def runs(picture: np.ndarray) -> dict[str, Painting]:
    return {
        store: Painter("standard", epochs=30, engine="numpy", store=store).fit(picture)
        for store in ("packed", "float32")
    }


def error(painting: Painting, picture: np.ndarray) -> float:
    return float(np.sqrt(np.square(painting.render() - picture).mean()))


def test_a_packed_painting_is_much_smaller_and_hardly_worse(
    runs: dict[str, Painting], picture: np.ndarray
) -> None:
    packed, whole = (runs[store] for store in ("packed", "float32"))
    assert len(packed.to_bytes()) < len(whole.to_bytes()) / 2
    assert packed.bits_per_pixel < whole.bits_per_pixel / 2
    assert error(packed, picture) < 1.05 * error(whole, picture) + 0.1 / 255
    assert np.abs(packed.render() - whole.render()).max() < 1.5 / 255
    assert whole.bits_per_pixel == 32 * whole.n_parameters / (WIDTH * HEIGHT)
    # What is no part of the table is as it was.
    assert packed.training is not None
    assert packed.training.settings["store"] == "packed"
    ours, theirs = (runs[store].patches[0].network for store in ("packed", "float32"))
    assert all(map(np.array_equal, ours.arrays[1:], theirs.arrays[1:]))


def test_painting_file_and_estimator_hold_the_same_weights(picture: np.ndarray) -> None:
    run = Painter("draft", epochs=3, engine="numpy").start(picture)
    for _ in run:
        pass
    painting = run.result()
    network = painting.patches[0].network
    assert network.lattice is not None
    assert run._trainer is not None
    assert np.array_equal(run._trainer.estimator.coefs_[0], network.coefs[0])
    content = painting.to_bytes()
    again = Painting.from_bytes(content)
    assert all(map(np.array_equal, again.patches[0].network.arrays, network.arrays))
    assert again.to_bytes() == content
    assert np.array_equal(again.render(), painting.render())
    assert run.quality_ is not None
    assert np.array_equal(run.quality_.painting.render(), painting.render()), (
        "what is measured is what is kept"
    )


def test_patches_of_a_mosaic_are_packed_too(picture: np.ndarray) -> None:
    painting = Painter("draft", epochs=1, engine="numpy", patch=40).fit(picture)
    assert all(patch.network.lattice is not None for patch in painting.patches)
    content = painting.to_bytes()
    assert Painting.from_bytes(content).to_bytes() == content


@pytest.mark.parametrize(
    "settings",
    [
        {"layers": (17, 4)},
        {"encoding": "raw", "layers": (8,)},
        {"encoding": "fourier", "layers": (8,)},
        {"mode": "classify"},
        {"precision": "float64", "engine": "stock"},
        {"store": "float32"},
        {"levels": (8,)},
    ],
    ids=str,
)
def test_all_else_stays_as_it_was_learned(settings: dict[str, object], picture: np.ndarray) -> None:
    run = Painter("draft", epochs=1, **settings).start(picture)
    next(run)
    network = run.stored_network()
    assert all(map(np.array_equal, network.arrays, run.network().arrays))
    assert network.lattice is None
    assert codec_for(network) == "raw"


def table_network(table: np.ndarray, rows: int, columns: int) -> Network:
    """A network on a grid of one vertex a pixel, whose colors are its features."""
    grid = GridMap.over(Extent.of_picture(columns, rows), [min(rows, columns)])
    assert grid.n_features == len(table)
    features = table.shape[1]
    weights = (table.astype(np.float32), np.eye(features, dtype=np.float32))
    biases = (np.zeros(features, np.float32),) * 2
    return Network(grid, weights, biases, "identity", "identity")


@pytest.mark.parametrize("kind", ["constant", "tiny", "huge", "noise", "one feature silent"])
@pytest.mark.parametrize("shape", [(48, 64), (2, 1500)], ids=str)
def test_odd_tables_are_kept_within_a_level_or_whole(kind: str, shape: tuple[int, int]) -> None:
    rows, columns = shape
    table = np.random.default_rng(0).normal(0, 0.2, (rows * columns, 3))
    table = {
        "constant": np.full_like(table, 0.25),
        "tiny": 1e-30 * table,
        "huge": 1e30 * table,
        "noise": table,
        "one feature silent": table * [1, 0, 1],
    }[kind]
    network = table_network(table, rows, columns)
    packed = packed_network(network, rows * columns)
    if packed.lattice is not None:
        assert np.abs(packed.coefs[0] - network.coefs[0]).max() < 3 / 255
    codec = codec_for(packed)
    again = network_of(part_of(packed, codec))
    assert all(map(np.array_equal, again.arrays, packed.arrays))
    assert codec_for(again) == codec
    if kind == "noise":
        assert packed.lattice is not None


def test_other_weights_in_place_of_those_of_the_lattice_are_kept_whole() -> None:
    network = packed_network(table_network(np.random.default_rng(0).normal(0, 0.2, (3072, 3)), 48, 64), 3072)
    other = replace(network, coefs=(network.coefs[0] + np.float32(1e-5), *network.coefs[1:]))
    assert np.array_equal(network_of(part_of(other, "packed")).coefs[0], other.coefs[0])
    both = part_of(network, "packed")
    with pytest.raises(ValueError, match="a table that is stored twice"):
        network_of(replace(both, tensors={**both.tensors, "coefs.0": network.coefs[0]}))
    singular = replace(network, lattice=np.zeros((3, 3)))
    assert np.array_equal(network_of(part_of(singular, "packed")).coefs[0], network.coefs[0])
    with pytest.raises(ValueError, match="a lattice of shape"):
        replace(network, lattice=np.eye(4))


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_the_lattice_is_found_again_from_its_points(seed: int, features: int) -> None:
    rng = np.random.default_rng(seed)
    basis = FINEST * (rng.normal(size=(features, features)) + 3 * np.eye(features))
    numbers = rng.integers(-300, 300, (50, features)).astype(np.int16)
    if np.linalg.cond(basis) < 100:
        again = numbers_on_lattice(on_lattice(numbers, basis), basis)
        assert again is not None
        assert np.array_equal(again, numbers)


def test_what_is_too_far_out_for_16_bits_is_on_no_lattice() -> None:
    assert numbers_on_lattice(np.array([[32767.0]]), np.eye(1)) is not None
    assert numbers_on_lattice(np.array([[32768.0]]), np.eye(1)) is None
    assert numbers_on_lattice(np.array([[np.nan]]), np.eye(1)) is None
