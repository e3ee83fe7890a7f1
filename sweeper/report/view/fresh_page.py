"""Keeps one page, and makes it again once the store is another."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from sweeper.errors import SweeperError


class Page(NamedTuple):
    """A page, and the mark of the store that it was made of."""

    mark: str
    data: bytes


class FreshPage:
    """The newest page of a store; threads may ask for it at the same time, and one of them makes it.

    Parameters
    ----------
    look
        The mark of the store, which is another one after it has changed. It is asked for at each request.
    make
        Makes the page; it is given the mark, by which the page knows itself.
    warn
        Is told why a page could not be made. Then the one before is shown still.
    """

    def __init__(self, look: Callable[[], str], make: Callable[[str], str], warn: Callable[[str], None]) -> None:
        self._look, self._make, self._warn = look, make, warn
        self._page: Page | None = None
        self._failed = ""
        self._lock = Lock()

    def newest(self) -> Page:
        """The page of the store as it is now.

        Raises
        ------
        SweeperError, OSError
            The first page cannot be made.
        """
        with self._lock:
            try:
                mark = self._look()
                if self._page is None or mark not in (self._page.mark, self._failed):
                    self._page = self._made(mark)
            except OSError as error:
                if self._page is None:
                    raise
                self._warn(str(error))
            return self._page

    def _made(self, mark: str) -> Page:
        try:
            return Page(mark, self._make(mark).encode())
        except (SweeperError, OSError) as error:
            if self._page is None:
                raise
            self._failed = mark
            self._warn(str(error))
            return self._page
