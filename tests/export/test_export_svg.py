"""The regions of a painting as paths: they are where `render` has the classes, without gaps."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter

import paintnet
from paintnet.encoding.extent import Extent
from paintnet.errors import SettingsError
from paintnet.export.curves import fit_curves, fit_pieces
from paintnet.export.formats import export_bytes
from paintnet.export.svg import svg_of
from paintnet.painting import Painting
from paintnet.patches import Patch
from tests.browser import launched
from tests.export.export_helpers import HEIGHT, PALETTE, WIDTH, chance_painting, encodings

SCALE = 20
TOKEN = re.compile(r"[MhvHclz]|-?(?:\d+\.?\d*|\.\d+)")


def classes_painting(encoding: str = "keys", n_classes: int = 3) -> Painting:
    return chance_painting(
        encodings()[encoding], palette=PALETTE[:n_classes], outputs=n_classes, pixel="center"
    )


def paths_of(svg: bytes) -> list[ElementTree.Element]:
    return ElementTree.fromstring(svg).findall("{http://www.w3.org/2000/svg}path")


def rings_of(text: str) -> list[list[tuple[float, float]]]:
    """Outlines of a path as points, 16 to a curve."""
    rings: list[list[tuple[float, float]]] = []
    command, numbers = "", []
    at = np.zeros(2)
    for token in TOKEN.findall(text):
        if token[0] in "MhvHclz":
            command, numbers = token, []
            continue
        numbers.append(float(token))
        if len(numbers) < {"M": 2, "l": 2, "c": 6}.get(command, 1):
            continue
        if command == "M":
            at = np.array(numbers)
            rings.append([])
        elif command == "c":
            control = np.concatenate([np.zeros((1, 2)), np.reshape(numbers, (3, 2))]) + at
            t = np.linspace(0, 1, 16)[1:, None]
            parts = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            rings[-1] += [
                tuple(point) for point in sum(p * c for p, c in zip(parts, control, strict=True))[:-1]
            ]
            at = control[3]
        elif command == "H":
            at = np.array([numbers[0], at[1]])
        else:
            at = at + {"h": (numbers[0], 0), "v": (0, numbers[0]), "l": tuple(numbers)}[command]
        rings[-1].append(tuple(at))
        numbers = []
    return rings


def drawn(svg: bytes, width: int, height: int, scale: int) -> np.ndarray:
    """The number of the class of each pixel, -1 where nothing is drawn."""
    found = np.full((height * scale, width * scale), -1)
    for path in paths_of(svg):
        number = int(path.attrib["id"].removeprefix("class-"))
        found[inside(rings_of(path.attrib["d"]), width, height, scale)] = number
    return found


def inside(rings: list[list[tuple[float, float]]], width: int, height: int, scale: int) -> np.ndarray:
    """Which pixels' centers are inside, by the rule of even and odd crossings."""
    found = np.zeros((height * scale, width * scale), bool)
    starts = np.concatenate([np.array(ring) for ring in rings])
    ends = np.concatenate([np.roll(np.array(ring), -1, axis=0) for ring in rings])
    centers = (np.arange(width * scale) + 0.5) / scale
    for row in range(len(found)):
        y = (row + 0.5) / scale
        crosses = (starts[:, 1] > y) != (ends[:, 1] > y)
        (x0, y0), (x1, y1) = starts[crosses].T, ends[crosses].T
        at = np.sort(x0 + (y - y0) * (x1 - x0) / (y1 - y0))
        found[row] = np.searchsorted(at, centers) % 2 == 1
    return found


def classes_of(painting: Painting, scale: int) -> np.ndarray:
    xs, ys = ((np.arange(side * scale) + 0.5) / scale - 0.5 for side in (painting.width, painting.height))
    xy = np.stack(np.meshgrid(xs, ys), axis=2).reshape(-1, 2)
    return painting.predict_proba(xy).argmax(axis=1).reshape(len(ys), len(xs))


@pytest.mark.parametrize("name", ["keys", "linear", "fourier", "raw"])
def test_every_place_has_the_class_that_is_painted_there(name: str) -> None:
    painting = classes_painting(name)
    expected = classes_of(painting, SCALE)
    assert len(np.unique(expected)) >= 2
    found = drawn(svg_of(painting), WIDTH, HEIGHT, SCALE)
    assert (found >= 0).all()
    # An outline may be a fifth of a pixel off, and an island of less may be left out.
    near = 2 * SCALE // 5 + 1
    is_clear = maximum_filter(expected, near) == minimum_filter(expected, near)
    assert is_clear.mean() > 0.6
    assert (found != expected)[is_clear].mean() < 0.001
    assert (found != expected).mean() < 0.04


def test_a_mosaic_is_drawn_as_it_is_blended() -> None:
    painting = classes_painting()
    network = painting.patches[0].network
    turned = replace(network, coefs=(*network.coefs[:-1], network.coefs[-1][:, ::-1].copy()))
    halves = (Patch(network, Extent(0.0, 0.0, 14.0, 13.0)), Patch(turned, Extent(8.0, 0.0, 22.0, 13.0)))
    mosaic = replace(painting, patches=halves)
    expected = classes_of(mosaic, SCALE)
    assert (expected != classes_of(painting, SCALE)).mean() > 0.05
    assert (drawn(svg_of(mosaic), WIDTH, HEIGHT, SCALE) != expected).mean() < 0.02


