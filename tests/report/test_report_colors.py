"""Names of colors, nearest in CIELAB."""

import numpy as np
import pytest
from PIL import ImageColor

from paintnet.report import colors
from paintnet.report.colors import color_name, hex_code, lab, of_code


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        # Worked out by hand from IEC 61966-2-1 and CIE 1976, with more digits of the matrix.
        ("ffffff", (100, 0, 0)),
        ("000000", (0, 0, 0)),
        ("ff0000", (53.24, 80.09, 67.20)),
        ("00ff00", (87.73, -86.18, 83.18)),
        ("0000ff", (32.30, 79.19, -107.86)),
        ("808080", (53.59, 0, 0)),
        ("010101", (0.274, 0, 0)),  # on the straight line: 903.3 / 255 / 12.92
    ],
)
def test_lab_by_hand(code: str, expected: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(lab(of_code(code)), expected, atol=0.03)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("ff0000", "red"),
        ("101010", "black"),
        ("024749", "dark teal"),
        ("404040", "dark gray"),
        ("a9a9a9", "medium gray"),
        ("87ceeb", "sky blue"),
        ("00ffff", "cyan"),
        ("556b2f", "dark olive green"),
        # Each was another, and wrong, by distance in RGB: gray, gray, olive, dark gray.
        ("8e856b", "taupe"),
        ("5b6468", "slate"),
        ("986f11", "dark goldenrod"),
        ("493724", "dark brown"),
    ],
)
def test_names_of_colors(code: str, name: str) -> None:
    color = of_code(code)
    assert color_name(color) == name
    assert color_name(np.append(color, 0.1)) == "transparent"
    assert hex_code(color) == f"#{code}"


def test_each_named_color_has_its_own_name() -> None:
    from paintnet.report.colors import _named_colors

    names, places = _named_colors()
    assert len(names) == len({tuple(place) for place in places.round(6).tolist()}) > 130
    assert all(name.replace(" ", "").isalpha() for name in names)


def test_names_stay_when_pillow_has_been_asked_for_the_colors() -> None:
    for name in list(ImageColor.colormap):
        ImageColor.getrgb(name)
    colors._named_colors.cache_clear()
    assert color_name(np.array([1.0, 0.0, 0.0])) == "red"
    assert color_name(np.array([0.0, 1.0, 1.0])) == "cyan"
