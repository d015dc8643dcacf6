from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import paintnet
from paintnet.encoding.extent import Extent
from paintnet.encoding.grid import GridMap
from paintnet.encoding.maps import FourierMap, PositionMap, RawMap
from paintnet.errors import ModelFileError, SettingsError
from paintnet.modelfile import Model, decode_model, encode_model
from paintnet.network import Network
from paintnet.painting import Painting

WIDTH, HEIGHT = 9, 6
EXTENT = Extent.of_picture(WIDTH, HEIGHT)
ENCODINGS: dict[str, PositionMap] = {
    "raw": RawMap(EXTENT),
    "fourier": FourierMap.draw(EXTENT, 4, 2.0, np.random.default_rng(0)),
    "grid": GridMap.over(EXTENT, [2, 4]),
}
PALETTE = np.array([[1, 1, 1], [0, 0.5, 1], [0.25, 0, 0]], dtype=np.float32)


def network(outputs: int, output: str = "identity", encoding: str = "grid", scale: float = 1.0) -> Network:
    rng = np.random.default_rng(5)
    sizes = (ENCODINGS[encoding].n_features, 7, outputs)
    coefs = tuple((scale * rng.normal(size=shape)).astype(np.float32) for shape in pairwise(sizes))
    intercepts = tuple(rng.uniform(0, 0.5, n).astype(np.float32) for n in sizes[1:])
    return Network(ENCODINGS[encoding], coefs, intercepts, "tanh", output)


def regress(channels: int = 3, encoding: str = "grid") -> Painting:
    return Painting("regress", WIDTH, HEIGHT, channels, network(channels, "identity", encoding))


def classify(classes: int, outputs: int, output: str, scale: float = 1.0) -> Painting:
    shown = network(outputs, output, scale=scale)
    return Painting("classify", WIDTH, HEIGHT, 3, shown, PALETTE[:classes])


FORMS = {
    "two, one output": classify(2, 1, "logistic"),
    "two, one-hot": classify(2, 2, "logistic"),
    "three, one-hot": classify(3, 3, "logistic"),
    "three, softmax": classify(3, 3, "softmax"),
    "one, one output": classify(1, 1, "logistic"),
    "one, one-hot": classify(1, 2, "logistic"),
}
PAINTINGS = {
    "regress": regress(),
    "grey": regress(1, "raw"),
    "alpha": regress(4, "fourier"),
    "classify": classify(3, 3, "softmax"),
}
ROW, COLUMN = np.indices((HEIGHT, WIDTH)).reshape(2, -1)
CENTRES = np.stack([COLUMN, ROW], axis=1)


@pytest.mark.parametrize("painting", PAINTINGS.values(), ids=list(PAINTINGS))
def test_a_render_is_the_prediction_at_the_pixel_centres(painting: Painting) -> None:
    rendered = painting.render()
    assert rendered.shape == (HEIGHT, WIDTH, painting.channels)
    assert rendered.dtype == np.float32
    assert rendered.min() >= 0
    assert rendered.max() <= 1
    assert len(np.unique(rendered)) > 2
    np.testing.assert_allclose(painting.predict(CENTRES), rendered.reshape(-1, painting.channels), atol=2e-5)


def test_regress_gives_the_outputs_within_0_and_1() -> None:
    painting = regress()
    outputs = painting.network.forward(CENTRES)
    assert outputs.min() < 0 < 1 < outputs.max()
    assert np.array_equal(painting.predict(CENTRES), np.clip(outputs, 0, 1))


def test_transparent_colors_are_straight_again() -> None:
    painting = regress(4, "fourier")
    outputs = np.clip(painting.network.forward(CENTRES), 0, 1)
    colors = painting.predict(CENTRES)
    clear = outputs[:, 3] == 0
    assert 0 < clear.sum() < len(clear)
    assert not colors[clear].any()
    straight = np.minimum(1, outputs[~clear, :3] / outputs[~clear, 3:])
    np.testing.assert_allclose(colors[~clear, :3], straight, rtol=1e-6)
    assert np.array_equal(colors[:, 3], outputs[:, 3])


