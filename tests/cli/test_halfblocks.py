import numpy as np
import pytest

from paintnet.cli.halfblocks import (
    CHECKERS,
    fitting_size,
    half_blocks,
    nearest_of_256,
    small_levels,
)

RED, BLUE, GREY, WHITE = (255, 0, 0), (0, 0, 255), (128, 128, 128), (255, 255, 255)


def picture(*rows: list[tuple[int, int, int]]) -> np.ndarray:
    return np.array(rows, np.uint8)


def test_a_cell_shows_the_upper_pixel_on_the_lower_one() -> None:
    levels = picture([RED, BLUE], [WHITE, GREY])
    assert half_blocks(levels, "truecolor") == [
        "\x1b[38;2;255;0;0;48;2;255;255;255m▀\x1b[38;2;0;0;255;48;2;128;128;128m▀\x1b[0m"
    ]
    assert half_blocks(levels, "256") == ["\x1b[38;5;196;48;5;231m▀\x1b[38;5;21;48;5;244m▀\x1b[0m"]


def test_only_what_changes_is_told() -> None:
    levels = picture([RED, RED, BLUE, BLUE], [RED, RED, RED, WHITE])
    assert half_blocks(levels, "truecolor") == [
        "\x1b[38;2;255;0;0;48;2;255;0;0m▀▀\x1b[38;2;0;0;255m▀\x1b[48;2;255;255;255m▀\x1b[0m"
    ]


def test_under_an_odd_last_row_is_the_background() -> None:
    first, last = half_blocks(picture([RED], [BLUE], [WHITE]), "truecolor")
    assert first == "\x1b[38;2;255;0;0;48;2;0;0;255m▀\x1b[0m"
    assert last == "\x1b[38;2;255;255;255m▀\x1b[0m"


@pytest.mark.parametrize(
    ("color", "number"),
    [
        ((0, 0, 0), 16),
        (WHITE, 231),
        (RED, 16 + 36 * 5),
        ((0, 255, 0), 16 + 6 * 5),
        (BLUE, 16 + 5),
        ((95, 135, 175), 16 + 36 * 1 + 6 * 2 + 3),
        ((29, 161, 242), 16 + 36 * 0 + 6 * 3 + 5),  # the bird: nearest levels 0, 175, 255
        ((204, 204, 204), 252),  # its background: grey 232 + 20 is 208, the cube has 215
        (GREY, 232 + 12),
        ((8, 8, 8), 232),
        ((238, 238, 238), 255),
        ((3, 3, 3), 16),
        ((95, 95, 95), 59),  # the cube has it exactly
        ((47, 48, 48), 236),
    ],
)
def test_nearest_of_256(color: tuple[int, int, int], number: int) -> None:
    assert nearest_of_256(np.array([color], np.uint8)).tolist() == [number]


def test_nearest_of_256_by_trying_all() -> None:
    steps = (0, 95, 135, 175, 215, 255)
    cube = [(r, g, b) for r in steps for g in steps for b in steps]
    table = np.array(cube + [(8 + 10 * n,) * 3 for n in range(24)])
    colors = np.random.default_rng(0).integers(0, 256, (500, 3))
    colors[250:] = colors[250:, :1] + colors[250:] // 16  # greyish ones
    colors = colors.clip(0, 255)
    miss = ((colors[:, None] - table) ** 2).sum(axis=2)
    chosen = nearest_of_256(colors) - 16
    assert (miss[np.arange(500), chosen] == miss.min(axis=1)).all()


@pytest.mark.parametrize(
    ("own", "room", "enlarge", "expected"),
    [
        ((100, 100), (80, 24), False, (48, 48)),  # as high as the window
        ((200, 50), (80, 24), False, (80, 20)),  # as wide as the window
        ((16, 12), (80, 24), False, (16, 12)),
        ((16, 12), (80, 24), True, (64, 48)),
        ((10_000, 10), (80, 24), False, (80, 1)),
        ((10, 10_000), (80, 24), True, (1, 48)),
        ((3, 3), (1, 1), False, (1, 1)),
        ((1, 1), (80, 24), True, (48, 48)),
    ],
)
def test_size_that_fits(
    own: tuple[int, int], room: tuple[int, int], enlarge: bool, expected: tuple[int, int]
) -> None:
    assert fitting_size(own, *room, enlarge=enlarge) == expected


def test_areas_are_averaged() -> None:
    stripes = np.zeros((6, 6, 3), np.float32)
    stripes[::2] = 1
    assert (small_levels(stripes, (3, 3)) == 128).all()
    uneven = np.array([[0.0, 0.0, 1.0]], np.float32)[..., None]
    # Three pixels on two: each gets half of the one in the middle.
    assert small_levels(uneven, (2, 1))[0, :, 0].tolist() == [0, 170]


def test_enlarged_pixels_stay_sharp_and_grey_becomes_three_channels() -> None:
    pixels = np.array([[[0.0], [1.0]]], np.float32)
    assert small_levels(pixels, (4, 2)).tolist() == [[[0] * 3] * 2 + [[255] * 3] * 2] * 2


def test_transparency_lies_over_checkers() -> None:
    pixels = np.zeros((8, 8, 4), np.float32)
    pixels[..., 0] = 1  # a hidden red
    levels = small_levels(pixels, (8, 8))
    assert levels[:4, :4].tolist() == [[[CHECKERS[0]] * 3] * 4] * 4
    assert levels[:4, 4:].tolist() == [[[CHECKERS[1]] * 3] * 4] * 4
    pixels[..., 3] = 0.5
    assert small_levels(pixels, (8, 8))[0, 0].tolist() == [204, 76, 76]
    half = np.zeros((2, 1, 4), np.float32)
    half[0, 0] = 1, 1, 1, 1  # white beside a transparent black: no dark seam
    assert small_levels(half, (1, 1))[0, 0].tolist() == [204, 204, 204]
