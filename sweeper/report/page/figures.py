"""The plots of the page, in groups, each drawn as SVG and with a legend."""

from __future__ import annotations

from dataclasses import dataclass

from sweeper.report.page import plots
from sweeper.report.page.cost_plots import by_cost
from sweeper.report.page.panels import Group, colours, groups
from sweeper.report.page.swept import by_parameter
from sweeper.report.report_data import ReportData


@dataclass(frozen=True)
class Figure:
    """One group of plots as it is shown."""

    anchor: str
    group: Group
    drawings: tuple[str, ...]
    """SVG of each panel."""
    legend: tuple[tuple[int, str, str], ...]
    """Number of the colour, marker and name of each model that has a colour."""
    others: int
    """How many models have none."""


def figures_of(contents: ReportData) -> list[Figure]:
    boards = contents.leaderboards
    drawn = groups(boards, contents.strengths, by_parameter(boards), by_cost(boards, contents.costs))
    numbers = colours(contents.leaderboards, drawn)
    return [_figure(f"plots-{place}", group, numbers) for place, group in enumerate(drawn, start=1)]


def _figure(anchor: str, group: Group, numbers: dict[str, int]) -> Figure:
    names = {one.name for panel in group.panels for one in panel.series}
    legend = tuple((number, plots.GLYPHS[number], name) for name, number in numbers.items() if name in names)
    drawings = tuple(plots.draw(panel, numbers) for panel in group.panels)
    return Figure(anchor, group, drawings, legend, len(names) - len(legend))
