"""Nobody sees where patches meet: not in a night sky, and not in a photograph at four times its size."""

import numpy as np
import pytest

from paintnet.dataset.windows import windows_of
from paintnet.painter.painter import Painter
from paintnet.picture import open_picture

WIDTH, HEIGHT, PATCH = 120, 90, 48
STARS = 14
SEED = 11


def edges(width: int, height: int, patch: int) -> tuple[list[int], list[int]]:
    """Columns and rows at which a patch begins or ends inside the picture."""
    windows = windows_of(width, height, patch)
    columns = {x for each in windows for x in (each.left, each.left + each.width)} - {0, width}
    rows = {y for each in windows for y in (each.top, each.top + each.height)} - {0, height}
    return sorted(columns), sorted(rows)


def near_edges(width: int, height: int, patch: int, reach: int) -> np.ndarray:
    """Pixels within so many of an edge."""
    columns, rows = edges(width, height, patch)
    x_is_near = (np.abs(np.arange(width)[:, None] + 0.5 - columns) < reach).any(axis=1)
    y_is_near = (np.abs(np.arange(height)[:, None] + 0.5 - rows) < reach).any(axis=1)
    return np.asarray(x_is_near[None, :] | y_is_near[:, None])


def enlarged(values: np.ndarray, scale: int) -> np.ndarray:
    return values.repeat(scale, axis=0).repeat(scale, axis=1)


def sky(scale: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Levels of a night sky of some size, those without stars, and where no star is near."""
    row, column = (np.indices((HEIGHT * scale, WIDTH * scale)) + 0.5) / scale
    ramp = 6 + 6 * column / WIDTH + 4 * row / HEIGHT
    dark = np.stack([0.8 * ramp, 0.9 * ramp, 1.2 * ramp], axis=2)
    rng = np.random.default_rng(SEED)
    light, is_quiet = np.zeros(ramp.shape), np.ones(ramp.shape, bool)
    for _ in range(STARS):
        y, x, brightness = rng.random(3) * [HEIGHT, WIDTH, 220]
        square = (row - y) ** 2 + (column - x) ** 2
        light += brightness * np.exp(-square)
        is_quiet &= square > 6**2
    return np.minimum(dark + light[..., None], 255), dark, is_quiet


@pytest.mark.parametrize("preset", ["draft", "standard"])
def test_a_night_sky_shows_no_border(preset: str) -> None:
    picture = np.rint(sky(1)[0]).astype(np.float32) / np.float32(255)
    painting = Painter(preset, engine="numpy", patch=PATCH).fit(picture)
    assert len(painting.patches) == 6
    for scale in (1, 4):
        _, dark, is_quiet = sky(scale)
        painted = painting.render((WIDTH * scale, HEIGHT * scale)) * 255
        is_near = enlarged(near_edges(WIDTH, HEIGHT, PATCH, 2), scale)
        # A level, and the half of one by which the picture was rounded.
        assert np.abs(painted - dark)[is_quiet & is_near].max() < 1.5
        # Along an edge, where the eye would join what is too faint at each pixel.
        beyond = np.where(is_quiet[..., None], painted - dark, np.nan)
        for axis, places in enumerate(edges(WIDTH, HEIGHT, PATCH)):
            lines = np.nanmean(beyond, axis=axis)
            for place in places:
                step = lines[scale * place] - lines[scale * place - 1]
                assert np.abs(step).max() < 0.3


def test_edges_are_as_good_as_what_lies_between_them_at_four_times_the_size() -> None:
    truth = open_picture("sample:china").pixels[:424, :640]
    height, width = 106, 160
    small = truth.reshape(height, 4, width, 4, 3).mean(axis=(1, 3))
    small = (np.rint(small * 255) / 255).astype(np.float32)
    size = (4 * width, 4 * height)
    many = Painter("draft", engine="numpy", patch=80).fit(small)
    assert len(many.patches) == 4
    # What lies along the edges may be easier or harder to paint: one network tells.
    one = Painter("draft", engine="numpy", patch=None).fit(small).render(size)
    is_near = enlarged(near_edges(width, height, 80, 2), 4)
    for measured in (_error, _gradient):
        divided, whole = (measured(painted, truth) for painted in (many.render(size), one))
        along = divided[is_near].mean() / whole[is_near].mean()
        elsewhere = divided[~is_near].mean() / whole[~is_near].mean()
        assert along == pytest.approx(elsewhere, rel=0.05)


def _error(painted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.asarray(np.square(painted - truth).sum(axis=2))


def _gradient(painted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    down, right = np.gradient(painted, axis=(0, 1))
    return np.asarray(np.hypot(down, right).sum(axis=2))
