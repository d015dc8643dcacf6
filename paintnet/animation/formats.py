"""Animations: GIF, WebP and APNG by Pillow, MP4 and WebM by PyAV (extra `video`).

Adding a format is one function and one line in `ANIMATIONS`.
"""

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from paintnet.animation.reducing import reduced
from paintnet.errors import OutputError, SettingsError, number_text
from paintnet.extras import pip_line
from paintnet.files.names import printable
from paintnet.files.writing import check_output
from paintnet.typing import Levels

MAX_FRAMES = 1000
MIN_FPS = 0.01
"""A GIF holds a frame for at most 655.35 seconds, the other formats longer; nobody waits as long as this."""

MAX_FPS = 50.0
"""A GIF counts hundredths of a second, and viewers slow down frames of less than two."""

HOLD = 2.0
"""Seconds that the last frame stays."""

WEBP_QUALITY = 85
GIF_BYTES = 3_000_000
"""A GIF that is larger loads slowly in a page, and many sites refuse it."""

GIF_COLORS = 256
EXACT_COLORS = 16


@dataclass(frozen=True)
class Timing:
    """How long each frame stays.

    Parameters
    ----------
    fps : float
        Frames a second, 0.01 to 50.
    hold : float, default=2.0
        Seconds that the last frame stays.

    Raises
    ------
    SettingsError
        If a number is out of range.

    Examples
    --------
    >>> Timing(fps=15, hold=1.0).milliseconds(3, is_last=False)
    70
    """

    fps: float
    hold: float = HOLD

    def __post_init__(self) -> None:
        if not MIN_FPS <= self.fps <= MAX_FPS:
            raise SettingsError(
                "fps", f"{number_text(self.fps)} is out of range", f"use {MIN_FPS:g} to {MAX_FPS:g}"
            )
        if not 0 <= self.hold <= 60:
            raise SettingsError(
                "hold", f"{number_text(self.hold)} seconds is out of range", "use 0 to 60 seconds"
            )

    def milliseconds(self, number: int, *, is_last: bool) -> int:
        """Duration of a frame, in whole hundredths whose rounding does not add up."""
        if is_last:
            return max(20, round(1000 * self.hold))
        begins, ends = (round(100 * n / self.fps) for n in (number, number + 1))
        return 10 * (ends - begins)


@dataclass(frozen=True)
class AnimationFormat:
    """One way to write an animation.

    Parameters
    ----------
    name : str
        What people call it.
    write : callable
        From frames and their timing to the bytes of a file; the third argument is told what was given up.
    max_side : int
        The longest side that the format can hold.
    module : str, default=""
        What has to be installed for it, beyond paintnet itself.
    """

    name: str
    write: Callable[[Iterator[Levels], Timing, Callable[[str], None]], bytes]
    max_side: int
    module: str = ""


def check_animation(path: str, *, force: bool) -> None:
    """Refuse, before any work is done, an animation that could not be written at the end.

    It is `check_output` for the extensions of `ANIMATIONS`, and `check_format`.

    Parameters
    ----------
    path : str
        Where it is to go.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OutputError
        If the path cannot be written, or has an unknown extension.
    SettingsError
        If a package is missing; it says how to install it.
    """
    check_output(path, force=force, extensions=ANIMATIONS)
    check_format(path)


def check_format(path: str) -> None:
    """Refuse an animation whose format needs a package that is missing.

    Parameters
    ----------
    path : str
        Where it is to go; an extension that is none of `ANIMATIONS` is for `check_output` to refuse.

    Raises
    ------
    SettingsError
        It says how to install the package.
    """
    chosen = ANIMATIONS.get(Path(path).suffix.lower())
    if chosen and chosen.module and find_spec(chosen.module) is None:
        raise SettingsError(
            printable(path),
            f"{chosen.name} needs PyAV, which is not installed",
            f"install it with {pip_line('video')}",
        )


def check_frames(n_frames: int) -> None:
    """Refuse a number of frames that no animation should have.

    Examples
    --------
    >>> check_frames(0)
    Traceback (most recent call last):
    paintnet.errors.SettingsError: frames: 0 is out of range; use 2 to 1,000
    """
    if not 2 <= n_frames <= MAX_FRAMES:
        raise SettingsError("frames", f"{n_frames:,} is out of range", f"use 2 to {MAX_FRAMES:,}")


