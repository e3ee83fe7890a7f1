"""Text for people: the plan, the leaderboards and the summary. Pure: it returns strings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sweeper.messages.ending import Ending
from sweeper.messages.outcome import NO_VALUES, Failure, Gap, Outcome
from sweeper.planning.combinations import Planned
from sweeper.planning.decisions import Plan
from sweeper.report import leaderboard
from sweeper.report.leaderboard import Leaderboard, Line
from sweeper.report.verdicts import verdict_tables

if TYPE_CHECKING:
    from sweeper.comparison.judged import JudgedModel

LISTED = 200
"""Plans up to this many combinations are listed one by one; larger ones by their reasons."""
SAME = 20
"""So many names that stand for the same as another, or share an id with others, are listed."""


def plan_text(plan: Plan, *, listed: int = LISTED) -> str:
    """What would run and why: each combination of a small plan, the counts of a large one."""
    lines = [] if len(plan.items) > listed else [_decision(item) for item in plan.items]
    return "\n".join([*lines, *([""] if lines else []), *_counts(plan)])


def _decision(item: Planned) -> str:
    return f"{'run ' if item.run else 'skip'}  {item.fingerprint[:12]}  {item.combination.label()}  ({item.reason})"


def _counts(plan: Plan) -> list[str]:
    run = len(plan.items) - plan.skipped
    lines = [f"{len(plan.items)} combinations: {run} to run, {plan.skipped} skipped"]
    lines += [f"  {n:>8} {'run' if runs else 'skip'}: {why}" for (runs, why), n in plan.reasons.most_common()]
    lines += [f"  {n:>8} left out by {rule}" for rule, n in plan.excluded.items() if n]
    if plan.duplicates:
        lines.append(f"  {plan.duplicates:>8} duplicates dropped (same fingerprint as another; duplicates=drop)")
        lines += [f"           {same.axis} {same.text()}" for same in plan.same[:SAME]]
        if len(plan.same) > SAME:
            lines.append(f"           and {len(plan.same) - SAME} more names")
    return lines + [f"note: {note}" for note in plan.notes]


def leaderboards(boards: Sequence[Leaderboard]) -> str:
    """Tables as text, the best of each column marked, and below them what to know."""
    below = [*leaderboard.legend(boards), *(f"warning: {text}" for text in leaderboard.warnings(boards))]
    return "\n\n".join([*map(_table, boards), *(["\n".join(below)] if below else [])])


def _table(board: Leaderboard) -> str:
    from tabulate import tabulate

    signs = board.signs
    body = [[line.name, *(_cell(board, line, i, signs) for i in range(len(board.columns)))] for line in board.lines]
    header = [f"{board.title}{f' ({board.direction})' if board.direction else ''}", *board.columns]
    table = tabulate(body, header, disable_numparse=True, stralign="right", colalign=("left",))
    return "\n".join([table, *(f"{sign} {text}" for text, sign in signs.items()), *board.notes])


def _cell(board: Leaderboard, line: Line, column: int, signs: Mapping[str, str]) -> str:
    value = line.values[column]
    if value is None:
        return line.ends.get(column, "")
    text = "NaN" if math.isnan(value) else f"{value:.4g}"
    runs = f" {line.runs[column]}" if column in line.runs else ""
    if column in line.caveats:
        return f"{text}{runs} {signs[line.caveats[column]]}"
    padding = " " if board.best[column] is not None else ""
    return f"{text}{board.mark(line, column) or padding}{runs}"


def not_shown_text(shown: int, total: int, command: str) -> str:
    """How many combinations of a large sweep have no place in the tables, and the command that shows them."""
    if shown == total:
        return ""
    return f"the tables are of the first {shown:,} of {total:,} combinations; all values: {command}\n\n"


def verdicts_text(verdicts: Sequence[JudgedModel]) -> str:
    """A table for each requirement: the verdict on each model, its value, the bound, and what would decide."""
    from tabulate import tabulate

    texts: list[str] = []
    for table in verdict_tables(verdicts):
        cells = [column for column in zip(*(line.cells for line in table.lines), strict=True) if any(column)]
        rows = tabulate(list(zip(*cells, strict=True)), tablefmt="plain", disable_numparse=True)
        lines = [table.title, "-" * len(table.title), *map(str.rstrip, rows.splitlines())]
        texts.append("\n".join([*lines, *([table.more] if table.more else [])]))
    return "\n\n".join(texts)


def not_met_text(verdicts: Sequence[JudgedModel]) -> str:
    """Why the exit status is 4."""
    number = sum(one.outcome == "not met" for one in verdicts)
    return f"requirements are enforced, and {number} verdict{'s are' if number > 1 else ' is'} not met\n"


def shared_ids_text(shared: Iterable[tuple[str, str, Sequence[str]]]) -> str:
    """A line for each id that several different choices go by in payload tables."""
    return "".join(
        f"note: {axis}s {_some(names)} all call themselves {entity!r}: tell their payload rows apart by fingerprint\n"
        for axis, entity, names in shared
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join([*names[:SAME], *([f"and {len(names) - SAME} more"] if len(names) > SAME else [])])


def outcome_text(outcome: Outcome, plan: Plan, resume: str) -> str:
    """Counts, what failed and how to go on."""
    counts = ", ".join(f"{n} {status.replace('_', ' ')}" for status, n in outcome.counts.items() if n)
    if outcome.completed_meanwhile:
        counts = f"{counts}, " * bool(counts) + f"{outcome.completed_meanwhile} completed by another sweep meanwhile"
    lines = [f"{counts or 'nothing to run'}; {plan.skipped} skipped"]
    if outcome.unwritten:
        attempts = ", ".join(f"{n} {status}" for status, n in outcome.unwritten.items())
        lines.append(f"the store could not be written, so it does not tell of these attempts: {attempts}")
    lines += failures_text(outcome.failures)
    lines += [f"  {n} {why}" for n, why in Ending.of(outcome, plan.excluded, plan.duplicates).left_out()]
    if outcome.exit_status:
        lines.append(f"run what this sweep left: {resume}")
    return "\n".join(lines)


def earlier_failures_text(failures: Sequence[Failure]) -> str:
    """What was skipped though it failed last: a value of it that is shown is older."""
    if not failures:
        return ""
    head = f"{len(failures)} skipped whose newest attempt failed or timed out (rerun=failed runs them again):"
    return "\n".join([head, *failures_text(failures)]) + "\n"


def no_values_text(gaps: Sequence[Gap], *, shown: int = 20) -> str:
    """A line for each combination that completed and measured nothing, the first `shown` of them."""
    empty = [gap for gap in gaps if gap.status == NO_VALUES]
    lines = [f"note: completed with no values: {gap.label()}" for gap in empty[:shown]]
    if len(empty) > shown:
        lines.append(f"note: and {len(empty) - shown} more completed with no values")
    return "".join(f"{line}\n" for line in lines)


def failures_text(failures: Sequence[Failure], *, shown: int = 20) -> list[str]:
    """Each failure with its cause, the first `shown` of them."""
    lines: list[str] = []
    for failure in failures[:shown]:
        cause, *more = failure.why()
        lines += [f"  {failure.status}: {failure.label}: {cause}", *(f"      {line}" for line in more)]
    if len(failures) > shown:
        lines.append(f"  and {len(failures) - shown} more: see the `attempts` table")
    return lines
