"""Every capability, loader and metric of checkmaite once, as shipped choices in one sweep, against checkmaite itself.

The example sweep covers evaluation, and robustness, cleaning, bias and shift of classification; here is the rest, in
the driver's process.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("checkmaite", reason="needs the extra: pip install '.[checkmaite]'")

from checkmaite_parts import (
    FEW_ITERATIONS,
    Counting,
    Direct,
    assert_same_rows,
    example_data,
    rewrite_canvases,
    sweep_here,
)

ONCE = {
    "ic_feasibility": (["digits"], [], []),
    "ic_explainability": (["digits"], ["mlp_onnx"], []),
    "od_robustness": (["canvases"], ["cells_onnx"], ["checkmaite/od_map50"]),
    "od_cleaning": (["canvases"], [], []),
    "od_bias": (["canvases"], [], []),
    "od_shift": (["canvases", "canvases_noisy"], [], []),
    "od_feasibility": (["canvases"], [], []),
    "od_explainability": (["canvases"], ["cells_onnx"], []),
}
"""Capabilities with the datasets, models and metrics that each of them gets."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example_data(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def direct(data: Path) -> Direct:
    return Direct(data)


def sweep(data: Path, store: Path, *overrides: str) -> Any:
    """The example's parts under other capabilities."""
    result = sweep_here(data, store, *overrides)
    assert result.failures == (), [f.message for f in result.failures]
    return result


def rule(capability: str, datasets: list[str], models: list[str], metrics: list[str]) -> str:
    axes = {"dataset": datasets, "model": models, "metric": metrics}
    chosen = "".join(f", {axis}: [{', '.join(names)}]" for axis, names in axes.items() if names)
    return f"{{capability: checkmaite/{capability}{chosen}}}"


