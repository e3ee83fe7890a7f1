"""What a run may give as records, what becomes of the rest, and that one bad row spoils no other."""

from __future__ import annotations

import io
import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_parts import ESCAPED, SURROGATES, Loose, Run
from store_parts import ScoreRun, record

from sweeper import Record, open_store
from sweeper.cli.commands import run_command
from sweeper.common.text import escaped
from sweeper.errors import SchemaError, StoreError
from sweeper.messages.requests import AttemptInfo, Provenance
from sweeper.store import AttemptRow, DamagedFileWarning, Store
from sweeper.store.payload import payload_rows
from sweeper.worker.run_reports import collect

BACKENDS = ["inline", "ray-simple"]
NO_AXES = "_sweep_: {arity: {datasets: ZERO, models: ZERO, metrics: ZERO}}"


def swept(tmp_path: Path, kind: str, spec: str, *more: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, document and messages of a sweep of one capability that is given here."""
    out, err = io.StringIO(), io.StringIO()
    words = [f"+capability.x={{{spec}, {NO_AXES}}}", "capability=[]", f"job_backend.kind={kind}"]
    words += [f"analytics_store.uri={tmp_path / 'store'}", "--json", *more]
    status = run_command(words, out, err)
    return status, json.loads(out.getvalue() or "{}"), err.getvalue()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")


def write(store: Store, *rows: dict[str, Any], may_wait: bool = False) -> None:
    store.record(Run(f"u{len(rows)}{id(rows)}", list(rows)), provenance=Provenance(), may_wait=may_wait)


# A bad run_uid


@pytest.mark.parametrize("kind", BACKENDS)
@pytest.mark.parametrize("uid", ["null", "7", "''", "'  '"])
def test_a_bad_run_uid_is_the_failure_of_that_run_alone(tmp_path: Path, ray_session: None, kind: str, uid: str):
    if kind != "inline" and uid != "null":
        pytest.skip("one is enough")
    runs = ["--multirun", "capability.x.number=range(20)"]
    spec = f"_target_: record_parts.Recorded, number: 0, bad: 3, uid: {uid}"
    status, document, _ = swept(tmp_path, kind, spec, *runs)
    assert status == 1
    assert (document["counts"]["completed"], document["counts"]["failed"]) == (19, 1)
    (failure,) = document["failures"]
    assert "capability 'recorded' has run_uid=" in failure["message"]
    assert failure["error_type"] == "sweeper.errors.SchemaError"
    expected = sorted(float(number) for number in range(20) if number != 3)
    store = open_store(tmp_path / "store")
    for _ in range(2):
        assert sorted(row["value"] for row in store.results().to_pylist()) == expected
        store.compact(grace_s=0)
    assert store.check().sound
    (failed,) = [row for row in store.attempts().to_pylist() if row["status"] == "failed"]
    assert "run_uid" in failed["error_message"]


def test_rows_without_a_run_in_a_folded_file_spoil_no_other(store: Store):
    """As an older version wrote them: a file of many runs, one of which had none."""
    for name in "abc":
        record(store, name, 1.0)
    folder = Path(store.uri, "scores")
    single = sorted(folder.glob("[1-9]*.parquet"))
    whole = pa.concat_tables([pq.read_table(path) for path in single])
    uids = whole["run_uid"].to_pylist()
    spoilt = whole.set_column(0, "run_uid", pa.array([None, "", *uids[2:]], pa.string()))
    pq.write_table(spoilt, folder / single[0].name.replace(".parquet", "_folded.parquet"))
    for path in single:
        path.unlink()
    with pytest.warns(DamagedFileWarning, match="has 2 rows without a run_uid, which are left out"):
        assert [row["capability"] for row in store.results().to_pylist()] == ["c"]
    report = store.check()
    assert (report.damaged, report.foreign, report.sound) == ((), (), False)
    (said,) = report.keyless
    assert said.endswith("_folded.parquet: 2 rows without a run_uid")
    assert "rows left out: scores/" in str(report)
    record(store, "d", 1.0)
    with pytest.warns(DamagedFileWarning, match="2 rows"):
        store.compact(grace_s=0)  # which neither loses nor takes such a file
    assert len(store.check().keyless) == 1
    store.check(repair=True)
    assert store.check().sound
    assert sorted(row["capability"] for row in store.results().to_pylist()) == ["c", "d"]
    assert len(list(Path(store.uri, ".sweeper", "quarantine", "scores").glob("*_folded.parquet"))) == 1


def test_a_table_of_somebody_else_keeps_the_keys_that_it_has(store: Store):
    record(store, "a", 1.0)
    folder = Path(store.uri, "theirs")
    folder.mkdir()
    pq.write_table(pa.table({"run_uid": [1, 2], "x": [1.0, 2.0]}), folder / "1.parquet")
    pq.write_table(pa.table({"run_uid": pa.array(["a", None]).cast(pa.large_string())}), folder / "2.parquet")
    assert store.check().keyless == ("theirs/2.parquet: 1 rows without a run_uid",)
    (folder / "2.parquet").unlink()
    assert store.table("theirs")["run_uid"].to_pylist() == [1, 2]


def test_records_of_another_run_are_refused_where_they_would_be_lost(store: Store):
    run = ScoreRun([1.0])
    others = ScoreRun([1.0]).extract()
    run.extract = lambda: others  # type: ignore[method-assign]
    attempt = AttemptInfo("a" * 32, "f" * 64, "s", "s", "c", "", "", "", "{}")
    with pytest.raises(SchemaError, match="must be that of its run"):
        store.record(run, provenance=Provenance(), attempt=attempt)


@pytest.mark.parametrize(
    ("given", "said"),
    [(None, "gave a NoneType"), ({"a": 1}, "gave a dict"), ("rows", "gave a str"), ([{"a": 1}], "a record has")],
)
def test_what_is_no_list_of_records_is_named(store: Store, given: Any, said: str):
    run = ScoreRun([])
    run.extract = lambda: given  # type: ignore[method-assign]
    with pytest.raises(SchemaError, match=f"extract.. of capability 'score' .*{said}"):
        store.record(run, provenance=Provenance())


# Columns from values


@pytest.mark.parametrize("may_wait", [False, True])
def test_columns_are_taken_from_the_values_one_type_each(store: Store, may_wait: bool):
    first = {"n": 1, "mixed": 1, "note": None, "flag": True, "who": "a"}
    second = {"n": 2, "mixed": 0.5, "note": None, "flag": None, "who": "b", "late": 3.0}
    for _ in range(3):
        write(store, first, second, may_wait=may_wait)
    for _ in range(2):
        found = store.table("loose")
        kinds = {field.name: str(field.type) for field in found.schema}
        assert kinds == {
            "run_uid": "string",
            "created_at": "timestamp[us, tz=UTC]",
            "n": "int64",
            "mixed": "double",
            "flag": "bool",
            "who": "string",
            "late": "double",
            "note": "null",
            "fingerprint": "string",
            "job_id": "string",
        }
        rows = [{k: v for k, v in row.items() if k in second} for row in found.to_pylist()]
        assert sorted(rows, key=repr) == sorted([{**first, "mixed": 1.0, "late": None}, second] * 3, key=repr)
        store.flush_journals()
        store.compact(grace_s=0)


def test_a_column_of_nothing_takes_the_type_of_the_first_value_and_every_reader_goes_on(store: Store):
    write(store, {"a": 1, "note": None})
    write(store, {"a": 2, "note": "said"})
    write(store, {"a": 3, "note": None})
    files = str(Path(store.uri, "loose", "*.parquet"))
    for _ in range(2):
        expected = [(1, None), (2, "said"), (3, None)]
        assert sorted((row["a"], row["note"]) for row in store.table("loose").to_pylist()) == expected
        query = f"SELECT a, note FROM read_parquet('{files}', union_by_name=true) ORDER BY a"
        assert duckdb.sql(query).fetchall() == expected
        polars = pl.scan_parquet(files, missing_columns="insert", extra_columns="ignore")
        assert polars.select("a", "note").sort("a").collect().rows() == expected
        frame = pd.read_parquet(Path(store.uri, "loose"), partitioning=None)
        assert frame.sort_values("a")["note"].fillna("").tolist() == ["", "said", ""]
        store.compact(grace_s=0)


def test_whole_numbers_and_others_of_several_runs_unite_as_floats(store: Store):
    for value in (1, 0.5, 2):
        write(store, {"score": value})
    for _ in range(2):
        assert sorted(store.table("loose")["score"].to_pylist()) == [0.5, 1.0, 2.0]
        assert store.check().sound
        store.compact(grace_s=0)
    assert store.table("loose").schema.field("score").type == pa.float64()


def test_values_of_several_types_in_one_column_are_refused_by_name(store: Store):
    for odd in ([1, "a"], [True, 1], [{"a": 1}, None], [[1], [2]], ["a", b"a"]):
        with pytest.raises(SchemaError, match="Column 'x' of table 'loose' has values of"):
            write(store, *({"x": value} for value in odd))
    write(store, {"x": 1.0})
    with pytest.raises(StoreError, match=r"'loose' has a column of another type.*'x' is double"):
        write(store, {"x": "a"})


def test_names_of_columns_and_tables_are_handled_or_refused(store: Store):
    write(store, {"a.b": 1.0, "größe": 2, "with space": "x"})
    assert store.table("loose").select(["a.b", "größe", "with space"]).to_pylist() == [
        {"a.b": 1.0, "größe": 2, "with space": "x"}
    ]
    assert store.table("loose", ["a.b"]).to_pylist() == [{"a.b": 1.0}]
    for name, said in (("", "can be seen"), ("a\n", "can be seen"), ("job_id", "sweeper adds"), ("A.B", "case")):
        with pytest.raises(SchemaError, match=said):
            write(store, {name: 1.0, "a.b": 1.0})
    with pytest.raises(SchemaError, match="column names"):
        write(store, {1: 1.0})  # type: ignore[dict-item]
    for table in ("../up", "", ".hidden", "a/b", "attempts", "Results", "a=b", 7):
        bad = Loose("u", {"x": 1})
        bad.table_name = table  # type: ignore[misc,assignment]
        with pytest.raises(SchemaError, match="cannot be called"):
            payload_rows([bad], None, None)


def test_annotations_say_the_type_of_what_is_nothing_so_far(store: Store):
    class Hinted(Loose):
        note: str | None
        score: float
        anything: Any

    (rows,) = payload_rows([Hinted("u", {"note": None, "score": 1, "anything": 2})], None, None)
    kinds = {field.name: str(field.type) for field in rows.schema}
    assert (kinds["note"], kinds["score"], kinds["anything"]) == ("string", "double", "int64")


class Declared(Record, table_name="mixed"):
    """One of two classes of one table."""

    value: float


def test_a_value_that_does_not_fit_its_declared_column_is_named():
    with pytest.raises(SchemaError, match=r"'value' holds double, and got 'much' \(str\)"):
        payload_rows([Declared(run_uid="u", value="much")], None, None)[0].to_table()  # type: ignore[arg-type]


SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text() | st.binary()


@given(st.lists(st.dictionaries(st.sampled_from("abc"), SCALARS), min_size=1, max_size=4))
def test_records_are_either_stored_as_they_were_or_refused(rows: list[dict[str, Any]]):
    """A value comes back as it was, `None` where it was not given; whole numbers may come back as floats."""
    try:
        made = payload_rows([Loose("u", row) for row in rows], None, None)[0].to_table().to_pylist()
    except SchemaError:
        kinds = [{type(row[n]) for row in rows if row.get(n) is not None} for n in "abc"]
        assert any(len(kind) > 1 and kind != {int, float} for kind in kinds)
        return
    for row, back in zip(rows, made, strict=True):
        for name in "abc":
            was, now = row.get(name), back.get(name)
            was = escaped(was) if isinstance(was, str) else was
            assert now == was or (isinstance(was, float) and math.isnan(was) and math.isnan(now))


# In a sweep, and text that no encoding has


@pytest.mark.parametrize("kind", BACKENDS)
def test_numpy_scalars_and_odd_names_are_stored(tmp_path: Path, ray_session: None, kind: str):
    status, document, err = swept(tmp_path, kind, "_target_: record_parts.Scalars")
    assert status == 0, (document, err)
    store = open_store(tmp_path / "store")
    (row,) = store.table("loose").to_pylist()
    expected = {"f32": 0.5, "i64": 3, "yes": True, "cell": 0.25, "text": "a", "name": ESCAPED, ESCAPED: 1, "a.b": 2.0}
    assert {name: row[name] for name in expected} == expected
    assert {row["key"]: row["value"] for row in store.results().to_pylist()} == {
        "f32": 0.5,
        "i64": 3.0,
        "cell": 0.25,
        "a.b": 2.0,
        ESCAPED: 1.0,
    }


@pytest.mark.parametrize("kind", BACKENDS)
def test_an_error_whose_text_no_encoding_has_is_a_failed_attempt_with_its_text(
    tmp_path: Path, ray_session: None, kind: str
):
    status, document, _ = swept(tmp_path, kind, "_target_: record_parts.Recorded, error: surrogates")
    assert (status, document["counts"]["failed"]) == (1, 1)
    (row,) = open_store(tmp_path / "store").attempts().to_pylist()
    assert (row["status"], row["error_message"]) == ("failed", f"no such file: {ESCAPED}.png")
    assert f"{ESCAPED}.png" in row["traceback"]


@pytest.mark.parametrize("may_wait", [False, True])
def test_names_that_no_encoding_has_are_stored_escaped_in_every_table(store: Store, may_wait: bool):
    for number in range(3):
        run = ScoreRun([1.0], run_uid=f"{SURROGATES}{number}", dataset_metadata=[{"id": SURROGATES}])
        info = AttemptInfo(
            "a" * 32, f"{number:064d}", "s", SURROGATES, SURROGATES, "", SURROGATES, "", f'"{SURROGATES}"'
        )
        store.record(
            run, provenance=Provenance(job_id=str(number), user_id=SURROGATES), attempt=info, may_wait=may_wait
        )
    store.write_attempts([AttemptRow.of(info, status="timeout", error_message=SURROGATES)])
    for _ in range(2):
        found = store.results().to_pylist()
        assert [(row["capability"], row["model"], row["value"]) for row in found] == [(ESCAPED, ESCAPED, 1.0)] * 3
        assert {row["entity_id"] for row in store.table("runs").to_pylist()} == {ESCAPED, "model"}
        assert {row["spec"] for row in store.attempts().to_pylist()} == {f'"{ESCAPED}"'}
        store.flush_journals()
        store.compact(grace_s=0)
    assert store.check().sound


def test_reports_are_stored_under_a_name_and_with_a_text_that_can_be_written(store: Store):
    from parts import TinyRun

    class Made:
        content, uri, media_type = SURROGATES, None, "text/markdown"

        def __init__(self, filename: str) -> None:
            self.filename = filename

    for name, kept in (("../../up.md", "up.md"), (f"{SURROGATES}.md", f"{ESCAPED}.md"), ("..", "report.md")):
        report = collect(TinyRun("tiny", report=Made(name)), 0.5, store.write_artifact, "job", max_inline=0)
        assert report is not None
        assert report.uri is not None
        assert report.uri.endswith(f"/.sweeper/reports/job/{kept}")
        assert store.linked_artifact(report.uri) == ESCAPED.encode()


@given(st.text(st.characters(exclude_categories=())))
def test_escaped_text_is_utf8_and_as_it_was_where_it_could_be(text: str):
    assert escaped(text).encode().decode() == escaped(text)
    assert escaped(text) == text or any("\ud800" <= character <= "\udfff" for character in text)


def test_the_moment_of_a_record_is_kept(store: Store):
    write(store, {"x": 1})
    assert store.table("loose")["created_at"].to_pylist() == [datetime(2026, 1, 1, tzinfo=UTC)]
