"""A run: what it says, when it ends, and what ends it early."""

import pickle
import re
import threading
import time
from itertools import count, groupby
from typing import Any

import numpy as np
import pytest
from painter_helpers import end_of, epochs_of, keep_in, levels_of_a_square, parts_of, picture_of, run, smooth
from sklearn.neural_network._multilayer_perceptron import BaseMultilayerPerceptron
from threadpoolctl import threadpool_limits

from paintnet.engine import stock_trainer
from paintnet.engine.numpy_step import NumpyStep
from paintnet.engine.schedule import Schedule
from paintnet.errors import TrainingError
from paintnet.metrics import psnr
from paintnet.modelfile import encode_model
from paintnet.painter.events import EpochFinished, Event, TrainingFinished, TrainingStarted, Working
from paintnet.painter.painter import Painter
from paintnet.painter.quality import as_written
from paintnet.painter.run import Run

SQUARE = picture_of(levels_of_a_square())
every_engine = pytest.mark.parametrize("engine", ["numpy", "stock"])


@every_engine
def test_events_come_in_order_and_progress_rises_to_one(engine: str) -> None:
    painting, events = run("draft", SQUARE, purpose="copying", engine=engine, epochs=7, hold_out=0.1)
    events = [event for event in events if not isinstance(event, Working)]
    assert isinstance(events[0], TrainingStarted)
    assert events[0].n_pixels == 288
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
    assert rates[0] == painting.training.settings["learning_rate"]
    assert finished[-1].loss < finished[0].loss
    assert finished[-1].psnr == pytest.approx(painting.training.psnr, abs=3)
    end = end_of(events)
    assert (end.epochs, end.reason) == (7, "epochs")


def test_psnr_on_the_way_is_that_of_the_pixels_and_not_of_their_points() -> None:
    painting, events = run("draft", SQUARE, engine="numpy", epochs=40)
    assert epochs_of(events)[-1].psnr == pytest.approx(painting.training.psnr, abs=1)


@every_engine
def test_a_listener_can_ask_for_the_painting_as_it_is(engine: str) -> None:
    shown: list[np.ndarray] = []

    def look(event: Event, run: Run) -> None:
        if isinstance(event, EpochFinished):
            shown.append(run.painting().render())

    painting = Painter("draft", engine=engine, epochs=4, listeners=(look,)).fit(SQUARE)
    quality = [psnr(SQUARE, as_written(picture)) for picture in shown]
    assert quality[-1] == painting.training.psnr
    assert len({picture.tobytes() for picture in shown}) == 4
    watched = painting.to_bytes()
    assert encode_model(run("draft", SQUARE, engine=engine, epochs=4)[0]) == watched


def test_a_listener_that_raises_ends_the_run() -> None:
    seen: list[Event] = []

    def stop(event: Event, run: Run) -> None:
        seen.append(event)
        if len(seen) == 3:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        Painter("draft", engine="stock", listeners=(stop,)).fit(SQUARE)
    assert len(seen) == 3


def test_the_time_of_a_listener_is_not_training_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    events: list[Event] = []

    def take_long(event: Event, run: Run) -> None:
        nonlocal now
        now += 100
        events.append(event)

    # The clock moves only while a listener works.
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    painting = Painter("draft", engine="numpy", epochs=3, seconds=50, listeners=(take_long,)).fit(SQUARE)
    assert painting.training.ended_by == "epochs"
    assert [event.seconds for event in epochs_of(events)] == [0, 0, 0]
    assert end_of(events).seconds == 0


@every_engine
def test_a_run_by_the_clock_ends_near_its_time_at_a_low_rate(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(10**9))
    # Each look at the clock takes a millisecond.
    monkeypatch.setattr(Schedule, "seconds", property(lambda _: next(ticks) / 1000))
    painting, events = run("draft", SQUARE, engine=engine, seconds=2.0)
    last = epochs_of(events)[-1]
    assert painting.training.ended_by == "time"
    assert painting.training.settings["epochs"] is None
    assert 2 <= painting.training.seconds < 2.05
    start = painting.training.settings["learning_rate"]
    assert 0.01 * start * (1 - 1e-9) <= last.learning_rate < 0.02 * start
    assert last.progress == 1
    assert last.epochs is None


def test_a_real_clock_ends_a_run() -> None:
    painting, events = run("draft", SQUARE, seconds=0.2)
    assert painting.training.ended_by == "time"
    assert end_of(events).seconds >= 0.2
    painting, _ = run("draft", SQUARE, seconds=600, epochs=2)
    assert painting.training.ended_by == "epochs"


