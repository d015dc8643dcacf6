import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from paintnet.animation import formats
from paintnet.animation.formats import (
    ANIMATIONS,
    MIN_FPS,
    Timing,
    check_animation,
    check_frames,
    encode_animation,
)
from paintnet.errors import OutputError, SettingsError
from paintnet.extras import pip_line

PILLOW = [".gif", ".webp", ".png"]
VIDEO = [".mp4", ".webm"]


def colors(count=6, width=33, height=21):
    """Frames of one color each, that differ a lot."""
    return [np.full((height, width, 3), (40 * k, 200 - 30 * k, 90), np.uint8) for k in range(count)]


def decoded(data):
    """Frames and durations in milliseconds, by Pillow."""
    image = Image.open(io.BytesIO(data))
    frames, durations = [], []
    for each in ImageSequence.Iterator(image):
        frames.append(np.asarray(each.convert("RGB")))
        durations.append(each.info["duration"])
    return frames, durations, image.info["loop"]


@pytest.mark.parametrize("extension", PILLOW)
def test_every_frame_is_there_with_its_time(extension):
    frames = colors()
    found, durations, loop = decoded(encode_animation(iter(frames), extension, fps=10, hold=1.5))
    assert len(found) == len(frames)
    tolerance = 6 if extension == ".webp" else 0  # WebP is lossy; flat colors fit a palette and a PNG
    for mine, theirs in zip(found, frames, strict=True):
        assert np.abs(mine.astype(int) - theirs).max() <= tolerance
    if extension != ".webp":  # Pillow tells a WebP's durations only while it reads on
        assert durations == [100] * 5 + [1500]
    assert loop == 0


@pytest.mark.parametrize("extension", VIDEO)
def test_a_video_holds_its_last_frame(extension):
    av = pytest.importorskip("av")
    frames = colors(4)
    data = encode_animation(frames, extension, fps=10, hold=0.5)
    with av.open(io.BytesIO(data)) as video:
        (stream,) = video.streams
        assert (stream.codec_context.width, stream.codec_context.height) == (34, 22)
        found = [frame.to_ndarray(format="rgb24")[:21, :33] for frame in video.decode(stream)]
        assert float(stream.average_rate) == 10
    assert len(found) == 3 + 5
    for mine, theirs in zip(found[:4], frames, strict=True):
        # Video has its own, rounder colors.
        assert np.abs(mine.astype(int) - theirs).mean() < 8
    assert np.abs(found[-1].astype(int) - frames[-1]).mean() < 8


@pytest.mark.parametrize("extension", ANIMATIONS)
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (200, 2)])
def test_any_size(extension, size):
    if extension in VIDEO:
        pytest.importorskip("av")
    width, height = size
    assert encode_animation(colors(2, width, height), extension, fps=50)


@pytest.mark.parametrize("extension", PILLOW)
def test_a_single_frame_is_a_still_picture(extension):
    image = Image.open(io.BytesIO(encode_animation(colors(1), extension, fps=1)))
    assert image.size == (33, 21)


def test_rounded_durations_do_not_add_up():
    timing = Timing(fps=12)
    durations = [timing.milliseconds(k, is_last=False) for k in range(120)]
    assert set(durations) == {80, 90}
    assert sum(durations) == 10_000
    assert timing.milliseconds(120, is_last=True) == 2000


def test_a_gif_keeps_small_bright_things():
    """One shared palette, or median cut, would make the red dot grey."""
    grey = np.repeat(np.linspace(0, 255, 128).astype(np.uint8), 3).reshape(1, 128, 3).repeat(96, axis=0)
    grey = grey.copy()
    grey[40:46, 60:66] = (255, 0, 60)
    found, _, _ = decoded(encode_animation([grey, grey[::-1].copy()], ".gif", fps=10))
    dot = found[0][40:46, 60:66].reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(dot, (255, 0, 60), atol=25)


