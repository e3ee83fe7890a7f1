"""A real evaluation grid, 3 datasets x 4 models x 6 metrics, in which inference dominates; three ways on 2 processors.

python tests/benchmarks/bench_grid.py [--times 300] [--checkmaite 12 72]

The models are 200-tree forests, fitted on the bundled digits beforehand and loaded from files; each dataset is repeated
until a pass takes seconds. They write down what they see, so passes and seconds of inference are counted, not assumed.
The ways are a sweep from the command line; a plain loop that evaluates each of the 72 combinations by itself with
`maite.tasks.evaluate`, over a pool of 2 processes that load each dataset and model once; and, where it is installed,
checkmaite's ray-simple, with a job for each combination (72) or with all metrics in one job (12). Each is a process of
its own, timed from its start to its end, and start-up is that of a bare script of `ray.init` and one task, measured in
the same run. All must give the same values.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))
os.environ["PYTHONPATH"] = os.pathsep.join([*sys.path[:2], os.environ.get("PYTHONPATH", "")])

from benchmarks.grid_parts import written
from tabulate import tabulate

HERE = Path(__file__).resolve().parent
CPUS = 2
BATCH = 256
HELD_OUT = 540
"""Images in the test split of the bundled digits."""
DIGITS = {"_target_": "sweeper.datasets.Digits", "test_fraction": 0.3, "seed": 0}
CONDITIONS = {"clean": None, "dark": ("LowLight", 0.75), "noisy": ("SensorNoise", 0.25)}
FORESTS: Mapping[str, Mapping[str, Any]] = {
    "forest": {"_target_": "sklearn.ensemble.RandomForestClassifier"},
    "shallow": {"_target_": "sklearn.ensemble.RandomForestClassifier", "max_depth": 8},
    "entropy": {"_target_": "sklearn.ensemble.RandomForestClassifier", "criterion": "entropy"},
    "extra": {"_target_": "sklearn.ensemble.ExtraTreesClassifier"},
}
SCORES: Mapping[str, Mapping[str, Any]] = {
    "accuracy": {"function": "sklearn.metrics.accuracy_score"},
    "f1_macro": {"function": "sklearn.metrics.f1_score", "kwargs": {"average": "macro"}},
    "precision_macro": {"function": "sklearn.metrics.precision_score", "kwargs": {"average": "macro"}},
    "recall_macro": {"function": "sklearn.metrics.recall_score", "kwargs": {"average": "macro"}},
    "kappa": {"function": "sklearn.metrics.cohen_kappa_score"},
    "log_loss": {"function": "sklearn.metrics.log_loss", "takes": "probabilities"},
}
AXES = ("capability", "dataset", "model", "metric")
Specs = Mapping[str, Mapping[str, Mapping[str, Any]]]
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Used:
    """One way: seconds from start to end; of all processes, models made, passes over a dataset, inference seconds."""

    wall: float
    models: int
    passes: float
    inference: float
    values: Mapping[Key, float]


# What is evaluated


def fit(folder: Path) -> None:
    """Fit every model and write it to a file of its own."""
    for name, estimator in FORESTS.items():
        forest = {**estimator, "n_estimators": 200, "random_state": 0, "n_jobs": 1}
        train = {**DIGITS, "split": "train"}
        spec = {"_target_": "sweeper.models.SklearnClassifier", "estimator": forest, "train": train}
        (folder / f"{name}.pickle").write_bytes(pickle.dumps(built(json.dumps(spec))))


def specs(times: int, fitted: Path, file: str) -> Specs:
    """The choices of each axis, as a config says them."""
    datasets = {name: _dataset(name, times, condition) for name, condition in CONDITIONS.items()}
    models = {name: _model(name, fitted, file) for name in FORESTS}
    metrics = {
        name: {"_target_": "sweeper.metrics.SklearnMetric", "key": name, "id": name, **score}
        for name, score in SCORES.items()
    }
    return {"dataset": datasets, "model": models, "metric": metrics}


def _dataset(name: str, times: int, condition: tuple[str, float] | None) -> Mapping[str, Any]:
    base: Mapping[str, Any] = {**DIGITS, "split": "test"}
    if condition is not None:
        harder = {"_target_": f"sweeper.augmentations.{condition[0]}", "severity": condition[1], "seed": 0}
        base = {"_target_": "sweeper.datasets.Augmented", "dataset": base, "augmentation": harder}
    return {"_target_": "benchmarks.grid_parts.Repeated", "dataset": base, "times": times, "id": name}


def _model(name: str, fitted: Path, file: str) -> Mapping[str, Any]:
    model = {"_target_": "benchmarks.grid_parts.loaded", "file": str(fitted / f"{name}.pickle")}
    return {"_target_": "benchmarks.grid_parts.Written", "model": model, "file": file, "id": name}


@cache
def built(text: str) -> Any:
    """A part by its spec, once in each process."""
    from hydra.utils import instantiate

    return instantiate({**json.loads(text), "_convert_": "all"})


# The ways


def by_sweep(parts: Specs, folder: Path) -> tuple[float, Mapping[Key, float]]:
    conf = folder / "conf"
    conf.mkdir()
    defaults = ["config", *({f"override {axis}": ["evaluate"] if axis == "capability" else []} for axis in AXES)]
    (conf / "grid.yaml").write_text(json.dumps({"defaults": [*defaults, "_self_"], "exclude": [], **parts}))
    where = ["--config-dir", str(conf), "--config-name", "grid", f"analytics_store.uri={folder / 'store'}"]
    settings = [f"capability.evaluate.batch_size={BATCH}", f"job_backend.num_cpus={CPUS}"]
    took, said = timed([sys.executable, "-m", "sweeper", *where, *settings, "--json"])
    results = json.loads(said)["results"]
    return took, {(row["dataset"], row["model"], row["metric"]): row["value"] for row in results}


def by_loop(parts: Specs, folder: Path) -> tuple[float, Mapping[Key, float]]:
    return _as_process("loop", parts, folder)


def loop(parts: Specs) -> list[tuple[Key, float]]:
    """Each combination by itself; those that share a model and a dataset follow each other."""
    keys = [(d, m, k) for m, d, k in product(parts["model"], parts["dataset"], parts["metric"])]
    texts = [tuple(json.dumps(parts[a][name]) for a, name in zip(AXES[1:], key, strict=True)) for key in keys]
    with ProcessPoolExecutor(CPUS) as pool:
        return list(zip(keys, pool.map(evaluated, texts), strict=True))


def evaluated(texts: tuple[str, str, str]) -> float:
    from maite.tasks import evaluate

    dataset, model, metric = map(built, texts)
    metric.reset()
    (value,) = evaluate(model=model, dataset=dataset, metric=metric, batch_size=BATCH)[0].values()
    return float(value)


def by_checkmaite(jobs: int) -> Callable[[Specs, Path], tuple[float, Mapping[Key, float]]]:
    return lambda parts, folder: _as_process(f"checkmaite{jobs}", parts, folder)


def checkmaite(parts: Specs, store: Path, *, each: bool) -> list[tuple[Key, float]]:
    """What a user of checkmaite.jobs writes: live objects, submit all, wait for all."""
    import ray
    from checkmaite.core.image_classification import MaiteEvaluation, MaiteEvaluationConfig
    from checkmaite.jobs import configure_job_backend, submit_capability

    import sweeper

    ray.init(address="local", num_cpus=CPUS, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
    places = {"analytics_store": {"backend": "parquet", "uri": str(store)}, "artifact_store": {"uri": f"{store}-files"}}
    configure_job_backend("ray-simple", **places)
    datasets, models, metrics = ([built(json.dumps(spec)) for spec in parts[axis].values()] for axis in AXES[1:])
    config = MaiteEvaluationConfig(batch_size=BATCH)
    submitted = [
        submit_capability(
            MaiteEvaluation(), datasets=[dataset], models=[model], metrics=chosen, config=config, use_cache=False
        )
        for model, dataset in product(models, datasets)
        for chosen in ([[metric] for metric in metrics] if each else [metrics])
    ]
    for job in submitted:
        job.result()
    rows = sweeper.open_store(store).table("maite_evaluation").to_pylist()
    return [((row["dataset_id"], row["model_id"], row["metric_id"]), row["output_value"]) for row in rows]


def _as_process(way: str, parts: Specs, folder: Path) -> tuple[float, Mapping[Key, float]]:
    """Run this file for one way; it prints the values."""
    (folder / "parts.json").write_text(json.dumps(parts))
    took, said = timed([sys.executable, __file__, f"--way={way}", f"--folder={folder}"])
    return took, {tuple(key): value for key, value in json.loads(said.splitlines()[-1])}


def one_way(way: str, folder: Path) -> None:
    parts = json.loads((folder / "parts.json").read_text())
    found = loop(parts) if way == "loop" else checkmaite(parts, folder / "store", each=way.endswith("72"))
    print(json.dumps(found))


def timed(command: Sequence[str]) -> tuple[float, str]:
    """Seconds and stdout of one process and all that it starts."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return took, done.stdout


