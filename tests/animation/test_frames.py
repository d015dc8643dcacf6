import numpy as np
import pytest

from paintnet.animation import frames as studio_frames
from paintnet.animation.frames import Frame, FrameTaker, as_levels
from paintnet.painter.events import EpochFinished, TrainingFinished
from paintnet.painter.painter import Painter
from paintnet.picture import open_picture


def watched(n_frames, epochs=30, picture=None, **settings):
    """Frames of a run, every painting it went through, and the taker."""
    picture = open_picture("sample:bird").pixels if picture is None else picture
    painted, ended = {}, []

    def listen(event, run):
        if isinstance(event, EpochFinished):
            painted[event.epoch] = as_levels(run.painting().render())
        elif isinstance(event, TrainingFinished):
            ended.append(event)
            painted[event.epochs] = as_levels(run.painting().render())  # as it is stored

    with FrameTaker(n_frames) as taker:
        settings = {"engine": "numpy", **settings}
        Painter("draft", epochs=epochs, listeners=(taker, listen), **settings).fit(picture)
        return list(taker.frames()), painted, taker


@pytest.mark.parametrize("n_frames", [2, 3, 10])
def test_frames_are_the_paintings_of_their_epochs(n_frames):
    frames, painted, _ = watched(n_frames)
    assert len(frames) == n_frames
    assert [frame.epoch for frame in frames] == sorted({frame.epoch for frame in frames})
    assert frames[0].epoch == 0
    assert frames[-1].epoch == 30
    for frame in frames[1:]:
        np.testing.assert_array_equal(frame.pixels, painted[frame.epoch])


def test_early_frames_lie_closer_than_late_ones(monkeypatch):
    # On a busy machine, keeping a network may take its whole share of the time.
    monkeypatch.setattr("paintnet.animation.frames.COST", np.inf)
    frames, _, _ = watched(8, epochs=60)
    gaps = np.diff([frame.epoch for frame in frames])
    assert gaps[:3].max() <= 3
    assert gaps[-1] > gaps[:3].max()


def test_no_frame_but_the_last_is_a_step_back():
    frames, _, _ = watched(10, epochs=40)
    known = [frame.psnr for frame in frames[1:-1]]
    assert known == sorted(known)


def test_a_short_run_shows_what_there_is():
    frames, _, _ = watched(48, epochs=2)
    assert [frame.epoch for frame in frames] == [0, 1, 2]


def test_the_temporary_file_is_bounded(monkeypatch):
    _, _, taker = watched(4, epochs=40)
    assert len(taker.moments) <= 8
    size = taker._n_bytes
    monkeypatch.setattr(studio_frames, "SPOOL_BYTES", 5 * size + 1)
    _, _, taker = watched(20, epochs=30)
    assert len(taker.moments) <= 5


def test_slots_are_used_again():
    picture = open_picture("sample:bird").pixels
    with FrameTaker(3) as taker:
        Painter("draft", epochs=30, engine="numpy", listeners=(taker,)).fit(picture)
        taker._file.seek(0, 2)
        assert taker._file.tell() <= 6 * taker._n_bytes
        assert len({moment.slot for moment in taker.moments}) == len(taker.moments)


def test_classify_and_stock_networks_have_frames():
    frames, painted, _ = watched(5, epochs=6, mode="classify")
    assert frames[1].psnr is None
    np.testing.assert_array_equal(frames[-2].pixels, painted[frames[-2].epoch])
    frames, painted, _ = watched(5, epochs=3, encoding="raw", engine="stock")
    np.testing.assert_array_equal(frames[1].pixels, painted[frames[1].epoch])


def test_a_network_that_has_no_weights_yet_has_no_frame_before_the_first_epoch():
    frames, _, _ = watched(5, epochs=3, encoding="raw", engine="stock", start="stock")
    assert frames[0].epoch == 1


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_transparent_pictures_become_rgb(channels):
    ramp = np.linspace(0, 1, 24, dtype=np.float32)
    picture = np.broadcast_to(ramp[:, None], (20, 24, channels)).copy()
    frames, _, _ = watched(3, epochs=30, picture=picture)
    assert {frame.pixels.shape for frame in frames} == {(20, 24, 3)}


def test_large_pictures_have_small_frames():
    picture = np.full((10, 1000, 3), 0.5, dtype=np.float32)
    frames, _, _ = watched(2, epochs=3, picture=picture, encoding="raw", layers=(3,), engine="auto")
    assert frames[-1].pixels.shape == (5, 512, 3)


def test_the_last_frame_has_the_measured_psnr():
    frames, _, taker = watched(4)
    assert frames[-1].psnr == taker.final.training.psnr


def test_a_run_that_failed_has_no_frames():
    with FrameTaker(4) as taker:
        assert list(taker.frames()) == []
        assert len(taker.frames()) == 0


def test_a_frame_is_not_what_the_training_goes_on_to_change():
    picture = open_picture("sample:bird").pixels
    first: list[Frame] = []

    def listen(event, run):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            first.append(as_levels(run.painting().render()))

    with FrameTaker(30) as taker:
        Painter("draft", epochs=8, engine="numpy", listeners=(taker, listen)).fit(picture)
        (frame,) = (frame for frame in taker.frames() if frame.epoch == 1)
    np.testing.assert_array_equal(frame.pixels, first[0])
