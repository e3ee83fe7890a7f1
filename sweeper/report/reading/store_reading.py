"""Reads the store, once, into the plain data that the report shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sweeper.common.clock import EPOCH
from sweeper.comparison.by_datum import DataReader
from sweeper.comparison.repeats import refuse_unswept
from sweeper.comparison.stored_repeats import stored_repeats
from sweeper.errors import ConfigError, near_match
from sweeper.messages.outcome import NO_VALUES, STATUSES, Gap, brief
from sweeper.records import OVERALL
from sweeper.report import sweep_states
from sweeper.report.leaderboard import Leaderboard
from sweeper.report.marks import made
from sweeper.report.reading.against import read_against
from sweeper.report.reading.costs import read_costs
from sweeper.report.reading.failure_causes import read_causes
from sweeper.report.reading.model_errors import read_model_errors
from sweeper.report.reading.provenance import NEEDED as OF_PROVENANCE
from sweeper.report.reading.provenance import read_provenance
from sweeper.report.reading.required import read_required
from sweeper.report.reading.run_reports import read_reports
from sweeper.report.reading.shown_attempts import ShownAttempts, select_attempts
from sweeper.report.report_data import Incomplete, Names, NotRun, ReportData, RunReport, Sweep
from sweeper.report.sorting import natural_key, sort_rows
from sweeper.report.strengths import strengths_of
from sweeper.report.sweep_states import SweepState
from sweeper.store import caveats, endings
from sweeper.store.compute import pc
from sweeper.store.last_status import NEWEST
from sweeper.store.meanwhile import not_ended
from sweeper.store.newest_attempts import COMPLETED
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from sweeper.comparison.sides import Side
    from sweeper.store import Store, Table

SWEEPS = 20
"""So many sweeps are listed, the newest, and so many combinations that did not complete."""
INCOMPLETE = 100
LISTED_REPORTS = 500
"""Reports of runs beyond these are only counted."""
TRACEBACK = 20_000
"""Of a traceback the last so many characters are shown: its end says what went wrong."""
_COLUMNS = tuple(
    dict.fromkeys(
        (
            *AXES,
            *sweep_states.NEEDED,
            *("fingerprint", "sweep_id", "sweep_name", "status", "submitted_at", "finished_at", "duration_s"),
            *("error_type", "error_message", "traceback", "log_uri", "report_uri"),
            *("result_run_uid", "job_id", "payload_table", "inference_id", *caveats.NEEDED),
            *caveats.OF_DATA,
            *OF_PROVENANCE,
        )
    )
)


def read_report_data(
    store: Store, sweep: str | None = None, repeats: Sequence[str] = (), baseline: Side | None = None
) -> ReportData:
    """All that the report on a store says; parameters and errors as for `sweeper.report.html`."""
    everywhere = _attempts(store)
    attempts = _of_sweep(store, everywhere, sweep)
    found = select_attempts(attempts, everywhere)
    values, sweeps = _values(store, found), _sweeps(attempts)
    repeats = _known_repeats(values, repeats) or stored_repeats(store, store.sweep_ids()[-SWEEPS:], sweep)
    incomplete, strengths, reports = found.incomplete, strengths_of(values), _linked(found.completed)
    return ReportData(
        store=store.uri,
        sweep=sweep,
        made_at=datetime.now(UTC),
        running=_running(store, everywhere, sweep),
        counts=_counts(found),
        older=found.older,
        sweeps=tuple(sweeps[:SWEEPS]),
        more_sweeps=max(0, len(sweeps) - SWEEPS),
        not_run=_not_run(store, sweeps[:SWEEPS]),
        required=read_required(store, sweep),
        leaderboards=_leaderboards(store, values, _gaps(found, values), _same(store, sweeps, sweep), repeats),
        strengths=strengths[0],
        more_strengths=strengths[1],
        incomplete=tuple(_incomplete(row) for row in incomplete.slice(0, INCOMPLETE).to_pylist()),
        more_incomplete=max(0, len(incomplete) - INCOMPLETE),
        failed=read_causes(incomplete, _incomplete, set(store.sweep_ids())),
        reports=read_reports(store, [_unread(row) for row in reports.slice(0, LISTED_REPORTS).to_pylist()]),
        more_reports=max(0, len(reports) - LISTED_REPORTS),
        against=read_against(baseline, store, _overall(values), repeats),
        costs=read_costs(found.completed, values),
        model_errors=read_model_errors(store, found.completed),
        provenance=read_provenance(store, found.completed, [one.id for one in sweeps[:SWEEPS]]),
    )


def _attempts(store: Store) -> Table:
    """Where no sweep tells what its names stood for, the specs of attempts do, which are many times as large."""
    return store.attempts(_COLUMNS if store.sweep_ids() else (*_COLUMNS, "spec"))


def _values(store: Store, found: ShownAttempts) -> Table:
    """Rows of the view `results` of what completed, with what is said against them, in the order of the page."""
    values = caveats.with_changed_data(store.files, store.measured(found.completed), found.completed)
    return sort_rows(values, ("capability", "metric", "key", "dataset", "model"))


def _overall(values: Table) -> list[dict[str, Any]]:
    """Those that sum a run up."""
    return values.filter(pc.equal(values["scope"], OVERALL)).to_pylist()


def _linked(completed: Table) -> Table:
    """The attempts whose runs made a report."""
    return completed.filter(pc.greater(pc.fill_null(pc.utf8_length(completed["report_uri"]), 0), 0))


def _known_repeats(values: Table, repeats: Sequence[str]) -> Sequence[str]:
    """The swept keys to show the mean over that the command line names, which must be there."""
    if repeats:
        refuse_unswept(repeats, (name for axis in AXES for name in pc.unique(values[axis]).to_pylist() if name))
    return repeats


def _of_sweep(store: Store, attempts: Table, sweep: str | None) -> Table:
    if not len(attempts):
        raise ConfigError(
            f"The analytics store {store.uri} holds no attempts, so there is nothing to report. Run a sweep first "
            "(python -m sweeper), or name another store with analytics_store.uri=..."
        )
    if sweep is None:
        return attempts
    is_wanted = pc.or_(pc.equal(attempts["sweep_id"], sweep), pc.equal(attempts["sweep_name"], sweep))
    chosen = attempts.filter(is_wanted)
    if not len(chosen):
        raise ConfigError(_no_such_sweep(store, _sweeps(attempts), sweep))
    return chosen


def _no_such_sweep(store: Store, known: Sequence[Sweep], sweep: str) -> str:
    hint = near_match(sweep, [name for one in known for name in (one.id, one.name)])
    newest = ", ".join(f"{one.id} ({one.name})" for one in known[:5])
    return (
        f"The analytics store {store.uri} has no sweep with the id or name {sweep!r}.{hint} "
        f"Its newest sweeps: {newest}. Give one of these to --sweep, or leave it out for the whole store."
    )


def _sweeps(attempts: Table) -> list[Sweep]:
    """Every sweep that made one of these attempts, the newest first."""
    counted = attempts.select(["sweep_id", "sweep_name", "submitted_at", "finished_at"]).append_column(
        "completed", pc.equal(attempts["status"], COMPLETED).cast("int64")
    )
    wanted = [("submitted_at", "min"), ("finished_at", "max"), ("completed", "sum"), ("completed", "count")]
    rows = counted.group_by(["sweep_id", "sweep_name"]).aggregate(wanted).to_pylist()
    return sorted(map(_sweep, rows), key=lambda one: (one.began or EPOCH, one.id), reverse=True)


def _sweep(row: Mapping[str, Any]) -> Sweep:
    began, ended = row["submitted_at_min"], row["finished_at_max"]
    return Sweep(row["sweep_id"], row["sweep_name"], began, ended, row["completed_count"], row["completed_sum"])


def _not_run(store: Store, sweeps: Sequence[Sweep]) -> tuple[NotRun, ...]:
    """What these sweeps left out, where they left out anything or that is not known yet."""
    known = endings.read(store.files, [one.id for one in sweeps])
    ended = ((one, known[one.id]) for one in sweeps if one.id in known)
    found = (NotRun(one, tuple(end.left_out()) if end else (), end is not None) for one, end in ended)
    return tuple(one for one in found if one.left_out or not one.has_ended)


def _running(store: Store, everywhere: Table, sweep: str | None) -> tuple[SweepState, ...]:
    """How far the sweeps have come that run."""
    states = sweep_states.sweep_states(store, not_ended(store.files, ""), everywhere)
    return tuple(one for one in states if sweep in (None, one.sweep_id, one.name))


def _counts(found: ShownAttempts) -> dict[str, int]:
    ends = {pair["values"]: pair["counts"] for pair in pc.value_counts(found.incomplete["status"]).to_pylist()}
    stands = pc.sum(pc.equal(found.completed[NEWEST], COMPLETED)).as_py() or 0
    return {**dict.fromkeys(STATUSES, 0), **ends, COMPLETED: stands}


def _gaps(found: ShownAttempts, values: Table) -> list[Gap]:
    """What is shown without a value: it did not complete, or it completed and measured nothing."""
    named = ["fingerprint", *AXES]
    failed = found.incomplete.filter(pc.is_null(found.incomplete["shown"])).select([*named, "status"]).to_pylist()
    is_measured = pc.is_in(found.completed["fingerprint"], values["fingerprint"].combine_chunks())
    empty = found.completed.filter(pc.invert(is_measured)).select(named).to_pylist()
    return [Gap(**_named(row)) for row in [*failed, *({**row, "status": NO_VALUES} for row in empty)]]


def _named(row: Mapping[str, Any]) -> dict[str, str]:
    return {**row, **{axis: row[axis] or "" for axis in AXES}}


def _same(store: Store, sweeps: Sequence[Sweep], sweep: str | None) -> list[tuple[str, str, str]]:
    """Which names the newest of these sweeps dropped, of the whole store those with nothing to run too."""
    known = store.sweep_ids()
    if sweep is not None:
        known = sorted({one.id for one in sweeps} & set(known))
    return store.same_names(known[-SWEEPS:])


def _leaderboards(
    store: Store,
    values: Table,
    gaps: Sequence[Gap],
    same: Sequence[tuple[str, str, str]],
    repeats: Sequence[str],
) -> tuple[Leaderboard, ...]:
    """The tables of the terminal, each with its lines sorted by name, so that a model stands in one place in all."""
    return tuple(
        replace(board, lines=tuple(sorted(board.lines, key=lambda line: natural_key(line.name))))
        for board in made(_overall(values), gaps, same, repeats, DataReader(store))
    )


def _names(row: Mapping[str, Any]) -> Names:
    return Names(*(row[axis] or "" for axis in AXES))


def _incomplete(row: Mapping[str, Any]) -> Incomplete:
    message, trace = (row["error_message"] or "").strip(), row["traceback"] or ""
    return Incomplete(
        names=_names(row),
        status=row["status"],
        error_type=row["error_type"] or "",
        message=brief(message),
        traceback=trace if len(trace) <= TRACEBACK else f"...{trace[-TRACEBACK:]}",
        log_uri=row["log_uri"],
        shown=row["shown"],
        sweep=row["sweep_name"] or "",
    )


def _unread(row: Mapping[str, Any]) -> RunReport:
    return RunReport(_names(row), row["report_uri"], sweep=row["sweep_name"] or "")
