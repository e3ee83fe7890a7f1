"""Workers die while quick runs share tasks: nothing that has completed is lost or runs again."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from invariant import assert_nothing_lost
from runner_bench import Bench
from shared_task_parts import obedient, tasks

pytestmark = pytest.mark.faults
KILLS = 8
NAMES = [f"n{i}" for i in range(20)]


def kill_now_and_then(notes: Path, over: threading.Event, killed: list[int]) -> None:
    """Kill a worker that has run something, once some have run since the last time."""
    chance, seen = random.Random(19), 0
    while len(killed) < KILLS and not over.wait(0.05):
        begun = list(notes.iterdir())
        if len(begun) > seen + 20:
            seen = len(begun)
            written = chance.choice(begun).read_text().split()
            if not written:  # it has been made and has no text yet
                continue
            killed.append(int(written[-1]))
            with suppress(ProcessLookupError):
                os.kill(killed[-1], signal.SIGKILL)


def test_workers_that_die_lose_one_run_each(ray_bench: Bench, tmp_path: Path):
    notes = tmp_path / "notes"
    sleeps = {f"{dataset} {model}": "sleep" for dataset in NAMES for model in NAMES}
    items = obedient(notes, sleeps, datasets=NAMES, models=NAMES, sleep_s=0.002)
    over, killed = threading.Event(), list[int]()
    killer = threading.Thread(target=kill_now_and_then, args=(notes, over, killed))
    killer.start()
    outcome = ray_bench.run(items, max_in_flight=32, retries=KILLS)
    over.set()
    killer.join()
    assert killed
    assert outcome.counts["completed"] == len(items)
    fingerprints = [item.fingerprint for item in items]
    ends = assert_nothing_lost(ray_bench.store, fingerprints, completed=fingerprints, tidy=False)
    assert all(Counter(of_one)["completed"] == 1 for of_one in ends.values())
    lost = sum(Counter(of_one)["lost"] for of_one in ends.values())
    assert lost <= len(killed)
    assert sum(map(len, tasks(notes).values())) <= len(items) + lost, "what has completed ran again"
