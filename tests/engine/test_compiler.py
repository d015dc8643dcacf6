"""The compiler never makes a run fail: each case is a process of its own, as numba is set up once in each."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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
    given = {"preset": "draft", "epochs": 2, "purpose": "copying", **given}
    return paintnet.fit(picture, listeners=(listen,), **given)
LONG = {"epochs": 2, "layers": (300, 300)}  # so much work that auto compiles
"""


NUMPY_TRAINS = "NumPy trains instead of numba: it does not work here ("


SOON = {"NUMBA_OPT": "1"}
"""Environment in which is compiled in half of the time, for where no other bytes are to be equal."""


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
BYTES = """
import hashlib
from paintnet.modelfile import encode_model
def bytes_of(**given):
    return hashlib.sha256(encode_model(fit(engine="compiled", **given))).hexdigest()
print(*(bytes_of(mode=mode, threads=threads) for mode in ("regress", "classify") for threads in (1, 2)))
"""


@pytest.fixture(scope="module")
def loaded(compiled_cache: Path) -> str:
    """What a run gives that loads the kernel, with one thread and with two."""
    return run(BYTES, XDG_CACHE_HOME=str(compiled_cache))


def test_what_was_compiled_ahead_is_all_that_fits_need(compiled_cache: Path) -> None:
    script = """
from paintnet.painter.painter import Painter
for given in (
    {}, {"purpose": "any-size"}, {"mode": "classify"}, {"mode": "classify", "one_hot": True}, {"alpha": 1.0},
    {"activation": "relu", "layers": (9, 8)}, {"purpose": "enlarging"}, {"hold_out": 0.2},
):
    given = {"purpose": "copying", **given}
    Painter("draft", epochs=1, engine="compiled", listeners=(listen,), **given).fit(picture)
    Painter("fine", epochs=1, engine="compiled", listeners=(listen,), **given).fit(picture[:, :, :1])
from paintnet.engine.kernel import run_batches
print(len(notes), sum(run_batches.stats.cache_hits.values()), dict(run_batches.stats.cache_misses))
"""
    before = {path: path.stat().st_mtime_ns for path in compiled_cache.rglob("*") if path.is_file()}
    assert run(script, XDG_CACHE_HOME=str(compiled_cache)) == "0 1 {}"
    assert {path: path.stat().st_mtime_ns for path in compiled_cache.rglob("*") if path.is_file()} == before


def test_a_kernel_that_was_imported_before_is_loaded_all_the_same(compiled_cache: Path) -> None:
    script = """
import paintnet.engine.rate_kernel
fit(engine="compiled")
from paintnet.engine.kernel import run_batches
print(len(notes), sum(run_batches.stats.cache_hits.values()), dict(run_batches.stats.cache_misses))
"""
    assert run(script, XDG_CACHE_HOME=str(compiled_cache)) == "0 1 {}"


def test_fault_26_threads_do_not_change_the_bytes(loaded: str) -> None:
    one, two, classes_one, classes_two = loaded.split()
    assert (one, classes_one) == (two, classes_two)


def test_fault_27_a_broken_cache_is_replaced_and_the_run_that_compiles_gives_the_same_bytes(
    compiled_cache: Path, loaded: str, tmp_path: Path
) -> None:
    (kernel,) = (compiled_cache / "paintnet").glob("kernel-*")
    shutil.copytree(kernel, tmp_path / "paintnet" / kernel.name)
    files = [path for path in tmp_path.rglob("*") if path.suffix in (".nbi", ".nbc")]
    assert files
    for path in files:
        path.write_bytes(path.read_bytes()[:20])
    assert run(BYTES, XDG_CACHE_HOME=str(tmp_path)) == loaded
    assert all(path.stat().st_size > 20 for path in files)
    assert run(BYTES + "print(len(notes))", XDG_CACHE_HOME=str(tmp_path)) == f"{loaded}\n0"
    assert [path.name for path in (tmp_path / "paintnet").iterdir()] == [files[0].parents[1].name]


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte, which compiled code does not fit on."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can mount")
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", str(tmp_path)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("this system mounts no tmpfs")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_fault_27_on_a_full_disk_it_compiles_for_this_run_and_gives_the_same_bytes(
    full_disk: Path, loaded: str
) -> None:
    told = run(BYTES + "print(notes[:1], len(set(notes)), sep=chr(10))", XDG_CACHE_HOME=str(full_disk))
    found, *notes = told.splitlines()
    assert found == loaded
    note = "compiling the training step, which takes about 20 s in each run: it cannot be kept"
    assert notes == [f"['{note} (No space left on device: {full_disk}/paintnet)']", "1"]
    assert list((full_disk / "paintnet").iterdir()) == []


def test_fault_27_without_a_cache_and_without_processes_it_compiles_here() -> None:
    script = """
import errno, os, subprocess
os.environ.pop("HOME", None)
def refuse(*_, **__): raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
subprocess.run = refuse
"""
    assert run(script + COMPILED, XDG_CACHE_HOME="/dev/null/cache", **SOON) == "compiled"


