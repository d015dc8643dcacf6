"""FAULTS.md row 20: a checkpoint is valid, and what goes on from it ends as what never stopped."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paintnet import Painter
from paintnet.errors import CheckpointError, SettingsError
from paintnet.painter.checkpoint import Checkpoint
from paintnet.painter.run import Run

ROW, COLUMN = np.indices((24, 20), dtype=np.float32)
NOISE = np.random.default_rng(3).random((24, 20, 3), dtype=np.float32)
PICTURE = np.stack([ROW / 30, COLUMN / 30, (ROW > COLUMN) * np.float32(0.6)], axis=2) + NOISE / 10

RUNS: dict[str, dict[str, Any]] = {
    "blocks": {"engine": "numpy", "purpose": "copying"},
    "blocks, any size, held out": {"engine": "numpy", "hold_out": 0.2},
    "blocks, classify": {"engine": "numpy", "mode": "classify"},
    "stock": {"engine": "stock", "encoding": "fourier", "layers": (8, 8)},
    "stock, sgd": {"solver": "sgd", "encoding": "raw", "layers": (8,)},
    "stock, classify": {"mode": "classify", "encoding": "fourier", "layers": (8,), "start": "stock"},
    "stock, classify, sgd, tol": {"mode": "classify", "solver": "sgd", "encoding": "raw", "tol": 1e-9},
    "stock, double": {"precision": "float64", "encoding": "raw", "decay": "cosine"},
}


def begun(after: int, **settings: Any) -> Run:
    """Give a run after so many epochs."""
    run = Painter("draft", **settings).start(PICTURE)
    for _ in range(after):
        next(run)
    return run


@pytest.mark.parametrize("after", [1, 4, 6])
@pytest.mark.parametrize("settings", RUNS.values(), ids=list(RUNS))
def test_a_run_that_goes_on_ends_as_one_that_never_stopped(settings: dict[str, Any], after: int) -> None:
    painter = Painter("draft", epochs=6, seed=5, **settings)
    expected = painter.fit(PICTURE).to_bytes()
    content = begun(after, epochs=6, seed=5, **settings).checkpoint().to_bytes()
    run = painter.start(PICTURE)
    run.restore(Checkpoint.from_bytes(content))
    assert [event.epoch for event in run] == list(range(after + 1, 7))
    assert run.result().to_bytes() == expected


def test_long_records_do_not_burst_the_header(tmp_path: Path) -> None:
    checkpoint = begun(1, epochs=3, engine="numpy").checkpoint()
    losses = np.random.default_rng(0).random(100_000).tolist()
    long = replace(checkpoint, state=replace(checkpoint.state, values={"losses": losses, "few": [1, 2]}))
    long.save(tmp_path / "run.checkpoint")
    assert Checkpoint.load(tmp_path / "run.checkpoint").state.values == {"losses": losses, "few": [1, 2]}


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"seed": 1}, "it has seed 0, and this run 1; give the settings that it began with"),
        (
            {"layers": (5, 5)},
            "it has layers [4, 24, 24], and this run [5, 5]; give the settings that it began with",
        ),
        ({"epochs": 9}, "it has epochs 3, and this run 9; give the settings that it began with"),
    ],
)
def test_a_run_with_other_settings_is_told_what_differs(other: dict[str, Any], message: str) -> None:
    checkpoint = begun(1, epochs=3, engine="numpy").checkpoint()
    run = Painter("draft", **{"epochs": 3, "engine": "numpy", **other}).start(PICTURE)
    with pytest.raises(CheckpointError) as caught:
        run.restore(checkpoint)
    assert str(caught.value) == f"checkpoint: {message}"


def test_another_picture_version_or_engine_is_refused() -> None:
    checkpoint = begun(1, epochs=3, engine="numpy").checkpoint()
    painter = Painter("draft", epochs=3, engine="numpy")
    for other in (PICTURE[::-1], PICTURE[:12], PICTURE.astype(np.float64)):
        with pytest.raises(CheckpointError, match="it belongs to a run on another picture, or on this one"):
            painter.start(other).restore(checkpoint)
    with pytest.raises(CheckpointError, match=r"it was written by paintnet 0\.0\.0, and this is"):
        painter.start(PICTURE).restore(replace(checkpoint, version="0.0.0"))
    with pytest.raises(CheckpointError, match="trained by engine compiled, and this run would use numpy"):
        painter.start(PICTURE).restore(replace(checkpoint, engine="compiled"))


def test_lbfgs_has_nothing_to_store() -> None:
    with pytest.raises(SettingsError) as caught:
        Painter("draft", solver="lbfgs", encoding="raw").start(PICTURE).checkpoint()
    assert str(caught.value) == "checkpoint: lbfgs has no epochs to store between; use solver adam or sgd"


CONTENT = begun(1, epochs=3, engine="numpy", purpose="copying").checkpoint().to_bytes()


@given(st.integers(0, len(CONTENT) - 1), st.integers(0, 7))
def test_no_bit_can_flip_unnoticed(at: int, bit: int) -> None:
    damaged = bytearray(CONTENT)
    damaged[at] ^= 1 << bit
    with pytest.raises(CheckpointError):
        Checkpoint.from_bytes(bytes(damaged))


@given(st.integers(0, len(CONTENT) - 1))
def test_a_torn_file_is_refused(length: int) -> None:
    with pytest.raises(CheckpointError):
        Checkpoint.from_bytes(CONTENT[:length])


def test_what_is_no_checkpoint_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "painting.paintnet").write_bytes(begun(3, epochs=3, engine="numpy").result().to_bytes())
    for path, message in (
        ("nothing", "No such file or directory; give one that a run has written, or start without it"),
        ("", "not a regular file; get an intact copy, or start the run again"),
        ("painting.paintnet", "not a checkpoint"),
    ):
        with pytest.raises(CheckpointError) as caught:
            Checkpoint.load(tmp_path / path)
        assert message in str(caught.value)
        assert str(tmp_path) in str(caught.value)


def test_it_stands_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    run = begun(1, epochs=3, engine="numpy")
    run.checkpoint().save(path)
    next(run)
    run.checkpoint().save(str(path))
    assert Checkpoint.load(path).epochs == 2
    assert [each.name for each in tmp_path.iterdir()] == ["run.checkpoint"]