@pytest.mark.parametrize("painting", PAINTINGS.values(), ids=list(PAINTINGS))
@pytest.mark.parametrize("chunk", [1, 7, WIDTH * HEIGHT])
def test_chunks_do_not_show(painting: Painting, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, size = painting.render(), (20, 11)
    larger = painting.render(size=size)
    monkeypatch.setattr("paintnet.painting.CHUNK", chunk)
    np.testing.assert_allclose(painting.render(), expected, atol=2e-5)
    np.testing.assert_allclose(painting.render(size=size), larger, atol=2e-5)
    colors = painting.predict(CENTRES)
    np.testing.assert_allclose(colors, expected.reshape(-1, painting.channels), atol=2e-5)


def test_pixels_of_a_larger_render_lie_between() -> None:
    painting = regress()
    double = painting.render(size=(2 * WIDTH, 2 * HEIGHT))
    # Each pixel becomes four, whose centres are a quarter of a pixel off its own.
    expected = painting.predict([[3.75, 1.75], [4.25, 1.75], [3.75, 2.25], [4.25, 2.25]])
    np.testing.assert_allclose(double[4:6, 8:10].reshape(4, 3), expected, atol=1e-6)


def test_a_render_three_times_as_large_has_the_small_one_in_it() -> None:
    painting = regress()
    triple = painting.render(size=(3 * WIDTH, 3 * HEIGHT))
    np.testing.assert_allclose(triple[1::3, 1::3], painting.render(), atol=1e-6)


@given(st.data())
def test_a_region_is_a_part_of_the_whole(data: st.DataObject) -> None:
    painting, scale = PAINTINGS["regress"], data.draw(st.integers(1, 4))
    x0, y0 = data.draw(st.integers(0, WIDTH - 1)), data.draw(st.integers(0, HEIGHT - 1))
    x1, y1 = data.draw(st.integers(x0 + 1, WIDTH)), data.draw(st.integers(y0 + 1, HEIGHT))
    whole = painting.render(size=(scale * WIDTH, scale * HEIGHT))
    part = painting.render(size=(scale * (x1 - x0), scale * (y1 - y0)), region=(x0, y0, x1, y1))
    np.testing.assert_allclose(
        part, whole[scale * y0 : scale * y1, scale * x0 : scale * x1], rtol=0, atol=1e-5
    )


def test_a_region_has_its_own_size_unless_told() -> None:
    painting = regress()
    assert painting.render(region=(1, 2, 4, 4)).shape == (2, 3, 3)
    assert painting.render(region=(1, 2, 1.2, 2.1)).shape == (1, 1, 3)
    region, size = np.array([1.0, 2.0, 4.0, 4.0]), np.array([6, 5])
    assert painting.render(size=size, region=region).shape == (5, 6, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize("painting", FORMS.values(), ids=list(FORMS))
def test_probabilities_add_up_to_one_and_the_likeliest_gives_the_color(painting: Painting) -> None:
    assert painting.palette is not None
    xy = np.random.default_rng(0).uniform(-5, 15, (200, 2))
    probabilities = painting.predict_proba(xy)
    assert probabilities.shape == (200, len(painting.palette))
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    assert np.array_equal(painting.predict(xy), painting.palette[probabilities.argmax(axis=1)])
    if len(painting.palette) > 1:
        assert len(np.unique(painting.predict(xy), axis=0)) > 1


def test_one_output_is_the_probability_of_class_1() -> None:
    painting = FORMS["two, one output"]
    outputs = painting.network.forward(CENTRES)[:, 0]
    np.testing.assert_allclose(painting.predict_proba(CENTRES)[:, 1], outputs, rtol=1e-6)


def test_one_hot_outputs_are_shares_of_their_sum() -> None:
    painting = FORMS["three, one-hot"]
    outputs = painting.network.forward(CENTRES).astype(np.float64)
    expected = outputs / outputs.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(painting.predict_proba(CENTRES), expected, rtol=1e-12)


def test_one_hot_outputs_that_are_all_zero_still_add_up_to_one() -> None:
    painting = FORMS["three, one-hot"]
    nothing = replace(painting.network, intercepts=(painting.network.intercepts[0], np.full(3, -1e6, "f4")))
    probabilities = replace(painting, network=nothing).predict_proba(CENTRES)
    np.testing.assert_allclose(probabilities, 1 / 3, rtol=1e-12)


def test_a_palette_of_one_color_paints_that_color() -> None:
    for form in ("one, one output", "one, one-hot"):
        assert (FORMS[form].render() == PALETTE[0]).all()
        assert (FORMS[form].predict_proba(CENTRES) == 1).all()


@pytest.mark.parametrize("painting", [*PAINTINGS.values(), *FORMS.values()], ids=[*PAINTINGS, *FORMS])
def test_a_file_brings_it_back(painting: Painting, tmp_path: Path) -> None:
    painting = replace(painting, training={"epochs": 3, "psnr": None})
    path = tmp_path / "a.paintnet"
    painting.save(path)
    again = paintnet.load(path)
    assert np.array_equal(again.render(size=(13, 5)), painting.render(size=(13, 5)))
    assert again.training == painting.training
    assert (again.mode, again.width, again.height) == (painting.mode, WIDTH, HEIGHT)
    assert encode_model(again.to_model()) == path.read_bytes()


def test_a_flipped_bit_in_any_byte_of_a_painting_shows() -> None:
    content = bytearray(encode_model(replace(classify(2, 1, "logistic"), training={"a": 1}).to_model()))
    for position in range(len(content)):
        bit = 1 << position % 8
        content[position] ^= bit
        with pytest.raises(ModelFileError):
            Painting.from_model(decode_model(bytes(content), "m"), "m")
        content[position] ^= bit


def test_its_size_in_bits() -> None:
    painting = regress()
    numbers = ENCODINGS["grid"].n_features * 7 + 7 + 7 * 3 + 3
    assert painting.n_parameters == numbers
    assert painting.bits_per_pixel == 32 * numbers / (WIDTH * HEIGHT)


def test_no_position_gives_no_color() -> None:
    empty = np.empty((0, 2))
    assert regress().predict(empty).shape == (0, 3)
    assert FORMS["one, one output"].predict_proba(empty).shape == (0, 1)


@pytest.mark.parametrize("painting", PAINTINGS.values(), ids=list(PAINTINGS))
def test_positions_far_outside_are_answered(painting: Painting) -> None:
    colors = painting.predict([[-3, 2], [1e300, -1e300], [5e9, 0]])
    assert np.isfinite(colors).all()
    assert painting.render(size=(2, 2), region=(-1e300, 0, 1e300, 2)).shape == (2, 2, painting.channels)


@pytest.mark.parametrize(
    ("xy", "message"),
    [
        ([1, 2], "xy: an array of shape (2,) holds no positions; give one of shape (n, 2): x and y"),
        ([[1, 2, 3]], "xy: an array of shape (1, 3) holds no positions; give one of shape (n, 2): x and y"),
        (5, "xy: an array of shape () holds no positions; give one of shape (n, 2): x and y"),
        ([[1, float("nan")]], "xy: some positions are not finite; give finite numbers"),
        ([[float("inf"), 1]], "xy: some positions are not finite; give finite numbers"),
        ([["a", "b"]], "xy: these are not pairs of numbers; give each position as x and y"),
        ([[1, 2], [3]], "xy: these are not pairs of numbers; give each position as x and y"),
        ([[{}, 2]], "xy: these are not pairs of numbers; give each position as x and y"),
    ],
)
def test_what_is_no_position_is_refused(xy: Any, message: str) -> None:
    for ask in (regress().predict, classify(3, 3, "softmax").predict_proba):
        with pytest.raises(SettingsError) as caught:
            ask(xy)
        assert str(caught.value) == message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"region": (3, 0, 3, 4)}, "region: 3,0,3,4 is empty; give X0 < X1 and Y0 < Y1"),
        ({"region": (0, 4, 3, 1)}, "region: 0,4,3,1 is empty; give X0 < X1 and Y0 < Y1"),
        ({"region": (0, 0, float("nan"), 1)}, "region: 0,0,nan,1 is empty; give X0 < X1 and Y0 < Y1"),
        ({"region": (0, 0, float("inf"), 1)}, "region: 0,0,inf,1 is empty; give X0 < X1 and Y0 < Y1"),
        ({"size": (0, 5)}, "size: 0x5 is empty; give at least 1x1"),
        ({"size": (5, -1)}, "size: 5x-1 is empty; give at least 1x1"),
    ],
)
def test_an_empty_render_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        regress().render(**arguments)
    assert str(caught.value) == message


