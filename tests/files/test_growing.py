"""Files that grow are whole at every instant, and write once what stays."""

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paintnet.files.container import ForeignFileError, Layout, NewerFileError
from paintnet.files.entries import Entry, entry_of
from paintnet.files.growing import MAGIC, MARK_BYTES, GrowingFile, is_marked
from paintnet.files.parts import ContainerError, OverLimitError, Part

LAYOUT = Layout("example", 1, max_parts=100, max_part_bytes=100_000, max_bytes=1_000_000)
MARK = b"0123456789abcdef"


class Recorder(io.BytesIO):
    """A file in memory that knows what was written where."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[tuple[int, bytes]] = []

    def write(self, data: Any) -> int:
        self.writes.append((self.tell(), bytes(data)))
        return super().write(data)


def stays(number: int) -> tuple[str, Entry, bytes]:
    data = bytes([number]) * (100 + 10 * number)
    return f"patch.{number}", entry_of(data, "raw", len(data)), data


def state(size: int, value: float) -> dict[str, Part]:
    return {"state": Part({"weights": np.full(size, float(value))}, {"of": "the patch on its way"})}


SIZES = (20, 30, 500, 400, 3, 500, 2000, 10)


def grown() -> Recorder:
    file = Recorder()
    growing = GrowingFile.create(file, LAYOUT, MARK)
    for number, size in enumerate(SIZES):
        growing = GrowingFile(file, LAYOUT) if number > 2 else growing
        growing.commit({"number": number}, [stays(number)], state(size, number))
    return file


def check(content: bytes, numbers: set[int]) -> int:
    """Look at all that a file says, which must be that of one of several commits."""
    found = GrowingFile(io.BytesIO(content), LAYOUT)
    number = int(found.document["number"])
    assert number in numbers
    assert sorted(found.names) == [*(f"patch.{k}" for k in range(number + 1)), "state"]
    for k in range(number + 1):
        assert found.stored(f"patch.{k}") == stays(k)[2]
    assert np.array_equal(found.read("state").tensors["weights"], np.full(SIZES[number], float(number)))
    return number


def torn() -> Iterator[tuple[bytes, int]]:
    """What the disk may hold where writing ends at any write, or inside it; and how many slots were set."""
    content, slots = bytearray(), 0
    for place, data in grown().writes:
        for length in sorted({0, 1, len(data) // 2, len(data) - 1, len(data)}):
            cut = bytearray(content.ljust(place + length, b"\0"))
            cut[place : place + length] = data[:length]
            yield bytes(cut), slots + (place in (512, 1024) and length == len(data))
        content = bytearray(content.ljust(place + len(data), b"\0"))
        content[place : place + len(data)] = data
        slots += place in (512, 1024)


def test_wherever_writing_ends_one_commit_is_whole() -> None:
    seen = set()
    for content, slots in torn():
        if slots == 0:
            with pytest.raises(ContainerError):
                GrowingFile(io.BytesIO(content), LAYOUT)
        else:
            seen.add(check(content, {slots - 1}))
    assert seen == set(range(len(SIZES)))


def test_what_stays_is_written_once_and_old_states_leave_room() -> None:
    file = grown()
    for number in range(len(SIZES)):
        data = stays(number)[2]
        assert [part for _, part in file.writes].count(data) == 1
    growing = GrowingFile(file, LAYOUT)
    size = len(file.getvalue())
    for again in range(20):
        growing.commit({"number": len(SIZES) - 1}, [], state(2000 - again, 1.0))
    assert len(file.getvalue()) < size + 2.5 * 2000 * 8, "two regions take turns"


@given(st.integers(0, 10**9), st.integers(0, 7))
def test_a_flipped_bit_is_noticed_or_leaves_a_whole_commit(at: int, bit: int) -> None:
    content = bytearray(grown().getvalue())
    at %= len(content)
    content[at] ^= 1 << bit
    try:
        check(bytes(content), {len(SIZES) - 2, len(SIZES) - 1})
    except ContainerError:
        return


def test_a_file_that_ends_too_early_is_refused() -> None:
    content = grown().getvalue()
    for length in (0, 10, 511, 600, 4096, len(content) // 2):
        with pytest.raises(ContainerError):
            GrowingFile(io.BytesIO(content[:length]), LAYOUT)


def test_what_is_of_another_kind_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    content = grown().getvalue()
    with pytest.raises(ForeignFileError):
        GrowingFile(io.BytesIO(b"\x89PNG" + content), LAYOUT)
    with pytest.raises(ForeignFileError):
        GrowingFile(io.BytesIO(content), Layout("other", 1, 100, 100_000, 1_000_000))
    newer = io.BytesIO()
    GrowingFile.create(newer, Layout("example", 2, 100, 100_000, 1_000_000), MARK).commit({}, [], {})
    with pytest.raises(NewerFileError, match="format 2, this one reads up to 1"):
        GrowingFile(newer, LAYOUT)
    assert is_marked(io.BytesIO(content), MARK)
    assert not is_marked(io.BytesIO(content), bytes(MARK_BYTES))
    assert content.startswith(MAGIC)


def test_what_could_not_be_read_again_is_not_committed() -> None:
    file = grown()
    growing = GrowingFile(file, LAYOUT)
    with pytest.raises(OverLimitError):
        growing.commit({"number": 99}, [], state(200_000, 0.0))
    check(file.getvalue(), {len(SIZES) - 1})


@pytest.mark.parametrize(
    "change",
    [
        {"parts": {"patch.0": [1, 2]}},
        {"parts": {"../x": [{"data_offsets": [0, 1]}, {"bytes": 1, "codec": "raw", "sha256": "0" * 64}]}},
        {"parts": {"a": [{"data_offsets": [0, 9**12]}, {"bytes": 1, "codec": "raw", "sha256": "0" * 64}]}},
        {"parts": {"a": [{"data_offsets": [0, 1]}, {"bytes": 1, "codec": "x", "sha256": "0" * 64}]}},
        {"regions": [[0, 0]]},
        {"regions": [[-1, 0], [0, 0]]},
        {"document": 3},
        {"format": "1"},
        {"current": None},
    ],
)
def test_a_forged_head_is_refused(change: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    real = GrowingFile._head

    def forged(*given: Any) -> bytes:
        return json.dumps(json.loads(real(*given)) | change).encode()

    file = io.BytesIO()
    growing = GrowingFile.create(file, LAYOUT, MARK)
    monkeypatch.setattr(GrowingFile, "_head", forged)
    with pytest.raises(ContainerError):
        growing.commit({}, [], {})
    with pytest.raises(ContainerError):
        GrowingFile(file, LAYOUT)
