"""What is shown of a sweep that has ended: its values where they can be read, and in any case how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from sweeper.cli import render
from sweeper.cli.json_documents import result_document, write_json

if TYPE_CHECKING:
    from sweeper.running.result import SweepResult

INTERRUPTED, INCOMPLETE = 130, 3
_INTERRUPT = "interrupted"


def show_result(result: SweepResult, resume: str, out: TextIO, err: TextIO, *, as_json: bool, whole: bool) -> int:
    """Write one document, or text for people, and return the exit status. `resume` is the command that goes on."""
    problem = _unreadable(result)
    status = _status(result, problem)
    if problem is not None:
        err.write(f"what was measured cannot be read from {result.store.uri}: {problem}\n")
    if as_json:
        write_json(result_document(result, whole=whole, exit_status=status, unreadable=problem), out)
    else:
        out.write(_text(result, resume, with_values=problem is None))
    return status


def _status(result: SweepResult, problem: str | None) -> int:
    if problem is None or result.exit_status in (INTERRUPTED, INCOMPLETE):
        return result.exit_status
    return INTERRUPTED if problem == _INTERRUPT else INCOMPLETE


def _unreadable(result: SweepResult) -> str | None:
    """Read what is to be shown, which the result keeps; why that cannot be done, or `None`."""
    try:
        _ = result.leaderboards, result.earlier_failures, _shared_ids(result)
    except KeyboardInterrupt:
        return _INTERRUPT
    except Exception as error:  # noqa: BLE001 - each kind of store fails with errors of its own
        return str(error) or type(error).__name__
    return None


def _text(result: SweepResult, resume: str, *, with_values: bool) -> str:
    parts = [_values(result)] if with_values else []
    parts += [render.outcome_text(result.outcome, result.plan, resume), "\n"]
    parts += [render.earlier_failures_text(result.earlier_failures)] if with_values else []
    return "".join([*parts, f"sweep: {result.sweep_id}\nresults: {result.store.uri}\n"])


def _values(result: SweepResult) -> str:
    boards = render.leaderboards(result.leaderboards)
    shared = render.shared_ids_text(_shared_ids(result))
    return (f"{boards}\n\n" if boards else "") + render.no_values_text(result.gaps) + shared


def _shared_ids(result: SweepResult) -> list[tuple[str, str, list[str]]]:
    """Ids that several parts share, to be told once: by the sweep that stored values under them."""
    return result.shared_ids if result.counts["completed"] else []
