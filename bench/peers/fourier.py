"""Fourier-feature network (Tancik et al. 2020)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bench.peers.torch_field import Field, coordinates, relu_network
from bench.peers.torch_loop import main

FREQUENCIES = 256
SIGMA = 10.0
WIDTHS = (128, 128)
RATE = 3e-3
BETAS = (0.9, 0.99)


class Fourier(Field):
    """Sine and cosine of random directions, then a ReLU network.

    `SIGMA` counts cycles along the short side of the picture; the directions
    are drawn once and not learned.

    Parameters
    ----------
    picture : Tensor
        The picture to learn, (height, width, 3).
    """

    batch = 1024

    def __init__(self, picture: Tensor) -> None:
        super().__init__()
        height, width, _ = picture.shape
        extent = torch.tensor([width, height]) / min(height, width)
        self.points = coordinates(height, width) * (0.5 * extent)
        self.directions = 2 * math.pi * SIGMA * torch.randn(2, FREQUENCIES)
        self.network = relu_network(2 * FREQUENCIES, WIDTHS, picture)

    def groups(self) -> list[dict]:
        """Return all learned parameters as one group."""
        return [{"params": list(self.parameters()), "lr": RATE, "betas": BETAS}]

    def forward(self, items: Tensor) -> Tensor:
        """Return the colors (n, 3) of flat pixel numbers (n,)."""
        angles = self.points.index_select(0, items) @ self.directions
        return self.network(torch.cat([angles.sin(), angles.cos()], dim=1))


if __name__ == "__main__":
    main("fourier", Fourier)
