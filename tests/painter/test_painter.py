"""From settings and a picture to a painting: what is learned."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from painter_helpers import epochs_of, flat, levels_of_a_square, picture_of, run, smooth

import paintnet
from paintnet.dataset.classes import Classes
from paintnet.engine import stock_trainer
from paintnet.engine.compiler import has_compiler
from paintnet.errors import SettingsError
from paintnet.extras import pip_line
from paintnet.metrics import psnr
from paintnet.modelfile import encode_model
from paintnet.painter.events import TrainingFinished, TrainingStarted, Working
from paintnet.painter.painter import Painter
from paintnet.painter.quality import as_written
from paintnet.painter.run import make_dataset
from paintnet.painting import Painting
from paintnet.settings.presets import settings_for

LEVELS = levels_of_a_square()
SQUARE = picture_of(LEVELS)
THRESHOLD = Classes(threshold=600)
every_engine = pytest.mark.parametrize("engine", ["numpy", "stock"])


@every_engine
@pytest.mark.parametrize("mode", ["regress", "classify"])
def test_the_same_seed_gives_the_same_bytes(mode: str, engine: str) -> None:
    first, again, other = (
        encode_model(run("draft", SQUARE, mode=mode, engine=engine, epochs=5, seed=seed)[0])
        for seed in (4, 4, 5)
    )
    assert first == again
    assert first != other


ENCODINGS: dict[str, dict[str, Any]] = {
    "raw": {"encoding": "raw"},
    "fourier": {"encoding": "fourier", "n_frequencies": 16},
    "one grid": {},
    "one grid, stock": {"engine": "stock"},
    "grids": {"levels": (2, 4)},
    "cubic grid": {"levels": (4,), "basis": "cubic"},
}


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=list(ENCODINGS))
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_encoding_learns_colors(encoding: dict[str, Any], channels: int) -> None:
    picture = smooth(channels=channels)
    painting, _ = run("draft", picture, epochs=100, **encoding)
    assert painting.training.psnr == psnr(picture, as_written(painting.render()))
    assert painting.training.psnr > 24
    again = Painting.from_bytes(painting.to_bytes())
    assert np.array_equal(again.render(), painting.render())


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=list(ENCODINGS))
@pytest.mark.parametrize("classes", [Classes(colors=3), Classes(palette=("#fff", "#1da1f2", "#000"))])
@pytest.mark.parametrize("one_hot", [False, True])
def test_every_encoding_learns_classes(encoding: dict[str, Any], classes: Classes, one_hot: bool) -> None:
    picture = SQUARE.copy()
    picture[:, :4] = (0.1, 0, 0.05)
    painting, _ = run(
        "draft", picture, mode="classify", classes=classes, epochs=100, one_hot=one_hot, **encoding
    )
    assert painting.training.accuracy > 0.8
    assert painting.palette is not None
    colors = {tuple(color) for color in painting.render().reshape(-1, 3)}
    assert colors <= {tuple(color) for color in painting.palette}
    again = Painting.from_bytes(painting.to_bytes())
    assert np.array_equal(again.render(), painting.render())


@pytest.mark.parametrize(
    ("preset", "engine"), [("draft", "numpy"), ("draft", "stock"), ("standard", "numpy")]
)
@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 9), (17, 3)])
@pytest.mark.parametrize("color", [0.9, (0.1, 0.6, 1.0), (1.0, 0.5, 0.0, 0.4)])
def test_the_smallest_pictures_get_the_right_color(
    engine: str, preset: str, width: int, height: int, color: Any
) -> None:
    picture = flat(color, width, height)
    painting, _ = run(preset, picture, engine=engine)
    assert np.abs(painting.render() - picture).max() < 0.05


@pytest.mark.parametrize("encoding", ["raw", "fourier"])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 9), (9, 1)])
def test_the_smallest_pictures_are_learned_without_a_grid(encoding: str, width: int, height: int) -> None:
    picture = smooth(width, height)
    painting, _ = run("draft", picture, encoding=encoding)
    assert painting.training.psnr > 20


@pytest.mark.parametrize("preset", ["draft", "tutorial"])
@pytest.mark.parametrize("classes", [Classes(), Classes(colors=5), THRESHOLD, Classes(palette=("#123456",))])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("color", [(0.9, 0.8, 0.95), (0.1, 0.2, 0.3), (0.4,)])
def test_one_single_color_is_classified_right(
    preset: str, classes: Classes, solver: str, color: tuple[float, ...]
) -> None:
    picture = flat(color)
    painting, _ = run(preset, picture, mode="classify", classes=classes, solver=solver)
    assert painting.training.accuracy == 1
    if classes.palette is None:
        np.testing.assert_allclose(painting.render(), picture, atol=1e-6)
    again = Painting.from_bytes(painting.to_bytes())
    assert np.array_equal(again.predict([[0, 0]]), painting.predict([[0, 0]]))


@every_engine
def test_a_hidden_color_has_no_influence_at_all(engine: str) -> None:
    picture = np.zeros((10, 12, 4), dtype=np.float32)
    picture[:, :6] = (0, 0, 1, 1)
    leaky = picture.copy()
    leaky[:, 6:] = (1, 0, 0, 0)
    painting, _ = run("draft", leaky, engine=engine, epochs=150)
    clean, _ = run("draft", picture, engine=engine, epochs=150)
    assert painting.to_bytes() == clean.to_bytes()
    rendered = painting.render(size=(48, 40))
    assert rendered[:, :20, 2].min() > 0.8
    assert (rendered[..., 0] * rendered[..., 3]).max() < 0.1
    assert rendered[:, 30:, 3].max() < 0.2


@pytest.mark.parametrize("mode", ["regress", "classify"])
@pytest.mark.parametrize("encoding", ["raw", "grid"])
def test_lbfgs_paints_at_once(mode: str, encoding: str) -> None:
    painting, events = run("draft", SQUARE, mode=mode, encoding=encoding, solver="lbfgs", iterations=60)
    others = [type(event) for event in events if not isinstance(event, Working)]
    assert others == [TrainingStarted, TrainingFinished]
    assert 1 < painting.training.epochs <= 60
    assert painting.training.ended_by == ("iterations" if painting.training.epochs == 60 else "converged")
    assert painting.patches[0].network.coefs[0].dtype == np.float32
    if mode == "regress":
        assert painting.training.psnr > 20
    else:
        assert painting.training.accuracy > 0.95


def test_lbfgs_keeps_the_numbers_of_classes_that_no_pixel_has() -> None:
    classes = Classes(palette=("#ff0000", "#d2d2d2", "#00ff00", "#1da1f2"))
    painting, _ = run("draft", SQUARE, mode="classify", classes=classes, solver="lbfgs")
    assert painting.training.accuracy > 0.95
    probabilities = painting.predict_proba([[10, 8], [0, 0]])
    assert probabilities.argmax(axis=1).tolist() == [3, 1]


def test_many_parts_learn_as_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = run("draft", SQUARE, engine="stock", epochs=100)
    monkeypatch.setattr(stock_trainer, "PART_PIXELS", 100)
    parts, events = run("draft", SQUARE, engine="stock", epochs=100)
    assert parts.training.psnr > whole.training.psnr - 2
    assert epochs_of(events)[0].learning_rate < parts.training.settings["learning_rate"]


@every_engine
def test_held_out_pixels_are_not_learned_but_measured(engine: str) -> None:
    wrong = SQUARE.copy()
    painting, _ = run("draft", wrong, engine=engine, epochs=60, hold_out=0.1)
    held_out = make_dataset(wrong, settings_for(20, 16, "draft", hold_out=0.1)).held_out
    wrong.reshape(-1, 3)[held_out] *= np.float32(0.7)
    again, _ = run("draft", wrong, engine=engine, epochs=60, hold_out=0.1)
    assert all(map(np.array_equal, painting.patches[0].network.coefs, again.patches[0].network.coefs))
    truth, shown = (p.reshape(1, -1, 3)[:, held_out] for p in (SQUARE, as_written(painting.render())))
    assert painting.training.held_out_psnr == pytest.approx(psnr(truth, shown))
    assert again.training.held_out_psnr < painting.training.held_out_psnr


def test_the_record_says_how_it_was_trained() -> None:
    painting, _ = run("draft", SQUARE, epochs=6, seed=3)
    record = painting.training
    assert record.settings["seed"] == 3
    assert (record.preset, record.seed, record.epochs) == ("draft", 3, 6)
    assert record.engine == "numpy", "the picture is too small to be worth compiling"
    assert set(record.versions) == {"paintnet", "scikit-learn", "numpy"}
    assert record.seconds is None
    timed, _ = run("draft", SQUARE, seconds=0.05)
    assert timed.training.seconds >= 0.05


@pytest.mark.skipif(not has_compiler(), reason="numba is not installed")
def test_the_record_names_the_compiler() -> None:
    record = run("draft", SQUARE, epochs=6, engine="compiled")[0].training
    assert record.engine == "compiled"
    assert set(record.versions) == {"paintnet", "scikit-learn", "numpy", "numba"}
    assert run("draft", SQUARE, epochs=6, engine="stock")[0].training.engine == "stock"


def test_a_perfect_painting_is_recorded_as_infinite() -> None:
    painting, _ = run("draft", flat((1.0, 1.0, 1.0)), mode="classify", classes=THRESHOLD)
    assert painting.training.psnr == np.inf
    assert painting.training.accuracy == 1


def test_the_short_way_takes_an_array_a_path_and_a_sample(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "square.png"
    Image.fromarray(LEVELS).save(path)
    settings: dict[str, Any] = {"preset": "draft", "epochs": 3, "engine": "numpy"}
    paintings = [paintnet.fit(source, **settings) for source in (SQUARE, path, str(path))]
    assert len({painting.to_bytes() for painting in paintings}) == 1
    bird = paintnet.fit("sample:bird", preset="draft", epochs=1, engine="numpy")
    assert (bird.width, bird.height, bird.channels) == (100, 100, 3)


PICTURE_SHAPE = "give an array of shape (height, width, channels), with 1, 3 or 4 channels"


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (
            np.zeros((4, 4)),
            "picture: an array of shape (4, 4) is no picture; " + PICTURE_SHAPE,
        ),
        (
            np.zeros((4, 4, 2)),
            "picture: an array of shape (4, 4, 2) is no picture; " + PICTURE_SHAPE,
        ),
        (
            np.zeros((0, 4, 3)),
            "picture: an array of shape (0, 4, 3) is no picture; " + PICTURE_SHAPE,
        ),
        (
            np.full((4, 4, 3), 255),
            "picture: some of its values are not in the range 0 to 1; divide 8-bit levels by 255",
        ),
        (
            np.full((4, 4, 3), -0.1),
            "picture: some of its values are not in the range 0 to 1; divide 8-bit levels by 255",
        ),
        (
            np.full((4, 4, 3), np.nan),
            "picture: some of its values are not in the range 0 to 1; divide 8-bit levels by 255",
        ),
    ],
)
def test_what_is_no_picture_is_refused(picture: np.ndarray, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Painter("draft").fit(picture)
    assert str(caught.value) == message


@pytest.mark.parametrize("dtype", [np.float64, np.uint8, bool])
def test_a_picture_may_have_another_type(dtype: type) -> None:
    picture = (SQUARE > 0.5).astype(dtype)
    painting, _ = run("draft", picture, epochs=60, engine="stock")
    assert painting.render().dtype == np.float32
    assert painting.training.psnr > 15


def test_without_numba_the_compiled_engine_is_refused_and_auto_takes_numpy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("paintnet.engine.choice.has_compiler", lambda: False)
    with pytest.raises(SettingsError) as caught:
        run("draft", SQUARE, engine="compiled")
    assert str(caught.value) == (
        f"engine compiled: numba is not installed; install it with {pip_line('fast')}"
    )
    auto, plain = (run("draft", SQUARE, engine=engine, epochs=3)[0] for engine in ("auto", "numpy"))
    assert all(map(np.array_equal, auto.patches[0].network.coefs, plain.patches[0].network.coefs))


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"encoding": "raw"}, "training by blocks needs the grid encoding, not raw"),
        ({"solver": "sgd"}, "training by blocks needs the solver adam and the precision float32"),
        ({"precision": "float64"}, "training by blocks needs the solver adam and the precision float32"),
        ({"levels": (4, 8)}, "training by blocks needs a grid of one level, with cells of a few pixels"),
    ],
)
def test_an_engine_that_cannot_is_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(SettingsError) as caught:
        run("draft", SQUARE, engine="numpy", **settings)
    assert str(caught.value) == f"engine numpy: {reason}; use engine stock, or leave it to auto"


def test_numbers_of_numpy_as_settings_write_the_same_file_as_those_of_python() -> None:
    plain = {"seed": 3, "epochs": 30, "learning_rate": 0.01, "n_frequencies": 16, "sigma": 2.0}
    of_numpy = {name: np.array(value)[()] for name, value in plain.items()}
    files = [
        encode_model(run("draft", SQUARE, encoding="fourier", layers=layers, **given)[0])
        for layers, given in (((8,), plain), (np.array([8]), of_numpy))
    ]
    assert files[0] == files[1]


def test_one_painting_is_close_at_its_own_size_and_at_a_quarter() -> None:
    """Stripes two pixels wide: at a quarter they are grey, and only their mean knows it."""
    rng = np.random.default_rng(0)
    column = np.arange(48)[None, :, None]
    picture = np.where(column // 2 % 2, np.float32(0.8), np.float32(0.2)) + rng.uniform(
        -0.1, 0.1, (40, 48, 3)
    )
    picture = picture.astype(np.float32)
    quarter = picture.reshape(10, 4, 12, 4, 3).mean(axis=(1, 3))
    area, _ = run("standard", picture)
    centers, _ = run("standard", picture, purpose="copying")
    assert (area.pixel, centers.pixel) == ("area", "center")
    assert area.training.psnr > centers.training.psnr
    assert psnr(quarter, area.render((12, 10))) > 38 > 25 > psnr(quarter, centers.render((12, 10)))


def test_grey_is_painted_as_well_as_the_same_picture_in_color() -> None:
    grey = smooth(40, 32, channels=1) + np.random.default_rng(1).uniform(-0.04, 0.04, (32, 40, 1))
    grey = np.clip(grey, 0, 1).astype(np.float32)
    alone, _ = run("standard", grey)
    color, _ = run("standard", grey.repeat(3, axis=2))
    assert alone.training.psnr > color.training.psnr
