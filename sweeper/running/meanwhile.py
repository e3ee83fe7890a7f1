"""Two sweeps on one store: what another one completes meanwhile is not run again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from sweeper.planning.decisions import Planned

if TYPE_CHECKING:
    from sweeper.store import Store

LOOK_EVERY_S = 1.0
LOOK_REST = 5.0
"""At least so many times as long as the last look took, there is no other."""


class Completions(Protocol):
    """What has completed since it was asked last."""

    def take(self) -> set[str]: ...


class Meanwhile:
    """Looks now and then at what has completed, and knows what of the plan need not be submitted any more."""

    def __init__(self, completions: Completions | None = None, items: Sequence[Planned] = ()) -> None:
        wanted = {item.fingerprint for item in items}
        self._completions = completions if len(wanted) == len(items) else None  # else some are to run several times
        self._wanted = wanted if self._completions is not None else set[str]()
        self._done: set[str] = set()
        self._look_at = 0.0
        self.count = 0
        """How many were not submitted because another sweep had completed them."""

    def drop(self, item: Planned) -> bool:
        """Whether one that was never submitted has completed; if so, it is counted."""
        if item.fingerprint not in self._done:
            return False
        self.count += 1
        return True

    def look_now_and_then(self) -> None:
        """Look, if the last time is long enough ago. A store that cannot be read now is looked at later."""
        began = time.monotonic()
        if self._completions is None or began < self._look_at:
            return
        with suppress(Exception):  # each kind of store fails with errors of its own, and no look is no loss
            self._done |= self._completions.take() & self._wanted
        took = time.monotonic() - began
        self._look_at = began + max(LOOK_EVERY_S, LOOK_REST * took)


def watch(store: Store, items: Sequence[Planned], *, repeats: bool) -> Meanwhile:
    """What watches for others from now on; nothing, where whatever has completed is to run again (`repeats`)."""
    from sweeper.store.meanwhile import NewCompletions

    return Meanwhile() if repeats else Meanwhile(NewCompletions(store.files), items)
