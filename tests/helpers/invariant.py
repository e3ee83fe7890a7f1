"""What must hold of a store after any fault: nothing lost, nothing doubled, nothing left behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from sweeper.store import Store, open_store


def assert_nothing_lost(
    store: Store | str | Path, planned: Collection[str], *, completed: Collection[str] = (), tidy: bool = True
) -> dict[str, list[str]]:
    """Check a store in which no process writes any more; returns the statuses of each fingerprint's attempts.

    Parameters
    ----------
    store
        The store, or where it is.
    planned
        Fingerprints of all combinations that were asked for: no other may have attempts.
    completed
        Those that must have completed, whatever else happened to them.
    tidy
        Whether a last sweep or `compact` ended by itself, so that neither temporary files nor journals may be left.
    """
    if not (isinstance(store, Store) and "://" in store.uri):  # those of an object store know its keys
        store = open_store(store.uri if isinstance(store, Store) else str(store))
    rows: list[dict[str, Any]] = store.attempts().to_pylist()
    statuses = _statuses(rows)
    assert set(statuses) <= set(planned)
    done = {fingerprint for fingerprint, ends in statuses.items() if "completed" in ends}
    assert set(completed) <= done
    _assert_rows_of_completed_attempts(store, rows)
    assert store.check().sound
    if tidy:
        assert left_behind(store) == []
    return statuses


def _statuses(rows: Iterable[dict[str, Any]]) -> dict[str, list[str]]:
    """How the attempts of each fingerprint ended; a worker and the driver may both have written one of them."""
    attempts: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        attempts.setdefault(row["fingerprint"], {}).setdefault(row["attempt_id"], []).append(row["status"])
    for of_one in attempts.values():
        for attempt, ends in of_one.items():
            assert Counter(ends)["completed"] <= 1, f"attempt {attempt} is stored twice: {ends}"
            assert len(ends) == len(set(ends)), f"attempt {attempt} is stored twice: {ends}"
    return {
        fingerprint: sorted("completed" if "completed" in ends else ends[0] for ends in of_one.values())
        for fingerprint, of_one in attempts.items()
    }


def _assert_rows_of_completed_attempts(store: Store, rows: Iterable[dict[str, Any]]) -> None:
    """Every completed attempt has its payload and its `runs` rows, once."""
    done = [row for row in rows if row["status"] == "completed" and row["payload_table"]]
    runs = Counter(store.table("runs")["run_uid"].to_pylist()) if "runs" in store.tables() else Counter[str]()
    for table in {row["payload_table"] for row in done}:
        jobs = set(store.table(table)["job_id"].to_pylist())
        missing = [row["job_id"] for row in done if row["payload_table"] == table and row["job_id"] not in jobs]
        assert missing == [], f"completed attempts without rows in {table}"
    with_parts = [row for row in done if row["dataset"] or row["model"] or row["metric"]]  # a row of `runs` for each
    assert [row["result_run_uid"] for row in with_parts if row["result_run_uid"] not in runs] == []
    values = Counter(
        tuple(row[name] for name in ("fingerprint", "capability", "dataset", "model", "metric", "key", "scope"))
        for row in store.results().to_pylist()
    )
    assert [value for value, count in values.items() if count > 1] == []


def left_behind(store: Store) -> list[str]:
    """Temporary files and journals that are still there; an object store is not looked at."""
    folders = [Path(store.uri, ".sweeper", name) for name in ("tmp", "journal")]
    return sorted(str(path) for folder in folders if folder.is_dir() for path in folder.iterdir())
