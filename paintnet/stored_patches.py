"""Patches that lie in a file and are read when they are asked for: a mosaic larger than memory."""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, BinaryIO, NamedTuple, Protocol, Self

from paintnet.encoding.extent import FARTHEST, Extent
from paintnet.files.entries import Entry
from paintnet.files.parts import Part
from paintnet.files.spool import Spool
from paintnet.model_parts import codec_for, network_of, part_of
from paintnet.patches import LazyPatches, Patch

KEPT_BYTES = 256 * 2**20
"""Numbers of the patches that stay in memory, those that were used last; one patch always does."""


class Place(NamedTuple):
    """What is known of a patch without reading it; old files do not say how many weights it has."""

    extent: Extent
    origin: tuple[float, float]
    n_parameters: int | None

    @classmethod
    def of(cls, patch: Patch) -> Self:
        """Place of a patch that is there."""
        return cls(patch.extent, patch.origin, patch.network.n_parameters)

    def to_document(self) -> dict[str, Any]:
        """Turn it into JSON values."""
        document: dict[str, Any] = {"extent": self.extent.to_list(), "parameters": self.n_parameters}
        return document | ({"origin": list(self.origin)} if any(self.origin) else {})

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Build it again from `to_document`, refusing what could not have come from it."""
        x, y = (float(value) for value in document.get("origin", (0.0, 0.0)))
        if not max(abs(x), abs(y)) <= FARTHEST:
            raise ValueError(f"a patch that begins at {x}, {y}")
        n_parameters = document.get("parameters")
        if n_parameters is not None and type(n_parameters) is not int:
            raise ValueError(f"{n_parameters!r:.60} weights")
        return cls(Extent.from_list(document["extent"]), (x, y), n_parameters)


class PartSource(Protocol):
    """What stored parts are read from: a container that is open, or a spool."""

    def entry(self, name: str) -> Entry:
        """Describe a part."""

    def stored(self, name: str) -> bytes:
        """Read the bytes of a part as they are stored."""

    def read(self, name: str) -> Part:
        """Read a part."""


def patch_name(number: int) -> str:
    """Name of a patch's part."""
    return f"patch.{number}"


class StoredPatches(LazyPatches):
    """Patches of an open file; each is read, and held against its checksum, when it is asked for.

    The file stays open, so that one which is put in its place meanwhile is never mixed with it.

    Parameters
    ----------
    source : PartSource
        Has a part for each patch.
    places : list of Place
        Of each patch.
    told : callable, optional
        Gives a context that puts what is wrong with a part into words.
    file : binary file, optional
        Is closed with this object.
    """

    def __init__(
        self,
        source: PartSource,
        places: list[Place],
        told: Callable[[], AbstractContextManager[None]] = nullcontext,
        file: BinaryIO | None = None,
    ) -> None:
        self._source, self._places, self._told = source, places, told
        self._kept: OrderedDict[int, Patch] = OrderedDict()
        self._lock = threading.Lock()
        self.close = weakref.finalize(self, _nothing if file is None else file.close)
        self.n_read = 0

    def __len__(self) -> int:
        return len(self._places)

    @property
    def extents(self) -> Sequence[Extent]:
        """Where the patches lie."""
        return [place.extent for place in self._places]

    @property
    def places(self) -> Sequence[Place]:
        """All that is known of the patches without reading one."""
        return tuple(self._places)

    @property
    def kind(self) -> tuple[int, str]:
        """How many outputs each network has, and what they are."""
        return self.at(0).kind

    @property
    def n_parameters(self) -> int:
        """Weights and biases of all networks."""
        numbers = (place.n_parameters for place in self._places)
        return sum(
            self.at(k).network.n_parameters if number is None else number for k, number in enumerate(numbers)
        )

    def stored(self, number: int) -> bytes:
        """Give the bytes of a patch as they are stored."""
        with self._lock, self._told():
            return self._source.stored(patch_name(number))

    def entry(self, number: int) -> Entry:
        """Describe how a patch is stored, without reading it."""
        return self._source.entry(patch_name(number))

    def at(self, number: int) -> Patch:
        """Read a patch, or give it from those that were used last."""
        with self._lock:
            patch = self._kept.get(number)
            if patch is None:
                patch = self._read(number)
            self._keep(number, patch)
            return patch

    def _read(self, number: int) -> Patch:
        with self._told():
            place = self._places[number]
            network = network_of(self._source.read(patch_name(number)))
            self.n_read += 1
            if place.n_parameters not in (None, network.n_parameters):
                raise ValueError(f"patch {number} has {network.n_parameters:,} weights")
            patch = Patch(network, place.extent, place.origin)
            first = next(iter(self._kept.values()), patch)
            if patch.kind != first.kind:
                raise ValueError(f"patches with different outputs: {sorted({patch.kind, first.kind})}")
            return patch

    def _keep(self, number: int, patch: Patch) -> None:
        self._kept[number] = patch
        self._kept.move_to_end(number)
        size = sum(map(_bytes_of, self._kept.values()))
        while size > KEPT_BYTES and len(self._kept) > 1:
            size -= _bytes_of(self._kept.popitem(last=False)[1])


class SpooledPatches(StoredPatches):
    """Patches that are made one after the other and wait in a temporary file, as they will be stored.

    Parameters
    ----------
    codec : str, optional
        How they are stored; by default as `codec_for` says.
    file : binary file, optional
        Used in place of a temporary file.

    Examples
    --------
    >>> import paintnet
    >>> painting = paintnet.fit("sample:bird", preset="draft", epochs=1)
    >>> patches = SpooledPatches()
    >>> patches.append(painting.patches[0])
    >>> len(patches), patches[0].extent.right, patches.n_parameters == painting.n_parameters
    (1, 99.0, True)
    """

    def __init__(self, codec: str | None = None, file: BinaryIO | None = None) -> None:
        self._spool, self._codec = Spool(file), codec
        super().__init__(self._spool, [])

    def append(self, patch: Patch) -> None:
        """Store one more patch.

        Raises
        ------
        ValueError
            If its outputs are not those of the others.
        OutputError
            If there is no room for it.
        """
        if self._places and patch.kind != self.kind:
            raise ValueError(f"patches with different outputs: {sorted({patch.kind, self.kind})}")
        number = len(self._places)
        with self._lock:
            codec = self._codec or codec_for(patch.network)
            self._spool.add(patch_name(number), part_of(patch.network, codec), codec)
            self._places.append(Place.of(patch))
            self._keep(number, patch)


def _bytes_of(patch: Patch) -> int:
    return sum(array.nbytes for array in patch.network.arrays)


def _nothing() -> None:
    """Close nothing."""
