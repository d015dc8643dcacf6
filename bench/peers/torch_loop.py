"""The training loop and command line that every PyTorch peer shares."""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from bench.peers.torch_field import Field

FINAL_RATE = 0.01


@dataclass(frozen=True)
class Result:
    """What one timed run reached."""

    peer: str
    image: str
    seed: int
    seconds: float
    psnr: float
    parameters: int
    bits_per_pixel: float
    steps: int
    epochs: float


Builder = Callable[[Tensor], Field]


def read_picture(path: Path) -> Tensor:
    """Return a picture as float32 (height, width, 3) in [0, 1]."""
    with Image.open(path) as image:
        array = np.asarray(image.convert("RGB"), dtype=np.float32)
    return torch.from_numpy(array / 255)


def epoch_steps(pixels: int, batch: int) -> int:
    """Return the number of steps in which a field sees every pixel once."""
    return max(1, round(pixels / batch))


def strata(height: int, width: int, batch: int) -> Tensor:
    """Split the pixels into about `batch` compact groups of equal size.

    Returns
    -------
    Tensor
        Flat pixel numbers, of shape (groups, pixels per group); a few pixels
        occur twice where the picture does not divide evenly.
    """
    size = epoch_steps(height * width, batch)
    side = max(1, round(math.sqrt(size)))
    rows = torch.arange(height)[:, None]
    columns = torch.arange(width)[None, :]
    key = (rows // side * width + columns) * side + rows % side
    order = key.flatten().argsort()
    short = -len(order) % size
    return torch.cat([order, order[:short]]).reshape(-1, size)


def batches(height: int, width: int, batch: int) -> Iterator[Tensor]:
    """Yield batches of flat pixel numbers for ever, each spread evenly.

    A batch takes one pixel from every group of `strata`, and an epoch takes
    every pixel of a group once, in an order and from a start that are random.
    """
    groups = strata(height, width, batch)
    count, size = groups.shape
    first = torch.arange(count) * size
    while True:
        shift = torch.randint(size, (count,))
        for offset in torch.randperm(size):
            yield groups.take(first + (shift + offset) % size)


def decay(progress: float) -> float:
    """Return the factor on the learning rate at `progress` in [0, 1]."""
    wave = 0.5 + 0.5 * math.cos(math.pi * min(progress, 1.0))
    return FINAL_RATE + (1 - FINAL_RATE) * wave


def warm_up() -> None:
    """Take one step of no use: the first optimizer imports half of PyTorch."""
    weight = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.Adam([weight], fused=True)
    weight.square().sum().backward()
    optimizer.step()


def train(build: Builder, picture: Tensor, seconds: float, seed: int) -> tuple[Field, int]:
    """Build a field and train it; return it with the number of steps.

    The clock starts before the field is built, so whatever it computes in
    advance is paid from the same budget. Imports are not.
    """
    warm_up()
    torch.manual_seed(seed)
    begin = time.perf_counter()
    field = build(picture)
    colors = picture.reshape(-1, 3)
    optimizer = torch.optim.Adam(field.groups(), fused=True)
    rates = [group["lr"] for group in optimizer.param_groups]
    steps = 0
    for items in batches(*picture.shape[:2], field.batch):
        progress = (time.perf_counter() - begin) / seconds
        if progress >= 1:
            break
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * decay(progress)
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(field(items), colors.index_select(0, items))
        loss.backward()
        optimizer.step()
        steps += 1
    return field, steps


@torch.no_grad()
def render(field: Field, picture: Tensor) -> Tensor:
    """Return the field's picture in [0, 1], shaped like `picture`."""
    items = torch.arange(picture[..., 0].numel())
    parts = [field(part) for part in items.split(1 << 15)]
    return torch.cat(parts).reshape(picture.shape).clamp(0, 1)


def psnr(guess: Tensor, truth: Tensor) -> float:
    """Return the peak signal-to-noise ratio over all channels, in decibels."""
    return -10 * math.log10(float((guess - truth).double().square().mean()))


def parse(name: str) -> argparse.Namespace:
    """Read the command line that every peer has."""
    parser = argparse.ArgumentParser(prog=f"bench.peers.{name}")
    parser.add_argument("image", type=Path)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--picture", type=Path)
    return parser.parse_args()


def main(name: str, build: Builder) -> None:
    """Run one peer from the command line and report in JSON."""
    args = parse(name)
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    picture = read_picture(args.image)
    field, steps = train(build, picture, args.seconds, args.seed)
    guess = render(field, picture)
    parameters = sum(p.numel() for p in field.parameters())
    pixels = picture[..., 0].numel()
    result = Result(
        peer=name,
        image=args.image.name,
        seed=args.seed,
        seconds=args.seconds,
        psnr=round(psnr(guess, picture), 3),
        parameters=parameters,
        bits_per_pixel=round(32 * parameters / pixels, 3),
        steps=steps,
        epochs=round(steps / epoch_steps(pixels, field.batch), 2),
    )
    text = json.dumps(asdict(result))
    print(text)
    if args.out:
        args.out.write_text(text + "\n", encoding="utf-8")
    if args.picture:
        levels = (guess * 255).round().to(torch.uint8).numpy()
        Image.fromarray(levels).save(args.picture)
