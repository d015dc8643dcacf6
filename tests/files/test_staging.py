"""Temporary files: whose are swept away, and whose stay."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paintnet.files import staging
from paintnet.files.staging import StagedFile, sweep

NAME = ".paintnet-0123456789abcdef.tmp"
MINUTE = 61.0
DAY = 86_401.0


def left_behind(folder: Path, content: bytes, age: float = 0.0, name: str = NAME) -> Path:
    path = folder / name
    path.write_bytes(content)
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_what_a_dead_run_left_is_swept(tmp_path: Path) -> None:
    left_behind(tmp_path, b"half")
    left_behind(tmp_path, b"", MINUTE, ".paintnet-00000000000000ff.tmp")
    sweep(tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_a_living_run_writes_stays(tmp_path: Path) -> None:
    with StagedFile(tmp_path / "a.png", None) as staged:
        staged.file.write(b"half")
        staged.file.flush()
        (path,) = tmp_path.iterdir()
        os.utime(path, (0, 0))
        sweep(tmp_path)
        with StagedFile(tmp_path / "b.png", None):
            assert path.exists()
        staged.finish()
        staged.take_place()
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_one_that_is_just_being_made_stays(tmp_path: Path) -> None:
    path = left_behind(tmp_path, b"")
    sweep(tmp_path)
    assert path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_one_whose_run_was_killed_before_the_first_byte_is_swept_at_once(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from paintnet.files.staging import StagedFile\n"
        "with StagedFile(Path(sys.argv[1]), None): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "a.png")], check=False)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_size == 0
    sweep(tmp_path)
    assert not path.exists()


def test_what_is_finished_has_the_date_of_its_writing(tmp_path: Path) -> None:
    begun = time.time()
    with StagedFile(tmp_path / "a.png", None) as staged:
        staged.file.write(b"whole")
        staged.finish()
        staged.take_place()
    assert (tmp_path / "a.png").stat().st_mtime > begun - MINUTE


@pytest.mark.parametrize(
    "name",
    ["photo.tmp", ".paintnet-12.tmp", NAME + ".png", NAME.replace("abcdef", "ABCDEF")],
)
def test_files_of_other_names_stay(tmp_path: Path, name: str) -> None:
    path = left_behind(tmp_path, b"mine", DAY, name)
    sweep(tmp_path)
    assert path.exists()


def test_links_and_folders_of_that_name_stay(tmp_path: Path) -> None:
    target = left_behind(tmp_path, b"mine", DAY, "photo.png")
    link, folder = (tmp_path / f".paintnet-000000000000000{number}.tmp" for number in (1, 2))
    link.symlink_to(target)
    folder.mkdir()
    sweep(tmp_path)
    assert link.is_symlink()
    assert folder.is_dir()
    assert target.exists()


def test_without_locks_only_age_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "_HAS_LOCKS", False)
    young = left_behind(tmp_path, b"half", MINUTE, ".paintnet-0000000000000001.tmp")
    old = left_behind(tmp_path, b"half", DAY)
    with StagedFile(tmp_path / "a.png", None) as staged:
        staged.finish()
        staged.take_place()
    assert young.exists()
    assert not old.exists()


def test_a_folder_that_cannot_be_listed_is_let_be(tmp_path: Path) -> None:
    sweep(tmp_path / "nowhere")
