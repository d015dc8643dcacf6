"""A picture in patches is painted as one network would, and nobody sees where they meet."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from painter_helpers import smooth

from paintnet.animation.frames import FrameTaker
from paintnet.dataset.classes import Classes
from paintnet.errors import CheckpointError
from paintnet.files.growing import MARK_BYTES, GrowingFile
from paintnet.metrics import psnr, ssim
from paintnet.painter.checkpoint import Checkpoint, fingerprint
from paintnet.painter.events import EpochFinished, TrainingFinished, TrainingStarted, Working
from paintnet.painter.keeping import Keeping, run_through
from paintnet.painter.mosaic import MosaicRun
from paintnet.painter.painter import Painter
from paintnet.painter.patches_done import LAYOUT, PatchesDone
from paintnet.painter.quality import as_written
from paintnet.painting import Painting
from paintnet.picture.levels import LevelPicture

WIDTH, HEIGHT, PATCH = 100, 70, 40
LEARNED = {"engine": "numpy", "patch": PATCH}
QUICK = {**LEARNED, "epochs": 6}


def wavy(channels: int = 3) -> np.ndarray:
    return np.rint(smooth(WIDTH, HEIGHT, channels) * 255).astype(np.float32) / np.float32(255)


def test_patches_paint_as_well_as_one_network_does() -> None:
    picture = wavy()
    divided = Painter("draft", **LEARNED).fit(picture)
    whole = Painter("draft", engine="numpy").fit(picture)
    assert len(divided.patches) == 6
    assert divided.training is not None
    assert whole.training is not None
    assert divided.training.psnr > whole.training.psnr - 1
    assert divided.training.epochs >= whole.training.epochs  # small pictures have more
    assert divided.training.ended_by == "epochs"


def test_what_is_measured_is_what_is_painted() -> None:
    picture = wavy()
    run = Painter("draft", hold_out=0.2, **QUICK).start(picture)
    painting = (list(run), run.result())[1]
    rendered = as_written(painting.render())
    assert run.quality_ is not None
    assert run.quality_.psnr == pytest.approx(psnr(picture, rendered), abs=1e-4)
    assert run.quality_.ssim == pytest.approx(ssim(picture, rendered), abs=1e-5)
    assert np.array_equal(np.concatenate(list(run.quality_.bands())), rendered)
    held_out = run.quality_.held_out_psnr
    assert held_out is not None
    assert held_out < run.quality_.psnr


@pytest.mark.parametrize("level", [128, 201])
def test_an_even_surface_shows_no_border(level: int) -> None:
    painting = Painter("draft", **LEARNED).fit(np.full((HEIGHT, WIDTH, 3), level / 255, np.float32))
    for scale in (1, 4):
        levels = np.rint(painting.render((scale * WIDTH, scale * HEIGHT)) * 255)
        assert np.abs(levels - level).max() <= 1


def test_a_slow_gradient_shows_no_border() -> None:
    ramp = np.linspace(90, 120, WIDTH)[None, :, None] + np.linspace(0, 10, HEIGHT)[:, None, None]
    picture = (np.rint(ramp.repeat(3, axis=2)) / 255).astype(np.float32)
    painting = Painter("draft", **LEARNED).fit(picture)
    assert np.abs(painting.render() - picture).max() * 255 < 1
    enlarged = painting.render((4 * WIDTH, 4 * HEIGHT))
    truth = ramp.repeat(4, axis=0).repeat(4, axis=1) / 255
    assert np.abs(enlarged - truth).max() * 255 < 1.6  # half a level of it is that of rounding


def test_a_region_is_a_part_of_the_whole() -> None:
    painting = Painter("draft", **QUICK).fit(wavy())
    whole = painting.render((2 * WIDTH, 2 * HEIGHT))
    part = painting.render((80, 60), region=(25, 20, 65, 50))
    np.testing.assert_allclose(part, whole[40:100, 50:130], atol=1e-5)
    xy = np.array([[33.0, 40.0], [39.5, 35.25], [0.0, 0.0], [99.0, 69.0]])
    point = painting.render((1, 1), region=(39.5 + 0.5 - 0.05, 35.75 - 0.05, 40.05, 35.8))
    np.testing.assert_allclose(painting.predict(xy)[1], point[0, 0], atol=1e-5)


def test_all_patches_know_all_classes() -> None:
    picture = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    picture[:, :30], picture[:, 30:60], picture[:, 60:] = (1, 0, 0), (0, 1, 0), (0, 0, 1)
    for classes in (Classes(colors=3), Classes(threshold=100)):
        painting = Painter("draft", mode="classify", classes=classes, engine="numpy", patch=PATCH).fit(
            picture
        )
        assert painting.training is not None
        assert painting.training.accuracy is not None
        assert painting.training.accuracy > 0.99
        assert painting.palette is not None
        colors = {tuple(color) for color in painting.render().reshape(-1, 3).tolist()}
        assert colors <= {tuple(color) for color in painting.palette.tolist()}


def test_to_listeners_it_is_a_run_as_any_other() -> None:
    events: list[object] = []
    seen: list[Painting] = []

    def listen(event: object, run: object) -> None:
        events.append(event)
        if isinstance(event, EpochFinished) and event.epoch in (1, 20):
            assert isinstance(run, MosaicRun)
            seen.append(run.painting())

    with FrameTaker(4) as taker:
        painting = Painter("draft", listeners=(listen, taker), **QUICK).fit(wavy())
        frames = list(taker.frames())
    epochs = [event for event in events if isinstance(event, EpochFinished)]
    assert [event.epoch for event in epochs] == list(range(1, 37))
    parts = [event.part if isinstance(event, Working) else event.__class__ for event in events]
    before = [part for part, following in pairwise(parts) if following is EpochFinished]
    assert set(before) == {"learning", EpochFinished}, "the clock of the parts counts an epoch as learning"
    progress = [event.progress for event in epochs]
    assert progress == sorted(progress)
    assert progress[-1] == 1 > progress[-2]
    assert epochs[-1].psnr is not None
    assert painting.training is not None
    assert epochs[-1].psnr == pytest.approx(painting.training.psnr, abs=3)
    assert sum(isinstance(event, TrainingStarted) for event in events) == 1
    assert sum(isinstance(event, TrainingFinished) for event in events) == 1
    errors = [np.abs(each.render() - wavy()).mean() for each in (*seen, painting)]
    assert errors[0] > errors[1] > errors[2], "patches that have not begun have their mean color"
    assert [frame.pixels.shape for frame in frames] == [(HEIGHT, WIDTH, 3)] * len(frames)
    assert len(frames) == 4


def test_a_run_that_is_stopped_keeps_the_patches_that_are_done() -> None:
    run = Painter("draft", **QUICK).start(wavy())
    for event in run:
        if event.epoch == 14:
            run.stop()
    assert [event.epoch for event in run] == []
    painting = run.result()
    assert painting.training is not None
    assert painting.training.ended_by == "stopped"
    error = np.abs(painting.render() - wavy()).mean(axis=2)
    assert 2 * error[:30, :60].mean() < error[:, 70:].mean()


KINDS: dict[str, dict[str, object]] = {
    "regress": {},
    "classify": {"mode": "classify", "classes": Classes(colors=3)},
    "stock sgd": {
        "engine": "stock",
        "solver": "sgd",
        "encoding": "raw",
        "layers": (8,),
        "learning_rate": 0.1,
    },
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stop_at", [3, 8, 12])
def test_a_mosaic_goes_on_from_its_checkpoint_to_the_same_bytes(kind: str, stop_at: int) -> None:
    painter = Painter("draft", **{**LEARNED, "epochs": 4, **KINDS[kind]})
    picture = wavy()
    run = painter.start(picture)
    for event in run:
        if event.epoch == stop_at:
            break
    content = run.checkpoint().to_bytes()
    later = painter.start(picture)
    later.restore(Checkpoint.from_bytes(content))
    assert [event.epoch for event in later] == list(range(stop_at + 1, 25))
    assert later.result().to_bytes() == painter.fit(picture).to_bytes()


def test_a_checkpoint_on_disk_writes_each_patch_once(tmp_path: Path) -> None:
    path, picture = tmp_path / "run.checkpoint", wavy()
    places: list[dict[str, int]] = []
    kept: list[bytes] = []

    def look(event: object, run: object) -> None:
        if isinstance(event, EpochFinished):
            with path.open("rb") as file:
                growing = GrowingFile(file, LAYOUT)
                places.append({name: growing.entry(name).begin for name in growing.names if name != "state"})
            kept.append(path.read_bytes())

    run = Painter("draft", **{**LEARNED, "epochs": 4}).start(picture)
    run.listeners = [look]
    run_through(run, Keeping(checkpoint=str(path), every=1e-9))
    expected = run.result().to_bytes()
    assert [len(each) for each in places] == [k // 4 for k in range(24)]
    assert all(before.items() <= after.items() for before, after in pairwise(places)), "nothing moves"
    assert path.stat().st_size < len(expected) + 6 * len(kept[0]), "24 states, and room for few"
    for epoch in (1, 4, 5, 18, 24):
        path.write_bytes(kept[epoch - 1])
        later = Painter("draft", **{**LEARNED, "epochs": 4}).start(picture)
        run_through(later, Keeping(checkpoint=str(path), resume=str(path), every=1e-9))
        assert later.result().to_bytes() == expected
    assert [each.name for each in tmp_path.iterdir()] == ["run.checkpoint"]


def test_two_runs_with_one_checkpoint_leave_that_of_one_of_them(tmp_path: Path) -> None:
    path, picture = tmp_path / "run.checkpoint", wavy()
    settings = {**LEARNED, "epochs": 4}
    painters = [Painter("draft", **settings, seed=seed) for seed in (0, 1)]
    runs = [painter.start(picture) for painter in painters]
    marks = b"a" * MARK_BYTES, b"b" * MARK_BYTES
    for _ in range(7):
        for run, mark in zip(runs, marks, strict=True):
            next(run)
            run.checkpoint().update(path, mark)
    later = painters[1].start(picture)
    later.restore(Checkpoint.load(path))
    assert [event.epoch for event in later] == list(range(8, 25))
    assert later.result().to_bytes() == painters[1].fit(picture).to_bytes()


def test_a_run_goes_back_to_an_earlier_checkpoint() -> None:
    painter, picture = Painter("draft", **{**LEARNED, "epochs": 3}), wavy()
    run = painter.start(picture)
    moments = {event.epoch: run.checkpoint() for event in run}
    again = painter.start(picture)
    for event in again:
        if event.epoch == 10:
            break
    again.restore(moments[4])
    assert [event.epoch for event in again] == list(range(5, 19))
    assert again.result().to_bytes() == run.result().to_bytes()


def test_a_checkpoint_of_many_patches_can_be_read() -> None:
    picture = wavy()
    run = Painter("draft", **{**QUICK, "epochs": 1}).start(picture)
    list(run)
    few = run.checkpoint()
    assert few.patches is not None
    ending, stored = few.patches.endings[0], few.patches.stored
    many = PatchesDone(dict.fromkeys(range(3000), ending), lambda number: stored(number % 6))
    content = replace(few, patches=many).to_bytes()
    again = Checkpoint.from_bytes(content).patches
    assert again is not None
    assert again.endings == many.endings
    assert again.stored(2999)[1] == stored(2999 % 6)[1]


def test_a_checkpoint_of_other_patches_is_refused() -> None:
    picture = wavy()
    run = Painter("draft", **QUICK).start(picture)
    next(run)
    content = run.checkpoint()
    narrow = picture[:, :60]  # has windows as large as the others
    other = Painter("draft", **QUICK).start(narrow)
    forged = replace(content, picture=fingerprint(narrow), settings=other.settings.to_document())
    with pytest.raises(CheckpointError, match=r"checkpoint: it has 6 patches, and this run 4 patches"):
        other.restore(forged)
    with pytest.raises(CheckpointError, match="checkpoint: it belongs to a run on another picture"):
        Painter("draft", **QUICK).start(picture[::-1]).restore(content)


def test_workers_make_the_same_bytes_and_may_be_left() -> None:
    picture, settings = wavy(), {**LEARNED, "epochs": 3}
    alone = Painter("draft", **settings).fit(picture)
    run = Painter("draft", workers=2, **settings).start(picture)
    epochs = [event.epoch for event in run]
    assert epochs == [3, 6, 9, 12, 15, 18]
    assert run.result().to_bytes() == alone.to_bytes()
    left = Painter("draft", workers=2, **settings).start(picture)
    next(left)
    later = Painter("draft", workers=2, **settings).start(picture)
    later.restore(left.checkpoint())
    assert [event.epoch for event in later] == [6, 9, 12, 15, 18]
    assert later.result().to_bytes() == alone.to_bytes()


def test_the_clock_is_shared_out_among_the_patches() -> None:
    run = Painter("draft", engine="numpy", patch=PATCH, seconds=3.0).start(wavy())
    ended = [event.seconds for event in run]
    assert run.ended_by_ == "time"
    assert len(run.result().patches) == 6
    assert 2 < ended[-1] < 30  # a busy machine may be late


def test_levels_give_the_bytes_of_the_array() -> None:
    picture = wavy()
    levels = LevelPicture(np.rint(picture * 255).astype(np.uint8))
    painter = Painter("draft", **QUICK)
    assert painter.fit(levels).to_bytes() == painter.fit(picture).to_bytes()
    one = Painter("draft", engine="numpy", epochs=2)
    assert one.fit(levels).to_bytes() == one.fit(picture).to_bytes()


def test_the_classic_recipe_is_not_divided_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paintnet.dataset.windows.AUTOMATIC_PIXELS", 1000)
    monkeypatch.setattr("paintnet.dataset.windows.AUTOMATIC_SIDE", 40)
    assert isinstance(Painter("draft").start(wavy()), MosaicRun)
    for settings in ({"preset": "tutorial"}, {"solver": "lbfgs", "encoding": "raw"}, {"patch": None}):
        assert not isinstance(Painter(**settings).start(wavy()), MosaicRun)
