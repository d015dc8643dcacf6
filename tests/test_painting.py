from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import paintnet
from paintnet.activations import HIDDEN
from paintnet.encoding.base import PositionMap
from paintnet.encoding.extent import Extent
from paintnet.encoding.fourier import FourierMap
from paintnet.encoding.grid import GridMap
from paintnet.encoding.raw import RawMap
from paintnet.errors import ModelFileError, SettingsError
from paintnet.network import Network
from paintnet.painting import Painting
from paintnet.patches import Patch
from paintnet.picture import premultiply
from tests.records import a_record

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
    return whole("regress", channels, network(channels, "identity", encoding))


def whole(mode: str, channels: int, network: Network, palette: np.ndarray | None = None) -> Painting:
    return Painting(mode, WIDTH, HEIGHT, channels, (Patch.whole(network, WIDTH, HEIGHT),), palette)


def classify(classes: int, outputs: int, output: str, scale: float = 1.0) -> Painting:
    return whole("classify", 3, network(outputs, output, scale=scale), PALETTE[:classes])


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


HUGE = float(np.finfo(np.float32).max)
NUMBERS = st.one_of(st.sampled_from([0.0, 1e-45, 1e9, -1e19, 1e30, HUGE, -HUGE]), st.floats(-HUGE, HUGE))
PLACES = st.one_of(
    st.floats(-2, 12), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([1e9, -1e300])
)


@given(st.data())
def test_fault_15_no_numbers_in_a_model_give_colors_outside_0_and_1(data: st.DataObject) -> None:
    known = PAINTINGS[data.draw(st.sampled_from(sorted(PAINTINGS)))]
    forged = known.patches[0].network
    for kind in ("coefs", "intercepts"):
        arrays = tuple(array.copy() for array in getattr(forged, kind))
        for array in arrays:
            given_numbers = data.draw(st.lists(NUMBERS, min_size=1, max_size=6))
            array.flat = np.resize(np.array(given_numbers, array.dtype), array.size)
        forged = replace(forged, **{kind: arrays})
    forged = replace(forged, activation=data.draw(st.sampled_from(sorted(HIDDEN))))
    extent = Extent(-(2.0**31), 0.0, 2.0**31, data.draw(st.floats(0, 2**31)))
    patches = (Patch(forged, known.patches[0].extent), Patch(forged, extent))[: data.draw(st.integers(1, 2))]
    painting = Painting.from_bytes(replace(known, patches=patches).to_bytes())
    xy = data.draw(st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=5))
    answers = [painting.predict(xy), painting.predict_pixels(xy), painting.render((3, 2))]
    if painting.mode == "classify":
        answers.append(painting.predict_proba(xy))
    for colors in answers:
        assert np.isfinite(colors).all()
        assert 0 <= colors.min() <= colors.max() <= 1


def test_regress_gives_the_outputs_within_0_and_1() -> None:
    painting = regress()
    outputs = painting.patches[0].network.forward(CENTRES)
    assert outputs.min() < 0 < 1 < outputs.max()
    assert np.array_equal(painting.predict(CENTRES), np.clip(outputs, 0, 1))


def test_transparent_colors_are_straight_again() -> None:
    painting = regress(4, "fourier")
    outputs = np.clip(painting.patches[0].network.forward(CENTRES), 0, 1)
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
    for limit in ("CHUNK", "ROWS_POINTS", "BLOCK_POINTS"):
        monkeypatch.setattr(f"paintnet.painting.{limit}", chunk)
    np.testing.assert_allclose(painting.render(), expected, atol=2e-5)
    np.testing.assert_allclose(painting.render(size=size), larger, atol=2e-5)
    colors = painting.predict(CENTRES)
    np.testing.assert_allclose(colors, expected.reshape(-1, painting.channels), atol=2e-5)


def test_pixels_of_a_larger_render_lie_between() -> None:
    painting = regress()
    double = painting.render(size=(2 * WIDTH, 2 * HEIGHT))
    # Each pixel becomes four, whose centers are a quarter of a pixel off its own.
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


