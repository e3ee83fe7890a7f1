"""What the store costs as it grows: writing one run, planning a sweep, looking up what is completed. One table.

python tests/benchmarks/bench_store.py [--quick]

- **write**: one `Store.record` of a completed evaluation (payload row, its `runs` rows, its attempt) into stores of 0,
  10,000 and 100,000 runs, the last one as it was written and merged. The stores take turns, write by write and each
  turn in another order, so that whatever else the machine does hits all alike. "in a burst" is the same with
  `may_wait`, as a worker records runs that follow each other within moments: a line of its journal. "bare files" is the
  same number of files of the same sizes made in the same folders without the store: on ext4 that alone may differ by
  a factor from folder to folder, for minutes after anybody deleted many files there, so measure when nobody did, or
  with TMPDIR on another disk. Processor time hardly depends on what else the machine does.
- **plan**: `rerun=missing` for a grid of 10 x 10 x 10 x 10, in a process of its own from its start to its end, imports
  included; "lookup" is what `Store.attempt_states` takes of it.
- **lookup**: `Store.attempt_states` among 1,000,000 attempts, in a process of its own, timed without its imports; the
  peak memory is all that this process ever had.

All stores are real files. The runs of write and plan are written one by one by `Store.record`, by as many processes as
there are processors, and merged by `Store.compact`: of the grid, nine tenths are completed and one tenth failed, and
the rest belongs to other sweeps. How the attempts of lookup came about changes nothing there, so they are written in
files of 1,000 with the store's own schema and encoder and merged by `Store.compact` after every 20,000, about as sweeps
of that size leave them. Building takes most of the time, some minutes, and about 4 GiB of disk.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from random import sample
from statistics import median
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))

from benchmarks import grids
from tabulate import tabulate

import sweeper
from sweeper.capabilities.evaluate import EvaluateRun
from sweeper.messages.requests import AttemptInfo, Provenance, StoreLocation
from sweeper.running.request_builder import RequestBuilder, SweepInfo
from sweeper.store import AttemptRow, Store, keep_freed_memory, open_store

CHUNK = 1_000
"""Attempts in one task of a process that fills a store, and in one file of the store of lookup."""
MERGE_EVERY = 20_000
FILES = {"maite_evaluation": 1631, "runs": 2511, "attempts": 3600}
"""What one run writes: tables, and bytes of its file in each."""
HEADERS = ["", "median", "best", "", "to empty", "CPU", "to empty", "bare files", "lookup, s", "peak, MiB", "wanted"]
PEAK = """
def peak():
    if sys.platform == "linux":  # its ru_maxrss counts what the parent had
        said = open("/proc/self/status").read().split("VmHWM:")[1]
        return int(said.split()[0]) / 1024
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
"""
PLAN = f"""
import json, sys, time
import sweeper
from sweeper.store import Store
{PEAK}
took, plain = [], Store.attempt_states
def timed(*given, **named):
    began = time.perf_counter()
    found = plain(*given, **named)
    took.append(time.perf_counter() - began)
    return found
