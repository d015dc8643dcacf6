"""What a batch may need, guessed before it begins."""

import os
from pathlib import Path

import pytest
from PIL import Image

from paintnet.engine.code_cache import KERNEL, RATE_KERNEL
from paintnet.engine.compiler import has_compiler
from paintnet.fleet.batch import plan_batch
from paintnet.fleet.estimate import PICTURE, estimate, kernels_of
from paintnet.fleet.plan import BatchSettings
from paintnet.picture.header import size_by_header
from tests.command_line import encoded
from tests.fleet.fleet_helpers import pictures_in, settings_in, states


def guess(settings: BatchSettings, *inputs: str) -> int:
    return estimate(plan_batch(settings, inputs)).size


def test_it_follows_the_size_of_pictures_and_what_is_asked_for(folder: Path) -> None:
    for name, size in (("a.png", (100, 50)), ("b.tif", (200, 100))):
        (folder / name).write_bytes(encoded(Image.new("RGB", size), "TIFF" if name == "b.tif" else "PNG"))
    picture = settings_in(folder / "out", endings=("png",))
    assert guess(picture, "a.png") == PICTURE * 100 * 50
    assert guess(picture, "a.png", "b.tif") == PICTURE * (100 * 50 + 200 * 100)
    assert (
        guess(settings_in(folder / "out", endings=("png",), job={"scale": 2.0}), "a.png")
        == PICTURE * 200 * 100
    )
    assert (
        guess(settings_in(folder / "out", endings=("png",), job={"max_side": 50}), "a.png")
        == PICTURE * 50 * 25
    )
    raw = {"encoding": "raw", "layers": (4,), "epochs": 1}
    model = settings_in(folder / "out", endings=("paintnet",), job={"settings": raw})
    assert guess(model, "a.png") == 4 * (2 * 4 + 4 * 3)


@pytest.mark.skipif(not has_compiler(), reason="numba is not installed")
def test_a_batch_of_little_pictures_needs_nothing_compiled(folder: Path) -> None:
    pictures_in(folder, "a.png")
    (folder / "large.png").write_bytes(encoded(Image.new("RGB", (700, 500))))
    settings = settings_in(folder / "out", job={"preset": "standard", "settings": {}})
    assert [
        kernels_of(plan_batch(settings, names))
        for names in (["a.png"], ["a.png", "sample:china"], ["large.png"], ["https://example.org/b.png"])
    ] == [set(), {KERNEL}, {KERNEL}, {KERNEL}]
    stored = settings_in(folder / "out", job={"preset": "draft", "settings": {"bpp": 1.0}})
    assert kernels_of(plan_batch(stored, ["a.png", "no.png"])) == {RATE_KERNEL}
    small = settings_in(folder / "out", job={"preset": "standard", "settings": {}, "max_side": 32})
    assert not kernels_of(plan_batch(small, ["large.png", "sample:china", "sample:nothing"]))


def test_it_is_near_what_a_model_has(folder: Path) -> None:
    pictures_in(folder, "a.png")
    settings = settings_in(folder / "out", endings=("paintnet",))
    expected = guess(settings, "a.png")
    states(settings, "a.png")
    assert 0.5 < expected / (folder / "out" / "a.paintnet").stat().st_size < 2
    plan = plan_batch(settings, ["a.png"])
    assert estimate(plan).size == 0


def test_what_is_no_picture_or_cannot_be_opened_takes_nothing(folder: Path) -> None:
    (folder / "a.png").write_bytes(b"")
    os.mkfifo("b.png")
    assert guess(settings_in(folder / "out"), "a.png", "no.png") == 0


@pytest.mark.parametrize("limit", [5_000, 4_999])
def test_the_size_is_read_within_the_limit(folder: Path, limit: int) -> None:
    path = folder / "a.gif"
    path.write_bytes(encoded(Image.new("RGB", (100, 50)), "GIF"))
    assert size_by_header(path, limit) == ((100, 50) if limit == 5_000 else None)
    path.write_bytes(path.read_bytes()[:8])
    assert size_by_header(path, limit) is None
