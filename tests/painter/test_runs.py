"""A run: what it says, when it ends, and what ends it early."""

import re
import time
from typing import Any

import numpy as np
import pytest
from painter_helpers import end_of, epochs_of, levels_of_a_square, picture_of, run
from sklearn.neural_network._multilayer_perceptron import BaseMultilayerPerceptron

from paintnet.engine import stock_trainer
from paintnet.engine.numpy_step import NumpyStep
from paintnet.engine.schedule import Schedule
from paintnet.errors import TrainingError
from paintnet.metrics import psnr
from paintnet.modelfile import encode_model
from paintnet.painter.events import EpochFinished, Event, TrainingFinished, TrainingStarted
from paintnet.painter.painter import Painter

SQUARE = picture_of(levels_of_a_square())
every_engine = pytest.mark.parametrize("engine", ["numpy", "stock"])


@every_engine
def test_events_come_in_order_and_progress_rises_to_one(engine: str) -> None:
    painting, events = run("draft", SQUARE, engine=engine, epochs=7, hold_out=0.1)
    assert isinstance(events[0], TrainingStarted)
    assert events[0].n_pixels == 288
    assert events[0].settings.epochs == 7
    finished = epochs_of(events)
    assert events == [events[0], *finished, end_of(events)]
    assert [event.epoch for event in finished] == [1, 2, 3, 4, 5, 6, 7]
    assert {event.epochs for event in finished} == {7}
    assert [event.progress for event in finished] == pytest.approx([k / 7 for k in range(1, 8)])
    assert finished[-1].progress == 1
    assert finished[-1].seconds_left == 0
    seconds = [event.seconds for event in finished]
    assert seconds == sorted(seconds)
    rates = [event.learning_rate for event in finished]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == painting.training["settings"]["learning_rate"]
    assert finished[-1].loss < finished[0].loss
    assert finished[-1].psnr == pytest.approx(painting.training["psnr"], abs=3)
    end = end_of(events)
    assert end.painting is painting
    assert (end.epochs, end.reason) == (7, "epochs")


@every_engine
def test_an_event_can_show_the_painting_as_it_is(engine: str) -> None:
    shown: list[np.ndarray] = []

    def look(event: Event) -> None:
        if isinstance(event, EpochFinished):
            shown.append(event.paint().render())

    painting = Painter("draft", engine=engine, epochs=4, listeners=(look,)).fit(SQUARE)
    quality = [psnr(SQUARE, picture) for picture in shown]
    assert quality[-1] == painting.training["psnr"]
    assert len({picture.tobytes() for picture in shown}) == 4
    watched = encode_model(painting.to_model())
    assert encode_model(run("draft", SQUARE, engine=engine, epochs=4)[0].to_model()) == watched


def test_a_listener_that_raises_ends_the_run() -> None:
    seen: list[Event] = []

    def stop(event: Event) -> None:
        seen.append(event)
        if len(seen) == 3:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        Painter("draft", engine="stock", listeners=(stop,)).fit(SQUARE)
    assert len(seen) == 3


def test_the_time_of_a_listener_is_not_training_time(monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.perf_counter
    events: list[Event] = []

    def take_long(event: Event) -> None:
        events.append(event)  # and the clock has moved by an hour

    monkeypatch.setattr(time, "perf_counter", lambda: real() + 3600 * len(events))
    painting = Painter("draft", engine="numpy", epochs=3, seconds=1800, listeners=(take_long,)).fit(SQUARE)
    assert painting.training["ended_by"] == "epochs"
    assert len(events) >= 4
    assert end_of(events).seconds < 1800


@every_engine
def test_a_run_by_the_clock_ends_near_its_time_at_a_low_rate(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(10**9))
    # Each look at the clock takes a millisecond.
    monkeypatch.setattr(Schedule, "seconds", property(lambda _: next(ticks) / 1000))
    painting, events = run("draft", SQUARE, engine=engine, seconds=2.0)
    last = epochs_of(events)[-1]
    assert painting.training["ended_by"] == "time"
    assert painting.training["settings"]["epochs"] is None
    assert 2 <= painting.training["seconds"] < 2.05
    start = painting.training["settings"]["learning_rate"]
    assert 0.01 * start * (1 - 1e-9) <= last.learning_rate < 0.02 * start
    assert last.progress == 1
    assert last.epochs is None


def test_a_real_clock_ends_a_run() -> None:
    painting, events = run("draft", SQUARE, seconds=0.2)
    assert painting.training["ended_by"] == "time"
    assert end_of(events).seconds >= 0.2
    painting, _ = run("draft", SQUARE, seconds=600, epochs=2)
    assert painting.training["ended_by"] == "epochs"


def test_the_clock_may_end_an_epoch_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_trainer, "PART_PIXELS", 16)
    ticks = iter(range(10**9))
    monkeypatch.setattr(Schedule, "seconds", property(lambda _: next(ticks) / 10))
    painting, events = run("draft", SQUARE, engine="stock", encoding="grid", seconds=1.0, target_psnr=None)
    assert painting.training["epochs"] == len(epochs_of(events)) == 1
    assert painting.training["ended_by"] == "time"


