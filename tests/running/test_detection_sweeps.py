"""Detection in sweeps: one inference for all metrics, made by several workers, with the values of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import sweeper
from sweeper.store import open_store

TASK = {"_sweep_": {"task": "object_detection"}}


def swept(uri: Path, kind: str, **evaluate: Any) -> sweeper.SweepResult:
    return sweeper.sweep(
        {
            "capability": {
                "evaluate": {
                    "_target_": "sweeper.capabilities.Evaluate",
                    "batch_size": 8,
                    **evaluate,
                    "_sweep_": {
                        "arity": {"datasets": "ONE", "models": "ONE", "metrics": "ONE"},
                        "reads_predictions": True,
                        "predictions_depend_on": ["batch_size"],
                    },
                }
            },
            "dataset": {"rectangles": {"_target_": "detection_parts.Rectangles", "n": 64, **TASK}},
            "model": {"weak": {"_target_": "detection_parts.Thresholds", "miss": 0.3, "false": 0.5, **TASK}},
            "metric": {
                "coco_map": {"_target_": "sweeper.metrics.CocoMap", **TASK},
                "detection_f1": {"_target_": "sweeper.metrics.DetectionF1", **TASK},
            },
            "job_backend": {"kind": kind},
            "analytics_store": {"uri": str(uri)},
        },
        progress=False,
    )


def values(uri: Path) -> dict[str, Any]:
    rows = open_store(uri).results().to_pylist()
    return {f"{row['metric']} {row['key']}": row["value"] for row in rows}


@pytest.mark.usefixtures("ray_session")
def test_shared_and_sharded_predictions_give_the_values_of_one_worker(tmp_path: Path):
    assert swept(tmp_path / "ray", "ray-simple").counts["completed"] == 2
    assert swept(tmp_path / "inline", "inline").counts["completed"] == 2
    found = values(tmp_path / "ray")
    assert found == pytest.approx(values(tmp_path / "inline"), nan_ok=True)
    assert len(found) == 18
    inferences = {row["inference_id"] for row in open_store(tmp_path / "ray").results().to_pylist()}
    assert len(inferences - {None}) == 1, "one inference for both metrics"


def test_rows_stand_in_the_order_in_which_a_run_gives_them(tmp_path: Path):
    result = swept(tmp_path, "inline")
    keys = [row["key"] for row in result.rows]
    assert keys[:3] == ["map", "map_50", "map_75"]
    assert keys[12] == "f1"
    table = open_store(tmp_path).table("maite_evaluation")
    assert {"map", "f1"} <= set(table["output_key"].to_pylist())
