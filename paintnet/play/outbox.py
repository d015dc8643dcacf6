"""What a page has still to be told: the newest of each kind, so that a slow reader costs no memory."""

import json
import struct
import threading
from collections.abc import Callable
from typing import Any

MOST_POINTS = 4000
"""Of the learning curve that wait for a page that does not read."""

REPEATED = ("picture", "settings", "state")
"""What a page has to know, also where its connection broke on the way and another takes its place."""

Message = tuple[dict[str, Any], bytes]


class Outbox:
    """Messages of a page on their way, put there by any thread.

    A new message takes the place of one of its kind that is still waiting: of two paintings only the newer is
    worth sending. Points of the learning curve and notes are gathered.

    Parameters
    ----------
    wake : callable
        Is called after each message.

    Examples
    --------
    >>> outbox = Outbox()
    >>> outbox.put("frame", {"epoch": 1}, b"old")
    >>> outbox.put("frame", {"epoch": 2}, b"new")
    >>> outbox.gather("points", [1, 9.5])
    >>> outbox.gather("points", [2, 12.5])
    >>> outbox.take()
    [({'epoch': 2, 'kind': 'frame'}, b'new'), ({'kind': 'points', 'items': [[1, 9.5], [2, 12.5]]}, b'')]
    >>> outbox.take()
    []
    """

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, Message] = {}
        self._last: dict[str, Message] = {}
        self.wake = wake

    def put(self, kind: str, header: dict[str, Any], body: bytes = b"") -> None:
        """Send a message; one of its kind that is still waiting is not sent."""
        message = ({**header, "kind": kind}, body)
        with self._lock:
            self._waiting[kind] = message
            if kind in REPEATED:
                self._last[kind] = message
        self.wake()

    def gather(self, kind: str, item: Any) -> None:
        """Send an item; those of its kind that are still waiting go together with it."""
        with self._lock:
            header, _ = self._waiting.setdefault(kind, ({"kind": kind, "items": []}, b""))
            items = header["items"]
            items.append(item)
            if len(items) > MOST_POINTS:
                del items[: MOST_POINTS // 2 : 2]
        self.wake()

    def forget(self, *kinds: str) -> None:
        """Do not send what is waiting of these kinds: it belongs to a run that is no more."""
        with self._lock:
            for kind in kinds:
                self._waiting.pop(kind, None)
                self._last.pop(kind, None)

    def repeat(self) -> None:
        """Send again what a page has to know: what was taken may never have arrived."""
        with self._lock:
            taken = {kind: message for kind, message in self._last.items() if kind not in self._waiting}
            self._waiting = taken | self._waiting

    def is_waiting(self, kind: str) -> bool:
        """Whether the page has not yet taken the last of a kind."""
        with self._lock:
            return kind in self._waiting

    def take(self) -> list[Message]:
        """Take all that is waiting, in the order in which it was first put."""
        with self._lock:
            taken = list(self._waiting.values())
            self._waiting = {}
        return taken


def packed(message: Message) -> bytes:
    r"""Write a message for the wire: two lengths, the header as JSON, and the body.

    Examples
    --------
    >>> packed(({"kind": "frame"}, b"abc"))
    b'\x10\x00\x00\x00\x03\x00\x00\x00{"kind":"frame"}abc'
    """
    header, body = message
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    return struct.pack("<II", len(text), len(body)) + text + body
