"""What the PyTorch peers have in common as models of a picture."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Field(nn.Module):
    """A learnable picture: flat pixel numbers (n,) to colors (n, 3).

    Attributes
    ----------
    batch : int
        Pixels per training step.
    """

    batch: int

    def groups(self) -> list[dict]:
        """Return the parameter groups for Adam, each with its rate and betas."""
        raise NotImplementedError


def coordinates(height: int, width: int) -> Tensor:
    """Return (x, y) of every pixel, row by row, each axis from -1 to 1."""
    rows, columns = torch.linspace(-1, 1, height), torch.linspace(-1, 1, width)
    return torch.cartesian_prod(rows, columns).flip(1).contiguous()


def mean_bias(layer: nn.Linear, picture: Tensor) -> nn.Linear:
    """Let a last layer start from the mean color; return it."""
    with torch.no_grad():
        layer.bias.copy_(picture.mean(dim=(0, 1)))
    return layer


def relu_network(inputs: int, widths: tuple[int, ...], picture: Tensor) -> nn.Module:
    """Return ReLU layers of the given widths that start at the mean color."""
    layers: list[nn.Module] = []
    for width in widths:
        layers += [nn.Linear(inputs, width), nn.ReLU()]
        inputs = width
    return nn.Sequential(*layers, mean_bias(nn.Linear(inputs, 3), picture))
