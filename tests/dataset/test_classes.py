from typing import Any

import numpy as np
import pytest
from dataset_helpers import levels, picture
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from paintnet.dataset.classes import Classes, parse_palette, sort_pixels
from paintnet.errors import SettingsError


def sorted_by(pixels: np.ndarray, seed: int = 0, **classes: Any) -> tuple[np.ndarray, np.ndarray]:
    """Labels and palette."""
    return sort_pixels(pixels, Classes(**classes), seed)


@pytest.mark.parametrize(
    ("color", "label"),
    [((200, 200, 200), 1), ((200, 200, 201), 0), ((255, 255, 90), 1), ((255, 255, 91), 0), ((0, 0, 0), 1)],
)
def test_a_sum_of_exactly_the_threshold_is_dark(color: tuple[int, ...], label: int) -> None:
    labels, _ = sorted_by(picture([color]), threshold=600)
    assert labels.tolist() == [label]


@given(st.tuples(*[st.integers(0, 255)] * 3), st.integers(0, 765))
def test_a_threshold_compares_whole_levels(color: tuple[int, int, int], threshold: int) -> None:
    labels, _ = sorted_by(picture([color]), threshold=threshold)
    assert labels.tolist() == [int(sum(color) <= threshold)]


def test_grey_counts_three_times() -> None:
    labels, _ = sorted_by(picture([(199,), (200,), (201,)]), threshold=600)
    assert labels.tolist() == [1, 1, 0]


def test_clear_counts_as_white_and_half_clear_as_half_white() -> None:
    labels, _ = sorted_by(picture([(0, 0, 0, 0), (0, 0, 0, 255), (0, 0, 0, 51)]), threshold=600)
    # 0 at an opacity of 1/5 over white is 204, three times is 612.
    assert labels.tolist() == [0, 1, 0]


def test_the_palette_of_a_threshold_is_the_mean_of_each_class() -> None:
    _, palette = sorted_by(picture([(10, 20, 30), (30, 40, 50), (250, 252, 254)]), threshold=600)
    assert levels(palette) == [[250, 252, 254], [20, 30, 40]]


@pytest.mark.parametrize(
    ("color", "expected"),
    [
        ((0, 0, 0), [[255, 255, 255], [0, 0, 0]]),
        ((255, 255, 255), [[255, 255, 255], [0, 0, 0]]),
        ((7,), [[255], [7]]),
        ((9, 8, 7, 255), [[255, 255, 255, 255], [9, 8, 7, 255]]),
    ],
)
def test_a_class_without_pixels_is_white_or_black(color: tuple[int, ...], expected: list[list[int]]) -> None:
    assert levels(sorted_by(picture([color]), threshold=600)[1]) == expected


def test_a_pixel_belongs_to_the_nearest_color_of_the_palette() -> None:
    labels, palette = sorted_by(
        picture([(250, 20, 9), (20, 200, 20), (3, 3, 200), (90, 90, 90)]),
        palette=("#f00", "#00ff00", "0000ff", "#555"),
    )
    assert labels.tolist() == [0, 1, 2, 3]
    assert levels(palette) == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [85, 85, 85]]


@given(st.integers(0, 999), st.integers(1, 9), st.sampled_from([1, 3, 4]))
def test_nearest_is_nearest(seed: int, n_colors: int, channels: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.random((4, 5, channels), dtype=np.float32)
    colors = [bytes(rng.integers(0, 256, 3, dtype=np.uint8)).hex() for _ in range(n_colors)]
    labels, palette = sorted_by(pixels, palette=tuple(colors))
    seen = pixels.copy()
    if channels == 4:
        seen[..., :3] *= seen[..., 3:]
        assert (palette[:, 3] == 1).all()
    distances = np.linalg.norm(seen.reshape(20, 1, channels) - palette, axis=2)
    chosen = distances[np.arange(20), labels]
    np.testing.assert_allclose(chosen, distances.min(axis=1), atol=1e-5)


def test_a_grey_picture_takes_the_lightness_of_a_color() -> None:
    labels, palette = sorted_by(picture([(0,), (80,), (255,)]), palette=("#f00", "#fff", "#000"))
    assert labels.tolist() == [2, 0, 1]
    assert levels(palette) == [[76], [255], [0]]


def test_k_means_finds_the_true_colors_lightest_first() -> None:
    true = np.array([(240, 230, 220), (30, 160, 240), (200, 40, 40), (5, 5, 30)])
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, (40, 30))
    noisy = np.clip(true[labels] + rng.integers(-3, 4, (40, 30, 3)), 0, 255)
    labels, palette = sorted_by(picture(*noisy), colors=4)
    assert np.array_equal(labels, labels.ravel())
    assert np.abs(np.array(levels(palette)) - true).max() <= 1


def test_two_colors_where_nothing_is_given() -> None:
    labels, palette = sorted_by(
        picture([(9, 9, 9), (250, 250, 250), (9, 9, 9)]),
    )
    assert labels.tolist() == [1, 0, 1]
    assert levels(palette) == [[250, 250, 250], [9, 9, 9]]


