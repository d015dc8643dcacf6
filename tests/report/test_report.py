"""The report says what is true, is whole in itself, and takes nobody's text for markup."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paintnet.animation.frames import Frame
from paintnet.dataset.classes import Classes
from paintnet.errors import PictureError
from paintnet.metrics import psnr
from paintnet.painter.events import EpochFinished
from paintnet.painter.quality import as_written
from paintnet.report import embedding, maps
from paintnet.report.charts import Axis, CurvePoint, learning_curve, log_ticks, ticks
from paintnet.report.diagram import network_drawing, network_layers
from paintnet.report.embedding import embed_frames, embed_levels, embed_picture
from paintnet.report.report import CurveListener, RunRecord, report_html
from paintnet.settings.settings import PainterSettings
from tests.records import a_record
from tests.report.report_helpers import (
    HEIGHT,
    WIDTH,
    Page,
    decoded,
    fitted,
    page_of,
    plain_frames,
    plain_network,
    plain_painting,
    smooth,
)

HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>{{ 7 * 7 }}&amp;.png"


@pytest.fixture(scope="module")
def regress() -> RunRecord:
    return replace(fitted(smooth()), frames=plain_frames(5))


@pytest.fixture(scope="module")
def classify() -> RunRecord:
    return fitted(smooth(), mode="classify", epochs=5, classes=Classes(threshold=300))


def epoch(k: int, loss: float = 0.5, decibels: float | None = 20.0) -> EpochFinished:
    return EpochFinished(k, None, 0.5, k / 10, loss, decibels, 0.1)


# The page


@pytest.mark.parametrize("run", ["regress", "classify"])
def test_page_needs_nothing_but_itself(run: str, request: pytest.FixtureRequest) -> None:
    html = report_html(request.getfixturevalue(run))
    page = Page(html)
    addresses = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "data", "action", "xlink:href")
    ]
    assert len(addresses) >= 4
    assert all(address.startswith("data:") for address in addresses)
    assert not re.search(r"https?:|@import|url\(|fetch\(|XMLHttpRequest", html)
    (policy,) = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'; img-src data:; ")


@pytest.mark.parametrize("run", ["regress", "classify"])
def test_everything_has_its_label(run: str, request: pytest.FixtureRequest) -> None:
    page = page_of(request.getfixturevalue(run))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert all(image["alt"] for image in page.all("img"))
    labelled = {label["for"] for label in page.all("label")}
    assert {field["id"] for field in page.all("input")} == labelled
    assert all(header["scope"] for header in page.all("th"))
    for drawing in page.all("svg"):
        assert drawing["role"] == "img"
        assert set(drawing["aria-labelledby"].split()) <= set(ids)
    assert page.all("html") == [{"lang": "en"}]


def test_no_text_becomes_markup(classify: RunRecord) -> None:
    assert classify.painting.training is not None
    training = replace(
        classify.painting.training,
        preset=HOSTILE,
        ended_by=HOSTILE,
        settings={HOSTILE: HOSTILE, "nested": {HOSTILE: [HOSTILE]}},
        versions={HOSTILE: HOSTILE},
    )
    hostile = replace(
        classify,
        source=HOSTILE,
        command=HOSTILE,
        class_names=[HOSTILE, "b"],
        painting=replace(classify.painting, training=training),
    )
    page, tame = page_of(hostile), page_of(classify)
    for tag in ("script", "img", "style", "input", "svg"):
        assert len(page.all(tag)) == len(tame.all(tag))
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    # Title, heading, command, class, 2 facts, 2 + 2 settings (one name has a prefix), 2 of a version.
    assert page.text.count(HOSTILE) == 12


def test_a_name_that_is_no_text_can_still_be_written(regress: RunRecord) -> None:
    odd = replace(regress, source="a\udcff\x00\u202eb.png", command="paintnet fit 'a\udcffb.png'")
    page = report_html(odd)
    assert "a???b.png" in page
    assert "a?b.png" in page
    page.encode("utf-8")


# What it says


def test_numbers_of_the_run(regress: RunRecord) -> None:
    text = page_of(regress).text
    painting = regress.painting
    assert f"PSNR {psnr(regress.original, as_written(painting.render())):.2f} dB" in text
    assert f"{painting.n_parameters:,} parameters" in text
    assert "after 3 epochs" in text
    assert "paintnet fit bird.png" in text
    idle = {
        "alpha",
        "bpp",
        "classes",
        "file_size",
        "hold_out",
        "iterations",
        "one_hot",
        "seconds",
        "target_psnr",
        "threads",
        "tol",
    }
    for name in PainterSettings.setting_names() - {"encoding"}:
        assert (f" {name} " in text) == (name not in idle), name
    assert " encoding.name grid " in text
    assert " encoding.basis keys " in text
    for name, version in painting.training.versions.items():
        assert f"{name} {version}" in text
    assert "seed 0" in text
    assert "why it ended all epochs are done" in text
    assert " on 6 November 2025." not in text


def test_the_date_of_the_run(regress: RunRecord) -> None:
    text = page_of(replace(regress, date=datetime(2025, 11, 6, 23, 30, tzinfo=UTC))).text
    assert ", on 6 November 2025." in text
    assert "date 2025-11-06 23:30 UTC" in text


def test_held_out_only_where_pixels_were_held_out(regress: RunRecord) -> None:
    assert "held-out" not in page_of(regress).text
    run = fitted(smooth(), hold_out=0.25)
    text = page_of(run).text
    assert f"PSNR of held-out pixels {run.painting.training.held_out_psnr:.2f} dB" in text
    assert "25 % of all" in text


def test_a_perfect_painting(regress: RunRecord) -> None:
    same = replace(regress, original=as_written(regress.painting.render()))
    text = page_of(same).text
    assert "PSNR infinite (every pixel is equal) SSIM 1.0000" in text
    assert "on average 0.00, at most 0.00" in text
    assert "held-out" not in text
    held_out = replace(regress.painting, training=a_record(held_out_psnr=np.inf))
    assert "held-out pixels infinite" in page_of(replace(regress, painting=held_out)).text


def test_sections_of_classify(regress: RunRecord, classify: RunRecord) -> None:
    page = page_of(classify)
    assert "Boundaries" in page.text
    assert "probability of the winning class" in page.text
    assert "Mean loss of each epoch" in page.text
    painted = classify.painting.render()
    dark = np.mean((painted == classify.painting.palette[1]).all(axis=2))
    assert f"{100 * dark:.2f} %" in page.text
    assert re.search(r"0 light #[0-9a-f]{6} .* 1 dark #[0-9a-f]{6} ", page.text)
    assert "Boundaries" not in page_of(regress).text
    assert "Palette" not in report_html(regress)


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_classify_with_other_palettes(classes: int, channels: int) -> None:
    run = fitted(smooth(channels), mode="classify", epochs=8, classes=Classes(colors=classes))
    page = page_of(replace(run, class_names=["sky", "sea", "<sand>"][:classes]))
    assert f"{classes - 1} {'sky' if classes == 1 else '<sand>'} #" in page.text
    shares = [float(share) for share in re.findall(r"#[0-9a-f]{6,8} ([\d.]+) %", page.text)]
    assert len(shares) == classes
    assert sum(shares) == pytest.approx(100, abs=0.02)


def test_a_run_without_epochs_or_frames(regress: RunRecord) -> None:
    page = page_of(replace(regress, curve=[], frames=[]))
    assert "takes all pixels at once" in page.text
    assert len(page.all("input")) == 1
    assert "How it was painted" not in page.text


def test_a_painting_that_knows_nothing_of_its_training() -> None:
    page = page_of(RunRecord("x", smooth(), plain_painting(0.5)))
    assert "24 \N{MULTIPLICATION SIGN} 16 pixels, painted by a neural network of 27 parameters." in page.text


def test_pictures_of_different_shape_are_refused() -> None:
    with pytest.raises(PictureError, match="differ in size"):
        report_html(RunRecord("x", smooth(width=5), plain_painting(0.5)))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2000, 1), (1, 2000), (3, 2)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_shape(width: int, height: int, channels: int) -> None:
    original = smooth(channels, width, height)
    painting = plain_painting(0.5, width=width, height=height, channels=channels)
    page = page_of(RunRecord("x", original, painting))
    assert max(page.picture("The original").size) <= 1600
    assert ("stretched here" in page.text) == (max(width, height) > 100)
    assert ("made smaller" in page.text) == (max(width, height) > 1600)
    ((_, body),) = [(tag, attributes) for tag, attributes in page.elements if tag == "body"]
    assert 1 / 12.001 <= float(body["style"].removeprefix("--aspect: ")) <= 12
    assert any("checked" in div.get("class", "").split() for div in page.all("div")) == (channels == 4)


# Pictures in the page


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_small_pictures_are_exact(channels: int) -> None:
    picture = smooth(channels)
    embedded = embed_picture(picture)
    levels = np.asarray(decoded(embedded.uri)).reshape(HEIGHT, WIDTH, channels)
    expected = np.rint(picture * 255)
    if channels == 4:
        expected[expected[..., 3] == 0] = 0
    assert np.array_equal(levels, expected)
    assert embedded.is_exact


def test_a_large_noisy_picture_still_fits() -> None:
    noise = np.random.default_rng(0).random((512, 768, 3), dtype=np.float32)
    html = report_html(RunRecord("x", noise, plain_painting(0.5, width=768, height=512)))
    assert len(html) + 4 / 3 * embedding.FRAMES_BYTES < 5_000_000
    assert "compressed" in html
    assert "made smaller, to" not in html


def test_frames_share_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "FRAMES_BYTES", 60_000)
    noise = np.random.default_rng(0).integers(0, 256, (70, 96, 128, 3), dtype=np.uint8)
    chosen = embed_frames([Frame(k, None, pixels) for k, pixels in enumerate(noise)])
    assert sum(len(picture.uri) for _, picture in chosen) < 60_000 * 4 / 3 + 100 * len(chosen)
    epochs = [frame.epoch for frame, _ in chosen]
    assert 2 < len(epochs) <= 60
    assert (epochs[0], epochs[-1]) == (0, 69)


def test_few_small_frames_are_exact() -> None:
    frame = Frame(1, None, np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8))
    ((_, picture),) = embed_frames([frame])
    assert np.array_equal(np.asarray(decoded(picture.uri).convert("RGB")), frame.pixels)


def test_a_large_frame_is_made_smaller() -> None:
    ((_, picture),) = embed_frames([Frame(1, None, np.zeros((10, 2000, 3), np.uint8))])
    assert decoded(picture.uri).size == (picture.width, picture.height) == (512, 3)


def test_a_map_is_exact() -> None:
    levels = maps.colorise(np.linspace(0, 1, 300).reshape(15, 20), maps.INFERNO)
    assert np.array_equal(np.asarray(decoded(embed_levels(levels).uri).convert("RGB")), levels)


# Maps


def test_error_by_hand() -> None:
    original = np.zeros((1, 3, 3), np.float32)
    painted = np.array([[[0, 0, 0], [30, 0, 0], [10, 20, 20]]], np.float32) / 255
    expected = [[0, 30 / np.sqrt(3), np.sqrt(300)]]
    np.testing.assert_allclose(maps.error_levels(original, painted), expected, rtol=1e-5)


def test_colors_that_cannot_be_seen_are_not_wrong() -> None:
    original, painted = np.zeros((1, 1, 4), np.float32), np.ones((1, 1, 4), np.float32)
    painted[..., 3] = 0
    assert maps.error_levels(original, painted) == 0


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_errors_add_up_to_the_psnr(channels: int) -> None:
    rng = np.random.default_rng(channels)
    a, b = rng.random((2, 300, 20, channels), dtype=np.float32)
    mse = np.mean(np.square(maps.error_levels(a, b) / 255.0))
    assert -10 * np.log10(mse) == pytest.approx(psnr(a, b), abs=1e-4)


def test_error_map_and_its_scale_by_hand() -> None:
    original = np.zeros((20, 50, 1), np.float32)
    painted = original.copy()
    painted[0, :5] = 0.4  # 5 of 1000 pixels by 102 levels
    painted[1:4] = 7 / 255  # 150 pixels by 7 levels
    drawn = maps.error_map(original, painted)
    assert (drawn.end, drawn.beyond) == (8, 0.005)  # 7, rounded up
    assert drawn.largest == pytest.approx(102)
    assert drawn.mean == pytest.approx((5 * 102 + 150 * 7) / 1000)
    assert drawn.pixels[0, 0].tolist() == [0xFC, 0xFF, 0xA4]
    assert drawn.pixels[10, 10].tolist() == [0x00, 0x00, 0x04]
    np.testing.assert_allclose(
        drawn.pixels[2, 0], [247.5, 202.5, 55], atol=2
    )  # at 7/8, between fca50a and f6d746


def test_the_largest_error_possible() -> None:
    drawn = maps.error_map(np.zeros((2, 2, 3)), np.ones((2, 2, 3)))
    assert (drawn.end, drawn.largest, drawn.beyond) == (255, 255, 0)


def test_a_large_error_map_is_smaller() -> None:
    drawn = maps.error_map(np.zeros((1000, 2500, 1), np.float32), np.ones((1000, 2500, 1), np.float32))
    assert drawn.pixels.shape == (632, 1581, 3)


@pytest.mark.parametrize("color_map", [maps.INFERNO, maps.VIRIDIS])
def test_color_maps_get_lighter_all_the_way(color_map: str) -> None:
    colors = maps.colorise(np.linspace(0, 1, 256), color_map) / 255
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    lightness = 116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16
    assert np.all(np.diff(lightness[::8]) > 0.5)


def test_class_map_is_the_prediction(classify: RunRecord) -> None:
    drawn = maps.class_map(classify.painting, (WIDTH, HEIGHT))
    row, column = np.indices((HEIGHT, WIDTH)).reshape(2, -1)
    expected = classify.painting.predict_proba(np.stack([column, row], axis=1))
    assert np.array_equal(drawn.classes.ravel(), expected.argmax(axis=1))
    np.testing.assert_allclose(drawn.probability.ravel(), expected.max(axis=1), rtol=1e-5)
    # A map twice as fine looks between the pixels.
    fine = maps.class_map(classify.painting, (2 * WIDTH, 2 * HEIGHT))
    between = classify.painting.predict_proba([[5.25, 2.75]]).max()
    assert fine.probability[6, 11] == pytest.approx(between, rel=1e-5)


def test_the_map_of_boundaries_shows_classes_and_lines(classify: RunRecord) -> None:
    picture = np.asarray(page_of(classify).picture("The painting with lines"))
    assert picture.shape == (341, 512, 3)
    colors = {tuple(color) for color in picture.reshape(-1, 3).tolist()}
    classes = {tuple(color) for color in np.rint(classify.painting.palette * 255).astype(int).tolist()}
    assert classes < colors
    assert len(colors) == 3


# Charts


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 100, [0, 20, 40, 60, 80, 100]),
        (0, 3, [0, 0.5, 1, 1.5, 2, 2.5, 3]),
        (18.4, 31.2, [20, 22, 24, 26, 28, 30]),
        (-3, 12, [0, 5, 10]),
        (0.0011, 0.0042, [0.0015, 0.002, 0.0025, 0.003, 0.0035, 0.004]),
        (0, 250_000, [0, 50_000, 100_000, 150_000, 200_000, 250_000]),
    ],
)
def test_ticks_by_hand(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == expected


@given(st.floats(-1e4, 1e4), st.floats(1e-4, 1e6), st.integers(3, 10))
def test_ticks_are_few_round_and_inside(low: float, width: float, most: int) -> None:
    high = low + width
    found = ticks(low, high, most)
    step = min((b - a for a, b in pairwise(found)), default=width)
    slack = 1e-6 * width
    assert 1 <= len(found) <= most
    assert low - slack <= found[0] <= found[-1] <= high + slack
    # No room is left for another one at either end.
    assert found[0] - step < low + slack
    assert found[-1] + step > high - slack
    np.testing.assert_allclose(np.diff(found), step, rtol=1e-3)


def test_log_ticks_by_hand() -> None:
    assert log_ticks(0.03, 0.9) == [0.05, 0.1, 0.2, 0.5]
    assert log_ticks(1e-30, 1) == [1e-30, 1e-25, 1e-20, 1e-15, 1e-10, 1e-5, 1]


def test_axis_by_hand() -> None:
    assert Axis(0, 4, 300, 100)(1) == 250
    assert Axis(0.01, 1, 0, 100, is_log=True)(0.1) == pytest.approx(50)


def marks(drawing: str) -> tuple[list[tuple[float, float]], list[str]]:
    """Points of the curve, and everything written in a chart."""
    line = re.search(r'<polyline points="([^"]*)"', drawing)
    assert line
    points = [tuple(float(at) for at in pair.split(",")) for pair in line[1].split()]
    return points, re.findall(r"<text[^>]*>([^<]*)</text>", drawing)


def test_curve_in_decibels() -> None:
    points = [CurvePoint(k, k / 10, 0.5, 10 + k / 10) for k in range(1, 101)]
    drawing = str(learning_curve(points, measured=22.0))
    line, written = marks(drawing)
    assert len(line) == 100
    assert all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(line))
    assert written[written.index("epoch") + 2 :] == [
        *("0", "20", "2.0 s", "40", "4.0 s", "60", "6.0 s", "80", "8.0 s", "100", "10.0 s", "PSNR, dB")
    ]
    assert {"10", "12", "14", "16", "18", "20", "22"} <= set(written)
    assert 'class="measured"' in drawing
    assert "After epoch 1: 10.1; after epoch 100: 20." in drawing


@pytest.mark.parametrize(("last", "is_log"), [(0.001, True), (0.4, False)])
def test_curve_of_the_loss(last: float, is_log: bool) -> None:
    points = [CurvePoint(k, k, float(loss), None) for k, loss in enumerate(np.geomspace(1, last, 5), 1)]
    line, written = marks(str(learning_curve(points)))
    assert ("loss, logarithmic" in written) == is_log
    heights = np.diff([y for _, y in line])
    assert (np.ptp(heights) < 0.3) == is_log  # a geometric fall is straight on this axis only


@pytest.mark.parametrize(
    "points",
    [
        [CurvePoint(1, 0.0, 0.5, 20.0)],
        [CurvePoint(1, 0.0, 0.5, 20.0), CurvePoint(2, 0.1, 0.5, 20.0)],
        [CurvePoint(1, 0.0, 0.0, None), CurvePoint(2, 0.1, 0.0, None)],
        [CurvePoint(1, 0.0, 0.5, -7.0), CurvePoint(2, 0.1, float("nan"), float("inf"))],
    ],
)
def test_odd_curves(points: list[CurvePoint]) -> None:
    line, _ = marks(str(learning_curve(points)))
    assert line
    assert np.isfinite(line).all()


def test_listener_holds_little_and_the_whole_range() -> None:
    listener = CurveListener(capacity=100)
    for k in range(1, 12_346):
        listener(epoch(k, decibels=float(k)), None)
        assert len(listener.points) <= 100
    epochs = [point.epoch for point in listener.points]
    assert (epochs[0], epochs[-1]) == (1, 12_345)
    assert len(epochs) > 40
    gaps = np.diff(epochs)
    assert set(gaps[:-1]) == {gaps[0]}
    assert [point.psnr for point in listener.points] == epochs
    assert listener.points[1].seconds == pytest.approx(epochs[1] / 10)


# The network


def test_layers_by_hand() -> None:
    layers = network_layers(plain_network((8, 5), 3), "color")
    assert [(layer.name, layer.units, layer.parameters) for layer in layers] == [
        ("position", 2, 0),
        ("hidden 1", 8, 2 * 8 + 8),
        ("hidden 2", 5, 8 * 5 + 5),
        ("color", 3, 5 * 3 + 3),
    ]


@pytest.mark.parametrize("encoding", ["raw", "fourier", "grid", "pyramid"])
def test_layers_hold_all_parameters(encoding: str) -> None:
    painting = fitted(smooth(), encoding=encoding, layers=(8, 8), learning_rate=0.01, epochs=20).painting
    layers = network_layers(painting.patches[0].network, "color")
    assert sum(layer.parameters for layer in layers) == painting.n_parameters
    assert [layer.name for layer in layers][1] == ("hidden 1" if encoding == "raw" else encoding)
    drawing = str(network_drawing(painting.patches[0].network, "color", ["r", "<g>", "b"]))
    assert f"{painting.n_parameters:,} parameters" in drawing
    assert "&lt;g&gt;" in drawing


def test_of_many_layers_and_units_some_are_drawn() -> None:
    drawing = str(network_drawing(plain_network((100,) * 30, 3), "color", ()))
    assert drawing.count('class="unit"') == 2 + 12 * 9 + 3
    assert "+18 layers" in drawing
    assert "hidden 6<" in drawing
    assert "hidden 7<" not in drawing
    assert "hidden 25<" in drawing


def test_strong_weights_are_strong_lines() -> None:
    network = plain_network((2,), 1)
    network.coefs[0][:] = [[1.0, 0.5], [0.0, np.nan]]
    drawing = str(network_drawing(network, "color", ()))
    strengths: list[Any] = re.findall(r'stroke-opacity="([^"]*)"', drawing)
    assert [float(s) for s in strengths] == pytest.approx([0.8, 0.425], abs=0.006)
