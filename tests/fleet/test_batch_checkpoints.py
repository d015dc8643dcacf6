"""Checkpoints in a batch: who was interrupted amid a picture goes on there, and nothing of it is left."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from paintnet.errors import SettingsError
from paintnet.fleet import batch
from paintnet.fleet.batch import plan_batch
from paintnet.fleet.plan import CHECKPOINT, BatchSettings
from paintnet.fleet.work import Report, Task, do_task
from paintnet.painter import keeping
from paintnet.painter.events import EpochFinished, Event
from paintnet.painter.run import Run
from tests.command_line import snapshot
from tests.fleet.fleet_helpers import SETTINGS, manifest_of, picture, pictures_in, settings_in, states

EPOCHS = 12


def checked_in(folder: Path, epochs: int = EPOCHS, every: float | None = 1e-6) -> BatchSettings:
    job = {"settings": {**SETTINGS, "epochs": epochs}}
    return settings_in(folder, job=job, checkpoint_every=every)


def made_in(folder: Path) -> dict[str, bytes | None]:
    found = snapshot(folder)
    del found["manifest.jsonl"]
    return found


def dying(task: Task) -> Report:
    """Work, but die after the fifth epoch and after the eighth, as often as files say; note all epochs."""
    notes = Path(task.job.source).with_suffix(".epochs")

    class Writer(keeping._CheckpointWriter):
        def __call__(self, event: Event, run: Run) -> None:
            super().__call__(event, run)
            if isinstance(event, EpochFinished):
                with notes.open("a") as file:
                    file.write(f"{event.epoch} ")
                death = notes.with_suffix(f".dies-{event.epoch}")
                if death.exists():
                    death.unlink()
                    os.kill(os.getpid(), signal.SIGKILL)

    keeping._CheckpointWriter = Writer  # type: ignore[misc]
    return do_task(task)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("deaths", [(5,), (5, 8)])
def test_a_picture_goes_on_from_its_checkpoint(
    folder: Path, monkeypatch: pytest.MonkeyPatch, deaths: tuple[int, ...]
) -> None:
    pictures_in(folder / "in", "a.png")
    assert states(checked_in(folder / "whole", every=None), "in") == {"a": "done"}
    for death in deaths:
        (folder / "in" / f"a.dies-{death}").touch()
    monkeypatch.setattr(batch, "do_task", dying)
    settings = checked_in(folder / "out")
    found = states(settings, "in/a.png", workers=1)
    if len(deaths) == 2:  # with that the worker has died twice, and the next run goes on
        assert found == {"a": "failed"}
        assert list(made_in(folder / "out")) == ["a.painted.png" + CHECKPOINT]
        found = states(settings, "in/a.png", workers=1)
    assert found == {"a": "done"}
    assert (folder / "in" / "a.epochs").read_text().split() == [str(each) for each in range(1, EPOCHS + 1)]
    assert made_in(folder / "out") == made_in(folder / "whole")
    assert manifest_of(folder / "out")[-1]["epochs"] == EPOCHS


def test_a_checkpoint_of_something_else_is_of_no_use_and_a_file_that_is_none_stays(folder: Path) -> None:
    pictures_in(folder / "in", "a.png")
    states(checked_in(folder / "whole", every=None), "in")
    settings = checked_in(folder / "out")
    plan = plan_batch(checked_in(folder / "other", epochs=3), ["in"])
    path = folder / "out" / ("a.painted.png" + CHECKPOINT)
    path.parent.mkdir()
    job = plan.items[0].settings.job_of(plan.items[0].input, plan.items[0].outputs)
    Path("other").mkdir()
    job.open().fit()
    assert job.keeping.checkpoint is not None
    shutil.copy(job.keeping.checkpoint, path)
    assert states(settings, "in") == {"a": "done"}
    assert made_in(folder / "out") == made_in(folder / "whole")
    (folder / "in" / "a.png").write_bytes(picture(9))
    path.write_bytes(b"of a stranger")
    assert states(settings, "in") == {"a": "failed"}
    error = manifest_of(folder / "out")[-1]["error"]
    assert (error["what"], error["why"].split(":")[0]) == (str(path), "not a checkpoint")
    assert path.read_bytes() == b"of a stranger"


def test_a_training_that_fails_leaves_no_checkpoint_and_lbfgs_has_none(folder: Path) -> None:
    pictures_in(folder / "in", "a.png")
    job = {"settings": {**SETTINGS, "learning_rate": 1e8}}
    settings = settings_in(folder / "out", job=job, checkpoint_every=1e-6)
    assert states(settings, "in") == {"a": "failed"}
    assert made_in(folder / "out") == {}
    lbfgs = settings_in(
        folder / "out",
        job={"settings": {"solver": "lbfgs", "encoding": "raw"}},
        checkpoint_every=1.0,
    )
    with pytest.raises(SettingsError, match=r"^checkpoint: lbfgs has no epochs to store between"):
        plan_batch(lbfgs, ["in"])