def test_colors_that_are_not_opaque_lie_side_by_side() -> None:
    palette = np.concatenate([PALETTE, [[0.5], [1.0], [0.0]]], axis=1).astype(np.float32)
    painting = replace(classes_painting(), palette=palette, channels=4)
    svg = svg_of(painting)
    expected = np.where((classes := classes_of(painting, SCALE)) == 2, -1, classes)
    assert len(np.unique(expected)) == 3
    # Nothing lies under the half transparent class, and the transparent one is not there.
    shares = [(drawn_alone(path) != (expected == number)).mean() for number, path in by_number(svg).items()]
    assert len(shares) == 2
    assert max(shares) < 0.02
    assert b'fill="#e61a33" fill-opacity="0.502"' in svg


def by_number(svg: bytes) -> dict[int, ElementTree.Element]:
    return {int(path.attrib["id"].removeprefix("class-")): path for path in paths_of(svg)}


def drawn_alone(path: ElementTree.Element) -> np.ndarray:
    return inside(rings_of(path.attrib["d"]), WIDTH, HEIGHT, SCALE)


def test_one_class_is_a_rectangle_and_a_hostile_name_stays_a_text() -> None:
    painting = chance_painting(encodings()["raw"], palette=PALETTE[:1], outputs=1, pixel="center")
    svg = svg_of(painting, "a <b> & c").decode()
    assert "<title>a &lt;b&gt; &amp; c</title>" in svg
    assert f'd="M0 0h{WIDTH}v{HEIGHT}H0z"' in svg
    assert svg.count("<path") == 1


def test_a_painting_of_colors_has_no_regions() -> None:
    with pytest.raises(SettingsError, match="a painting of mode regress has no regions; train it with mode"):
        export_bytes(chance_painting(encodings()["raw"]), ".svg")


def test_without_contourpy_the_pip_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paintnet.export.svg.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"contourpy, which is not installed; install it with pip"):
        svg_of(classes_painting())


@pytest.mark.parametrize("tolerance", [0.1, 0.01])
def test_curves_stay_within_their_tolerance_and_hang_together(tolerance: float) -> None:
    angle = np.linspace(0, 2 * np.pi, 400)
    radius = 10 + 2 * np.sin(5 * angle)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    points[-1] = points[0]
    curves = fit_curves(points, tolerance, is_closed=True)
    assert len(curves) < len(points) / 8
    np.testing.assert_array_equal(curves[1:, 0], curves[:-1, 3])
    np.testing.assert_array_equal(curves[0, 0], curves[-1, 3])
    t = np.linspace(0, 1, 2000)[:, None]
    parts = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    line = np.concatenate([sum(p * c for p, c in zip(parts, curve, strict=True)) for curve in curves])
    apart = [np.linalg.norm(line - point, axis=1).min() for point in points]
    assert max(apart) <= 1.1 * tolerance


def test_specks_and_holes_of_less_than_an_area_are_left_out_and_counted() -> None:
    painting = classes_painting()
    told: list[str] = []
    whole, few = svg_of(painting, specks=0), svg_of(painting, specks=15, note=told.append)
    areas = [[abs(area_of(ring)) for ring in rings_of(path.attrib["d"])] for path in paths_of(whole)]
    small = [area for each in areas for area in each if area < 15]
    assert 0 < len(small) < sum(map(len, areas))
    assert told == [f"{len(small)} specks of less than 15 pixels are left out"]
    kept = [ring for path in paths_of(few) for ring in rings_of(path.attrib["d"])]
    assert len(kept) == sum(map(len, areas)) - len(small)


def area_of(ring: list[tuple[float, float]]) -> float:
    x, y = np.array(ring).T
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)


@pytest.mark.parametrize("area", [-1, np.nan, np.inf])
def test_an_area_that_is_none_is_refused(area: float) -> None:
    with pytest.raises(SettingsError, match=r"specks: must be an area, not .*; give 0 or more pixels"):
        svg_of(classes_painting(), specks=area)


def test_pieces_are_fitted_together_as_each_alone() -> None:
    angle = np.linspace(0, 2 * np.pi, 60)
    ring = np.stack([(4 + np.sin(3 * angle)) * np.cos(angle), 4 * np.sin(angle)], axis=1)
    ring[-1] = ring[0]
    line, two = ring[5:30] + 20, ring[[0, 20]] - 30
    pieces = [two, ring, line, ring * 2, two + 9]
    firsts = np.cumsum([0, *(len(piece) for piece in pieces[:-1])])
    closed = np.array([False, True, False, True, False])
    curves, owner = fit_pieces(np.concatenate(pieces), firsts, closed, 0.02)
    for number, (piece, is_closed) in enumerate(zip(pieces, closed, strict=True)):
        alone = fit_curves(piece, 0.02, is_closed=bool(is_closed))
        np.testing.assert_allclose(curves[owner == number], alone, atol=1e-9)


def test_a_browser_draws_the_bird_as_render_does(tmp_path: Path) -> None:
    painting = paintnet.fit("sample:bird", mode="classify", preset="draft", seed=0)
    svg = svg_of(painting, "bird")
    assert len(svg) < 12_000
    (tmp_path / "bird.svg").write_bytes(svg)
    size = 1000
    style = f"body {{ margin: 0 }} img {{ display: block; width: {size}px; height: {size}px }}"
    (tmp_path / "page.html").write_text(f"<style>{style}</style><img src='bird.svg'>")
    with launched("") as browser:
        page = browser.new_page(viewport={"width": size, "height": size})
        page.goto((tmp_path / "page.html").as_uri())
        page.screenshot(path=tmp_path / "shot.png")
    shot = np.asarray(Image.open(tmp_path / "shot.png").convert("RGB"), np.float32) / 255
    assert painting.palette is not None
    distance = np.abs(shot[:, :, None] - painting.palette).sum(axis=3)
    expected = np.abs(painting.render((size, size))[:, :, None] - painting.palette).sum(axis=3)
    assert (distance.argmin(axis=2) == expected.argmin(axis=2)).mean() >= 0.995
