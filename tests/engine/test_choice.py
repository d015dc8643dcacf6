"""What `auto` takes: by the work at hand, so that a seeded run gives the same bytes whatever ran before."""

from typing import Any

import numpy as np
import pytest

from paintnet.engine import choice
from paintnet.engine.choice import numpy_seconds
from paintnet.engine.schedule import Schedule
from paintnet.painter.run import make_dataset
from paintnet.settings.presets import settings_for


def is_worth(width: int, height: int, preset: str = "standard", **given: object) -> bool:
    picture = np.zeros((height, width, 3), np.float32)
    settings = settings_for(width, height, preset, **given)
    dataset = make_dataset(picture, settings)
    return choice._is_worth_compiling(dataset.width * dataset.height, settings)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    ("size", "given", "expected"),
    [
        ((100, 100), {}, False),
        ((100, 100), {"preset": "fine"}, True),
        ((300, 300), {}, True),
        ((300, 300), {"epochs": 1}, False),
        ((300, 300), {"epochs": 1, "layers": (300, 300)}, True),
        ((300, 300), {"epochs": 1, "seconds": 60.0}, False),
        ((100, 100), {"purpose": "copying"}, False),
        ((768, 512), {"preset": "draft", "purpose": "copying"}, True),
        ((100, 100), {"seconds": 10.0}, True),
    ],
)
def test_work_decides_whatever_is_compiled(
    size: tuple[int, int],
    given: dict[str, object],
    expected: bool,
    compiled: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choice, "is_compiled", lambda kernel=choice.KERNEL: compiled)
    assert is_worth(*size, **given) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize("compiled", [False, True])
def test_under_a_short_clock_alone_what_is_compiled_is_used(
    compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "is_compiled", lambda kernel=choice.KERNEL: compiled)
    assert is_worth(300, 300, seconds=1.0) is compiled


@pytest.mark.parametrize(
    ("seconds", "compiled", "engine"),
    [(10.0, True, "compiled"), (10.0, False, "numpy"), (60.0, False, "compiled"), (None, False, "compiled")],
)
def test_nothing_is_compiled_on_time_that_is_for_learning(
    seconds: float | None, compiled: bool, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(300, 300, "standard", seconds=seconds)
    dataset = make_dataset(np.zeros((300, 300, 3), np.float32), settings)
    taken, notes = [], list[str]()
    monkeypatch.setattr(choice, "is_compiled", lambda kernel=choice.KERNEL: compiled)
    monkeypatch.setattr(choice, "has_compiler", lambda: True)
    monkeypatch.setattr(choice, "BlockTrainer", lambda *_, compiled, **__: taken.append(compiled))
    encoding = settings.encoding.build(dataset.extent, 0)
    choice.make_trainer(dataset, encoding, settings, Schedule.of(settings), note=notes.append)
    assert taken == [engine == "compiled"]
    assert notes == ([choice.NOT_COMPILED] if engine == "numpy" else [])


@pytest.mark.parametrize(
    ("given", "compiled", "engine"),
    [
        ({}, False, "compiled"),
        ({"seconds": 10.0}, True, "compiled"),
        ({"seconds": 10.0}, False, "numpy"),
        ({"seconds": 10.0, "engine": "compiled"}, False, "compiled"),
        ({"engine": "numpy"}, True, "numpy"),
    ],
)
def test_small_files_are_learned_compiled_unless_it_takes_their_time(
    given: dict[str, Any], compiled: bool, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(20, 20, "draft", bpp=2.0, **given)
    dataset = make_dataset(np.zeros((20, 20, 3), np.float32), settings)
    taken, notes = [], list[str]()
    monkeypatch.setattr(choice, "is_compiled", lambda kernel: compiled and kernel == choice.RATE_KERNEL)
    monkeypatch.setattr(choice, "has_compiler", lambda: True)
    monkeypatch.setattr(choice, "RateTrainer", lambda *_, compiled, **__: taken.append(compiled))
    encoding = settings.encoding.build(dataset.extent, 0)
    choice.make_trainer(dataset, encoding, settings, Schedule.of(settings), note=notes.append)
    assert taken == [engine == "compiled"]
    assert notes == ([choice.NOT_COMPILED] if engine == "numpy" and "engine" not in given else [])


@pytest.mark.parametrize(("share", "engine"), [(1.0, "numpy"), (0.05, "compiled")])
def test_a_patch_is_compiled_for_all_patches(
    share: float, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(300, 300, "standard", epochs=1)
    dataset = make_dataset(np.zeros((300, 300, 3), np.float32), settings)
    taken = []
    monkeypatch.setattr(choice, "has_compiler", lambda: True)
    monkeypatch.setattr(choice, "BlockTrainer", lambda *_, compiled, **__: taken.append(compiled))
    encoding = settings.encoding.build(dataset.extent, 0)
    choice.make_trainer(dataset, encoding, settings, Schedule.of(settings), share=share)
    assert taken == [engine == "compiled"]


def test_the_estimate_counts_points_epochs_and_weights() -> None:
    assert numpy_seconds(1000, 10, (10, 20)) == pytest.approx(1.75e-10 * 1000 * 10 * (800 + 200 + 60))
    assert numpy_seconds(768 * 512, 1, (4, 24, 24)) == pytest.approx(0.107, abs=0.002)
