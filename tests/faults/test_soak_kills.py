"""Random SIGKILLs of the driver and of workers: nothing is lost, and nothing that has completed is run again.

`SWEEPER_SOAK_KILLS` says how many of each (100); ten of each take about ten minutes. With `SWEEPER_SOAK_S` there are no
more of each after so many seconds, and what was begun is ended; the line that each prints tells how many there were.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from invariant import assert_nothing_lost
from sweep_process import LIMIT_S, SweepProcess, alive, command_of, kill, until

from sweeper.store import open_store

pytestmark = [
    pytest.mark.faults,
    pytest.mark.soak,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="finds processes below /proc"),
]
KILLS = int(os.environ.get("SWEEPER_SOAK_KILLS", "100"))
SECONDS = float(os.environ.get("SWEEPER_SOAK_S", "inf"))
COMBINATIONS = 200
SEED = 17
WORKERS = ("ray::IDLE", "ray::run_")
"""How the command lines of workers begin; Ray's agents have names like them, and its node process ends with one."""
NOTED = """
tiny:
  _target_: fault_parts.Noted
  notes: {notes}
  text: ""
  sleep_s: 0.1
  _sweep_: {{arity: {{datasets: ZERO, models: ZERO, metrics: ZERO}}}}
"""
ASKED = (
    "--multirun",
    "capability=tiny",
    f"capability.tiny.text=range(0,{COMBINATIONS})",
    "job_backend.num_cpus=2",
    "rerun=missing",
)


class Soak:
    """One store after another, each filled by a sweep of many combinations that is killed again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stores = folder, 0
        self.runs = self.killed = 0
        self._ends = time.monotonic() + SECONDS
        self.begin_anew()

    @property
    def goes_on(self) -> bool:
        """Whether there are to be more kills."""
        return self.killed < KILLS and time.monotonic() < self._ends

    def begin_anew(self) -> None:
        """A store of its own for the next sweep."""
        self._stores += 1
        self.folder = self._folder / str(self._stores)
        (self.folder / "notes").mkdir(parents=True)

    def sweep(self, *overrides: str) -> SweepProcess:
        return SweepProcess(self.folder, *ASKED, *overrides, capability=NOTED.format(notes=self.folder / "notes"))

    def count(self) -> None:
        """Every combination has completed once, however often it was begun, and no process ran what was there."""
        store = open_store(self.folder / "analytics_store")
        rows = store.attempts(("fingerprint", "status")).to_pylist()
        completed = Counter(row["fingerprint"] for row in rows if row["status"] == "completed")
        assert (len(completed), set(completed.values())) == (COMBINATIONS, {1})
        assert_nothing_lost(store, completed.keys(), completed=completed.keys())
        self.runs += len(list((self.folder / "notes").iterdir()))

    def report(self, what: str) -> None:
        wasted = self.runs - self._stores * COMBINATIONS
        assert self.killed > 0
        print(f"{what}: {self.killed} kills, {self._stores} sweeps of {COMBINATIONS}, {wasted} runs wasted")


def end_of_ray(ray: list[int]) -> None:
    """A driver that is killed ends nothing; what its Ray left is ended here, by the ids of its processes."""
    for pid in ray:
        kill(pid)
    until(lambda: not any(map(alive, ray)), "the end of Ray's processes")


def test_drivers_that_are_killed_again_and_again_lose_nothing(tmp_path: Path):
    soak, chance = Soak(tmp_path), random.Random(SEED)
    while soak.goes_on:
        sweep = soak.sweep()
        pause_s = chance.uniform(0, 6) if chance.random() < 0.2 else None  # some die before anything runs
        runs, enough = len(list((soak.folder / "notes").iterdir())), chance.randint(1, 40)
        began = time.monotonic()
        while sweep.process.poll() is None and time.monotonic() - began < LIMIT_S:
            done = len(list((soak.folder / "notes").iterdir())) - runs
            if done >= enough or (pause_s is not None and time.monotonic() - began > pause_s):
                break
            time.sleep(0.02)
        ended = sweep.process.poll()
        ray = sweep.offspring()
        sweep.end()
        end_of_ray(ray)
        if ended is None:
            soak.killed += 1
        else:
            assert ended == 0, sweep.err[-2000:]
            soak.count()
            soak.begin_anew()
    assert soak.sweep().wait() == 0
    soak.count()
    soak.report("drivers")


def test_workers_that_are_killed_again_and_again_lose_nothing(tmp_path: Path):
    soak, chance = Soak(tmp_path), random.Random(SEED + 1)
    while soak.goes_on:
        sweep = soak.sweep("retries=100")
        while sweep.process.poll() is None:
            time.sleep(chance.uniform(0.2, 2.0))
            workers = [pid for pid in sweep.offspring("ray::") if command_of(pid).startswith(WORKERS)]
            if workers and soak.goes_on and any((soak.folder / "notes").iterdir()):
                kill(chance.choice(workers))
                soak.killed += 1
        assert sweep.wait() == 0, sweep.err[-2000:]
        soak.count()
        if soak.goes_on:
            soak.begin_anew()
    soak.report("workers")
