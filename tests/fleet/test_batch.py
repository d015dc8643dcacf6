"""Many pictures: what is done stays done, and nothing is lost or replaced."""

import contextlib
import os
import random
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from paintnet.errors import OutputError, SettingsError
from paintnet.files.staging import StagedFile
from paintnet.fleet import batch
from paintnet.fleet.batch import plan_batch, run_batch
from paintnet.fleet.work import Report, Task, do_task
from paintnet.outputs import Animation
from tests import http_server as web
from tests.command_line import snapshot
from tests.fleet.fleet_helpers import SETTINGS, manifest_of, picture, pictures_in, settings_in, states
from tests.http_server import HttpServer

GOOD = tuple(f"{name}.png" for name in "abcdefghi")


def damaged_in(folder: Path) -> None:
    for name, content in {"x.png": b"", "y.jpg": b"<html>", "z.png": picture()[:-20]}.items():
        (folder / name).write_bytes(content)


def test_the_bad_ones_fail_and_only_they_are_done_again(folder: Path) -> None:
    damaged_in(pictures_in(folder / "in", *GOOD))
    settings = settings_in(folder / "out")
    failed = dict.fromkeys("xyz", "failed")
    assert states(settings, "in") == {**dict.fromkeys("abcdefghi", "done"), **failed}
    before = snapshot(folder / "out")
    assert states(settings, "in") == {**dict.fromkeys("abcdefghi", "skipped"), **failed}
    after = snapshot(folder / "out")
    assert before.pop("manifest.jsonl") != after.pop("manifest.jsonl")
    assert before == after
    assert len(after) == 18
    assert [row["state"] for row in manifest_of(folder / "out")][18:] == ["begun", "failed"] * 6
    (folder / "in" / "x.png").write_bytes(picture(200))
    assert states(settings, "in") == {**dict.fromkeys("abcdefghi", "skipped"), **failed, "x": "done"}


def test_a_row_says_all_about_a_picture(folder: Path) -> None:
    pictures_in(folder / "in", "a.png")
    states(settings_in(folder / "out"), "in")
    begun, row = manifest_of(folder / "out")
    assert begun["state"] == "begun"
    sizes = {name: (folder / "out" / name).stat().st_size for name in ("a.painted.png", "a.paintnet")}
    assert {each["path"]: each["bytes"] for each in row["outputs"]} == sizes
    assert row["input"] == str(folder / "in" / "a.png")
    assert row["settings"] == {"preset": "draft", **SETTINGS}
    assert (row["state"], row["epochs"], row["ended_by"]) == ("done", 2, "epochs")
    assert row["psnr"] > 5
    assert set(row) - set(begun) == {"seconds", "psnr", "ssim", "epochs", "ended_by"}


def test_folders_are_kept_and_names_are_as_asked(folder: Path) -> None:
    pictures_in(folder / "in", "a.png", "x/a.png")
    settings = settings_in(
        folder / "out",
        name="{number}-{stem}.{suffix}.{ext}",
        endings=("bmp",),
        animation=Animation("gif"),
        report=True,
        job={"frames": 2},
    )
    states(settings, "in", recursive=True)
    del (made := snapshot(folder / "out"))["manifest.jsonl"]
    names = [f"{where}-a.png.{ending}" for where in ("1", "x/2") for ending in ("bmp", "gif", "html")]
    assert sorted(made) == sorted(["x", *names])


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        (
            ["a.png", "a.bmp"],
            {},
            r"in/a\.bmp and in/a\.png: both would be written to a\.painted\.png; put \{suf",
        ),
        (["a.png", "A.png"], {}, r"in/A\.png and in/a\.png: both would be written to a\.painted\.png; "),
        (
            ["a.png"],
            {"endings": ("png",), "out_dir": Path("in")},
            r"a\.png: it would replace in/a\.png, which is",
        ),
        (
            ["a.png"],
            {"name": "{stem}.{x}"},
            r"name \{stem\}\.\{x\}: unknown part \{x\}; put it together from \{st",
        ),
        (["a.png"], {"name": "../{stem}.{ext}"}, r"name .*: needs \{ext\}, and can have no folders; "),
        (["a.png"], {"name": "{stem}"}, r"name .*: needs \{ext\}, and can have no folders; "),
        (["a.png"], {"endings": ("xyz",)}, r"sample:bird|bird\.xyz: unknown extension '\.xyz'; use one of "),
        (["a.png"], {"job": {"settings": {"epochs": 0}}}, "epochs: 0 is out of range; "),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(
    folder: Path, untrained: None, names: list[str], options: dict[str, Any], message: str
) -> None:
    pictures_in(folder / "in", *names)
    before = snapshot(folder)
    settings = settings_in(**{"folder": folder / "out", **options}) if "out_dir" not in options else None
    with pytest.raises((SettingsError, OutputError), match=message):
        plan_batch(settings or settings_in(options.pop("out_dir"), **options), ["in"])
    assert snapshot(folder) == before


