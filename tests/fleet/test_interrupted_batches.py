"""A batch with bad pictures, run again and killed at random instants; the tool does more of it."""

import sys
from pathlib import Path

import pytest

from tools.interrupted_batches import Batch, WrongError, torment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


def test_fault_24_and_21_bad_pictures_and_kills_at_random_instants(tmp_path: Path) -> None:
    tally = torment(Batch(tmp_path, 12, seed=0), kills=3)
    assert len(tally.done_before) == 3


def test_an_output_that_is_not_whole_is_found(tmp_path: Path) -> None:
    batch = Batch(tmp_path, 4, seed=0)
    batch.run("out", 1, skipped=0)
    whole = batch.outputs("out")
    assert batch.known("out", whole) == (1, 0)
    (tmp_path / "out" / "000.paintnet").write_bytes(whole["000.paintnet"][:-1])
    with pytest.raises(WrongError, match=r"000\.png is said to be done, with "):
        batch.known("out", whole)