@pytest.mark.parametrize("painting", PAINTINGS.values(), ids=list(PAINTINGS))
@pytest.mark.parametrize("rows", [None, 1, 4, 11, 100])
def test_bands_joined_are_the_render_to_the_bit(
    painting: Painting, rows: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("CHUNK", "ROWS_POINTS"):
        monkeypatch.setattr(f"paintnet.painting.{limit}", 50)
    bands = list(painting.bands(size=(13, 11), region=(1, 0, 8, 6), rows=rows))
    assert np.array_equal(np.concatenate(bands), painting.render(size=(13, 11), region=(1, 0, 8, 6)))
    assert {band.dtype for band in bands} == {np.dtype(np.float32)}
    assert [len(band) for band in bands[:-1]] == [min(rows or 3, 11)] * (len(bands) - 1)


def test_bands_refuse_at_once_what_render_refuses() -> None:
    with pytest.raises(SettingsError, match="size: 0x5 is empty"):
        regress().bands(size=(0, 5))
    with pytest.raises(SettingsError) as caught:
        regress().bands(rows=0)
    assert str(caught.value) == "rows: 0 in a band; give a whole number from 1"


def test_bands_of_a_huge_picture_begin_at_once() -> None:
    band = next(regress().bands(size=(100_000, 1_000_000)))
    assert band.shape == (1, 100_000, 3)


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
    outputs = painting.patches[0].network.forward(CENTRES)[:, 0]
    np.testing.assert_allclose(painting.predict_proba(CENTRES)[:, 1], outputs, rtol=1e-6)


def test_one_hot_outputs_are_shares_of_their_sum() -> None:
    painting = FORMS["three, one-hot"]
    outputs = painting.patches[0].network.forward(CENTRES).astype(np.float64)
    expected = outputs / outputs.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(painting.predict_proba(CENTRES), expected, rtol=1e-12)


def test_one_hot_outputs_that_are_all_zero_still_add_up_to_one() -> None:
    painting = FORMS["three, one-hot"]
    known = painting.patches[0].network
    nothing = replace(known, intercepts=(known.intercepts[0], np.full(3, -1e6, "f4")))
    probabilities = whole("classify", 3, nothing, PALETTE).predict_proba(CENTRES)
    np.testing.assert_allclose(probabilities, 1 / 3, rtol=1e-12)


def test_a_palette_of_one_color_paints_that_color() -> None:
    for form in ("one, one output", "one, one-hot"):
        assert (FORMS[form].render() == PALETTE[0]).all()
        assert (FORMS[form].predict_proba(CENTRES) == 1).all()


@pytest.mark.parametrize("painting", [*PAINTINGS.values(), *FORMS.values()], ids=[*PAINTINGS, *FORMS])
def test_a_file_brings_it_back(painting: Painting, tmp_path: Path) -> None:
    painting = replace(painting, training=a_record(psnr=np.inf))
    path = tmp_path / "a.paintnet"
    painting.save(path)
    again = paintnet.load(path)
    assert np.array_equal(again.render(size=(13, 5)), painting.render(size=(13, 5)))
    assert again.training == painting.training
    assert (again.mode, again.width, again.height) == (painting.mode, WIDTH, HEIGHT)
    assert again.to_bytes() == path.read_bytes()


def test_a_flipped_bit_in_any_byte_of_a_painting_shows() -> None:
    content = bytearray(replace(classify(2, 1, "logistic"), training=a_record()).to_bytes())
    for position in range(len(content)):
        bit = 1 << position % 8
        content[position] ^= bit
        with pytest.raises(ModelFileError):
            Painting.from_bytes(bytes(content))
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


POSITIONS = "holds no positions; give one of shape (n, 2): x and y"


@pytest.mark.parametrize(
    ("xy", "message"),
    [
        ([1, 2], f"xy: an array of shape (2,) {POSITIONS}"),
        ([[1, 2, 3]], f"xy: an array of shape (1, 3) {POSITIONS}"),
        (5, f"xy: an array of shape () {POSITIONS}"),
        ([[1, float("nan")]], "xy: some positions are not finite; give finite numbers"),
        ([[float("inf"), 1]], "xy: some positions are not finite; give finite numbers"),
        ([["a", "b"]], "xy: these are not numbers; give each position as x and y"),
        ([[1, 2], [3]], "xy: these are not numbers; give each position as x and y"),
        ([[{}, 2]], "xy: these are not numbers; give each position as x and y"),
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
        (
            {"region": (0, 0, float("nan"), 1)},
            "region: some of its numbers are not finite; give X0, Y0, X1 and Y1",
        ),
        (
            {"region": (0, 0, float("inf"), 1)},
            "region: some of its numbers are not finite; give X0, Y0, X1 and Y1",
        ),
        ({"size": (0, 5)}, "size: 0x5 is empty; give at least 1x1"),
        ({"size": (5, -1)}, "size: 5x-1 is empty; give at least 1x1"),
        ({"size": (5.5, 2)}, "size: 5.5x2 is not in whole pixels; round it"),
        ({"size": 5}, "size: an array of shape () is not 2 numbers; give width and height"),
        ({"region": "all"}, "region: these are not numbers; give X0, Y0, X1 and Y1"),
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


AREA = {name: replace(PAINTINGS[name], pixel="area") for name in ("regress", "grey", "alpha")}


@pytest.mark.parametrize("painting", AREA.values(), ids=list(AREA))
@pytest.mark.parametrize(
    ("size", "region", "across", "down"),
    [
        (None, None, 2, 2),
        ((3, 2), None, 6, 6),
        ((12, 6), None, 2, 2),
        ((18, 12), None, 1, 1),
        ((40, 6), None, 1, 2),
        ((1, 1), None, 18, 12),
        ((2, 3), (1.5, 2.0, 4.0, 5.5), 3, 3),
        ((2, 1), (-99.0, -99.0, 99.0, 99.0), 18, 24),  # outside there is nothing to take a mean of
    ],
)
def test_a_pixel_is_the_mean_over_its_area(
    painting: Painting, size: Any, region: Any, across: int, down: int
) -> None:
    """As many points along a side as half pixels of the picture fit in it, and the mean of their colors."""
    rendered = painting.render(size, region)
    high, wide = rendered.shape[:2]
    x0, y0, x1, y1 = region or (0, 0, WIDTH, HEIGHT)
    x = x0 - 0.5 + (np.arange(wide * across) + 0.5) * (x1 - x0) / (wide * across)
    y = y0 - 0.5 + (np.arange(high * down) + 0.5) * (y1 - y0) / (high * down)
    points = premultiply(painting.predict(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)))
    means = points.reshape(high, down, wide, across, -1).mean(axis=(1, 3))
    np.testing.assert_allclose(premultiply(rendered), means, atol=2e-5)


def test_a_pixel_asked_for_is_the_one_that_is_rendered() -> None:
    rendered = AREA["regress"].render().reshape(-1, 3)
    np.testing.assert_allclose(AREA["regress"].predict_pixels(CENTRES), rendered, atol=1e-6)
    assert np.abs(AREA["regress"].predict(CENTRES) - rendered).max() > 1e-3
    np.testing.assert_array_equal(
        PAINTINGS["regress"].predict_pixels(CENTRES), PAINTINGS["regress"].predict(CENTRES)
    )
    assert AREA["grey"].predict_pixels(np.empty((0, 2))).shape == (0, 1)


def test_points_of_a_large_pixel_come_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole_of_it = AREA["regress"].render((1, 1))
    for limit in ("ROWS_POINTS", "BLOCK_POINTS"):
        monkeypatch.setattr(f"paintnet.painting.{limit}", 7)
    np.testing.assert_allclose(AREA["regress"].render((1, 1)), whole_of_it, atol=1e-6)
    bands = np.concatenate(list(AREA["regress"].bands((4, 5), rows=2)))
    assert bands.tobytes() == AREA["regress"].render((4, 5)).tobytes()


def test_what_a_pixel_is_is_kept_in_the_file() -> None:
    again = Painting.from_bytes(AREA["alpha"].to_bytes())
    assert again.pixel == "area"
    assert again.render((3, 2)).tobytes() == AREA["alpha"].render((3, 2)).tobytes()
    assert Painting.from_bytes(PAINTINGS["classify"].to_bytes()).pixel == "center"
    for wrong in (
        lambda: replace(PAINTINGS["classify"], pixel="area"),
        lambda: replace(regress(), pixel="x"),
    ):
        with pytest.raises(ValueError, match=r"pixel '.*' in mode"):
            wrong()


def half_and_half(slope: float, palette: np.ndarray) -> Painting:
    """Two classes whose boundary is x = 4: the probability of the second is logistic in slope (x - 4)."""
    # Raw inputs are row and column over half of the long side, 4, and 0 in the middle, at x = 4.
    coefs = (np.array([[0], [4 * slope]], np.float32), np.ones((1, 1), np.float32))
    zeros = np.zeros(1, np.float32)
    straight = Network(RawMap(EXTENT), coefs, (zeros, zeros), "identity", "logistic")
    return whole("classify", palette.shape[1], straight, palette)


@pytest.mark.parametrize("slope", [0.1, 3.0, 100.0])
def test_a_smooth_boundary_has_the_share_of_each_class_however_sure_the_network_is(slope: float) -> None:
    painting = half_and_half(slope, np.float32([[1, 1, 1], [0, 0.5, 1]]))
    own = painting.render(smooth=True)
    assert np.unique(own[:, :4].reshape(-1, 3), axis=0).tolist() == [[1, 1, 1]]
    assert np.unique(own[:, 5:].reshape(-1, 3), axis=0).tolist() == [[0, 0.5, 1]]
    np.testing.assert_allclose(own[:, 4], np.tile(np.float32([0.5, 0.75, 1]), (HEIGHT, 1)), atol=1e-6)
    # A boundary between two pixels mixes none, however unsure the network is beside it.
    twentyfold = painting.render((20, 6), (4, 0, 5, 6), smooth=True)
    assert (twentyfold[:, :10] == 1).all()
    assert (twentyfold[:, 10:, 0] == 0).all()
    whole_picture = painting.render((1, 1), smooth=True)[0, 0]
    np.testing.assert_allclose(whole_picture, [0.5, 0.75, 1], atol=1e-6)


@pytest.mark.parametrize("form", ["two, one output", "three, one-hot", "three, softmax", "one, one output"])
@pytest.mark.parametrize("size", [(9, 6), (31, 17), (2, 2)])
def test_smooth_colors_are_mixed_of_the_palettes_and_of_nothing_else(
    form: str, size: tuple[int, int]
) -> None:
    painting = FORMS[form]
    smooth = painting.render(size, smooth=True)
    n = len(painting.palette)
    corners = np.concatenate([painting.palette, np.ones((n, 1), np.float32)], axis=1).T
    colors = np.concatenate([smooth.reshape(-1, 3), np.ones((smooth.size // 3, 1), np.float32)], axis=1).T
    shares = np.linalg.lstsq(corners, colors, rcond=None)[0]
    np.testing.assert_allclose(corners @ shares, colors, atol=1e-5)
    assert shares.min() > -1e-5
    bands = np.concatenate(list(painting.bands(size, rows=4, smooth=True)))
    assert bands.tobytes() == smooth.tobytes()
    hard = painting.render(size)
    assert {tuple(color) for color in hard.reshape(-1, 3)} <= {tuple(color) for color in painting.palette}


def test_a_smooth_boundary_beside_nothing_keeps_its_color() -> None:
    painting = half_and_half(5.0, np.float32([[0.2, 0.4, 0.6, 1], [0, 0, 0, 0]]))
    np.testing.assert_allclose(painting.render(smooth=True)[0, 4], [0.2, 0.4, 0.6, 0.5], atol=1e-6)


def test_colors_have_no_boundaries_to_smooth() -> None:
    with pytest.raises(SettingsError) as caught:
        regress().bands(smooth=True)
    assert str(caught.value) == (
        "smooth: a painting of mode regress has no boundaries of classes; "
        "leave it out, or train it with mode classify"
    )
