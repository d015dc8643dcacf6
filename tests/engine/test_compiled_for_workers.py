"""What workers run is compiled once, by the process that starts them: none of them compiles on its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from paintnet.engine.choice import kernels_for
from paintnet.engine.code_cache import KERNEL, RATE_KERNEL
from paintnet.engine.compiler import COMPILING, COMPILING_AGAIN, has_compiler
from paintnet.settings.presets import settings_for

needs_numba = pytest.mark.skipif(not has_compiler(), reason="numba is not installed")

WATCHED = """
import sys
from functools import partial
from pathlib import Path
import numpy as np

def without_compiler(work, mark, task):
    # In a worker: whoever compiles there leaves a mark.
    from paintnet.engine import code_cache
    def compile_here(folder):
        Path(mark).touch()
        raise code_cache.CacheError("not here")
    code_cache._compile = compile_here
    return work(task)

mark, notes, more = sys.argv[1], [], {}
"""
BATCH = """
from PIL import Image
from paintnet.fleet import batch
from paintnet.fleet.plan import BatchSettings
from paintnet.job import Job
names = ["a.png", "b.png", "c.png"]
for name in names:
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 48, 3), np.uint8)).save(name)
batch.do_task = partial(without_compiler, batch.do_task, mark)
job = Job(source="", preset="draft", settings={"epochs": 1, "engine": "compiled", **more})
plan = batch.plan_batch(BatchSettings(job=job, out_dir=Path("out")), names)
rows = list(batch.run_batch(plan, workers=2, note=notes.append))
assert [row["state"] for row in rows] == ["done"] * 3, rows
"""
FEW_BYTES = 'more = {"bpp": 20.0}\n' + BATCH
MOSAIC = """
from paintnet import Painter
from paintnet.painter import patch_learning
from paintnet.painter.events import Noted
patch_learning.learn_patch = partial(without_compiler, patch_learning.learn_patch, mark)
picture = np.random.default_rng(0).random((40, 90, 3), dtype=np.float32)
def listen(event, run):
    if isinstance(event, Noted):
        notes.append(event.text)
settings = {"epochs": 1, "engine": "compiled"}
painting = Painter("draft", patch=50, workers=2, listeners=(listen,), **settings).fit(picture)
assert painting.training.engine == "compiled", painting.training
"""


@needs_numba
@pytest.mark.parametrize(
    ("script", "kernel", "is_kept"),
    [(BATCH, "kernel", False), (MOSAIC, "kernel", True), (FEW_BYTES, "rate_kernel", True)],
)
def test_no_worker_compiles(script: str, kernel: str, is_kept: bool, tmp_path: Path) -> None:
    cache, temporary = tmp_path / "cache", tmp_path / "temporary"
    temporary.mkdir()
    # With less optimization, which has a key of its own, it is compiled in half of the time.
    environment = {"NUMBA_OPT": "1", "TMPDIR": str(temporary)}
    environment["XDG_CACHE_HOME"] = str(cache) if is_kept else "/dev/null/cache"
    ended = subprocess.run(
        [sys.executable, "-c", WATCHED + script + "print(len(notes), notes[0])", str(tmp_path / "mark")],
        env={**os.environ, **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert ended.stdout.startswith(f"1 {COMPILING if is_kept else COMPILING_AGAIN}")
    assert not (tmp_path / "mark").exists()
    assert len(list(cache.glob(f"paintnet/{kernel}-*"))) == is_kept
    assert not [path for path in temporary.rglob("*") if "kernel" in path.name]


@needs_numba
def test_nothing_is_compiled_that_nobody_wants() -> None:
    small, large = 40 * 48, 768 * 512
    draft = settings_for(64, 64, "draft", epochs=5)
    assert [kernels_for(pixels, draft) for pixels in (small, large)] == [set(), {KERNEL}]
    assert kernels_for(small, draft.changed(engine="compiled")) == {KERNEL}
    assert kernels_for(small, settings_for(64, 64, "draft", bpp=2.0)) == {RATE_KERNEL}
    assert not kernels_for(small, settings_for(64, 64, "draft", bpp=2.0, engine="numpy"))
    for other in (
        {"engine": "numpy"},
        {"engine": "stock"},
        {"solver": "sgd", "start": "mean"},
        {"precision": "float64"},
        {"encoding": "fourier"},
    ):
        assert not kernels_for(large, settings_for(64, 64, "draft", epochs=5, **other)), other


def test_without_a_compiler_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paintnet.engine.choice.has_compiler", lambda: False)
    assert not kernels_for(10**6, settings_for(64, 64, "draft"))