def _ignore(note: str) -> None:
    """Tell nobody."""


def encode_animation(
    frames: Iterable[Levels],
    extension: str,
    *,
    fps: float,
    hold: float = HOLD,
    note: Callable[[str], None] = _ignore,
) -> bytes:
    """Turn frames into the bytes of an animation that repeats for ever.

    A GIF has at most 3 MB: if need be it has fewer frames, each of which stays longer, then fewer colors.

    Parameters
    ----------
    frames : iterable of uint8 arrays of shape (height, width, 3)
        At least one, all of one size; they are asked for one at a time.
    extension : str
        A key of `ANIMATIONS`.
    fps : float
        Frames per second.
    hold : float, default=2.0
        Seconds that the last one stays.
    note : callable
        Is told what was given up.

    Raises
    ------
    OutputError
        If the format cannot hold the size.
    SettingsError
        If a number is out of range.

    Examples
    --------
    >>> encode_animation([np.zeros((4, 4, 3), np.uint8)] * 2, ".gif", fps=10)[:6]
    b'GIF89a'
    """
    timing = Timing(fps, hold)
    chosen = ANIMATIONS[extension]
    return chosen.write(_checked(iter(frames), chosen), timing, note)


def _checked(frames: Iterator[Levels], chosen: AnimationFormat) -> Iterator[Levels]:
    for frame in frames:
        longest = max(frame.shape[:2])
        if longest > chosen.max_side:
            why = f"{chosen.name} holds at most {chosen.max_side:,} pixels a side"
            raise OutputError(f"a frame {longest:,} pixels long", why, "write a smaller picture")
        yield frame


def _timed(frames: Iterator[Levels], timing: Timing) -> Iterator[tuple[Levels, int]]:
    """Give each frame its milliseconds; looks one ahead, since the last one is held."""
    number, frame = 0, next(frames)
    for following in frames:
        yield frame, timing.milliseconds(number, is_last=False)
        number, frame = number + 1, following
    yield frame, timing.milliseconds(number, is_last=True)


def _limited(frames: Iterator[tuple[Any, int]], longest: int) -> Iterator[tuple[Any, int]]:
    """Shorten equal frames in a row where together they stay too long: Pillow makes one of them.

    A GIF counts hundredths of a second in 16 bits (GIF89a, section 23, "Delay Time").
    """
    before, total = b"", 0
    for image, milliseconds in frames:
        content = image.convert("RGB").tobytes()
        total = milliseconds + (total if content == before else 0)
        excess = max(0, total - longest)
        yield image, milliseconds - excess
        before, total = content, total - excess


def _by_pillow(
    pillow_name: str,
    prepare: Callable[[Any], Any] = lambda image: image,
    longest: int | None = None,
    **options: Any,
) -> Callable[[Iterator[Levels], Timing, Callable[[str], None]], bytes]:
    """Build the function that writes one of Pillow's formats."""

    def write(frames: Iterator[Levels], timing: Timing, note: Callable[[str], None] = _ignore) -> bytes:
        from PIL import Image

        # Pillow looks up a frame's duration after it has taken the frame, so the list grows as it reads.
        durations: list[int] = []

        def images() -> Iterator[Any]:
            prepared = (
                (prepare(Image.fromarray(np.ascontiguousarray(levels))), milliseconds)
                for levels, milliseconds in _timed(frames, timing)
            )
            for image, milliseconds in prepared if longest is None else _limited(prepared, longest):
                durations.append(milliseconds)
                yield image

        # Pillow goes through an APNG's frames twice.
        each = iter(list(images())) if pillow_name == "PNG" else images()
        buffer = io.BytesIO()
        next(each).save(
            buffer,
            pillow_name,
            save_all=True,
            append_images=list(each) if pillow_name == "PNG" else each,
            duration=durations,
            loop=0,
            **options,
        )
        return buffer.getvalue()

    return write


