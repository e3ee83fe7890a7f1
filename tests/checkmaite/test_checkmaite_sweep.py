"""The example sweep of checkmaite, run as its user runs it, against checkmaite itself."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

pytest.importorskip("checkmaite", reason="needs the extra: pip install '.[checkmaite]'")

from checkmaite_parts import EXAMPLE, Direct, assert_same_rows, example_data, sweep_here
from patience import LIMIT_S

import sweeper

CAPABILITIES = ["ic_evaluation", "ic_robustness", "ic_cleaning", "ic_bias", "ic_shift", "od_evaluation"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example_data(tmp_path_factory.getbasetemp())


def command(data: Path, store: Path, *overrides: str) -> list[str]:
    where = ["--config-dir", str(EXAMPLE / "conf"), "--config-name", "digits"]
    said = [f"data={data}", f"analytics_store.uri={store}", "job_backend.num_cpus=2"]
    return [sys.executable, "-m", "sweeper", *where, *said, *overrides]


def run(data: Path, store: Path, *overrides: str) -> dict[str, Any]:
    """What a sweep says of itself, and on `stderr`; `exit_status` is that of the process."""
    done = subprocess.run(
        [*command(data, store, *overrides), "--json"], capture_output=True, text=True, timeout=LIMIT_S
    )
    assert done.stdout, done.stderr
    document = json.loads(done.stdout)
    assert document["exit_status"] == done.returncode, done.stderr
    return {**document, "stderr": done.stderr}


@pytest.fixture(scope="module")
def direct(data: Path) -> Direct:
    return Direct(data)


@pytest.fixture(scope="module")
def swept(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    store = tmp_path_factory.mktemp("store")
    document = run(data, store)
    return document, store


def test_every_combination_of_the_example_completes(swept: tuple[dict[str, Any], Path]) -> None:
    document, _ = swept
    assert document["exit_status"] == 0
    assert document["counts"]["completed"] == document["plan"]["run"] == 28
    assert "starting workers" in document["stderr"]
    ran = Counter(c["capability"].removeprefix("checkmaite/") for c in document["combinations"])
    assert ran == {
        "ic_evaluation": 12,
        "ic_robustness": 6,
        "ic_cleaning": 2,
        "ic_bias": 2,
        "ic_shift": 2,
        "od_evaluation": 4,
    }


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_values_are_those_of_direct_runs(swept: tuple[dict[str, Any], Path], direct: Direct, capability: str) -> None:
    document, uri = swept
    store = sweeper.open_store(str(uri))
    chosen = [c for c in document["combinations"] if c["capability"] == f"checkmaite/{capability}"]
    assert chosen
    for combination in chosen:
        expected = direct.rows(
            combination["capability"], combination["datasets"], combination["models"], combination["metrics"]
        )
        table = _table_of(store, combination["fingerprint"])
        got = store.sql(f"SELECT * FROM {table} WHERE fingerprint = '{combination['fingerprint']}'").to_pylist()
        assert_same_rows(got, expected)


def _table_of(store: Any, fingerprint: str) -> str:
    rows = store.sql(f"SELECT payload_table FROM attempts WHERE fingerprint = '{fingerprint}'").to_pylist()
    assert len(rows) == 1
    return rows[0]["payload_table"]


def test_every_run_keeps_the_report_that_checkmaite_makes_of_it(swept: tuple[dict[str, Any], Path]) -> None:
    attempts = sweeper.open_store(str(swept[1])).sql("SELECT capability, report_uri FROM attempts").to_pylist()
    titles = {(row["capability"], Path(row["report_uri"]).read_text().splitlines()[0]) for row in attempts}
    assert len(attempts) == 28
    assert {capability for capability, _ in titles} == {f"checkmaite/{name}" for name in CAPABILITIES}
    assert all(title.startswith("# ") for _, title in titles)
    assert ("checkmaite/ic_evaluation", "# Basic Evaluation with MAITE") in titles


def test_checkmaites_own_store_reads_the_same(swept: tuple[dict[str, Any], Path]) -> None:
    from checkmaite.core.analytics_store import AnalyticsStore, ParquetBackend

    _, uri = swept
    theirs = AnalyticsStore(ParquetBackend(str(uri)))
    query = (
        "SELECT dataset_id, model_id, metric_id, output_key, output_value FROM maite_evaluation "
        "ORDER BY dataset_id, model_id, metric_id, output_key"
    )
    ours = sweeper.open_store(str(uri)).sql(query).to_pylist()
    assert [dict(row) for row in theirs.query_sql(query).to_dicts()] == ours
    assert len(ours) == 16
    joined = theirs.query_sql(
        "SELECT m.output_value FROM maite_evaluation m JOIN runs r ON m.run_uid = r.run_uid AND m.job_id = "
        "r.run_event_id WHERE r.entity_type = 'model'"
    )
    assert len(joined) == 16


def test_a_wrong_number_of_classes_fails_alone(data: Path, tmp_path: Path) -> None:
    wrong = "+metric.wrong={_base_: checkmaite/ic_accuracy, num_classes: 7}"
    only = "only=[{capability: '*ic_evaluation', model: mlp_onnx}]"
    result = sweep_here(data, tmp_path, only, wrong)
    assert result.exit_status == 1
    assert (result.counts["completed"], result.counts["failed"]) == (4, 2)
    assert all("wrong" in failure.label for failure in result.failures)
    assert all("expected (7,)" in failure.message for failure in result.failures)
    again = sweep_here(data, tmp_path, only, wrong, "rerun=missing")
    assert [item.combination.metrics[0].name for item in again.plan.to_run] == ["wrong", "wrong"]


def test_after_a_kill_only_what_is_missing_runs(data: Path, tmp_path: Path) -> None:
    only = "only=[{capability: ['*ic_evaluation', '*ic_robustness'], model: [forest, mlp_onnx]}]"
    driver = subprocess.Popen(command(data, tmp_path, only), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for_completed(tmp_path, at_least=2, process=driver)
    finally:
        _kill_with_all_of_its_ray(driver)
    completed = _completed(tmp_path)
    assert 2 <= len(completed) < 12
    again = run(data, tmp_path, only, "--rerun-only-missing")
    assert again["plan"]["total"] == 12
    assert again["plan"]["skip"] == len(completed)
    assert again["counts"]["completed"] == 12 - len(completed)
    attempts = sweeper.open_store(str(tmp_path)).sql("SELECT fingerprint, status FROM attempts").to_pylist()
    done = Counter(row["fingerprint"] for row in attempts if row["status"] == "completed")
    assert set(done.values()) == {1}
    assert len(done) == 12


def _completed(store: Path) -> set[str]:
    """Fingerprints of completed attempts, read as any other process would."""
    if not (store / "attempts").is_dir():
        return set()
    rows = sweeper.open_store(str(store)).sql("SELECT fingerprint, status FROM attempts").to_pylist()
    return {row["fingerprint"] for row in rows if row["status"] == "completed"}


def _kill_with_all_of_its_ray(driver: subprocess.Popen[bytes]) -> None:
    """Kill -9 the driver and its workers, as a crash of the machine does: nobody goes on writing while we count."""
    family = [psutil.Process(driver.pid), *psutil.Process(driver.pid).children(recursive=True)]
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    driver.wait()
    psutil.wait_procs(family[1:])


def _wait_for_completed(store: Path, *, at_least: int, process: subprocess.Popen[bytes]) -> set[str]:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        assert process.poll() is None, "the sweep ended before it could be killed"
        found = _completed(store)
        if len(found) >= at_least:
            return found
        time.sleep(0.2)
    raise AssertionError("nothing completed in time")


def test_a_misspelt_key_of_a_config_is_refused_before_anything_starts(data: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        command(data, tmp_path / "store", "+capability.checkmaite.ic_evaluation.config.batchsize=4"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "batchsize" in done.stderr
    assert "Did you mean 'batch_size'?" in done.stderr
    assert not (tmp_path / "store").exists()


def test_all_metrics_together_are_one_run(data: Path, tmp_path: Path, swept: tuple[dict[str, Any], Path]) -> None:
    result = sweep_here(
        data,
        tmp_path,
        "only=[{capability: '*ic_evaluation', model: mlp_onnx}]",
        "capability.checkmaite.ic_evaluation._sweep_.metrics=together",
    )
    assert result.counts["completed"] == 2
    query = "SELECT dataset_id, model_id, metric_id, output_value FROM maite_evaluation"
    together = sweeper.open_store(str(tmp_path)).sql(query).to_pylist()
    each = sweeper.open_store(str(swept[1])).sql(query).to_pylist()
    ids = {row["model_id"] for row in together}
    key = lambda row: (row["dataset_id"], row["model_id"], row["metric_id"])  # noqa: E731
    assert sorted(together, key=key) == sorted((row for row in each if row["model_id"] in ids), key=key)
