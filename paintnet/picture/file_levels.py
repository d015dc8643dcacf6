"""Levels of a large picture, in a temporary file: what is asked for is read, nothing is held."""

import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from paintnet.files.scratch import ScratchFile
from paintnet.typing import Array


class FileLevels:
    """Stands for an array of whole levels that lies in a file.

    The file goes with the object that wrote it. A copy in another process has its name only, and
    reads it as long as it is there.

    Parameters
    ----------
    path : Path
        Levels without a header, in the order of the machine, row by row.
    shape : (height, width, channels)
        Of the picture.
    dtype : dtype
        uint8 or uint16; the largest value is white.
    """

    def __init__(self, path: Path, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> None:
        self.path, self.shape, self.dtype = path, shape, dtype
        self.size = shape[0] * shape[1] * shape[2]

    def __getitem__(self, place: Any) -> NDArray[Any]:
        # Mapped for this look only: pages that are mapped count as memory of the process.
        return np.array(np.memmap(self.path, self.dtype, "r", shape=self.shape)[place])

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.shape, self.dtype)

    @classmethod
    def of_bands(cls, bands: Iterator[Array], shape: tuple[int, int, int], dtype: np.dtype[Any]) -> Self:
        """Round bands of pixels to levels, and put them into a temporary file.

        Parameters
        ----------
        bands : iterator of float32 arrays of shape (rows, width, channels)
            From top to bottom, values in [0, 1].
        shape : (height, width, channels)
            Of the whole.
        dtype : dtype
            uint8 or uint16.

        Raises
        ------
        OSError
            If the folder for temporary files cannot take it.

        Examples
        --------
        >>> bands = iter([np.zeros((1, 2, 1)), np.ones((1, 2, 1))])
        >>> levels = FileLevels.of_bands(bands, (2, 2, 1), np.dtype(np.uint8))
        >>> levels[1].ravel().tolist(), levels.path.stat().st_size
        ([255, 255], 4)
        """
        scratch = ScratchFile()
        white = np.iinfo(dtype).max
        try:
            for band in bands:
                levels = np.rint(band * np.float32(white)).astype(dtype, order="C")
                scratch.file.write(levels.data)
            scratch.file.flush()
        except BaseException:  # Ctrl-C too must not leave it there
            scratch.close()
            raise
        made = cls(scratch.path, shape, dtype)
        weakref.finalize(made, scratch.close)
        return made
