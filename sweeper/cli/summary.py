"""What is shown of a sweep that has ended: its values where they can be read, and in any case how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from sweeper.cli import render
from sweeper.cli.json_documents import result_document, write_json
from sweeper.cli.tables.wished import Wished
from sweeper.common.gc_pause import gc_paused
from sweeper.messages.outcome import NOT_MET, Gap

if TYPE_CHECKING:
    from sweeper.running.result import SweepResult

INTERRUPTED, INCOMPLETE = 130, 3
_INTERRUPT = "interrupted"


@dataclass(frozen=True)
class Further:
    """The commands that go on from a sweep."""

    resume: str
    """Runs what it left."""
    values: str
    """Shows all that it measured."""


def show_result(
    result: SweepResult, further: Further, out: TextIO, err: TextIO, wished: Wished, *, as_json: bool
) -> int:
    """Write one document, or text for people, and return the exit status.

    The text has the values of as many combinations as a person may look through; `wished.whole` and `as_json` show all.
    """
    shown = result if as_json or wished.whole else result.excerpt()
    with gc_paused():
        problem = _unreadable(result, shown)
    status = _status(result, problem)
    if problem is not None:
        err.write(f"what was measured cannot be read from {result.store.uri}: {problem}\n")
    if as_json:
        write_json(result_document(result, whole=wished.whole, exit_status=status, unreadable=problem), out)
    else:
        out.write(_text(result, shown if problem is None else None, further, wished))
    return status


def _status(result: SweepResult, problem: str | None) -> int:
    if problem is None:
        return result.exit_status
    if result.outcome.exit_status in (INTERRUPTED, INCOMPLETE):
        return result.outcome.exit_status
    return INTERRUPTED if problem == _INTERRUPT else INCOMPLETE


def _unreadable(result: SweepResult, shown: SweepResult) -> str | None:
    """Read what is to be shown, which the results keep; why that cannot be done, or `None`."""
    try:
        _ = shown.leaderboards, result.verdicts, result.earlier_failures, _gaps(result, shown), _shared_ids(result)
    except KeyboardInterrupt:
        return _INTERRUPT
    except Exception as error:  # noqa: BLE001 - each kind of store fails with errors of its own
        return str(error) or type(error).__name__
    return None


def _text(result: SweepResult, shown: SweepResult | None, further: Further, wished: Wished) -> str:
    """What is said of a sweep; `shown` has the values, if there are any that can be read."""
    parts = [] if shown is None else [_values(result, shown, further.values, wished)]
    parts += [render.outcome_text(result.outcome, result.plan, further.resume), "\n"]
    parts += [] if shown is None else [render.earlier_failures_text(result.earlier_failures)]
    if shown is not None and result.exit_status == NOT_MET:
        parts.append(render.not_met_text(result.verdicts))
    return "".join([*parts, f"sweep: {result.sweep_id}\nresults: {result.store.uri}\n"])


def _values(result: SweepResult, shown: SweepResult, command: str, wished: Wished) -> str:
    from sweeper.cli.value_text import leaderboards, verdicts_text

    boards = leaderboards(shown.leaderboards, wished, command)
    verdicts = verdicts_text(result.verdicts, wished.screen)
    parts = [f"{boards}\n\n"] if boards else []
    parts += [render.not_shown_text(len(shown.plan.items), len(result.plan.items), command)]
    parts += [f"{verdicts}\n\n"] if verdicts else []
    parts += [render.no_values_text(_gaps(result, shown)), render.shared_ids_text(_shared_ids(result))]
    return "".join(parts)


def _gaps(result: SweepResult, shown: SweepResult) -> list[Gap]:
    """Combinations without a value: all of them after a run; where nothing ran, only those that are shown."""
    return result.gaps if result.plan.to_run else shown.gaps


def _shared_ids(result: SweepResult) -> list[tuple[str, str, list[str]]]:
    """Ids that several parts share, to be told once: by the sweep that stored values under them."""
    return result.shared_ids if result.counts["completed"] else []
