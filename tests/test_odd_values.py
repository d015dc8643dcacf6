"""FAULTS.md row 29: whatever a public function is given, it does what was meant or raises a PaintnetError."""

import warnings
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paintnet
from paintnet.dataset.classes import Classes
from paintnet.errors import PaintnetError
from paintnet.metrics import psnr, ssim
from paintnet.settings.presets import settings_for
from paintnet.settings.settings import known_settings

PICTURE = np.linspace(0, 1, 6 * 7 * 3, dtype=np.float32).reshape(6, 7, 3)

ODD: list[Any] = [
    None,
    *("", "3", "x", b"x", [], [1, 2], (1,), {}, {1: 2}, set(), range(3)),
    *(True, -1, 0, 3, 2.5, float("nan"), float("inf"), 10**400, 10**5000, 1j, Fraction(1, 3)),
    *(
        np.int64(3),
        np.float32(2.5),
        np.array(5),
        np.array([1, 2]),
        np.ma.masked,
        np.array("x"),
        np.array([None]),
    ),
    *(object(), len, int, Path("nowhere")),
]


@pytest.fixture(scope="module")
def painting() -> paintnet.Painting:
    return paintnet.fit(PICTURE, preset="draft", epochs=1)


def answers(ask: Callable[..., Any], *arguments: Any, **named: Any) -> None:
    try:
        ask(*arguments, **named)
    except PaintnetError as error:
        message = str(error)
        assert "\n" not in message
        assert len(message) < 500


@pytest.mark.parametrize("name", sorted(known_settings()))
def test_every_setting(name: str) -> None:
    for value in ODD:
        answers(settings_for, 6, 7, **{name: value})
        answers(settings_for, 6, 7, **{"encoding": "fourier", name: value})


def test_presets_classes_pictures_and_paths(painting: paintnet.Painting, tmp_path: Path) -> None:
    for value in ODD:
        answers(settings_for, 6, 7, value)
        for name in ("colors", "threshold", "palette"):
            answers(Classes, **{name: value})
        answers(paintnet.Painter("draft", epochs=1).fit, value)
        answers(paintnet.load, value)
        answers(paintnet.Painting.from_bytes, value)
        answers(psnr, value, PICTURE)
        answers(ssim, PICTURE, value)
        if not isinstance(value, str | bytes | Path):
            answers(painting.save, value)


def test_positions_sizes_and_regions(painting: paintnet.Painting) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Warning: converting a masked element to nan")  # told by NumPy
        for value in ODD:
            for ask in (painting.predict, painting.predict_pixels):
                answers(ask, value)
                answers(ask, [[value, 1]])
            answers(painting.render, size=value)
            answers(painting.render, region=value)
            answers(painting.bands, rows=value)
