"""A capability that does what it is told for each pair of a dataset and a model, and says in which task it did."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ray
from parts import TinyRun
from runner_bench import ONE, choice, planned

from sweeper.planning.combinations import Planned
from sweeper.vocabulary import Combination, Runtime

DATASETS = [f"d{i}" for i in range(6)]
MODELS = [f"m{i}" for i in range(6)]


class Obeys:
    """Notes its task, the time and its process in a file of `notes`, and then does what `acts` says for its pair."""

    id = "tests.obeys"

    def __init__(self, notes: str, acts: Mapping[str, str], sleep_s: float = 0.0) -> None:
        self.notes, self.acts, self.sleep_s = Path(notes), acts, sleep_s

    def run(self, models: Any, datasets: Any, metrics: Any, config: Any, use_cache: bool) -> TinyRun:
        pair = f"{datasets[0].metadata['id']} {models[0].metadata['id']}"
        task = ray.get_runtime_context().get_task_id()
        with (self.notes / pair).open("a") as file:
            file.write(f"{task} {time.monotonic_ns()} {os.getpid()}\n")
        self._do(self.acts.get(pair, ""))
        return TinyRun(
            self.id,
            dataset_metadata=[datasets[0].metadata],
            model_metadata=[models[0].metadata],
            metric_metadata=[metrics[0].metadata],
        )

    def _do(self, act: str) -> None:
        if act == "raise":
            raise ValueError("as told")
        if act == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if act == "sleep":
            time.sleep(self.sleep_s)
        if act == "stay":
            os.chdir("/")
            os.chdir = lambda path: None


def obedient(
    notes: Path,
    acts: Mapping[str, str] | None = None,
    datasets: Sequence[str] = DATASETS,
    models: Sequence[str] = MODELS,
    **spec: Any,
) -> list[Planned]:
    """A combination for each pair, one dataset after another."""
    notes.mkdir(exist_ok=True)
    capability = choice(
        "capability", "obeys", "shared_task_parts.Obeys", Runtime(arity=ONE), notes=str(notes), acts=acts or {}, **spec
    )
    rows = [choice("dataset", name, "parts.Numbers", name=name) for name in datasets]
    columns = [choice("model", name, "parts.Parity", name=name) for name in models]
    metric = choice("metric", "hits", "parts.Hits")
    return planned(*(Combination(capability, (d,), (m,), (metric,)) for d in rows for m in columns))


def tasks(notes: Path) -> dict[str, list[str]]:
    """The task of each run, by its pair; pairs in the order in which their first runs began."""
    lines = {path.name: [line.split() for line in path.read_text().splitlines()] for path in notes.iterdir()}
    began = sorted(lines, key=lambda pair: int(lines[pair][0][1]))
    return {pair: [task for task, _, _ in lines[pair]] for pair in began}
