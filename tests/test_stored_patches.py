"""Patches that lie in a file: only those that are asked for are read, and whole or not at all."""

import gc
import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paintnet.encoding.extent import Extent
from paintnet.encoding.raw import RawMap
from paintnet.errors import ModelFileError, OutputError
from paintnet.files.container import read_header
from paintnet.model_parts import LAYOUT, part_of
from paintnet.network import Network
from paintnet.painting import Painting
from paintnet.patches import Patch
from paintnet.stored_patches import Place, SpooledPatches, StoredPatches


def flat(number: int, value: float = 0.5, outputs: int = 1) -> Patch:
    """A patch that says one value everywhere; the first 20 pixels wide, the next 16 farther right."""
    extent = Extent(16.0 * number, 0.0, 16.0 * number + 19.0, 9.0)
    weights = (np.zeros((2, outputs), np.float32),), (np.full(outputs, value, np.float32),)
    return Patch(Network(RawMap(extent), *weights, "relu", "identity"), extent)


VALUES = np.arange(12, dtype=np.float32) / 16
MOSAIC = Painting("regress", 16 * 12 + 4, 10, 1, tuple(flat(k, value) for k, value in enumerate(VALUES)))
CENTRES = np.array([[16.0 * k + 10, 4.0] for k in range(12)])


