"""The progress line: one listener of a training run."""

import sys
from typing import Any, Self

import click

from paintnet.painter.events import EpochFinished, Event

STEPS = 1000


class ProgressLine:
    """A bar on stderr that shows epochs, PSNR or loss, and the seconds left."""

    def __init__(self) -> None:
        self._bar: Any = click.progressbar(
            length=STEPS,
            file=sys.stderr,
            show_eta=False,
            show_percent=False,
            item_show_func=_describe,
            width=0,
        )
        self._shown = 0

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(self, *ended: Any) -> None:
        self._bar.__exit__(*ended)

    def __call__(self, event: Event) -> None:
        """Take one event of the run."""
        if isinstance(event, EpochFinished):
            reached = round(event.progress * STEPS)
            self._bar.update(reached - self._shown, event)
            self._shown = reached


def _describe(event: EpochFinished | None) -> str:
    if event is None:
        return "starting"
    epochs = f"{event.epoch}/{event.epochs}" if event.epochs else f"{event.epoch}"
    quality = f"loss {event.loss:.4f}" if event.psnr is None else f"loss {event.loss:.5f} {event.psnr:.1f} dB"
    return f"epoch {epochs} {quality} {event.seconds_left:.0f} s left"
