"""A painting as one page that paints it on the reader's own machine, and asks no network for anything.

The page carries the networks: their numbers as base64, their forward pass as a shader of WebGL2 and
in plain JavaScript, which is also what answers for the point under the pointer.
"""

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any

import numpy as np

from paintnet._version import __version__
from paintnet.coding.network import CodedNetwork
from paintnet.encoding.base import PositionMap
from paintnet.encoding.fourier import FourierMap
from paintnet.encoding.grid import BASES, GridMap
from paintnet.encoding.pyramid import PyramidMap
from paintnet.encoding.raw import RawMap
from paintnet.errors import SettingsError
from paintnet.export.parts import known_network
from paintnet.files.names import printable
from paintnet.files.planes import CLASSES, MOST_STREAMS, pack_planes
from paintnet.model_parts import planes_of
from paintnet.network import Network
from paintnet.painting import Painting

MOST_NUMBERS = 40_000_000
"""Of all networks: at four features a vertex a card needs 160 MB for them, and a browser twice as much."""

MOST_PATCHES = 64
"""Each is a function of the shader, and compilers take long over many."""

SCRIPTS = ("planes.js", "network.js", "webgl.js", "words.js", "view.js")


def page_of(painting: Painting, name: str = "painting") -> bytes:
    """Write the page of a painting.

    Parameters
    ----------
    painting : Painting
        Of one patch, or of several.
    name : str
        What the page calls it.

    Returns
    -------
    bytes
        UTF-8; all that the page needs is in it.

    Raises
    ------
    SettingsError
        If it has an encoding that the page does not know, or more numbers than a browser holds.

    Examples
    --------
    >>> import paintnet
    >>> page = page_of(paintnet.fit("sample:bird", preset="draft", epochs=1), "bird")
    >>> b">bird, painted by a neural network</title>" in page
    True
    """
    # Imported here since only this export needs it.
    from jinja2 import Environment, PackageLoader

    _check_size(painting)
    about, weights = _contents(painting)
    # Names from outside are escaped; own files, and base64, need no escaping.
    environment = Environment(loader=PackageLoader("paintnet.export", "viewer"), autoescape=True)
    own = files("paintnet.export") / "viewer"
    script = "\n".join((own / each).read_text(encoding="utf-8") for each in SCRIPTS)
    style = (own / "page.css").read_text(encoding="utf-8")
    page = environment.get_template("page.html.j2").render(
        name=printable(name),
        version=__version__,
        words=_words(painting, printable(name)),
        has_hidden=bool(painting.patches[0].network.layers),
        about=about,
        weights=base64.b64encode(weights).decode("ascii"),
        script=script,
        style=style,
        script_hash=_hash(script),
        style_hash=_hash(style),
    )
    return page.encode("utf-8")


def _check_size(painting: Painting) -> None:
    """Refuse a painting that is too large for a page.

    Raises
    ------
    SettingsError
        With its size, and the way out.
    """
    for what, count, most in (
        ("numbers", painting.n_parameters, MOST_NUMBERS),
        ("patches", len(painting.patches), MOST_PATCHES),
    ):
        if count > most:
            why = f"it has {count:,} {what}, and a page holds {most:,}"
            raise SettingsError(
                "painting", why, "render it as .dzi, which viewers of tiles show, or paint it smaller"
            )


