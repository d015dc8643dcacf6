"""The pip line works where the package came from."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paintnet import Painter
from paintnet.engine import choice
from paintnet.errors import SettingsError
from paintnet.extras import _requirement, pip_line
from paintnet.painter.events import Noted
from paintnet.painter.run import Run

WHEEL = "https://example.org/paintnet-0.1.0-py3-none-any.whl"
GIT = "https://example.org/paintnet.git"


@pytest.mark.parametrize(
    ("origin", "wanted"),
    [
        (None, "'paintnet[fast]'"),
        ({"url": WHEEL, "archive_info": {}}, f"'paintnet[fast] @ {WHEEL}'"),
        (
            {"url": "file:///wheels/paintnet.whl", "archive_info": {}},
            "'paintnet[fast] @ file:///wheels/paintnet.whl'",
        ),
        (
            {"url": GIT, "vcs_info": {"vcs": "git", "commit_id": "abc123", "requested_revision": "v0.1"}},
            f"'paintnet[fast] @ git+{GIT}@v0.1'",
        ),
        (
            {"url": GIT, "vcs_info": {"vcs": "git", "commit_id": "abc123"}},
            f"'paintnet[fast] @ git+{GIT}@abc123'",
        ),
        (
            {"url": "https://ada:secret@example.org/p.whl", "archive_info": {}},
            "'paintnet[fast] @ https://example.org/p.whl'",
        ),
        ({"url": "file:///gone/paintnet", "dir_info": {}}, "'paintnet[fast]'"),
        ({"url": 5}, "'paintnet[fast]'"),
        ({}, "'paintnet[fast]'"),
        ([], "'paintnet[fast]'"),
    ],
    ids=str,
)
def test_the_origin_that_pip_has_kept(origin: Any, wanted: str) -> None:
    assert _requirement("fast", None if origin is None else json.dumps(origin)) == wanted


def test_an_origin_that_is_damaged_is_as_none() -> None:
    assert _requirement("video", "{") == "'paintnet[video]'"


@pytest.mark.parametrize(("editable", "option"), [(True, "-e "), (False, "")])
def test_a_folder(tmp_path: Path, editable: bool, option: str) -> None:
    folder = tmp_path / "my paintnet"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    text = json.dumps({"url": folder.as_uri(), "dir_info": {"editable": editable}})
    assert _requirement("fast", text) == f"{option}'{folder}[fast]'"


def begun(side: int, **settings: Any) -> tuple[Run, list[str]]:
    """A run after its first epoch, and what it has noted."""
    notes = []

    def listen(event: Any, run: Any) -> None:
        if isinstance(event, Noted):
            notes.append(event.text)

    run = Painter(**settings, listeners=(listen,)).start(np.zeros((side, side, 1), np.float32))
    next(run)
    return run, notes


@pytest.mark.parametrize(("engine", "side", "count"), [("auto", 300, 1), ("auto", 24, 0), ("numpy", 300, 0)])
def test_without_numba_one_note_tells_what_it_would_gain(
    monkeypatch: pytest.MonkeyPatch, engine: str, side: int, count: int
) -> None:
    monkeypatch.setattr(choice, "has_compiler", lambda: False)
    _, notes = begun(side, engine=engine)
    assert notes == [f"with numba the training is about six times as fast: {pip_line('fast')}"] * count


@pytest.mark.parametrize(("engine", "count"), [("auto", 1), ("numpy", 0)])
def test_without_numba_small_files_are_learned_by_numpy(
    monkeypatch: pytest.MonkeyPatch, engine: str, count: int
) -> None:
    monkeypatch.setattr(choice, "has_compiler", lambda: False)
    run, notes = begun(24, engine=engine, bpp=2.0)
    assert run.engine == "numpy"
    assert notes == [f"with numba this training is about four times as fast: {pip_line('fast')}"] * count
    with pytest.raises(SettingsError, match="engine compiled: numba is not installed; install it with"):
        Painter(engine="compiled", bpp=2.0).fit(np.zeros((24, 24, 1), np.float32))
