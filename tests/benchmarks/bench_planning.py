"""How long a plan takes and how much memory, against the size of the grid and of the store, beside Hydra's multirun.

python tests/benchmarks/bench_planning.py [--sizes 25x25x25x25 ...] [--attempts 100000] [--jobs 10 30]
python tests/benchmarks/bench_planning.py --million      the two grids of a million alone, and not Hydra

A million combinations are to be planned in 4 s and 500 MiB: see docs/decisions/0011-plans-in-columns.md.

Each plan is a process of its own, `python -m sweeper plan`, from its start to its end: with `rerun=missing` against a
store of as many attempts, half of which are of combinations of one of the grids. The store is measured as a killed
sweep leaves it (a file for each attempt) and as a sweep that ended leaves it (merged). Hydra's own multirun composes
each job anew: two small runs give the seconds per job, and the whole grid is extrapolated from these.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))

from benchmarks import grids
from tabulate import tabulate

HERE = Path(__file__).resolve().parent
MILLION = ("32x32x32x31", "10x10x100x100")
SIZES = ("10x10x1x1", "10x10x10x10", "25x25x25x25", *MILLION)


@dataclass(frozen=True)
class Used:
    """What one process took, and what it said: seconds by the clock and of processor time, and its peak in MiB."""

    seconds: float
    cpu: float
    peak: float
    said: str


def measured(command: Sequence[str]) -> Used:
    """Run a command to its end. This process stays small, since a child's peak includes what it was forked from."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read()
    if process.returncode:
        raise SystemExit(said[-3000:])
    peak = usage.ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)
    return Used(took, usage.ru_utime + usage.ru_stime, peak, said)


def plan(conf: Path, store: Path) -> Used:
    where = ["--config-dir", str(conf), "--config-name", grids.NAME]
    return measured([sys.executable, "-m", "sweeper", "plan", *where, "rerun=missing", f"analytics_store.uri={store}"])


def hydra_job_s(conf: Path, jobs: tuple[int, int], output: Path) -> float:
    """Seconds per job of Hydra's own multirun: the difference of two runs, so that its start is not counted."""
    few, many = (_multirun(conf, count, output / str(count)) for count in jobs)
    return (many - few) / (jobs[1] - jobs[0])


def _multirun(conf: Path, count: int, output: Path) -> float:
    models = ",".join(islice((path.stem for path in sorted((conf / "model").glob("*.yaml"))), count))
    rest = -(-count // (models.count(",") + 1))
    datasets = ",".join(islice((path.stem for path in sorted((conf / "dataset").glob("*.yaml"))), rest))
    swept = ["--multirun", f"model={models}", f"dataset={datasets}", f"hydra.sweep.dir={output}"]
    return measured([sys.executable, str(HERE / "hydra_noop.py"), "--config-dir", str(conf), *swept]).seconds


# The store


def fill(conf: str, store: str, count: str) -> None:
    """Write completed attempts with the store's own writer: the combinations of a grid, then such as no grid has."""
    import sweeper
    from sweeper.store.schema import AttemptRow

    planned = sweeper.plan([f"analytics_store.uri={store}"], config_dir=conf, config_name=grids.NAME)
    known = [(item.fingerprint, item.combination) for item in planned.items[: int(count) // 2]]
    sweeper.open_store(store).write_attempts(
        [_row(AttemptRow, *known[i % len(known)], foreign=i >= len(known)) for i in range(int(count))]
    )


def _row(kind: Any, fingerprint: str, combination: Any, *, foreign: bool) -> Any:
    from datetime import UTC, datetime
    from uuid import uuid4

    from sweeper.planning.fingerprint import canonical_text, digest

    names = {axis: part.name for axis, part in zip(grids.AXES, combination.choices, strict=True)}
    now, ids = datetime.now(UTC), {key: uuid4().hex for key in ("attempt_id", "job_id", "result_run_uid")}
    times = {"submitted_at": now, "started_at": now, "finished_at": now, "duration_s": 1.0}
    return kind(
        **ids,
        **names,
        **times,
        fingerprint=digest(ids["attempt_id"]) if foreign else fingerprint,
        sweep_id="bench",
        sweep_name="bench",
        status="completed",
        spec=canonical_text(combination),
        payload_table="maite_evaluation",
    )


def in_process(function: str, *arguments: str) -> None:
    """Call a function of this file in another process, so that this one stays small."""
    subprocess.run([sys.executable, __file__, f"--{function}", *arguments], check=True)


def compact(store: str) -> None:
    import sweeper

    sweeper.open_store(store).compact(grace_s=0)


# The table


def rows(sizes: Iterable[str], store: Path, kind: str, attempts: int, folder: Path) -> list[list[Any]]:
    found: list[list[Any]] = []
    for size in sizes:
        used = plan(folder / size, store)
        counted = re.search(r"(\d+) combinations: \d+ to run, (\d+) skipped", used.said)
        assert counted, used.said
        found.append([size, *map(int, counted.groups()), f"{attempts:,} {kind}", used.seconds, used.cpu, used.peak])
    return found


def points(size: str) -> int:
    """How many combinations a grid has."""
    return math.prod(map(int, size.split("x")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), help="choices on the four axes, 25x25x25x25")
    parser.add_argument("--attempts", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, nargs=2, default=[10, 30], help="sizes of Hydra's own multirun")
    parser.add_argument("--million", action="store_true", help="only the grids of a million, and without Hydra")
    asked = parser.parse_args()
    asked.sizes = MILLION if asked.million else asked.sizes
    folder = Path(tempfile.mkdtemp(prefix="bench-planning-"))
    for size in asked.sizes:
        grids.write(folder / size, list(map(int, size.split("x"))))
    store, (*_, largest) = folder / "store", sorted(asked.sizes, key=points)
    known = min((size for size in asked.sizes if points(size) >= asked.attempts // 2), key=points, default=largest)
    found = rows(asked.sizes, folder / "empty", "", 0, folder)
    in_process("fill", str(folder / known), str(store), str(asked.attempts))
    found += rows(asked.sizes, store, "in a file each", asked.attempts, folder)
    in_process("compact", str(store))
    found += rows(asked.sizes, store, "merged", asked.attempts, folder)
    headers = ["grid", "combinations", "found complete", "stored attempts", "seconds", "CPU s", "peak MiB"]
    print(tabulate(found, headers, floatfmt=".1f", intfmt=","))
    if not asked.million:
        beside_hydra(asked.sizes, asked.jobs, folder / largest, folder / "multirun")
    shutil.rmtree(folder)


def beside_hydra(sizes: Iterable[str], jobs: tuple[int, int], conf: Path, output: Path) -> None:
    """What Hydra's own multirun would take for each grid."""
    few, many = jobs
    each = hydra_job_s(conf, (few, many), output)
    print(f"\nHydra's own multirun: {each * 1e3:.0f} ms a job, the difference of {few} and {many} jobs; extrapolated:")
    whole = [[size, points(size), points(size) * each] for size in sizes]
    print(tabulate(whole, ["grid", "jobs", "seconds"], floatfmt=",.0f", intfmt=","))


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in ("--fill", "--compact"):
        {"--fill": fill, "--compact": compact}[sys.argv[1]](*sys.argv[2:])
    else:
        main()
