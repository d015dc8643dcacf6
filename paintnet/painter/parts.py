"""The clock of a job: which of its parts it is in, and how long each of them takes."""

import time
from collections.abc import Callable

from paintnet.painter.events import PARTS, Event, Working


def _ignore(working: Working) -> None:
    """Tell nobody."""


class PartClock:
    """Follows a job from part to part.

    One look at the time ends a part and begins the next. So the parts add up to the whole, and
    nothing that a job does is left out.

    Parameters
    ----------
    tell : callable
        Is called with each `Working`: at the beginning of a part, and whenever its share is known.
    begun : float, optional
        Time at which the first part, "starting", began, by `time.perf_counter`; by default now.

    Attributes
    ----------
    seconds : dict of str to float
        By the names of the parts that have been, in the order of `PARTS`.

    Examples
    --------
    >>> clock = PartClock(lambda working: print(working.part))
    >>> clock(Working("opening"))
    opening
    >>> clock(Working("learning"))
    learning
    >>> clock.stop()
    >>> list(clock.seconds)
    ['starting', 'opening', 'learning']
    """

    def __init__(self, tell: Callable[[Working], None] = _ignore, begun: float | None = None) -> None:
        self._tell = tell
        self._part: str | None = "starting"
        self._since = time.perf_counter() if begun is None else begun
        self._seconds = dict.fromkeys(PARTS, 0.0)

    def __call__(self, event: Event) -> None:
        """Take an event; all but `Working` change no part."""
        if not isinstance(event, Working):
            return
        if event.part != self._part:
            self._turn_to(event.part)
        self._tell(event)

    def at(self, part: str, progress: float | None = None) -> None:
        """Say where the job is."""
        self(Working(part, progress))

    def stop(self) -> None:
        """End the last part: the job is done, or waits for its next step."""
        self._turn_to(None)

    @property
    def seconds(self) -> dict[str, float]:
        """How long each part took, so far."""
        return {part: seconds for part, seconds in self._seconds.items() if seconds}

    def _turn_to(self, part: str | None) -> None:
        now = time.perf_counter()
        if self._part is not None:
            self._seconds[self._part] += now - self._since
        self._part, self._since = part, now
