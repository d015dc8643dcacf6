import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from paintnet.errors import PictureError
from paintnet.picture import open_picture

ROOT = Path(__file__).parents[2]


def test_bird_is_what_its_script_draws() -> None:
    drawn = runpy.run_path(str(ROOT / "tools" / "draw_bird.py"))["draw"]()
    with Image.open(ROOT / "paintnet" / "picture" / "bird.png") as shipped:
        assert np.array_equal(np.asarray(shipped), drawn)


def test_bird_has_two_flat_colors_and_soft_edges() -> None:
    bird = np.rint(open_picture("sample:bird").pixels * 255).astype(int)
    assert bird.shape == (100, 100, 3)
    blue, grey = ((bird == color).all(axis=-1) for color in ((0x1D, 0xA1, 0xF2), (0xCC, 0xCC, 0xCC)))
    assert blue.mean() > 0.2
    assert grey.mean() > 0.5
    assert 0.01 < 1 - blue.mean() - grey.mean() < 0.08
    assert blue[50, 50]
    assert grey[1, 1]


def test_bird_is_dark_and_its_background_light_at_the_threshold_of_the_lesson() -> None:
    assert 0x1D + 0xA1 + 0xF2 <= 600 < 3 * 0xCC


@pytest.mark.parametrize("name", ["china", "flower"])
def test_photographs_are_those_of_scikit_learn(name: str) -> None:
    opened = open_picture(f"sample:{name}")
    assert opened.name == name
    assert np.array_equal(np.rint(opened.pixels * 255), load_sample_image(f"{name}.jpg"))


def test_unknown_sample() -> None:
    with pytest.raises(PictureError) as caught:
        open_picture("sample:../dog")
    assert str(caught.value) == (
        "sample:../dog: there is no such sample; use one of sample:bird, sample:china, sample:flower"
    )
