"""Capabilities of detection in sweeps: one inference for all who read it, in pieces too, and reports with pictures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import sweeper
from sweeper.report import html
from sweeper.store import Store, open_store

pytestmark = pytest.mark.usefixtures("empty_folder")

PAGE = Path(__file__).parents[2] / "docs" / "detection-capabilities.md"
NO_AXES = ["dataset=[]", "model=[]", "metric=[]", "exclude=[]"]
DATA = "+dataset.rectangles={_target_: detection_parts.Rectangles, n: 90, videos: 3}"
WRONG = "+dataset.rectangles={_target_: detection_parts.Rectangles, n: 12, wrong: reversed}"
MODEL = "+model.thresholds={_target_: detection_parts.Thresholds, miss: 0.2, double: 0.2, confuse: 0.2, shift: 3.0}"
F1 = "+metric.f1={_target_: sweeper.metrics.DetectionF1}"


def swept(*overrides: str) -> Store:
    result = sweeper.sweep([*NO_AXES, *overrides], progress=False)
    assert result.exit_status == 0, result.failures
    return open_store("analytics_store")


def rows(store: Store, sql: str) -> list[dict[str, Any]]:
    return store.sql(sql).to_pylist()


def test_errors_and_evaluation_read_one_inference(backend: str):
    parts = (DATA, MODEL, F1, "capability=[evaluate,detection_errors]")
    store = swept(*parts, "capability.detection_errors.by=[video]", backend)
    inferences = rows(store, "SELECT DISTINCT inference_id FROM completed")
    assert len(inferences) == 1
    (recall,) = rows(store, "SELECT output_value FROM maite_evaluation WHERE output_key = 'recall'")
    (found,) = rows(store, "SELECT output_value FROM sweeper_detection_errors WHERE output_key = 'object.correct'")
    assert found["output_value"] == pytest.approx(recall["output_value"])
    assert len(rows(store, "SELECT * FROM sweeper_detection_images")) == 10
    page = html(store)
    assert page.count("data:image/jpeg;base64,") == 10
    assert "object.missed" in page


def test_values_do_not_depend_on_how_many_workers_share_an_inference(backend: str):
    parts = (DATA, MODEL, "capability=[detection_errors]", "capability.detection_errors.batch_size=8", backend)
    store = swept(*parts)
    swept(*parts, "+capability.detection_errors._sweep_.shards=false")
    counts = "SELECT output_key, count, support FROM sweeper_detection_errors WHERE run_uid = '{0}' ORDER BY output_key"
    first, second = (
        rows(store, counts.format(one["run_uid"])) for one in rows(store, "SELECT DISTINCT run_uid FROM runs")
    )
    assert first == second
    assert sum(row["support"] for row in first) > 0


def test_wrong_boxes_are_findings_of_the_quality_and_an_error_of_everything_else(backend: str):
    store = swept(WRONG, "capability=[detection_quality]", backend)
    (empty,) = rows(
        store, "SELECT * FROM sweeper_detection_quality WHERE output_key = 'empty.share' AND scope = 'overall'"
    )
    listed = rows(store, "SELECT DISTINCT item_id FROM sweeper_detection_quality WHERE output_key = 'empty.score'")
    assert empty["n_found"] > 0
    assert listed == [{"item_id": "image-2"}]
    result = sweeper.sweep([*NO_AXES, WRONG, MODEL, "capability=[detection_errors]", backend], progress=False)
    assert result.exit_status == 1
    (failure,) = result.failures
    assert "has wrong truth for datum 'image-2'" in str(failure)


def test_each_query_of_the_page_finds_what_it_says():
    other = "+dataset.other={_target_: detection_parts.Rectangles, n: 60, seed: 5, most: 1, id: other}"
    errors, flaws, shifts = "detection_errors", "detection_quality", "detection_shift"
    tiny = f"capability.{flaws}.tiny_side=20"
    store = swept(DATA, other, MODEL, f"capability=[{errors},{flaws},{shifts}]", tiny, "job_backend.kind=inline")
    queries = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    found = {re.search(r"FROM (\w+)", sql)[1]: rows(store, sql) for sql in queries}
    assert set(found) == {
        "sweeper_detection_quality",
        "sweeper_detection_shift",
        "sweeper_detection_errors",
        "sweeper_detection_confusions",
    }
    assert len(found["sweeper_detection_errors"]) == 2 * (4 + 6)  # both datasets, both sides
    assert {row["feature"] for row in found["sweeper_detection_shift"]} >= {"box_count"}
    assert found["sweeper_detection_confusions"][0]["label_name"] in ("flat", "tall")
    assert found["sweeper_detection_quality"] == []  # no box of these is double or outside
    assert rows(store, "SELECT * FROM sweeper_detection_quality WHERE scope = 'item' AND \"check\" = 'tiny'") != []
