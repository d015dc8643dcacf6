"""Patches that lie in a file and are read when they are asked for: a mosaic larger than memory."""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from contextlib import AbstractContextManager, nullcontext
from typing import Any, BinaryIO, NamedTuple, Protocol, Self

from paintnet.encoding.extent import FARTHEST, Extent
from paintnet.files.entries import Entry, decode_part
from paintnet.files.parts import CODECS, CODED
from paintnet.files.spool import Spool
from paintnet.model_parts import codec_for, network_of, part_of
from paintnet.patches import LazyPatches, Patch

KEPT_BYTES = 768 * 2**20
"""Numbers of the patches that stay in memory, those that were used last; one patch always does.

A render needs those of two rows at a time: of a painting 30,000 pixels wide they take 550 MB."""


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


class Stored(NamedTuple):
    """A patch as it is stored: the bytes, the codec that made them, and the bytes of its tensors."""

    data: bytes
    codec: str
    n_bytes: int

    @classmethod
    def of(cls, patch: Patch, codec: str | None = None) -> Self:
        """Store a patch by a codec; by default by that of `codec_for`."""
        codec = codec or codec_for(patch.network)
        part = part_of(patch.network, codec)
        return cls(CODECS[codec].encode(part), codec, part.n_bytes)


class PartSource(Protocol):
    """What stored parts are read from: a container that is open, or a spool."""

    def entry(self, name: str) -> Entry:
        """Describe a part."""

    def stored(self, name: str) -> bytes:
        """Read the bytes of a part as they are stored."""


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
        self._source, self._places, self._told = source, dict(enumerate(places)), told
        self._kept: OrderedDict[int, Patch] = OrderedDict()
        self._lock = threading.Lock()
        self.close = weakref.finalize(self, _nothing if file is None else file.close)
        self.n_read = 0

    def __len__(self) -> int:
        return len(self._places)

    @property
    def extents(self) -> Sequence[Extent]:
        """Where the patches lie."""
        return [place.extent for place in self.places]

    @property
    def places(self) -> Sequence[Place]:
        """All that is known of the patches without reading one."""
        return tuple(self._places[number] for number in sorted(self._places))

    @property
    def kind(self) -> tuple[int, str]:
        """How many outputs each network has, and what they are."""
        return self.at(min(self._places)).kind

    @property
    def n_parameters(self) -> int:
        """Weights and biases of all networks."""
        return sum(
            self.at(number).network.n_parameters if place.n_parameters is None else place.n_parameters
            for number, place in self._places.items()
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
        # Unpacked without the lock: threads that paint several patches then do it at the same time.
        patch = patch or self._read(number)
        with self._lock:
            self._keep(number, patch)
        return patch

    def keep_only(self, numbers: Collection[int]) -> None:
        """Forget what was read of all other patches."""
        with self._lock:
            for number in self._kept.keys() - set(numbers):
                del self._kept[number]

    def _read(self, number: int) -> Patch:
        with self._told():
            place = self._places[number]
            name = patch_name(number)
            with self._lock:
                entry, stored = self._source.entry(name), self._source.stored(name)
                self.n_read += 1
                first = next(iter(self._kept.values()), None)
            network = network_of(decode_part(name, entry, stored))
            if place.n_parameters not in (None, network.n_parameters):
                raise ValueError(f"patch {number} has {network.n_parameters:,} weights")
            patch = Patch(network, place.extent, place.origin)
            if first is not None and patch.kind != first.kind:
                raise ValueError(f"patches with different outputs: {sorted({patch.kind, first.kind})}")
            return patch

    def _keep(self, number: int, patch: Patch) -> None:
        self._kept[number] = patch
        self._kept.move_to_end(number)
        size = sum(map(_bytes_of, self._kept.values()))
        while size > KEPT_BYTES and len(self._kept) > 1:
            size -= _bytes_of(self._kept.popitem(last=False)[1])


class SpooledPatches(StoredPatches):
    """Patches that wait in a temporary file, as they will be stored, while others are made.

    They may come in any order; as long as some are missing, only `numbers`, `at` and `kind` are to be used.

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
        """Store one more patch behind the others; raises as `put`."""
        self.put(len(self._places), patch)

    @property
    def numbers(self) -> Set[int]:
        """Numbers of the patches that are there."""
        return self._places.keys()

    def put(self, number: int, patch: Patch, stored: Stored | None = None) -> None:
        """Store a patch under its number, in the bytes that were made of it elsewhere if there are any.

        Raises
        ------
        ValueError
            If its outputs are not those of the others.
        OutputError
            If there is no room for it.
        """
        stored = stored or Stored.of(patch, self._codec)
        if self._places and patch.kind != self.kind:
            raise ValueError(f"patches with different outputs: {sorted({patch.kind, self.kind})}")
        with self._lock:
            self._spool.add_stored(patch_name(number), *stored)
            self._places[number] = Place.of(patch)
            # One says what outputs all of them have; and to read what is coded again takes long.
            if not self._kept or stored.codec == CODED:
                self._keep(number, patch)


def _bytes_of(patch: Patch) -> int:
    return sum(array.nbytes for array in patch.network.arrays)


def _nothing() -> None:
    """Close nothing."""