def test_the_clock_may_end_an_epoch_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_trainer, "PART_PIXELS", 16)
    ticks = iter(range(10**9))
    monkeypatch.setattr(Schedule, "seconds", property(lambda _: next(ticks) / 10))
    painting, events = run("draft", SQUARE, engine="stock", encoding="grid", seconds=1.0, target_psnr=None)
    assert painting.training.epochs == len(epochs_of(events)) == 1
    assert painting.training.ended_by == "time"


def test_what_is_prepared_is_said_before_the_training_starts() -> None:
    _, events = run("draft", SQUARE, purpose="enlarging", epochs=2)
    first, *preparing = parts_of(events, "preparing")
    assert first == Working("preparing")
    assert events[: 1 + len(preparing)] == [first, *preparing]
    assert isinstance(events[1 + len(preparing)], TrainingStarted)
    progress = [event.progress for event in preparing]
    assert progress == sorted(progress)
    assert (progress[0], progress[-1]) == (0, 1)
    assert end_of(events).seconds >= epochs_of(events)[0].seconds > 0


@every_engine
def test_a_run_says_what_it_is_at(engine: str) -> None:
    _, events = run("draft", SQUARE, engine=engine, epochs=2)
    said = [event.part if isinstance(event, Working) else type(event) for event in events]
    before = ["preparing", *["compiling"] * (engine == "compiled"), TrainingStarted, "learning"]
    assert said[: len(before) + 2] == [*before, EpochFinished, EpochFinished]
    after = [name for name, _ in groupby(said[len(before) + 2 :])]
    assert after == ["painting", "measuring", TrainingFinished]
    painting = [event.progress for event in parts_of(events, "painting")]
    assert (painting[0], painting[-1]) == (0, 1)


def test_lbfgs_tells_its_iterations() -> None:
    painting, events = run("draft", SQUARE, solver="lbfgs", encoding="raw", iterations=9)
    assert (painting.training.ended_by, painting.training.passes) == ("iterations", "9 iterations")
    begun, *learning = [event.progress for event in parts_of(events, "learning")]
    assert begun is None
    assert learning == sorted(learning)
    assert learning[0] == 1 / 9
    assert learning[-1] == 1


def test_the_clock_ends_preparing_early_and_leaves_the_rest_to_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = smooth(64, 48)
    _, calm = run("draft", picture, purpose="enlarging", epochs=1)
    # Each look at a clock takes a hundredth of a second.
    monkeypatch.setattr(
        Schedule, "seconds", property(lambda clock: next(vars(clock).setdefault("ticks", count())) / 100)
    )
    painting, events = run("draft", picture, purpose="enlarging", seconds=0.4, batch_size=10**6)
    preparing = parts_of(events, "preparing")
    assert preparing[-1].progress == 1
    assert len(preparing) < len(parts_of(calm, "preparing"))
    assert painting.training.ended_by == "time"
    assert painting.training.settings["seconds"] == 0.4
    assert 0.4 <= painting.training.seconds < 0.6
    rate = painting.training.settings["learning_rate"]
    assert epochs_of(events)[0].learning_rate > 0.8 * rate
    assert epochs_of(events)[-1].learning_rate < 0.5 * rate


@every_engine
def test_a_quality_that_is_reached_ends_the_run(engine: str) -> None:
    painting, events = run("fine", SQUARE, engine=engine, target_psnr=25.0)
    assert painting.training.ended_by == end_of(events).reason == "target-psnr"
    assert painting.training.psnr >= 25
    assert painting.training.epochs < painting.training.settings["epochs"]
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
    painter = Painter("draft", **given, listeners=(keep_in(events),))
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
        ({"engine": "numpy"}, NumpyStep, "train"),
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
        Painter("draft", listeners=(keep_in(events),), **settings).fit(SQUARE)
    assert len(calls) == 4
    assert not any(isinstance(event, TrainingFinished) for event in events)


def test_events_are_small_and_survive_pickling() -> None:
    _, events = run("draft", SQUARE, epochs=3)
    assert {type(event) for event in events} == {Working, TrainingStarted, EpochFinished, TrainingFinished}
    for event in events:
        content = pickle.dumps(event)
        assert len(content) < 500
        assert pickle.loads(content) == event


def started(**settings: Any) -> Run:
    return Painter("draft", **{"engine": "numpy", "seed": 2, **settings}).start(SQUARE)


def test_a_run_is_iterated_and_gives_what_fit_gives() -> None:
    going = started(epochs=6)
    assert [event.epoch for event in going] == [1, 2, 3, 4, 5, 6]
    assert (going.epochs_, going.ended_by_) == (6, "epochs")
    expected = encode_model(Painter("draft", engine="numpy", seed=2, epochs=6).fit(SQUARE))
    assert encode_model(going.result()) == expected
    assert going.painting() is going.result()


def test_between_epochs_a_run_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    going = started(epochs=None, seconds=50.0)
    next(going)
    painted = going.painting().render()
    now[0] += 1000.0
    assert np.array_equal(going.painting().render(), painted)
    assert next(going).seconds == 0.0
    assert not np.array_equal(going.painting().render(), painted)