def _write_gif(frames: Iterator[Levels], timing: Timing, note: Callable[[str], None]) -> bytes:
    """Write a GIF that is not too large."""

    def encode(some: Iterator[Levels], share: float, colors: int) -> bytes:
        write = _by_pillow("GIF", partial(_to_palette, colors=colors), longest=655_350, optimize=False)
        return write(some, replace(timing, fps=max(MIN_FPS, share * timing.fps)), note)

    made = reduced(frames, encode, GIF_BYTES, GIF_COLORS)
    if made.all_bytes > GIF_BYTES:
        megabytes = f"{len(made.content) / 1e6:.1f} MB instead of {made.all_bytes / 1e6:.1f}"
        kept = f"{made.frames} of its {made.all_frames} frames, with {made.colors} colors each"
        note(f"the GIF has {megabytes}: {kept}; a WebP animation is smaller and keeps them all")
    return made.content


def _to_palette(image: Any, colors: int = GIF_COLORS) -> Any:
    """Give a frame colors of its own, at most 256, its rounding spread over neighbours (Floyd-Steinberg).

    On photographs Pillow's octree is as close as its maximum coverage with k-means, in a hundredth of
    the time; its median cut turns small bright things grey, and so does one palette for all frames.
    The commonest colors are kept exactly, so that a flat ground stays flat.
    """
    from PIL import Image

    common = _commonest(np.asarray(image), min(EXACT_COLORS, colors // 4))
    octree = image.quantize(colors - len(common), method=Image.Quantize.FASTOCTREE)
    palette = Image.new("P", (1, 1))
    palette.putpalette([*common.ravel().tolist(), *octree.getpalette()])
    return image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def _commonest(levels: Levels, count: int) -> Levels:
    """Give the colors that most pixels have, (count, 3) or fewer."""
    packed = levels.reshape(-1, 3).astype(np.int32) @ np.array([65_536, 256, 1], dtype=np.int32)
    colors, times = np.unique(packed, return_counts=True)
    most = colors[np.argsort(-times, kind="stable")[:count]]
    return np.stack([most >> 16, most >> 8 & 255, most & 255], axis=1).astype(np.uint8)


def _by_av(
    container: str, codec: str, **options: str
) -> Callable[[Iterator[Levels], Timing, Callable[[str], None]], bytes]:
    """Build the function that writes one kind of video."""

    def write(frames: Iterator[Levels], timing: Timing, note: Callable[[str], None]) -> bytes:
        import av

        buffer = io.BytesIO()
        rate = Fraction(timing.fps).limit_denominator(1000)
        with av.open(buffer, "w", format=container) as video:
            stream: Any = None
            for levels, milliseconds in _timed(frames, timing):
                even = _evened(levels)
                if stream is None:
                    stream = video.add_stream(codec, rate=rate, options=options)
                    stream.height, stream.width = even.shape[:2]
                    stream.pix_fmt = "yuv420p"
                # Only the last frame stays longer than one.
                for _ in range(max(1, round(milliseconds / 1000 * timing.fps))):
                    video.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
            video.mux(stream.encode())
        return buffer.getvalue()

    return write


def _evened(levels: Levels) -> Levels:
    """Repeat the last row or column where a side is odd: video halves its colors."""
    height, width, _ = levels.shape
    return np.ascontiguousarray(np.pad(levels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge"))


ANIMATIONS: dict[str, AnimationFormat] = {
    ".gif": AnimationFormat("GIF", _write_gif, 65_535),
    ".webp": AnimationFormat("WebP", _by_pillow("WEBP", quality=WEBP_QUALITY, method=4), 16_383),
    ".png": AnimationFormat("APNG", _by_pillow("PNG"), 65_535),
    ".mp4": AnimationFormat(
        "MP4", _by_av("mp4", "libx264", crf="18", preset="medium", movflags="faststart"), 4_096, "av"
    ),
    ".webm": AnimationFormat(
        "WebM", _by_av("webm", "libvpx-vp9", crf="28", **{"b:v": "0", "cpu-used": "4"}), 16_384, "av"
    ),
}
"""By file extension; a .png that holds an animation is an APNG."""
