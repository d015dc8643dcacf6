"""`paintnet warm` compiles once (here in a fixture), says where, and what is in the way."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from paintnet.engine import compiler
from paintnet.engine.compiler import has_compiler
from paintnet.extras import pip_line
from tests.command_line import Run, run_program

needs_compiler = pytest.mark.skipif(not has_compiler(), reason="numba is not installed")


@needs_compiler
def test_where_it_is_compiled_nothing_is_to_be_done(compiled_cache: Path) -> None:
    env = {"XDG_CACHE_HOME": str(compiled_cache)}
    (folder,) = (compiled_cache / "paintnet").glob("kernel-*")
    outcome = run_program("warm", env=env).done()
    assert outcome.out == f"compiled already: nothing to do; kept in {folder}\n"
    assert outcome.err == ""
    document = json.loads(run_program("warm", "--json", env=env).done().out)
    assert document.pop("seconds") >= 0
    assert document == {"compiled": False, "folder": str(folder)}
    assert run_program("warm", "-q", env=env).done().out == ""


@needs_compiler
def test_a_cache_that_only_can_be_read_is_loaded(compiled_cache: Path, tmp_path: Path) -> None:
    shutil.copytree(compiled_cache, tmp_path, dirs_exist_ok=True)
    script = (
        "import os, sys; os.access = lambda *_, **__: False\n"
        "from paintnet.cli import main; sys.argv[0] = 'paintnet'; main()"
    )
    program = (sys.executable, "-c", script)
    outcome = run_program("warm", program=program, env={"XDG_CACHE_HOME": str(tmp_path)}).done()
    assert outcome.out.startswith("compiled already: nothing to do")


@needs_compiler
@pytest.mark.parametrize("given", ["/dev/null/cache", "/proc/cache"])
def test_where_nothing_can_be_kept_it_says_why(given: str) -> None:
    error = run_program("warm", env={"XDG_CACHE_HOME": given}).failed()
    assert error.startswith("compiled code: it cannot be kept: ")
    assert given in error
    assert error.endswith("; set XDG_CACHE_HOME to a folder that only you can write")


def test_without_numba_it_names_the_pip_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "has_compiler", lambda: False)
    assert run("warm").failed() == f"numba: it is not installed; install it with {pip_line('fast')}"


@needs_compiler
def test_where_numba_does_not_work_it_says_so(tmp_path: Path) -> None:
    env = {"XDG_CACHE_HOME": str(tmp_path), "NUMBA_DISABLE_JIT": "1"}
    error = run_program("warm", env=env).failed()
    assert error == (
        "numba: it does not work here (RuntimeError: NUMBA_DISABLE_JIT is set); "
        "use engine numpy, or install numba again"
    )