@pytest.mark.parametrize("color", [(12, 34, 56), (200,), (10, 20, 30, 255)])
def test_one_color_gives_one_class(color: tuple[int, ...]) -> None:
    labels, palette = sorted_by(picture([color] * 3, [color] * 3), colors=5)
    assert labels.tolist() == [0] * 6
    assert levels(palette) == [list(color)]


def test_k_means_of_a_picture_with_clear_parts() -> None:
    labels, palette = sorted_by(picture([(255, 0, 0, 0), (0, 255, 0, 0)], [(20, 40, 60, 255)] * 2), colors=2)
    assert labels.tolist() == [1, 1, 0, 0]
    assert levels(palette) == [[20, 40, 60, 255], [0, 0, 0, 0]]


def test_k_means_of_a_large_picture_looks_at_a_sample_and_repeats_itself() -> None:
    rng = np.random.default_rng(2)
    pixels = np.where(rng.random((300, 250, 1)) < 0.3, 0.2, 0.9).astype(np.float32)
    (labels, palette), (_, again) = (sorted_by(pixels, colors=2, seed=3) for _ in range(2))
    assert np.array_equal(labels, (pixels.ravel() < 0.5).astype(int))
    assert levels(palette) == levels(again) == [[230], [51]]


def test_k_means_does_not_depend_on_the_threads_of_openmp() -> None:
    pixels = np.random.default_rng(1).random((90, 80, 3), dtype=np.float32)
    found = []
    for threads in (1, 2, 3):
        with threadpool_limits(threads):
            found.append(sorted_by(pixels, colors=6)[1].tobytes())
    assert len(set(found)) == 1


@pytest.mark.parametrize("classes", [Classes(colors=2), Classes(threshold=400)])
def test_the_colors_of_classes_are_found_among_known_pixels(classes: Classes) -> None:
    pixels = picture(
        [(250, 250, 250), (10, 20, 30), (255, 0, 0)],
        [(0, 0, 9), (230, 230, 230), (30, 40, 50)],
    )
    known = np.array([[True, True, False], [False, True, True]])
    labels, palette = sort_pixels(pixels, classes, 0, known)
    assert levels(palette) == [[240, 240, 240], [20, 30, 40]]
    assert labels[known.ravel()].tolist() == [0, 1, 0, 1]


def test_a_class_of_unknown_pixels_alone_has_no_color_of_theirs() -> None:
    pixels = picture([(250, 250, 250), (10, 20, 30)])
    _, palette = sort_pixels(pixels, Classes(threshold=600), 0, np.array([[True, False]]))
    assert levels(palette) == [[250, 250, 250], [0, 0, 0]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"colors": 2, "threshold": 3},
            "colors and threshold: they cannot be combined; give only one of them",
        ),
        (
            {"colors": 2, "threshold": 3, "palette": ("#fff",)},
            "colors and threshold and palette: they cannot be combined; give only one of them",
        ),
        ({"colors": 0}, "colors: 0 is out of range; use 1 to 256"),
        ({"colors": 257}, "colors: 257 is out of range; use 1 to 256"),
        ({"threshold": -1}, "threshold: -1 is out of range; use 0 to 765"),
        ({"threshold": 766}, "threshold: 766 is out of range; use 0 to 765"),
        ({"palette": ()}, "palette: it has 0 colors; give 1 to 256"),
        ({"palette": ("#fff",) * 257}, "palette: it has 257 colors; give 1 to 256"),
        ({"palette": ("#ff",)}, "palette: '#ff' is not a color; write colors like #1da1f2 or red"),
        ({"palette": ("rad",)}, "palette: 'rad' is not a color; write colors like #1da1f2 or red"),
        ({"palette": ("#12345٣",)}, "palette: '#12345٣' is not a color; write colors like #1da1f2 or red"),
        ({"palette": ("+12345",)}, "palette: '+12345' is not a color; write colors like #1da1f2 or red"),
    ],
)
def test_classes_that_cannot_be_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Classes(**given)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_hex_colors() -> None:
    assert levels(parse_palette(["#1da1f2", " 1DA1F2 ", "#0af", "fff"])) == [
        [29, 161, 242],
        [29, 161, 242],
        [0, 170, 255],
        [255, 255, 255],
    ]


def test_every_color_that_css_names_has_its_value() -> None:
    from PIL import ImageColor

    names = sorted(ImageColor.colormap)
    assert {"red", "rebeccapurple", "lightgoldenrodyellow", "grey", "gray"} <= set(names)
    for start in range(0, len(names), 100):
        some = names[start : start + 100]
        wanted = [ImageColor.getrgb(name) for name in some]
        assert (parse_palette(some) * 255).round().tolist() == [list(color) for color in wanted]
    assert (parse_palette([" Dark Red ", "NAVY"]) * 255).round().tolist() == [[139, 0, 0], [0, 0, 128]]
