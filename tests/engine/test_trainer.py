import json

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor

from paintnet.encoding.extent import Extent
from paintnet.engine import choice
from paintnet.engine.block_trainer import BlockTrainer
from paintnet.engine.compiler import has_compiler
from paintnet.engine.schedule import Schedule
from paintnet.engine.stock_trainer import StockTrainer
from paintnet.engine.trainer import TrainerState
from paintnet.errors import SettingsError
from paintnet.extras import pip_line
from paintnet.modelfile import encode_model
from paintnet.painter.painter import Painter
from paintnet.painter.run import make_dataset
from paintnet.picture import open_picture
from paintnet.settings.presets import settings_for


def learner_for(width, height, **given):
    picture = np.random.default_rng(0).random((height, width, 3)).astype(np.float32)
    settings = settings_for(width, height, **given)
    encoding = settings.encoding.build(Extent.of_picture(width, height), settings.seed)
    return choice.make_trainer(make_dataset(picture, settings), encoding, settings, Schedule.of(settings))


def test_a_fine_grid_is_trained_by_blocks():
    made = learner_for(40, 30)
    assert isinstance(made, BlockTrainer)
    assert type(made.estimator) is MLPRegressor


@pytest.mark.parametrize(
    "given",
    [
        {"preset": "tutorial"},
        {"encoding": "fourier"},
        {"encoding": "raw"},
        {"levels": (3, 20)},
        {"levels": (3,)},
        {"solver": "sgd"},
        {"engine": "stock"},
    ],
)
def test_everything_else_is_trained_by_scikit_learn(given):
    assert isinstance(learner_for(60, 50, **given), StockTrainer)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"encoding": "raw"}, "training by blocks needs the grid encoding, not raw"),
        ({"solver": "sgd"}, "training by blocks needs the solver adam and the precision float32"),
        ({"levels": (3, 20)}, "training by blocks needs a grid of one level, with cells of a few pixels"),
    ],
)
def test_an_engine_that_does_not_fit_is_refused(given, why):
    with pytest.raises(SettingsError) as error:
        learner_for(60, 50, engine="numpy", **given)
    assert str(error.value) == f"engine numpy: {why}; use engine stock, or leave it to auto"


def test_a_missing_compiler_names_its_extra(monkeypatch):
    monkeypatch.setattr(choice, "has_compiler", lambda: False)
    with pytest.raises(SettingsError) as error:
        learner_for(40, 30, engine="compiled")
    assert str(error.value) == f"engine compiled: numba is not installed; install it with {pip_line('fast')}"


@pytest.mark.skipif(not has_compiler(), reason="numba is not installed")
@pytest.mark.parametrize("preset", ["draft", "fine"])
def test_compiled_and_numpy_paint_as_well(preset):
    picture = open_picture("sample:bird").pixels
    quality = [
        Painter(preset, engine=engine, epochs=40).fit(picture).training.psnr
        for engine in ("compiled", "numpy")
    ]
    assert quality[0] == pytest.approx(quality[1], abs=1.5)
    assert min(quality) > 25


@pytest.mark.parametrize("finished", [0, 1, 3])
@pytest.mark.parametrize(
    "given",
    [
        {"engine": "numpy"},
        {"engine": "numpy", "mode": "classify"},
        {"engine": "numpy", "preset": "fine", "hold_out": 0.2},
        pytest.param(
            {"engine": "compiled"},
            marks=pytest.mark.skipif(not has_compiler(), reason="numba is not installed"),
        ),
        {"engine": "stock"},
        {"engine": "stock", "mode": "classify"},
        {"engine": "stock", "solver": "sgd"},
        {"engine": "stock", "solver": "sgd", "mode": "classify"},
        {"encoding": "fourier"},
        {"preset": "tutorial", "layers": (20, 20)},
        {"preset": "tutorial", "layers": (20, 20), "mode": "classify", "solver": "sgd"},
    ],
    ids=lambda given: "-".join(map(str, given.values())),
)
def test_a_restored_trainer_goes_on_byte_for_byte(given, finished):
    given = {"seed": 3, **given, "epochs": 5}
    whole, stopped, restored = (learner_for(40, 30, **given) for _ in range(3))
    for _ in range(finished):
        stopped.epoch()
    state = stopped.state()
    stopped.epoch()  # what was given must not move with it
    restored.restore(TrainerState(state.arrays, json.loads(json.dumps(state.values))))
    losses = [whole.epoch() for _ in range(5)]
    assert [restored.epoch() for _ in range(5 - finished)] == losses[finished:]
    for name in ("coefs_", "intercepts_"):
        arrays = zip(getattr(whole.estimator, name), getattr(restored.estimator, name), strict=True)
        assert all(one.tobytes() == other.tobytes() for one, other in arrays)
    assert restored.estimator.loss_curve_ == whole.estimator.loss_curve_
    assert restored.estimator.t_ == whole.estimator.t_


def test_a_held_out_pixel_has_no_influence_on_the_weights():
    picture = open_picture("sample:bird").pixels.copy()
    settings = {"epochs": 2, "hold_out": 0.1, "engine": "numpy"}
    held_out = make_dataset(picture, settings_for(100, 100, hold_out=0.1)).held_out
    one = Painter("draft", **settings).fit(picture)
    picture.reshape(-1, 3)[held_out] = 0.5
    other = Painter("draft", **settings).fit(picture)
    for a, b in zip(one.patches[0].network.coefs, other.patches[0].network.coefs, strict=True):
        assert np.array_equal(a, b)
    assert one.training.held_out_psnr != other.training.held_out_psnr


@pytest.mark.parametrize("engine", ["numpy", "stock"])
def test_the_same_seed_gives_the_same_bytes(engine):
    picture = open_picture("sample:bird").pixels
    files = [encode_model(Painter("draft", engine=engine, epochs=3, seed=7).fit(picture)) for _ in range(2)]
    assert files[0] == files[1]


def test_enlarging_learns_the_points_between():
    picture = open_picture("sample:bird").pixels[30:62, 30:62]
    painting = Painter("draft", purpose="enlarging").fit(picture)
    assert (painting.width, painting.height) == (32, 32)
    assert painting.patches[0].network.encoding.basis == "keys"
    assert painting.training.psnr > 25


@pytest.mark.parametrize("given", [{"mode": "classify"}, {"hold_out": 0.1}])
def test_enlarging_takes_all_pixels_and_colors(given):
    with pytest.raises(SettingsError) as error:
        settings_for(32, 32, purpose="enlarging", **given)
    assert "enlarging learns colors, from all pixels; " in str(error.value)
