"""Pictures that are written tile by tile: Deep Zoom and large TIFF."""

import io
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from paintnet.errors import OutputError
from paintnet.files.writing import check_output, write_together, write_whole
from paintnet.picture import OUTPUT_FORMATS, check_size, formats, tiff_writing, write_bands
from paintnet.picture.deep_zoom import OVERLAP, SIDE
from paintnet.picture.metadata import Metadata
from paintnet.picture.pyramid import TileRows, pyramid, sizes_of, tiles_of

tifffile = pytest.importorskip("tifffile")

SIZES = [(1, 1), (1, 9), (300, 1), (254, 255), (509, 260), (700, 515)]


def noise(width: int, height: int, channels: int) -> np.ndarray:
    """Smooth enough for JPEG to keep."""
    coarse = np.random.default_rng(width).integers(0, 256, (height // 40 + 2, width // 40 + 2, channels))
    layers = [
        np.asarray(Image.fromarray(coarse[..., k].astype(np.uint8)).resize((width, height), 2))
        for k in range(channels)
    ]
    return np.stack(layers, axis=-1)


def bands(levels: np.ndarray, rows: int = 37) -> list[np.ndarray]:
    return [levels[top : top + rows].astype(np.float32) / 255 for top in range(0, len(levels), rows)]


def write(path: Path, levels: np.ndarray, metadata: Metadata = Metadata()) -> tuple[str, ...]:  # noqa: B008
    return write_whole(
        path, lambda staged: write_bands(staged, bands(levels), levels.shape, path.suffix, metadata)
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_copies_are_means_of_what_they_cover(rows: int) -> None:
    levels = np.arange(5 * 3, dtype=np.uint8).reshape(5, 3, 1) * 10
    copies: dict[int, list[np.ndarray]] = {}
    for number, part in pyramid([levels[top : top + rows] for top in range(0, 5, rows)], 4):
        copies.setdefault(number, []).append(part)
    found = {number: np.concatenate(parts)[..., 0].tolist() for number, parts in copies.items()}
    assert found[0] == levels[..., 0].tolist()
    # By hand: (0 + 10 + 30 + 40) / 4, (20 + 50) / 2; the last row stands alone.
    assert found[1] == [[20, 35], [80, 95], [125, 140]]
    assert found[2] == [[58], [132]]  # (20 + 35 + 80 + 95) / 4 = 57.5; (125 + 140) / 2 = 132.5: to even
    assert found[3] == [[95]]


def test_copies_of_what_is_transparent_take_no_color_from_there() -> None:
    levels = np.array([[[200, 100, 0, 255], [0, 0, 0, 0]]], dtype=np.uint8)
    (_, copy) = list(pyramid([levels], 2))[1]
    assert copy.tolist() == [[[200, 100, 0, 128]]]


@pytest.mark.parametrize(
    ("side", "height", "overlap"), [(4, 1, 1), (4, 8, 1), (4, 9, 1), (4, 9, 0), (3, 10, 2)]
)
def test_rows_of_tiles_are_those_of_the_picture(side: int, height: int, overlap: int) -> None:
    levels = np.arange(height, dtype=np.uint8).reshape(height, 1, 1)
    for step in (1, 3, height):
        cutter = TileRows(side, height, overlap)
        found = [rows for top in range(0, height, step) for rows in cutter.push(levels[top : top + step])]
        wanted = [
            list(range(max(0, top - overlap), min(height, top + side + overlap)))
            for top in range(0, height, side)
        ]
        assert [rows.ravel().tolist() for rows in found] == wanted
    assert [tile.ravel().tolist() for tile in tiles_of(levels.transpose(1, 0, 2), side, overlap)] == wanted


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_deep_zoom_has_every_tile_of_every_level(
    size: tuple[int, int], channels: int, tmp_path: Path
) -> None:
    levels = noise(*size, channels)
    if channels == 4:
        levels[levels[..., 3] == 0] = 0
    assert write(tmp_path / "map.dzi", levels) == ()
    assert names(tmp_path) == ["map.dzi", "map_files"]
    root = ElementTree.parse(tmp_path / "map.dzi").getroot()
    kind = "png" if channels == 4 else "jpg"
    assert root.attrib == {"TileSize": str(SIDE), "Overlap": str(OVERLAP), "Format": kind}
    assert root[0].attrib == {"Width": str(size[0]), "Height": str(size[1])}
    sizes = sizes_of(size)
    assert sorted(map(int, names(tmp_path / "map_files"))) == list(range(len(sizes)))
    assert sizes[-1] == (1, 1)
    for number, (width, height) in enumerate(reversed(sizes)):
        folder = tmp_path / "map_files" / str(number)
        columns, rows = -(-width // SIDE), -(-height // SIDE)
        assert set(names(folder)) == {f"{x}_{y}.{kind}" for x in range(columns) for y in range(rows)}
    whole = np.zeros((size[1], size[0], channels), np.uint8)
    for x in range(columns):
        for y in range(rows):
            tile = np.asarray(Image.open(folder / f"{x}_{y}.{kind}"))
            left, top = max(0, x * SIDE - OVERLAP), max(0, y * SIDE - OVERLAP)
            part = whole[top : (y + 1) * SIDE + OVERLAP, left : (x + 1) * SIDE + OVERLAP]
            part[:] = tile.reshape(part.shape)
    assert np.abs(whole.astype(int) - levels).max() <= (0 if channels == 4 else 12)


def test_tiles_of_an_older_painting_are_replaced_and_nothing_else_is(tmp_path: Path) -> None:
    write(tmp_path / "map.dzi", noise(600, 10, 1))
    with pytest.raises(OutputError, match="exists already"):
        check_output(tmp_path / "map.dzi", force=False, extensions=OUTPUT_FORMATS)
    (tmp_path / "map.dzi").unlink()
    with pytest.raises(OutputError, match="map_files, the folder of its tiles, exists already"):
        check_output(tmp_path / "map.dzi", force=False, extensions=OUTPUT_FORMATS)
    check_output(tmp_path / "map.dzi", force=True, extensions=OUTPUT_FORMATS)
    write(tmp_path / "map.dzi", noise(5, 5, 1))
    assert names(tmp_path) == ["map.dzi", "map_files"]
    assert len(names(tmp_path / "map_files")) == 4
    (tmp_path / "map_files" / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="has other files in it"):
        check_output(tmp_path / "map.dzi", force=True, extensions=OUTPUT_FORMATS)


def test_a_failure_leaves_the_old_tiles(tmp_path: Path) -> None:
    old = noise(300, 300, 1)
    write(tmp_path / "map.dzi", old)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def broken(_: object) -> None:
        raise ValueError("no paint left")

    def half(staged: object) -> None:
        def some() -> object:
            yield bands(noise(900, 900, 1))[0]
            broken(None)

        write_bands(staged, some(), (900, 900, 1), ".dzi")  # type: ignore[arg-type]

    failures = write_together({str(tmp_path / "map.dzi"): half, str(tmp_path / "note.txt"): b"kept"})
    assert [str(error) for error in failures.values()] == ["no paint left"]
    (tmp_path / "note.txt").unlink()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert names(tmp_path) == ["map.dzi", "map_files"]


def test_a_kill_leaves_the_old_tiles_and_the_next_run_sweeps(tmp_path: Path) -> None:
    write(tmp_path / "map.dzi", noise(300, 300, 1))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    program = """
import sys, time, numpy as np
from paintnet.files.writing import write_whole
from paintnet.picture import write_bands
def bands():
    yield np.zeros((800, 900, 1), np.float32)
    print("half", flush=True)
    time.sleep(60)
write_whole(sys.argv[1], lambda staged: write_bands(staged, bands(), (900, 900, 1), ".dzi"))
"""
    child = subprocess.Popen([sys.executable, "-c", program, tmp_path / "map.dzi"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"half\n"
    left = [path for path in tmp_path.iterdir() if path.suffix == ".new"]
    assert len(left) == 1
    write(tmp_path / "other.dzi", noise(3, 3, 1))
    assert left[0].is_dir()  # of a run that lives
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert {path: path.read_bytes() for path in before} == before
    limit = time.monotonic() + 60
    while left[0].exists() and time.monotonic() < limit:
        write(tmp_path / "other.dzi", noise(3, 3, 1))
    assert names(tmp_path) == ["map.dzi", "map_files", "other.dzi", "other_files"]


def test_tiles_go_into_no_single_file() -> None:
    with pytest.raises(OutputError, match=r"'\.dzi': Deep Zoom is a folder of tiles"):
        write_bands(io.BytesIO(), bands(noise(3, 3, 1)), (3, 3, 1), ".dzi")


@pytest.mark.parametrize("size", [(1, 9), (256, 257), (1100, 600)])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("big_bytes", [tiff_writing._BIG_BYTES, 0])
def test_a_large_tiff_is_tiled_with_copies_inside(
    size: tuple[int, int], channels: int, big_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "STREAMED_PIXELS", 0)
    monkeypatch.setattr(tiff_writing, "_BIG_BYTES", big_bytes)
    levels = noise(*size, channels)
    if channels == 4:
        levels[levels[..., 3] == 0] = 0
    notes = write(tmp_path / "map.tif", levels, Metadata((300.0, 150.0), b"Exif\0\0MM", b"<x/>"))
    assert notes == ("EXIF data were left out: a tiled TIFF has no place for them",)
    with tifffile.TiffFile(tmp_path / "map.tif") as file:
        assert file.is_bigtiff is (big_bytes == 0)
        page = file.pages[0]
        assert (page.tilewidth, page.tilelength, page.compression) == (256, 256, 8)
        found = [page.asarray(), *(sub.asarray() for sub in page.pages or ())]
        assert page.tags[700].value == b"<x/>"
    wanted: dict[int, list[np.ndarray]] = {}
    for number, part in pyramid([levels], len(sizes_of(size, 512))):
        wanted.setdefault(number, []).append(part)
    assert len(found) == len(wanted) == {1100: 3}.get(size[0], 1)
    for number, copy in enumerate(found):
        np.testing.assert_array_equal(
            copy.reshape(-1, *copy.shape[1:2], channels), np.concatenate(wanted[number])
        )
    with Image.open(tmp_path / "map.tif") as image:
        np.testing.assert_array_equal(np.asarray(image).reshape(levels.shape), levels)
        assert image.info["dpi"] == (300.0, 150.0)


def test_what_fills_the_memory_is_refused_before_work(monkeypatch: pytest.MonkeyPatch) -> None:
    check_size("a.tif", OUTPUT_FORMATS[".tif"], (40_000, 40_000))
    check_size("a.dzi", OUTPUT_FORMATS[".dzi"], (40_000, 40_000))
    with pytest.raises(OutputError, match=r"200,000,000 pixels at most, .*; write a \.png, \.tif or \.dzi"):
        check_size("a.jpg", OUTPUT_FORMATS[".jpg"], (40_000, 40_000))
    monkeypatch.setitem(sys.modules, "tifffile", None)
    monkeypatch.setattr(tiff_writing.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(OutputError, match=r"tile by tile: pip install .*\[big\]"):
        check_size("a.tif", OUTPUT_FORMATS[".tif"], (40_000, 40_000))
    check_size("a.tif", OUTPUT_FORMATS[".tif"], (3_000, 3_000))
