from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paintnet.dataset.classes import Classes, parse_palette, read_palette
from paintnet.dataset.pixels import classify_dataset, regress_dataset, split_pixels
from paintnet.errors import SettingsError


def picture(*rows: list[tuple[int, ...]]) -> np.ndarray:
    """A picture from 8-bit levels."""
    return np.array(rows, dtype=np.float32) / np.float32(255)


def levels(palette: np.ndarray | None) -> list[list[int]]:
    assert palette is not None
    assert palette.dtype == np.float32
    return np.rint(palette * 255).astype(int).tolist()


def test_positions_are_column_then_row() -> None:
    dataset = regress_dataset(np.zeros((2, 3, 1), dtype=np.float32))
    xy = dataset.xy(dataset.learned)
    assert xy.tolist() == [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]]
    assert xy.dtype == np.float32


def test_targets_lie_row_by_row() -> None:
    pixels = np.random.default_rng(0).random((3, 4, 3), dtype=np.float32)
    dataset = regress_dataset(pixels)
    assert (dataset.width, dataset.height, dataset.palette) == (4, 3, None)
    assert np.array_equal(dataset.targets, pixels.reshape(12, 3))
    column, row = dataset.xy(np.array([7])).astype(int)[0]
    assert np.array_equal(dataset.targets[7], pixels[row, column])


def test_float64_targets_are_the_levels_over_255_exactly() -> None:
    every = np.arange(256).reshape(16, 16, 1)
    dataset = regress_dataset((every / 255).astype(np.float32), dtype="float64")
    assert np.array_equal(dataset.targets, every.reshape(-1, 1) / 255)


def test_transparent_pixels_are_learned_without_their_hidden_color() -> None:
    dataset = regress_dataset(picture([(255, 0, 255, 0), (255, 102, 0, 51)]))
    np.testing.assert_allclose(dataset.targets, [[0, 0, 0, 0], [0.2, 0.08, 0, 0.2]], atol=1e-7)


@pytest.mark.parametrize(
    ("color", "label"),
    [((200, 200, 200), 1), ((200, 200, 201), 0), ((255, 255, 90), 1), ((255, 255, 91), 0), ((0, 0, 0), 1)],
)
def test_a_sum_of_exactly_the_threshold_is_dark(color: tuple[int, ...], label: int) -> None:
    dataset = classify_dataset(picture([color]), Classes(threshold=600))
    assert dataset.targets.tolist() == [label]


@given(st.tuples(*[st.integers(0, 255)] * 3), st.integers(0, 765))
def test_a_threshold_compares_whole_levels(color: tuple[int, int, int], threshold: int) -> None:
    dataset = classify_dataset(picture([color]), Classes(threshold=threshold))
    assert dataset.targets.tolist() == [int(sum(color) <= threshold)]


def test_grey_counts_three_times() -> None:
    dataset = classify_dataset(picture([(199,), (200,), (201,)]), Classes(threshold=600))
    assert dataset.targets.tolist() == [1, 1, 0]


def test_clear_counts_as_white_and_half_clear_as_half_white() -> None:
    dataset = classify_dataset(picture([(0, 0, 0, 0), (0, 0, 0, 255), (0, 0, 0, 51)]), Classes(threshold=600))
    # 0 at an opacity of 1/5 over white is 204, three times is 612.
    assert dataset.targets.tolist() == [0, 1, 0]


def test_the_palette_of_a_threshold_is_the_mean_of_each_class() -> None:
    dataset = classify_dataset(picture([(10, 20, 30), (30, 40, 50), (250, 252, 254)]), Classes(threshold=600))
    assert levels(dataset.palette) == [[250, 252, 254], [20, 30, 40]]


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
    assert levels(classify_dataset(picture([color]), Classes(threshold=600)).palette) == expected


def test_a_pixel_belongs_to_the_nearest_color_of_the_palette() -> None:
    dataset = classify_dataset(
        picture([(250, 20, 9), (20, 200, 20), (3, 3, 200), (90, 90, 90)]),
        Classes(palette=("#f00", "#00ff00", "0000ff", "#555")),
    )
    assert dataset.targets.tolist() == [0, 1, 2, 3]
    assert levels(dataset.palette) == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [85, 85, 85]]


@given(st.integers(0, 999), st.integers(1, 9), st.sampled_from([1, 3, 4]))
def test_nearest_is_nearest(seed: int, n_colors: int, channels: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.random((4, 5, channels), dtype=np.float32)
    colors = [bytes(rng.integers(0, 256, 3, dtype=np.uint8)).hex() for _ in range(n_colors)]
    dataset = classify_dataset(pixels, Classes(palette=tuple(colors)))
    palette = dataset.palette
    assert palette is not None
    seen = pixels.copy()
    if channels == 4:
        seen[..., :3] *= seen[..., 3:]
        assert (palette[:, 3] == 1).all()
    distances = np.linalg.norm(seen.reshape(20, 1, channels) - palette, axis=2)
    chosen = distances[np.arange(20), dataset.targets]
    np.testing.assert_allclose(chosen, distances.min(axis=1), atol=1e-5)


def test_a_grey_picture_takes_the_lightness_of_a_color() -> None:
    dataset = classify_dataset(picture([(0,), (80,), (255,)]), Classes(palette=("#f00", "#fff", "#000")))
    assert dataset.targets.tolist() == [2, 0, 1]
    assert levels(dataset.palette) == [[76], [255], [0]]


def test_k_means_finds_the_true_colors_lightest_first() -> None:
    true = np.array([(240, 230, 220), (30, 160, 240), (200, 40, 40), (5, 5, 30)])
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, (40, 30))
    noisy = np.clip(true[labels] + rng.integers(-3, 4, (40, 30, 3)), 0, 255)
    dataset = classify_dataset(picture(*noisy), Classes(colors=4))
    assert np.array_equal(dataset.targets, labels.ravel())
    assert np.abs(np.array(levels(dataset.palette)) - true).max() <= 1