def _hash(text: str) -> str:
    """What a Content-Security-Policy calls a script or style that it allows."""
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _words(painting: Painting, name: str) -> dict[str, dict[str, str]]:
    """What the page says in each language; the places that are left are filled by its scripts."""
    text = (files("paintnet.export") / "viewer" / "words.json").read_text(encoding="utf-8")
    network = painting.patches[0].network
    values = {
        "patches": str(len(painting.patches)),
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
    for said in words.values():
        several = said.pop("about_several")
        if len(painting.patches) > 1:
            said["about"] = several
    return {language: {key: filled(said) for key, said in words[language].items()} for language in words}


def _contents(painting: Painting) -> tuple[dict[str, Any], bytes]:
    """What the page's scripts read, and the numbers of all networks: first floats, then packed planes."""
    about: dict[str, Any] = {
        "width": painting.width,
        "height": painting.height,
        "pixel": painting.pixel,
        "palette": None if painting.palette is None else painting.palette.tolist(),
        "patches": [],
    }
    floats, planes = [], []
    for patch in painting.patches:
        network = patch.network
        if isinstance(network, CodedNetwork):
            numbers, packed, table = _coded_weights(network)
        else:
            network = known_network(network)
            numbers, packed, table = _weights(network)
        floats.append(numbers)
        planes.append(packed)
        about["patches"].append(
            {
                "activation": network.activation,
                "output": network.output,
                "n_frequencies": 0,
                "layers": [{"inputs": coef.shape[0], "units": coef.shape[1]} for coef in network.coefs],
                "origin": patch.origin,
                "covers": patch.extent.to_list(),
                **_encoding(network.encoding),
                **table,
            }
        )
    covers = np.array([each["covers"] for each in about["patches"]])
    border = [*covers[:, :2].min(axis=0).tolist(), *covers[:, 2:].max(axis=0).tolist()]
    about["border"] = border
    for each in about["patches"]:
        # No other patch takes over at the border, so that it is no edge.
        pairs = zip(each["covers"], border, strict=True)
        each["edges"] = [None if edge == end else edge for edge, end in pairs]
    return about, b"".join([*floats, *planes])


def _encoding(encoding: PositionMap) -> dict[str, Any]:
    about: dict[str, Any] = {"encoding": encoding.name}
    if isinstance(encoding, RawMap):
        about["center"], about["half"] = encoding.center, encoding.unit
        about["extent"] = encoding.extent.to_list()
    elif isinstance(encoding, FourierMap):
        about["extent"] = encoding.extent.to_list()
        about["n_frequencies"] = int(encoding.frequencies.shape[1])
    elif isinstance(encoding, GridMap | PyramidMap):
        about["extent"] = encoding.extent.to_list()
        about["levels"] = [[level.rows, level.columns, level.spacing] for level in encoding.levels]
        if isinstance(encoding, GridMap):
            about["basis"], about["degree"] = encoding.basis, BASES[encoding.basis][0]
    return about


def _weights(network: Network) -> tuple[bytes, bytes, dict[str, Any]]:
    """Numbers as little-endian float32; and the table, where the painting's file packs it, as it is there.

    The floats are directions of the encoding, weights, biases.
    """
    planes = planes_of(network)
    coefs = network.coefs if planes is None else network.coefs[1:]
    arrays = (*network.encoding.tensors().values(), *coefs, *network.intercepts)
    numbers = b"".join(np.ascontiguousarray(array, dtype="<f4").tobytes() for array in arrays)
    if planes is None or network.lattice is None:
        return numbers, b"", {}
    packed = [pack_planes(each) for each in planes.values()]
    return numbers, b"".join(packed), {"table": {"lattice": network.lattice.tolist()} | _about(packed)}


def _coded_weights(network: CodedNetwork) -> tuple[bytes, bytes, dict[str, Any]]:
    """Give the same of a painting in whole numbers: its levels are planes, each with a gain.

    Raises
    ------
    SettingsError
        If one of them is larger than planes hold.
    """
    planes = network.coded.planes
    if max(float(np.abs(plane).max()) for plane in planes) > np.iinfo(np.int16).max:
        why = f"it has whole numbers above {np.iinfo(np.int16).max:,}, and a page holds none"
        raise SettingsError("painting", why, "render it")
    arrays = (*network.coefs[1:], *network.intercepts)
    numbers = b"".join(np.ascontiguousarray(array, dtype="<f4").tobytes() for array in arrays)
    packed = [pack_planes(plane[None].astype(np.int16)) for plane in planes]
    gains = network.coded.decoder[0].tolist()
    return numbers, b"".join(packed), {"table": {"gains": gains} | _about(packed)}


def _about(packed: list[bytes]) -> dict[str, Any]:
    """Tell what is needed to unpack planes."""
    # A browser's logarithm may round otherwise.
    firsts = np.searchsorted(CLASSES, np.arange(1, MOST_STREAMS)).tolist()
    return {"packed": [len(each) for each in packed], "firsts": firsts}
