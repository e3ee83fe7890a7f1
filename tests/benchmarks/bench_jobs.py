"""What a job costs beyond its work: no-op capabilities against bare Ray tasks and checkmaite's own ray-simple.

python tests/benchmarks/bench_jobs.py [--sizes 200 800 3000] [--repeats 3] [--checkmaite-sizes 200 800]

Submit all, then wait for each result; a fresh store for each line; every run writes its rows before it counts as done.
Bare Ray and `sweeper.jobs` take turns, and the best of the repeats counts, so that other work on the machine weighs
little; processor time, summed over all processes, hardly depends on it. checkmaite is measured where it is installed
(extra `checkmaite`), with the same no-op and one row per run. psutil comes with the extra `bench`.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))
os.environ["PYTHONPATH"] = os.pathsep.join([*sys.path[:2], os.environ.get("PYTHONPATH", "")])

import psutil
import ray
from benchmarks.noop import Noop
from tabulate import tabulate

from sweeper import jobs

CPUS = 2
scratch = Path(tempfile.mkdtemp())
"""Removed only at the end: for some seconds ext4 does not reuse the inodes of deleted files, and searches past them at
every file that it makes, so that clearing one store would slow down the writes to the next by up to ten times."""


def fresh(kind: str) -> str:
    return tempfile.mkdtemp(prefix=f"{kind}-", dir=scratch)


@ray.remote(num_cpus=1)
def nothing(number: int) -> int:
    return number


def bare(n: int) -> None:
    for ref in [nothing.remote(number) for number in range(n)]:
        ray.get(ref)


def sweeper_jobs(n: int) -> None:
    store = fresh("store")
    jobs.configure_job_backend("ray-simple", analytics_store=store)
    capability = Noop()
    for job in [jobs.submit_capability(capability) for _ in range(n)]:
        job.result()
    jobs.shutdown_job_backend(wait=False)
    assert len(os.listdir(f"{store}/noop")) >= n


def checkmaite_jobs(n: int) -> None:
    from benchmarks import checkmaite_noop
    from checkmaite import jobs as theirs

    theirs.configure_job_backend(
        "ray-simple",
        analytics_store={"backend": "parquet", "uri": fresh("store")},
        artifact_store={"uri": fresh("artifacts")},
    )
    capability = checkmaite_noop.Noop()
    submitted = [
        theirs.submit_capability(capability, datasets=[checkmaite_noop.Dataset(f"d{number}")]) for number in range(n)
    ]
    for job in submitted:
        job.result()
    theirs.shutdown_job_backend(wait=False)


@dataclass(frozen=True, order=True)
class Cost:
    """Milliseconds a run: by the clock, and of processor time in all processes of this Ray."""

    wall: float
    cpu: float


def cost(work: Callable[[int], None], n: int) -> Cost:
    begin, cpu = time.perf_counter(), _cpu_s()
    work(n)
    return Cost((time.perf_counter() - begin) / n * 1e3, (_cpu_s() - cpu) / n * 1e3)


def _cpu_s() -> float:
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 800, 3000])
    parser.add_argument("--checkmaite-sizes", type=int, nargs="*", default=[200, 800])
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    ray.init(
        address="local",
        num_cpus=CPUS,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        _node_ip_address="127.0.0.1",
    )
    bare(300)
    sweeper_jobs(300)
    print(tabulate(measured(asked), headers="keys", floatfmt=".2f", missingval="-"))
    ray.shutdown()
    shutil.rmtree(scratch)


def measured(asked: argparse.Namespace) -> list[dict[str, Any]]:
    theirs = importlib.util.find_spec("checkmaite") is not None
    if theirs and asked.checkmaite_sizes:
        checkmaite_jobs(4)  # every worker imports it once
    return [_row(n, asked.repeats, theirs and n in asked.checkmaite_sizes) for n in asked.sizes]


def _row(n: int, repeats: int, theirs: bool) -> dict[str, Any]:
    """In turns, so that both see the same machine; the best of each counts."""
    turns = [(cost(bare, n), cost(sweeper_jobs, n)) for _ in range(repeats)]
    ray_alone, ours = min(turn[0] for turn in turns), min(turn[1] for turn in turns)
    row = {
        "runs": n,
        "bare Ray, ms": ray_alone.wall,
        "sweeper.jobs, ms": ours.wall,
        "ratio": ours.wall / ray_alone.wall,
        "bare Ray, CPU ms": ray_alone.cpu,
        "sweeper.jobs, CPU ms": ours.cpu,
        "CPU ratio": ours.cpu / ray_alone.cpu,
    }
    if theirs:
        row["checkmaite, ms"] = cost(checkmaite_jobs, n).wall
        row["checkmaite / ours"] = row["checkmaite, ms"] / ours.wall
    return row


if __name__ == "__main__":
    main()
