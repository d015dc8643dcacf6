"""What compiling ahead says that it did."""

from pathlib import Path

import pytest

from paintnet.engine import code_cache, warming

pytest.importorskip("numba")


def test_it_has_compiled_if_one_of_the_kernels_was_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(code_cache.CACHE, str(tmp_path))

    def compiled(kernel: str) -> None:
        code_cache._folder(kernel).mkdir(code_cache.PRIVATE, parents=True, exist_ok=True)

    compiled(code_cache.KERNEL)
    code_cache._folder(code_cache.KERNEL).parent.chmod(code_cache.PRIVATE)
    monkeypatch.setattr(warming, "_smallest_step", lambda: compiled(code_cache.KERNEL))
    monkeypatch.setattr(warming, "smallest_rate", lambda: compiled(code_cache.RATE_KERNEL))
    assert [warming.compile_ahead().compiled for _ in range(2)] == [True, False]
