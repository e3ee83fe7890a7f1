"""How long from the command to the first completed combination, beside a bare script of `ray.init` and one task.

python tests/benchmarks/bench_start.py [--repeats 12] [--running]

Twice: with a combination that does nothing beside a task that does nothing, and with the first combination of the
default sweep (255 combinations are planned) beside a task that does the same by hand. Each is a process of its own, and
both sides take turns. What is waited for is a file: that of the first completed attempt, or one that the script makes
when its task has ended; looked for every 10 ms.

With `--running`, both connect to a Ray of two processors that runs already.

Ray looks once a second whether its node has registered, so that single times of either side lie a second apart by
chance: the ratio is that of the means, and the fastest of each side stand beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))
os.environ["PYTHONPATH"] = os.pathsep.join([*sys.path[:2], os.environ.get("PYTHONPATH", "")])

import ray_nodes
from tabulate import tabulate

HERE = Path(__file__).resolve().parent
LOOK_S = 0.01
PATIENCE_S = 300
ZERO = dict.fromkeys(("datasets", "models", "metrics"), "ZERO")
NOOP = {"noop": {"_target_": "benchmarks.noop.Noop", "_sweep_": {"arity": ZERO}}}
NOTHING_ELSE = ["capability=[noop]", "dataset=[]", "model=[]", "metric=[]"]


def first_completed(overrides: Sequence[str], folder: Path) -> float:
    """Seconds until a sweep has its first completed attempt; it is then interrupted."""
    store = Path(tempfile.mkdtemp(dir=folder))
    where = ["--config-dir", str(folder / "conf"), f"analytics_store.uri={store}"]
    where += [] if "RAY_ADDRESS" in os.environ else ["job_backend.num_cpus=2"]
    attempts = store / "attempts"
    return waited([sys.executable, "-m", "sweeper", *where, *overrides], lambda: any(attempts.glob("*_completed_*")))


def bare(what: str, folder: Path) -> float:
    """Seconds until the script has its task done."""
    done = Path(tempfile.mkdtemp(dir=folder)) / "done"
    return waited([sys.executable, str(HERE / "bare_ray.py"), str(done), what], done.exists)


def waited(command: Sequence[str], ended: Callable[[], bool]) -> float:
    """Seconds until `ended`; the process is waited for before the next is started."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        while not ended():
            if process.poll() is not None or time.perf_counter() - began > PATIENCE_S:
                said.seek(0)
                raise SystemExit(f"{command} ended or hangs without a result:\n{said.read().decode()[-3000:]}")
            time.sleep(LOOK_S)
        took = time.perf_counter() - began
        process.send_signal(signal.SIGINT)
        process.wait()
    return took


def in_turns(what: str, overrides: Sequence[str], repeats: int, folder: Path) -> tuple[list[float], list[float]]:
    """Seconds of the script and of the sweep, each of which is first as often as the other."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(repeats):
        sides = [
            lambda: times[0].append(bare(what, folder)),
            lambda: times[1].append(first_completed(overrides, folder)),
        ]
        for side in sides if number % 2 else reversed(sides):
            side()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=12)
    parser.add_argument("--running", action="store_true", help="with a Ray that runs already")
    asked = parser.parse_args()
    if not asked.running:
        measure(asked.repeats)
        return
    os.environ.update(ray_nodes.environment())
    with ray_nodes.ray_nodes(dict(os.environ), 1, cpus=2) as address:
        os.environ["RAY_ADDRESS"] = address
        measure(asked.repeats)


def measure(repeats: int) -> None:
    """Print the times of both sides."""
    folder = Path(tempfile.mkdtemp(prefix="bench-start-"))
    (folder / "conf" / "capability").mkdir(parents=True)
    (folder / "conf" / "capability" / "noop.yaml").write_text(json.dumps(NOOP))
    rows: list[list[object]] = []
    for name, what, overrides in (("nothing", "nothing", NOTHING_ELSE), ("default sweep", "evaluate", [])):
        script, ours = in_turns(what, overrides, repeats, folder)
        rows.append([name, mean(script), mean(ours), mean(ours) / mean(script), min(script), min(ours)])
    headers = ["first combination", "ray.init + task, s", "sweeper, s", "ratio", "fastest, s", "sweeper's"]
    print(tabulate(rows, headers, floatfmt=".2f"))
    print("load of the machine at the end:", *(f"{load:.1f}" for load in os.getloadavg()))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
