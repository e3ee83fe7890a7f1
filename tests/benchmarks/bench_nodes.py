"""What a combination costs the driver of a cluster of many nodes: processor time and seconds, of no-op combinations.

python tests/benchmarks/bench_nodes.py [--nodes 8] [--combinations 4000 8000]

The nodes are real ones, each with a node process, an object store and a worker of its own, but all on this machine and
on its loopback interface. So the seconds are those of this machine, which does the work of all nodes. The processor
time of the driver is what a driver has to spend on a real cluster too, and it bounds how many combinations a second one
driver can hand out. Both figures are the difference of two sweeps, so that the start is not counted. Beside them stand
those of as many tasks of Ray alone that do nothing, one for each combination, in a bounded window.

Where the machine is busy, a combination that does nothing may take 10 ms by the clock, and then shares no task.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
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
    words = ["-m", "sweeper", "--config-dir", "conf", "--config-name", "grid", f"job_backend.address={address}"]
    return used_by(words, place, says=f"{combinations} completed")


def bare(folder: Path, tasks: int, address: str) -> tuple[float, float]:
    """The same of a script that submits as many tasks that do nothing."""
    return used_by([__file__, "--bare", str(tasks), address], folder, says="done")


def bare_tasks(tasks: str, address: str) -> None:
    """What the script does."""
    import ray
    from benchmarks.bench_sweep import bare as run

    ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    run(int(tasks))
    print("done")


def used_by(words: Sequence[str], place: Path, says: str) -> tuple[float, float]:
    """Processor time and seconds of a Python process, which must end by saying so."""
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen([sys.executable, *words], cwd=place, stdout=said, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        took = time.perf_counter() - began
        said.seek(0)
        assert says in (text := said.read()), text[-3000:]
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
        rows: list[list[object]] = []
        for name, run in (("sweeper", sweep), ("tasks of Ray alone", bare)):
            used = [run(Path(made), count, address) for count in (few, many)]
            rows.append([name, *((more - less) * 1000 / (many - few) for less, more in zip(*used, strict=True))])
    print(tabulate(rows, [f"each, from {few:,} to {many:,}", "driver, CPU ms", "ms by the clock"], floatfmt=".2f"))
    machine = f"{os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}"
    print(f"{asked.nodes} nodes of one worker on one machine ({machine}); load at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bare"]:
        bare_tasks(*sys.argv[2:])
    else:
        main()
