"""Objects in the place of specs: both backends, shared inference, identity and revisions, resuming."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import typed

import sweeper
from sweeper.capabilities import Evaluate
from sweeper.errors import ConfigError

CONFIG = ["capability=[evaluate]", "metric=[accuracy,ece]"]
INLINE = [*CONFIG, "job_backend.kind=inline"]
REVISED = ["rerun=missing", *INLINE]


class Images:
    """Ten images, whose class is the place of their white pixel."""

    def __init__(self, name: str = "ten", size: int = 4, shift: int = 0) -> None:
        self.metadata = {"id": name, "index2label": {i: f"c{i}" for i in range(10)}}
        self._size, self._shift = size, shift

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> tuple[Any, Any, Any]:
        image = np.zeros((1, self._size, self._size), np.float32)
        image.flat[index] = 1
        return image, np.eye(10, dtype=np.float32)[(index + self._shift) % 10], {"id": index}


class Finder:
    """Says where the white pixel is, and counts in a folder how often it was asked."""

    def __init__(self, counts: Path, wrong: int = 0, weights: int = 1) -> None:
        self.metadata = {"id": "finder", "index2label": {i: f"c{i}" for i in range(10)}}
        self._counts, self._wrong = counts, wrong
        self.weights = np.ones(weights)

    def __call__(self, batch: Any) -> Any:
        (self._counts / f"{len(list(self._counts.iterdir()))}").touch()
        places = [int(np.argmax(image)) for image in batch]
        return [np.eye(10)[place if place >= self._wrong else (place + 1) % 10] for place in places]


@pytest.fixture
def counts(empty_folder: Path) -> Path:
    folder = empty_folder / "counts"
    folder.mkdir()
    return folder


def accuracy(result: sweeper.SweepResult) -> dict[tuple[str, str], float]:
    assert result.exit_status == 0, result.failures
    return {(row["dataset"], row["model"]): row["value"] for row in result.rows if row["metric"] == "accuracy"}


@pytest.mark.parametrize("weights", [1, 100_000], ids=["small", "large"])
def test_objects_are_swept_by_both_backends_and_inference_is_shared(backend: str, counts: Path, weights: int):
    models = {"good": Finder(counts, weights=weights), "bad": sweeper.Live(Finder(counts, 5, weights), revision=2)}
    result = sweeper.sweep([*CONFIG, backend], dataset={"mine": Images()}, model=models, progress=False)
    assert accuracy(result) == {("mine", "good"): 1.0, ("mine", "bad"): 0.5}
    assert len(result.plan.items) == 4
    assert len(list(counts.iterdir())) == 2  # one pass of each model, read by both metrics


@pytest.mark.usefixtures("empty_folder")
def test_every_axis_takes_objects():
    from sweeper.metrics import SklearnMetric

    result = sweeper.sweep(
        ["job_backend.kind=inline"],
        capability={"ours": Evaluate()},
        dataset={"mine": Images()},
        model={"finder": Finder(Path())},
        metric={"acc": SklearnMetric("sklearn.metrics.accuracy_score", id="acc")},
        progress=False,
    )
    assert result.exit_status == 0, result.failures
    assert [(r["capability"], r["dataset"], r["model"], r["metric"]) for r in result.rows] == [
        ("ours", "mine", "finder", "acc")
    ]


def test_what_an_override_selects_stays_beside_the_objects(counts: Path):
    plan = sweeper.plan([*INLINE, "dataset=[digits]"], dataset={"mine": Images()}, model={"finder": Finder(counts)})
    assert {item.combination.names[1] for item in plan.items} == {"digits", "mine"}
    assert {item.combination.names[2] for item in plan.items} == {"finder"}
    only = sweeper.plan([*INLINE, "exclude=[{dataset: mi*}]", "dataset=[digits]"], dataset={"mine": Images()})
    assert {item.combination.names[1] for item in only.items} == {"digits"}


def test_a_config_as_a_mapping_may_hold_objects(counts: Path):
    arity = {"datasets": "ONE", "models": "ONE", "metrics": "ONE"}
    config = {
        "capability": {
            "evaluate": {
                "_target_": "sweeper.capabilities.Evaluate",
                "_sweep_": {"arity": arity, "reads_predictions": True},
            }
        },
        "dataset": {"mine": Images()},
        "model": {"finder": sweeper.Live(Finder(counts), revision="1")},
        "metric": {
            "accuracy": {"_target_": "sweeper.metrics.SklearnMetric", "function": "sklearn.metrics.accuracy_score"}
        },
        "job_backend": {"kind": "inline"},
    }
    assert accuracy(sweeper.sweep(config, progress=False)) == {("mine", "finder"): 1.0}


# Identity


def test_a_revision_tells_what_is_stored_from_what_is_new(counts: Path):
    def swept(revision: str, model: Finder) -> sweeper.SweepResult:
        objects = {"finder": sweeper.Live(model, revision=revision)}
        return sweeper.sweep(REVISED, dataset={"mine": sweeper.Live(Images(), revision=1)}, model=objects)

    assert accuracy(swept("1", Finder(counts))) == {("mine", "finder"): 1.0}
    again = swept("1", Finder(counts))
    assert (again.counts["completed"], accuracy(again)) == (0, {("mine", "finder"): 1.0})
    changed = swept("2", Finder(counts, wrong=5))
    assert (changed.counts["completed"], accuracy(changed)) == (2, {("mine", "finder"): 0.5})


def test_names_and_how_it_runs_are_not_part_of_the_identity(counts: Path):
    def fingerprints(**models: object) -> list[str]:
        plan = sweeper.plan(REVISED, dataset={"mine": sweeper.Live(Images(), revision=1)}, model=models)
        return sorted(item.fingerprint for item in plan.items)

    model = Finder(counts)
    first = fingerprints(one=sweeper.Live(model, revision="1"))
    assert first == fingerprints(two=sweeper.Live(model, revision="1", sweep={"resources": {"num_cpus": 2}}))
    assert first == fingerprints(one=sweeper.Live(Finder(counts), revision=1))
    assert not set(first) & set(fingerprints(one=sweeper.Live(model, revision="2")))
    model.metadata = {"id": "other"}
    assert not set(first) & set(fingerprints(one=sweeper.Live(model, revision="1")))


def test_without_a_revision_no_result_is_reused_or_mixed_up_with_another(counts: Path):
    def swept(model: Finder) -> sweeper.SweepResult:
        return sweeper.sweep(INLINE, dataset={"mine": Images()}, model={"finder": model}, progress=False)

    first = swept(Finder(counts))
    assert accuracy(swept(Finder(counts, wrong=5))) == {("mine", "finder"): 0.5}
    assert {row["value"] for row in first.store.results().to_pylist() if row["metric"] == "accuracy"} == {0.5, 1.0}
    assert {row["value"] for row in first.store.asked(first.sweep_id).to_pylist() if row["metric"] == "accuracy"} == {
        1.0
    }


@pytest.mark.parametrize("rerun", ["missing", "failed", "stale"])
def test_reuse_without_a_revision_is_refused_with_what_to_write(counts: Path, rerun: str):
    more = ["rerun_triggers=[code]"] if rerun == "stale" else []
    with pytest.raises(ConfigError) as error:
        sweeper.sweep([*INLINE, f"rerun={rerun}", *more], model={"finder": Finder(counts)})
    assert f"rerun={rerun} reuses what is stored, and model finder has no revision" in str(error.value)
    assert "model={'finder': sweeper.Live(..., revision='1')}; or use rerun=all." in str(error.value)


# Resuming


def test_a_sweep_is_resumed_where_its_objects_are_given_again(counts: Path):
    objects: dict[str, Any] = {
        "dataset": {"mine": sweeper.Live(Images(), revision=1)},
        "model": {"finder": sweeper.Live(Finder(counts), revision=1)},
    }
    broken = "+metric.broken={_target_: sweeper.metrics.SklearnMetric, function: os.getcwd}"
    first = sweeper.sweep([*INLINE, broken], **objects, progress=False)
    assert (first.counts["completed"], first.counts["failed"]) == (2, 1)
    assert len(sweeper.plan([f"resume={first.sweep_id}"], **objects).to_run) == 1
    status, _, err = typed(f"resume={first.sweep_id}")
    assert status == 2
    assert 'dataset mine ({"axis": "dataset", "id": "ten", "revision": "1"})' in err
    assert "sweeper.sweep(['resume=...'], dataset={'mine': sweeper.Live(..., revision=...)})" in err
    with pytest.raises(ConfigError, match="resume reuses what is stored, and dataset mine, model finder has no"):
        sweeper.plan([f"resume={first.sweep_id}"], dataset={"mine": Images()}, model={"finder": Finder(counts)})
    assert sweeper.sweep([f"resume={first.sweep_id}"], **objects, progress=False).counts["failed"] == 1


# What cannot be an object


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        (
            {"dataset": {"mine": object()}},
            "the object has the id None, and needs an id in its `metadata`",
        ),
        ({"dataset": {"mine": Images}}, "dataset.mine is <class"),
        ({"dataset": {"mine": {"_target_": "a.B"}}}, "specs stand in the config"),
        ({"dataset": {"a + b": Images()}}, "cannot be the name of a choice"),
        ({"dataset": {"mine": sweeper.Live(Images(), revision="")}}, "its revision is ''"),
        ({"dataset": {"mine": sweeper.Live(Images(), config={"a": 1})}}, "only a capability takes a config"),
        ({"dataset": {"mine": sweeper.Live(Images(), sweep={"tsak": "x"})}}, "Did you mean 'task'?"),
        ({"capability": {"mine": object()}}, "needs an `id`"),
        (
            {"dataset": {"a": sweeper.Live(Images(), revision=1), "b": sweeper.Live(Images(), revision=1)}},
            "dataset 'b' is another object than one before it",
        ),
    ],
)
@pytest.mark.usefixtures("empty_folder")
def test_what_cannot_be_an_object_is_refused_with_a_reason(objects: dict[str, Any], said: str):
    with pytest.raises(ConfigError) as error:
        sweeper.plan(INLINE, **objects)
    assert said in str(error.value)


@pytest.mark.usefixtures("empty_folder")
def test_an_object_may_not_have_the_name_of_a_choice():
    with pytest.raises(ConfigError, match="dataset 'digits' is both a choice and an object"):
        sweeper.plan([*INLINE, "dataset=[digits]"], dataset={"digits": Images()})


@pytest.mark.usefixtures("empty_folder")
def test_a_capability_must_say_how_much_it_takes():
    class Silent:
        id = "silent"

        def run(self, **parts: Any) -> None: ...

    with pytest.raises(ConfigError, match=r"how many datasets Silent takes is not known\. Say it: capability="):
        sweeper.plan(INLINE, capability={"quiet": Silent()}, dataset={"mine": Images()})
    arity = {"datasets": "ONE", "models": "ZERO", "metrics": "ZERO"}
    said = sweeper.Live(Silent(), sweep={"arity": arity})
    assert len(sweeper.plan(INLINE[1:], capability={"quiet": said}, dataset={"mine": Images()}).items) == 1


def test_an_object_that_cannot_travel_is_refused_before_anything_is_submitted(counts: Path):
    model = Finder(counts)
    vars(model)["lock"] = threading.Lock()
    with pytest.raises(ConfigError, match="The Finder that was given as an object cannot be sent to a worker: TypeErr"):
        sweeper.sweep(CONFIG, dataset={"mine": Images()}, model={"finder": model})
    assert accuracy(sweeper.sweep(INLINE, dataset={"mine": Images()}, model={"finder": model}, progress=False))


def test_objects_need_not_be_among_allowed_targets(counts: Path):
    allowed = [*INLINE, "allowed_targets=[sweeper.capabilities.*, sweeper.metrics.*, sklearn.*]"]
    assert accuracy(sweeper.sweep(allowed, dataset={"mine": Images()}, model={"finder": Finder(counts)}))


@pytest.mark.usefixtures("empty_folder")
def test_a_config_file_cannot_name_what_stands_for_an_object():
    with pytest.raises(ConfigError, match=r"model\.mine: sweeper\.Live is for objects, which are given from Python"):
        sweeper.plan([*INLINE, "+model.mine={_target_: sweeper.Live, item: 1}"])
