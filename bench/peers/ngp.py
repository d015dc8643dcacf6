"""Multiresolution dense grids in the style of instant-ngp (Mueller et al. 2022)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bench.peers.torch_field import Field, coordinates, relu_network
from bench.peers.torch_loop import main

LEVELS = (64, 256)
FEATURES = 8
HALVES = 2
START = 0.05
WIDTHS = (32, 32)
GRID_RATE = 0.1
NETWORK_RATE = 0.005
ADAM = {"betas": (0.9, 0.99), "eps": 1e-15}


class Grids(Field):
    """Bilinear feature grids with square cells, joined by a small network.

    A grid is stored as two halves of its features, because PyTorch's
    `grid_sample` shares its work among threads by the first dimension only.

    Parameters
    ----------
    picture : Tensor
        The picture to learn, (height, width, 3).
    """

    batch = 8192

    def __init__(self, picture: Tensor) -> None:
        super().__init__()
        height, width, _ = picture.shape
        short = min(height, width)
        self.points = coordinates(height, width)
        self.grids = nn.ParameterList()
        for level in LEVELS:
            shape = (round(level * height / short), round(level * width / short))
            grid = torch.empty(HALVES, FEATURES // HALVES, *shape)
            self.grids.append(nn.Parameter(grid.uniform_(-START, START)))
        self.network = relu_network(len(LEVELS) * FEATURES, WIDTHS, picture)

    def groups(self) -> list[dict]:
        """Return the grids and the network, the grids with the higher rate."""
        return [
            {"params": list(self.grids), "lr": GRID_RATE, **ADAM},
            {"params": list(self.network.parameters()), "lr": NETWORK_RATE, **ADAM},
        ]

    def forward(self, items: Tensor) -> Tensor:
        """Return the colors (n, 3) of flat pixel numbers (n,)."""
        points = self.points.index_select(0, items).expand(HALVES, 1, -1, -1)
        features = [nn.functional.grid_sample(grid, points, align_corners=True) for grid in self.grids]
        joined = torch.cat([part.reshape(FEATURES, -1) for part in features])
        return self.network(joined.T)


if __name__ == "__main__":
    main("ngp", Grids)