def test_fault_27_a_cache_is_not_blamed_for_threads_that_cannot_start(compiled_cache: Path) -> None:
    script = """
import numba
def refuse(): raise RuntimeError("can't start new thread")
numba.get_num_threads = refuse
picture = np.random.default_rng(0).random((260, 260, 3), dtype=np.float32)
print(fit(**LONG).training.engine, *notes)
"""
    before = {path for path in compiled_cache.rglob("*") if path.is_file()}
    said = f"{NUMPY_TRAINS}RuntimeError: can't start new thread)"
    assert run(script, XDG_CACHE_HOME=str(compiled_cache)) == f"numpy {said}"
    assert {path for path in compiled_cache.rglob("*") if path.is_file()} == before


STRANGER = 54_321
"""A number without an account, as containers give users; the account nobody may have a home here."""

DROPPED = ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups"]
READS_ALL = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
"""Where Python lies in root's own folder; it lets nobody write anywhere."""


@pytest.fixture
def as_stranger() -> list[str]:
    """What to put before a command so that it runs without the rights of root."""
    if os.name != "posix" or os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can drop its rights")
    for prefix in (DROPPED, DROPPED + READS_ALL):
        command = [*prefix, sys.executable, "-c", "import numba, paintnet.painter.painter"]
        if subprocess.run(command, cwd="/", capture_output=True).returncode == 0:
            return prefix
    pytest.skip("without rights, this Python cannot be started")


def test_fault_27_a_user_without_rights_and_home_paints_a_large_picture(as_stranger: list[str]) -> None:
    kept = {key: text for key, text in os.environ.items() if key not in ("HOME", "XDG_CACHE_HOME")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chown(folder, STRANGER, STRANGER)
        pixels = np.random.default_rng(0).integers(0, 256, (260, 280, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "photo.png")
        outcome = subprocess.run(
            [*as_stranger, sys.executable, "-m", "paintnet", "fit", "photo.png"],
            cwd=folder,
            env={**kept, **SOON},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert outcome.returncode == 0, outcome.stderr
        note = "compiling the training step, which takes about 20 s in each run: it cannot be kept"
        assert outcome.stderr == f"note: {note} (the user has no home folder)\n"
        assert {path.name for path in folder.iterdir()} == {
            "photo.png",
            "photo.painted.png",
            "photo.paintnet",
        }


def test_threads_are_told_to_spin_briefly_before_they_start(compiled_cache: Path) -> None:
    script = """
import numba, os
start, seen = numba.get_num_threads, []
def look():
    seen.append(os.environ.get("GOMP_SPINCOUNT"))
    return start()
numba.get_num_threads = look
fit(engine="compiled")
print(seen[0])
"""
    assert run(script, XDG_CACHE_HOME=str(compiled_cache)) == "2000"


@pytest.mark.parametrize("given", ["", "relative", "/dev/null/below"])
def test_no_cache_is_made_where_none_belongs(given: str, tmp_path: Path) -> None:
    script = """
import os
os.environ.pop("HOME", None)
from paintnet.engine import code_cache
why, kept = code_cache.why_not_kept(), code_cache.kept_code()
print(why is None or "/null" in why, kept is None or kept.is_absolute(), os.listdir("."))
"""
    assert run(f"import os; os.chdir({str(tmp_path)!r})" + script, XDG_CACHE_HOME=given) == "True True []"


@pytest.mark.parametrize(
    "environment", [{"NUMBA_THREADING_LAYER": "tbb"}, {"NUMBA_NUM_THREADS": "0"}, {"NUMBA_DISABLE_JIT": "1"}]
)
def test_fault_27_where_numba_does_not_work_numpy_trains(environment: dict[str, str]) -> None:
    script = """
picture = np.random.default_rng(0).random((260, 260, 3), dtype=np.float32)
print(fit(**LONG).training.engine, len(notes), notes[0][:54])
"""
    assert run(script, **environment) == f"numpy 1 {NUMPY_TRAINS}"
    refused = """
try:
    fit(engine="compiled")
except paintnet.PaintnetError as error:
    print(str(error)[:40])
"""
    assert run(refused, **environment).startswith("numba: it does not work here (")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fault_28_a_forked_child_trains_after_a_compiled_run(compiled_cache: Path) -> None:
    script = """
import multiprocessing
def child(seed):
    global picture
    picture = np.random.default_rng(0).random((260, 260, 3), dtype=np.float32)
    return fit(seed=seed, **LONG).training.engine
if __name__ == "__main__":
    assert fit(engine="compiled").training.engine == "compiled"
    import numba
    expected = "numpy" if numba.threading_layer() == "omp" else "compiled"
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map(child, [1, 2]) == [expected] * 2)
"""
    assert run(script, XDG_CACHE_HOME=str(compiled_cache)) == "True"


def test_fault_28_two_threads_may_fit_at_once_under_workqueue(compiled_cache: Path) -> None:
    script = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool:
    fits = [pool.submit(fit, engine="compiled", seed=1) for _ in range(2)]
    one, other = (f.result().patches[0].network.coefs[0].tobytes() for f in fits)
import numba
print(numba.threading_layer(), one == other)
"""
    environment = {"NUMBA_THREADING_LAYER": "workqueue", "XDG_CACHE_HOME": str(compiled_cache)}
    assert run(script, **environment) == "workqueue True"
