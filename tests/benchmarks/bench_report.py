"""What `python -m sweeper report` costs on a large store: 10,000 combinations, from the command to the page.

python tests/benchmarks/bench_report.py [--models N]

80 models x 10 datasets x 10 metrics of `evaluate`, 20 models x 10 datasets x 10 metrics of `robustness` (six strengths
and the area), the last hundred failed; 300 runs have a report with an image of 60 kB. Written run by run by
`Store.record`, and measured as it lies there, in 20,000 files to read, and merged by `Store.compact`, as a sweep
of that size leaves it; and while a sweep runs, when quick runs wait in a journal until a file is made of it.
Each figure is the median of three.
"""

from __future__ import annotations

import argparse
import base64
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from tabulate import tabulate

from sweeper.capabilities.evaluate import EvaluateRun
from sweeper.capabilities.robustness import Curve, RobustnessRun
from sweeper.messages.requests import AttemptInfo, Provenance
from sweeper.store import AttemptRow, Store, open_store

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
STRENGTHS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
SPEC = '{"filler": "' + "x" * 2000 + '"}'
TRACE = "Traceback (most recent call last):\n" + "  File somewhere, line 1, in something\n    call()\n" * 40
IMAGE = base64.b64encode(os.urandom(45_000)).decode()
REPORT = f"# Report\n\n|a|b|\n|---|---|\n|1|2|\n\n![curve](data:image/png;base64,{IMAGE})\n".encode()
REPORTS, FAILED = 300, 100
FLUSHED = 1_100
"""Runs that are made one file, while the others wait in the journal."""

Cell = tuple[str, str, str, str]


def grid(models: int) -> Iterator[Cell]:
    """Names of the combinations."""
    datasets, metrics = [f"dataset{n}" for n in range(10)], [f"metric{n}" for n in range(10)]
    for capability, some in (("evaluate", models), ("robustness", models // 4)):
        names = (f"model[C={n}]" for n in range(some))
        yield from ((capability, *names) for names in product(datasets, names, metrics))


def run_of(cell: Cell) -> Any:
    capability, dataset, model, metric = cell
    value = int(sha256("".join(cell).encode()).hexdigest()[:8], 16) / 2**32
    common: dict[str, Any] = {
        "run_uid": uuid.uuid4().hex,
        "capability_id": capability,
        "dataset_metadata": [{"id": dataset}],
        "model_metadata": [{"id": model}],
        "metric_metadata": [{"id": metric}],
        "higher_is_better": True,
    }
    if capability == "evaluate":
        return EvaluateRun(**common, values={metric: value}, n_items=100)
    curve = Curve(tuple(value * (1 - s) for s in STRENGTHS), value * 0.75)
    return RobustnessRun(
        **common, augmentation="noise", parameter="severity", severities=STRENGTHS, curves={metric: curve}
    )


def fill(store: Store, cells: list[Cell], *, may_wait: bool = False) -> None:
    """Write a sweep; with `may_wait` one of quick runs, of which a driver flushes the journals while it runs."""
    for number, cell in enumerate(cells):
        info = AttemptInfo(
            attempt_id=uuid.uuid4().hex,
            fingerprint=sha256("/".join(cell).encode()).hexdigest(),
            sweep_id="20260101T000000-abcdef",
            sweep_name="large",
            **dict(zip(("capability", "dataset", "model", "metric"), cell, strict=True)),
            spec=SPEC,
        )
        ended = BEGAN + timedelta(seconds=number)
        if may_wait and number % FLUSHED == FLUSHED - 1:
            store.flush_journals()
        if number >= len(cells) - FAILED:
            failed = AttemptRow.of(
                info, status="failed", finished_at=ended, error_type="ValueError", error_message="no", traceback=TRACE
            )
            store.write_attempts([failed])
            continue
        job = uuid.uuid4().hex
        report = store.write_artifact(f"reports/{job}/report.md", REPORT) if number < REPORTS else None
        provenance = Provenance(job_id=job, submitted_at=BEGAN, completed_at=ended)
        run = run_of(cell)
        times = {"started_at": BEGAN, "finished_at": ended}
        store.record(run, provenance=provenance, attempt=info, **times, report_uri=report, may_wait=may_wait)


def measured(state: str, folder: Path) -> tuple[str, str, str, str]:
    """A line of the table."""
    times = [timed(folder) for _ in range(3)]
    seconds, used = (f"{median(column):.1f} s" for column in zip(*times, strict=True))
    return state, seconds, used, f"{(folder / 'report.html').stat().st_size / 1e6:.1f} MB"


def timed(folder: Path) -> tuple[float, float]:
    """Seconds of the whole command by the clock, and of processor time."""
    command = [sys.executable, "-m", "sweeper", "report", f"analytics_store.uri={folder / 'store'}"]
    began, before = time.perf_counter(), os.times()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    after = os.times()
    used = sum(after[place] - before[place] for place in (2, 3))  # of children, user and system
    return time.perf_counter() - began, used


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", type=int, default=80)
    cells = list(grid(parser.parse_args().models))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = open_store(folder / "store")
        fill(store, cells)
        rows = [measured("as it was written", folder)]
        store.compact(grace_s=0)
        rows.append(measured("merged", folder))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(open_store(folder / "store"), cells, may_wait=True)
        rows.append(measured("while a sweep runs", folder))
    print(tabulate(rows, (f"{len(cells):,} combinations", "command", "processor", "page")))


if __name__ == "__main__":
    main()
