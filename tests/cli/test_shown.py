"""What is shown of a sweep is what is so: older values, failures, missing values and names that stand for the same."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import shown_parts
from store_parts import attempt, fail, fingerprint, record

from sweeper.cli.commands import run_command
from sweeper.report import html
from sweeper.report.reading import read_report_data
from sweeper.store import AttemptRow, Store, open_store

OLDER = "older: the newest attempt failed"


@pytest.fixture(params=["inline", "ray-simple"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "ray-simple":
        request.getfixturevalue("ray_session")
    return request.param


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = run_command(["--config-dir", ".", "--config-name", "small", *argv], out, err)
    return status, out.getvalue(), err.getvalue()


def document(*argv: str) -> dict[str, Any]:
    return json.loads(typed(*argv, "--json")[1])


def cells(text: str, *names: str) -> list[list[str]]:
    """The lines of a text that begin with these names, word by word."""
    return [line.split() for line in text.splitlines() if line.split()[:1] and line.split()[0] in names]


def caveats(rows: list[dict[str, Any]]) -> dict[str, str | None]:
    return {row["model"]: row["caveat"] for row in rows}


# What failed since it completed


def test_a_value_from_before_a_failure_is_older_wherever_it_is_shown(folder: Path, backend: str):
    flag = shown_parts.write_conf(folder)
    on = f"job_backend.kind={backend}"
    status, out, err = typed(on)
    assert status == 0, err
    assert cells(out, "fickle", "same") == [["fickle", "1*"], ["same", "0.5"]]
    flag.touch()
    status, out, _ = typed(on, "rerun=all")
    assert (status, cells(out, "fickle", "same", "!1")) == (
        1,
        [["fickle", "1", "!1"], ["same", "0.5"], ["!1", *OLDER.split()]],
    )
    assert "failed: evaluate · ten · fickle · hits: ValueError: no weights today" in out

    status, out, _ = typed(on, "rerun=missing")
    assert (status, cells(out, "fickle")) == (0, [["fickle", "1", "!1"]])
    assert "1 skipped whose newest attempt failed or timed out (rerun=failed runs them again):" in out
    assert "  failed: evaluate · ten · fickle · hits: ValueError: no weights today" in out
    said = document(on, "rerun=missing")
    assert caveats(said["results"]) == {"fickle": OLDER, "same": None}
    assert [(f["status"], f["error_type"], f["message"]) for f in said["earlier_failures"]] == [
        ("failed", "ValueError", "no weights today")
    ]
    assert {c["models"][0]: c["reason"] for c in said["combinations"]} == {
        "fickle": "completed, but its newest attempt failed",
        "same": "completed",
    }

    store = open_store("analytics_store")
    assert caveats(store.results().to_pylist()) == {"fickle": OLDER, "same": None}
    assert caveats(store.sql("SELECT * FROM results").to_pylist()) == {"fickle": OLDER, "same": None}
    newest = store.sql("SELECT model, status, newest_status FROM completed ORDER BY 1").to_pylist()
    assert [tuple(row.values()) for row in newest] == [
        ("fickle", "completed", "failed"),
        ("same", "completed", "completed"),
    ]
    page = html(store)
    assert "Everything that was attempted has completed." not in page
    assert re.search(r'<code>ValueError</code></h3>\s+<p class="message">no weights today</p>', page)
    assert "the values shown under these names are older: they were measured before this" in page
    assert f'<b class="doubt">!1</b> {OLDER}' in page
    assert page.count('aria-label="best"') == 0

    flag.unlink()
    planned = document("--dry-run", on, "rerun=failed")
    assert {c["models"][0]: c["decision"] for c in planned["combinations"]} == {"fickle": "run", "same": "skip"}
    status, out, _ = typed(on, "rerun=failed")
    assert (status, cells(out, "fickle")) == (0, [["fickle", "1*"]])
    assert "Everything that was attempted has completed." in html(open_store("analytics_store"))
    assert not document("--dry-run", on, "rerun=failed")["plan"]["run"]


def single(store: Store) -> Store:
    return store


def merged(store: Store) -> Store:
    store.compact(grace_s=0)
    return store


def half_merged(store: Store) -> Store:
    """What there is so far is merged, and a further attempt of something else is not."""
    store.compact(grace_s=0)
    record(store, "beside", 1.0)
    return store


HISTORIES: dict[str, tuple[list[str], str | None]] = {
    "failed after it completed": (["completed", "failed"], "failed"),
    "timed out after it completed": (["completed", "timeout"], "timeout"),
    "completed again": (["completed", "failed", "completed"], None),
    "completed after it failed": (["failed", "completed"], None),
    "lost and cancelled make nothing older": (["completed", "lost", "cancelled"], None),
    "failed, then lost": (["completed", "failed", "lost"], "failed"),
    "failed, then timed out": (["completed", "failed", "timeout"], "timeout"),
}


@pytest.mark.parametrize("kept", [single, merged, half_merged])
@pytest.mark.parametrize(("ends", "expected"), HISTORIES.values(), ids=list(HISTORIES))
def test_the_newest_attempt_decides_and_all_ways_to_look_agree(
    folder: Path, ends: list[str], expected: str | None, kept: Callable[[Store], Store]
):
    store = open_store(folder / "store")
    for second, end in enumerate(ends):
        if end == "completed":
            record(store, "a", float(second), second=second, may_wait=second > 0)
        else:
            fail(store, "a", end, second=second)
        kept(store)
    agree(store, "a", expected)


@pytest.mark.parametrize("completes_last", [False, True])
def test_of_two_attempts_that_ended_in_one_millisecond_the_later_one_decides(folder: Path, completes_last: bool):
    store, later = open_store(folder / "store"), timedelta(days=30_000)  # names take the time of an end that is to come
    first, second = (later + timedelta(microseconds=some) for some in (100, 200))
    record(store, "a", 1.0, second=(second if completes_last else first).total_seconds())
    fail(store, "a", second=(first if completes_last else second).total_seconds())
    agree(store, "a", None if completes_last else "failed")


def agree(store: Store, name: str, expected: str | None) -> None:
    """The lookup of a plan, both views and the report say how the newest attempt ended."""
    key = fingerprint(name)
    for details in (False, True):
        state = store.attempt_states([key, fingerprint("never")], details=details)[key]
        assert (state.completed, state.newest_status) == (True, expected or "completed")
    (done,) = (row for row in store.completed().to_pylist() if row["capability"] == name)
    assert done["newest_status"] == (expected or "completed")
    (row,) = store.results([key]).to_pylist()
    assert ("older" in (row["caveat"] or "")) is (expected is not None)
    listed = [one for one in read_report_data(store).incomplete if one.names.capability == name]
    assert [(one.status, one.shown) for one in listed] == ([(expected, "earlier attempt")] if expected else [])


@pytest.mark.parametrize("kept", [single, merged, half_merged])
def test_within_one_attempt_completed_wins_over_what_the_driver_wrote_of_it(
    folder: Path, kept: Callable[[Store], Store]
):
    store = open_store(folder / "store")
    record(store, "a", 1.0, second=1)
    kept(store)
    (done,) = store.attempts().filter(store.attempts()["fingerprint"].to_numpy() == fingerprint("a")).to_pylist()
    for second, end in ((5, "timeout"), (6, "failed")):
        of_it = attempt("a", attempt_id=done["attempt_id"])
        row = AttemptRow.of(of_it, status=end, finished_at=done["finished_at"].replace(second=second))
        store.write_attempts([row])
        kept(store)
    agree(store, "a", None)
    fail(store, "a", second=9)
    agree(store, "a", "failed")


def test_attempts_are_ordered_by_when_they_were_submitted_since_clocks_of_machines_differ(folder: Path):
    store = open_store(folder / "store")
    record(store, "a", 1.0, second=5)
    (first,) = store.attempts().to_pylist()
    for name, submitted, finished, expected in (("slow clock", 20, 1, "failed"), ("fast clock", 10, 59, "failed")):
        moments = {k: first[k].replace(second=s) for k, s in (("submitted_at", submitted), ("finished_at", finished))}
        store.write_attempts([AttemptRow.of(attempt("a"), status="failed", error_type=name, **moments)])
        state = store.attempt_states([fingerprint("a")], details=True)[fingerprint("a")]
        assert state.newest_status == expected
    later = first["submitted_at"].replace(second=30)
    record_at = AttemptRow.of(attempt("a"), status="completed", submitted_at=later, finished_at=first["finished_at"])
    store.write_attempts([record_at])
    agree_on = store.attempt_states([fingerprint("a")])[fingerprint("a")]
    assert agree_on.newest_status == "completed"


def test_files_are_opened_only_where_names_say_that_something_failed_since(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    store = open_store(folder / "store")
    for name in "abcdef":
        fail(store, name, second=1)
        record(store, name, 1.0, second=2)
    fail(store, "f", second=3)
    opened: list[str] = []
    kind = type(store.files)
    plain = kind.source

    def noted(self: Any, folder: str, name: str) -> Any:
        opened.append(name)
        return plain(self, folder, name)

    monkeypatch.setattr(kind, "source", noted)
    found = store.attempt_states([fingerprint(name) for name in "abcdef"])
    assert [found[fingerprint(name)].newest_status for name in "abcdef"] == ["completed"] * 5 + ["failed"]
    assert {name.rsplit("_", 1)[1] for name in opened} == {f"{fingerprint('f')}.parquet"}
    assert len(opened) == 3


def test_warnings_are_listed_once_in_the_report(folder: Path):
    store = open_store(folder / "store")
    for place, name in enumerate("ab"):
        for metric in ("f1", "f2"):
            names = {"capability": "evaluate", "model": name, "metric": metric}
            record(store, f"{name}{metric}", 1.0, second=place, **names)
    rows = store.attempts().to_pylist()
    warned = {"warnings": "seen in training", "attempt_id": "new"}
    store.write_attempts(
        [AttemptRow(**{**row, **warned, "finished_at": row["finished_at"].replace(minute=1)}) for row in rows]
    )
    assert {row["warning"] for row in store.results().to_pylist()} == {"seen in training"}
    assert html(store).count("warning: seen in training (a, data; b, data)") == 1


# Names and values


def swept_under_two_names(folder: Path) -> Store:
    """First the choice as it is, then swept values, of which one is what the choice says."""
    shown_parts.write_conf(folder)
    assert typed("job_backend.kind=inline", "model=[same]", "name=plain")[0] == 0
    swept = ("--multirun", "dataset.ten.n=5,10", "name=swept", "job_backend.kind=inline", "model=[same]")
    assert typed(*swept, "rerun=missing")[0] == 0
    assert typed(*swept)[0] == 0
    return open_store("analytics_store")


@pytest.mark.parametrize("kept", [single, merged])
@pytest.mark.parametrize("with_files", [True, False])
def test_results_have_a_value_once_and_asked_has_it_under_the_names_of_each_sweep(
    folder: Path, kept: Callable[[Store], Store], with_files: bool
):
    store = kept(swept_under_two_names(folder))
    if not with_files:  # as an older version left it
        for file in (folder / "analytics_store/.sweeper/sweeps").iterdir():
            file.unlink()
    named = "SELECT dataset, value FROM results ORDER BY dataset"
    assert [tuple(row.values()) for row in store.sql(named).to_pylist()] == [("ten[n=10]", 0.5), ("ten[n=5]", 0.6)]
    mine = store.sql("SELECT sweep, dataset, value, status FROM asked WHERE dataset = 'ten'").to_pylist()
    assert [tuple(row.values()) for row in mine] == [("plain", "ten", 0.5, "completed")]
    rows = store.asked().to_pylist()
    assert [(row["sweep"], row["dataset"]) for row in rows if row["sweep"] == "plain"] == [("plain", "ten")]
    swept = [(row["dataset"], row["value"]) for row in rows if row["sweep"] == "swept"]
    both = [("ten[n=5]", 0.6), ("ten[n=10]", 0.5)]
    assert swept == (both * 2 if with_files else [both[0], *both])  # the first of the two skipped what was there


def test_a_renamed_choice_is_found_under_its_new_name(folder: Path):
    shown_parts.write_conf(folder)
    assert typed("job_backend.kind=inline", "model=[same]")[0] == 0
    (folder / "model/same.yaml").unlink()
    shown_parts.write_model(folder, "constant", "{_target_: report_parts.Same}")
    status, out, _ = typed("job_backend.kind=inline", "model=[constant]", "rerun=missing")
    assert (status, cells(out, "constant")) == (0, [["constant", "0.5"]])
    store = open_store("analytics_store")
    found = store.sql("SELECT model, decision, value FROM asked WHERE model = 'constant'").to_pylist()
    assert [tuple(row.values()) for row in found] == [("constant", "skip", 0.5)]
    assert [row["model"] for row in store.results().to_pylist()] == ["same"]


def test_what_has_no_value_is_in_asked_with_how_it_ended(folder: Path):
    shown_parts.write_conf(folder).touch()
    assert typed("job_backend.kind=inline", "max_failures=9")[0] == 1
    rows = open_store("analytics_store").sql("SELECT model, value, status FROM asked ORDER BY 1").to_pylist()
    assert [tuple(row.values()) for row in rows] == [("fickle", None, "failed"), ("same", 0.5, "completed")]
    assert open_store("analytics_store").asked("never").num_rows == 0


# What has no value


ODD = ("+metric.odd._target_=shown_parts.Odd", "+metric.odd.name=odd")


def test_a_model_that_only_failed_has_its_row_in_every_leaderboard(folder: Path):
    shown_parts.write_conf(folder).touch()
    status, out, _ = typed("job_backend.kind=inline", *ODD)
    assert (status, cells(out, "fickle")) == (1, [["fickle", "failed"]] * 2)
    assert typed("job_backend.kind=inline", *ODD, "rerun=missing", "model=[same]")[0] == 0
    page = html(open_store("analytics_store"))
    assert page.count('<td data-value="" class="end">failed</td>') == 2


def test_a_metric_that_is_nan_is_shown_as_such_and_never_best(folder: Path, backend: str):
    shown_parts.write_conf(folder)
    on = (f"job_backend.kind={backend}", *ODD)
    status, out, err = typed(*on)
    assert status == 0, err
    assert cells(out, "fickle", "same")[-2:] == [["fickle", "1"], ["same", "NaN", "!1"]]
    assert "!1 NaN: the metric gave no number" in out
    rows = {(row["model"], row["metric"]): row for row in document(*on, "rerun=missing")["results"]}
    assert rows["same", "odd"]["value"] is None
    assert rows["same", "odd"]["caveat"] == "NaN: the metric gave no number"
    assert rows["fickle", "odd"]["caveat"] is None
    (row,) = open_store("analytics_store").sql("SELECT * FROM results WHERE isnan(value)").to_pylist()
    assert (row["model"], row["caveat"]) == ("same", "NaN: the metric gave no number")
    page = html(open_store("analytics_store"))
    assert 'NaN</a> <b class="doubt">!1</b>' in page


NOTHING = (
    "+capability.nothing={_target_: shown_parts.Nothing, _sweep_: {arity: {datasets: ONE, models: ONE, metrics: ZERO}}}"
)


def test_a_capability_without_records_is_shown_to_have_completed_with_no_values(folder: Path, backend: str):
    shown_parts.write_conf(folder)
    on = (f"job_backend.kind={backend}", NOTHING)
    for rerun in ("all", "missing"):
        status, out, err = typed(*on, f"rerun={rerun}")
        assert status == 0, err
        assert "note: completed with no values: nothing · ten · same" in out
        table = out[out.index("nothing ") :].splitlines()[2:4]
        assert [line.split() for line in table] == [["fickle", "no", "values"], ["same", "no", "values"]]
        empty = document(*on, "rerun=missing")["no_values"]
        assert {(row["capability"], row["model"], row["status"]) for row in empty} == {
            ("nothing", "fickle", "no values"),
            ("nothing", "same", "no values"),
        }
    page = html(open_store("analytics_store"))
    assert page.count('<td data-value="" class="end">no values</td>') == 2


# Names for the same


TWIN = "+model.twin={_base_: same}"


def test_a_dropped_duplicate_is_named_where_its_twin_is_shown(folder: Path):
    shown_parts.write_conf(folder)
    status, out, _ = typed("job_backend.kind=inline", TWIN)
    assert (status, "twin is the same as same" in out) == (0, True)
    assert out.splitlines()[out.splitlines().index("twin is the same as same") - 1].split() == ["same", "0.5"]
    said = document("job_backend.kind=inline", TWIN, "rerun=missing")["plan"]
    assert (said["duplicates"], said["same"]) == (1, [{"axis": "model", "name": "twin", "same_as": "same"}])
    assert "model twin is the same as same" in typed("job_backend.kind=inline", TWIN, "--dry-run")[1]
    assert "same" not in document("job_backend.kind=inline")["plan"]
    assert "twin is the same as same" in html(open_store("analytics_store"))


def test_a_sweep_that_is_resumed_names_dropped_duplicates_too(folder: Path):
    flag = shown_parts.write_conf(folder)
    flag.touch()
    first = document("job_backend.kind=inline", TWIN)
    assert first["counts"]["failed"]
    flag.unlink()
    status, out, err = typed(f"resume={first['sweep_id']}")
    assert status == 0, err
    assert "twin is the same as same" in out


def test_a_tie_is_a_tie(folder: Path, backend: str):
    shown_parts.write_conf(folder)
    half = "+model.half._target_=shown_parts.Half"
    status, out, err = typed(f"job_backend.kind={backend}", half, "model=[same]")
    assert status == 0, err
    assert cells(out, "same", "half") == [["same", "0.5*"], ["half", "0.5*"]]
    assert html(open_store("analytics_store")).count('aria-label="best"') == 2
