"""Small paintings with chance weights: what they paint does not matter, only that all paint the same."""

import itertools
from dataclasses import replace

import numpy as np

from paintnet.coding.coded import Coded, Shape
from paintnet.coding.layout import Layout
from paintnet.coding.network import CodedNetwork
from paintnet.coding.weights import Steps
from paintnet.encoding.base import PositionMap
from paintnet.encoding.extent import Extent
from paintnet.encoding.fourier import FourierMap
from paintnet.encoding.grid import BASES, GridMap
from paintnet.encoding.raw import RawMap
from paintnet.network import Network
from paintnet.painting import Painting
from paintnet.patches import Patch

WIDTH, HEIGHT = 23, 14
EXTENT = Extent.of_picture(WIDTH, HEIGHT)

PALETTE = np.array([[0.9, 0.1, 0.2], [0.1, 0.6, 0.3], [0.2, 0.2, 0.8]], np.float32)


def encodings() -> dict[str, PositionMap]:
    """Every encoding, and the grid with each of its splines."""
    rng = np.random.default_rng(4)
    return {
        "raw": RawMap(EXTENT),
        "pixels": RawMap(EXTENT, normalize=False),
        "fourier": FourierMap.draw(EXTENT, 9, 2.0, rng),
        **{basis: GridMap.over(EXTENT, [3, 8], basis) for basis in BASES},
    }


def chance_painting(
    encoding: PositionMap,
    *,
    layers: tuple[int, ...] = (6, 5),
    channels: int = 3,
    activation: str = "tanh",
    palette: np.ndarray | None = None,
    outputs: int | None = None,
    pixel: str = "area",
) -> Painting:
    """A painting of one network with drawn weights, whose colors fill their range."""
    rng = np.random.default_rng(7)
    n_outputs = outputs or channels
    sizes = (encoding.n_features, *layers, n_outputs)
    grid = encoding.name == "grid"
    scale = 0.2 if isinstance(encoding, RawMap) and not encoding.normalize else 1.0
    coefs = [rng.normal(0, 1, shape).astype(np.float32) for shape in itertools.pairwise(sizes)]
    coefs = [coef * (scale if k == 0 else 1.0) for k, coef in enumerate(coefs)]
    coefs = [coef if grid and k == 0 else coef / np.float32(len(coef) ** 0.5) for k, coef in enumerate(coefs)]
    biases = [rng.normal(0, 0.2, size).astype(np.float32) for size in sizes[1:]]
    if palette is None:
        biases[-1] += np.float32(0.5)
    output = "identity" if palette is None else "logistic" if n_outputs == 1 else "softmax"
    network = Network(encoding, tuple(c.astype(np.float32) for c in coefs), tuple(biases), activation, output)
    patch = Patch.whole(network, WIDTH, HEIGHT)
    return Painting(
        patches=(patch,), width=WIDTH, height=HEIGHT, channels=channels,
        mode="regress" if palette is None else "classify", palette=palette, pixel=pixel,
    )  # fmt: skip


def mosaic_of(painting: Painting) -> Painting:
    """Four patches that overlap, each with the painting's network turned in its own way."""
    network = painting.patches[0].network
    rng = np.random.default_rng(5)
    patches = []
    for top, bottom in ((0.0, 8.0), (5.0, 13.0)):
        for left, right in ((0.0, 13.0), (9.0, 22.0)):
            coefs = (*network.coefs[:-1], rng.permutation(network.coefs[-1], axis=0))
            turned = replace(network, coefs=coefs)
            patches.append(Patch(turned, Extent(left, top, right, bottom), (left, top)))
    return replace(painting, patches=tuple(patches))


def pyramid_of(
    width: int = WIDTH, height: int = HEIGHT, channels: int = 3, output: str = "identity", seed: int = 0
) -> CodedNetwork:
    """A network in whole numbers, most of them small, whose colors fill their range."""
    rng = np.random.default_rng(seed)
    layout = Layout(width, height, (1, 2, 4, 16))
    flat = np.zeros(layout.size)
    for level in range(layout.n_levels):
        view = layout.view(flat, level)
        view[...] = rng.integers(-3, 4, view.shape) * rng.integers(0, 2, view.shape)
    shape = Shape(layout, channels, (6, 5), (2, 2))
    groups = [Steps.of(rng.normal(0, 0.5, int(np.prod(each))), 7) for each in shape.all]
    groups[0] = Steps.of(np.array([0.2, 0.3, 0.4, 0.5]), 7)
    bias = len(shape.decoder) - 1
    groups[bias] = Steps.of(groups[bias].values + (0.5 if output == "identity" else 0), 7)
    return CodedNetwork.of(Coded(shape, groups, flat), output)


def pyramids() -> dict[str, Painting]:
    """Small files of each kind."""
    windows = ((0, 0, 13, 14), (9, 0, 23, 14))
    patches = tuple(
        Patch(
            pyramid_of(right - left, bottom - top, seed=k),
            Extent(left, top, right - 1.0, bottom - 1.0),
            (float(left), float(top)),
        )
        for k, (left, top, right, bottom) in enumerate(windows)
    )
    classes = (Patch.whole(pyramid_of(output="softmax"), WIDTH, HEIGHT),)
    two = (Patch.whole(pyramid_of(channels=1, output="logistic", seed=7), WIDTH, HEIGHT),)
    return {
        "pyramid": Painting("regress", WIDTH, HEIGHT, 3, (Patch.whole(pyramid_of(), WIDTH, HEIGHT),)),
        "pyramids": Painting("regress", WIDTH, HEIGHT, 3, patches, pixel="center"),
        "pyramid of classes": Painting("classify", WIDTH, HEIGHT, 3, classes, PALETTE),
        "pyramid of two classes": Painting("classify", WIDTH, HEIGHT, 3, two, PALETTE[:2]),
    }


PYRAMIDS = pyramids()
"""Paintings in whole numbers, which a page takes and no other export."""

ENCODINGS = encodings()
COLORS = {
    **{name: chance_painting(encoding) for name, encoding in ENCODINGS.items()},
    "relu": chance_painting(ENCODINGS["raw"], activation="relu", layers=(17,)),
    "logistic": chance_painting(ENCODINGS["fourier"], activation="logistic"),
    "no hidden layer": chance_painting(ENCODINGS["keys"], layers=(), activation="identity"),
    "copied": chance_painting(ENCODINGS["linear"], pixel="center"),
    "grey": chance_painting(ENCODINGS["quadratic"], channels=1),
    "alpha": chance_painting(ENCODINGS["cubic"], channels=4),
}
CLASSES = {
    "two classes": chance_painting(ENCODINGS["keys"], palette=PALETTE[:2], outputs=1, pixel="center"),
    "one class": chance_painting(ENCODINGS["raw"], palette=PALETTE[:1], outputs=1, pixel="center"),
}
"""Paintings of all kinds that every export takes."""
