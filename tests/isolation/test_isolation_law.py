"""Whatever ran before it in its process, a combination has the value that a process of its own gives."""

from __future__ import annotations

import hashlib
import importlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from patience import LIMIT_S
from places import HELPERS

from sweeper.jobs.inline import InlineJobBackend
from sweeper.messages.requests import AttemptInfo, ObjectSpec, Provenance, RunRequest, StoreLocation
from sweeper.store import open_store
from sweeper.worker import object_cache

Values = dict[int, list[float]]

CAPABILITIES = {
    "evaluate": {"_target_": "sweeper.capabilities.Evaluate"},
    "evaluate_20": {"_target_": "sweeper.capabilities.Evaluate", "batch_size": 20},
    "asks": {"_target_": "isolation_parts.Asks"},
    "looks": {"_target_": "isolation_parts.Looks"},
    "spoils": {"_target_": "isolation_parts.CallsItself"},
}
DATASETS = {
    "drawn": {"_target_": "isolation_parts.Drawn", "name": "drawn"},
    "other": {"_target_": "isolation_parts.Drawn", "name": "other", "n": 30},
    "fades": {"_target_": "isolation_parts.Fades", "name": "fades"},
}
MODELS = {
    "linear": {"_target_": "isolation_parts.Linear", "name": "linear"},
    "rolls": {"_target_": "isolation_parts.Rolls"},
    "inplace": {"_target_": "isolation_parts.InPlace"},
    "counts": {"_target_": "isolation_parts.Counts", "name": "counts"},
    "buffer": {"_target_": "isolation_parts.SameBuffer"},
    "meddles": {"_target_": "isolation_parts.Meddles"},
    "meddles_at_first": {"_target_": "isolation_parts.Meddles", "at": "init"},
}
METRICS = {
    "share": {"_target_": "isolation_parts.Share"},
    "sees": {"_target_": "isolation_parts.Sees"},
    "spoils": {"_target_": "isolation_parts.Spoils"},
    "meddles": {"_target_": "isolation_parts.MeddlingMetric"},
}
COMBINATIONS = [
    *itertools.product(["evaluate"], DATASETS, MODELS, METRICS),
    *itertools.product(["evaluate_20"], ["drawn"], MODELS, ["share"]),
    *itertools.product(["asks", "spoils"], DATASETS, MODELS, [""]),
    ("looks", "", "", ""),
]


def spec(group: dict[str, Any], name: str) -> ObjectSpec:
    text = json.dumps(group[name], sort_keys=True)
    return ObjectSpec(group[name], hashlib.sha256(text.encode()).hexdigest(), name)


def specs(group: dict[str, Any], name: str) -> tuple[ObjectSpec, ...]:
    return (spec(group, name),) if name else ()


def fingerprint(number: int) -> str:
    return hashlib.sha256(repr(COMBINATIONS[number]).encode()).hexdigest()


def measured(numbers: Iterable[int], uri: str) -> Values:
    """The values of combinations that run one after the other in this process, predictions shared as in a sweep."""
    backend = InlineJobBackend(uri)
    handles: dict[Any, Any] = {}
    for number in numbers:
        capability, dataset, model, metric = COMBINATIONS[number]
        how = spec(CAPABILITIES, capability)
        attempt = AttemptInfo(
            uuid.uuid4().hex, fingerprint(number), "law", "law", capability, dataset, model, metric, "{}"
        )
        request = RunRequest(
            how, specs(DATASETS, dataset), specs(MODELS, model), specs(METRICS, metric), None, StoreLocation(uri),
            Provenance(), attempt,
        )  # fmt: skip
        predictions = None
        if capability.startswith("evaluate"):
            if (pair := (capability, dataset, model)) not in handles:
                parts = {"model": spec(MODELS, model), "dataset": spec(DATASETS, dataset), "capability": how}
                handles[pair] = backend.predict(**parts, resources={})
            predictions = handles[pair]
        job = backend.submit(request, resources={}, name="law", predictions=predictions)
        job.result()
    return stored(uri)


def stored(uri: str) -> Values:
    """What the store holds: the values of each combination in the order in which they were measured."""
    numbers = {fingerprint(number): number for number in range(len(COMBINATIONS))}
    found: dict[int, list[float]] = defaultdict(list)
    store = open_store(uri)
    for name, column in (("maite_evaluation", "output_value"), ("isolation_numbers", "value")):
        if Path(uri, name).exists():
            for row in store.table(name).to_pylist():
                found[numbers[row["fingerprint"]]].append(row[column])
    return dict(found)


def print_all() -> None:
    """Run each combination in a process of its own, forked before its parts are imported, and print all values."""
    folder = Path(tempfile.mkdtemp())
    in_child(lambda: [measured([0], f"{folder}/first"), (folder / "modules").write_text(json.dumps([*sys.modules]))])
    for name in json.loads((folder / "modules").read_text()):
        if name != "isolation_parts":  # what every combination needs is imported once
            with suppress(ImportError):
                importlib.import_module(name)
    for number in range(len(COMBINATIONS)):
        in_child(
            lambda n=number: (folder / f"{n}.json").write_text(json.dumps(measured([n], f"{folder}/{n}")[n])),
        )
    assert "isolation_parts" not in sys.modules
    print(json.dumps([json.loads((folder / f"{number}.json").read_text()) for number in range(len(COMBINATIONS))]))


def in_child(work: Callable[[], object]) -> None:
    child = os.fork()
    if not child:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


@pytest.fixture(scope="module")
def alone() -> list[list[float]]:
    code = "import sys; sys.path[:0] = sys.argv[1].split(':'); import test_isolation_law as law; law.print_all()"
    command = [sys.executable, "-c", code, os.pathsep.join((str(Path(__file__).parent), str(HELPERS)))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, len(COMBINATIONS) - 1), min_size=1, max_size=10, unique=True), st.booleans())
@example([*range(len(COMBINATIONS))], True)
@example([*reversed(range(len(COMBINATIONS)))], False)
def test_a_value_does_not_depend_on_what_ran_before(alone: list[list[float]], sequence: list[int], new: bool) -> None:
    """What earlier sequences left in this process counts as well, unless it is cleared."""
    if new:
        object_cache.process_cache().clear()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(sequence, folder)
    assert sorted(found) == sorted(sequence)
    for number in sequence:
        assert found[number] == alone[number], COMBINATIONS[number]
