"""36 evaluations of checkmaite, 2 datasets x 3 models x 6 metrics, by a script of `checkmaite.jobs` and by a sweep.

    python tests/benchmarks/bench_checkmaite.py [DATA]

DATA is what examples/checkmaite/make_data.py wrote; where it is not given, that is done first.

Each side is a process of its own, from its start to its end, with 2 processors for Ray. Then the same again: how many
rows does the customary join of values with runs give? Models on ONNX Runtime cannot be pickled, so the script could
not submit those of the example; another one of scikit-learn stands in for it.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

from tabulate import tabulate

ESTIMATORS = {
    "forest": {"_target_": "sklearn.ensemble.RandomForestClassifier", "n_estimators": 50, "random_state": 0},
    "bayes": {"_target_": "sklearn.naive_bayes.GaussianNB"},
}
AVERAGES = ("micro", "macro", "weighted")
JOIN = (
    "SELECT count(*) AS n FROM maite_evaluation m JOIN runs r ON m.run_uid = r.run_uid WHERE r.entity_type = 'dataset'"
)
WATCH = """
import os, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "checkmaite.core":  # looked for by its import only; sweeper's driver looks the package up, and reads
            with open(os.environ["IMPORTS_SEEN"], "a") as file:
                file.write(f"{os.getpid()}\\n")
sys.meta_path.insert(0, Watch())
"""


def live_parts(data: str) -> tuple[list[Any], list[Any], list[Any]]:
    """Datasets, models and metrics as objects, built as a user of checkmaite builds them."""
    from checkmaite.core.image_classification.dataset_loaders import load_yolo_classification_dataset as yolo
    from checkmaite.core.image_classification.metrics import (
        accuracy_multiclass_torch_metric_factory,
        f1score_multiclass_torch_metric_factory,
    )
    from checkmaite.core.image_classification.models import TorchvisionICModel
    from hydra.utils import instantiate

    from sweeper.models import SklearnClassifier

    train = yolo(f"{data}/digits", split="train")
    models: list[Any] = [SklearnClassifier(instantiate(spec), train) for spec in ESTIMATORS.values()]
    alexnet = {"weights_path": f"{data}/models/alexnet.pt", "config_path": f"{data}/models/alexnet.json"}
    models.append(TorchvisionICModel(model_name="alexnet", device="cpu", **alexnet))
    factories = (accuracy_multiclass_torch_metric_factory, f1score_multiclass_torch_metric_factory)
    metrics = [make(num_classes=10, average=average) for make in factories for average in AVERAGES]
    return [yolo(f"{data}/{name}", split="test") for name in ("digits", "digits_noisy")], models, metrics


def script(data: str, store: str) -> None:
    """What a user of checkmaite.jobs writes: live objects, a loop, submit all, wait for all."""
    import ray
    from checkmaite.core.image_classification import MaiteEvaluation, MaiteEvaluationConfig
    from checkmaite.jobs import configure_job_backend, submit_capability

    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
    configure_job_backend(
        "ray-simple",
        analytics_store={"backend": "parquet", "uri": store},
        artifact_store={"uri": f"{store}-artifacts"},
    )
    config = MaiteEvaluationConfig(batch_size=20)
    jobs = [
        submit_capability(
            MaiteEvaluation(), datasets=[dataset], models=[model], metrics=[metric], config=config, use_cache=False
        )
        for dataset, model, metric in product(*live_parts(data))
    ]
    for job in jobs:
        job.result()


def script_bytes(data: str) -> int:
    """What the parts of the script's submissions pickle to."""
    import cloudpickle

    datasets, models, metrics = ([len(cloudpickle.dumps(part)) for part in parts] for parts in live_parts(data))
    return sum(map(sum, product(datasets, models, metrics)))


