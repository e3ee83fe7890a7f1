"""What a combination costs beyond its work: no-op combinations through the runner against bare Ray tasks, in one run.

python tests/benchmarks/bench_sweep.py [--sizes 1000 3000 10000] [--memory 50000]
"""

from __future__ import annotations

import argparse
import atexit
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))

import pyarrow.parquet as pq
import ray
from tabulate import tabulate

from sweeper.jobs import RaySimpleJobBackend
from sweeper.messages.requests import StoreLocation
from sweeper.planning.combinations import Planned
from sweeper.planning.decisions import Policy, decide, identify
from sweeper.planning.fingerprint import canonical, digest
from sweeper.planning.limits import Defaults
from sweeper.running.interrupts import Interrupts
from sweeper.running.progress import Silent
from sweeper.running.request_builder import RequestBuilder, SweepInfo
from sweeper.running.runner import Runner, RunSettings
from sweeper.store import boot_id, open_store
from sweeper.vocabulary import Arity, Choice, Combination, Runtime

CPUS = 2
WINDOW = 64
SCRATCH = tempfile.mkdtemp(prefix="bench-sweep-")
"""Removed only at the end: clearing one store would slow down the writes to the next."""
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)
ONE = {"datasets": Arity.ONE, "models": Arity.ONE, "metrics": Arity.ONE}


def choice(axis: str, name: str, runtime: Runtime | None = None, /, **spec: Any) -> Choice:
    text = canonical(spec)
    return Choice(axis, name, spec, text, digest(text), name, runtime or Runtime())


def no_ops(n: int) -> list[Planned]:
    """At least `n` combinations of a capability that does nothing with 20 datasets, 20 models and as many metrics."""
    capability = choice("capability", "tiny", Runtime(arity=ONE), _target_="parts.Tiny")
    datasets = [choice("dataset", f"d{i}", _target_="parts.Numbers", name=f"d{i}") for i in range(20)]
    models = [choice("model", f"m{i}", _target_="parts.Parity", name=f"m{i}") for i in range(20)]
    metrics = [choice("metric", f"k{i}", _target_="parts.Hits", name=f"k{i}") for i in range(-(-n // 400))]
    grid = [Combination(capability, (d,), (m,), (k,)) for m in models for d in datasets for k in metrics]
    return list(decide(identify(grid[:n], "drop").pairs, Policy(), {}))


def bare(n: int) -> None:
    """The same number of tasks by Ray alone, in a bounded window."""

    @ray.remote(num_cpus=1)
    def nothing() -> None:
        return None

    pending: list[Any] = []
    left = n
    while left or pending:
        while left and len(pending) < WINDOW:
            pending.append(nothing.remote())
            left -= 1
        done, pending = ray.wait(pending, num_returns=1)
        more, pending = ray.wait(pending, num_returns=len(pending), timeout=0) if pending else ([], [])
        ray.get(done + more)


def sweep(n: int) -> None:
    """A sweep of no-ops into a fresh store, every result durable."""
    uri = tempfile.mkdtemp(dir=SCRATCH)
    backend = RaySimpleJobBackend(uri)
    builder = RequestBuilder(SweepInfo("bench", "bench", StoreLocation(uri), boot_id=boot_id()))
    settings = RunSettings(Defaults(), max_in_flight=WINDOW)
    items = no_ops(n)
    store = open_store(uri)
    outcome = Runner(backend, store, builder, settings, Silent(), Interrupts()).run(items)
    store.flush_journals()
    assert outcome.counts["completed"] == n
    assert len(pq.read_table(Path(uri, "attempts"), columns=["status"])) == n


def timed(what: Callable[[int], None], n: int) -> float:
    start = time.perf_counter()
    what(n)
    return (time.perf_counter() - start) * 1000 / n


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 3000, 10000])
    parser.add_argument("--memory", type=int, default=0, help="also report the growth of the driver up to this many")
    args = parser.parse_args()
    ray.init(address="local", num_cpus=CPUS, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
    bare(200)
    sweep(200)
    rows = []
    for n in args.sizes:
        first, ours, second = timed(bare, n), timed(sweep, n), timed(bare, n)
        base = (first + second) / 2
        rows.append([n, f"{base:.2f}", f"{ours:.2f}", f"{ours / base:.2f}", peak()])
    if args.memory:
        rows.append([args.memory, "", f"{timed(sweep, args.memory):.2f}", "", peak()])
    print(tabulate(rows, ["combinations", "bare Ray, ms", "sweeper, ms", "ratio", "driver peak, MiB"]))


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 << 10 if sys.platform == "linux" else 1 << 20)


if __name__ == "__main__":
    main()
