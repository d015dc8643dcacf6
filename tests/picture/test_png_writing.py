"""PNG in pieces: any reader sees the same picture, however the rows come."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from paintnet.picture.png_writing import png_pieces

Array = np.ndarray


def written(levels: Array, rows: int) -> bytes:
    bands = (levels[top : top + rows] for top in range(0, len(levels), rows))
    return b"".join(png_pieces(bands, levels.shape))


def read(data: bytes) -> Array:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return np.asarray(image).reshape(image.height, image.width, -1)


@given(
    levels=arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3, 4]))),
    rows=st.integers(1, 9),
)
def test_every_level_comes_back_however_the_rows_come(levels: Array, rows: int) -> None:
    assert np.array_equal(read(written(levels, rows)), levels)


def filters_of(data: bytes, shape: tuple[int, ...]) -> list[int]:
    """The filter of each row, from a file's chunks, whose checksums are held against their bytes."""
    packed, at = b"", 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length) == (zlib.crc32(kind + content),)
        packed += content if kind == b"IDAT" else b""
        at += 12 + length
    lines = zlib.decompress(packed)
    return list(lines[:: shape[1] * shape[2] + 1])


def test_each_row_has_the_filter_that_fits_it() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, 300, dtype=np.uint8)
    ramp = np.arange(300, dtype=np.uint8) * 7
    nearly_0 = rng.integers(-2, 3, 300).astype(np.uint8)
    levels = np.stack([nearly_0, ramp, noise, noise])[..., None]
    for rows in (1, 2, 4):
        plain, sideways, _, above = filters_of(written(levels, rows), levels.shape)
        assert (plain, sideways, above) == (0, 1, 2)


def test_a_painted_picture_takes_about_what_pillow_makes_of_it() -> None:
    y, x = np.mgrid[:200, :300]
    waves = (np.sin(x / 9) * np.cos(y / 7) + 1) * 127
    levels = np.stack([x % 256, (x + y) % 256, waves], axis=-1).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, "PNG")
    assert len(written(levels, 16)) < 1.2 * len(buffer.getvalue())


@pytest.mark.parametrize("block", [1, 100, 2**18])
def test_the_rows_that_come_at_a_time_do_not_change_a_byte(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paintnet.picture.png_writing.BLOCK_BYTES", block)
    levels = np.random.default_rng(1).integers(0, 30, (100, 40, 4), dtype=np.uint8)
    assert len({written(levels, rows) for rows in (1, 7, 13, 100)}) == 1
