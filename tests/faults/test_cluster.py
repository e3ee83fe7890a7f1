"""Sweeps on a real Ray of two nodes, of which one does not see the folder of the user."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from invariant import assert_nothing_lost
from places import HELPERS, ROOT
from two_nodes import TwoNodes, reason_against, two_nodes

from sweeper.store import open_store

pytestmark = [
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.skipif(reason_against() is not None, reason=reason_against() or ""),
]
PARTS = '''
import os, socket, subprocess, time
from my_helper import NAME
from sweeper.records import Record
from parts_like import Run


class Place:
    """Says on which node it ran, after a while."""

    id = "place"

    def __init__(self, number, sleep_s=0.5):
        self.number, self.sleep_s = number, sleep_s

    def run(self, models=None, datasets=None, metrics=None, config=None, use_cache=False):
        import ray
        address = ray.util.get_node_ip_address()
        with open(os.environ["SHARED"] + "/started", "a") as file:
            file.write(address + "\\n")
        time.sleep(self.sleep_s)
        return Run(self.id, float(address.split(".")[-1]))
'''
LIKE = """
import uuid
from sweeper.records import Record


class PlaceRecord(Record, table_name="place"):
    value: float


class Run:
    def __init__(self, capability_id, value):
        self.capability_id, self.value, self.run_uid = capability_id, value, uuid.uuid4().hex
        self.dataset_metadata, self.model_metadata, self.metric_metadata = [], [], []

    def extract(self):
        return [PlaceRecord(run_uid=self.run_uid, value=self.value)]
"""
CHOICE = "{{_target_: my_parts.Place, number: {number}, sleep_s: {sleep}, _sweep_: {{arity: {arity}}}}}"
ARITY = "{datasets: ZERO, models: ZERO, metrics: ZERO}"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[TwoNodes]:
    with two_nodes(tmp_path) as nodes:
        for name, text in {"my_parts": PARTS, "my_helper": "NAME = 'mine'\n", "parts_like": LIKE}.items():
            (nodes.user / f"{name}.py").write_text(text)
        yield nodes


def argv(cluster: TwoNodes, count: int, sleep: float = 0.3, **more: str) -> list[str]:
    given = {
        **{f"+capability.c{i}": CHOICE.format(number=i, sleep=sleep, arity=ARITY) for i in range(count)},
        "job_backend.address": "auto",
        "analytics_store.uri": str(cluster.folder / "store"),
        "++job_backend.runtime_env": f"{{env_vars: {{SHARED: '{cluster.folder}'}}}}",
        **more,
    }
    nothing = ("capability=[]", "dataset=[]", "model=[]", "metric=[]", "exclude=[]")
    return [*nothing, *(f"{key}={value}" for key, value in given.items()), "--json"]


def ended(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any], str]:
    out, err = process.communicate(timeout=400)
    return process.returncode, json.loads(out) if out.strip() else {}, err


def places(cluster: TwoNodes) -> set[float]:
    return set(open_store(cluster.folder / "store").results()["value"].to_pylist())


def test_own_modules_reach_the_other_node_and_both_work(cluster: TwoNodes):
    began = time.monotonic()
    status, document, err = ended(cluster.sweep(*argv(cluster, 24)))
    print(f"24 runs on two nodes: {time.monotonic() - began:.1f} s")
    assert status == 0, err
    assert "Ray cluster at 10.77.0.1:6379: 2 nodes (10.77.0.1, 10.77.0.2), 4 CPU" in err
    assert "sent to the nodes of the cluster: 3 files" in err
    assert places(cluster) == {1.0, 2.0}
    wanted = {c["fingerprint"] for c in document["combinations"]}
    assert_nothing_lost(cluster.folder / "store", wanted, completed=wanted)

    status, _, err = ended(cluster.sweep(*argv(cluster, 2, **{"job_backend.address": "10.77.0.1:6379"})))
    assert status == 0, err
    status, _, err = ended(cluster.sweep(*argv(cluster, 2, **{"job_backend.address": "null"}), RAY_ADDRESS="auto"))
    assert status == 0, err
    assert "(from RAY_ADDRESS)" in err

    status, _, err = ended(cluster.sweep(*argv(cluster, 2, **{"job_backend.address": "null"})))
    assert status == 0, err
    assert "Ray cluster" not in err

    status, _, err = ended(cluster.sweep(*argv(cluster, 2, **{"job_backend.address": "ray://10.77.0.1:10001"})))
    assert status == 2
    assert "job_backend.address=10.77.0.1:6379" in err
    assert "Traceback" not in err

    (cluster.user / "large").mkdir()
    (cluster.user / "large" / "weights.bin").write_bytes(bytes(3_000_000))
    status, _, err = ended(cluster.sweep(*argv(cluster, 2, **{"job_backend.upload_limit": "2"})))
    assert status == 2
    assert "large (3.0 MB)" in err
    assert "job_backend.upload_limit=2" in err

    for mine in ("./mine", f"file://{cluster.user}/mine"):
        status, _, err = ended(cluster.sweep(*argv(cluster, 2, **{"analytics_store.uri": mine})))
        assert status == 2, err
        assert "do not see: 10.77.0.2" in err


NOTEBOOK = """
import sys
from sweeper.jobs import configure_job_backend, submit_capability
from parts import Tiny

store, artifacts = sys.argv[1:]
configure_job_backend("ray-simple", analytics_store=store, artifact_store=artifacts, address="auto")
jobs = [submit_capability(Tiny(report="x" * 400_000), resources={"num_cpus": 2}) for _ in range(2)]
for job in jobs:
    print(job.result(300).report.uri)
"""


def test_large_reports_go_where_all_nodes_see_them_or_the_nodes_that_do_not_are_named(cluster: TwoNodes):
    (cluster.user / "notebook.py").write_text(NOTEBOOK)
    helpers = {"PYTHONPATH": f"{ROOT}:{HELPERS}"}
    for mine in ("./reports", f"file://{cluster.user}/reports"):
        refused = cluster.python("notebook.py", f"{cluster.folder}/store", mine, **helpers)
        _, err = refused.communicate(timeout=400)
        assert refused.returncode == 1
        assert "the artifact store" in err
        assert "do not see: 10.77.0.2" in err
    taken = cluster.python("notebook.py", f"{cluster.folder}/store", f"{cluster.folder}/reports", **helpers)
    out, err = taken.communicate(timeout=400)
    assert taken.returncode == 0, err
    reports = [Path(uri.removeprefix("file://")) for uri in out.split()]
    assert [report.read_text() for report in reports] == ["x" * 400_000] * 2
    assert all(report.is_relative_to(cluster.folder / "reports") for report in reports)


@pytest.mark.parametrize("retries", [0, 2])
def test_a_node_that_is_killed_while_busy_loses_what_ran_there_and_no_more(cluster: TwoNodes, retries: int):
    process = cluster.sweep(*argv(cluster, 10, sleep=4.0, retries=str(retries), max_in_flight="4"))
    started, until = cluster.folder / "started", time.monotonic() + 300
    while not (started.exists() and "10.77.0.2" in started.read_text()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.2)
    cluster.kill(1)
    status, document, err = ended(process)
    wanted = {c["fingerprint"] for c in document["combinations"]}
    counts = document["counts"]
    statuses = assert_nothing_lost(cluster.folder / "store", wanted)
    lost = sum(ends.count("lost") for ends in statuses.values())
    assert lost > 0
    if retries:
        assert (status, counts["completed"]) == (0, 10), err
    else:
        assert (status, counts["lost"], counts["completed"]) == (1, lost, 10 - lost), err
    assert counts["failed"] == 0
