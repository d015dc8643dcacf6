"""All pages that are open: so many, and no longer than somebody looks at them."""

import threading
import time
from collections.abc import Callable

from paintnet.play.visit import Page, PageError

MOST_PAGES = 8
"""Open at once; each may hold a picture and a training."""

LEFT_AFTER = 6.0
"""Seconds without a connection after which a page counts as closed."""


class Pages:
    """All open pages; one that nobody looks at any more is closed.

    Parameters
    ----------
    make : callable
        Makes a page.
    most : int
        How many may be open.
    """

    def __init__(self, make: Callable[[], Page], most: int = MOST_PAGES) -> None:
        self._make, self.most = make, most
        self._lock = threading.Lock()
        self._open: dict[str, Page] = {}

    def __len__(self) -> int:
        return len(self._open)

    def add(self) -> Page:
        """Open one.

        Raises
        ------
        PageError
            If there are too many.
        """
        self.sweep()
        with self._lock:
            if len(self._open) >= self.most:
                raise PageError("page", f"{self.most} are open already", "close one of them, and try again")
            page = self._make()
            self._open[page.id] = page
            return page

    def find(self, id: str) -> Page:  # noqa: A002 - what else to call it
        """Give an open page.

        Raises
        ------
        PageError
            If it is not there, or not any more.
        """
        page = self._open.get(id)
        if page is None:
            raise PageError("page", "it was closed", "load it again")
        return page

    def drop(self, id: str) -> None:  # noqa: A002 - as above
        """Close one, if it is open."""
        with self._lock:
            page = self._open.pop(id, None)
        if page is not None:
            page.close()

    def sweep(self) -> None:
        """Close those that nobody has been connected to for a while."""
        now = time.monotonic()
        with self._lock:
            left = [page for page in self._open.values() if now - page.seen_at > LEFT_AFTER]
            for page in left:
                del self._open[page.id]
        for page in left:
            page.close()

    def close(self) -> None:
        """Close all."""
        with self._lock:
            pages, self._open = list(self._open.values()), {}
        for page in pages:
            page.close()
