"""`paintnet batch`: the command around a batch; what a batch does is tested in tests/fleet."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest

from paintnet import load
from paintnet.cli.batch import NOT_OF_FIT, batch
from paintnet.cli.batch_line import batch_line
from paintnet.cli.fit import fit
from tests.command_line import PROGRAM, Run, Terminal, environment, levels_of, run_program, snapshot
from tests.fleet.fleet_helpers import manifest_of, picture, pictures_in

QUICK = ("--preset", "draft", "--epochs", "2", "--batch-size", "64", "--engine", "numpy")
NAMES = "abcdefghi"


@pytest.fixture
def pictures(folder: Path) -> Path:
    """Nine good pictures and three bad ones, with what lies beside pictures."""
    pictures_in(folder / "in", *(f"{name}.png" for name in NAMES))
    for name, content in {"x.png": b"", "y.jpg": b"<html>", "z.png": picture()[:-20]}.items():
        (folder / "in" / name).write_bytes(content)
    for name in ("Thumbs.db", ".DS_Store", "a.xmp"):
        (folder / "in" / name).write_bytes(b"no picture")
    return folder / "in"


def made_in(folder: str) -> dict[str, bytes | None]:
    found = snapshot(Path(folder))
    del found["manifest.jsonl"]
    return found


def test_every_option_of_fit_is_there_or_has_a_reason_not_to_be() -> None:
    assert all(NOT_OF_FIT.values())
    ours = {each.name: each for each in batch.params}
    for each in fit.params:
        if (
            isinstance(each, click.Option)
            and each.name not in NOT_OF_FIT
            and each.name not in ("json", "quiet")
        ):
            assert ours[each.name] is each
    lacking = {each.name for each in fit.params} - {each.name for each in batch.params}
    kept = {"resume", "keep_on_interrupt"}
    assert lacking == {"image", "output", "model", "preview", "sha256", *kept}


def test_bad_pictures_are_named_and_the_others_done(run: Run, pictures: Path) -> None:
    outcome = run("batch", "in", "--out-dir", "out", *QUICK, "--junit", "j.xml", "--sheet", "s.png")
    assert outcome.code == 3
    lines = outcome.err.splitlines()
    assert lines[0] == "note: passed over: 1 hidden, 2 no picture"
    assert [line.partition(": ")[2].partition(":")[0] for line in lines[1:4]] == [
        "in/x.png",
        "in/y.jpg",
        "in/z.png",
    ]
    assert lines[1].startswith("failed: in/x.png: not a supported image: it is empty; convert it to ")
    told = "3 of 12 pictures failed; they are named above; the same command tries only them again"
    assert lines[4:] == [f"error: batch: {told}"]
    first, second, third = outcome.out.splitlines()
    assert first == "9 done, 3 failed"
    assert second.startswith("PSNR ")
    assert third.startswith("18 files, ")
    suite = ElementTree.parse("j.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("12", "3")
    failed = [case for case in suite if len(case)]
    assert [case.get("name") for case in failed] == ["in/x.png", "in/y.jpg", "in/z.png"]
    assert failed[0][0].get("message") == lines[1].removeprefix("failed: ")
    assert levels_of(Path("s.png")).shape == (2 * 190 + 8, 8 * 168 + 8, 3)
    again = run("batch", "in", "--out-dir", "out", *QUICK, "--json", "-q")
    assert again.code == 3
    document = again.document
    assert {name: document[name] for name in ("done", "skipped", "failed", "left")} == {
        "done": 0,
        "skipped": 9,
        "failed": 3,
        "left": 0,
    }
    assert document["passed_over"] == {"hidden": 1, "no picture": 2}
    assert len(document["items"]) == 12
    assert "note:" not in again.err


def test_a_picture_is_that_of_fit(run: Run, pictures: Path) -> None:
    run("batch", "in/a.png", "--out-dir", "out", *QUICK, "--scale", 2, "--seed", 3).done()
    run("fit", "in/a.png", *QUICK, "--scale", 2, "--seed", 3).done()
    assert Path("out/a.painted.png").read_bytes() == Path("a.painted.png").read_bytes()
    assert Path("out/a.paintnet").read_bytes() == Path("a.paintnet").read_bytes()


def test_lists_formats_and_names(run: Run, pictures: Path) -> None:
    Path("list.txt").write_text("in/a.png\r\n# no\r\n\r\nin/b.png\r\n", encoding="utf-16")
    options = ("--format", "webp", "--format", ".paintnet", "--name", "{number}.{ext}")
    run("batch", "--from-file", "list.txt", "--out-dir", "out", *QUICK, *options).done()
    assert sorted(made_in("out")) == ["1.paintnet", "1.webp", "2.paintnet", "2.webp"]
    outcome = run("batch", "--from-file", "-", "--out-dir", "there", *QUICK, "--json", stdin=b"in/c.png\n")
    assert [row["source"] for row in outcome.done().document["items"]] == ["in/c.png"]
    why = "cannot be read (No such file or directory); check its spelling"
    assert run("batch", "--from-file", "no.txt", "--out-dir", "o").failed(2) == f"--from-file no.txt: {why}"
    assert run("batch", "--out-dir", "o").failed(2).startswith("INPUT: no picture was given; give files, ")


def test_an_animation_and_a_page_for_each(run: Run, pictures: Path) -> None:
    views = ("--animate", "gif", "--frames", 2, "--caption", "--report")
    run("batch", "in/a.png", "--out-dir", "out", *QUICK, *views).done()
    assert sorted(made_in("out")) == ["a.gif", "a.html", "a.painted.png", "a.paintnet"]
    assert "epoch" not in run("batch", "--out-dir", "o", "in", "--caption").failed(2)


def test_with_checkpoints_the_files_are_the_same_and_none_is_left(run: Run, pictures: Path) -> None:
    for name, options in (("out", ("--checkpoint", "--every", "0.001s")), ("there", ())):
        run("batch", "in/a.png", "--out-dir", name, *QUICK, *options).done()
    assert made_in("out") == made_in("there")
    told = run("batch", "in/a.png", "--out-dir", "o", *QUICK, "--every", "3s").failed(2)
    assert told == "--every: it has no effect alone; add --checkpoint"
    told = run("batch", "in", "--out-dir", "o", "--encoding", "raw", "--solver", "lbfgs", "--checkpoint")
    assert told.failed(2).startswith("--checkpoint: lbfgs has no epochs to store between; ")


def test_fail_fast_and_the_gate(run: Run, pictures: Path) -> None:
    outcome = run("batch", "in", "--out-dir", "out", *QUICK, "--fail-fast", "--require-psnr", 90, "--json")
    assert outcome.code == 3
    assert (outcome.document["failed"], outcome.document["left"]) == (1, 11)
    assert outcome.err.splitlines()[1].startswith("failed: in/a.png: ")
    assert " dB is below the required 90 dB; train longer, or ask for less" in outcome.err
    assert load("out/a.paintnet").width == 16


def test_a_dry_run_writes_nothing_and_tells_all(run: Run, pictures: Path) -> None:
    run("batch", "in/a.png", "--out-dir", "out", *QUICK).done()
    before = snapshot(Path())
    outcome = run("batch", "in", "--out-dir", "out", *QUICK, "--dry-run").done()
    assert snapshot(Path()) == before
    lines = outcome.out.splitlines()
    assert lines[0] == "in/b.png -> b.painted.png, b.paintnet"
    assert lines[11].startswith("11 to do, 1 done; about ")
    assert lines[12].startswith("about 0:0")
    document = run("batch", "in", "--out-dir", "new", *QUICK, "--dry-run", "--json").done().document
    assert document["seconds"] is None
    real = sum(path.stat().st_size for path in Path("out").glob("a.*"))
    assert document["bytes"] < 9 * 2 * real
    assert not Path("new").exists()


def test_a_summary_of_what_was_done(run: Run, pictures: Path) -> None:
    run("batch", "in", "--out-dir", "out", *QUICK)
    with Path("out/manifest.jsonl").open("a") as file:
        row = manifest_of(Path("out"))[0]
        file.write(
            json.dumps({**row, "input": "/other", "outputs": [{"path": "other", "bytes": None}]}) + "\n"
        )
    lines = run("batch", "--out-dir", "out", "--summary").done().out.splitlines()
    assert lines[0] == "9 done, 3 failed"
    assert lines[3] == "1 begun and not ended"
    assert run("batch", "--out-dir", "none", "--summary", "--json").done().document["done"] == 0


def test_what_may_be_allowed_names_its_option(run: Run, pictures: Path) -> None:
    pictures_in(Path("out"), "a.paintnet")
    told = run("batch", "in/a.png", "--out-dir", "out", *QUICK).failed()
    assert told.startswith("out/a.paintnet: exists already, and is not from this batch with these settings; ")
    assert told.endswith("replace it with --force or choose another name")
    run("batch", "in/a.png", "--out-dir", "out", *QUICK, "--force").done()
    assert (
        run("batch", "in", "--out-dir", "o", "--workers", "0")
        .failed(2)
        .startswith("Invalid value for '--workers': '0' is neither auto nor a number from 1 to 256")
    )
    assert run("batch", "in").failed(2).startswith("Missing option '--out-dir'")
    assert run("batch", "in", "--out-dir", "in/a.png").failed().startswith("in/a.png: is a file; ")


def start(*args: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*PROGRAM, *map(str, args)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
        # Tests that run in the background of a shell are told to ignore Ctrl-C, and would hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for_lines(process: "subprocess.Popen[bytes]", count: int) -> None:
    """Wait until the manifest has so many lines."""
    path, end = Path("out/manifest.jsonl"), time.monotonic() + 60
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)


def test_killed_at_any_instant_the_same_command_does_the_rest(run: Run, pictures: Path) -> None:
    run("batch", "in", "--out-dir", "whole", *QUICK)
    whole = made_in("whole")
    for lines, workers in ((3, 1), (8, 2)):
        process = start("batch", "in", "--out-dir", "out", *QUICK, "--workers", workers)
        wait_for_lines(process, lines)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        assert all(
            content == whole[name] for name, content in made_in("out").items() if ".paintnet-" not in name
        )
        known = [row["outputs"][0]["path"] for row in manifest_of(Path("out")) if row["state"] == "done"]
    outcome = run("batch", "in", "--out-dir", "out", *QUICK, "--json")
    assert outcome.code == 3
    assert outcome.document["skipped"] >= len(known) >= 2
    assert made_in("out") == whole


def worker_of(process: "subprocess.Popen[bytes]", known: int | None = None) -> int:
    """Wait for the process that learns, another one than `known`."""
    end = time.monotonic() + 60
    while True:
        assert process.poll() is None
        assert time.monotonic() < end
        for pid in map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()):
            with contextlib.suppress(OSError):  # it may have ended since
                if pid != known and b"popen_loky" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
        time.sleep(0.01)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to look at processes")
@pytest.mark.parametrize("kills", [1, 2])
def test_fault_25_one_worker_is_killed_amid_a_picture(run: Run, folder: Path, kills: int) -> None:
    pictures_in(folder / "in", "a.png", "b.png", "c.png")
    options = (*QUICK, "--epochs", 400)
    run("batch", "in", "--out-dir", "whole", *options).done()
    process = start("batch", "in", "--out-dir", "out", *options, "--workers", 1)
    wait_for_lines(process, 3)  # the first is done, and the second has begun
    worker = None
    for _ in range(kills):
        worker = worker_of(process, worker)
        os.kill(worker, signal.SIGKILL)
    lost = kills == 2
    assert process.wait(60) == (3 if lost else 0)
    whole = made_in("whole")
    assert made_in("out") == {name: whole[name] for name in whole if not (lost and name.startswith("b."))}
    rows = [(Path(row["source"]).stem, row["state"]) for row in manifest_of(Path("out"))]
    ended = {"a": "done", "b": "failed" if lost else "done", "c": "done"}
    assert rows == [(name, state) for name, end in ended.items() for state in ("begun", end)]


@pytest.mark.parametrize(
    ("number", "code", "told", "workers"),
    [(signal.SIGINT, 130, "interrupted: Ctrl-C", 1), (signal.SIGTERM, 143, "terminated: SIGTERM", 2)],
)
def test_fault_20_a_signal_says_how_to_go_on(
    pictures: Path, number: signal.Signals, code: int, told: str, workers: int
) -> None:
    Path("in/x.png").unlink()
    options = (*QUICK, "--epochs", "100000", "--workers", workers)
    with Terminal("batch", "in", "--out-dir", "out", *options) as terminal:
        terminal.wait_for("0 of 11 pictures")
        wait_for_lines(terminal.process, workers)
        terminal.process.send_signal(number)
        assert terminal.finish() == code
    words = f"{told}; 0 of 11 pictures are done; the same command goes on with the others"
    assert words in " ".join(terminal.text.split())
    assert made_in("out") == {}


def test_two_runs_at_once_do_each_other_no_harm(run: Run, pictures: Path) -> None:
    other = start("batch", "in", "--out-dir", "out", *QUICK)
    wait_for_lines(other, 1)
    # Not by `run`, which would take the files that the other one has in hand for left behind.
    both = [start("batch", "in", "--out-dir", "out", *QUICK), other]
    assert [each.wait(120) for each in both] == [3, 3]
    assert run("batch", "in", "--out-dir", "out", *QUICK, "--json").document["skipped"] == 9


def test_fault_26_neither_hash_seed_nor_the_order_of_a_folder_nor_workers_change_anything(
    folder: Path,
) -> None:
    names, made = ["x/c.png", "b.png", "x/a.png"], []
    for number, (hash_seed, workers) in enumerate((("1", "1"), ("77", "2"))):
        here = folder / str(number)
        for name in names if number else names[::-1]:
            (here / "in" / name).parent.mkdir(parents=True, exist_ok=True)
            (here / "in" / name).write_bytes(picture(names.index(name)))
        options = ("--recursive", "--out-dir", "out", "--name", "{number}-{stem}.{ext}", "--workers", workers)
        run_program("batch", "in", *options, *QUICK, cwd=here, env={"PYTHONHASHSEED": hash_seed}).done()
        made.append(made_in(str(here / "out")))
    assert made[0] == made[1]
    models = ["1-b.paintnet", "x/2-a.paintnet", "x/3-c.paintnet"]
    assert sorted(name for name in made[0] if name.endswith(".paintnet")) == models


def test_the_line_tells_what_is_left() -> None:
    assert batch_line(Counter(), 4, 0.0, 12.0, 80).endswith("] 0 of 4 pictures, 0:12 so far")
    # Two of the three were done before, so one took the 30 seconds, and one is left.
    line = batch_line(Counter(skipped=2, failed=1), 4, 30.0, 4.0, 80)
    assert line.endswith("] 3 of 4 pictures, 1 failed, 0:26 left")
    width = line.index("]") - 1
    assert line.count("#") == round(0.75 * width)
    assert batch_line(Counter(done=4), 4, 9.0, 0.0, 80).endswith("] 4 of 4 pictures")
    assert batch_line(Counter(done=1), 4, 9.0, 0.0, 10) == "1 of 4 pi"


def test_a_disk_that_will_not_do_is_told_before(
    run: Run, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paintnet.cli.plans._free", lambda _: 1_000)
    noted = run("batch", "in/a.png", "--out-dir", "out", *QUICK).done().err
    assert re.fullmatch(r"note: the outputs need about [\d.]+ KB, and the disk has 1\.0 KB left\n", noted)
    assert run("batch", "in/a.png", "--out-dir", "out", *QUICK).done().err == ""  # it is done