@pytest.fixture(scope="module")
def swept(data: Path, direct: Direct, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """Plan and store of one sweep over all of `ONCE`, and over sufficiency, which wants 500 images."""
    capabilities = ", ".join(f"checkmaite/{name}" for name in (*ONCE, "ic_sufficiency"))
    rules = [rule(name, *parts) for name, parts in ONCE.items()]
    rules.append("{capability: checkmaite/ic_sufficiency, dataset: digits_train, metric: checkmaite/ic_accuracy}")
    train = f"{{_base_: checkmaite/yolo_classification, root_dir: {data}/digits, split: train}}"
    config = "capability.checkmaite.ic_sufficiency.config"
    few = [f"{config}.{key}={str(value).replace(' ', '')}" for key, value in FEW_ITERATIONS.items()]
    result = sweep(
        data,
        tmp_path_factory.mktemp("store"),
        f"capability=[{capabilities}]",
        f"+dataset.digits_train={train}",
        f"only=[{', '.join(rules)}]",
        "exclude=[]",
        *few,
    )
    items = reversed(result.plan.items)  # of the two orders of a pair the first one stays
    by_name = {item.combination.capability.name.removeprefix("checkmaite/"): item for item in items}
    assert set(by_name) == {*ONCE, "ic_sufficiency"}
    return {"plan": by_name, "store": result.store}


@pytest.mark.parametrize("capability", ONCE)
def test_rows_are_those_of_a_direct_run(swept: Mapping[str, Any], direct: Direct, capability: str) -> None:
    store, item = swept["store"], swept["plan"][capability]
    attempt = store.sql(f"SELECT * FROM attempts WHERE fingerprint = '{item.fingerprint}'").to_pylist()[0]
    got = store.sql(f"SELECT * FROM {attempt['payload_table']} WHERE fingerprint = '{item.fingerprint}'").to_pylist()
    assert_same_rows(got, direct.rows(capability, *ONCE[capability]))


def test_sufficiency_completes_without_a_row(swept: Mapping[str, Any]) -> None:
    store, item = swept["store"], swept["plan"]["ic_sufficiency"]
    attempt = store.sql(f"SELECT * FROM attempts WHERE fingerprint = '{item.fingerprint}'").to_pylist()[0]
    assert attempt["status"] == "completed"
    assert attempt["payload_table"] is None
    assert store.results([item.fingerprint]).num_rows == 0


def test_one_set_of_boxes_scores_alike_in_every_layout(data: Path, tmp_path: Path) -> None:
    rewrite_canvases(data, tmp_path)
    result = sweep(
        data,
        tmp_path / "store",
        "capability=[checkmaite/od_evaluation]",
        f"+dataset.yolo={{_base_: checkmaite/yolo_detection, yaml_dataset: {tmp_path}/yolo/data.yaml}}",
        # The layout of VisDrone comes with its own names of classes, whatever its boxes are of.
        f"+dataset.visdrone={{_base_: checkmaite/visdrone_detection, root: {tmp_path}/visdrone, "
        "_sweep_: {label_space: ignore}}",
        "only=[{dataset: [canvases, yolo, visdrone], model: cells_onnx, metric: checkmaite/od_map50}]",
        "exclude=[]",
    )
    scores = {row["dataset"]: row["value"] for row in result.rows}
    assert set(scores) == {"canvases", "yolo", "visdrone"}
    assert scores["canvases"] > 0.5
    assert scores["yolo"] == scores["visdrone"] == pytest.approx(scores["canvases"], abs=1e-6)


def test_metrics_of_classification_are_those_of_scikit_learn(data: Path, direct: Direct, tmp_path: Path) -> None:
    from sklearn import metrics

    result = sweep(
        data,
        tmp_path,
        "capability=[checkmaite/ic_evaluation]",
        "metric=[checkmaite/ic_accuracy,checkmaite/ic_f1,checkmaite/ic_precision,checkmaite/ic_recall]",
        "only=[{dataset: digits, model: mlp_onnx}]",
        "exclude=[]",
    )
    dataset = direct.part("datasets", "digits")
    inputs, targets, _ = zip(*dataset, strict=True)
    found = np.argmax(direct.part("models", "mlp_onnx")(list(inputs)), axis=1)
    true = np.argmax(targets, axis=1)
    assert {row["key"]: row["value"] for row in result.rows} == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(true, found),
            "f1_score": metrics.f1_score(true, found, average="macro"),
            "precision": metrics.precision_score(true, found, average="macro"),
            "recall": metrics.recall_score(true, found, average="macro"),
        },
        abs=1e-6,
    )


def test_metrics_that_are_scored_each_share_one_pass_over_the_images(data: Path, tmp_path: Path) -> None:
    before = Counting.seen
    result = sweep(
        data,
        tmp_path,
        "capability=[checkmaite/ic_evaluation]",
        "+model.counting={_target_: checkmaite_parts.Counting, _sweep_: {task: image_classification}}",
        "only=[{dataset: digits, model: counting}]",
        "exclude=[]",
    )
    assert {row["key"]: row["value"] for row in result.rows} == {
        "accuracy": pytest.approx(0.1),
        "f1_score": pytest.approx(2 * 0.1 / 1.1 / 10),  # of ten classes only one is ever named
    }
    assert Counting.seen - before == 50


def test_the_family_of_map_agrees_with_itself(data: Path, tmp_path: Path) -> None:
    family = ("od_map", "od_map50", "od_map50_classwise", "od_map75", "od_mar")
    result = sweep(
        data,
        tmp_path,
        "capability=[checkmaite/od_evaluation]",
        f"metric=[{','.join(f'checkmaite/{name}' for name in family)}]",
        "only=[{dataset: canvases, model: cells_onnx}]",
        "exclude=[]",
    )
    rows = [row for row in result.rows if row["scope"] != "class"]
    overall = {row["metric"].removeprefix("checkmaite/"): row["value"] for row in rows}
    assert set(overall) == set(family)
    assert overall["od_map50_classwise"] == pytest.approx(overall["od_map50"], abs=1e-6)
    assert 0 < overall["od_map75"] < overall["od_map50"] < 1
    assert 0 < overall["od_map"] < min(overall["od_map50"], overall["od_mar"])
    assert len(result.rows) - len(rows) == 10
