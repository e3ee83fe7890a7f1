"""How values are to be shown, as the command line says it. Plain data, and quickly imported."""

from __future__ import annotations

from dataclasses import dataclass

from sweeper.cli.tables.screen import PLAIN, Screen


@dataclass(frozen=True)
class Wished:
    """How values are to be shown.

    Attributes
    ----------
    screen
        What they are shown on.
    whole
        Whether every value is shown, however many lines that takes, instead of summing large tables up.
    intervals
        Whether each value has its interval beside it.
    """

    screen: Screen = PLAIN
    whole: bool = False
    intervals: bool = False

    @property
    def width(self) -> int | None:
        """The columns of the screen; `None` sets no limit."""
        return self.screen.width
