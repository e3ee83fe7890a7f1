"""Which of the runs in flight has been going on for longest."""

from __future__ import annotations

import time

from sweeper.running.active import ActiveAttempt
from sweeper.running.pace import longest


class Oldest:
    """Follows the run that was submitted first, which has a place if any has one.

    Its time is counted from when all that was submitted before it had ended. So it has run for at least so long.
    """

    def __init__(self) -> None:
        self._active: ActiveAttempt | None = None
        self._since = 0.0

    def look(self, active: ActiveAttempt | None) -> None:
        """This is the one that was submitted first."""
        if active is not self._active:
            self._active, self._since = active, time.monotonic()

    def in_words(self) -> str:
        """Its name and its time, if that is long."""
        if self._active is None:
            return ""
        return longest(_name(self._active), time.monotonic() - self._since)


def _name(active: ActiveAttempt) -> str:
    combination = active.item.combination
    if active.predictions is None or active.predictions.status.is_terminal:
        return combination.label()
    models, datasets = combination.names[2], combination.names[1]
    return f"predictions of {models} on {datasets}"
