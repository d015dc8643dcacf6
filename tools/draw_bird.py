"""Draw paintnet/picture/bird.png: a blue bird on light grey, 100 x 100, two flat colors.

The outline is made of circles and curves in a square of side 1, sampled 16 x 16 times in every
pixel, so that its edges are antialiased. Run it with ``python tools/draw_bird.py``; it draws the
same pixels every time.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 100
SAMPLES = 16
BLUE = (0x1D, 0xA1, 0xF2)
GREY = (0xCC, 0xCC, 0xCC)
TARGET = Path(__file__).parent.parent / "paintnet" / "picture" / "bird.png"

Line = NDArray[np.float64]
Mask = NDArray[np.bool_]
Point = tuple[float, float]


def curve(start: Point, *segments: tuple[Point, Point, Point], steps: int = 48) -> list[Point]:
    """Follow cubic Bezier segments (two handles and an end each) and list points on the way."""
    points = [start]
    for first, second, end in segments:
        for step in range(1, steps + 1):
            t = step / steps
            weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
            corners = (start, first, second, end)
            points.append(
                (
                    sum(w * c[0] for w, c in zip(weights, corners, strict=True)),
                    sum(w * c[1] for w, c in zip(weights, corners, strict=True)),
                )
            )
        start = end
    return points


def inside(ticks: Line, outline: list[Point]) -> Mask:
    """Which positions lie within a closed outline: those a ray leaves an odd number of times."""
    x0, y0 = np.array(outline).T
    x1, y1 = np.array(outline[1:] + outline[:1]).T
    rows = []
    for y in ticks:
        crossed = (y0 > y) != (y1 > y)
        share = (y - y0[crossed]) / (y1[crossed] - y0[crossed])
        places = np.sort(x0[crossed] + share * (x1[crossed] - x0[crossed]))
        rows.append((places.size - np.searchsorted(places, ticks, side="right")) % 2 == 1)
    return np.array(rows)


def disc(ticks: Line, center: Point, radius: float) -> Mask:
    """Which positions lie within a circle."""
    return (ticks - center[0]) ** 2 + (ticks[:, np.newaxis] - center[1]) ** 2 <= radius**2


def bird(ticks: Line) -> Mask:
    """Which positions are blue, by row and column."""
    body = curve(
        (0.92, 0.345),  # the tip of the beak
        ((0.87, 0.375), (0.845, 0.385), (0.82, 0.395)),  # under the beak
        ((0.84, 0.60), (0.70, 0.79), (0.47, 0.79)),  # breast and belly
        ((0.36, 0.79), (0.27, 0.755), (0.20, 0.70)),  # towards the tail
        ((0.16, 0.745), (0.11, 0.79), (0.05, 0.81)),  # lower edge of the tail
        ((0.07, 0.70), (0.10, 0.62), (0.155, 0.545)),  # end of the tail
        ((0.25, 0.50), (0.37, 0.475), (0.47, 0.42)),  # back
        ((0.52, 0.39), (0.535, 0.355), (0.55, 0.315)),  # nape
        ((0.575, 0.235), (0.64, 0.195), (0.71, 0.195)),  # crown
        ((0.775, 0.195), (0.82, 0.235), (0.835, 0.29)),  # forehead
        ((0.86, 0.31), (0.89, 0.33), (0.92, 0.345)),  # upper edge of the beak
    )
    wing = curve(
        (0.60, 0.475),
        ((0.61, 0.60), (0.49, 0.685), (0.28, 0.66)),  # lower edge, down to the tip
        ((0.46, 0.64), (0.55, 0.575), (0.60, 0.475)),  # and back: a thin crescent
    )
    eye = disc(ticks, (0.735, 0.30), 0.026)
    return inside(ticks, body) & ~inside(ticks, wing) & ~eye


def draw() -> NDArray[np.uint8]:
    """Draw the bird as 8-bit levels of shape (100, 100, 3)."""
    ticks = (np.arange(SIDE * SAMPLES) + 0.5) / (SIDE * SAMPLES)
    cover = bird(ticks).reshape(SIDE, SAMPLES, SIDE, SAMPLES).mean(axis=(1, 3))[..., np.newaxis]
    return np.rint(cover * np.array(BLUE) + (1 - cover) * np.array(GREY)).astype(np.uint8)


def main() -> None:
    """Write the picture to its place in the package, or to the path that is given."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    Image.fromarray(draw()).save(target, format="PNG", optimize=True)


if __name__ == "__main__":
    main()
