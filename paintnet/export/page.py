"""A painting as one page that paints it on the reader's own machine, and asks no network for anything.

The page carries the network: its numbers as base64, its forward pass as a shader of WebGL2 and
in plain JavaScript, which is also what answers for the point under the pointer.
"""

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any

import numpy as np

from paintnet._version import __version__
from paintnet.encoding.base import PositionMap
from paintnet.encoding.fourier import FourierMap
from paintnet.encoding.grid import BASES, GridMap
from paintnet.encoding.raw import RawMap
from paintnet.export.parts import only_network
from paintnet.files.names import printable
from paintnet.network import Network
from paintnet.painting import Painting

SCRIPTS = ("network.js", "webgl.js", "words.js", "view.js")


def page_of(painting: Painting, name: str = "painting") -> bytes:
    """Write the page of a painting.

    Parameters
    ----------
    painting : Painting
        Of one patch.
    name : str
        What the page calls it.

    Returns
    -------
    bytes
        UTF-8; all that the page needs is in it.

    Raises
    ------
    SettingsError
        If it has several patches, or an encoding that the page does not know.

    Examples
    --------
    >>> import paintnet
    >>> page = page_of(paintnet.fit("sample:bird", preset="draft", epochs=1), "bird")
    >>> b">bird, painted by a neural network</title>" in page
    True
    """
    # Imported here since only this export needs it.
    from jinja2 import Environment, PackageLoader

    network = only_network(painting)
    # Names from outside are escaped; own files, and base64, need no escaping.
    environment = Environment(loader=PackageLoader("paintnet.export", "viewer"), autoescape=True)
    own = files("paintnet.export") / "viewer"
    script = "\n".join((own / each).read_text(encoding="utf-8") for each in SCRIPTS)
    style = (own / "page.css").read_text(encoding="utf-8")
    page = environment.get_template("page.html.j2").render(
        name=printable(name),
        version=__version__,
        words=_words(painting, network, printable(name)),
        has_hidden=bool(network.layers),
        about=_about(painting, network),
        weights=base64.b64encode(_numbers(network)).decode("ascii"),
        script=script,
        style=style,
        script_hash=_hash(script),
        style_hash=_hash(style),
    )
    return page.encode("utf-8")


def _hash(text: str) -> str:
    """What a Content-Security-Policy calls a script or style that it allows."""
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _words(painting: Painting, network: Network, name: str) -> dict[str, dict[str, str]]:
    """What the page says in each language; the places that are left are filled by its scripts."""
    text = (files("paintnet.export") / "viewer" / "words.json").read_text(encoding="utf-8")
    values = {
        "width": str(painting.width),
        "height": str(painting.height),
        "encoding": network.encoding.name,
        "units": " → ".join(map(str, (network.encoding.n_features, *network.layers, network.n_outputs))),
        "activation": network.activation,
        "name": name,  # the last one: it may look like a place
    }

    def filled(said: str) -> str:
        for place, value in values.items():
            said = said.replace(f"{{{place}}}", value)
        return said

    words = json.loads(text)
    return {language: {key: filled(said) for key, said in words[language].items()} for language in words}


def _about(painting: Painting, network: Network) -> dict[str, Any]:
    """What the page's scripts read."""
    return {
        "width": painting.width,
        "height": painting.height,
        "pixel": painting.pixel,
        "palette": None if painting.palette is None else painting.palette.tolist(),
        "activation": network.activation,
        "output": network.output,
        "n_frequencies": 0,
        "layers": [{"inputs": coef.shape[0], "units": coef.shape[1]} for coef in network.coefs],
        **_encoding(network.encoding),
    }


def _encoding(encoding: PositionMap) -> dict[str, Any]:
    about: dict[str, Any] = {"encoding": encoding.name}
    if isinstance(encoding, RawMap):
        about["center"] = encoding.extent.center if encoding.normalize else (0.0, 0.0)
        about["half"] = encoding.extent.long_side / 2 if encoding.normalize else 1.0
        about["extent"] = encoding.extent.to_list()
    elif isinstance(encoding, FourierMap):
        about["extent"] = encoding.extent.to_list()
        about["n_frequencies"] = int(encoding.frequencies.shape[1])
    elif isinstance(encoding, GridMap):
        about["extent"] = encoding.extent.to_list()
        about["basis"], about["degree"] = encoding.basis, BASES[encoding.basis][0]
        about["levels"] = [[level.rows, level.columns, level.spacing] for level in encoding.levels]
    return about


def _numbers(network: Network) -> bytes:
    """All numbers as little-endian float32: directions of the encoding, weights, biases."""
    arrays = (*network.encoding.tensors().values(), *network.arrays)
    return b"".join(np.ascontiguousarray(array, dtype="<f4").tobytes() for array in arrays)
