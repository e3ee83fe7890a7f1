"""Two sweeps on one store: what another one completes meanwhile is not run again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from sweeper.planning.combinations import Planned

LOOK_EVERY_S = 1.0
"""How long it takes until the next look where nothing of the plan is completed by others."""
LOOK_LEAST_S = 0.01
"""How long it takes at least."""
LOOK_REST = 5.0
"""At least so many times as long as the last look took, there is no other."""
FEW = 2
"""So many completions of others between two looks are right; where there are more, the next one comes earlier."""
PATIENCE = 20.0
"""Until the first completion, the next look comes after so many times less than it has been waited for."""
LATER = 1.25
"""So many times later it comes at most. What is in flight here and there tells nothing until it is settled."""


class Completions(Protocol):
    """What has completed since it was asked last."""

    def take(self) -> set[str]: ...


class Meanwhile:
    """Looks now and then at what has completed, and knows what of the plan need not be submitted any more.

    How often it looks follows what it sees, so that what others complete between two looks is little, and a sweep that
    runs alone hardly ever looks.
    """

    def __init__(self, completions: Completions | None = None, items: Sequence[Planned] = ()) -> None:
        waits = dict.fromkeys((item.fingerprint for item in items), True)
        self._completions = completions if len(waits) == len(items) else None  # else some are to run several times
        self._waits = waits if self._completions is not None else dict[str, bool]()
        """What is planned, and of each whether it was never submitted here."""
        self._done, self._new = set[str](), set[str]()
        """What has completed, here or elsewhere, and what of that the last look told."""
        self._look_at, self._every = 0.0, LOOK_LEAST_S
        self._first_look: float | None = None
        self.count = 0
        """How many were not submitted because another sweep had completed them."""

    def __contains__(self, item: Planned) -> bool:
        """Whether one that did not run here has completed elsewhere."""
        return item.fingerprint in self._done

    def is_elsewhere(self, item: Planned) -> bool:
        """Whether one that is in flight here has completed elsewhere.

        That can only be told a look later: had it completed here, it would not be in flight any more.
        """
        return item in self and item.fingerprint not in self._new

    def drop(self, item: Planned) -> bool:
        """Whether one that did not run here has completed elsewhere; if so, it is counted."""
        self.count += item in self
        return item in self

    def submitted(self, item: Planned) -> None:
        """One has gone out here, so that its completion says nothing of others."""
        if item.fingerprint in self._waits:
            self._waits[item.fingerprint] = False

    def look_now_and_then(self) -> bool:
        """Look, if the last time is long enough ago; whether it was. A store that cannot be read is looked at later."""
        began = time.monotonic()
        if self._completions is None or began < self._look_at:
            return False
        self._first_look = began if self._first_look is None else self._first_look
        with suppress(Exception):  # each kind of store fails with errors of its own, and no look is no loss
            new = {one for one in self._completions.take() if one in self._waits} - self._done
            self._learn(new, began - self._first_look)
        self._every = max(self._every, LOOK_REST * (time.monotonic() - began))
        self._look_at = began + self._every
        return True

    def _learn(self, new: set[str], waited_s: float) -> None:
        """Until the first completion, nobody knows how fast it goes; from then on, look as often as others complete."""
        by_others = sum(self._waits[one] for one in new)
        self._new = new
        self._done |= new
        wanted = self._every * FEW / max(by_others, FEW / LATER) if self._done else waited_s / PATIENCE
        self._every = min(max(wanted, LOOK_LEAST_S), LOOK_EVERY_S)
