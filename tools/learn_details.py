"""Make paintnet/dataset/details.safetensors: what true details have beyond the histospline's.

It learns from photographs of scikit-learn and scikit-image, none of which is in the benchmarks, and from
drawings of lines, shapes and letters. Each is halved by a box, a bicubic and a Lanczos filter; a quarter of
the halves become JPEG or noisy. A network learns the details of a pixel from the 9 x 9 pixels around it,
turned and mirrored at random, with errors weighted by contrast.

Run it with ``python tools/learn_details.py`` where paintnet and scikit-image are installed; it takes about
four minutes of one core.
"""

from collections.abc import Iterator
from importlib.resources import files
from io import BytesIO
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from safetensors.numpy import save_file

from paintnet.dataset import points

TARGET = files("paintnet.dataset").joinpath(points.FILE)
PHOTOGRAPHS = [("sklearn.datasets.images", name) for name in ("china.jpg", "flower.jpg")] + [
    ("skimage.data", name)
    for name in (
        *("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png", "camera.png"),
        *("brick.png", "grass.png", "gravel.png", "coins.png", "retina.jpg"),
    )
]
PAGES = [("skimage.data", name) for name in ("page.png", "text.png", "logo.png")]
DRAWINGS = 24
FILTERS = (
    Image.Resampling.BOX,  # twice: its details are the hardest
    Image.Resampling.BOX,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)
SPOILED = 0.25
"""Share of the halves that become JPEG or noisy."""

PATCHES = 6500
"""Of each half of a photograph."""

HIDDEN = (128, 64)
EPOCHS, BATCH, RATE = 40, 1024, 2e-3
CONTRAST_POWER = 1.5
"""Errors count by contrast to this power: 2 would be squared error in the picture."""

Array = NDArray[np.float32]


