"""Error analyses in sweeps: no inference of their own, rows in four tables, and one clear error for bad metadata."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from command_line import typed

import sweeper
from sweeper.capabilities import ErrorAnalysis, predict
from sweeper.datasets import Digits
from sweeper.report import html
from sweeper.report.page.markdown import to_html
from sweeper.store import Store, open_store

pytestmark = pytest.mark.usefixtures("empty_folder")

REFERENCE = Path(__file__).parents[1] / "helpers" / "sklearn_errors.py"
GRID = ["dataset=[digits,digits_dark]", "model=[logreg,knn]", "metric=[accuracy,f1_macro,ece]", "exclude=[]"]
TABLES = ["sweeper_error_analysis", "sweeper_error_calibration", "sweeper_error_confusions", "sweeper_error_data"]
SIZE = 96
ROTATING = f"+dataset.rotating={{_target_: sliced_parts.Rotating, size: {SIZE}}}"
NO_AXES = ["dataset=[]", "model=[]", "metric=[]", "exclude=[]"]
BY = "capability.error_analysis.by=[site,celsius]"


def swept(*overrides: str) -> Store:
    result = sweeper.sweep([*overrides], progress=False)
    assert result.exit_status == 0, result.failures
    return open_store("analytics_store")


def alternating(file: str = "seen.txt") -> str:
    return f"+model.alternating={{_target_: sliced_parts.Alternating, size: {SIZE}, file: {Path(file).resolve()}}}"


def test_what_a_sweep_measures_is_what_scikit_learn_says(backend: str):
    store = swept(*GRID, "capability=[evaluate,error_analysis]", backend)
    assert [table for table in store.tables() if table.startswith("sweeper")] == TABLES
    attempts = store.sql("SELECT * FROM completed WHERE capability = 'error_analysis'").to_pylist()
    assert len(attempts) == 4
    for attempt in attempts:
        outcomes = store.outcomes([attempt["inference_id"]])
        np.savez("data.npz", labels=outcomes["label"].to_numpy(), predictions=outcomes["prediction"].to_numpy())
        argv = [sys.executable, "-I", str(REFERENCE), "data.npz"]
        expected = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
        mine = f"WHERE fingerprint = '{attempt['fingerprint']}'"
        for row in store.sql(f"SELECT * FROM sweeper_error_analysis {mine}").to_pylist():
            of_class = expected["report"][str(row["class_index"])]
            value = np.nan if row["output_value"] is None else row["output_value"]
            wanted = of_class["f1-score" if row["quantity"] == "f1" else row["quantity"]]
            assert value == pytest.approx(wanted, nan_ok=True)
            assert row["support"] == of_class["support"]
        cells = store.sql(f"SELECT label_index, predicted_index, n FROM sweeper_error_confusions {mine}").to_pylist()
        matrix = np.zeros((10, 10), int)
        for cell in cells:
            matrix[cell["label_index"], cell["predicted_index"]] = cell["n"]
        assert matrix.tolist() == expected["matrix"]


def test_values_are_in_results_and_in_no_leaderboard(backend: str):
    store = swept(*GRID, "capability=[error_analysis]", "dataset=[digits]", "metric=[]", backend)
    values = store.sql("SELECT * FROM results ORDER BY ALL").to_pylist()
    assert {row["scope"] for row in values} == {"class"}
    assert len(values) == 2 * 10 * 3
    assert {row["metric"] for row in values} == {""}
    (weakest,) = store.sql(
        "SELECT key, value, n, ci_low, ci_high FROM results WHERE key LIKE 'recall%' ORDER BY value LIMIT 1"
    ).to_pylist()
    assert weakest["ci_low"] < weakest["value"] < weakest["ci_high"]
    status, shown, _ = typed(
        "rerun=missing", *GRID, "capability=[error_analysis]", "dataset=[digits]", "metric=[]", backend
    )
    assert (status, "recall" in shown, "no values" in shown) == (0, False, False)


def test_no_datum_is_predicted_twice(backend: str):
    swept(
        *NO_AXES,
        ROTATING,
        alternating(),
        "capability=[evaluate,error_analysis]",
        "metric=[accuracy,ece]",
        BY,
        backend,
        "+capability.evaluate._sweep_.shards=false",
        "+capability.error_analysis._sweep_.shards=false",
    )
    seen = Counter(Path("seen.txt").read_text().split())
    assert seen == {str(number): 1 for number in range(SIZE)}


def test_everything_is_measured_by_the_metadata_too(backend: str):
    store = swept(*NO_AXES, ROTATING, alternating(), "capability=[error_analysis]", BY, backend)
    slices = store.sql("SELECT * FROM sweeper_error_analysis WHERE scope = 'slice' ORDER BY place").to_pylist()
    assert [row["place"] for row in slices] == list(range(1, 8))
    assert Counter(row["slice_key"] for row in slices) == {"site": 2, "celsius": 5}
    assert {row["slice_value"] for row in slices if row["slice_key"] == "site"} == {"rome", "oslo"}
    ranges = sorted((row for row in slices if row["slice_key"] == "celsius"), key=lambda row: row["slice_low"] or -1)
    assert [(row["slice_low"], row["slice_high"]) for row in ranges] == [
        (low, high) for low, high in zip([None, 9.5, 19.0, 28.5, 38.0], [9.5, 19.0, 28.5, 38.0, None], strict=True)
    ]
    for table in ("sweeper_error_calibration", "sweeper_error_confusions"):
        sums = store.sql(f"SELECT slice_key, sum(n) AS n FROM {table} GROUP BY ALL ORDER BY ALL").to_pylist()
        assert {row["slice_key"]: row["n"] for row in sums} == {None: SIZE, "site": SIZE, "celsius": SIZE}
    owls = "quantity = 'recall' AND class_name = 'owl'"
    of_slices = store.sql(f"SELECT * FROM sweeper_error_slice_classes WHERE {owls}").to_pylist()
    assert {(row["slice_key"], row["value"]) for row in of_slices} == {("site", 0.0), ("celsius", 0.0)}
    assert sum(row["support"] for row in of_slices if row["slice_key"] == "site") == SIZE // 3
    assert store.sql(f"SELECT output_value FROM sweeper_error_analysis WHERE {owls}").to_pylist() == [
        {"output_value": 0.0}
    ]


def test_bad_metadata_is_one_clear_failure(backend: str):
    parts = [*NO_AXES, ROTATING, alternating(), "capability=[error_analysis]", backend]
    status, out, err = typed(*parts, "capability.error_analysis.by=[absent]")
    assert status == 1
    assert "by names 'absent', and datum 0 has no such metadata; its keys: ['celsius', 'id', 'site']" in out + err
    assert "Traceback" not in out + err


def test_bad_settings_are_refused_as_the_failure_of_that_choice():
    status, out, err = typed(
        *GRID, "capability=[error_analysis]", "capability.error_analysis.bins=1", "job_backend.kind=inline"
    )
    assert status == 1
    assert "allowed: bins from 2" in out + err


def test_models_of_another_task_are_left_out():
    detector = "+model.detector={_target_: capability_parts.Detections, _sweep_: {task: object_detection}}"
    grid = ["capability=[error_analysis]", "dataset=[digits]", "model=[logreg]", "metric=[]", "exclude=[]"]
    status, out, err = typed("plan", *grid, detector)
    assert (status, err) == (0, "")
    assert "1 to run" in out
    assert "1 left out by task" in out


HOSTILE = [
    "<script>alert(1)</script>",
    "a|b\n# c",
    "![x](https://example.org/x.png)",
    "[bad](javascript:alert(2))",
    "`",
    "&lt;",
    "\x1b[31m",
    "ü\ud800",
]


def test_hostile_names_are_shown_as_they_are_and_stored_whole(tmp_path: Path):
    from sliced_parts import Sliced, Told

    names = HOSTILE[:3]
    data = Sliced(
        [0, 1, 2] * 40,
        {"site": [HOSTILE[number % 8] for number in range(120)]},
        names=names,
        ids=[HOSTILE[number % 8] for number in range(120)],
    )
    model = Told(0.1 + 0.7 * np.eye(3)[[1, 1, 2] * 40], names=names, id="told <b>")
    found = ErrorAnalysis(by="site", worst=8).run([model], [data], [])
    page = to_html(found.collect_md_report(0.5))
    for tag in ("<script", "<a ", "<h1", "<b>", "\x1b", 'src="https'):
        assert tag not in page
    assert page.count("<img") == page.count('src="data:image/png;base64,') == 16
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "a|b # c" in page
    assert "&amp;lt;" in page
    from sweeper.messages.requests import Provenance

    store = open_store(tmp_path / "store")
    store.record(found, provenance=Provenance())
    stored = {row["slice_value"] for row in store.table("sweeper_error_analysis").to_pylist()} - {None}
    assert stored == {*HOSTILE[:7], "ü\\ud800"}
    assert {row["datum_id"] for row in store.table("sweeper_error_data").to_pylist()} <= stored


def test_the_report_of_a_sweep_has_the_pictures(ray_session: None):
    store = swept(*GRID, "capability=[error_analysis]", "dataset=[digits]", "metric=[]")
    text = html(store)
    assert text.count("Confidently wrong") == 2
    assert text.count('<img src="data:image/png;base64,') == text.count("data:image/png;base64,") > 20


def test_the_default_sweep_is_as_large_as_the_readme_says():
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    plan = sweeper.plan([])
    size = len(plan.items)
    assert {item.combination.capability.name for item in plan.items} >= {"evaluate", "error_analysis"}
    for text in (
        f"\n{size} to run, 0 skipped\n",
        f"\n{size}/{size} done in ",
        f"(ok {size}, failed 0",
        f"\n{size} completed; 0 skipped",
        f"nothing to run; {size} skipped",
    ):
        assert text in readme


def test_predictions_of_a_pair_serve_both_capabilities_with_one_key():
    """The choice as it is shipped reads the predictions that `evaluate` reads."""
    from sweeper.running.shared_inference import inference_key

    plan = sweeper.plan(["capability=[evaluate,error_analysis]"])
    keys = {
        kind: {inference_key(i.combination) for i in plan.items if i.combination.capability.name == kind}
        for kind in ("evaluate", "error_analysis")
    }
    assert keys["evaluate"] == keys["error_analysis"]
    assert len(keys["evaluate"]) == 30


def test_ids_of_the_digits_are_those_of_the_dataset(model: object):
    digits = Digits()
    found = ErrorAnalysis().run([model], [digits], [], predictions={"": predict(model, digits)})  # type: ignore[list-item]
    assert all(str(digits.get_metadata(one.number)["id"]) == one.datum_id for one in found.analysis.worst)
