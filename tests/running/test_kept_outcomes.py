"""Each inference that is read leaves a table by datum, from which what was measured follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import typed
from sklearn.metrics import f1_score

import sweeper
from sweeper.errors import ConfigError
from sweeper.store import Store, open_store

GRID = ["dataset=[digits]", "model=[logreg,knn]", "metric=[accuracy,f1_macro]", "exclude=[]"]
EVALUATE = [*GRID, "capability=[evaluate]"]

pytestmark = pytest.mark.usefixtures("empty_folder")


def swept(*overrides: str) -> Store:
    assert sweeper.sweep([*overrides], progress=False).exit_status == 0
    return open_store("analytics_store")


def of_one(store: Store, row: dict[str, Any]) -> dict[str, np.ndarray]:
    table = store.outcomes([row["inference_id"]])
    return {name: table[name].to_numpy() for name in ("label", "prediction", "confidence")}


def test_values_follow_from_the_outcomes(backend: str):
    store = swept(*EVALUATE, backend)
    rows = store.sql("SELECT * FROM results JOIN completed USING (fingerprint)").to_pylist()
    assert len(rows) == 4
    assert len({row["inference_id"] for row in rows}) == 2, "one for each model, whatever the metric"
    for row in rows:
        seen = of_one(store, row)
        expected = {
            "accuracy": np.mean(seen["label"] == seen["prediction"]),
            "f1_macro": f1_score(seen["label"], seen["prediction"], average="macro"),
        }
        assert row["value"] == pytest.approx(expected[row["metric"]], abs=1e-12)
        assert ((seen["confidence"] > 0) & (seen["confidence"] <= 1)).all()


def test_each_condition_has_its_own(backend: str):
    store = swept(
        *GRID, "capability=[robustness]", "capability.robustness.severities=[0.3,0.5]", "metric=[accuracy]", backend
    )
    conditions = store.sql("SELECT condition, count(*) AS n FROM outcomes GROUP BY ALL ORDER BY ALL").to_pylist()
    assert conditions == [{"condition": name, "n": 1080} for name in ("", "severity=0.3", "severity=0.5")]


def test_the_same_inference_has_the_same_id_however_it_is_made(backend: str):
    def ids() -> set[str]:
        return {row["inference_id"] for row in open_store("analytics_store").attempts().to_pylist()}

    swept(*EVALUATE, backend)
    once = ids()
    swept(*EVALUATE, backend, "rerun=all", "predictions.persist=true")
    swept(*EVALUATE, backend, "rerun=all", "predictions.persist=true")  # which reads what was stored
    assert ids() == once
    assert len(once) == 2


def test_what_nobody_wants_is_not_kept(backend: str):
    store = swept(*EVALUATE, backend, "outcomes=false")
    assert {row["inference_id"] for row in store.attempts().to_pylist()} == {None}
    assert not Path("analytics_store/.sweeper/outcomes").exists()


def test_keys_of_the_metadata_are_columns(backend: str):
    data = "+dataset.numbers={_target_: parts.Numbers, n: 5}"
    parts = ["dataset=[]", "model=[]", "metric=[]", data, "+model.m={_target_: parts.Parity}"]
    hits = "+metric.hits={_target_: parts.Hits}"
    store = swept("capability=[evaluate]", "exclude=[]", *parts, hits, backend, "outcomes=[id,absent]")
    rows = store.outcomes().to_pylist()
    assert [row["datum_id"] for row in rows] == [str(row["id"]) for row in rows]
    assert {row["absent"] for row in rows} == {None}


def test_how_much_is_kept_changes_no_fingerprint():
    plans = [sweeper.plan([*EVALUATE, f"outcomes={value}"]) for value in ("true", "false", "[site]")]
    assert len({tuple(item.fingerprint for item in plan.items) for plan in plans}) == 1


@pytest.mark.parametrize(
    ("value", "said"), [("[label]", "'label', which is a column"), ("[1]", "outcomes[0]"), ("3", "outcomes[0]")]
)
def test_what_cannot_be_kept_is_said_before_anything_runs(value: str, said: str):
    with pytest.raises(ConfigError) as raised:
        sweeper.plan([*EVALUATE, f"outcomes={value}"])
    assert said in str(raised.value)


def test_a_store_that_takes_no_outcomes_still_has_the_values(monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> str:
        raise OSError("no space left")

    monkeypatch.setattr("sweeper.store.outcome_files.write", full)
    status, _, err = typed(*EVALUATE, "job_backend.kind=inline")
    assert status == 0
    assert "what became of each datum could not be written to the store: OSError: no space left" in err
    assert len(open_store("analytics_store").results()) == 4