def test_regress_has_no_probabilities() -> None:
    with pytest.raises(SettingsError) as caught:
        regress().predict_proba(CENTRES)
    assert str(caught.value) == (
        "probabilities: a painting of mode regress has none; train it with mode classify"
    )


def changed(painting: Painting, document: dict[str, Any], tensors: dict[str, Any]) -> Model:
    """Its model with some entries put in place of others; None takes a tensor out."""
    model = painting.to_model()
    patch = {**model.document["patches"][0], **document.pop("patch", {})}
    kept = {name: a for name, a in (model.tensors | tensors).items() if a is not None}
    return Model({**model.document, "patches": [patch], **document}, kept)


@pytest.mark.parametrize(
    ("document", "tensors", "reason"),
    [
        ({"mode": "dream"}, {}, "ValueError: mode 'dream' does not fit its palette"),
        ({"mode": "classify"}, {}, "ValueError: mode 'classify' does not fit its palette"),
        ({}, {"palette": PALETTE}, "ValueError: mode 'regress' does not fit its palette"),
        ({"size": [9]}, {}, "ValueError: not enough values to unpack"),
        ({"size": [0, 6]}, {}, "ValueError: a picture of 0 x 6 with 3 channels"),
        ({"size": [9, 2**31]}, {}, "ValueError: a picture of 9 x 2147483648 with 3 channels"),
        ({"size": "no"}, {}, "ValueError: invalid literal"),
        ({"channels": 2}, {}, "ValueError: a picture of 9 x 6 with 2 channels"),
        ({"channels": 1}, {}, "ValueError: 3 outputs, expected {1}"),
        ({"training": []}, {}, "TypeError: the training record is no object"),
        ({"patches": []}, {}, "ValueError: not enough values to unpack"),
        ({"patches": None}, {}, "TypeError: cannot unpack non-iterable"),
        ({"patch": {"layers": 0}}, {}, "ValueError: 0 layers"),
        ({"patch": {"layers": 10**9}}, {}, "ValueError: 1000000000 layers"),
        ({"patch": {"layers": 3}}, {}, "KeyError: 'patch.0.coefs.2'"),
        ({"patch": {"layers": 1}}, {}, "ValueError: unexpected tensors ['patch.0.coefs.1',"),
        ({"patch": {"activation": "sine"}}, {}, "ValueError: unknown activation 'sine'"),
        ({"patch": {"activation": []}}, {}, "TypeError: "),
        ({"patch": {"output": None}}, {}, "ValueError: unknown activation 'tanh' or output None"),
        ({"patch": {"encoding": {"name": "hash"}}}, {}, "SettingsError: encoding: unknown name 'hash'"),
        ({"patch": {"encoding": None}}, {}, "TypeError: "),
        ({"patch": {"encoding": {"name": "grid"}}}, {}, "KeyError: 'basis'"),
        ({}, {"patch.0.coefs.0": None}, "KeyError: 'patch.0.coefs.0'"),
        ({}, {"patch.0.coefs.1": np.zeros((8, 3))}, "ValueError: layer 1: weights (8, 3) and biases (3,)"),
        ({}, {"patch.0.coefs.1": np.zeros(7)}, "ValueError: layer 1: weights (7,) and biases (3,)"),
        ({}, {"patch.1.coefs.0": np.zeros(7)}, "ValueError: unexpected tensors ['patch.1.coefs.0']"),
    ],
)
def test_a_model_that_is_no_painting_is_refused(
    document: dict[str, Any], tensors: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ModelFileError) as caught:
        Painting.from_model(changed(regress(), dict(document), tensors), "m")
    assert str(caught.value).startswith(f"m: damaged model: {reason}")
    assert str(caught.value).endswith("; get a whole copy, or paint it again")


@pytest.mark.parametrize(
    ("palette", "reason"),
    [
        (np.zeros(3), "a palette of shape (3,)"),
        (np.zeros((0, 3)), "a palette of shape (0, 3)"),
        (np.zeros((3, 4)), "a palette of shape (3, 4)"),
        (np.zeros((2, 3)), "3 outputs, expected {1, 2}"),
        (np.zeros((4, 3)), "3 outputs, expected {4}"),
    ],
)
def test_a_palette_that_does_not_fit_is_refused(palette: np.ndarray, reason: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        Painting.from_model(changed(classify(3, 3, "softmax"), {}, {"palette": palette}), "m")
    assert str(caught.value).startswith(f"m: damaged model: ValueError: {reason}")
