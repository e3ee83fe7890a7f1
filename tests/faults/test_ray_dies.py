"""Ray's own processes die or hang under a sweep: it says so once, records what is lost, and can be resumed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import typed
from invariant import assert_nothing_lost
from places import HELPERS, ROOT
from sweep_process import LIMIT_S, SweepProcess, alive, kill, until

from sweeper.store import open_store

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes below /proc"),
]
MANY = 40
WAITING = """
tiny:
  _target_: parts.Tiny
  started: started
  until: go
  text: ""
  _sweep_: {arity: {datasets: ZERO, models: ZERO, metrics: ZERO}}
"""
ASKED = ("--multirun", "capability=tiny", f"capability.tiny.text=range(0,{MANY})", "job_backend.num_cpus=2")


NODE, CONTROL = "/raylet/raylet ", "gcs_server"
END, HANG = signal.SIGKILL, signal.SIGSTOP
SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "what"),
    [
        (NODE, END),
        pytest.param(CONTROL, END, marks=SLOW),
        pytest.param(NODE, HANG, marks=SLOW),
        pytest.param(CONTROL, HANG, marks=SLOW),
    ],
)
def test_a_ray_without_a_process_ends_the_sweep_with_one_message_and_all_accounted_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ray_session: None, name: str, what: signal.Signals
):
    capability = WAITING.replace("started: started", f"started: {tmp_path}/started").replace("go", f"{tmp_path}/go")
    sweep = SweepProcess(tmp_path, *ASKED, capability=capability)
    try:
        until((tmp_path / "started").exists, "the first run")
        ray = sweep.offspring()
        (victim,) = sweep.offspring(name)
        kill(victim, what)
        killed_at = time.monotonic()
        until(lambda: "Ray is gone" in sweep.err, "the message")
        print(f"noticed after {time.monotonic() - killed_at:.1f} s")
        assert sweep.wait() == 3
        print(f"ended after {time.monotonic() - killed_at:.1f} s")
    finally:
        sweep.end()
    assert sweep.err.count("Ray is gone") == 1
    assert "Traceback" not in sweep.err
    lost = int(re.search(r"(\d+) lost", sweep.out).group(1))
    assert f"{MANY - lost} not attempted" in sweep.out
    (resume,) = re.findall(r"resume=(\S+)", sweep.out)
    until(lambda: not any(map(alive, ray)), "the end of Ray's processes")
    (tmp_path / "go").touch()
    monkeypatch.chdir(tmp_path)
    rows = open_store(tmp_path / "analytics_store").attempts().to_pylist()
    assert [row["status"] for row in rows] == ["lost"] * lost
    status, _, err = typed("--config-dir", "conf", f"resume={resume}", "job_backend.num_cpus=null")
    assert status == 0, err
    asked = open_store(tmp_path / "analytics_store").asked(resume).to_pylist()
    everything = {row["fingerprint"] for row in asked}
    assert len(everything) == MANY
    statuses = assert_nothing_lost(tmp_path / "analytics_store", everything, completed=everything)
    assert sum(map(len, statuses.values())) == MANY + lost


CLOSES = """
import os, signal, sys
import ray
from sweep_process import command_of, descendants, until
from sweeper.jobs.ray_simple import keeper
from sweeper.jobs.ray_simple.backend import RaySimpleJobBackend

keeper.SHUTDOWN_S = 1e6
backend = RaySimpleJobBackend("store", num_cpus=1)
ours = descendants(os.getpid())
for name, number in ((sys.argv[1], signal.SIGSTOP), (sys.argv[2], signal.SIGKILL)):
    (victim,) = (pid for pid in ours if name in command_of(pid))
    os.kill(victim, number)
until(lambda: backend.gone, "the loss")
backend.close()
assert not ray.is_initialized()
print(*ours)
"""


def test_nobody_waits_for_the_orderly_end_of_a_ray_that_is_dead(tmp_path: Path):
    """With a control process that hangs there is none, and here nothing but its end ends the wait for it."""
    command = [sys.executable, "-c", CLOSES, CONTROL, NODE]
    path = os.pathsep.join([str(ROOT), str(HELPERS)])
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0
    assert not any(alive(int(pid)) for pid in done.stdout.split())
