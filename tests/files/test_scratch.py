"""Temporary files of large pictures."""

import os
import sys

import numpy as np
import pytest

from paintnet.files.scratch import ScratchFile
from paintnet.picture.file_levels import FileLevels


def test_a_scratch_file_goes_when_it_is_closed() -> None:
    scratch = ScratchFile()
    scratch.file.write(b"levels")
    scratch.file.flush()
    assert scratch.path.read_bytes() == b"levels"
    scratch.close()
    assert not scratch.path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_leaves_the_levels_to_its_parent() -> None:
    levels = FileLevels.of_bands(iter([np.ones((2, 3, 1))]), (2, 3, 1), np.dtype(np.uint8))
    child = os.fork()
    if child == 0:
        try:
            del levels
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert levels[:].ravel().tolist() == [255] * 6
