"""`paintnet play` as a program: it serves, writes commands that repeat its runs, and ends with Ctrl-C."""

import shlex
import signal
from pathlib import Path
from typing import Any

import pytest
from play_helpers import Visitor, a_png, program

from paintnet.cli.play import command_of
from paintnet.play.controls import CONTROLS, Wish
from paintnet.play.server import Server
from tests.command_line import Run, run_program

RUNS: tuple[dict[str, Any], ...] = (
    {
        "preset": "draft",
        "max_side": 128,
        "purpose": "copying",
        "encoding": "grid",
        "levels": "40",
        "basis": "linear",
        "decay": "cosine",
        "epochs": 6,
        "engine": "numpy",
    },
    {
        "mode": "classify",
        "colors": 3,
        "hold_out": 0.25,
        "encoding": "fourier",
        "sigma": 2.5,
        "n_frequencies": 12,
        "layers": "8x2",
        "activation": "tanh",
        "solver": "sgd",
        "learning_rate": 0.5,
        "batch_size": 32,
        "alpha": 1e-7,
        "epochs": 6,
        "seed": 5,
        "engine": "stock",
    },
    {"mode": "classify", "palette": "red,#00f,white", "encoding": "raw", "solver": "lbfgs", "iterations": 9},
    {"mode": "classify", "threshold": 300, "preset": "draft", "epochs": 9},
)
"""Runs that have every setting of the page between them, but for the clock, which nothing repeats."""


def test_the_command_of_a_run_repeats_it_to_the_byte(folder: Path) -> None:
    (folder / "a photo.png").write_bytes(a_png())
    with program(folder, "a photo.png") as (running, said), Visitor(said["address"]) as visitor:
        for settings in RUNS:
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


def test_every_setting_of_the_page_is_in_a_run_that_is_repeated() -> None:
    assert {name for settings in RUNS for name in settings} == {each.name for each in CONTROLS} - {"seconds"}
    assert command_of("photo.jpg", Wish.of({"seconds": 2.5})).endswith(" --time 2.5")


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
