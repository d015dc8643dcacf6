"""Make paintnet/engine/pretrained.safetensors: where the presets for photographs begin.

It learns from photographs of scikit-learn and scikit-image, none of which is in the benchmarks:

1. one decoder for a mosaic of six photographs, in one long run;
2. many short runs on turned, mirrored and recolored pieces; after each, the decoder moves a little
   less towards what the run made of it (Reptile, Nichol, Achiam and Schulman 2018);
3. one more short run; an encoder then learns by scikit-learn's ``MLPRegressor`` which features a
   vertex got, from the pixels around it.

Run it with ``python tools/learn_start.py`` where paintnet[fast] and scikit-image are installed; it
takes about five minutes.
"""

import warnings
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import save_file
from scipy.ndimage import gaussian_filter
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from paintnet.engine import pretrained, starts
from paintnet.metrics import psnr
from paintnet.painter.painter import Painter
from paintnet.painting import Painting
from paintnet.picture import premultiply

TARGET = Path(pretrained.__file__).with_name(pretrained.FILE)
PHOTOGRAPHS = [("sklearn.datasets.images", name) for name in ("china.jpg", "flower.jpg")] + [
    ("skimage.data", name) for name in ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg")
]
LONG_EPOCHS, SHORT_EPOCHS, SHORT_RUNS = 300, 80, 100
SPREAD = 0.1
"""Spread of random features before a short run, in spreads of the features after a long one."""

ENCODER_UNITS = 64

Array = NDArray[np.float32]


def tiles(width: int, height: int) -> list[Array]:
    """Each photograph, scaled and cut to a size."""
    pieces = []
    for package, name in PHOTOGRAPHS:
        with files(package).joinpath(name).open("rb") as file:
            image = Image.open(file).convert("RGB")
        scale = max(width / image.width, height / image.height)
        size = max(width, round(image.width * scale)), max(height, round(image.height * scale))
        image = image.resize(size, Image.Resampling.LANCZOS)
        left, top = (image.width - width) // 2, (image.height - height) // 2
        piece = np.asarray(image.crop((left, top, left + width, top + height)), dtype=np.float32)
        pieces.append(piece / 255)
    return pieces


def mosaic(pieces: list[Array]) -> Array:
    """Two columns of three."""
    columns = [np.concatenate(pieces[:3], axis=0), np.concatenate(pieces[3:], axis=0)]
    return np.concatenate(columns, axis=1)


def in_channels(picture: Array, channels: int, rng: np.random.Generator) -> Array:
    """Turn a photograph to grey, or cut shapes out of it."""
    if channels == 1:
        return np.asarray(picture @ np.array([0.299, 0.587, 0.114], dtype=np.float32))[:, :, None]
    if channels == 3:
        return picture
    noise = gaussian_filter(rng.standard_normal(picture.shape[:2]), 12)
    alpha = np.clip(0.5 + 20 * noise / noise.std() * rng.choice([0.02, 1.0]), 0, 1)
    return np.concatenate([picture, alpha[:, :, None].astype(np.float32)], axis=2)


def any_piece(pieces: list[Array], rng: np.random.Generator) -> Array:
    """One photograph or two beside each other, turned, mirrored, with its channels in another order."""
    chosen = rng.permutation(len(pieces))[: rng.integers(1, 3)]
    picture = np.concatenate([pieces[number] for number in chosen], axis=1)
    picture = np.rot90(picture, rng.integers(4))
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    if rng.random() < 0.3:
        picture = picture[:, :, rng.permutation(3)]
    return np.ascontiguousarray(picture)


def decoder_of(painting: Painting) -> list[Array]:
    """Every parameter behind the table of features, as `paintnet.engine.pretrained` orders them."""
    network = painting.patches[0].network
    arrays = [network.intercepts[0]]
    for weight, bias in zip(network.coefs[1:], network.intercepts[1:], strict=True):
        arrays += [weight, bias]
    return [array.copy() for array in arrays]


def begin_with(decoder: list[Array], center: Array, spread: Array, context: starts.StartContext) -> None:
    """Start of a short run: the decoder so far behind small random features."""
    estimator = context.estimator
    for weight, value in zip(pretrained.decoder_of(estimator), decoder, strict=True):
        weight[...] = value
    table = estimator.coefs_[0]
    table[...] = center + context.rng.standard_normal(table.shape) * spread


def paint(picture: Array, begin: Callable[[starts.StartContext], None], epochs: int, seed: int) -> Painting:
    """Run the preset from a start of ours."""
    kept, starts.STARTS["features"] = starts.STARTS["features"], begin
    try:
        return Painter("standard", purpose="copying", start="features", seed=seed, epochs=epochs).fit(picture)
    finally:
        starts.STARTS["features"] = kept


def learn(channels: int) -> dict[str, Array]:
    """Decoder and encoder for pictures of so many channels."""
    rng = np.random.default_rng(1)
    pieces = tiles(384, 288)
    whole = in_channels(mosaic(pieces), channels, rng)
    painting = Painter("standard", purpose="copying", start="features", epochs=LONG_EPOCHS).fit(whole)
    print(f"{channels} channels: the mosaic has {psnr(whole, painting.render()):.2f} dB", flush=True)
    decoder = decoder_of(painting)
    table = painting.patches[0].network.coefs[0]
    center, spread = table.mean(axis=0), table.std(axis=0)
    qualities = []
    for run in range(SHORT_RUNS):
        picture = in_channels(any_piece(pieces, rng), channels, rng)
        begin = partial(begin_with, decoder, center, SPREAD * spread)
        painting = paint(picture, begin, SHORT_EPOCHS, seed=run)
        qualities.append(psnr(picture, painting.render()))
        pull = max(0.05, 1 - run / SHORT_RUNS)
        decoder = [a + np.float32(pull) * (b - a) for a, b in zip(decoder, decoder_of(painting), strict=True)]
        center = center + pull * (painting.patches[0].network.coefs[0].mean(axis=0) - center)
        if run % 20 == 19:
            print(f"  {run + 1} short runs: {np.mean(qualities[-20:]):.2f} dB", flush=True)
    # Hardly any noise here: the features should follow from the picture alone.
    whole = in_channels(mosaic(tiles(480, 360)), channels, rng)
    painting = paint(whole, partial(begin_with, decoder, center, 0.02 * spread), SHORT_EPOCHS, seed=0)
    (level,) = painting.patches[0].network.encoding.levels
    encoder = learn_encoder(
        pretrained.patches(level, premultiply(whole)), painting.patches[0].network.coefs[0]
    )
    named = {f"{channels}.decoder.{i}": array for i, array in enumerate(decoder)}
    named |= {f"{channels}.encoder.{i}": array for i, array in enumerate(encoder)}
    return {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in named.items()}


def learn_encoder(patches: Array, features: Array) -> list[Array]:
    """Weights and biases of a network from patches to the features that training found."""
    network = MLPRegressor(
        hidden_layer_sizes=(ENCODER_UNITS,),
        activation="tanh",
        batch_size=1024,
        learning_rate_init=2e-3,
        max_iter=12,
        early_stopping=True,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(patches, features)
    print(f"  the encoder explains {network.score(patches, features):.0%} of the features")
    (first, last), (first_bias, last_bias) = network.coefs_, network.intercepts_
    return [first, first_bias, last, last_bias]


if __name__ == "__main__":
    save_file({name: array for channels in (1, 3, 4) for name, array in learn(channels).items()}, TARGET)
    print(f"wrote {TARGET.name}, {TARGET.stat().st_size:,} bytes")
