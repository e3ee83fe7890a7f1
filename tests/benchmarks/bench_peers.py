"""What one no-op combination costs, by sweeper and by what people use instead, in one run on the same 2 processors.

python tests/benchmarks/bench_peers.py [--sizes 3000] [--checkmaite 100 400] [--hydra 10 40] [--tune 2 10] [--out FILE]

Each does what it does by default, durable results included: bare Ray keeps nothing, sweeper a completed attempt with
its rows, checkmaite its records, the launchers of Hydra a folder for each job, Ray Tune a folder for each trial.
Start-up is taken off: bare Ray, sweeper and checkmaite are timed in a Ray that runs, after a warm-up; of the others
the difference between two sizes counts, best of two for each, with what needs Ray in one that runs. checkmaite's cost
grows with what is stored, so each of its sizes has a line; the others pay a constant amount for each job, so few are
enough. Needs the extras `bench` and `checkmaite`, and for Ray Tune pandas; what is not installed is left out. `--out`
writes what `chart.py` draws.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))
os.environ["PYTHONPATH"] = os.pathsep.join([*sys.path[:2], os.environ.get("PYTHONPATH", "")])

import ray
from benchmarks import bench_jobs, bench_sweep, grids
from tabulate import tabulate

CPUS = 2
HERE = Path(__file__).resolve().parent
LAUNCHERS = {
    "Hydra --multirun, basic launcher": ["hydra/launcher=basic"],
    "hydra-joblib-launcher": ["hydra/launcher=joblib", f"hydra.launcher.n_jobs={CPUS}"],
    "hydra-ray-launcher": ["hydra/launcher=ray", "+hydra.launcher.ray.init.object_store_memory=null"],
}
PACKAGES = {"hydra-joblib-launcher": "hydra_joblib_launcher", "hydra-ray-launcher": "hydra_ray_launcher"}


@dataclass(frozen=True)
class Cost:
    """Milliseconds that a system spends on one combination, when it runs `n` of them."""

    system: str
    n: int
    ms: float


def timed(work: Callable[[int], None], n: int) -> float:
    began = time.perf_counter()
    work(n)
    return time.perf_counter() - began


def marginal(system: str, work: Callable[[int], None], sizes: Sequence[int]) -> Cost:
    """What the further jobs of a larger run cost, so that the start of both is taken off."""
    few, many = (min(timed(work, n) for _ in range(2)) for n in sizes)
    return Cost(system, sizes[1], (many - few) / (sizes[1] - sizes[0]) * 1e3)


# The systems


def on_ray(sizes: Sequence[int], checkmaite: Sequence[int]) -> Iterator[Cost]:
    """Sweeper between two measurements of bare Ray, and checkmaite."""
    bench_sweep.bare(200)
    bench_sweep.sweep(200)
    for n in sizes:
        before, ours, after = (timed(work, n) for work in (bench_sweep.bare, bench_sweep.sweep, bench_sweep.bare))
        yield Cost("bare Ray tasks", n, (before + after) / 2 / n * 1e3)
        yield Cost("sweeper", n, ours / n * 1e3)
    if _has("checkmaite") and checkmaite:
        bench_jobs.checkmaite_jobs(4)  # every worker imports it once
        for n in checkmaite:
            yield Cost("checkmaite, ray-simple", n, timed(bench_jobs.checkmaite_jobs, n) / n * 1e3)


def on_hydra(sizes: Sequence[int], folder: Path) -> Iterator[Cost]:
    """Hydra's own multirun: a process of its own for each measurement, an application whose job does nothing."""
    grids.write(folder / "conf", [1, 1, max(sizes), 1])
    address = f"hydra.launcher.ray.init.address={ray.get_runtime_context().gcs_address}"
    for system, overrides in LAUNCHERS.items():
        overrides = [*overrides, address] if "hydra/launcher=ray" in overrides else overrides
        if system not in PACKAGES or _has(f"hydra_plugins.{PACKAGES[system]}"):
            yield marginal(system, partial(multirun, overrides, folder), sizes)


def multirun(overrides: Sequence[str], folder: Path, n: int) -> None:
    app = [sys.executable, str(HERE / "hydra_noop.py"), "--config-dir", str(folder / "conf"), "--multirun"]
    output = Path(tempfile.mkdtemp(dir=folder))
    swept = [f"model={','.join(grids.names('model', n))}", f"hydra.sweep.dir={output}"]
    done = subprocess.run([*app, *overrides, *swept], capture_output=True, text=True)
    ran = len(list(output.glob("*/.hydra")))
    if done.returncode or ran != n:
        raise SystemExit(f"{done.stderr[-3000:]}\n{ran} of {n} jobs ran")


def on_tune(sizes: Sequence[int], folder: Path) -> Iterator[Cost]:
    """Ray Tune's grid search over a function."""
    if _has("pandas"):
        yield marginal("Ray Tune, grid_search", partial(tune, folder), sizes)


def tune(folder: Path, n: int) -> None:
    from ray import tune as ray_tune

    space = {"x": ray_tune.grid_search(list(range(n)))}
    config = ray_tune.RunConfig(storage_path=str(folder / "tune"), verbose=0)
    with open(os.devnull, "w") as quiet, contextlib.redirect_stdout(quiet):
        results = ray_tune.Tuner(_nothing, param_space=space, run_config=config).fit()
    assert len(results) == n
    assert not results.num_errors


def _nothing(config: dict[str, int]) -> dict[str, float]:
    return {"value": 1.0}


def _has(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # not even what it lies in
        return False


def _start_ray() -> None:
    ray.init(
        address="local",
        num_cpus=CPUS,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        _node_ip_address="127.0.0.1",
    )


# The table


def rows(costs: Sequence[Cost]) -> list[list[object]]:
    ours = min(cost.ms for cost in costs if cost.system == "sweeper")
    return [[cost.system, cost.n, cost.ms, cost.ms / ours] for cost in costs]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[3000], help="of bare Ray and sweeper")
    parser.add_argument("--checkmaite", type=int, nargs="*", default=[100, 400])
    parser.add_argument("--hydra", type=int, nargs=2, default=[10, 40])
    parser.add_argument("--tune", type=int, nargs=2, default=[2, 10])
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-peers-"))
    _start_ray()
    costs = [*on_ray(asked.sizes, asked.checkmaite), *on_hydra(asked.hydra, folder), *on_tune(asked.tune, folder)]
    print(tabulate(rows(costs), ["system", "n", "ms per combination", "times sweeper"], floatfmt=",.2f", intfmt=","))
    if asked.out:
        asked.out.write_text(json.dumps([asdict(cost) for cost in costs], indent=1) + "\n")
    ray.shutdown()
    shutil.rmtree(folder)
    shutil.rmtree(bench_jobs.scratch)


if __name__ == "__main__":
    main()
