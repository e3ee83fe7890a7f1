"""What one part does reaches no other: not the parts beside it, nor those that run after it in the same process."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sweeper
from sweeper.capabilities import Robustness, predict
from sweeper.checks import rules, run_checks
from sweeper.datasets import ArrayDataset, Digits
from sweeper.errors import PartError
from sweeper.isolation import stand_ins
from sweeper.isolation.copies import private_copy
from sweeper.isolation.digests import of_state
from sweeper.messages.requests import ObjectSpec
from sweeper.worker import object_cache
from sweeper.worker.part_use import PartUse

ACCURACY = {"naive_bayes": 0.9074, "knn": 0.9796}
AREA = {"naive_bayes": 0.5854, "knn": 0.9274}


@pytest.fixture(autouse=True)
def empty() -> None:
    object_cache.process_cache().clear()


def part(name: str, **arguments: Any) -> str:
    spec = ",".join([f"_target_:isolation_parts.{name}", *(f"{key}:{value}" for key, value in arguments.items())])
    return "{" + spec + "}"


def swept(tmp_path: Path, kind: str, *overrides: str) -> sweeper.SweepResult:
    fixed = [f"job_backend.kind={kind}", f"analytics_store.uri={tmp_path}/store", "dataset=[digits]"]
    result = sweeper.sweep([*fixed, *overrides], progress=False)
    assert not result.failures, [failure.traceback for failure in result.failures]
    return result


def values(result: sweeper.SweepResult, metric: str, key: str, column: str = "model") -> dict[str, float]:
    return {row[column]: round(row["value"], 4) for row in result.rows if row["metric"] == metric and row["key"] == key}


def test_a_model_that_writes_into_its_batch_changes_no_other_value(kind: str, tmp_path: Path) -> None:
    result = swept(
        tmp_path,
        kind,
        f"+model.a_inplace={part('InPlace')}",
        f"+model.a_counts={part('Counts')}",
        "model=[naive_bayes,knn]",
        "capability=[evaluate,robustness]",
        "metric=[accuracy]",
        "rerun=all",
        "max_in_flight=1",
    )
    assert values(result, "accuracy", "accuracy") | ACCURACY == values(result, "accuracy", "accuracy")
    assert values(result, "accuracy", "accuracy.area") | AREA == values(result, "accuracy", "accuracy.area")


def test_a_metric_that_writes_into_what_it_scores_changes_no_other_value(kind: str, tmp_path: Path) -> None:
    overrides = [f"+metric.a_spoils={part('Spoils')}", "model=[naive_bayes]", "capability=[evaluate,robustness]"]
    first = swept(tmp_path, kind, *overrides, "metric=[accuracy,f1_macro]")
    second = swept(tmp_path, kind, *overrides, "metric=[accuracy]")
    for result in (first, second):
        assert values(result, "accuracy", "accuracy") == {"naive_bayes": 0.9074}
        assert values(result, "accuracy", "accuracy.area") == {"naive_bayes": 0.5854}
        assert values(result, "a_spoils", "batches") == {"naive_bayes": 9}, "each run has its own metric"


def test_a_capability_that_spoils_what_it_is_given_reaches_no_other_run(kind: str, tmp_path: Path) -> None:
    overrides = [
        "+capability.spoiler={_target_:isolation_parts.CallsItself,config:{seen:[one]},"
        "_sweep_:{arity:{datasets:ONE,models:ONE,metrics:ZERO}}}",
        "model=[naive_bayes]",
        "capability=[evaluate]",
        "metric=[accuracy]",
    ]
    for _ in range(2):
        result = swept(tmp_path, kind, *overrides)
        assert values(result, "accuracy", "accuracy") == {"naive_bayes": 0.9074}
    numbers = result.store.table("isolation_numbers")["value"].to_pylist()
    assert sorted(round(number, 4) for number in numbers) == [0.9074, 0.9074, 1, 1, 2, 2]


# Below the sweep


def digits() -> ArrayDataset:
    whole = Digits()
    return ArrayDataset(whole.images[:200], whole.labels[:200], index2label=whole.metadata["index2label"], id="part")


def test_each_severity_sees_the_data_as_they_are() -> None:
    from isolation_parts import Blackens, InPlace

    dataset, seen = digits(), []
    before = of_state(dataset)
    for augmentation in Robustness(Blackens, [0.25, 0.5]).augmentations().values():
        seen.append(predict(InPlace(), dataset, augmentation))
    again = predict(InPlace(), dataset, Blackens(0.5))
    assert of_state(dataset) == before
    np.testing.assert_array_equal(np.concatenate(seen[2].prediction_batches), np.concatenate(again.prediction_batches))
    assert seen[0].metadata_batches[0][0] == {"id": 0}
    assert again.metadata_batches[0][0] == {"id": "blackened 0"}


def test_a_model_may_answer_in_one_array() -> None:
    from isolation_parts import SameBuffer

    at_once = predict(SameBuffer(), digits(), batch_size=200)
    in_parts = predict(SameBuffer(), digits(), batch_size=64)
    np.testing.assert_array_equal(
        np.concatenate(in_parts.prediction_batches), np.concatenate(at_once.prediction_batches)
    )


def test_predictions_are_read_only_and_what_is_no_array_is_each_readers_own() -> None:
    from isolation_parts import SameBuffer

    made = predict(SameBuffer(), digits())
    with pytest.raises(ValueError, match="read-only"):
        made.target_batches[0][0, 0] = 1
    first, second = made.own(), made.own()
    assert first.target_batches[0] is second.target_batches[0]
    first.metadata_batches[0][0]["id"] = "spoiled"
    assert second.metadata_batches[0][0] == made.metadata_batches[0][0] == {"id": 0}


@pytest.mark.parametrize("name", ["Counts", "Drifts", "SameBuffer"])
def test_a_part_that_a_run_changed_is_as_it_was_for_the_next(name: str) -> None:
    spec = ObjectSpec({"_target_": f"isolation_parts.{name}"}, name)
    seen = []
    for _ in range(3):
        use = PartUse(spec)
        item = use.get()
        seen.append(item[0][0] if name == "Drifts" else item([np.ones(4, np.float32)])[0])
        use.finish()
    np.testing.assert_array_equal(seen[0], seen[1])
    np.testing.assert_array_equal(seen[1], seen[2])


def test_a_part_that_nobody_changed_is_built_once(tmp_path: Path) -> None:
    spec = ObjectSpec({"_target_": "parts.Numbers", "builds": str(tmp_path)}, "unchanged")
    for _ in range(3):
        use = PartUse(spec)
        assert use.get()[1][2] == {"id": "1"}
        use.finish()
    assert len(list(tmp_path.glob("built-*"))) == 1


class Wrapped:
    """A model with a method, a special method and an attribute of its own."""

    shape = (3,)

    def __init__(self) -> None:
        self.metadata = {"id": "wrapped", "index2label": {0: "cat"}}
        self.weights = np.ones(2)

    def __call__(self, batch: list[Any]) -> list[Any]:
        batch[0][...] = 7
        return batch

    def __contains__(self, item: object) -> bool:
        return item == "cat"

    def scores(self, batch: list[Any]) -> list[Any]:
        return batch


def test_a_stand_in_is_what_it_stands_for() -> None:
    from maite.protocols import generic as gen

    model = Wrapped()
    stand_in = stand_ins.for_model(model)
    assert isinstance(stand_in, Wrapped)
    assert isinstance(stand_in, gen.Model)
    assert not isinstance(stand_in, gen.Dataset)
    assert (stand_in.shape, "cat" in stand_in, type(stand_in).__name__) == ((3,), True, "Wrapped")
    assert stand_ins.for_model(stand_in) is stand_in
    assert isinstance(private_copy(stand_in), Wrapped)
    assert not hasattr(stand_ins.for_model("svm"), "metadata")
    assert not isinstance(stand_ins.for_model("svm"), gen.Model)
    assert not isinstance(stand_ins.for_dataset(object()), gen.Dataset)


def test_what_is_set_on_a_stand_in_stays_on_it() -> None:
    model = Wrapped()
    stand_in = stand_ins.for_model(model)
    stand_in.weights = None
    stand_in.metadata["index2label"][1] = "dog"
    assert model.weights is not None
    assert model.metadata["index2label"] == {0: "cat"}
    assert stand_in.metadata["index2label"] == {0: "cat", 1: "dog"}
    with pytest.raises(AttributeError):
        del stand_in.shape


def test_answers_that_nobody_could_check_are_named() -> None:
    stand_in = stand_ins.for_model(Wrapped())
    stand_in([np.zeros(2)])
    assert stand_ins.unchecked_answers([stand_in]) == []
    stand_in.scores([1])
    stand_in.scores([2])
    (line,) = stand_ins.unchecked_answers([stand_in])
    assert line.startswith("unchecked: scores() of model wrapped")
    pickle.loads(pickle.dumps(stand_in))
    assert stand_ins.unchecked_answers([stand_in])[1:] == [
        "unchecked: model wrapped was pickled; what the copy returned was not checked"
    ]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, private_copy])
def test_what_a_copy_answers_is_checked_too(copied: Any) -> None:
    model = Wrapped()
    stand_in = stand_ins.for_model(model)
    stand_in.note = "mine"
    twin = copied(stand_in)
    assert (isinstance(twin, Wrapped), twin.note, twin.weights.tolist()) == (True, "mine", [1, 1])
    assert (twin.weights is model.weights) == (copied is copy.copy)
    with run_checks.checking(rules.DEFAULTS) as checks:
        assert twin([np.zeros(2)])[0].tolist() == [7, 7]
        assert checks.called_models
        with pytest.raises(PartError, match="NaN or infinite"):
            twin([np.zeros(2), np.full(2, np.nan)])


class Tensor:
    """What copies look for in a tensor, of any library."""

    def __init__(self, numbers: Any, clones: int = 0) -> None:
        self.numbers, self.clones = numbers, clones

    def detach(self) -> Any:
        raise AssertionError("gradients must go on flowing")

    def clone(self) -> Tensor:
        return Tensor(self.numbers.copy(), self.clones + 1)


def test_copies_share_nothing_that_can_be_written_into() -> None:
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    array.setflags(write=False)
    given = {"a": [array, (Tensor(array), {"b": array})], "masked": np.ma.masked_array([1, 2], [True, False])}
    copied = private_copy(given)
    inner = copied["a"][0]
    assert inner.flags.writeable
    assert inner.flags.f_contiguous
    assert copied["a"][1][0].clones == 1
    assert copied["masked"].mask.tolist() == [True, False]
    for one, other in ((copied["a"][0], array), (copied["a"][1][1]["b"], array), (copied["masked"], given["masked"])):
        assert not np.shares_memory(one, other)


def test_copies_of_what_holds_itself_end() -> None:
    ring: list[Any] = [np.zeros(1)]
    ring.append(ring)
    copied = private_copy(ring)
    assert copied[1] is copied
    assert copied[0] is not ring[0]
