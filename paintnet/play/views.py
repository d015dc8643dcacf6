"""What a page shows of a painting: bytes for its canvases, and the answers for one position."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from paintnet.encoding.base import DenseMap
from paintnet.network import Network
from paintnet.painting import Painting
from paintnet.picture import unpremultiply
from paintnet.picture.formats import to_levels
from paintnet.play.lattice import Lattice
from paintnet.report.colors import color_name, hex_code
from paintnet.report.maps import INFERNO, colorise, error_levels
from paintnet.typing import Array

MOST_SHOWN = 32
"""Units of a layer that are shown at once; of more, a choice of `CHOICE` that can be moved along."""

CHOICE = 16

ERROR_END = 32.0
"""Error in levels that has the brightest color: fixed, so that one sees it fall."""

DIMMED = 0.15
"""What is left of the color of pixels that are learned, where those that are held out are to be seen."""

STRIP = 160
"""Colors along a line."""


def colors_of(painting: Painting, outputs: Array) -> Array:
    """Turn outputs of the network (n, outputs) into colors (n, channels), straight alpha."""
    palette = painting.palette
    if palette is None:
        return unpremultiply(np.clip(np.nan_to_num(outputs), 0, 1).astype(np.float32, copy=False))
    if len(palette) == 1:
        return np.broadcast_to(palette[0], (len(outputs), palette.shape[1]))
    if outputs.shape[1] == 1:
        return np.asarray(palette[(outputs[:, 0] > 0.5).astype(np.intp)])
    return np.asarray(palette[outputs.argmax(axis=1)])


def rgba(colors: Array) -> bytes:
    """Write colors (..., channels) in [0, 1] as bytes red, green, blue, alpha.

    Examples
    --------
    >>> list(rgba(np.array([[0.0], [1.0]]))), list(rgba(np.array([[1.0, 0.0, 0.2, 0.4]])))
    ([0, 0, 0, 255, 255, 255, 255, 255], [255, 0, 51, 102])
    """
    levels = to_levels(colors)
    pixels = np.full((*levels.shape[:-1], 4), 255, dtype=np.uint8)
    pixels[..., : max(3, levels.shape[-1])] = levels
    return pixels.tobytes()


def seen_as(view: str, colors: Array, original: Array, held_out: Array) -> bytes:
    """Write what one looks at: the painting, its error, or the pixels that it has not seen.

    Parameters
    ----------
    view : {"painting", "error", "held-out"}
        What is wanted.
    colors, original : array of shape (height, width, channels)
        The painting and what it should be.
    held_out : bool array of shape (height, width)
        Where pixels were kept back.
    """
    if view == "error":
        return rgba(colorise(np.clip(error_levels(original, colors) / ERROR_END, 0, 1), INFERNO) / 255)
    if view == "held-out":
        shown = np.array(colors)
        shown[~held_out, :3] *= DIMMED
        return rgba(shown)
    return rgba(colors)


@dataclass(frozen=True)
class Shown:
    """Which units of a layer are on the page: `count` of `units`, from `first` on."""

    units: int
    first: int
    count: int

    @classmethod
    def of(cls, units: int, first: int = 0) -> "Shown":
        """Choose them; `first` is what the page asks for."""
        if units <= MOST_SHOWN:
            return cls(units, 0, units)
        return cls(units, max(0, min(first, units - CHOICE)), CHOICE)

    @property
    def part(self) -> slice:
        """Their place in the layer."""
        return slice(self.first, self.first + self.count)


def network_view(network: Network, lattice: Lattice, firsts: list[int]) -> tuple[dict[str, Any], bytes]:
    """What every unit answers, as small pictures, and the weights between those shown.

    Parameters
    ----------
    network : Network
        As it is now.
    lattice : Lattice
        Where the small pictures have their pixels.
    firsts : list of int
        For the inputs and each layer, the first unit to show where it has too many.

    Returns
    -------
    header : dict
        Size of a picture, layers (the inputs first), the largest answer of each unit.
    body : bytes
        Signed bytes: the pictures of all shown units, then for each layer its weights from those shown
        before it, row by row. A grid has no pictures of its vertices, and so no weights before its layer.
    """
    encoding = network.encoding
    inputs = encoding.transform(lattice.xy) if isinstance(encoding, DenseMap) else None
    answers = [*([] if inputs is None else [inputs]), *lattice.responses(network)]
    first_at = 0 if inputs is not None else 1
    layers, pieces = [], []
    for number, answer in enumerate(answers):
        at = number + first_at
        shown = Shown.of(answer.shape[1], firsts[at] if at < len(firsts) else 0)
        values, largest = scaled(answer[:, shown.part])
        pieces.append(values.T.tobytes())
        layers.append((shown, largest))
    coefs = network.coefs if inputs is not None else network.coefs[1:]
    for coef, (before, _), (after, _) in zip(coefs, layers, layers[1:], strict=False):
        weights = coef[before.part, after.part]
        pieces.append(scaled(weights.reshape(-1, 1))[0].tobytes())
    header = {
        "width": lattice.width,
        "height": lattice.height,
        "encoding": encoding.name,
        "about": encoding.description,
        "features": encoding.n_features,
        "has_inputs": inputs is not None,
        "layers": [
            {"units": shown.units, "first": shown.first, "count": shown.count, "largest": largest}
            for shown, largest in layers
        ],
    }
    return header, b"".join(pieces)


def scaled(values: Array) -> tuple[Array, list[float]]:
    """Bring each column into signed bytes, its largest magnitude to 127.

    Examples
    --------
    >>> scaled(np.array([[0.5, 0.0], [-1.0, 0.0]]))[0].tolist()
    [[64, 0], [-127, 0]]
    """
    finite = np.nan_to_num(values, posinf=0, neginf=0)
    largest = np.abs(finite).max(axis=0, initial=0)
    relative = finite / np.maximum(largest, 1e-12)
    return np.rint(127 * relative).astype(np.int8), [float(f"{each:.4g}") for each in largest]


def probed(painting: Painting, xy: tuple[float, float], target: Array | None) -> dict[str, Any]:
    """Say all about one position: its color, its target, its classes, and its way through the network."""
    position = np.array([xy], dtype=np.float32)
    color = painting.predict(position)[0]
    said: dict[str, Any] = {"xy": list(xy), "color": hex_code(color), "name": color_name(color)}
    if target is not None:
        said |= {"target": hex_code(target), "target_name": color_name(target)}
    if painting.palette is not None:
        shares = painting.predict_proba(position)[0]
        most = np.argsort(-shares, kind="stable")[:8]
        said["classes"] = [[int(k), hex_code(painting.palette[k]), round(float(shares[k]), 4)] for k in most]
    if len(painting.patches) == 1:
        network = painting.patches[0].network
        place = Lattice(1, 1, position, network.encoding, [])
        layers = place.responses(network)
        if isinstance(network.encoding, DenseMap):
            layers.insert(0, network.encoding.transform(position))
        said["answers"] = [[float(f"{each:.4g}") for each in np.nan_to_num(layer[0])] for layer in layers]
    return said


def along(painting: Painting, start: tuple[float, float], end: tuple[float, float]) -> Array:
    """Positions (n, 2) of `STRIP` points along a line."""
    share = np.linspace(0, 1, STRIP)[:, None]
    return np.asarray((1 - share) * np.array(start) + share * np.array(end))