def test_two_colors_where_nothing_is_given() -> None:
    dataset = classify_dataset(picture([(9, 9, 9), (250, 250, 250), (9, 9, 9)]), Classes())
    assert dataset.targets.tolist() == [1, 0, 1]
    assert levels(dataset.palette) == [[250, 250, 250], [9, 9, 9]]


@pytest.mark.parametrize("color", [(12, 34, 56), (200,), (10, 20, 30, 255)])
def test_one_color_gives_one_class(color: tuple[int, ...]) -> None:
    dataset = classify_dataset(picture([color] * 3, [color] * 3), Classes(colors=5))
    assert dataset.targets.tolist() == [0] * 6
    assert levels(dataset.palette) == [list(color)]


def test_k_means_of_a_picture_with_clear_parts() -> None:
    dataset = classify_dataset(
        picture([(255, 0, 0, 0), (0, 255, 0, 0)], [(20, 40, 60, 255)] * 2), Classes(colors=2)
    )
    assert dataset.targets.tolist() == [1, 1, 0, 0]
    assert levels(dataset.palette) == [[20, 40, 60, 255], [0, 0, 0, 0]]


def test_k_means_of_a_large_picture_looks_at_a_sample_and_repeats_itself() -> None:
    rng = np.random.default_rng(2)
    pixels = np.where(rng.random((300, 250, 1)) < 0.3, 0.2, 0.9).astype(np.float32)
    first, again = (classify_dataset(pixels, Classes(colors=2), seed=3) for _ in range(2))
    assert np.array_equal(first.targets, (pixels.ravel() < 0.5).astype(int))
    assert levels(first.palette) == levels(again.palette) == [[230], [51]]


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0, 0.9))
def test_hold_out_keeps_back_exactly_its_share(width: int, height: int, share: float) -> None:
    learned, held_out = split_pixels(width, height, share)
    assert len(held_out) == min(round(share * width * height), width * height - 1)
    assert np.all(np.diff(learned) > 0)
    assert np.all(np.diff(held_out) > 0)
    assert np.array_equal(np.sort(np.concatenate([learned, held_out])), np.arange(width * height))


@pytest.mark.parametrize("share", [0.05, 0.1, 0.25, 0.5, 0.9])
def test_held_out_pixels_are_spread_evenly(share: float) -> None:
    _, held_out = split_pixels(64, 64, share)
    mask = np.zeros(64 * 64)
    mask[held_out] = 1
    blocks = mask.reshape(4, 16, 4, 16).sum(axis=(1, 3))
    assert blocks.min() >= 0.5 * share * 256
    assert blocks.max() <= 2 * share * 256
    assert mask.reshape(64, 64).mean(axis=0).max() <= 2 * share
    assert mask.reshape(64, 64).mean(axis=1).max() <= 2 * share


def test_both_kinds_of_training_set_are_split_alike() -> None:
    pixels = np.random.default_rng(0).random((8, 9, 3), dtype=np.float32)
    regress = regress_dataset(pixels, hold_out=0.2)
    classify = classify_dataset(pixels, Classes(threshold=300), hold_out=0.2)
    assert len(regress.held_out) == 14
    assert np.array_equal(regress.held_out, classify.held_out)
    assert np.array_equal(regress.learned, classify.learned)


@pytest.mark.parametrize("share", [-0.1, 0.91, 0.9000001, float("nan")])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(SettingsError) as caught:
        split_pixels(4, 4, share)
    assert str(caught.value) == f"hold-out: {share} is out of range; use a share from 0 to 0.9"


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
        ({"palette": ("#ff",)}, "palette: '#ff' is not a color; write colors like #1da1f2"),
        ({"palette": ("red",)}, "palette: 'red' is not a color; write colors like #1da1f2"),
        ({"palette": ("#12345٣",)}, "palette: '#12345٣' is not a color; write colors like #1da1f2"),
        ({"palette": ("+12345",)}, "palette: '+12345' is not a color; write colors like #1da1f2"),
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


def test_a_palette_file_has_one_color_a_line(tmp_path: Path) -> None:
    path = tmp_path / "colors.txt"
    path.write_text("#1da1f2\n\n  ccc  \r\n#000000", encoding="utf-8")
    assert read_palette(path) == ("#1da1f2", "ccc", "#000000")


def test_palette_files_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "colors.txt"
    with pytest.raises(SettingsError, match=r"colors.txt: cannot be read \(.*; give a text file"):
        read_palette(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"colors.txt: cannot be read \(.*; give a text file"):
        read_palette(path)
    path.write_text("#fff\nblue\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="palette: 'blue' is not a color"):
        read_palette(path)
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="palette: it has 0 colors"):
        read_palette(path)
