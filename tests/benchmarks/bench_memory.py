"""How much memory a sweep takes whose predictions are larger than it: of the driver and of each worker.

python tests/benchmarks/bench_memory.py [--data 1000000] [--classes 1000]

One model over one dataset, scored by accuracy, macro F1, log loss and calibration error, from the command line. All
processes of the sweep are looked at five times a second. Memory that a process shares with others (Ray's object store)
is not counted: what is told is the largest `RssAnon + RssFile` of /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from tabulate import tabulate

TESTS = Path(__file__).resolve().parents[1]
os.environ["PYTHONPATH"] = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
LOOK_S = 0.2
METRICS = "[accuracy,f1_macro,log_loss,ece]"


def command(folder: Path, data: int, classes: int) -> list[str]:
    """The sweep."""
    images = f"{{_target_: benchmarks.large_parts.ManyImages, size: {data}, classes: {classes}}}"
    model = f"{{_target_: benchmarks.large_parts.WideClassifier, classes: {classes}}}"
    choices = [
        "capability=[evaluate]",
        "dataset=[]",
        "model=[]",
        f"metric={METRICS}",
        "capability.evaluate.batch_size=256",
    ]
    parts = [f"+dataset.many={images}", f"+model.wide={model}"]
    return [sys.executable, "-m", "sweeper", "--json", *choices, *parts, f"analytics_store.uri={folder / 'store'}"]


def largest(process: subprocess.Popen[bytes]) -> dict[str, int]:
    """The most bytes of their own that processes had, by what they are, until the sweep ends."""
    most: dict[str, int] = {}
    while process.poll() is None:
        for kind, nbytes in own_bytes(process.pid):
            most[kind] = max(most.get(kind, 0), nbytes)
        time.sleep(LOOK_S)
    return most


def own_bytes(pid: int) -> Iterator[tuple[str, int]]:
    """What each process of the sweep is, and its bytes."""
    try:
        every = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for one in every:
        try:
            status = dict(line.split(":", 1) for line in Path(f"/proc/{one.pid}/status").read_text().splitlines())
            kind = "driver" if one.pid == pid else one.name()
            yield kind.split("(")[0], sum(int(status[key].split()[0]) for key in ("RssAnon", "RssFile")) * 1024
        except (OSError, KeyError, ValueError, psutil.NoSuchProcess):
            continue


def main() -> None:
    """Run the sweep and show what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=int, default=1_000_000)
    parser.add_argument("--classes", type=int, default=1_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        process = subprocess.Popen(command(Path(folder), asked.data, asked.classes), cwd=folder, stdout=subprocess.PIPE)
        most = largest(process)
        seconds = time.perf_counter() - began
        assert process.stdout is not None
        results = json.loads(process.stdout.read())["results"]
    print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    gib = asked.data * asked.classes * 4 / 2**30
    print(f"{asked.data:,} data, {asked.classes:,} classes: {gib:.2f} GiB of predictions, {seconds:.0f} s")
    print(tabulate([(kind, f"{nbytes / 2**20:.0f} MiB") for kind, nbytes in sorted(most.items())]))
    print(tabulate([(row["metric"], row["value"]) for row in results]))


if __name__ == "__main__":
    main()
