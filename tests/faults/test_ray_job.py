"""`python -m sweeper` as the entry point of a Ray Job: the driver runs on the cluster, with the user's own modules."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from invariant import assert_nothing_lost
from patience import LIMIT_S, until

from sweeper.store import open_store

pytestmark = [pytest.mark.faults, pytest.mark.slow]
NEEDED = ("aiohttp", "aiohttp_cors", "opencensus", "prometheus_client", "smart_open", "virtualenv", "colorful")
if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
    pytest.skip(f"needs ray[default], of which {', '.join(missing)} is missing", allow_module_level=True)

RAY = str(Path(sys.executable).parent / "ray")
MODULE = """
from dataclasses import dataclass, field
from uuid import uuid4
from sweeper import Record

class MineRecord(Record, table_name="mine"):
    value: float

@dataclass
class Run:
    value: float
    capability_id: str = "mine"
    run_uid: str = field(default_factory=lambda: uuid4().hex)
    dataset_metadata: list = field(default_factory=list)
    model_metadata: list = field(default_factory=list)
    metric_metadata: list = field(default_factory=list)
    def extract(self):
        return [MineRecord(run_uid=self.run_uid, value=self.value)]

class Mine:
    id = "mine"
    def __init__(self, n):
        self.n = n
    def run(self, models=None, datasets=None, metrics=None, config=None, use_cache=False):
        return Run(float(self.n))
"""
CHOICE = """
mine:
  _target_: mine.Mine
  n: 0
  _sweep_: {arity: {datasets: ZERO, models: ZERO, metrics: ZERO}}
"""
GRID = ["--config-dir", "conf", "--multirun", "capability=mine", "dataset=[]", "model=[]", "metric=[]"]


def free_port() -> int:
    with closing(socket.socket()) as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path[1:]), "RAY_AUTH_MODE": "token"}


@pytest.fixture
def head(tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of the job server of a Ray of one node, and the environment in which it answers."""
    env, dashboard = {**environment(), "RAY_AUTH_TOKEN": uuid.uuid4().hex}, free_port()
    folder = Path(tempfile.mkdtemp(prefix="ray-job-", dir="/tmp"))  # paths of sockets must be short
    command = [RAY, "start", "--head", "--block", "--node-ip-address=127.0.0.1", f"--port={free_port()}"]
    command += ["--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}", f"--temp-dir={folder}", "--num-cpus=2"]
    log = tmp_path / "ray.log"
    with log.open("w") as out:
        process = subprocess.Popen(command, env=env, cwd=tmp_path, stdout=out, stderr=out)
    try:
        until(lambda: "Ray runtime started" in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield f"http://127.0.0.1:{dashboard}", env
    finally:
        own = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        process.wait(LIMIT_S)
        _, alive = psutil.wait_procs(own, timeout=30)
        for child in alive:
            child.kill()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_sweep_runs_as_a_job_with_modules_that_only_the_laptop_has(head: tuple[str, dict[str, str]], tmp_path: Path):
    address, env = head
    (tmp_path / "laptop" / "conf" / "capability").mkdir(parents=True)
    (tmp_path / "laptop" / "mine.py").write_text(MODULE)
    (tmp_path / "laptop" / "conf" / "capability" / "mine.yaml").write_text(CHOICE)
    sweep = ["python", "-m", "sweeper", *GRID, "capability.mine.n=1,2,3", f"analytics_store.uri={tmp_path}/store"]
    command = [RAY, "job", "submit", "--address", address, "--working-dir", ".", "--", *sweep]
    done = subprocess.run(
        command, cwd=tmp_path / "laptop", env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "(from RAY_ADDRESS)" in done.stdout
    store = open_store(tmp_path / "store")
    assert sorted(store.table("mine")["value"].to_pylist()) == [1.0, 2.0, 3.0]
    planned = set(store.attempts()["fingerprint"].to_pylist())
    assert_nothing_lost(store, planned, completed=planned)