@pytest.fixture
def lazy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the mosaic, where mosaics of any size are read patch by patch."""
    monkeypatch.setattr("paintnet.modelfile.WHOLE_BYTES", 0)
    MOSAIC.save(tmp_path / "mosaic.paintnet")
    return tmp_path / "mosaic.paintnet"


def stored(painting: Painting) -> StoredPatches:
    assert isinstance(painting.patches, StoredPatches)
    return painting.patches


def test_only_the_patches_that_are_touched_are_read(lazy: Path) -> None:
    painting = Painting.load(lazy)
    assert stored(painting).n_read == 1, "the first one says what all are"
    assert painting.n_parameters == MOSAIC.n_parameters
    assert stored(painting).extents == [patch.extent for patch in MOSAIC.patches]
    np.testing.assert_allclose(painting.predict(CENTRES[[7]]), VALUES[[7], None])
    assert stored(painting).n_read == 2
    assert painting.predict(CENTRES[[7, 0]]).ravel().tolist() == [VALUES[7], VALUES[0]]
    assert stored(painting).n_read == 2, "those that were used last are still there"
    region = (16 * 3 + 6, 0, 16 * 3 + 14, 10)
    assert np.array_equal(painting.render(region=region), MOSAIC.render(region=region))
    assert stored(painting).n_read == 3


def test_no_more_patches_are_kept_than_fit(lazy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    three = 3 * sum(array.nbytes for array in MOSAIC.patches[0].network.arrays)
    monkeypatch.setattr("paintnet.stored_patches.KEPT_BYTES", three)
    patches = stored(Painting.load(lazy))
    for number in (1, 2, 0, 3):  # 1 is the one that was not used for longest
        assert patches[number].extent == MOSAIC.patches[number].extent
    assert patches.n_read == 4
    for number in (0, 2, 3):
        assert patches[number].extent == MOSAIC.patches[number].extent
    assert patches.n_read == 4
    assert patches[1].extent == MOSAIC.patches[1].extent
    assert patches.n_read == 5


def test_it_is_a_sequence_of_patches(lazy: Path) -> None:
    patches = stored(Painting.load(lazy))
    assert len(patches) == 12
    assert patches[-1].extent == MOSAIC.patches[11].extent
    assert [patch.extent for patch in patches[2:4]] == [patch.extent for patch in MOSAIC.patches[2:4]]
    with pytest.raises(IndexError):
        patches[12]


def test_damage_is_told_when_it_is_touched(lazy: Path) -> None:
    content = bytearray(lazy.read_bytes())
    header = read_header(io.BytesIO(content), LAYOUT)
    content[header.data_start + header.table["patch.5"]["data_offsets"][0]] ^= 1
    lazy.write_bytes(content)
    painting = Painting.load(lazy)
    assert painting.predict(CENTRES[[4]]).item() == VALUES[4]
    for _ in range(2):
        with pytest.raises(ModelFileError) as caught:
            painting.predict(CENTRES[[5]])
        assert str(caught.value) == (
            f"{lazy}: damaged model: its checksum does not fit its content; "
            "get an intact copy, or paint it again"
        )
    with pytest.raises(ModelFileError, match="checksum"):
        painting.save(lazy.with_name("copy.paintnet"))
    assert list(lazy.parent.iterdir()) == [lazy]


def test_a_small_mosaic_is_checked_whole_before_use(tmp_path: Path) -> None:
    path = tmp_path / "mosaic.paintnet"
    MOSAIC.save(path)
    assert isinstance(Painting.load(path).patches, tuple)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="checksum"):
        Painting.load(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows replaces no file that is open")
def test_a_file_that_is_replaced_while_it_is_open_is_not_mixed_in(lazy: Path) -> None:
    painting = Painting.load(lazy)
    other = replace(MOSAIC, patches=tuple(flat(k, 1.0) for k in range(12)))
    other.save(lazy)
    assert painting.predict(CENTRES).ravel().tolist() == VALUES.tolist()
    assert Painting.load(lazy).predict(CENTRES).ravel().tolist() == [1.0] * 12


def test_its_file_is_closed_with_the_painting(lazy: Path) -> None:
    patches = stored(Painting.load(lazy))
    file = patches._source._file  # type: ignore[attr-defined]
    patches.close()
    assert file.closed
    painting = Painting.load(lazy)
    file = stored(painting)._source._file  # type: ignore[attr-defined]
    del painting, patches
    gc.collect()
    assert file.closed


def test_another_kind_of_patch_among_them_is_damage(lazy: Path) -> None:
    spooled = SpooledPatches()
    spooled.append(flat(0))
    with pytest.raises(ValueError, match="different outputs"):
        spooled.append(flat(1, outputs=3))
    spooled._places[1] = spooled._places[0]._replace(n_parameters=9)
    spooled._spool.add("patch.1", part_of(flat(1, outputs=3).network, "raw"))
    Painting("regress", 36, 10, 1, spooled).save(lazy)
    with pytest.raises(ModelFileError, match=r"patches with different outputs"):
        Painting.load(lazy).render()


@pytest.mark.parametrize("codec", [None, "raw", "zlib"])
def test_patches_that_were_spooled_make_the_same_file(codec: str | None, tmp_path: Path) -> None:
    spooled = SpooledPatches(codec or "raw")
    for patch in MOSAIC.patches:
        spooled.append(patch)
    painting = replace(MOSAIC, patches=spooled)
    painting.save(tmp_path / "spooled.paintnet")
    assert (tmp_path / "spooled.paintnet").read_bytes() == MOSAIC.to_bytes(codec)
    assert painting.to_bytes("zlib") == MOSAIC.to_bytes("zlib")
    assert np.array_equal(painting.render(), MOSAIC.render())


def test_what_was_read_lazily_is_written_as_it_lay(lazy: Path) -> None:
    content = lazy.read_bytes()
    painting = Painting.load(lazy)
    assert painting.to_bytes() == content
    assert stored(painting).n_read == 1
    painting.save(lazy)
    assert lazy.read_bytes() == content
    assert Painting.load(lazy).to_bytes("raw") == content


def test_where_positions_begin_is_stored_in_files_of_version_3_only(tmp_path: Path) -> None:
    origin = (16.0, 0.0)
    patches = (MOSAIC.patches[0], replace(MOSAIC.patches[1], origin=origin))
    path = tmp_path / "mosaic.paintnet"
    for expected, painting in ((2, MOSAIC), (3, Painting("regress", 36, 10, 1, patches))):
        painting.save(path)
        with path.open("rb") as file:
            assert read_header(file, LAYOUT).version == expected
    assert [patch.origin for patch in Painting.load(path).patches] == [(0.0, 0.0), origin]


@pytest.mark.parametrize("origin", [[1e300, 0.0], [np.nan, 0.0], [1.0], "x", None])
def test_an_origin_that_nobody_wrote_is_refused(origin: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        Place.from_document({"extent": [0, 0, 1, 1], "origin": origin})


def test_a_full_disk_is_told() -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError) as caught:
        SpooledPatches(file=Full()).append(flat(0))
    assert str(caught.value) == "a temporary file: the disk is full; free some space or choose another disk"


def test_a_render_lets_go_of_the_patches_that_it_has_passed(lazy: Path) -> None:
    painting = Painting.load(lazy)
    patches = stored(painting)
    for _ in range(2):
        painting.render(region=(16 * 3 + 6, 0, 16 * 3 + 14, 10))
        assert list(patches._kept) == [3]
    assert patches.n_read == 2
