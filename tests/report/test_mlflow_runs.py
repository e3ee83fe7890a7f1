"""`sweeper export --format mlflow`: a run for each model on each dataset, in a real tracking store on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import typed

import sweeper

mlflow = pytest.importorskip("mlflow")

GRID = [
    *("capability=[evaluate]", "dataset=[digits,digits_dark]", "model=[logreg,naive_bayes]"),
    *("metric=[accuracy]", "job_backend.kind=inline"),
]
NOTHING = {"created": 0, "updated": 0, "unchanged": 4, "values": 0}


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of two models on two datasets."""
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        sweeper.sweep(GRID, progress=False)
    return folder


def exported(*words: str) -> dict[str, Any]:
    status, out, err = typed("export", "--format", "mlflow", "-o", "runs.db", "--json", *words)
    assert status == 0, err
    return json.loads(out)


def runs(experiment: str = "config") -> list[Any]:
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{Path('runs.db').resolve()}")
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    return sorted(found, key=lambda run: run.info.run_name)


def test_runs_are_written_once_and_get_what_is_new(swept: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(swept)
    done = exported()
    assert (done["experiments"], done["created"], done["updated"]) == (["config"], 4, 0)
    first = runs()
    assert [run.info.run_name for run in first] == [
        *("logreg · digits", "logreg · digits_dark"),
        *("naive_bayes · digits", "naive_bayes · digits_dark"),
    ]
    (row,) = json.loads(
        typed("query", "SELECT * FROM results WHERE model = 'logreg' AND dataset = 'digits'", "--format", "json")[1]
    )
    said = first[0].data
    assert said.metrics["evaluate/accuracy"] == row["value"]
    assert [said.metrics[f"evaluate/accuracy.{part}"] for part in ("n", "ci_low", "ci_high")] == [
        row["n"],
        row["ci_low"],
        row["ci_high"],
    ]
    assert said.params["model"] == "logreg"
    assert said.params["model.estimator._target_"] == "sklearn.linear_model.LogisticRegression"
    assert said.params["dataset._target_"] == "sweeper.datasets.Digits"
    assert said.tags["sweeper.fingerprint.evaluate/accuracy"] == row["fingerprint"]
    assert said.tags["sweeper.sweep"] == "config"
    assert said.tags["sweeper.libraries_revision"].startswith("installed:")
    assert NOTHING.items() <= exported().items()
    sweeper.sweep([*GRID, "metric=[accuracy,ece]", "rerun=missing"], progress=False)
    again = exported()
    assert (again["created"], again["updated"]) == (0, 4)
    assert NOTHING.items() <= exported().items()
    second = runs()
    assert [run.info.run_id for run in second] == [run.info.run_id for run in first]
    assert "evaluate/ece" in second[0].data.metrics


def test_only_some_values_and_one_sweep_can_be_chosen(swept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    place = f"analytics_store.uri={swept / 'analytics_store'}"
    assert exported("--only", "model=logreg", "--sweep", "config", place)["created"] == 2


def test_a_store_that_is_no_database_is_one_error(swept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(swept)
    (tmp_path / "text.db").write_text("no database" * 100)
    status, _, err = typed("export", "--format", "mlflow", "-o", str(tmp_path / "text.db"))
    assert status == 2
    assert "MLflow cannot write to sqlite:///" in err
