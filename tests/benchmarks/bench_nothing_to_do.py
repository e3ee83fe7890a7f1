"""What a sweep costs in which everything is complete already: processor time and seconds, beside `--cfg job`.

python tests/benchmarks/bench_nothing_to_do.py [--models 100] [--datasets 1000] [--repeats 5] [--folder DIR]

The grid is of no-ops. It is run once, whole, which takes minutes; a `--folder` keeps it for the next time. Then its
small files are merged, and `--cfg job`, which composes the same config and stops, takes turns with `rerun=missing`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))
os.environ["PYTHONPATH"] = os.pathsep.join([*sys.path[:2], os.environ.get("PYTHONPATH", "")])

from tabulate import tabulate

ARITY = {"datasets": "ONE", "models": "ONE", "metrics": "ZERO"}


def write_config(folder: Path, models: int, datasets: int) -> None:
    """A config with the whole grid in one file; JSON is YAML."""
    axes = {
        "capability": {"noop": {"_target_": "benchmarks.noop.Noop", "_sweep_": {"arity": ARITY}}},
        "dataset": {f"d{n:04d}": {"_target_": "parts.Numbers", "name": f"d{n:04d}"} for n in range(datasets)},
        "model": {f"m{n:04d}": {"_target_": "parts.Parity", "name": f"m{n:04d}"} for n in range(models)},
    }
    nothing = [{f"override {axis}": []} for axis in (*axes, "metric")]
    folder.mkdir(parents=True, exist_ok=True)
    config = {"defaults": ["config", *nothing, "_self_"], **axes, "exclude": []}
    (folder / "grid.yaml").write_text(json.dumps(config))


def measured(folder: Path, *words: str) -> tuple[float, float, str]:
    """Processor time and seconds of a command on the grid, and what it printed."""
    where = ["--config-dir", "conf", "--config-name", "grid"]
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([sys.executable, "-m", "sweeper", *where, *words], cwd=folder, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        took = time.perf_counter() - began
        out.seek(0)
        said = out.read()
    assert process.returncode == 0, said[-3000:]
    return used.ru_utime + used.ru_stime, took, said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--datasets", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the grid and its results are kept")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-nothing-") as made:
        folder = (asked.folder or Path(made)).resolve()
        write_config(folder / "conf", asked.models, asked.datasets)
        measured(folder, "rerun=missing")
        compare(folder, asked.models * asked.datasets, asked.repeats)


def compare(folder: Path, total: int, repeats: int) -> None:
    """Print the medians of both commands and what lies between them."""
    from sweeper.store import open_store

    open_store(folder / "analytics_store").compact(grace_s=0)
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(repeats):
        found["--cfg job"].append(measured(folder, "--cfg", "job")[:2])
        *used, said = measured(folder, "rerun=missing")
        assert f"nothing to run; {total} skipped" in said
        found["nothing to do"].append((used[0], used[1]))
    rows = [[name, *(median(times) for times in zip(*some, strict=True))] for name, some in found.items()]
    rows.append(["beyond", *(float(there) - float(here) for here, there in zip(rows[0][1:], rows[1][1:], strict=True))])
    print(tabulate(rows, [f"{total:,} stored combinations", "CPU s", "seconds"], floatfmt=".2f"))
    print("load of the machine at the end:", *(f"{load:.1f}" for load in os.getloadavg()))


if __name__ == "__main__":
    main()