# The table


def measured(way: Callable[[Specs, Path], tuple[float, Mapping[Key, float]]], times: int, folder: Path) -> Used:
    folder.mkdir()
    file = folder / "inference"
    wall, values = way(specs(times, folder.parent, str(file)), folder)
    models, data, seconds = written(file)
    return Used(wall, models, data / (HELD_OUT * times), seconds, values)


def row(name: str, used: Used, start: float, loop_s: float) -> list[Any]:
    least = used.inference / CPUS + start
    return [
        name,
        used.models,
        used.passes,
        used.inference / used.passes,
        used.wall,
        least,
        used.wall / least,
        loop_s / used.wall,
    ]


def main(asked: argparse.Namespace) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-grid-"))
    bare = [sys.executable, str(HERE / "bare_ray.py"), str(folder / "done")]
    fit(folder)
    ways = {"sweeper": by_sweep, "loop over combinations": by_loop}
    if importlib.util.find_spec("checkmaite"):
        ways |= {f"checkmaite, {jobs} jobs": by_checkmaite(jobs) for jobs in asked.checkmaite}
    before = timed(bare)[0]
    found = {name: measured(way, asked.times, folder / name.replace(" ", "-")) for name, way in ways.items()}
    start = (before + timed(bare)[0]) / 2
    plain = found["loop over combinations"]
    assert found["sweeper"].passes == 12, found["sweeper"].passes
    for name, used in found.items():
        check_same(name, used.values, plain.values)
    headers = [
        "way",
        "models",
        "passes",
        "s a pass",
        "wall s",
        "inference/cores + start-up",
        "ratio",
        "x faster than loop",
    ]
    print(tabulate([row(name, used, start, plain.wall) for name, used in found.items()], headers, floatfmt=".2f"))
    print(f"start-up {start:.1f} s: a bare script of ray.init and one task, mean of two; all ways gave the same values")
    shutil.rmtree(folder)


def check_same(name: str, values: Mapping[Key, float], plain: Mapping[Key, float]) -> None:
    assert len(plain) == 72, len(plain)
    wrong = [key for key in plain if abs(values.get(key, float("nan")) - plain[key]) > 1e-9 or key not in values]
    assert not wrong, f"{name} differs from the loop on {wrong[:3]}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=300, help=f"how often the {HELD_OUT} digits are repeated")
    parser.add_argument(
        "--checkmaite", type=int, nargs="*", choices=(12, 72), default=[12], help="jobs; 72 takes as long as the loop"
    )
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        one_way(given.way, given.folder)
    else:
        main(given)