def originals(rng: np.random.Generator) -> Iterator[tuple[Image.Image, int]]:
    """Yield photographs at some sizes, pages and drawings, with how many patches to take of a half."""
    for package, name in PHOTOGRAPHS + PAGES:
        with files(package).joinpath(name).open("rb") as file:
            opened = Image.open(file)
            image = opened.convert("L" if opened.mode in ("1", "L") else "RGB")
        scales = (
            (1.0,) if (package, name) in PAGES else (1.0, 0.8, 0.6) if name.endswith("png") else (0.75, 0.55)
        )
        for scale in scales:
            size = [int(side * scale) // 2 * 2 for side in image.size]
            kind = rng.choice([Image.Resampling.LANCZOS, Image.Resampling.BICUBIC, Image.Resampling.BOX])
            yield image.resize((size[0], size[1]), Image.Resampling(kind)), PATCHES
    for _ in range(DRAWINGS):
        yield drawing(rng), PATCHES // 8


def drawing(rng: np.random.Generator, width: int = 360, height: int = 240) -> Image.Image:
    """Lines, ellipses, polygons and letters, drawn at four times their size."""

    def color() -> tuple[int, ...]:
        return tuple(int(level) for level in rng.choice([0, 30, 90, 128, 200, 255], 3))

    image = Image.new("RGB", (4 * width, 4 * height), (255, 255, 255) if rng.random() < 0.5 else color())
    draw = ImageDraw.Draw(image)
    for _ in range(rng.integers(10, 30)):
        x, y = float(rng.uniform(0, 4 * width)), float(rng.uniform(0, 4 * height))
        reach, pen = float(rng.uniform(6, 200)), int(rng.integers(2, 20))
        kind = rng.integers(4)
        if kind == 0:
            draw.line([x, y, *(rng.uniform(-400, 400, 2) + np.array([x, y]))], fill=color(), width=pen)
        elif kind == 1:
            inside = color() if rng.random() < 0.5 else None
            draw.ellipse([x, y, x + reach, y + 0.8 * reach], fill=inside, outline=color(), width=pen)
        elif kind == 2:
            corners = rng.uniform(-reach, reach, (4, 2)) + np.array([x, y])
            draw.polygon([(float(a), float(b)) for a, b in corners], fill=color())
        else:
            letters = "".join(chr(code) for code in rng.integers(33, 126, 14))
            font = ImageFont.load_default(int(rng.integers(36, 120)))
            draw.text((x - 300, y), letters, fill=color(), font=font)
    return image.resize((width, height), Image.Resampling.BOX)


def spoiled(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Save as JPEG and open again, or add noise."""
    if rng.random() < 0.75:
        file = BytesIO()
        image.save(file, "JPEG", quality=int(rng.integers(70, 97)))
        return Image.open(file)
    levels = np.asarray(image, dtype=np.float32)
    noisy = np.rint(levels + rng.normal(0, rng.uniform(1, 6), levels.shape))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def plane_of(image: Image.Image, weights: Array) -> Array:
    """Give a weighted sum of the channels, in [0, 1]."""
    levels = np.asarray(image, dtype=np.float32) / np.float32(255)
    return levels if levels.ndim == 2 else np.asarray(levels @ weights)


def training_set(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Patches, what their details have beyond the histospline's over the contrast, and the contrast."""
    parts = []
    for image, n_patches in originals(rng):
        for kind in FILTERS:
            half = image.resize((image.width // 2, image.height // 2), kind)
            half = spoiled(half, rng) if rng.random() < SPOILED else half
            one_channel = np.eye(3, dtype=np.float32)[rng.integers(3)]
            weights = points.LUMA if rng.random() < 0.7 else one_channel
            small, large = plane_of(half, weights), plane_of(image, weights)
            missing = (points.details_of(large) - points.histospline_details(small)).reshape(-1, 3)
            bands = list(points.normalized_patches(small))
            patches, contrast = (np.concatenate(values) for values in zip(*bands, strict=True))
            # Half of them at random, half where three times as many have the most contrast.
            some = rng.permutation(len(patches))[: 3 * n_patches]
            strong = some[np.argsort(-contrast[some])[: n_patches // 2]]
            rows = np.union1d(some[: n_patches // 2], strong)
            parts.append((patches[rows], missing[rows] / contrast[rows, None], contrast[rows]))
    inputs, targets, contrast = (np.concatenate(values) for values in zip(*parts, strict=True))
    return inputs, targets, contrast


def learn(inputs: Array, targets: Array, weights: Array, rng: np.random.Generator) -> points.DetailsNetwork:
    """Train by Adam, each batch turned in one way; the rate falls to 1 %.

    Not scikit-learn's: batches are turned, and the oldest supported version cannot weigh samples.
    """
    sizes = (points.SIDE**2, *HIDDEN, 3)
    coefs = [rng.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32) for a, b in pairwise(sizes)]
    coefs[-1] *= np.float32(0.1)
    network = points.DetailsNetwork(coefs, [np.zeros(n, dtype=np.float32) for n in sizes[1:]])
    parameters = network.weights + network.biases
    first, second = ([np.zeros_like(array) for array in parameters] for _ in range(2))
    turns = [(turn, points.turned_patch(turn)) for turn in points.TURNS]
    batches = len(inputs) // BATCH
    steps = EPOCHS * batches
    for step in range(steps):
        if step % batches == 0:
            order = rng.permutation(len(inputs))[: batches * BATCH].reshape(batches, BATCH)
        rows = order[step % batches]
        turn, pixels = turns[rng.integers(len(turns))]
        gradients = gradients_of(network, inputs[rows][:, pixels], turned(targets[rows], turn), weights[rows])
        moments = np.sqrt(1 - 0.99 ** (step + 1)) / (1 - 0.9 ** (step + 1))
        rate = np.float32(RATE * max(0.01, 1 - step / steps) * moments)
        for array, gradient, m, v in zip(parameters, gradients, first, second, strict=True):
            m += np.float32(0.1) * (gradient - m)
            v += np.float32(0.01) * (gradient * gradient - v)
            array -= rate * m / (np.sqrt(v) + np.float32(1e-8))
    return network


def turned(details: Array, turn: tuple[bool, ...]) -> Array:
    """Details of the turned pixel: `points.turned_back`, backwards."""
    transposed, upside_down, mirrored = turn
    details = details[:, [1, 0, 2]] if transposed else details
    across, down = (-1 if mirrored else 1), (-1 if upside_down else 1)
    return details * np.array([across, down, across * down], dtype=np.float32)


def gradients_of(network: points.DetailsNetwork, x: Array, y: Array, weights: Array) -> list[Array]:
    """Gradients of half the weighted squared error, first of the weights, then of the biases."""
    values = [x]
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        values.append(np.maximum(values[-1] @ weight + bias, 0))
    delta = network.forward(x) - y
    delta *= weights[:, None] / np.float32(len(x))
    of_weights: list[Array] = []
    of_biases: list[Array] = []
    for weight, inputs in zip(reversed(network.weights), reversed(values), strict=True):
        of_weights.insert(0, inputs.T @ delta)
        of_biases.insert(0, delta.sum(axis=0))
        delta = (delta @ weight.T) * (inputs > 0)
    return of_weights + of_biases


if __name__ == "__main__":
    generator = np.random.default_rng(0)
    inputs, targets, contrast = training_set(generator)
    print(f"{len(inputs):,} patches", flush=True)
    weights = contrast**CONTRAST_POWER
    network = learn(inputs, targets, (weights / weights.mean()).astype(np.float32), generator)
    named = {f"weight.{i}": array for i, array in enumerate(network.weights)}
    named |= {f"bias.{i}": array for i, array in enumerate(network.biases)}
    save_file({name: array.astype(np.float16) for name, array in named.items()}, str(TARGET))
    print(f"wrote {TARGET.name}")
