"""One picture to its outputs, by real runs on small pictures."""

import io
import time
from collections import Counter
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from paintnet import metrics
from paintnet.errors import OutputError, SettingsError
from paintnet.job import Job
from paintnet.outputs import Animation, Outputs
from paintnet.painter.events import Event, Working
from paintnet.painter.parts import PartClock
from paintnet.painting import Painting
from paintnet.picture import open_picture

DRAFT = {"epochs": 4, "engine": "numpy"}


def job_in(folder: Path, **given: object) -> Job:
    """A quick job that writes everything."""
    views = {"animation": Animation(f"{folder}/a.gif"), "report": f"{folder}/r.html"}
    outputs = Outputs((f"{folder}/a.png", f"{folder}/b.webp"), (f"{folder}/m.paintnet",), **views)
    known = {"source": "sample:bird", "preset": "draft", "settings": DRAFT, "outputs": outputs, "frames": 3}
    return Job(**known | given)  # type: ignore[arg-type]


def test_a_job_writes_what_was_asked_for(tmp_path: Path) -> None:
    done = job_in(tmp_path).run()
    assert [Path(path).name for path in done.written] == ["a.png", "b.webp", "m.paintnet", "a.gif", "r.html"]
    painted = open_picture(tmp_path / "a.png").pixels
    assert np.array_equal(painted, open_picture(tmp_path / "b.webp").pixels)
    assert np.abs(painted - Painting.load(tmp_path / "m.paintnet").render()).max() <= 0.51 / 255
    assert done.quality.psnr == done.painting.training.psnr  # type: ignore[union-attr]


def test_without_outputs_they_are_named_after_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = Job(source="sample:bird", preset="draft", settings=DRAFT).run()
    assert done.written == ["bird.painted.png", "bird.paintnet"]


@pytest.mark.parametrize("mode", ["regress", "classify"])
def test_all_is_painted_and_measured_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    counts: Counter[str] = Counter()
    real_lattice, real_ssim = Painting._lattice, metrics.ssim

    def lattice(painting: Painting, size: object, *given: object) -> object:
        counts["own size" if size is None else "another"] += 1
        return real_lattice(painting, size, *given)  # type: ignore[arg-type]

    def ssim(*pictures: np.ndarray) -> float:
        counts["ssim"] += 1
        return real_ssim(*pictures)

    monkeypatch.setattr(Painting, "_lattice", lattice)
    for place in ("paintnet.painter.quality.ssim", "paintnet.report.report.ssim"):
        monkeypatch.setattr(place, ssim)
    job_in(tmp_path, settings={**DRAFT, "mode": mode}).run()
    assert (counts["own size"], counts["ssim"]) == (1, 1)


def test_each_part_is_told_and_they_add_up_to_the_time_of_the_job(tmp_path: Path) -> None:
    said: list[Working] = []
    clock, heard = PartClock(said.append), list[Event]()
    begun = time.perf_counter()
    job = job_in(tmp_path, clock=clock, scale=0.5)
    job.check()
    fitted = job.open().fit([lambda event, run: heard.append(event)])
    fitted.write()
    taken = time.perf_counter() - begun
    assert sum(fitted.seconds_by_part.values()) == pytest.approx(taken, abs=0.05)
    assert [part for part, _ in groupby(event.part for event in said)] == [
        "opening", "preparing", "learning", "painting", "measuring",
        "writing", "animation", "writing", "report", "writing", "painting", "writing", "painting", "writing",
    ]  # fmt: skip
    assert set(fitted.seconds_by_part) == {"starting", *(event.part for event in said)}
    assert fitted.seconds_by_part["learning"] <= fitted.seconds + 0.05
    for part in ("animation", "report"):
        assert [event.progress for event in said if event.part == part] == [0, 1 / 3, 2 / 3]
    # What the run says is said once, by the run.
    assert [event.part for event in heard if isinstance(event, Working)].count("measuring") == 2


def test_what_cannot_be_written_is_refused_before_the_picture_is_opened(tmp_path: Path) -> None:
    (tmp_path / "m.paintnet").write_bytes(b"old")
    missing = job_in(tmp_path, source=tmp_path / "nowhere.png")
    with pytest.raises(OutputError, match=r"m\.paintnet: exists already; "):
        missing.run()
    with pytest.raises(SettingsError, match=r"^outputs: one file is named twice; "):
        job_in(tmp_path, outputs=Outputs(("x.png", "x.png"))).check()
    with pytest.raises(SettingsError, match=r"^report: lbfgs has no epochs that could be shown; "):
        job_in(tmp_path, settings={"solver": "lbfgs"}, outputs=Outputs(report="r.html")).check()


def test_a_view_that_fails_loses_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise OutputError("a.gif", "no frame fits", "ask for fewer")

    monkeypatch.setattr("paintnet.animation.formats.encode_animation", fail)
    with pytest.raises(OutputError) as error:
        job_in(tmp_path).run()
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "b.webp", "m.paintnet", "r.html"}
    assert str(error.value).startswith("a.gif: no frame fits; ask for fewer; written: ")


def test_even_a_view_that_fails_by_a_bug_loses_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise OverflowError("int too big to convert")

    monkeypatch.setattr("paintnet.animation.formats.encode_animation", fail)
    with pytest.raises(OverflowError, match=r"^int too big to convert$"):
        job_in(tmp_path).run()
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "b.webp", "m.paintnet", "r.html"}


def test_a_stream_is_written_last_and_as_png(tmp_path: Path) -> None:
    model = str(tmp_path / "m.paintnet")
    stream = io.BytesIO()
    job = Job(
        source="sample:bird",
        preset="draft",
        settings=DRAFT,
        outputs=Outputs(("-",), (model,)),
        streams={"-": stream},
        scale=0.5,
    )
    assert job.run().written == ["-", model]
    assert open_picture("-", stdin=io.BytesIO(stream.getvalue())).pixels.shape == (50, 50, 3)
