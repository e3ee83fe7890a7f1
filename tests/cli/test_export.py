"""`sweeper export`: the newest values as CSV, Parquet and Markdown, of a store or of a sweep."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet
import pytest
from command_line import typed

import sweeper
from sweeper.store import open_store

GRID = ["capability=[evaluate]", "dataset=[digits,digits_dark]", "metric=[accuracy]", "job_backend.kind=inline"]
REQUIRED = "requirements=[{name: good, metric: accuracy, min: 0.5}]"


@pytest.fixture(scope="module", autouse=True)
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models on two datasets, then one of them alone in a sweep that requires something."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("export")
        patch.chdir(folder)
        sweeper.sweep([*GRID, "model=[logreg,naive_bayes]"], progress=False)
        sweeper.sweep([*GRID, "model=[logreg]", "rerun=missing", REQUIRED], progress=False)
        yield folder


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_each_newest_value_once():
    status, out, err = typed("export", "--format", "csv")
    assert (status, err) == (0, "")
    values = open_store("analytics_store").results().to_pylist()
    assert [(row["model"], row["dataset"], row["fingerprint"]) for row in rows(out)] == [
        (one["model"], one["dataset"], one["fingerprint"]) for one in values
    ]
    assert [float(row["value"]) for row in rows(out)] == [one["value"] for one in values]
    assert {"n", "ci_low", "ci_high", "caveat", "warning", "finished_at"} < rows(out)[0].keys()


def test_parquet_has_the_same_values_with_their_types(tmp_path: Path):
    file = tmp_path / "values.parquet"
    status, out, _ = typed("export", "--format", "parquet", "-o", str(file), "--json")
    assert (status, json.loads(out)) == (0, {"format": "parquet", "output": str(file), "values": 4})
    known = open_store("analytics_store").results().drop_columns(["inference_id", "evidence"])
    assert pyarrow.parquet.read_table(file).equals(known)


def test_only_some_values_are_exported_where_that_is_asked_for():
    (row,) = rows(typed("export", "--format", "csv", "--only", "model=naive*,dataset=digits")[1])
    assert (row["model"], row["dataset"]) == ("naive_bayes", "digits")
    newest = open_store("analytics_store").sweep_ids()[-1]
    of_sweep = rows(typed("export", "--format", "csv", "--sweep", newest)[1])
    assert {row["model"] for row in of_sweep} == {"logreg"}
    assert len(of_sweep) == 2


def test_markdown_has_verdicts_first_and_then_whole_tables():
    status, out, _ = typed("export", "--format", "markdown")
    lines = out.splitlines()
    titles = [line for line in lines if line.startswith("### ")]
    assert status == 0
    assert titles[0].startswith("### good")
    assert titles[1] == r"### evaluate: accuracy \(higher is better\)"
    table = lines[lines.index(titles[1]) + 2 :]
    assert table[:2] == ["| model | digits | digits\\_dark |", "| --- | ---: | ---: |"]
    assert table[2].startswith("| logreg | 0.9")
    assert " to " in table[2]
    assert r"\* best" in out


def test_a_file_is_written_and_named(tmp_path: Path):
    file = tmp_path / "tables.md"
    assert typed("export", "--format", "markdown", "-o", str(file))[1] == f"1 tables in {file}\n"
    assert file.read_text() == typed("export", "--format", "markdown")[1]


def test_a_store_says_as_json_what_it_has(tmp_path: Path):
    _, out, _ = typed("export", "--format", "store", "--latest", str(tmp_path / "latest"), "--json")
    done = json.loads(out)
    assert (done["format"], done["runs"], done["tables"]["attempts"]) == ("store", 4, 4)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "export needs --format FORM (csv, parquet, markdown, mlflow) or --latest FOLDER"),
        (("--latest", ""), "export needs --latest"),
        (("--format", "store"), "export needs --latest"),
        (("--format", "csv", "--latest", "x"), "--latest writes a store, and --format csv none"),
        (("--latest", "x", "--only", "model=svm"), "--only is for csv, parquet, markdown and mlflow"),
        (("--format", "cvs"), "Did you mean 'csv'?"),
        (("--format", "csv", "--json"), "--json says what was written, and --format csv goes to stdout too"),
        (("--format", "parquet"), "--format parquet is binary and needs a file"),
        (("--format", "csv", "--only", "models=svm"), "Did you mean 'model'?"),
        (("--format", "csv", "--only", "model=svm"), "--only model=svm leaves out all 4 values"),
        (("--format", "csv", "--sweep", "nightly"), "The store has no sweep nightly"),
        (("--format", "csv", "-o", "nowhere/x.csv"), "nowhere/x.csv cannot be written"),
        (("--format", "csv", "analytics_store.uri=./nowhere"), "There is no analytics store at"),
        (("--format", "mlflow"), "--format mlflow needs a tracking store"),
        (("--format", "mlflow", "-o", "."), "is a folder, and MLflow keeps runs in a database"),
        (("--format", "mlflow", "-o", "nowhere/runs.db"), "there is no folder nowhere"),
    ],
)
def test_wrong_words_are_one_error_each(words: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    status, out, err = typed("export", *words)
    assert (status, out) == (2, "")
    assert message in err
