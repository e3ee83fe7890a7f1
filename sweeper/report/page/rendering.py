"""The report as one HTML file: styles, script, plots and images are inside, nothing is loaded."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper._version import __version__
from sweeper.report import changes, leaderboard
from sweeper.report.page import filters, markdown, queries
from sweeper.report.page.boards import chapters_of
from sweeper.report.page.changed import changes_of
from sweeper.report.page.failures import blocks_of
from sweeper.report.page.figures import figures_of
from sweeper.report.page.provenance import entries_of, links_of
from sweeper.report.report_data import ReportData
from sweeper.report.verdicts import verdict_tables

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = ("names.js", "match.js", "sort.js", "filter.js", "csv.js")
"""Parts of the one script of the page, in their order."""
SERVED = ("fresh.js",)
"""Further parts where the page is served, and can ask for a newer one."""


def render(contents: ReportData, *, served: str | None = None) -> str:
    """The whole page; where it is `served`, that is the mark by which it is told from a newer one."""
    from markupsafe import Markup

    names = SCRIPTS if served is None else SCRIPTS + SERVED
    script = "\n".join((TEMPLATES / "script" / name).read_text(encoding="utf-8") for name in names)
    links = links_of(contents.provenance)
    chapters = chapters_of(contents, links)
    shown = sum(len(chapter.tables) for chapter in chapters)
    return _environment(is_served=served is not None).get_template("page.html.jinja").render(
        contents=contents,
        served=served,
        version=__version__,
        style=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_hash=_hash(script),
        requirements=verdict_tables(contents.required.verdicts) if contents.required else [],
        chapters=chapters,
        sweeps=_sweeps(contents),
        has_intervals=any(table.has_intervals for chapter in chapters for table in chapter.tables),
        intervals=leaderboard.INTERVALS,
        warnings=leaderboard.warnings(contents.leaderboards),
        boards_left_out=len(contents.leaderboards) - shown,
        figures=figures_of(contents),
        failures=blocks_of(contents),
        changes=changes_of(contents.against),
        specs=entries_of(contents.provenance),
        links=links,
        report_anchors=_report_anchors(contents),
        total=sum(contents.counts.values()),
        queries={**queries.left_out(contents.store), "older": queries.older(contents)},
    )  # fmt: skip


def _report_anchors(contents: ReportData) -> dict[tuple[str, str, str], str]:
    """The id of each report that is shown, by its capability, dataset and model."""
    shown = (one.names for one in contents.reports if one.markdown is not None)
    return {(one.capability, one.dataset, one.model): f"report-{place}" for place, one in enumerate(shown, start=1)}


def _sweeps(contents: ReportData) -> frozenset[str]:
    """The names of the sweeps that measured what is shown."""
    lines = (line for board in contents.leaderboards for line in board.lines)
    return frozenset(name for line in lines for name in line.sweeps.values())


def _environment(*, is_served: bool) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,  # whatever comes from the store is text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(when=filters.when, took=filters.took, breakable=filters.breakable)
    environment.filters.update(href=filters.web_address if is_served else filters.href)
    environment.filters.update(
        number=changes.number,
        signed=changes.signed,
        bounds=changes.bounds,
        measure=changes.measure_of,
        in_words=changes.in_words,
    )
    environment.filters.update(seconds=filters.seconds)
    environment.filters.update(document=lambda text: Markup(markdown.to_html(str(text))), svg=Markup)
    return environment


def _hash(script: str) -> str:
    """What the page's content security policy names, so that no other script runs on it, should one ever get there."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
