"""Parts that wait on the disk until all of them are there: a container larger than memory is made so."""

import tempfile
import weakref
from typing import Any, BinaryIO

from paintnet.files.entries import Entry, decode_part, entry_of, read_stored
from paintnet.files.parts import CODECS, Part
from paintnet.files.writing import in_words


class Spool:
    """Stored parts in an unnamed temporary file, which is gone with the last use of it, killed or not.

    Parameters
    ----------
    file : binary file, optional
        Used in place of a temporary file, such as one in memory.

    Examples
    --------
    >>> import numpy as np
    >>> spool, part = Spool(), Part({"weights": np.ones((2, 3), np.float32)})
    >>> spool.add("patch.0", part)
    >>> spool.read("patch.0").tensors["weights"].shape
    (2, 3)
    """

    def __init__(self, file: BinaryIO | None = None) -> None:
        with in_words("a temporary file"):
            self._file: Any = tempfile.TemporaryFile() if file is None else file  # noqa: SIM115 - closed with this
        self.close = weakref.finalize(self, self._file.close)
        self.entries: dict[str, Entry] = {}
        self._end = 0

    def add(self, name: str, part: Part, codec: str = "raw") -> None:
        """Store a part.

        Raises
        ------
        OutputError
            If there is no room for it.
        """
        self.add_stored(name, CODECS[codec].encode(part), codec, part.n_bytes)

    def add_stored(self, name: str, data: bytes, codec: str, n_bytes: int) -> None:
        """Store a part that a codec has packed already.

        Raises
        ------
        OutputError
            If there is no room for it.
        """
        with in_words("a temporary file"):
            self._file.seek(self._end)
            self._file.write(data)
            self._file.flush()
        self.entries[name] = entry_of(data, codec, n_bytes, self._end)
        self._end += len(data)

    def entry(self, name: str) -> Entry:
        """Where a part lies here, and what it is."""
        return self.entries[name]

    def stored(self, name: str) -> bytes:
        """Read a part as it is stored."""
        return read_stored(self._file, 0, self.entries[name])

    def read(self, name: str) -> Part:
        """Read a part."""
        return decode_part(name, self.entries[name], self.stored(name))