def overrides(data: str, store: str) -> list[str]:
    said = {name: {"_target_": "sweeper.models.SklearnClassifier", "estimator": e} for name, e in ESTIMATORS.items()}
    train = {
        "_target_": "checkmaite.core.image_classification.dataset_loaders.load_yolo_classification_dataset",
        "root_dir": f"{data}/digits",
        "split": "train",
    }
    base = {"ic_accuracy": "accuracy", "ic_f1": "f1"}
    metrics = [
        f"+metric.{key}_{average}={{_base_: checkmaite/{name}, num_classes: 10, average: {average}}}"
        for name, key in base.items()
        for average in AVERAGES
    ]
    models = [f"+model.{name}={_flow({**spec, 'train': train})}" for name, spec in said.items()]
    alexnet = (
        f"+model.alexnet={{_base_: checkmaite/alexnet, weights_path: {data}/models/alexnet.pt, "
        f"config_path: {data}/models/alexnet.json, device: cpu}}"
    )
    datasets = [
        f"+dataset.{name}={{_base_: checkmaite/yolo_classification, root_dir: {data}/{name}}}"
        for name in ("digits", "digits_noisy")
    ]
    return [
        "capability=[checkmaite/ic_evaluation]",
        "dataset=[]",
        "model=[]",
        "metric=[]",
        "capability.checkmaite.ic_evaluation.config.batch_size=20",
        *datasets,
        *models,
        alexnet,
        *metrics,
        f"analytics_store.uri={store}",
        "job_backend.num_cpus=2",
    ]


def _flow(value: Any) -> str:
    """A value in the grammar of Hydra's overrides."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    return str(value)


def sweep_bytes(lines: list[str]) -> int:
    """What the requests of a sweep pickle to."""
    from sweeper.config import load
    from sweeper.messages.requests import StoreLocation
    from sweeper.planning import decisions
    from sweeper.planning.combinations import Planned
    from sweeper.planning.grid import expand
    from sweeper.running.request_builder import RequestBuilder, SweepInfo

    pairs = decisions.identify(expand(load(lines).grid).combinations, "drop").pairs
    builder = RequestBuilder(SweepInfo("sweep", "bench", StoreLocation("store")))
    items = [Planned(combination, key, True, "") for combination, key in pairs]
    assert len(items) == 36, len(items)
    return sum(len(pickle.dumps(builder.build(item, 1))) for item in items)


def timed(command: list[str], folder: Path) -> tuple[float, int]:
    """Seconds of one process, and how many processes imported checkmaite, those that it starts among them."""
    seen = folder / f"imports-{time.monotonic_ns()}"
    seen.touch()
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"IMPORTS_SEEN": str(seen), "PYTHONPATH": path}
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder)
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return took, len(set(seen.read_text().split()))


def made_data(folder: Path) -> str:
    maker = Path(__file__).parents[2] / "examples" / "checkmaite" / "make_data.py"
    subprocess.run([sys.executable, str(maker), "data"], check=True, cwd=folder, stdout=subprocess.DEVNULL)
    return str(folder / "data")


def main(data: str | None) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-checkmaite-") as folder:
        (Path(folder) / "sitecustomize.py").write_text(WATCH)
        rows = compared(str(Path(data).resolve()) if data else made_data(Path(folder)), Path(folder))
    headers = [
        "36 evaluations",
        "seconds",
        "bytes of submissions",
        "imports",
        "seconds, again",
        "rows of 36 after both",
    ]
    print(tabulate(rows, headers, floatfmt=".1f", intfmt=","))
    print(f"{rows[0][1] / rows[1][1]:.1f} x faster")


def compared(data: str, folder: Path) -> list[list[Any]]:
    """A row for each side."""
    import sweeper

    theirs, ours = str(folder / "theirs"), str(folder / "ours")
    lines = overrides(data, ours)
    by_script = [sys.executable, str(Path(__file__).resolve()), "--script", data, theirs]
    by_sweep = [sys.executable, "-m", "sweeper", *lines, "--json"]
    rows: list[list[Any]] = []
    took, imports = timed(by_script, folder)
    took_again, _ = timed(by_script, folder)
    found = sweeper.open_store(theirs).sql(JOIN).to_pylist()[0]["n"]
    rows.append(["checkmaite.jobs", took, script_bytes(data), imports, took_again, found])
    took, imports = timed(by_sweep, folder)
    took_again, _ = timed([*by_sweep, "rerun=missing"], folder)
    found = sweeper.open_store(ours).sql(JOIN).to_pylist()[0]["n"]
    rows.append(["sweeper", took, sweep_bytes(lines), imports, took_again, found])
    return rows


if __name__ == "__main__":
    if "--script" in sys.argv:
        script(*sys.argv[2:])
    else:
        main(sys.argv[1] if len(sys.argv) > 1 else None)
