"""How far the sweeps of a store have come, and what of them failed, by what the store has now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sweeper.errors import ConfigError, StoreError, near_match
from sweeper.messages.asked import AskedSweep
from sweeper.messages.causes import same_error
from sweeper.messages.left_of import Done, to_run
from sweeper.messages.outcome import Failure
from sweeper.store import endings, sweep_files
from sweeper.store.compute import pc
from sweeper.store.meanwhile import not_ended
from sweeper.store.newest_attempts import COMPLETED, newest
from sweeper.store.printed import where
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from sweeper.store import Store, Table

RUNNING, ENDED, UNKNOWN = "running", "ended", "not known"
"""Of a sweep that began more than a day ago and did not say that it ended, it is not known whether it runs."""
_OF_ATTEMPT = ("attempt_id", "finished_at", *sweep_files.OF_COMPLETED)
NEEDED = (*_OF_ATTEMPT, "host")
"""The columns of `attempts` that tell how far a sweep has come."""
_NAMED = ("fingerprint", *AXES)
_OF_FAILURE = ("error_type", "error_message", "traceback", "log_uri")


@dataclass(frozen=True)
class SweepState:
    """How far one sweep has come."""

    sweep_id: str
    name: str
    began: datetime
    state: str
    """`running`, `ended` or `not known`; of one that ended early also why."""
    to_run: int
    completed: int
    """How many of these have completed since it began, whoever ran them."""
    failed: int
    """How many of these have not, and failed, timed out or were lost in it."""
    hosts: tuple[str, ...] = ()
    """The machines that its attempts ran on."""

    @property
    def left(self) -> int:
        """How many `resume=` would run."""
        return self.to_run - self.completed

    def to_dict(self) -> dict[str, object]:
        """As plain data."""
        named = ("sweep_id", "name", "state", "to_run", "completed", "failed", "left")
        began = self.began.isoformat()
        return {**{name: getattr(self, name) for name in named}, "began": began, "hosts": [*self.hosts]}


def newest_sweeps(store: Store, most: int) -> list[str]:
    """The ids of the newest sweeps, the newest first."""
    return store.sweep_ids()[: -most - 1 : -1]


def find_sweep(store: Store, wanted: str | None) -> str:
    """The id of the newest sweep of this id, beginning of an id, or name; of the newest of all where none is wanted.

    Raises
    ------
    ConfigError
        There is none.
    """
    known = store.sweep_ids()
    if wanted is None and known:
        return known[-1]
    for sweep_id in reversed(known):
        if wanted is not None and sweep_id.startswith(wanted):
            return sweep_id
    for sweep_id in reversed(known):
        with suppress(StoreError):
            if sweep_files.read_header(store.files, sweep_id).name == wanted:
                return sweep_id
    newest_ones = f"The newest are {', '.join(known[:-4:-1])}." if known else "It has none yet."
    raise ConfigError(f"The store has no sweep {wanted or 'at all'}.{near_match(wanted or '', known)} {newest_ones}")


def sweep_states(store: Store, sweep_ids: Sequence[str], attempts: Table | None = None) -> list[SweepState]:
    """How far each of these sweeps has come. One whose file cannot be read is left out: `check` names it.

    `attempts` are as for `failures_of`.
    """
    attempts = store.attempts(NEEDED) if attempts is None else attempts
    running, said = set(not_ended(store.files, "")), set(endings.ended(store.files))
    reasons = endings.read(store.files, sweep_ids)
    states: list[SweepState] = []
    for sweep_id in sweep_ids:
        with suppress(StoreError):
            state = RUNNING if sweep_id in running else ENDED if sweep_id in said else UNKNOWN
            ending = reasons.get(sweep_id)
            early = f" early: {ending.stopped_by}" if ending is not None and ending.stopped_by else ""
            states.append(_state(store.asked_sweep(sweep_id), attempts, f"{state}{early}"))
    return states


def _state(asked: AskedSweep, attempts: Table, state: str) -> SweepState:
    header, is_done = asked.header, Done(asked, sweep_files.completed_of(attempts, asked.header))
    wanted = [*to_run(asked)]
    left = [(key, *names) for key, *names in wanted if not is_done(tuple(names), key)]
    own = attempts.filter(pc.equal(attempts["sweep_id"], header.sweep_id))
    missed = set(zip(*(_not_completed(own)[name].to_pylist() for name in _NAMED), strict=True))
    hosts = tuple(sorted({host for host in own["host"].to_pylist() if host}))
    failed, completed = sum(one in missed for one in left), len(wanted) - len(left)
    return SweepState(header.sweep_id, header.name, header.began, state, len(wanted), completed, failed, hosts)


def _not_completed(attempts: Table) -> Table:
    """The newest attempt of each combination that has no completed one among these."""
    ends = newest(attempts, _NAMED)
    return ends.filter(pc.invert(pc.equal(ends["status"], COMPLETED)))


def failures_of(store: Store, sweep_id: str, attempts: Table | None = None) -> list[Failure]:
    """What of a sweep did not complete, and has not since, by the newest attempt of each that it made.

    `attempts` are all of the store, with the columns of `failure_attempts`; they are read where they are not given.
    """
    attempts = failure_attempts(store) if attempts is None else attempts
    asked = store.asked_sweep(sweep_id)
    is_done = Done(asked, sweep_files.completed_of(attempts, asked.header))
    rows = _not_completed(attempts.filter(pc.equal(attempts["sweep_id"], sweep_id))).to_pylist()
    return [_failure(store, row) for row in rows if not is_done(tuple(row[axis] for axis in AXES), row["fingerprint"])]


def failure_attempts(store: Store) -> Table:
    """All attempts, as far as `sweep_states` and `failures_of` look at them."""
    return store.attempts((*NEEDED, *_OF_FAILURE))


def _failure(store: Store, row: Mapping[str, Any]) -> Failure:
    names = tuple(row[axis] or "" for axis in AXES)
    kind, message = row["error_type"] or "", row["error_message"] or ""
    return Failure(
        fingerprint=row["fingerprint"],
        label=" · ".join(filter(None, names)),
        status=row["status"],
        error_type=kind,
        message=message,
        traceback=row["traceback"] or "",
        log=row["log_uri"] and where(store, row["sweep_id"], row["log_uri"], row.get("host")),
        names=names,
        cause=same_error(kind, message, names),
    )
