"""The check that every test of a fault ends with finds what it is there to find."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from invariant import assert_nothing_lost
from store_parts import fail, fingerprint, record

from sweeper.store import open_store, sealed

pytestmark = pytest.mark.faults
ALL = [fingerprint("a"), fingerprint("b")]


def test_a_sound_store_passes(tmp_path: Path):
    store = open_store(tmp_path / "store")
    record(store, "a", 1.0, 2.0)
    fail(store, "b")
    assert assert_nothing_lost(store, ALL, completed=ALL[:1]) == {ALL[0]: ["completed"], ALL[1]: ["failed"]}


def test_a_completed_attempt_without_its_rows_is_found(tmp_path: Path):
    store = open_store(tmp_path / "store")
    record(store, "a", 1.0)
    record(store, "b", 1.0)
    sorted(Path(store.uri, "scores").glob("[1-9]*.parquet"))[0].unlink()
    with pytest.raises(AssertionError, match="without rows"):
        assert_nothing_lost(store, ALL)


def test_what_is_missing_doubled_or_left_behind_is_found(tmp_path: Path):
    store = open_store(tmp_path / "store")
    record(store, "a", 1.0)
    with pytest.raises(AssertionError):
        assert_nothing_lost(store, ALL, completed=ALL)
    (attempt,) = Path(store.uri, "attempts").glob("*.parquet")
    copy = attempt.with_name(attempt.name.replace(attempt.name[:13], "2000000000000", 1))
    sealed.put(store.files, "attempts", copy.name, pa.py_buffer(attempt.read_bytes()))
    with pytest.raises(AssertionError, match="stored twice"):
        assert_nothing_lost(store, ALL)
    copy.unlink()
    Path(store.uri, ".sweeper", "tmp", "left.tmp").touch()
    with pytest.raises(AssertionError):
        assert_nothing_lost(store, ALL)
    assert_nothing_lost(store, ALL, tidy=False)