def test_frames_of_a_webp_are_taken_one_at_a_time():
    """Memory does not grow with their number: a hundred frames of 1.2 MB cost less than ten."""

    def many():
        for level in range(100):
            yield np.full((512, 800, 3), level, np.uint8)

    tracemalloc.start()
    encode_animation(many(), ".webp", fps=10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * 512 * 800 * 3


@pytest.mark.parametrize("extension", sorted(ANIMATIONS))
@pytest.mark.parametrize("is_still", [True, False])
def test_the_slowest_speed_is_written(extension, is_still):
    """Pillow makes one frame of equal ones, whose time may be more than a GIF can count."""
    frames = [np.full((6, 8, 3), 7 if is_still else 7 * number, np.uint8) for number in range(9)]
    content = encode_animation(frames, extension, fps=MIN_FPS, hold=60)
    if extension == ".gif":
        with Image.open(io.BytesIO(content)) as image:
            assert image.info["duration"] == (655_350 if is_still else 100_000)


@pytest.mark.parametrize("fps", [0, -1, 0.0001, 0.0099, 51, 50.0000001, float("nan"), float("inf")])
def test_impossible_speeds_are_refused(fps):
    with pytest.raises(SettingsError) as caught:
        Timing(fps)
    assert str(caught.value) == f"fps: {fps} is out of range; use 0.01 to 50"


@pytest.mark.parametrize("n_frames", [-1, 0, 1, 1001, 10_000])
def test_impossible_numbers_of_frames_are_refused(n_frames):
    with pytest.raises(SettingsError) as caught:
        check_frames(n_frames)
    assert str(caught.value) == f"frames: {n_frames:,} is out of range; use 2 to 1,000"


def test_an_unknown_extension_is_refused_with_the_known_ones(tmp_path: Path):
    with pytest.raises(OutputError) as caught:
        check_animation(str(tmp_path / "bird.avi"), force=False)
    assert str(caught.value).endswith(
        "bird.avi: unknown extension '.avi'; use one of .gif .mp4 .png .webm .webp"
    )


@pytest.mark.parametrize("extension", VIDEO)
def test_a_missing_package_names_its_pip_line(extension, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(formats, "find_spec", lambda name: None)
    with pytest.raises(SettingsError) as caught:
        check_animation(str(tmp_path / f"bird{extension}"), force=False)
    name = {".mp4": "MP4", ".webm": "WebM"}[extension]
    assert str(caught.value).endswith(
        f"{name} needs PyAV, which is not installed; install it with {pip_line('video')}"
    )


def test_a_side_that_the_format_cannot_hold_is_refused():
    with pytest.raises(OutputError) as caught:
        encode_animation([np.zeros((1, 16_384, 3), np.uint8)], ".webp", fps=10)
    assert str(caught.value) == (
        "a frame 16,384 pixels long: WebP holds at most 16,383 pixels a side; write a smaller picture"
    )


def noise(count, side=64):
    """Frames that no format can pack."""
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("most", "frames", "colors"),
    [(150_000, range(20, 30), 256), (70_000, [12], 128), (50_000, [12], 32), (2_000, range(2, 6), 2)],
)
def test_a_large_gif_gives_up_frames_and_then_colors(monkeypatch, most, frames, colors):
    monkeypatch.setattr(formats, "GIF_BYTES", most)
    notes = []
    given = noise(40)
    content = encode_animation(iter(given), ".gif", fps=10, hold=1.0, note=notes.append)
    found, durations, _ = decoded(content)
    assert len(content) <= most
    assert len(found) in frames
    # It takes the time that it would have taken, to the hundredths of a second of each frame.
    assert sum(durations[:-1]) / 3900 == pytest.approx(1, abs=0.1)
    assert durations[-1] == 1000
    assert max(len(np.unique(frame.reshape(-1, 3), axis=0)) for frame in found) <= colors
    (note,) = notes
    assert note.startswith(f"the GIF has {len(content) / 1e6:.1f} MB instead of 0.")
    assert f": {len(found)} of its 40 frames, with {colors} colors each; a WebP" in note
    if colors == 256:
        assert np.abs(found[0].astype(int) - given[0]).mean() < 20
        assert np.abs(found[-1].astype(int) - given[-1]).mean() < 20


def test_a_small_gif_keeps_everything():
    notes = []
    found, _, _ = decoded(encode_animation(iter(noise(5)), ".gif", fps=10, note=notes.append))
    assert (len(found), notes) == (5, [])