def test_a_run_that_is_left_keeps_its_painting() -> None:
    going = started(epochs=50)
    for event in going:
        if event.epoch == 4:
            break
    painting = going.painting()
    assert painting.training is None
    result = going.result()
    assert np.array_equal(result.render(), painting.render())
    assert (result.training.epochs, result.training.ended_by) == (4, "stopped")
    assert result.training.seconds is not None
    assert list(going) == []


def test_a_listener_may_stop_the_run() -> None:
    def stop(event: Event, run: Run) -> None:
        if isinstance(event, EpochFinished) and event.epoch == 2:
            run.stop()

    painting = Painter("draft", engine="numpy", listeners=(stop,)).fit(SQUARE)
    assert (painting.training.epochs, painting.training.ended_by) == (2, "stopped")


def test_a_painting_before_the_first_epoch() -> None:
    start = started().painting()
    assert start.render().shape == SQUARE.shape
    with pytest.raises(TrainingError) as error:
        started(engine="stock", start="stock").painting()
    assert str(error.value) == "painting: the network has no weights yet; train for an epoch first"


def test_rate_epochs_and_time_may_change_on_the_way() -> None:
    going = started(epochs=50, decay="constant")
    rates = []
    for event in going:
        rates.append(event.learning_rate)
        if event.epoch == 3:
            going.schedule.learning_rate = 1e-4
            going.schedule.epochs = 6
    assert rates == [going.settings.learning_rate] * 3 + [1e-4] * 3
    assert going.result().training.settings["epochs"] == 6
    going = started(epochs=50)
    next(going)
    going.schedule.time_limit = going.schedule.seconds
    assert len(list(going)) == 1
    assert going.ended_by_ == "time"


@pytest.mark.parametrize(
    "settings",
    [
        {"engine": "numpy"},
        {"engine": "stock"},
        {"engine": "stock", "start": "stock", "encoding": "raw"},
        {"engine": "stock", "solver": "sgd"},
        {"engine": "stock", "start": "stock", "mode": "classify"},
    ],
    ids=lambda settings: " ".join(settings.values()),
)
def test_a_run_goes_back_and_learns_the_same_again(settings: dict[str, Any]) -> None:
    running = Painter("draft", epochs=15, learning_rate=0.01, **settings).start(SQUARE)
    start = running.checkpoint()
    losses = [event.loss for event in running]
    assert running.ended_by_ == "epochs"
    first = running.recorded()
    running.restore(start)
    assert (running.epochs_, running.ended_by_, running.quality_) == (0, None, None)
    assert [event.loss for event in running] == losses
    assert encode_model(running.result()) == encode_model(first)


def test_a_painting_recorded_on_the_way_is_that_of_its_epoch_and_leaves_no_trace() -> None:
    running = Painter("draft", engine="numpy", epochs=4).start(SQUARE)
    next(running), next(running)
    midway = running.recorded()
    assert (midway.training.epochs, midway.training.ended_by) == (2, "stopped")
    assert running.quality_.psnr == midway.training.psnr
    assert running.ended_by_ is None
    assert len(list(running)) == 2
    whole = Painter("draft", engine="numpy", epochs=4).fit(SQUARE)
    assert encode_model(running.result()) == encode_model(whole)
    assert running.quality_.psnr != midway.training.psnr


def test_lbfgs_has_no_epochs_to_iterate() -> None:
    going = started(engine="stock", solver="lbfgs", iterations=40, encoding="raw", layers=(20,))
    assert list(going) == []
    assert going.result().training.ended_by == "iterations"


def test_lbfgs_says_so_where_it_converges() -> None:
    going = started(engine="stock", solver="lbfgs", iterations=10_000, encoding="raw", layers=(2,))
    assert list(going) == []
    training = going.result().training
    assert training.epochs < 10_000
    assert (training.ended_by, training.ending) == ("converged", "the solver has converged")


@pytest.mark.parametrize(
    "given",
    [
        {"engine": "numpy"},
        {"engine": "stock"},
        {"encoding": "fourier", "mode": "classify"},
        {"engine": "stock", "solver": "lbfgs", "iterations": 60, "encoding": "raw", "layers": (20,)},
    ],
    ids=str,
)
def test_results_do_not_depend_on_the_threads_of_blas(given: dict[str, Any]) -> None:
    picture = smooth(120, 80)
    results: list[bytes] = []

    def learn() -> None:
        results.append(encode_model(Painter("draft", epochs=2, seed=1, **given).fit(picture)))

    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            learn()
            beside = threading.Thread(target=learn)
            beside.start()
            beside.join()
    assert len(set(results)) == 1
    assert len(results) == 4
