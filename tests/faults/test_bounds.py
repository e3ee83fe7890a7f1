"""A run that prints and fails without end costs a bounded log, a bounded row and a bounded message."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_line import typed
from invariant import assert_nothing_lost

from sweeper.store import open_store

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("empty_folder")]
NO_PARTS = "_sweep_:{arity:{datasets:ZERO,models:ZERO,metrics:ZERO}}"
GRID = ["capability=[]", f"+capability.a={{_target_:fault_parts.Endless,{NO_PARTS}}}"]
EVALUATE = ["capability=[evaluate]", "dataset=[digits]", "model=[]", "metric=[accuracy]",
            "+model.endless={_target_:fault_parts.EndlessModel,_sweep_:{task:image_classification}}"]  # fmt: skip


@pytest.mark.parametrize("grid", [GRID, EVALUATE], ids=["run", "inference"])
def test_a_run_without_end_has_bounded_words(grid: list[str], backend: str):
    status, out, err = typed(*grid, backend, "log_limit=20 KB", "error_limit=2 KB")
    assert status == 1, err
    assert len(out) + len(err) < 60_000
    store = open_store("analytics_store")
    (row,) = store.attempts().to_pylist()
    assert (row["status"], row["error_type"]) == ("failed", "ValueError")
    for text in (row["error_message"], row["traceback"]):
        assert len(text.encode()) < 2300
        assert "error_limit says how many are kept" in text
    if "inline" not in backend:
        log = Path(row["log_uri"])
        assert log.stat().st_size <= 20_000
        text = log.read_text()
        assert text.startswith("a line that is printed again and again")
        assert "bytes were left out here; log_limit says how many are kept" in text
        assert "Traceback (most recent call last):" in text
    assert sum(os.path.getsize(path) for path in Path("analytics_store").rglob("*") if path.is_file()) < 200_000
    assert_nothing_lost(store, [row["fingerprint"]])


@pytest.mark.parametrize("value", ["0", "999", "-1", "true", "x", "10 TB", "1e99", "[1]", "10 MB 3"])
@pytest.mark.parametrize("key", ["log_limit", "error_limit"])
def test_what_is_no_size_is_refused(key: str, value: str):
    status, out, err = typed("plan", f"{key}={value}")
    assert (status, out) == (2, "")
    assert f"{key} must be a number of bytes of at least 1000, such as 64000, 64 KB or 10 MB" in err
