"""The patches of a mosaic on its way: what is done is read from the spool, and let go of again."""

import numpy as np

from paintnet.dataset.windows import Window
from paintnet.encoding.raw import RawMap
from paintnet.network import Network
from paintnet.painter.patch_learning import patch_over
from paintnet.painter.patches_so_far import PatchesSoFar
from paintnet.patches import Patch
from paintnet.stored_patches import SpooledPatches

WINDOWS = [Window(16 * number, 0, 16 * number + 20, 10) for number in range(3)]


def flat(number: int) -> Patch:
    weights = (np.zeros((2, 1), np.float32),), (np.full(1, number, np.float32),)
    return patch_over(WINDOWS[number], Network(RawMap(WINDOWS[number].extent), *weights, "relu", "identity"))


def test_what_a_preview_has_passed_is_let_go() -> None:
    finished = SpooledPatches()
    for number in (0, 2):
        finished.put(number, flat(number))
    so_far = PatchesSoFar(finished, {}, WINDOWS, (1, "identity"), flat)
    assert [so_far[number].forward(np.zeros((1, 2))).item() for number in range(3)] == [0, 1, 2]
    read = finished.n_read
    so_far.keep_only([2])
    assert [so_far[number].forward(np.zeros((1, 2))).item() for number in (2, 0)] == [2, 0]
    assert finished.n_read == read + 1, "only the one that was let go is read again"
