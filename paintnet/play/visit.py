"""An open page: it has a picture, one training at a time, and what it still has to be told."""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

import numpy as np

from paintnet.dataset.classes import Classes, sort_pixels
from paintnet.dataset.pixels import PixelState
from paintnet.errors import PaintnetError, PictureError, SettingsError
from paintnet.files.names import file_stem, printable
from paintnet.modelfile import EXTENSION
from paintnet.painting import Painting
from paintnet.picture import OpenedPicture, OpenLimits, open_picture, shrink, unpremultiply
from paintnet.play.controls import ON_THE_WAY, Wish
from paintnet.play.display import VIEWS, Display, Look, Scene
from paintnet.play.learner import Learner
from paintnet.play.outbox import Outbox
from paintnet.play.refusals import NO_REFUSAL
from paintnet.play.views import STRIP, along, probed, rgba
from paintnet.typing import Array

PREVIEW_SIDE = 512

_SHRINKING = threading.Lock()
"""One large picture at a time is made smaller."""

CommandLine = Callable[[str, Wish], str | None]
"""Writes the command that repeats a run: from the source of the picture and the wish."""


class PageError(PaintnetError):
    """A page has asked for what is not there."""


@dataclass(eq=False)
class Page:
    """One open page.

    Parameters
    ----------
    limits : OpenLimits
        Of pictures.
    command_line : callable
        See `CommandLine`.
    beginning : str or Path
        Source of the picture that it begins with.
    """

    limits: OpenLimits
    command_line: CommandLine
    beginning: Any = "sample:bird"
    id: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    outbox: Outbox = field(default_factory=Outbox)
    opened: OpenedPicture | None = None
    pixels: Array | None = None
    wish: Wish = field(default_factory=Wish)
    learner: Learner | None = None
    model: Painting | None = None
    seen_at: float = field(default_factory=time.monotonic)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _generation: int = 0
    _last: Learner | None = None
    _copies: dict[int, Array] = field(default_factory=dict)
    is_closed: bool = False

    def __post_init__(self) -> None:
        self.display = Display(self.scene, self.outbox)

    def open(self, source: Any = None, name: str | None = None) -> None:
        """Take another picture: an address, ``sample:NAME``, or the bytes of a file and its name.

        Without any, it is the one that pages begin with.

        Raises
        ------
        PaintnetError
            If it cannot be opened.
        """
        if source is None:
            source = self.beginning
        elif not isinstance(source, bytes | str):
            raise SettingsError("source", "is no text", "give an address, or drop a file")
        elif isinstance(source, str) and not source.startswith(("sample:", "http://", "https://")):
            why = "is neither a sample nor an address"
            raise SettingsError(printable(source)[:80], why, "give an http or https address, or drop a file")
        opened = open_picture(source, limits=self.limits) if name is None else self._uploaded(source, name)
        with self._lock:
            self.opened, self.model, self._copies = opened, None, {}
            self._begin(self.wish, "picture")
        for note in opened.notes:
            self.outbox.gather("note", note)

    def _uploaded(self, content: bytes, name: str) -> OpenedPicture:
        """Decode a file that was sent; its name is what a person knows it by, also where it is refused."""
        shown = printable(name)[:100]
        try:
            opened = open_picture(BytesIO(content), limits=self.limits)
        except PictureError as error:
            raise PictureError(shown, error.why, error.remedy, error.parameter) from error
        return replace(opened, name=file_stem(name), source=shown)

    def open_model(self, content: bytes, name: str) -> None:
        """Show a saved painting; there is nothing to train until another picture is chosen.

        Raises
        ------
        ModelFileError
            If it is damaged or not one.
        """
        model = Painting.from_bytes(content, printable(name)[:100])
        with self._lock:
            self._stop()
            self.model, self.opened, self.pixels, self._copies = model, None, None, {}
            self.display.forget()
        record = model.training
        self.outbox.put("picture", self._about(printable(name)[:100], (model.width, model.height)))
        state = {"phase": "model", "moments": [], **NO_REFUSAL, "epoch": record.epochs if record else 0}
        if record is not None:
            state |= {"psnr": record.psnr, "accuracy": record.accuracy, "held_out": record.held_out_psnr}
        self.outbox.put("state", state)

    def configure(self, document: Mapping[str, Any]) -> dict[str, bool]:
        """Take other settings: some change a run on its way, all others begin it anew; says which.

        Raises
        ------
        SettingsError
            If they cannot be used; the run goes on as it was.
        """
        wish = Wish.of(document)
        with self._lock:
            # Before there is a picture, those of a small one tell most of what is wrong.
            wish.settings_for((64, 64, 3) if self.opened is None else self._copy(wish.max_side).shape)
            learner, changed = self.learner, wish.differs_from(self.wish)
            if learner is not None and changed and set(changed) <= ON_THE_WAY and learner.is_prepared:
                complete = wish.settings_for(learner.picture.shape)
                self.wish = wish
                for name in changed:
                    learner.change(name, getattr(complete, name))
                self._tell_settings()
                return {"anew": False}
            if changed or learner is None:
                self._begin(wish, ", ".join(changed))
            return {"anew": bool(changed)}

    def start(self) -> None:
        """Learn on."""
        self._running().start()
        self.display.refresh()

    def pause(self) -> None:
        """Stand still."""
        self._running().pause()

    def step(self) -> None:
        """Learn for one epoch."""
        self._running().step()
        self.display.refresh()

    def rewind(self, epoch: int) -> None:
        """Go back to the latest moment that is not after an epoch."""
        learner = self._running()
        self.outbox.forget("points")
        self.outbox.put("back", {"epoch": epoch})
        learner.rewind(epoch)

    def look(self, document: Mapping[str, Any]) -> None:
        """Take note of what the page wants to see.

        Raises
        ------
        SettingsError
            If it is nothing that can be shown.
        """
        view = document.get("view", "painting")
        unit, firsts = document.get("unit"), document.get("firsts", [])
        try:
            look = Look(
                view,
                max(16, min(2048, int(document.get("width", 512)))),
                tuple(max(0, int(each)) for each in firsts[:100]),
                None if unit is None else (max(0, int(unit[0])), max(0, int(unit[1]))),
            )
        except (TypeError, ValueError, OverflowError, IndexError, KeyError) as error:
            raise SettingsError("look", "is not a view", "send a view and a width") from error
        if view not in VIEWS:
            raise SettingsError("view", "is unknown", f"use one of {', '.join(VIEWS)}")
        self.display.look = look
        self.display.refresh()

    def probe(self, x: float, y: float) -> dict[str, Any]:
        """Say all about one position."""
        painting = self.painting()
        column, row = (
            round(min(max(at, 0), side - 1)) for at, side in ((x, painting.width), (y, painting.height))
        )
        target = None if self.pixels is None else self.pixels[row, column]
        return probed(painting, (x, y), target)

    def line(self, start: tuple[float, float], end: tuple[float, float]) -> dict[str, Any]:
        """Give the colors of the painting and of the picture along a line, as RGBA bytes in hexadecimal."""
        painting = self.painting()
        positions = along(painting, start, end)
        said: dict[str, Any] = {"count": STRIP, "painting": rgba(painting.predict(positions)).hex()}
        if self.pixels is not None:
            ends = np.array([painting.width - 1, painting.height - 1])
            columns, rows = np.clip(np.rint(positions), 0, ends).astype(int).T
            said["picture"] = rgba(self.pixels[rows, columns]).hex()
        return said

    def classes(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Show what the classes of some settings would be, before anything is learned.

        Raises
        ------
        SettingsError
            If the settings cannot be used.
        """
        wish = Wish.of(document)
        if self.pixels is None:
            raise PageError("classes", "there is no picture", "choose one")
        small = shrink(self.pixels, PREVIEW_SIDE)
        given = wish.settings.get("classes") or Classes()
        labels, palette = sort_pixels(small, given, int(wish.settings.get("seed", 0)))
        colors = unpremultiply(palette.astype(np.float32))
        shares = np.bincount(labels, minlength=len(palette)) / len(labels)
        picture = colors[labels].reshape(*small.shape[:2], -1)
        shown = {"width": small.shape[1], "height": small.shape[0]}
        self.outbox.put("classes", {**shown, "shares": shares.round(4).tolist()}, rgba(picture))
        return {}

    def painting(self) -> Painting:
        """Give the painting as it is now.

        Raises
        ------
        PageError
            If there is none yet.
        """
        learner = self.learner
        painting = self.model if learner is None else learner.painting()
        if painting is None:
            raise PageError("painting", "there is none yet", "start the training")
        return painting

    def scene(self) -> Scene | None:
        """Give what the display paints now."""
        learner, model = self.learner, self.model
        if model is not None:
            return Scene(model, model.training.epochs if model.training else 0, is_moving=False)
        if learner is None:
            return None
        run, painting = learner.run, learner.painting()
        if painting is None or run is None:
            return None
        states = run.dataset.pixel_states
        return Scene(painting, run.epochs_, learner.is_moving, learner.picture, states == PixelState.HELD_OUT)

    def command(self) -> str | None:
        """Write the command that repeats the run; None where a setting has no option."""
        return None if self.opened is None else self.command_line(self.opened.source, self.wish)

    def close(self) -> None:
        """Stop its training and let go of everything."""
        self.is_closed = True
        with self._lock:
            self._stop()
            self.display.close()
            self.outbox.wake()
            self.opened = self.pixels = self.model = None
            self._copies = {}

    def _running(self) -> Learner:
        if self.learner is None:
            raise PageError("training", "there is no picture to learn", "choose one")
        return self.learner

    def _stop(self) -> None:
        self._generation += 1
        if self.learner is not None:
            self.learner.close()
            self._last, self.learner = self.learner, None
        self.outbox.forget("points", "state", "frame", "network", "unit", "back")

    def _begin(self, wish: Wish, why: str) -> None:
        """Begin anew: another picture or other settings."""
        opened = self.opened
        if opened is None:
            self.wish = wish
            return
        pixels = self._copy(wish.max_side)
        wish.settings_for(pixels.shape)
        self._stop()
        if self.pixels is None or why == "picture" or pixels.shape != self.pixels.shape:
            shown = shrink(pixels, 1024)
            height, width = shown.shape[:2]
            about = self._about(opened.source, (pixels.shape[1], pixels.shape[0]))
            self.outbox.put("picture", {**about, "shown": [width, height]}, rgba(shown))
        self.wish, self.pixels, self.model = wish, pixels, None
        self.outbox.put("anew", {"why": why})
        self._tell_settings()
        self.learner = Learner(pixels, wish.preset, wish.settings, self._telling(), self._last)
        self.display.forget()

    def _copy(self, max_side: int) -> Array:
        """Give the picture as it is learned; a large one is made smaller in parts."""
        assert self.opened is not None  # noqa: S101 - the callers have looked; told to mypy
        if max_side not in self._copies:
            with _SHRINKING:
                self._copies = {max_side: shrink(self.opened.held, max_side)}
        return self._copies[max_side]

    def _telling(self) -> Callable[[str, Any], None]:
        """What a learner tells the page with; nothing, once another has taken its place."""
        generation = self._generation

        def tell(kind: str, said: Any) -> None:
            if generation != self._generation:
                return
            if kind == "state":
                self.outbox.put("state", said)
                self.display.refresh()
            else:
                self.outbox.gather({"point": "points"}.get(kind, kind), said)

        return tell

    def _tell_settings(self) -> None:
        """Say what the settings come to: the preset's own, where none were given, and the command."""
        opened, pixels = self.opened, self.pixels
        if opened is None or pixels is None:
            return
        complete = self.wish.settings_for(pixels.shape).to_document()
        encoding = complete.pop("encoding")
        classes = complete.pop("classes")
        given = {**encoding, **classes, **complete, "encoding": encoding["name"]}
        given |= {"preset": self.wish.preset, "max_side": self.wish.max_side}
        self.outbox.put("settings", {"values": given, "command": self.command()})

    def _about(self, source: str, size: tuple[int, int]) -> dict[str, Any]:
        return {"source": source, "width": size[0], "height": size[1], "extension": EXTENSION}