def test_a_file_that_is_not_of_this_batch_is_not_replaced(folder: Path, untrained: None) -> None:
    pictures_in(folder, "in/a.png", "in/b.png", "out/b.painted.png", "out/b.paintnet")
    message = (
        r"b\.painted\.png: exists already, and is not from this batch with these settings, and 1 more are"
    )
    with pytest.raises(OutputError, match=message) as caught:
        plan_batch(settings_in(folder / "out"), ["in"])
    assert caught.value.parameter == "force"


def test_other_settings_another_picture_and_an_edited_output(folder: Path) -> None:
    pictures_in(folder, "in/a.png", "in/b.png")
    settings, other = (
        settings_in(folder / "out"),
        settings_in(folder / "out", job={"settings": {"epochs": 1}}),
    )
    states(settings, "in")
    with pytest.raises(OutputError, match=r"a\.painted\.png: exists already, and is not from this batch"):
        plan_batch(other, ["in"])
    (folder / "in" / "a.png").write_bytes(picture(77))  # the same picture, changed: as make would
    assert states(settings, "in") == {"a": "done", "b": "skipped"}
    (folder / "out" / "b.paintnet").unlink()
    assert states(settings, "in") == {"a": "skipped", "b": "done"}
    (folder / "out" / "b.painted.png").write_bytes(b"retouched by hand")
    with pytest.raises(OutputError, match=r"b\.painted\.png: exists already"):
        plan_batch(settings, ["in"])
    pictures_in(folder, "elsewhere/a.png", "elsewhere/c.png")
    with pytest.raises(OutputError, match=r"a\.painted\.png: exists already"):
        plan_batch(settings, ["elsewhere"])
    forced = settings_in(folder / "out", job={"force": True})
    assert states(forced, "in") == {"a": "skipped", "b": "done"}


def test_below_the_required_psnr_a_picture_has_failed_with_its_files(folder: Path) -> None:
    pictures_in(folder, "in/a.png")
    settings = settings_in(folder / "out", required_psnr=60.0)
    assert states(settings, "in") == {"a": "failed"}
    row = manifest_of(folder / "out")[-1]
    assert row["error"]["why"].endswith(" dB is below the required 60 dB")
    assert all(each["bytes"] for each in row["outputs"])
    assert states(settings_in(folder / "out"), "in") == {"a": "done"}
    assert states(settings_in(folder / "out"), "in") == {"a": "skipped"}
    assert states(settings, "in") == {"a": "failed"}


def test_what_a_batch_wrote_is_no_input_of_it(folder: Path) -> None:
    pictures_in(folder, "a.png")
    settings = settings_in(folder)
    assert states(settings, ".") == {"a": "done"}
    plan = plan_batch(settings, ["."])
    assert [item.input.name for item in plan.items] == ["a.png"]
    assert plan.passed_over == {"made by this batch": 1, "no picture": 2}


@pytest.mark.parametrize("torn", [1, 400])
def test_a_killed_run_left_outputs_without_their_line(folder: Path, torn: int) -> None:
    pictures_in(folder, "in/a.png", "in/b.png")
    settings = settings_in(folder / "out")
    states(settings, "in")
    del (whole := snapshot(folder / "out"))["manifest.jsonl"]
    manifest = folder / "out" / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes()[:-torn])
    assert states(settings, "in") == {"a": "skipped", "b": "skipped" if torn == 1 else "done"}
    del (again := snapshot(folder / "out"))["manifest.jsonl"]
    assert again == whole


