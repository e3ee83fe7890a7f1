"""The least that runs one task on Ray, with the settings that sweeper uses: what start-up alone costs.

python tests/benchmarks/bare_ray.py DONE [nothing|evaluate]        # makes the file DONE when the task has ended

With RAY_ADDRESS set, it connects to that Ray.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

import ray


def nothing() -> None:
    return None


def evaluate() -> object:
    """By hand what the first combination of the default sweep does."""
    from maite.tasks import evaluate as maite_evaluate
    from sklearn.linear_model import LogisticRegression

    from sweeper.datasets import Digits
    from sweeper.metrics import SklearnMetric
    from sweeper.models import SklearnClassifier

    model = SklearnClassifier(LogisticRegression(max_iter=1000), Digits(split="train"))
    metric: Any = SklearnMetric("sklearn.metrics.accuracy_score", key="accuracy")
    return maite_evaluate(model=model, dataset=Digits(split="test"), metric=metric, batch_size=64)[0]


def main(done: str, what: str = "nothing") -> None:
    local: dict[str, Any] = {"num_cpus": 2, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    address = os.environ.get("RAY_ADDRESS", "local")
    own = local if address == "local" else {}
    ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
    ray.get(ray.remote({"nothing": nothing, "evaluate": evaluate}[what]).remote())
    Path(done).touch()


if __name__ == "__main__":
    main(*sys.argv[1:])
