"""`paintnet play` as a program: it serves, writes commands that repeat its runs, and ends with Ctrl-C."""

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from play_helpers import Visitor, a_png

from paintnet.cli.play import command_of
from paintnet.play.controls import CONTROLS, Wish
from paintnet.play.server import Server
from tests.command_line import Run, environment, run_program

MANY = {
    "mode": "classify",
    "colors": 3,
    "layers": "8x2",
    "activation": "tanh",
    "alpha": 1e-7,
    "solver": "sgd",
    "learning_rate": 0.5,
    "engine": "stock",
    "encoding": "raw",
    "hold_out": 0.25,
    "batch_size": 32,
    "seed": 5,
}


@contextmanager
def program(folder: Path, *options: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The program in a folder, and what it says first."""
    words = [sys.executable, "-m", "paintnet", "play", "--no-browser", "--json", *options]
    with subprocess.Popen(
        words, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        try:
            yield running, json.loads(running.stdout.readline())
        finally:
            running.kill()


def test_the_command_of_a_run_repeats_it_to_the_byte(folder: Path) -> None:
    (folder / "a photo.png").write_bytes(a_png())
    with program(folder, "a photo.png") as (running, said), Visitor(said["address"]) as visitor:
        for settings in ({"preset": "draft", "epochs": 6, "engine": "numpy"}, {**MANY, "epochs": 6}):
            visitor.ask("configure", **settings)
            visitor.ask("open")
            visitor.phase("ready")
            visitor.learn()
            command = [header["command"] for header, _ in visitor.heard if header["kind"] == "settings"][-1]
            words = shlex.split(command)
            assert words[:3] == ["paintnet", "fit", "a photo.png"]
            run_program(*words[1:], "-f", "-m", "run.paintnet", cwd=folder).done()
            assert (folder / "run.paintnet").read_bytes() == visitor.take("model")
        visitor.leave()
        running.send_signal(signal.SIGINT)
        _, complaints = running.communicate(timeout=60)
        assert (running.returncode, complaints) == (0, b"")
    assert {path.name for path in folder.iterdir()} == {"a photo.png", "run.paintnet"}


def test_it_ends_with_a_training_on_its_way(folder: Path) -> None:
    with program(folder) as (running, said):
        visitor = Visitor(said["address"])
        visitor.begin("sample:bird", epochs=1_000_000)
        visitor.ask("start")
        visitor.phase("running")
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=60) == 0
        visitor.leave(is_gone=True)


def test_settings_of_the_page_have_options() -> None:
    values: dict[str, Any] = {"max_side": 256, "palette": "red,#00f", "seconds": 2.5, "levels": "8,16"}
    without = set()
    for control in CONTROLS:
        value = values.get(control.name, control.choices[-1] if control.choices else 1)
        command = command_of("photo.jpg", Wish.of({control.name: value}))
        assert command is None or command.startswith("paintnet fit photo.jpg --"), control.name
        if command is None:
            without.add(control.name)
    assert without <= {"sigma", "n_frequencies", "levels", "basis", "decay"}


def test_names_are_quoted_and_settings_that_are_the_default_left_out() -> None:
    wish = Wish.of({"preset": "standard", "mode": "classify", "palette": "red,#00f", "alpha": 1e-7})
    assert command_of("it's.png", wish) == (
        "paintnet fit 'it'\"'\"'s.png' --max-side 768 --mode classify --alpha 1e-07 --palette 'red,#00f'"
    )


def test_what_is_missing_names_its_pip_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paintnet.play.checking.find_spec", lambda name: None if name == "uvicorn" else name)
    message = run("play", "--no-browser").failed(2)
    assert "uvicorn, which is not installed" in message
    assert "[play]" in message


def test_what_cannot_be_served_is_refused(run: Run, served: Server) -> None:
    assert "cannot be listened at" in run("play", "--no-browser", "--port", served.port).failed(1)
    assert "hard to guess" in run("play", "--no-browser", "--token", "short").failed(2)
    assert run("play", "--port", "70000").failed(2)