def half_saving(task: Task) -> Report:
    """Die amid the writing of an output, or wait there to be ended."""
    picture = Path(task.job.source)
    with StagedFile(Path(task.job.outputs.models[0]), None) as staged:
        staged.file.write(b"half")
        staged.file.flush()
        picture.with_suffix(".begun").touch()
        if picture.stem == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(600)
    raise AssertionError


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("name", ["dies", "is_ended"])
def test_fault_25_a_worker_that_dies_or_is_ended_amid_writing_leaves_no_temporary_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    pictures_in(folder / "in", f"{name}.png", "later.png")
    monkeypatch.setattr(batch, "do_task", half_saving)
    run = run_batch(plan_batch(settings_in(folder / "out"), [f"in/{name}.png"]), workers=1)
    if name == "dies":
        assert [row["state"] for row in run] == ["failed"]
    else:
        waiting = threading.Timer(0.0, end_when_begun, (folder / "in" / f"{name}.begun",))
        waiting.start()
        with pytest.raises(KeyboardInterrupt), contextlib.closing(run):
            next(run)
        waiting.join()
    assert set(snapshot(folder / "out")) == {"manifest.jsonl"}


def end_when_begun(mark: Path) -> None:
    """Press Ctrl-C when a worker is amid its work."""
    end = time.monotonic() + 60
    while not mark.exists() and time.monotonic() < end:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)


def test_fault_35_a_manifest_edited_by_hand_loses_no_output(folder: Path) -> None:
    pictures_in(folder, "in/a.png", "in/b.png", "in/c.png")
    settings = settings_in(folder / "out")
    states(settings, "in")
    manifest, chance = folder / "out" / "manifest.jsonl", random.Random(0)
    lines = manifest.read_bytes().splitlines(keepends=True)
    whole, ends = snapshot(folder / "out"), Counter[str]()
    del whole["manifest.jsonl"]
    for _ in range(60):
        manifest.write_bytes(edited(lines, chance))
        try:
            ends.update(states(settings, "in").values())
        except OutputError as error:  # what is not known to be of this batch is left alone
            ends[f"refused without {error.parameter}"] += 1
        del (after := snapshot(folder / "out"))["manifest.jsonl"]
        assert after == whole
    assert set(ends) == {"skipped", "done", "refused without force"}


def edited(lines: list[bytes], chance: random.Random) -> bytes:
    """Lines moved, doubled, lost, torn, or with another letter somewhere."""
    lines = list(lines)
    at = chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            chance.shuffle(lines)
        case 1:
            lines.insert(at, chance.choice(lines))
        case 2:
            del lines[at]
        case 3:
            lines[at] = lines[at][: chance.randrange(len(lines[at]))]
        case 4:
            where = chance.randrange(len(lines[at]))
            lines[at] = lines[at][:where] + bytes([chance.randrange(32, 127)]) + lines[at][where + 1 :]
    return b"".join(lines)


def test_without_a_manifest_nothing_is_replaced(folder: Path) -> None:
    pictures_in(folder, "in/a.png")
    states(settings_in(folder / "out"), "in")
    (folder / "out" / "manifest.jsonl").unlink()
    with pytest.raises(OutputError, match=r"a\.painted\.png: exists already"):
        plan_batch(settings_in(folder / "out"), ["in"])


def test_two_runs_in_one_folder_share_the_work(folder: Path) -> None:
    pictures_in(folder / "in", *GOOD[:4])
    settings = settings_in(folder / "out")
    plans = [plan_batch(settings, ["in"]) for _ in range(2)]
    runs = [run_batch(plan) for plan in plans]
    turns = zip_longest(*runs)  # now the one, now the other
    ended = [row["state"] for turn in turns for row in turn if row is not None]
    assert sorted(ended) == ["done"] * 4 + ["skipped"] * 4
    assert [row["state"] for row in manifest_of(folder / "out")] == ["begun", "done"] * 4
    del (made := snapshot(folder / "out"))["manifest.jsonl"]
    assert len(made) == 8


