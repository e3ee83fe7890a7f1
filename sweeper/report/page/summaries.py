"""What a leaderboard comes to over its datasets: mean and worst of each model, where every value is there. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sweeper.report.leaderboard import Leaderboard, Line

MEAN, WORST = "mean", "worst"


@dataclass(frozen=True)
class Summary:
    """The columns behind those of the datasets."""

    names: tuple[str, ...]
    """`mean` and, where it is known which direction is good, `worst`; none where there is one dataset."""
    over: int
    """Over so many datasets."""

    def values(self, board: Leaderboard, line: Line) -> tuple[float | None, ...]:
        """A value for each of `names`; `None` unless each dataset has a number with nothing against it.

        A mean over some of the datasets would make a model look good that failed on the hard ones.
        """
        known = [value for value in line.values if value is not None and not math.isnan(value)]
        if len(known) < self.over or line.caveats:
            return (None,) * len(self.names)
        worst = min if board.higher_is_better else max
        found = {MEAN: math.fsum(known) / len(known) if all(map(math.isfinite, known)) else sum(known)}
        found[WORST] = worst(known)
        return tuple(found[name] for name in self.names)


def summary_of(board: Leaderboard) -> Summary:
    over = len(board.columns)
    if (board.side, board.top) != ("model", "dataset") or over < 2:
        return Summary((), over)
    return Summary((MEAN,) if board.higher_is_better is None else (MEAN, WORST), over)
