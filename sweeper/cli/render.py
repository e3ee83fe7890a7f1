"""Text for people: how a sweep ended, and what else is to be known. Pure: it returns strings."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from sweeper.messages.causes import Cause, by_cause
from sweeper.messages.ending import Ending
from sweeper.messages.narrowing import rule_for
from sweeper.messages.outcome import NO_VALUES, Failure, Gap, Outcome
from sweeper.planning.decisions import Plan

if TYPE_CHECKING:
    from sweeper.comparison.judged import JudgedModel

SAME = 20
"""So many names that share an id with others are listed."""


def not_shown_text(shown: int, total: int, command: str) -> str:
    """How many combinations of a large sweep have no place in the tables, and the command that shows them."""
    if shown == total:
        return ""
    return f"the tables are of the first {shown:,} of {total:,} combinations; all values: {command}\n\n"


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
    lines += failures_text(outcome.failures, resume)
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


def failures_text(failures: Sequence[Failure], resume: str = "", *, shown: int = 20) -> list[str]:
    """Each cause with its first failure, and how many others have it; the first `shown` causes, that of most first.

    With the command that resumes the sweep, the one that runs again just what failed by a cause, where a rule tells
    these combinations from the others.
    """
    causes = by_cause(failures)
    lines = [line for cause in causes[:shown] for line in _cause_lines(cause, failures, resume)]
    if len(causes) > shown:
        rest = sum(len(cause.failures) for cause in causes[shown:])
        lines.append(f"  and {rest} more, of {len(causes) - shown} other causes: see the `attempts` table")
    return lines


def _cause_lines(cause: Cause, failures: Sequence[Failure], resume: str) -> Iterator[str]:
    first, *others = cause.failures
    why, *more = first.why()
    yield f"  {first.status}{_alike(others)}: {first.label}: {why}"
    yield from (f"      {line}" for line in more)
    if others:
        yield from _rerun_line(cause, failures, resume)


def _alike(others: Sequence[Failure]) -> str:
    return f" {len(others) + 1} times, first" if others else ""


def _rerun_line(cause: Cause, failures: Sequence[Failure], resume: str) -> Iterator[str]:
    """The command that runs just these; none where the command that is shown for all runs nothing else."""
    mine = {failure.names for failure in cause.failures}
    rest = {failure.names for failure in failures} - mine
    rule = rule_for(mine, rest) if rest and resume else None
    if rule is not None:
        yield f"      run just these: {resume} {shlex.quote(f'only=[{rule}]')}"
