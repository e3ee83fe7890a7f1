"""A store that has every kind of file, and ways to damage one."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from store_parts import fail, fingerprint, record, values

from sweeper.messages.asked import AskedChoice, AskedSweep, Column, SweepHeader
from sweeper.messages.ending import Ending
from sweeper.store import compaction, endings, merge_lock, open_store
from sweeper.vocabulary import AXES

NESTED = 100_000


def every_kind(folder: Path) -> Path:
    """Runs in files of their own, merged, in a merge that died, in a journal; attempts that failed; all else."""
    store = open_store(folder)
    _merged(store, "abcd", died=False)
    _merged(store, "efg", died=True)
    for second, name in enumerate("hij"):
        record(store, name, float(second), second=second)
    fail(store, "h", second=9)
    fail(store, "k", "timeout")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sweeper.store.recorder.MOMENT_S", float("inf"))
        for name in "lmn":
            record(store, name, 1.0, may_wait=True)
    store.write_asked(asked())
    endings.write(store.files, asked().header.sweep_id, Ending({"exclude": 3}, not_attempted=1, stopped_by="interrupt"))
    listing = json.dumps({"mine.py": "aa", "other.py": "bb"}, sort_keys=True).encode()
    store.write_artifact(f"code/{hashlib.sha256(listing).hexdigest()[:16]}.json", listing)
    store.write_outcomes({"": {"datum_id": ["a", "b"], "label": np.arange(2, dtype=np.int32)}})
    store.write_artifact("reports/job/report.md", b"# A report\n")
    (folder / ".sweeper" / "logs" / "sweep").mkdir(parents=True)
    (folder / ".sweeper" / "logs" / "sweep" / "a.log").write_text("printed")
    (folder / ".sweeper" / "compact.lock").write_bytes(b"0" * 32)
    os.utime(folder / ".sweeper" / "compact.lock", (0, 0))
    return folder


class _Died(BaseException):
    """Ends a merge as a crash does."""


def _merged(store: Any, names: str, *, died: bool) -> None:
    """Merge the runs of these names; a merge that dies does so before it removes its inputs."""
    for second, name in enumerate(names):
        record(store, name, float(second), second=second)

    def dying(*_: object) -> None:
        raise _Died

    with pytest.MonkeyPatch.context() as patch:
        if not died:
            store.compact(grace_s=0)
            return
        patch.setattr(compaction.live_files, "finish", dying)
        for table in store.tables():
            with pytest.raises(_Died):
                _merge_of(store, table)


def _merge_of(store: Any, table: str) -> None:
    with merge_lock.held(store.files) as lock:
        assert lock is not None
        compaction._merge(store.files, table, lock, 0, 2)  # type: ignore[reportPrivateUsage]


def asked() -> AskedSweep:
    """What a sweep of two combinations asked for."""
    header = SweepHeader(sweep_id="20260101-000000-abc", name="test", began=datetime(2026, 1, 1, tzinfo=UTC))
    choices = [AskedChoice(axis, axis, axis, "{}", "{}") for axis in AXES]
    columns = {axis: Column([(place,)], [0, 0]) for place, axis in enumerate(AXES)}
    return AskedSweep(header, choices, [fingerprint("a"), fingerprint("z")], columns, [True, True], ["new", "new"])


def contents(folder: Path) -> dict[str, Any]:
    """All that readers count, and the completed attempts of which they find no rows."""
    store = open_store(folder)
    seen = values(store)
    done = [row["capability"] for row in store.attempts().to_pylist() if row["status"] == "completed"]
    every = [fingerprint(name) for name in "abcdefghijklmnz"]
    states = {key: (state.completed, state.newest_status) for key, state in store.attempt_states(every).items()}
    return {
        "values": seen,
        "rowless": sorted(set(done) - {name for name, _, _ in seen}),
        "states": states,
        "tables": {name: len(store.table(name)) for name in ("attempts", "scores", "runs")},
    }


def after_repair(seen: dict[str, Any]) -> dict[str, Any]:
    """What readers count once `check --repair` has moved aside the completed attempts whose rows are gone."""
    lost = {fingerprint(name) for name in seen["rowless"]}
    states = {key: state for key, state in seen["states"].items() if key not in lost}
    if fingerprint("h") in lost:
        states[fingerprint("h")] = (False, "failed")  # its other attempt
    tables = {**seen["tables"], "attempts": seen["tables"]["attempts"] - len(lost)}
    return {**seen, "rowless": [], "states": states, "tables": tables}


def note_of_unfinished_merge(folder: Path) -> Path:
    """The note of the merge of attempts that died."""
    notes = folder.glob(".sweeper/merged/attempts/*.json")
    return next(note for note in notes if not note.name.endswith(".done.json"))


def journal_segment(folder: Path) -> Path:
    return next(folder.glob(".sweeper/journal/*.jsonl"))


def _half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _filled(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


CONTENTS: dict[str, Callable[[Path], object]] = {
    "half": _half,
    "empty": _filled(b""),
    "torn": _filled(b'["1795'),
    "mapping": _filled(b"{}\n"),
    "numbers": _filled(b"[1,2]\n"),
    "null": _filled(b"null\n"),
    "not UTF-8": _filled(b"\xff\xfe\xfd\n"),
    "nested": _filled(b"[" * NESTED + b"]" * NESTED + b"\n"),
    "folder": _folder,
}