@every_engine
def test_a_quality_that_is_reached_ends_the_run(engine: str) -> None:
    painting, events = run("fine", SQUARE, engine=engine, target_psnr=25.0)
    assert painting.training["ended_by"] == end_of(events).reason == "target-psnr"
    assert painting.training["psnr"] >= 25
    assert painting.training["epochs"] < painting.training["settings"]["epochs"]
    assert epochs_of(events)[-1].progress == 1


@pytest.mark.parametrize(
    ("mode", "engine", "reason"),
    [
        (
            "regress",
            "numpy",
            "the loss is no longer finite at a learning rate of 100,000,000; lower the learning rate",
        ),
        (
            "regress",
            "stock",
            "the loss is no longer finite at a learning rate of 9[0-9],[0-9.,]+; lower the learning rate",
        ),
        (
            "classify",
            "numpy",
            "the loss is no longer finite at a learning rate of 100,000,000; lower the learning rate",
        ),
        (
            "classify",
            "stock",
            r"nothing was learned: .*; lower the learning rate of 100,000,000 or train longer",
        ),
    ],
)
def test_a_rate_of_1e8_ends_in_an_error_within_an_epoch(mode: str, engine: str, reason: str) -> None:
    events: list[Event] = []
    # tanh units would only saturate.
    given = {"mode": mode, "engine": engine, "activation": "relu", "learning_rate": 1e8}
    painter = Painter("draft", **given, listeners=(events.append,))
    with pytest.raises(TrainingError) as caught:
        painter.fit(SQUARE)
    assert re.fullmatch("training: " + reason.replace("1e+08", r"1e\+08"), str(caught.value))
    assert all(np.isfinite(event.loss) for event in epochs_of(events))
    assert not any(isinstance(event, TrainingFinished) for event in events)


def test_a_painting_worse_than_the_mean_color_is_refused() -> None:
    noise = np.random.default_rng(0).random((16, 16, 3), dtype=np.float32)
    with pytest.raises(TrainingError) as caught:
        run("tutorial", noise, epochs=1)
    assert str(caught.value).startswith("training: nothing was learned: ")
    assert re.search(
        r" dB, and a painting of the mean color alone has [0-9.]+ dB; "
        r"lower the learning rate of 0\.001 or train longer$",
        str(caught.value),
    )


def test_a_painting_worse_than_one_class_is_refused() -> None:
    with pytest.raises(TrainingError) as caught:
        run("draft", SQUARE, mode="classify", encoding="raw", learning_rate=30.0, epochs=10, engine="stock")
    assert str(caught.value).startswith("training: nothing was learned: ")
    assert str(caught.value).endswith(
        "% would be in a painting of one class; lower the learning rate of 30 or train longer"
    )


@pytest.mark.parametrize(
    ("settings", "owner", "method"),
    [
        ({"engine": "stock"}, BaseMultilayerPerceptron, "_backprop"),
        ({"engine": "stock", "mode": "classify"}, BaseMultilayerPerceptron, "_backprop"),
        ({"solver": "lbfgs"}, BaseMultilayerPerceptron, "_backprop"),
        ({"engine": "numpy"}, NumpyStep, "epoch"),
    ],
)
def test_ctrl_c_reaches_the_caller(
    settings: dict[str, Any], owner: type, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    events: list[Event] = []
    original = getattr(owner, method)

    def interrupted(self: Any, *arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return original(self, *arguments, **named)

    monkeypatch.setattr(owner, method, interrupted)
    with pytest.raises(KeyboardInterrupt):
        Painter("draft", listeners=(events.append,), **settings).fit(SQUARE)
    assert len(calls) == 4
    assert not any(isinstance(event, TrainingFinished) for event in events)
