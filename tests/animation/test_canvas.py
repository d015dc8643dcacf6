import numpy as np
import pytest

from paintnet.animation.canvas import GAP, LINE, PAPER, Canvas, caption
from paintnet.animation.frames import Frame


def frame(width=60, height=40, epoch=3, psnr=20.5):
    return Frame(epoch, psnr, np.full((height, width, 3), 200, np.uint8))


def test_the_original_stands_to_the_left():
    original = np.full((40, 60, 3), 9, np.uint8)
    laid = Canvas(original).lay(frame())
    assert laid.shape == (40, 60 + GAP + 60, 3)
    assert (laid[:, :60] == 9).all()
    assert (laid[:, 60 : 60 + GAP] == PAPER).all()
    assert (laid[:, 60 + GAP :] == 200).all()


@pytest.mark.parametrize("width", [200, 60, 8, 1])
def test_a_caption_is_written_below_and_keeps_to_the_width(width):
    laid = Canvas(has_caption=True).lay(frame(width))
    assert laid.shape == (40 + LINE, width, 3)
    assert (laid[:40] == 200).all()
    if width >= 60:
        strip = laid[40:]
        assert strip.max() > 150
        edge = np.concatenate([strip[:, :2], strip[:, -2:]], axis=1)
        assert (edge == PAPER).all(), "the writing touches the edge"


def test_captions():
    assert caption(frame()) == "epoch 3   20.5 dB"
    assert caption(frame(epoch=7, psnr=None)) == "epoch 7"
    assert caption(frame(epoch=0, psnr=None)) == "start"


def test_different_frames_have_different_captions():
    canvas = Canvas(has_caption=True)
    assert not np.array_equal(canvas.lay(frame(epoch=3)), canvas.lay(frame(epoch=4)))
