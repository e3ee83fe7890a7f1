"""The newest values of a store as tracked runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sweeper.records import OVERALL
from sweeper.report.export.boards import newest_by_names
from sweeper.report.export.tracked_runs import TrackedRun, tracked_runs
from sweeper.report.export.values import newest_values
from sweeper.store.compute import pc
from sweeper.store.sweep_files import read_header

if TYPE_CHECKING:
    from sweeper.store import Store


def runs_of_store(store: Store, sweep_id: str | None, only: Mapping[str, str]) -> list[TrackedRun]:
    """A run for each model on each dataset; parameters and errors as for `newest_values`.

    A value belongs to the experiment of the sweep that measured it, or all of them to that of the one that is named.
    """
    values = newest_values(store, sweep_id, only)
    rows = newest_by_names(values.filter(pc.equal(values["scope"], OVERALL)).to_pylist())
    attempts = {row["fingerprint"]: row for row in store.completed().to_pylist()}
    return tracked_runs(rows, attempts, read_header(store.files, sweep_id).name if sweep_id else None)
