"""Sine network, SIREN (Sitzmann et al. 2020)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from bench.peers.torch_field import Field, coordinates, mean_bias
from bench.peers.torch_loop import main

FIRST_OMEGA = 90.0
OMEGA = 30.0
WIDTH = 128
DEPTH = 3
RATE = 1e-3
BETAS = (0.9, 0.99)


class Siren(Field):
    """Layers of sin(omega (W x + b)) and a linear last layer.

    As in the authors' code the first layer has an omega of its own.

    Omega is folded into the weights, with the rate of Adam multiplied by it,
    which is the same learner with two products fewer per layer.

    Parameters
    ----------
    picture : Tensor
        The picture to learn, (height, width, 3).
    """

    batch = 4096

    def __init__(self, picture: Tensor) -> None:
        super().__init__()
        self.points = coordinates(*picture.shape[:2])
        sizes = [2, *[WIDTH] * DEPTH]
        self.sines = nn.ModuleList(map(nn.Linear, sizes, sizes[1:]))
        self.last = mean_bias(nn.Linear(WIDTH, 3), picture)
        hidden = math.sqrt(6 / WIDTH)
        with torch.no_grad():
            for depth, layer in enumerate(self.sines):
                bound = hidden if depth else FIRST_OMEGA / 2
                layer.weight.uniform_(-bound, bound)
                layer.bias.uniform_(-bound, bound)
            self.last.weight.uniform_(-hidden / OMEGA, hidden / OMEGA)

    def groups(self) -> list[dict]:
        """Return each layer with the rate that its folded omega asks for."""
        first, *others = self.sines
        rates = [(first, FIRST_OMEGA), *[(each, OMEGA) for each in others]]
        return [
            {"params": list(layer.parameters()), "lr": RATE * factor, "betas": BETAS}
            for layer, factor in [*rates, (self.last, 1.0)]
        ]

    def forward(self, items: Tensor) -> Tensor:
        """Return the colors (n, 3) of flat pixel numbers (n,)."""
        signal = self.points.index_select(0, items)
        for layer in self.sines:
            signal = torch.sin(layer(signal))
        return self.last(signal)


if __name__ == "__main__":
    main("siren", Siren)
