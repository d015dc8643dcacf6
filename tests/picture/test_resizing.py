"""Smaller copies: the same in parts as in one."""

import numpy as np
import pytest

from paintnet.picture import resizing, shrink
from paintnet.picture.levels import LevelPicture


@pytest.mark.parametrize(
    ("height", "width", "side"), [(301, 97, 64), (97, 301, 64), (250, 200, 249), (90, 7, 1)]
)
@pytest.mark.parametrize("channels", [1, 4])
def test_a_picture_made_smaller_in_parts_is_the_one_made_smaller_at_once(
    height: int, width: int, side: int, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = np.random.default_rng(3).integers(1, 256, (height, width, channels), dtype=np.uint8)
    held = LevelPicture(levels)
    whole = shrink(held[:], side)
    assert max(whole.shape[:2]) == side
    for pixels in (1, 3_000, 9_000):
        monkeypatch.setattr(resizing, "BAND_PIXELS", pixels)
        np.testing.assert_allclose(shrink(held, side), whole, atol=1e-5)


def test_a_picture_that_is_small_enough_stays_as_it_is() -> None:
    pixels = np.random.default_rng(4).random((5, 9, 3), dtype=np.float32)
    assert shrink(pixels, 9) is pixels
    levels = LevelPicture(np.full((5, 9, 3), 51, np.uint8))
    np.testing.assert_array_equal(shrink(levels, 9), levels[:])
