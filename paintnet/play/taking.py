"""What one takes along from a page: the model, the picture, the animation, the report."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from paintnet.animation.canvas import Canvas
from paintnet.animation.formats import encode_animation
from paintnet.animation.frames import Frame, frame_pixels
from paintnet.errors import SettingsError
from paintnet.modelfile import EXTENSION
from paintnet.outputs import FRAMES
from paintnet.painting import Painting
from paintnet.picture import encode_picture
from paintnet.play.learner import Learner
from paintnet.play.moments import evenly
from paintnet.play.visit import Page, PageError

FPS = 8.0
"""Frames a second: a page keeps fewer moments than a command keeps frames."""

KINDS = {
    "model": (EXTENSION, "application/octet-stream"),
    "picture": (".painted.png", "image/png"),
    "animation": (".learning.webp", "image/webp"),
    "report": (".html", "text/html; charset=utf-8"),
}
"""What can be taken, with the end of its name and its media type."""


def taken(page: Page, kind: str) -> tuple[str, bytes]:
    """Make what is taken along.

    Parameters
    ----------
    page : Page
        Where from.
    kind : str
        A key of `KINDS`.

    Returns
    -------
    name : str
        Of the file.
    content : bytes
        All of it.

    Raises
    ------
    PaintnetError
        If there is nothing to take yet.
    """
    if kind not in KINDS:
        raise SettingsError("file", "is unknown", f"use one of {', '.join(KINDS)}")
    learner = page.learner
    if learner is None:
        painting = page.painting()
        if kind not in ("model", "picture"):
            raise PageError(kind, "a painting from a file has no run to show", "choose its picture and start")
        return f"painting{KINDS[kind][0]}", _of_painting(kind, painting)
    stem = page.opened.name if page.opened is not None else "painting"
    with learner.standing_still():
        painting = learner.recorded()
        makers: dict[str, Callable[[], bytes]] = {
            "animation": lambda: _animation(learner, painting),
            "report": lambda: _report(page, learner, painting),
        }
        content = makers[kind]() if kind in makers else _of_painting(kind, painting)
    return f"{stem}{KINDS[kind][0]}", content


def _of_painting(kind: str, painting: Painting) -> bytes:
    return painting.to_bytes() if kind == "model" else encode_picture(painting.render(), ".png")[0]


def _frames(learner: Learner, painting: Painting) -> Iterator[Frame]:
    """The moments that were kept, and the painting as it is."""
    run = learner.run
    assert run is not None  # noqa: S101 - it has painted; told to mypy
    moments = [each for each in learner.moments if each.painting is not None and each.epoch < run.epochs_]
    for moment in evenly(moments, FRAMES - 1):
        assert moment.painting is not None  # noqa: S101 - just chosen; told to mypy
        yield Frame(moment.epoch, moment.psnr, frame_pixels(moment.painting))
    measured = run.quality_.psnr if run.quality_ is not None and painting.mode == "regress" else None
    yield Frame(run.epochs_, measured, frame_pixels(painting))


def _animation(learner: Learner, painting: Painting) -> bytes:
    canvas = Canvas(has_caption=True)
    frames = (canvas.lay(frame) for frame in _frames(learner, painting))
    return encode_animation(frames, ".webp", fps=FPS)


def _report(page: Page, learner: Learner, painting: Painting) -> bytes:
    from paintnet.report.report import RunRecord, report_html

    run, opened = learner.run, page.opened
    assert run is not None  # noqa: S101 - it has painted; told to mypy
    assert opened is not None  # noqa: S101 - it has a learner; told to mypy
    classes = page.wish.settings.get("classes")
    record = RunRecord(
        source=opened.source,
        original=learner.picture,
        painting=painting,
        curve=learner.curve,
        frames=list(_frames(learner, painting)),
        command=page.command() or "",
        seconds=run.schedule.seconds,
        class_names=("light", "dark") if classes is not None and classes.threshold is not None else None,
        quality=run.quality_,
        date=datetime.now(UTC),
    )
    return report_html(record).encode("utf-8")
