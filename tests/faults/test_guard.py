"""What a driver leaves behind that is killed: nothing of its Ray, and everything of others."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from sweep_process import SweepProcess, alive, command_of, kill, until

from sweeper.jobs.ray_simple import guard_process
from sweeper.jobs.ray_simple.guard import MARK

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs handles of processes"),
]
SOON_S = 45.0
"""Less than the minute for which Ray's agents live when nobody ends them."""
NO_MARK: Mapping[str, str] = {}
WAITING = """
tiny:
  _target_: parts.Tiny
  started: {folder}/started
  until: {folder}/go
  _sweep_: {{arity: {{datasets: ZERO, models: ZERO, metrics: ZERO}}}}
"""


@contextmanager
def sweep_in(folder: Path) -> Generator[SweepProcess]:
    sweep = SweepProcess(
        folder, "capability=[tiny]", "job_backend.num_cpus=1", capability=WAITING.format(folder=folder)
    )
    try:
        yield sweep
    finally:
        sweep.end()


def kill_and_see_the_end(sweep: SweepProcess) -> None:
    started = sweep.offspring()
    sweep.send(signal.SIGKILL)
    killed_at = time.monotonic()
    until(lambda: not any(map(alive, started)), "the end of all that was started")
    took = time.monotonic() - killed_at
    print(f"{len(started)} processes ended {took:.2f} s after their driver")
    assert took < SOON_S


def test_a_killed_driver_leaves_no_process_behind(tmp_path: Path):
    with sweep_in(tmp_path) as sweep:
        until((tmp_path / "started").exists, "the run")
        assert sweep.offspring("guard_process")
        assert sweep.offspring("DashboardAgent") or sweep.offspring("dashboard/agent.py")
        kill_and_see_the_end(sweep)


@pytest.mark.slow
def test_a_driver_that_is_killed_while_ray_starts_leaves_none_either(tmp_path: Path):
    with sweep_in(tmp_path) as sweep:
        until(lambda: sweep.offspring("/raylet/raylet "), "the node process")
        kill_and_see_the_end(sweep)


@pytest.mark.slow
def test_after_an_orderly_end_there_is_nobody_left_to_wait_for(tmp_path: Path):
    (tmp_path / "go").touch()
    with sweep_in(tmp_path) as sweep:
        until((tmp_path / "started").exists, "the run")
        started = sweep.offspring()
        assert sweep.wait() == 0
    until(lambda: not any(map(alive, started)), "the end of all that was started")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_ray_shuts_down_ends_it_at_once(tmp_path: Path, number: signal.Signals):
    """A node process that is stopped holds up the shutdown."""
    with sweep_in(tmp_path) as sweep:
        until((tmp_path / "started").exists, "the run")
        started = sweep.offspring()
        (node,) = sweep.offspring("/raylet/raylet ")
        kill(node, signal.SIGSTOP)
        (tmp_path / "go").touch()
        until(lambda: list((tmp_path / "analytics_store/.sweeper/ended").glob("*")), "the end of the runs")
        time.sleep(1)  # what the sweep tidies up after that takes far less, and may be interrupted too
        sweep.send(number)
        assert sweep.wait() == 130
        until(lambda: not any(map(alive, started)), "the end of all that was started")
        assert "Traceback" not in sweep.err


@contextmanager
def sleeper(
    name: str, env: Mapping[str, str] = NO_MARK, log: Path = Path(os.devnull)
) -> Generator[subprocess.Popen[bytes]]:
    """A process that does nothing under a name of its own, for long enough."""
    with (
        open(log, "wb") as out,
        subprocess.Popen([name, "300"], executable=shutil.which("sleep"), env=env, stdout=out) as process,
    ):
        try:
            until(lambda: command_of(process.pid).startswith(name), "its name")  # it has none for a moment
            yield process
        finally:
            process.kill()


def ended(*processes: subprocess.Popen[bytes]) -> list[bool]:
    return [process.poll() == -signal.SIGKILL for process in processes]


def test_only_processes_with_the_mark_of_one_ray_are_ended():
    mark, not_ours = {MARK: "ours"}, {MARK: "ours-not"}
    with (
        sleeper("ray::Agent", mark) as agent,
        sleeper("/x/ray/dashboard/agent.py", mark) as other_agent,
        sleeper("ray::Agent", not_ours) as of_another_ray,
        sleeper("ray::Agent") as of_an_older_ray,
        sleeper("server", mark) as started_by_a_run,
    ):
        guard_process.end_all(f"{MARK}=ours".encode(), session=None)
        assert (agent.wait(SOON_S), other_agent.wait(SOON_S)) == (-signal.SIGKILL, -signal.SIGKILL)
        assert ended(of_another_ray, of_an_older_ray, started_by_a_run) == [False] * 3


def test_the_driver_is_spared_whatever_its_command_line_says():
    mark = {MARK: "ours"}
    with sleeper("/home/me/ray/sweep.py", mark) as driver, sleeper("ray::Agent", mark) as agent:
        guard_process.end_all(f"{MARK}=ours".encode(), session=None, spared=driver.pid)
        assert agent.wait(SOON_S) == -signal.SIGKILL
        assert ended(driver) == [False]


def test_what_wrote_its_title_over_its_mark_is_known_by_the_log_of_its_session(tmp_path: Path):
    for name in ("session_2026-01-01_1_7", "session_2026-01-01_1_77"):
        (tmp_path / name).mkdir()
    with (
        sleeper("ray::Agent", log=tmp_path / "session_2026-01-01_1_7/log") as agent,
        sleeper("ray::Agent", log=tmp_path / "session_2026-01-01_1_77/log") as of_another_ray,
        sleeper("server", log=tmp_path / "session_2026-01-01_1_7/log") as started_by_a_run,
    ):
        guard_process.end_all(f"{MARK}=ours".encode(), session=b"/session_2026-01-01_1_7/")
        assert agent.wait(SOON_S) == -signal.SIGKILL
        assert ended(of_another_ray, started_by_a_run) == [False] * 2


def test_a_guard_whose_driver_ended_before_it_looked_does_not_wait():
    script = [sys.executable, "-I", "-S", guard_process.__file__, str(os.getppid()), MARK, "nobody"]
    with subprocess.Popen(script, stdin=subprocess.PIPE, env={}) as guard:
        assert guard.wait(SOON_S) == 0
