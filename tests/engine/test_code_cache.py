import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from paintnet.engine import code_cache
from paintnet.engine.code_cache import CacheError
from paintnet.engine.compiler import has_compiler

pytestmark = pytest.mark.skipif(not has_compiler(), reason="numba is not installed")


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of compiled code, in a cache folder of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = code_cache._folder()
    for made in (folder.parent, folder):
        made.mkdir(0o700)
    (folder / "code.nbc").write_bytes(b"code")
    (folder / "code.nbc").chmod(0o600)
    return folder


def test_what_is_kept_is_found(kept: Path) -> None:
    assert code_cache.kept_code() == kept
    assert code_cache.why_not_kept() is None
    shutil.rmtree(kept)
    assert code_cache.kept_code() is None


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights are told otherwise here")
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777])
@pytest.mark.parametrize("place", [".", "..", "code.nbc"])
def test_code_that_others_could_have_written_is_not_run(kept: Path, place: str, mode: int) -> None:
    (kept / place).resolve().chmod(mode)
    assert code_cache.kept_code() is None
    if place == "..":
        assert code_cache.why_not_kept() == f"others may write into {kept.parent}"
        with pytest.raises(CacheError, match="others may write into"):
            code_cache.keep()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights are told otherwise here")
@pytest.mark.parametrize("place", [".", "..", "code.nbc"])
def test_code_of_another_user_is_not_run_but_that_of_root_is(
    kept: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    stat = Path.stat
    foreign, owner = (kept / place).resolve(), 1234

    def seen(path: Path, **given: bool) -> os.stat_result:
        found = list(stat(path, **given))
        found[4] = owner if path == foreign else 0
        return os.stat_result(found)

    monkeypatch.setattr(code_cache, "_folder", lambda *_: kept)
    monkeypatch.setattr(Path, "stat", seen)
    assert code_cache.kept_code() is None
    owner = 4321
    assert code_cache.kept_code() == kept
    owner = 0
    assert code_cache.kept_code() == kept


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights are told otherwise here")
def test_the_folder_is_private_whatever_the_mask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = os.umask(0)
    try:
        assert code_cache.why_not_kept() is None
    finally:
        os.umask(before)
    assert (tmp_path / "cache" / "paintnet").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (BlockingIOError(11, "Resource temporarily unavailable"), "no process could be started to compile"),
        (subprocess.TimeoutExpired("python", 600), "no process could be started to compile"),
        (subprocess.CompletedProcess([], 1, b"", b"noise\nOSError: [Errno 28]"), "compiling failed .OSError"),
        (subprocess.CompletedProcess([], 0, b"", b""), "numba does not keep what it compiles"),
    ],
)
def test_a_compiler_that_fails_leaves_what_is_kept_as_it_was(
    kept: Path, monkeypatch: pytest.MonkeyPatch, failure: object, why: str
) -> None:
    def run(*_: object, **__: object) -> object:
        if isinstance(failure, Exception):
            raise failure
        return failure

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(CacheError, match=why):
        code_cache.keep()
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
    assert (kept / "code.nbc").read_bytes() == b"code"


def test_what_killed_compilers_left_is_swept(kept: Path) -> None:
    old, new = kept.parent / "compiling-old", kept.parent / "compiling-new"
    for path in (old, new):
        path.mkdir()
    long_ago = time.time() - 2 * code_cache.STALE
    os.utime(old, (long_ago, long_ago))
    code_cache._sweep(kept.parent)
    assert (old.exists(), new.exists(), kept.exists()) == (False, True, True)


def test_code_that_can_only_be_read_is_copied(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with code_cache.writable(kept) as folder:
        assert folder == kept
    monkeypatch.setattr(os, "access", lambda *_: False)
    with code_cache.writable(kept) as folder:
        assert folder != kept
        assert (folder / "code.nbc").read_bytes() == b"code"
    assert not folder.exists()
