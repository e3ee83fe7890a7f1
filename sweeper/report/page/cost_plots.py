"""A measure against the time that a model needs for a datum: who is good, and who is good and fast. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sweeper.report.costs import Costs
from sweeper.report.leaderboard import Leaderboard, Line
from sweeper.report.page.panels import Panel, series_of
from sweeper.report.page.summaries import MEAN, summary_of
from sweeper.report.strengths import is_at_strength

FEWEST = 2
"""Fewer models are not compared."""


def by_cost(boards: Sequence[Leaderboard], costs: Costs) -> Iterator[tuple[str, Panel]]:
    """Capability and plot of each table of models whose direction is known; over several datasets, of their mean."""
    times = {one.model: 1000 * one.datum_s for one in costs.models if one.datum_s}
    for board in boards:
        if board.side == "model" and board.higher_is_better is not None and not is_at_strength(board.measure):
            panel = _panel(board, times)
            if len(panel.series) >= FEWEST:
                yield board.capability, panel


def _panel(board: Leaderboard, times: Mapping[str, float]) -> Panel:
    drawn = series_of(
        (line.name, [(times[line.name], _value(board, line), None)]) for line in board.lines if line.name in times
    )
    title = f"{board.measure} ({MEAN})" if len(board.columns) > 1 else board.measure
    return Panel(title, board.direction, "ms per datum", (), drawn, is_scatter=True)


def _value(board: Leaderboard, line: Line) -> float | None:
    summary = summary_of(board)
    return summary.values(board, line)[0] if summary.names else line.values[0]
