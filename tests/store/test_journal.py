"""Rows of quick runs wait in a journal: every answer of the store counts them, whatever is folded, merged or torn."""

from __future__ import annotations

import fcntl
import json
import math
import os
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_parts import fail, fingerprint, record, values

from sweeper.records import Record
from sweeper.store import DamagedFileWarning, Store, open_store
from sweeper.store.journal import Journal, flush, segments, waiting
from sweeper.store.schema import Rows


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long this machine takes from one run to the next, it counts as a moment."""
    monkeypatch.setattr("sweeper.store.recorder.MOMENT_S", float("inf"))


def place(store: Store, segment: str) -> Path:
    return Path(store.uri, ".sweeper", "journal", segment)


def quickly(store: Store, *names: str) -> None:
    """Record runs right after one another; the first has nothing to follow, so it has files of its own."""
    for second, name in enumerate(names):
        record(store, name, float(second), second=second, may_wait=True)


def parquet_rows(store: Store, table: str) -> int:
    """What a reader sees that knows of no journal."""
    return sum(pq.read_metadata(path).num_rows for path in Path(store.uri, table).glob("*.parquet"))


def test_quick_runs_wait_and_are_in_every_answer(store: Store):
    quickly(store, "a", "b", "c")
    assert [parquet_rows(store, table) for table in ("attempts", "scores", "runs")] == [1, 1, 2]
    seen = open_store(store.uri)
    assert values(seen) == [("a", "k0", 0.0), ("b", "k0", 1.0), ("c", "k0", 2.0)]
    assert [len(seen.table(name)) for name in ("attempts", "scores", "runs")] == [3, 3, 6]
    assert all(state.completed for state in seen.attempt_states(map(fingerprint, "abc")).values())
    assert seen.sql("SELECT count(*) AS n FROM attempts").to_pylist() == [{"n": 3}]


def test_folding_makes_parquet_of_them_and_changes_no_answer(store: Store):
    quickly(store, "a", "b", "c")
    before = [store.table(name).sort_by("fingerprint").to_pylist() for name in ("attempts", "scores")]
    assert store.flush_journals() == 1
    assert [store.table(name).sort_by("fingerprint").to_pylist() for name in ("attempts", "scores")] == before
    assert [parquet_rows(store, table) for table in ("attempts", "scores", "runs")] == [3, 3, 6]
    assert (store.flush_journals(), segments(store.files)) == (0, [])
    quickly(store, "d", "e")
    assert len(values(store)) == 5


def test_runs_that_are_some_time_apart_do_not_wait(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sweeper.store.recorder.MOMENT_S", 0.0)
    quickly(store, "a", "b", "c")
    assert (parquet_rows(store, "attempts"), segments(store.files)) == (3, [])


def test_the_uri_of_a_run_that_waits_is_the_file_that_it_will_be_in(store: Store):
    record(store, "a", 1.0)
    uri = record(store, "b", 2.0, 3.0, may_wait=True)
    assert uri is not None
    assert not Path(uri).exists()
    store.flush_journals()
    assert pq.read_table(uri)["output_value"].to_pylist() == [2.0, 3.0]


def test_a_merge_takes_what_waited_too(store: Store):
    quickly(store, "a", "b", "c")
    store.compact(grace_s=0)
    assert len(list(Path(store.uri, "attempts").glob("[1-9]*.parquet"))) == 1
    assert len(values(store)) == 3
    assert store.check().sound


def test_what_was_just_folded_is_not_merged_under_a_reader(store: Store):
    quickly(store, "a", "b")
    (segment,) = segments(store.files)
    place(store, segment).rename(place(store, f"1000000000000{segment[13:]}"))
    assert store.compact(grace_s=30).merged == {}
    assert len(values(open_store(store.uri))) == 2


def test_files_of_a_segment_that_is_still_there_do_not_count(store: Store):
    """As after a crash in the middle of folding."""
    quickly(store, "a", "b", "c")
    (segment,) = segments(store.files)
    line = place(store, segment).read_bytes()
    store.flush_journals()
    place(store, segment).write_bytes(line)
    assert (len(store.attempts()), len(values(store))) == (3, 3)
    store.compact(grace_s=0)
    assert (len(store.attempts()), len(store.table("runs")), len(values(store))) == (3, 6, 3)


def test_a_segment_that_somebody_folds_is_left_for_another(store: Store):
    quickly(store, "a", "b")
    (segment,) = segments(store.files)
    with place(store, segment).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        quickly(store, "c")
    assert len(segments(store.files)) == 2
    assert len(values(store)) == 3
    assert store.flush_journals() == 2


def test_a_torn_last_line_is_a_run_that_was_not_recorded(store: Store):
    quickly(store, "a", "b", "c")
    (segment,) = segments(store.files)
    path = place(store, segment)
    path.write_bytes(path.read_bytes()[:-10])
    assert [name for name, _, _ in values(store)] == ["a", "b"]
    store.flush_journals()
    assert [name for name, _, _ in values(store)] == ["a", "b"]


def test_a_damaged_line_is_named_loses_no_other_and_is_set_aside(store: Store):
    quickly(store, "a", "b", "c", "d")
    (segment,) = segments(store.files)
    path = place(store, segment)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"\x00garbage\n", *lines[2:]]))
    with pytest.warns(DamagedFileWarning, match="1 lines that cannot be read"):
        assert [name for name, _, _ in values(store)] == ["a", "b", "d"]
    assert store.check().damaged == (f".sweeper/journal/{segment}: 1 lines",)
    assert store.check(repair=True).damaged
    assert store.check().sound
    assert [p.name for p in Path(store.uri, ".sweeper", "quarantine", "journal").iterdir()] == [segment]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [name for name, _, _ in values(store)] == ["a", "b", "d"]


@pytest.mark.parametrize(
    ("place_of_value", "cell"), [(4, "much"), (0, 7), (4, [1.0]), (1, "noon"), (1, 1 << 70), (0, "\ud800")]
)
def test_a_line_with_a_cell_of_another_type_is_damaged_like_others(store: Store, place_of_value: int, cell: object):
    quickly(store, "a", "b", "c", "d")
    (segment,) = segments(store.files)
    path = place(store, segment)
    lines = path.read_bytes().splitlines(keepends=True)
    said = json.loads(lines[1])
    said["rows"][0][1][0][place_of_value] = cell
    path.write_bytes(b"".join([lines[0], json.dumps(said).encode() + b"\n", *lines[2:]]))
    with pytest.warns(DamagedFileWarning, match="1 lines that cannot be read"):
        assert [name for name, _, _ in values(store)] == ["a", "b", "d"]
    assert store.check().damaged == (f".sweeper/journal/{segment}: 1 lines",)
    with pytest.warns(DamagedFileWarning):
        store.flush_journals()
    assert [name for name, _, _ in values(store)] == ["a", "b", "d"]
    assert store.check().sound


@pytest.mark.parametrize("bad", [math.inf, math.nan, 1e-320, -0.0])
def test_unusual_numbers_survive(store: Store, bad: float):
    record(store, "a", 1.0)
    record(store, "b", bad, may_wait=True)
    (waits,) = [value for name, _, value in values(store) if name == "b"]
    store.flush_journals()
    (folded,) = [value for name, _, value in values(store) if name == "b"]
    assert [str(waits), str(folded)] == [str(bad)] * 2


def test_a_value_that_is_not_plain_is_written_at_once(store: Store):
    """Arrow decides on it, before the run counts as recorded."""
    numpy = pytest.importorskip("numpy")
    record(store, "a", 1.0)
    record(store, "b", numpy.float32(0.5), may_wait=True)
    assert segments(store.files) == []
    with pytest.raises(TypeError, match="does not fit"):
        record(store, "c", "text", may_wait=True)  # type: ignore[arg-type]
    assert values(store) == [("a", "k0", 1.0), ("b", "k0", 0.5)]


def test_failures_and_waiting_runs_are_told_apart(store: Store):
    quickly(store, "a", "b")
    fail(store, "b", second=5)
    fail(store, "c", second=6)
    found = store.attempt_states(map(fingerprint, "abc"))
    assert [found[fingerprint(name)].completed for name in "abc"] == [True, True, False]


class AnyRecord(Record, table_name="any"):
    """A column of every kind."""

    text: str | None
    number: float | None
    count: int | None
    flag: bool | None
    moment: datetime | None


moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
cells = st.fixed_dictionaries(
    {
        "text": st.none() | st.text(),
        "number": st.none() | st.floats(allow_nan=False),
        "count": st.none() | st.integers(-(1 << 70), 1 << 70),
        "flag": st.none() | st.booleans(),
        "moment": st.none() | moments,
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(cells, min_size=1, max_size=3), min_size=1, max_size=4))
def test_what_is_appended_comes_back_as_arrow_would_have_it(
    tmp_path_factory: pytest.TempPathFactory, entries: list[list[dict[str, Any]]]
):
    from sweeper.store.payload import payload_schema
    from sweeper.store.schema import to_table

    store = open_store(tmp_path_factory.mktemp("store"))
    journal = Journal(store.files)  # type: ignore[arg-type]
    schema = payload_schema(AnyRecord)
    kept: list[dict[str, Any]] = []
    for entry in entries:
        rows = [
            {"run_uid": "u", "created_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=1), **row}
            for row in entry
        ]
        if journal.append([Rows("any", schema, rows)]) is not None:
            kept += rows
        else:
            assert any(not -(1 << 63) <= (row["count"] or 0) < 1 << 63 or not encodable(row["text"]) for row in entry)
    (found,) = [inside.tables.get("any") for inside in waiting(store.files).values()] or [None]
    expected = to_table(schema, kept) if kept else None
    assert found == expected
    flush(store.files)
    assert (store.table("any") if kept else None) == expected


def encodable(text: str | None) -> bool:
    try:
        (text or "").encode()
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize("written", [0, 10], ids=["nothing of it", "a part of it"])
def test_a_line_that_fails_takes_no_table_and_no_later_run_with_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, written: int
):
    """The first line of a segment says what its tables are, and a later one only numbers them."""
    real = os.write

    def full(handle: int, data: bytes) -> int:
        real(handle, data[:written])
        raise OSError("no space left on device")

    record(store, "a", 1.0)
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="no space left"):
        record(store, "b", 2.0, may_wait=True)
    monkeypatch.undo()
    monkeypatch.setattr("sweeper.store.recorder.MOMENT_S", float("inf"))
    record(store, "c", 3.0, may_wait=True)
    record(store, "d", 4.0, may_wait=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedFileWarning)
        assert [name for name, _, _ in values(store)] == ["a", "c", "d"]
        store.flush_journals()
        assert [name for name, _, _ in values(store)] == ["a", "c", "d"]


def test_a_full_disk_takes_back_what_went_out_of_a_line(store: Store, monkeypatch: pytest.MonkeyPatch):
    quickly(store, "a", "b")
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, data[: len(data) // 2]))
    with pytest.raises(OSError, match="the disk may be full"):
        record(store, "c", 3.0, may_wait=True)
    monkeypatch.undo()
    quickly(store, "d")
    assert [name for name, _, _ in values(store)] == ["a", "b", "d"]
    assert isinstance(store.attempts(), pa.Table)