Store.attempt_states = timed
conf, name, *overrides = sys.argv[1:]
made = sweeper.plan(overrides, config_dir=conf, config_name=name)
print(json.dumps({{"lookup": took[0], "peak": peak(), "all": len(made.items), "run": len(made.to_run)}}))
"""
LOOKUP = f"""
import json, sys, time
from hashlib import sha256
from sweeper.store import open_store
{PEAK}
uri, begin, end = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
wanted = [sha256(str(n).encode()).hexdigest() for n in range(begin, end)]
store, before, began = open_store(uri), peak(), time.perf_counter()
found = store.attempt_states(wanted)
took = time.perf_counter() - began
completed = sum(state.completed for state in found.values())
print(json.dumps({{"lookup": took, "before": before, "peak": peak(), "found": len(found), "completed": completed}}))
"""

MERGE = f"""
import json, sys
from sweeper.store import open_store
{PEAK}
open_store(sys.argv[1]).compact(grace_s=0)
print(json.dumps({{"peak": peak()}}))
"""


@dataclass(frozen=True)
class Sizes:
    """How much of everything."""

    small: int = 10_000
    large: int = 100_000
    lookup: int = 1_000_000
    wanted: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    axis: int = 10
    """Choices on each axis of the grid."""
    writes: int = 400
    repeats: int = 5

    @property
    def grid(self) -> int:
        return self.axis**4


QUICK = Sizes(small=500, large=4_000, lookup=40_000, wanted=(1_000, 40_000), axis=5, writes=50, repeats=2)


# What is written


def fingerprint(number: int) -> str:
    """Of the `number`-th combination of other sweeps."""
    return sha256(str(number).encode()).hexdigest()


class Cost(NamedTuple):
    """Seconds by the clock, and of the processor."""

    wall: float
    cpu: float


def write(store: Store, attempt: AttemptInfo, *, may_wait: bool = False) -> Cost:
    """Record a completed evaluation as a worker does."""
    now, job = datetime.now(UTC), uuid.uuid4().hex
    run = EvaluateRun(
        capability_id="sweeper.evaluate",
        dataset_metadata=[{"id": attempt.dataset}],
        model_metadata=[{"id": attempt.model}],
        metric_metadata=[{"id": attempt.metric}],
        values={"accuracy": 0.5},
        higher_is_better=True,
        n_items=540,
    )
    provenance = Provenance(job_id=job, backend="bench", submitted_at=now, completed_at=now, run_event_id=job)
    cpu, began = time.process_time(), time.perf_counter()
    store.record(
        run,
        provenance=provenance,
        attempt=attempt,
        started_at=now,
        finished_at=now,
        host="bench",
        may_wait=may_wait,
    )
    return Cost(time.perf_counter() - began, time.process_time() - cpu)


def fill(uri: str, attempts: Sequence[AttemptInfo]) -> None:
    """Record completed runs, by as many processes as there are processors."""
    chunks = [attempts[begin : begin + CHUNK] for begin in range(0, len(attempts), CHUNK)]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        list(pool.map(_fill, [uri] * len(chunks), chunks))


def _fill(uri: str, attempts: Sequence[AttemptInfo]) -> None:
    keep_freed_memory()
    store = open_store(uri)
    for attempt in attempts:
        write(store, attempt)


def others(like: AttemptInfo, numbers: Iterable[int]) -> list[AttemptInfo]:
    """Attempts of combinations that no grid here has."""
    return [replace(like, attempt_id=uuid.uuid4().hex, fingerprint=fingerprint(n), sweep_id="other") for n in numbers]


@dataclass(frozen=True)
class Grid:
    """A config folder, and the attempts of the sweep that it describes."""

    conf: Path
    attempts: Sequence[AttemptInfo]

    @classmethod
    def make(cls, folder: Path, axis: int) -> Grid:
        grids.write(folder, [axis] * 4)
        planned = sweeper.plan([f"analytics_store.uri={folder}/none"], config_dir=str(folder), config_name=grids.NAME)
        builder = RequestBuilder(SweepInfo("bench", "bench", StoreLocation("")))
        made = [builder.build(item, 1).attempt for item in planned.items]
        return cls(folder, [attempt for attempt in made if attempt is not None])

    @property
    def completed(self) -> Sequence[AttemptInfo]:
        return self.attempts[: -len(self.attempts) // 10]

    @property
    def failed(self) -> Sequence[AttemptInfo]:
        return self.attempts[len(self.completed) :]


def swept(uri: Path, grid: Grid, size: int) -> None:
    """A store of this many attempts that has all of the grid: nine tenths completed, one tenth failed."""
    rest = others(grid.attempts[0], range(size - len(grid.attempts)))
    fill(str(uri), [*grid.completed, *rest])
    now = datetime.now(UTC)
    failed = [AttemptRow.of(attempt, status="failed", finished_at=now, error_type="E") for attempt in grid.failed]
    open_store(uri).write_attempts(failed)


def linked(source: Path, target: Path) -> Path:
    """A second store of the same files: they are never changed, so names are enough."""
    shutil.copytree(source, target, copy_function=os.link)
    return target


def many(uri: Path, like: AttemptInfo, size: int) -> None:
    """A store of attempts alone, merged; every tenth failed. See the top of this file for how."""
    from sweeper.store.parquet import encode, new_name
    from sweeper.store.schema import attempts_schema, to_table

    store = open_store(uri)
    for begin in range(0, size, CHUNK):
        rows = [vars(_row(like, number)) for number in range(begin, min(begin + CHUNK, size))]
        store.files.put("attempts", new_name(), encode(to_table(attempts_schema(), rows)))
        if (begin + CHUNK) % MERGE_EVERY == 0 or begin + CHUNK >= size:
            store.compact(grace_s=0)


def _row(like: AttemptInfo, number: int) -> AttemptRow:
    now, job = datetime.now(UTC), uuid.uuid4().hex
    times = {"submitted_at": now, "started_at": now, "finished_at": now, "host": "bench", "job_id": job}
    (attempt,) = others(like, [number])
    if number % 10 == 0:
        return AttemptRow.of(attempt, status="failed", error_type="ValueError", error_message="no", **times)
    more = {"result_run_uid": uuid.uuid4().hex, "payload_table": "maite_evaluation"}
    return AttemptRow.of(attempt, status="completed", **more, **times)


# What is measured


@dataclass
class Writes:
    """What each write into one store cost, and the seconds of making the bare files of one."""

    store: Store
    took: list[Cost] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    def turn(self, attempt: AttemptInfo, may_wait: bool) -> None:
        self.took.append(write(self.store, attempt, may_wait=may_wait))
        if not may_wait:
            self.bare.append(bare_files(self.store.uri))


def writes(uris: dict[str, Path], like: AttemptInfo, turns: int, *, may_wait: bool) -> dict[str, Writes]:
    """Into each store in turns, after some that are not counted."""
    keep_freed_memory()
    found = {name: Writes(open_store(uri)) for name, uri in uris.items()}
    for store in found.values():
        for attempt in others(like, range(-20, 0)):
            write(store.store, attempt, may_wait=may_wait)
    for turn in range(turns):
        order = sample([*found.values()], len(found))
        for store, attempt in zip(order, others(like, [-100 - turn] * len(order)), strict=True):
            store.turn(attempt, may_wait)
    return found


def bare_files(uri: str) -> float:
    """Make what one run leaves on the disk, in the folders where the store makes it; outside its tables."""
    private = Path(uri, ".sweeper")
    (private / "bare").mkdir(exist_ok=True)
    name, contents = uuid.uuid4().hex, [bytes(size) for size in FILES.values()]
    began = time.perf_counter()
    for number, content in enumerate(contents):
        path = f"{private}/tmp/{name}-{number}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        os.write(handle, content)
        os.close(handle)
        os.rename(path, f"{private}/bare/{name}-{number}")
    return time.perf_counter() - began


def child(code: str, *arguments: str, cwd: Path) -> dict[str, float]:
    """What a fresh process says of itself, and the seconds from its start to its end."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=cwd)
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return {"total": took, **json.loads(done.stdout)}


