"""What a job costs beyond its work: no-op capabilities against bare Ray tasks and checkmaite's own ray-simple.

python tests/benchmarks/bench_jobs.py [--sizes 200 800 3000] [--repeats 3] [--checkmaite-sizes 200 800]

Submit all, then wait for each result; a fresh store for each line; every run writes its rows before it counts as done.
Bare Ray and `sweeper.jobs` take turns, and the best of the repeats counts, so that other work on the machine weighs
little. checkmaite is measured where it is installed (extra `checkmaite`), with the same no-op and one row per run.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ["PYTHONPATH"] = os.pathsep.join([sys.path[0], os.environ.get("PYTHONPATH", "")])

import ray
from benchmarks.noop import Noop
from tabulate import tabulate

from sweeper import jobs

CPUS = 2


@ray.remote(num_cpus=1)
def nothing(number: int) -> int:
    return number


def bare(n: int) -> None:
    for ref in [nothing.remote(number) for number in range(n)]:
        ray.get(ref)


def sweeper_jobs(n: int) -> None:
    with tempfile.TemporaryDirectory() as store:
        jobs.configure_job_backend("ray-simple", analytics_store=store)
        capability = Noop()
        for job in [jobs.submit_capability(capability) for _ in range(n)]:
            job.result()
        jobs.shutdown_job_backend(wait=False)
        assert len(os.listdir(f"{store}/noop")) >= n


def checkmaite_jobs(n: int) -> None:
    from benchmarks import checkmaite_noop
    from checkmaite import jobs as theirs

    with tempfile.TemporaryDirectory() as store, tempfile.TemporaryDirectory() as artifacts:
        theirs.configure_job_backend(
            "ray-simple", analytics_store={"backend": "parquet", "uri": store}, artifact_store={"uri": artifacts}
        )
        capability = checkmaite_noop.Noop()
        submitted = [
            theirs.submit_capability(capability, datasets=[checkmaite_noop.Dataset(f"d{number}")])
            for number in range(n)
        ]
        for job in submitted:
            job.result()
        theirs.shutdown_job_backend(wait=False)


def per_run_ms(work: Callable[[int], None], n: int) -> float:
    begin = time.perf_counter()
    work(n)
    return (time.perf_counter() - begin) / n * 1e3


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


def measured(asked: argparse.Namespace) -> list[dict[str, Any]]:
    theirs = importlib.util.find_spec("checkmaite") is not None
    if theirs and asked.checkmaite_sizes:
        checkmaite_jobs(4)  # every worker imports it once
    rows: list[dict[str, Any]] = []
    for n in asked.sizes:
        best = {"bare Ray": float("inf"), "sweeper.jobs": float("inf")}
        for _ in range(asked.repeats):
            for name, work in (("bare Ray", bare), ("sweeper.jobs", sweeper_jobs)):
                best[name] = min(best[name], per_run_ms(work, n))
        row: dict[str, Any] = {"runs": n, **{f"{name} (ms a run)": ms for name, ms in best.items()}}
        row["x bare Ray"] = best["sweeper.jobs"] / best["bare Ray"]
        if theirs and n in asked.checkmaite_sizes:
            row["checkmaite (ms a run)"] = per_run_ms(checkmaite_jobs, n)
            row["checkmaite x sweeper.jobs"] = row["checkmaite (ms a run)"] / best["sweeper.jobs"]
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()