def test_a_stranger_who_comes_meanwhile_keeps_his_file(folder: Path) -> None:
    pictures_in(folder / "in", *GOOD[:2])
    run = run_batch(plan_batch(settings_in(folder / "out"), ["in"]))
    assert next(run)["state"] == "done"
    (folder / "out" / "b.paintnet").write_bytes(b"of a stranger")
    row = next(run)
    assert (row["state"], row["error"]["why"]) == ("failed", "exists already, and is not from this batch")
    assert (folder / "out" / "b.paintnet").read_bytes() == b"of a stranger"
    with pytest.raises(OutputError, match=r"b\.paintnet: exists already"):  # a failure claims nothing
        plan_batch(settings_in(folder / "out"), ["in"])


def test_an_address_is_fetched_to_know_whether_it_is_the_same(folder: Path, server: HttpServer) -> None:
    settings = settings_in(folder / "out", job={"limits": batch_limits()})
    url = f"{server.url('/bird.png')}?token=secret"
    assert states(settings, url) == {"bird": "done"}
    assert states(settings, url) == {"bird": "skipped"}
    server.pages["/bird.png"] = web.good(picture(5))
    kept = snapshot(folder / "out")
    (row,) = run_batch(plan_batch(settings, [url]))
    assert (row["state"], row["error"]["parameter"]) == ("failed", "force")
    assert "secret" not in (folder / "out" / "manifest.jsonl").read_text()
    del kept["manifest.jsonl"]
    assert {name: (folder / "out" / name).read_bytes() for name in kept} == kept
    forced = settings_in(folder / "out", job={"limits": batch_limits(), "force": True})
    assert states(forced, url) == {"bird": "done"}
    assert states(settings, url) == {"bird": "skipped"}


def batch_limits() -> Any:
    from paintnet.picture import OpenLimits

    return OpenLimits(allow_private=True)


def test_an_error_that_nobody_foresaw_ends_one_picture_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(error: Exception) -> Callable[..., Any]:
        def raising(*_: object) -> None:
            raise error

        return raising

    task = Task(settings_in(folder).job, 0)
    for error, what in (
        (ValueError("odd"), "ValueError"),
        (MemoryError(), "memory"),
        (OSError(5, "I/O"), "system"),
    ):
        monkeypatch.setattr("paintnet.job.Job.open", fail(error))
        report = do_task(task)
        assert report.error is not None
        assert report.error.what == what


def dying(task: Task) -> Report:
    """Work, but for pictures whose worker dies: once, or always."""
    name = Path(task.job.source).stem
    mark = Path(task.job.source).with_suffix(".begun")
    is_first = not mark.exists()
    mark.touch()
    if name == "always" or (name == "once" and is_first):
        os.kill(os.getpid(), signal.SIGKILL)
    return do_task(task)


def test_workers_make_the_same_bytes_and_their_deaths_cost_what_they_should(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures_in(folder / "in", *GOOD[:4], "once.png")
    alone = states(settings_in(folder / "alone"), "in")
    shutil.copy("in/a.png", "in/always.png")
    monkeypatch.setattr(batch, "do_task", dying)
    found = states(settings_in(folder / "together"), "in", workers=2)
    assert found == {**alone, "always": "failed"}
    del (here := snapshot(folder / "alone"))["manifest.jsonl"]
    del (there := snapshot(folder / "together"))["manifest.jsonl"]
    assert here == there
    rows = manifest_of(folder / "together")
    (row,) = (row for row in rows if row["state"] == "failed")
    assert row["error"]["why"] == "its worker process ended twice, without a word"
    assert len(rows) == 12


def test_a_setting_of_any_kind_can_be_recorded(folder: Path) -> None:
    from paintnet.dataset.classes import Classes

    settings = {"mode": "classify", "classes": Classes(threshold=300), "layers": (4, 4)}
    document = settings_in(folder, job={"settings": settings, "size": (4, 3)}).to_document()
    assert document["classes"]["threshold"] == 300
    assert (document["layers"], document["size"]) == ([4, 4], [4, 3])
    keys = {settings_in(folder, job={"settings": {"threads": each}}).key for each in (1, 2)}
    assert len(keys) == 1, "threads do not change the result"
