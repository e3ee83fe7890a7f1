"""The report as Markdown for a pull request: what matters first, and never more than GitHub takes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from sweeper.comparison.differences import BETTER, ONLY_FIRST, WORSE, Difference
from sweeper.report import changes
from sweeper.report.changes import Against
from sweeper.report.leaderboard import Leaderboard, warnings
from sweeper.report.markdown_parts import code, inline, table
from sweeper.report.page.failures import Block, blocks_of
from sweeper.report.report_data import ReportData
from sweeper.report.summed_boards import summed
from sweeper.report.verdicts import verdict_tables

MOST = 60_000
"""Characters in all; GitHub takes 65,536 in a comment or description."""
CAUSES, CHANGED, WARNINGS, MESSAGE = 10, 30, 5, 300
"""So many causes, changed values and warnings are listed, and so many characters of a message are shown."""
_NO_ROOM = "{} more tables are left out here, for want of room; the HTML page has them."


def as_markdown(contents: ReportData) -> str:
    """The whole text: what does not fit is left out at the end of the leaderboards, and said."""
    before = [_head(contents), *_requirements(contents), *_against(contents.against)]
    after = [*_warnings(contents), *_failures(contents)]
    room = MOST - sum(len(block) + 2 for block in (*before, *after))
    return "\n\n".join([*before, *_within(list(_leaderboards(contents.leaderboards)), room), *after]) + "\n"


def _head(contents: ReportData) -> str:
    ends = ", ".join(f"{count:,} {status}" for status, count in contents.counts.items() if count) or "nothing"
    sweep = f" of the sweep {inline(contents.sweep)}" if contents.sweep else ""
    return f"# Sweep report\n\nCombinations{sweep}: {ends}."


def _requirements(contents: ReportData) -> Iterator[str]:
    if contents.required is None:
        return
    yield f"## Requirements\n\nAs the sweep {inline(contents.required.sweep_name)} asked for."
    for found in verdict_tables(contents.required.verdicts):
        heads = ("model", "verdict", "on", "value", "bound", "what would decide")
        yield f"**{inline(found.title)}**\n\n{table(heads, (line.cells for line in found.lines), numbers=(3, 4))}"
        if found.more:
            yield inline(found.more)


def _against(against: Against | None) -> Iterator[str]:
    if against is None:
        return
    yield f"## Against {inline(against.label)}\n\n{changes.in_words(against.counts)}."
    for title, verdict in (("Worse", WORSE), ("Better", BETTER), ("Gone", ONLY_FIRST)):
        found, more = changes.listed(against.with_verdict(verdict), CHANGED)
        if found:
            yield f"**{title}**\n\n{_changed(found, against.confidence)}"
        if more:
            yield f"And {more:,} more."
    yield (
        f"Better and worse: the {against.confidence * 100:g} % interval of the difference excludes zero. Each stands "
        "for itself, so a few of a hundred are called so by chance."
    )


def _changed(found: Sequence[Difference], confidence: float) -> str:
    heads = ("model", "dataset", "measure", "before", "now", "difference", f"{confidence * 100:g} % interval")
    rows = (
        (
            one.either.model,
            one.either.dataset,
            f"{one.either.capability}: {changes.measure_of(one.either)}",
            changes.number(one.first),
            changes.number(one.second),
            changes.signed(one.change),
            changes.bounds(one),
        )
        for one in found
    )
    return table(heads, rows, numbers=(3, 4, 5, 6))


def _leaderboards(boards: Iterable[Leaderboard]) -> Iterator[str]:
    """The heading, then a block for each table; the capability stands above its first."""
    title = "## Leaderboards\n\n★ best of its column, ≈ cannot be told apart from it.\n\n"
    for capability, found in groupby(boards, key=lambda board: board.capability):
        heading = f"{title}### {inline(capability)}\n\n"
        for board in found:
            yield heading + summed(board)
            heading = title = ""


def _within(blocks: Sequence[str], room: int) -> list[str]:
    kept: list[str] = []
    for place, block in enumerate(blocks):
        room -= len(block) + 2
        if room < len(_NO_ROOM) + 10:
            return [*kept, _NO_ROOM.format(len(blocks) - place)]
        kept.append(block)
    return kept


def _warnings(contents: ReportData) -> Iterator[str]:
    yield from (f"> warning: {inline(text)}" for text in warnings(contents.leaderboards)[:WARNINGS])


def _failures(contents: ReportData) -> Iterator[str]:
    blocks = blocks_of(contents)
    if not blocks:
        return
    yield "## Not completed"
    yield from map(_cause, blocks[:CAUSES])
    left = sum(block.cause.count for block in blocks[CAUSES:]) + contents.failed.beyond
    if left:
        yield f"And {left:,} more of other causes."


def _cause(block: Block) -> str:
    one = block.first
    message = one.message if len(one.message) <= MESSAGE else f"{one.message[:MESSAGE]}..."
    error = ": ".join(filter(None, (one.error_type, message)))
    count = f"{block.cause.count:,} combination{'' if block.cause.count == 1 else 's'}"
    first = "" if block.cause.count == 1 else "first "
    lead = "**Fix this first.** " if block.is_first else ""
    said = f"{lead}{one.status}, {count} ({first}{inline(one.names.label())}): {inline(error)}"
    return f"{said}\n\n{code(block.command)}" if block.command else said
