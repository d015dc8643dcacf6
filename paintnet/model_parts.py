"""A network to and from the part of a container, and the limits of what a .paintnet file may hold."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from paintnet.coding.network import CodedNetwork
from paintnet.encoding.registry import ENCODINGS, map_named
from paintnet.errors import ModelFileError
from paintnet.files.container import ForeignFileError, Layout, NewerFileError
from paintnet.files.parts import CODECS, CODED, NEW_CODECS, ContainerError, OverLimitError, Part
from paintnet.files.planes import MOST_NUMBERS
from paintnet.network import Network
from paintnet.rounding import numbers_on_lattice, on_lattice
from paintnet.typing import Array

FORMAT_VERSION = 3
"""Written only where one of its new ways to store is used; all else is of version 2."""

MAX_LAYERS = 64
"""Of the network of one patch."""

MAX_PATCHES = 10_000

LAYOUT = Layout(
    key="paintnet",
    version=FORMAT_VERSION,
    max_parts=MAX_PATCHES + 1,  # and the palette
    max_part_bytes=800_000_000,  # 100 million parameters in float64
    max_bytes=64_000_000_000,  # patches are read one at a time
    oldest=2,
)

MAKE_ONE = "give a file that a painting was saved to"
_ANOTHER_COPY = "get an intact copy, or paint it again"
SMALLER = "use a smaller network"
_MALFORMED = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError)


class UnknownEncodingError(Exception):
    """A model whose encoding is not registered here; it carries the name."""


@contextmanager
def told(name: str) -> Iterator[None]:
    """Put what is wrong with a file into words, and say what to do about it."""
    try:
        yield
    except ForeignFileError as error:
        raise ModelFileError(name, f"not a paintnet model{error}", MAKE_ONE, "model") from error
    except NewerFileError as error:
        why = f"written by a newer paintnet ({error})"
        raise ModelFileError(name, why, "upgrade with `pip install --upgrade paintnet`") from error
    except OverLimitError as error:
        raise ModelFileError(name, str(error), SMALLER) from error
    except UnknownEncodingError as error:
        why = f"unknown encoding {error.args[0]!r:.60}"
        raise ModelFileError(name, why, "install or import what registers it") from error
    except ContainerError as error:
        raise ModelFileError(name, f"damaged model: {error}", _ANOTHER_COPY) from error
    except OSError as error:
        raise ModelFileError(name, error.strerror or "cannot be read", MAKE_ONE, "model") from error
    except _MALFORMED as error:
        why = f"damaged model: {type(error).__name__}: {error}"
        raise ModelFileError(name, why, _ANOTHER_COPY) from error


def codec_for(network: Network) -> str:
    """Name the codec that keeps a network in the fewest bytes, losing nothing."""
    if isinstance(network, CodedNetwork):
        return CODED
    return "raw" if network.lattice is None else "packed"


def part_of(network: Network, codec: str) -> Part:
    """Make the part that holds a network, for a codec."""
    if codec == CODED and isinstance(network, CodedNetwork):
        return Part({CODED: np.frombuffer(network.to_bytes(), np.uint8)})
    tensors = {f"encoding.{name}": array for name, array in network.encoding.tensors().items()}
    tensors |= {f"coefs.{k}": array for k, array in enumerate(network.coefs)}
    tensors |= {f"intercepts.{k}": array for k, array in enumerate(network.intercepts)}
    if codec in NEW_CODECS and network.lattice is not None:
        planes = planes_of(network)
        # Where somebody put other weights in place of those of the lattice, they are kept as they are.
        if planes is not None:
            del tensors["coefs.0"]
            tensors |= planes | {"lattice": network.lattice}
    document = {
        "encoding": network.encoding.to_document(),
        "activation": network.activation,
        "output": network.output,
    }
    return Part(tensors, document)


def bytes_of(network: Network) -> int:
    """Count the bytes that a network's weights take in a file."""
    codec = codec_for(network)
    if codec in ("raw", CODED):
        return network.n_bytes
    return len(CODECS[codec].encode(part_of(network, codec)))


def planes_of(network: Network) -> dict[str, Array] | None:
    """Whole numbers of a table on its lattice, as planes for each level of its grid; None where it is off."""
    if network.lattice is None:
        return None
    table, levels = network.coefs[0], getattr(network.encoding, "levels", ())
    numbers = numbers_on_lattice(table, network.lattice)
    if numbers is None or numbers.size > MOST_NUMBERS:
        return None
    if not np.array_equal(on_lattice(numbers, network.lattice), table):
        return None
    ends = np.cumsum([level.n_vertices for level in levels])
    return {
        f"planes.{k}": part.T.reshape(-1, level.rows, level.columns)
        for k, (level, part) in enumerate(zip(levels, np.split(numbers, ends[:-1]), strict=True))
    }


def _table_of(tensors: dict[str, Array]) -> Array:
    """Take the planes of a table out of a part's tensors, and build the table again."""
    basis = tensors["lattice"]
    features = len(basis)
    n_levels = sum(name.startswith("planes.") for name in tensors)
    planes = [tensors.pop(f"planes.{k}") for k in range(n_levels)]
    if basis.dtype != np.float64 or basis.shape != (features, features) or not planes:
        raise ValueError(f"a lattice of shape {basis.shape} and {n_levels} planes")
    table = on_lattice(np.concatenate([each.reshape(features, -1).T for each in planes]), basis)
    if not np.isfinite(table).all():
        raise ValueError("a lattice with points that are not finite")
    return table


def network_of(part: Part) -> Network:
    """Build a network from its part, trusting nothing in it."""
    if part.tensors.keys() == {CODED} and part.tensors[CODED].dtype == np.uint8:
        return CodedNetwork.from_bytes(part.tensors[CODED].tobytes())
    tensors, document = dict(part.tensors), part.document
    lattice = None
    if "lattice" in tensors:
        if "coefs.0" in tensors:
            raise ValueError("a table that is stored twice")
        tensors["coefs.0"] = _table_of(tensors)
        lattice = tensors.pop("lattice")
    n_layers = sum(name.startswith("coefs.") for name in tensors)
    if n_layers > MAX_LAYERS:
        raise OverLimitError(f"{n_layers} layers, more than {MAX_LAYERS}")
    prefix = "encoding."
    ours = [name for name in tensors if name.startswith(prefix)]
    drawn = {name.removeprefix(prefix): tensors.pop(name) for name in ours}
    encoding = document["encoding"]
    if isinstance(encoding["name"], str) and encoding["name"] not in ENCODINGS:
        raise UnknownEncodingError(encoding["name"])
    network = Network(
        encoding=map_named(encoding["name"]).from_document(encoding, drawn),
        coefs=tuple(tensors.pop(f"coefs.{k}") for k in range(n_layers)),
        intercepts=tuple(tensors.pop(f"intercepts.{k}") for k in range(n_layers)),
        activation=document["activation"],
        output=document["output"],
        lattice=lattice,
    )
    if tensors:
        raise ValueError(f"unexpected tensors {sorted(tensors)}")
    return network
