"""What a combination costs the driver of a cluster of many nodes: processor time and seconds, of no-op combinations.

python tests/benchmarks/bench_nodes.py [--nodes 8] [--combinations 4000 8000]

The nodes are real ones, each with a node process, an object store and a worker of its own, but all on this machine and
on its loopback interface. So the seconds are those of this machine, which does the work of all nodes. The processor
time of the driver is what a driver has to spend on a real cluster too, and it bounds how many combinations a second one
driver can hand out. Both figures are the difference of two sweeps, so that the start is not counted.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))
os.environ["PYTHONPATH"] = os.pathsep.join([*sys.path[:2], os.environ.get("PYTHONPATH", "")])

import ray_nodes
from benchmarks.bench_nothing_to_do import write_config
from tabulate import tabulate

DATASETS = 40


def sweep(folder: Path, combinations: int, address: str) -> tuple[float, float]:
    """Processor time of the driver and seconds of a whole sweep into a fresh store."""
    place = Path(tempfile.mkdtemp(dir=folder))
    write_config(place / "conf", combinations // DATASETS, DATASETS)
    command = [sys.executable, "-m", "sweeper", "--config-dir", "conf", "--config-name", "grid"]
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [*command, f"job_backend.address={address}"], cwd=place, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        took = time.perf_counter() - began
        said.seek(0)
        assert f"{combinations} completed" in (text := said.read()), text[-3000:]
    return used.ru_utime + used.ru_stime, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=8)
    parser.add_argument("--combinations", type=int, nargs=2, default=[4000, 8000], help=f"multiples of {DATASETS}")
    asked = parser.parse_args()
    few, many = sorted(asked.combinations)
    os.environ.update(ray_nodes.environment())
    with (
        tempfile.TemporaryDirectory(prefix="bench-nodes-") as made,
        ray_nodes.ray_nodes(dict(os.environ), asked.nodes) as address,
    ):
        sweep(Path(made), DATASETS, address)  # every node has its worker then
        used = [sweep(Path(made), count, address) for count in (few, many)]
    each = [(more - less) * 1000 / (many - few) for less, more in zip(*used, strict=True)]
    rows = [[count, *figures] for count, figures in zip((few, many), used, strict=True)]
    print(tabulate(rows, ["combinations", "driver, CPU s", "seconds"], floatfmt=".2f", intfmt=","))
    print(f"each, beyond {few:,}: {each[0]:.2f} ms of the driver's processor time, {each[1]:.2f} ms of time")
    machine = f"{os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}"
    print(f"{asked.nodes} nodes of one worker on one machine ({machine}); load at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