def plan(grid: Grid, uri: Path, *overrides: str) -> dict[str, float]:
    said = ["rerun=missing", f"analytics_store.uri={uri}", *overrides]
    return child(PLAN, str(grid.conf), grids.NAME, *said, cwd=grid.conf)


def turns(measures: dict[str, Any], repeats: int) -> dict[str, list[dict[str, float]]]:
    """Each measure as often, in turns."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in measures}
    for _ in range(repeats):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


# The table


def write_rows(kind: str, found: dict[str, Writes]) -> Iterator[list[Any]]:
    walls = {name: [cost.wall * 1e3 for cost in said.took] for name, said in found.items()}
    cpus = {name: median(cost.cpu * 1e3 for cost in said.took) for name, said in found.items()}
    first, *_ = found
    for name, said in found.items():
        middle, bare = median(walls[name]), median(said.bare) * 1e3 if said.bare else None
        row = [f"{kind}, {name}", middle, min(walls[name]), "ms", middle / median(walls[first])]
        yield [*row, cpus[name], cpus[name] / cpus[first], bare, None, None, "" if name == first else "0.9 to 1.1"]


def plan_rows(found: dict[str, list[dict[str, float]]], wanted: dict[str, str]) -> Iterator[list[Any]]:
    for name, said in found.items():
        totals = [each["total"] for each in said]
        lookup, peak = median(each["lookup"] for each in said), max(each["peak"] for each in said)
        yield [f"plan, {name}", median(totals), min(totals), "s", *[None] * 4, lookup, peak, wanted.get(name, "")]


def lookup_rows(found: dict[str, list[dict[str, float]]], wanted: dict[str, str]) -> Iterator[list[Any]]:
    for name, said in found.items():
        took = [each["lookup"] for each in said]
        peak = max(each["peak"] for each in said)
        yield [f"lookup, {name}", median(took), min(took), "s", *[None] * 5, peak, wanted.get(name, "")]


def stored(folder: Path, grid: Grid, sizes: Sizes) -> Iterator[list[Any]]:
    """The rows of write and plan."""
    small, large, top = folder / "small", folder / "large", folder / "top"
    fill(str(small), others(grid.attempts[0], range(sizes.small)))
    swept(large, grid, sizes.large)
    merged = linked(large, folder / "merged")
    compacted = child(MERGE, str(merged), cwd=folder)
    linked(merged, top)
    fill(str(top), grid.attempts)
    os.sync()  # so that writing out what was built does not disturb what is measured
    names = [f"{sizes.large:,} merged", f"and {sizes.grid:,} not merged on top", f"{sizes.large:,} not merged"]
    code = f"{names[1]}, rerun_triggers=[config,code]"
    uris = dict(zip(names, (merged, top, large), strict=True))
    measures: dict[str, Any] = {name: lambda uri=uri: plan(grid, uri) for name, uri in uris.items()}
    measures[code] = lambda: plan(grid, top, "rerun_triggers=[config,code]")
    planned = turns(measures, sizes.repeats)
    for name, said in planned.items():
        run = 0 if "top" in name else len(grid.failed)
        assert all((each["all"], each["run"]) == (sizes.grid, run) for each in said), said
    stores = {"0 stored": folder / "empty", f"{sizes.small:,} not merged": small, names[2]: large, names[0]: merged}
    for kind, may_wait in (("write", False), ("write in a burst", True)):
        yield from write_rows(kind, writes(stores, grid.attempts[0], sizes.writes, may_wait=may_wait))
    yield from plan_rows(planned, {names[0]: "< 1.5", names[1]: "< 3"})
    yield [f"merging {sizes.large:,}, once", *[compacted["total"]] * 2, "s", *[None] * 5, compacted["peak"]]


def looked_up(folder: Path, grid: Grid, sizes: Sizes) -> Iterator[list[Any]]:
    """The rows of lookup."""
    uri = folder / "many"
    many(uri, grid.attempts[0], sizes.lookup)
    os.sync()
    counts = {f"{count:,} of {sizes.lookup:,}": count for count in sizes.wanted}
    measures = {name: lambda n=n: child(LOOKUP, str(uri), "0", str(n), cwd=folder) for name, n in counts.items()}
    found = turns(measures, sizes.repeats)
    for name, said in found.items():
        known = counts[name], counts[name] - -(-counts[name] // 10)
        assert all((each["found"], each["completed"]) == known for each in said), said
    yield from lookup_rows(found, dict.fromkeys(counts, "< 2 s, < 1024 MiB"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small stores, to see that it works")
    sizes = QUICK if parser.parse_args().quick else Sizes()
    folder = Path(tempfile.mkdtemp(prefix="bench-store-"))
    grid = Grid.make(folder / "conf", sizes.axis)
    rows = [*stored(folder, grid, sizes), *looked_up(folder, grid, sizes)]
    print(tabulate(rows, HEADERS, floatfmt=".3f", missingval=""))
    shutil.rmtree(folder)  # only now: ext4 makes files slowly for a while after many were deleted


if __name__ == "__main__":
    main()
