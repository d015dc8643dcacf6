"""The spectrum of an enlarged sky: no lattice of pixels or of vertices."""

import numpy as np
import pytest
from PIL import Image

from paintnet.painter.painter import Painter
from paintnet.painter.quality import as_written

WIDTH, HEIGHT, SCALE = 128, 88, 4


def sky_over_ground():
    """8-bit levels of a sky that brightens softly, above a dark ground with a slanted, antialiased edge."""
    fine = 8
    row, column = (np.indices((fine * HEIGHT, fine * WIDTH), dtype=np.float32) + 0.5) / fine
    down, right = (row / HEIGHT)[:, :, None], (column / WIDTH)[:, :, None]
    sky = np.float32([0.35, 0.5, 0.75]) + np.float32([0.25, 0.22, 0.15]) * down + 0.05 * right
    points = np.where(down > 0.72 + 0.1 * right, np.float32([0.15, 0.2, 0.1]), sky)
    return as_written(points.reshape(HEIGHT, fine, WIDTH, fine, 3).mean(axis=(1, 3)))


def bicubic(picture):
    size = SCALE * WIDTH, SCALE * HEIGHT
    planes = [Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(picture, 2, 0)]
    enlarged = [np.asarray(plane.resize(size, Image.Resampling.BICUBIC)) for plane in planes]
    return np.clip(np.stack(enlarged, axis=2), 0, 1)


def power_at(frequency, enlarged, axis):
    """Mean power of the sky's lines along an axis, at and beside so many cycles a sample.

    The second figure is what rounding to 8-bit levels, as noise, has in the same place.
    """
    sky = enlarged[4 * SCALE : int(0.62 * SCALE * HEIGHT), 4 * SCALE : -4 * SCALE]
    lines = np.moveaxis(as_written(sky).astype(np.float64), axis, 0)
    window = np.blackman(len(lines))
    at = np.arange(len(lines)) - (len(lines) - 1) / 2
    lines = lines - lines.mean(axis=0)
    lines = lines - np.multiply.outer(at, np.tensordot(at, lines, 1) / (at @ at))
    spectrum = np.abs(np.fft.rfft(lines * window[:, None, None], axis=0)) ** 2
    beside = np.abs(np.fft.rfftfreq(len(lines)) - frequency) < 2.5 / len(lines)
    rounding = (window @ window) / 12 / 255**2
    return spectrum.mean(axis=(1, 2))[beside].mean(), rounding


@pytest.mark.parametrize(
    ("preset", "purpose"), [("draft", "any-size"), ("standard", "any-size"), ("draft", "enlarging")]
)
def test_an_enlarged_sky_shows_neither_pixels_nor_vertices(preset, purpose):
    picture = sky_over_ground()
    painting = Painter(preset, purpose=purpose, engine="numpy").fit(picture)
    enlarged = painting.render((SCALE * WIDTH, SCALE * HEIGHT))
    spacing = painting.patches[0].network.encoding.levels[0].spacing
    waves = [n / (SCALE * period) for period in (1, spacing) for n in (1, 2)]
    for axis in (0, 1):
        for frequency in [wave for wave in waves if wave <= 0.5]:
            power, rounding = power_at(frequency, enlarged, axis)
            assert power <= max(power_at(frequency, bicubic(picture), axis)[0], rounding), (axis, frequency)
