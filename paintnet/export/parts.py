"""What every export needs of a painting: networks with an encoding that can be written down."""

import numpy as np

from paintnet.encoding.fourier import FourierMap
from paintnet.encoding.grid import GridMap
from paintnet.encoding.pyramid import PyramidMap
from paintnet.encoding.raw import RawMap
from paintnet.errors import SettingsError
from paintnet.network import Network
from paintnet.painting import Painting

KNOWN = (RawMap, FourierMap, GridMap)
"""Maps that are told to other programs."""


def only_network(painting: Painting) -> Network:
    """Give the network of a painting that has one, in float32.

    Raises
    ------
    SettingsError
        If the painting has several patches, or an encoding from outside the package.
    """
    if len(painting.patches) != 1 or any(painting.patches[0].origin):
        raise SettingsError(
            "painting",
            f"it consists of {len(painting.patches)} patches, and such a file holds one network",
            "export it as .html, or train it again with patch none",
        )
    return known_network(painting.patches[0].network)


def known_network(network: Network) -> Network:
    """Give a network in float32.

    Raises
    ------
    SettingsError
        If its encoding comes from outside the package, or is made for small files.
    """
    if isinstance(network.encoding, PyramidMap):
        why = "its pyramid of whole numbers would be far larger in such a file than in its own"
        remedy = "export it as .html, or train it again without bpp, file_size and storing"
        raise SettingsError("painting", why, remedy)
    if not isinstance(network.encoding, KNOWN):
        names = ", ".join(kind.name for kind in KNOWN)
        why = f"the encoding {network.encoding.name!r} comes from outside the package"
        raise SettingsError("painting", why, f"export one with an encoding of {names}")
    return Network(
        network.encoding,
        tuple(coef.astype(np.float32) for coef in network.coefs),
        tuple(intercept.astype(np.float32) for intercept in network.intercepts),
        network.activation,
        network.output,
        network.lattice,
    )
