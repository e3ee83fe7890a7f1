"""Detectors are told apart by values on the same resamples, and judged by their intervals."""

from __future__ import annotations

import io
from typing import Any

import pytest

import sweeper
from sweeper.cli.commands import run_command
from sweeper.running.result import SweepResult

pytestmark = pytest.mark.usefixtures("empty_folder")
TASK = {"_sweep_": {"task": "object_detection"}}
MODELS: dict[str, dict[str, float]] = {
    "good": {"miss": 0.02, "shift": 0.2},
    "fair": {"miss": 0.1, "shift": 0.5},
    "much_the_same": {"miss": 0.1, "shift": 0.5, "false": 0.1},
    "poor": {"miss": 0.5, "false": 1.0, "shift": 1.0},
}


def swept(*, resamples: int = 200, models: Any = MODELS, n: int = 80, **settings: Any) -> SweepResult:
    result = sweeper.sweep(
        {
            "capability": {
                "evaluate": {
                    "_target_": "sweeper.capabilities.Evaluate",
                    "resamples": resamples,
                    "_sweep_": {
                        "arity": {"datasets": "ONE", "models": "ONE", "metrics": "ONE"},
                        "reads_predictions": True,
                        "predictions_depend_on": ["batch_size"],
                    },
                }
            },
            "dataset": {"rectangles": {"_target_": "detection_parts.Rectangles", "n": n, **TASK}},
            "model": {
                name: {"_target_": "detection_parts.Thresholds", "id": name, **settings, **TASK}
                for name, settings in models.items()
            },
            "metric": {
                "coco_map": {"_target_": "sweeper.metrics.CocoMap", **TASK},
                "detection_f1": {"_target_": "sweeper.metrics.DetectionF1", **TASK},
            },
            "job_backend": {"kind": "inline"},
            **settings,
        },
        progress=False,
    )
    assert result.failures == ()
    return result


def compare(*operands: str) -> str:
    out = io.StringIO()
    run_command(["compare", *operands], out, io.StringIO())
    return out.getvalue()


def test_leaderboards_mark_what_cannot_be_told_apart():
    boards = {board.measure: board for board in swept().leaderboards}
    assert next(iter(boards)) == "coco_map map"
    board = boards["coco_map map_50"]
    assert board.tied[0] == {"good"}
    lines = swept(models={name: MODELS[name] for name in ("fair", "much_the_same", "poor")})
    tied = next(board for board in lines.leaderboards if board.measure == "coco_map map").tied[0]
    assert tied == {"fair", "much_the_same"}


def test_two_detectors_are_compared_value_by_value():
    swept()
    text = compare("model:poor", "model:good")
    (line,) = (line for line in text.splitlines() if " map_50 " in line and "coco_map" in line)
    assert "better" in line
    (line,) = (line for line in text.splitlines() if " f1 " in line)
    assert "better" in line


def test_without_resamples_the_reason_says_how_to_get_them():
    result = swept(resamples=0)
    assert all("set resamples: 1000" in reason for board in result.leaderboards for reason in board.not_compared)
    assert "set resamples: 1000 in the choice of its capability" in compare("model:poor", "model:good")


def test_other_data_are_not_compared():
    swept(models={"good": MODELS["good"]}, n=80, analytics_store={"uri": "a"})
    swept(models={"good": MODELS["good"]}, n=60, analytics_store={"uri": "b"})
    text = compare("store:a", "store:b")
    assert "the two were measured on other data" in text


def test_requirements_are_judged_by_the_interval():
    asked: list[dict[str, Any]] = [
        {"name": "enough", "metric": "coco_map", "key": "map_50", "min": 0.7},
        {"name": "no worse", "metric": "detection_f1", "key": "f1", "tolerance": 0.15, "than": {"model": "fair"}},
    ]
    found = {(one.requirement, one.model): one for one in swept(requirements=asked).verdicts}
    assert {model: found["enough", model].outcome for model in MODELS} == {
        "good": "met",
        "fair": "met",
        "much_the_same": "met",
        "poor": "not met",
    }
    assert found["no worse", "much_the_same"].outcome == found["no worse", "good"].outcome == "met"
    assert found["no worse", "poor"].outcome == "not met"
    without = swept(resamples=0, requirements=asked).verdicts
    assert {one.outcome for one in without} == {"undecided"}
    assert all("resamples: 1000" in one.reason for one in without)
