"""Temporary files for what is too large for memory; those of killed runs go with the next one."""

import os
import tempfile
from pathlib import Path
from typing import BinaryIO

from paintnet.files.staging import StagedFile


class ScratchFile:
    """A temporary file which other processes can open by its path.

    It is locked as long as it is open. Should its run be killed, the next scratch file there finds it
    without a lock, and takes it away.

    Parameters
    ----------
    folder : Path, optional
        Where it stands; by default in the system's folder for temporary files.

    Attributes
    ----------
    file : binary file
        To be written.
    path : Path
        Where it stands.

    Examples
    --------
    >>> scratch = ScratchFile()
    >>> scratch.file.write(b"levels"), scratch.file.flush(), scratch.path.read_bytes()
    (6, None, b'levels')
    >>> scratch.close(), scratch.path.exists()
    (None, False)
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._staged = StagedFile((folder or Path(tempfile.gettempdir())) / "scratch", 0o600)
        self._staged.__enter__()
        self._owner = os.getpid()
        self.file: BinaryIO = self._staged.file
        self.path = self._staged.temporary

    def finish(self) -> None:
        """Force to the disk what was written: other machines read it from there."""
        self._staged.finish()

    def close(self) -> None:
        """Close it and take it away; a forked child leaves its parent's file alone."""
        if os.getpid() == self._owner:
            self._staged.__exit__()
