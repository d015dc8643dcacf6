"""The compiler never makes a run fail: each case is a process of its own, as numba is set up once in each."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from paintnet.engine.compiler import has_compiler

pytestmark = pytest.mark.skipif(not has_compiler(), reason="numba is not installed")

FIT = """
import numpy as np, paintnet, sys
from paintnet.painter.events import Noted
picture = np.random.default_rng(0).random((40, 48, 3), dtype=np.float32)
notes = []
def listen(event, run):
    if isinstance(event, Noted): notes.append(event.text)
def fit(**given):
    return paintnet.fit(picture, preset="draft", epochs=2, purpose="copying", listeners=(listen,), **given)
"""


def run(script: str, **environment: str) -> str:
    """Run a script; what it printed."""
    outcome = subprocess.run(
        [sys.executable, "-c", FIT + script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert outcome.returncode == 0, outcome.stderr[-2000:]
    return outcome.stdout.strip()


COMPILED = 'print(fit(engine="compiled").training.engine)'


def test_fault_27_a_cache_is_kept_and_a_broken_one_left_aside(
    tmp_path: Path,
) -> None:
    cache = str(tmp_path)
    told = 'print(fit(engine="compiled").training.engine, len(notes))'
    assert run(told, XDG_CACHE_HOME=cache) == "compiled 1"
    assert run(told, XDG_CACHE_HOME=cache) == "compiled 0"
    kept = [path for path in tmp_path.rglob("*") if path.suffix in (".nbi", ".nbc")]
    assert kept
    for path in kept:
        path.write_bytes(path.read_bytes()[:20])
    assert run(COMPILED, XDG_CACHE_HOME=cache) == "compiled"


def test_fault_27_without_a_cache_it_compiles_all_the_same() -> None:
    drop = """
import os
os.environ.pop("HOME", None)
"""
    assert run(drop + COMPILED, XDG_CACHE_HOME="/dev/null/cache") == "compiled"


@pytest.mark.parametrize("given", ["", "relative", "/dev/null/below"])
def test_no_cache_is_made_where_none_belongs(given: str, tmp_path: Path) -> None:
    script = """
import os
os.environ.pop("HOME", None)
from paintnet.engine.compiler import cache_folder
folder = cache_folder()
print(folder is None or folder.is_absolute(), os.path.exists("~"), os.path.exists("relative"))
"""
    assert run(f"import os; os.chdir({str(tmp_path)!r})" + script, XDG_CACHE_HOME=given) == "True False False"


@pytest.mark.parametrize("environment", [{"NUMBA_THREADING_LAYER": "tbb"}, {"NUMBA_NUM_THREADS": "0"}])
def test_fault_27_where_numba_does_not_work_numpy_trains(environment: dict[str, str]) -> None:
    script = """
picture = np.random.default_rng(0).random((260, 260, 3), dtype=np.float32)
print(fit().training.engine, "NumPy trains instead of numba: it does not work here" in notes[-1])
"""
    assert run(script, **environment) == "numpy True"
    refused = """
try:
    fit(engine="compiled")
except paintnet.PaintnetError as error:
    print(str(error)[:40])
"""
    assert run(refused, **environment).startswith("numba: it does not work here (")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fault_28_a_forked_child_trains_after_a_compiled_run() -> None:
    script = """
import multiprocessing
def child(seed):
    global picture
    picture = np.random.default_rng(0).random((260, 260, 3), dtype=np.float32)
    return fit(seed=seed).training.engine
if __name__ == "__main__":
    assert fit(engine="compiled").training.engine == "compiled"
    import numba
    expected = "numpy" if numba.threading_layer() == "omp" else "compiled"
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(child, [1, 2]) == [expected] * 2)
"""
    assert run(script) == "True"


def test_fault_28_two_threads_may_fit_at_once_under_workqueue() -> None:
    script = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool:
    fits = [pool.submit(fit, engine="compiled", seed=1) for _ in range(2)]
    one, other = (f.result().patches[0].network.coefs[0].tobytes() for f in fits)
import numba
print(numba.threading_layer(), one == other)
"""
    assert run(script, NUMBA_THREADING_LAYER="workqueue") == "workqueue True"
