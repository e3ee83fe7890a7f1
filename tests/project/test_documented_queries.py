"""Each documented query has one row for each thing that it claims to list, on a sweep that measures more than that."""

from __future__ import annotations

import io
import math
import runpy
import shlex
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doc_pages import examples
from store_parts import BEGAN, ScoreRun, attempt, fail, record

from sweeper.cli.commands import run_command
from sweeper.messages.requests import Provenance
from sweeper.report.page import queries
from sweeper.store import Store, open_store

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "read_results.py"
GRID = ("dataset=[digits,digits_dark]", "metric=[accuracy,ece]", "job_backend.kind=inline")
PAGE = EXAMPLE.parents[1] / "docs" / "reading-results.md"
FAILS = "+model.broken={_target_: parts.Parity, name: broken, error: weights are gone}"
PLACES = [(model, dataset) for model in ("logreg", "naive_bayes") for dataset in ("digits", "digits_dark")]


def swept(*overrides: str) -> int:
    return run_command([*GRID, *overrides], io.StringIO(), io.StringIO())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """First a sweep that measures by class and by severity too; then one of what completes and what fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("queries"))
        assert swept("capability=[evaluate,robustness]", "model=[logreg,naive_bayes,knn]") == 0
        assert swept("capability=[evaluate]", "model=[logreg,naive_bayes]", FAILS, "rerun=missing") == 1
        return open_store("analytics_store")


def asked(store: Store, sql: str) -> list[dict[str, Any]]:
    return store.sql(sql).to_pylist()


def documented() -> list[str]:
    """The queries that the page has as commands."""
    lines = [shlex.split(line) for text in examples(PAGE, "bash") for line in text.splitlines()]
    return [words[4] for words in lines if words[:4] == ["python", "-m", "sweeper", "query"]]


def places(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((row["model"], row["dataset"]) for row in rows)


def accuracy(store: Store) -> dict[tuple[str, str], float]:
    """What evaluation measured, read from its own table without any view."""
    named = {row["result_run_uid"]: (row["model"], row["dataset"]) for row in store.attempts().to_pylist()}
    rows = store.table("maite_evaluation").to_pylist()
    mine = [row for row in rows if row["output_key"] == "accuracy" and row["scope"] == "overall"]
    return {named[row["run_uid"]]: row["output_value"] for row in mine if row["run_uid"] in named}


def test_the_first_query_lists_each_combination_once_the_best_first(store: Store):
    rows = asked(store, documented()[0])
    assert places(rows) == sorted([*PLACES, ("knn", "digits"), ("knn", "digits_dark")])
    assert {(row["model"], row["dataset"]): row["value"] for row in rows} == accuracy(store)
    assert [row["value"] for row in rows] == sorted((row["value"] for row in rows), reverse=True)


def test_the_second_lists_what_the_newest_sweep_asked_for_also_without_a_value(store: Store):
    rows = asked(store, documented()[1])
    assert places(rows) == sorted([*PLACES, ("broken", "digits"), ("broken", "digits_dark")])
    known = accuracy(store)
    assert [(row["value"], row["status"]) for row in rows[:4]] == [
        (value, "completed") for value in sorted((known[place] for place in PLACES), reverse=True)
    ]
    assert [(row["model"], row["value"], row["status"]) for row in rows[4:]] == [("broken", None, "failed")] * 2


def test_the_example_has_the_mean_of_each_model_and_the_values_of_each_metric(store: Store):
    example = runpy.run_path(str(EXAMPLE))
    known = accuracy(store)
    means = [
        np.mean([known[model, dataset] for dataset in ("digits", "digits_dark")]) for model in ("logreg", "naive_bayes")
    ]
    rows = asked(store, example["MEANS"])
    assert [(row["model"], row["datasets"]) for row in rows] == [("logreg", 2), ("naive_bayes", 2)]
    assert [row["mean"] for row in rows] == pytest.approx(means)
    written = asked(store, example["PER_METRIC"].format(rows="maite_evaluation"))
    assert [row["metric_id"] for row in written] == sorted({row["metric_id"] for row in written})
    assert sum(row["n"] for row in written) == len(store.table("maite_evaluation"))


def test_what_the_report_names_shows_what_it_says(store: Store):
    said = {name: shlex.split(command)[4] for name, command in queries.left_out(store.uri).items()}
    assert [row["sweep_name"] for row in asked(store, said["sweeps"])] == ["config", "config"]
    failed = asked(store, said["incomplete"])
    assert [(row["dataset"], row["model"], row["metric"], row["status"]) for row in failed] == [
        (dataset, "broken", metric, "failed") for dataset in ("digits", "digits_dark") for metric in ("accuracy", "ece")
    ]
    assert len(asked(store, said["results"])) == len(store.results())
    assert asked(store, said["reports"]) == []


def test_nan_is_last_in_every_query_that_sorts_by_value(tmp_path: Path):
    store = open_store(tmp_path)
    for place, value in enumerate((0.25, math.nan, 0.75)):
        names = {"capability": "evaluate", "model": f"m{place}", "metric": "accuracy"}
        record(store, place, value, second=place, **names)
    sorting = [*documented(), runpy.run_path(str(EXAMPLE))["MEANS"].replace("AND caveat IS NULL", "")]
    assert all("ORDER BY" in sql for sql in sorting)
    for sql in sorting:
        rows = asked(store, sql)
        assert [row["model"] for row in rows] == ["m2", "m0", "m1"], sql
        assert math.isnan(rows[2].get("value", rows[2].get("mean")))


def test_the_query_by_datum_counts_where_one_of_two_models_is_right(store: Store):
    (sql,) = [text for text in examples(PAGE, "sql") if "FROM outcomes" in text]
    (row,) = asked(store, sql.replace("'svm'", "'logreg'"))
    value = accuracy(store)
    gain = (row["only_svm_right"] - row["only_knn_right"]) / 540
    assert gain == pytest.approx(value["logreg", "digits"] - value["knn", "digits"])
    assert min(row.values()) > 0


def test_the_query_on_the_tables_has_the_newest_run_of_each_combination_once(tmp_path: Path):
    (sql,) = [text for text in examples(PAGE, "sql") if "FROM attempts WHERE status = 'completed' GROUP BY" in text]
    sql = sql.replace("maite_evaluation", "scores")  # written here as checkmaite's reruns are
    sql = sql.replace("p.model_id, p.dataset_id, p.metric_id", "p.dataset_id")
    store = open_store(tmp_path)
    for second, value in enumerate((1.0, 2.0, 3.0)):
        ended = BEGAN + timedelta(seconds=second)
        store.record(
            ScoreRun([value], run_uid="same"),
            provenance=Provenance(job_id=f"job{second}", submitted_at=BEGAN, completed_at=ended),
            attempt=attempt("a"),
            started_at=BEGAN,
            finished_at=ended,
        )
    fail(store, "a", second=9)
    assert asked(store, sql) == [{"dataset_id": "data", "output_value": 3.0}]
