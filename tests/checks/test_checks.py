"""What a part returns is checked before it counts: whatever must not count is a failed attempt that says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from check_parts import Given, Gives, Says

import sweeper
from sweeper.augmentations import LowLight
from sweeper.capabilities import DataQuality, Evaluate, Robustness, Shift
from sweeper.datasets import as_arrays
from sweeper.errors import PartError
from sweeper.metrics import ExpectedCalibrationError, SklearnMetric
from sweeper.models import SklearnClassifier

PARTS = "check_parts"
EVALUATE = {"_target_": "sweeper.capabilities.Evaluate"}
ROBUSTNESS = {
    "_target_": "sweeper.capabilities.Robustness",
    "augmentation": {"_target_": f"{PARTS}.Unchanged", "_partial_": True},
    "severities": [0.5],
}
ONE_EACH = {"arity": {"datasets": "ONE", "models": "ONE", "metrics": "ZERO"}}
CALLS = {"_target_": f"{PARTS}.Calls", "_sweep_": ONE_EACH}
READS = {"_target_": f"{PARTS}.Reads", "_sweep_": {**ONE_EACH, "reads_predictions": True}}
ACCURACY = {"_target_": "sweeper.metrics.SklearnMetric", "function": "sklearn.metrics.accuracy_score"}
NAMES = {0: "cat", 1: "dog"}


def part(name: str, sweep: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
    return {"_target_": f"{PARTS}.{name}", **arguments, **({"_sweep_": sweep} if sweep else {})}


def run(
    where: Path,
    model: Any,
    dataset: Any,
    metric: Any = ACCURACY,
    capability: Any = EVALUATE,
    kind: str = "inline",
):
    """The sweep of one combination."""
    return sweeper.sweep(
        {
            "capability": {"c": capability},
            "dataset": {"d": dataset},
            "model": {"m": model},
            "metric": {"x": metric},
            "analytics_store": {"uri": str(where)},
            "job_backend": {"kind": kind},
        },
        progress=False,
    )


def failure(result: Any) -> str:
    """The one message of a sweep whose one combination failed, as it is stored too."""
    assert (result.exit_status, result.rows) == (1, [])
    (failed,) = result.failures
    (stored,) = result.store.attempts().to_pylist()
    assert (stored["status"], stored["error_type"]) == ("failed", failed.error_type)
    assert failed.error_type.endswith("PartError"), failed.message
    return failed.message


def warnings(result: Any) -> list[str]:
    """What is stored beside the one value of a sweep."""
    assert result.exit_status == 0, result.failures
    (stored,) = result.store.attempts().to_pylist()
    return (stored["warnings"] or "").splitlines()


def value(result: Any) -> float:
    assert result.exit_status == 0, result.failures
    return result.rows[0]["value"]


# Scores


@pytest.mark.parametrize(
    "capability", [EVALUATE, ROBUSTNESS, CALLS, READS], ids=["evaluate", "robustness", "calls", "reads"]
)
def test_scores_that_are_not_finite_fail_the_combination(tmp_path, capability):
    said = failure(run(tmp_path, part("Says", bad=2, names=NAMES), part("Given", names=NAMES), capability=capability))
    assert "Model 'says' gave scores that are NaN or infinite" in said
    assert ("datum 'datum-2' of dataset 'given'" if capability is not CALLS else "number 2 of those") in said


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("answers", ["list", "nested", "array", "tensor", "tensors"])
def test_every_kind_of_answer_is_looked_at(answers, value):
    if answers.startswith("tensor"):
        pytest.importorskip("torch")
    with pytest.raises(PartError, match="NaN or infinite for datum 'datum-3' of dataset 'given'"):
        Evaluate().run(
            [Says(kind=answers, bad=3, value=value)], [Given()], [SklearnMetric("sklearn.metrics.accuracy_score")]
        )


def test_detections_are_looked_at(tmp_path):
    said = failure(run(tmp_path, part("Detector", bad=1), part("Boxed"), part("Gives")))
    assert "NaN or infinite for datum 'datum-1' of dataset 'given'" in said


def test_a_swallowed_refusal_fails_all_the_same(tmp_path):
    said = failure(run(tmp_path, part("Says", bad=2), part("Given"), capability={**CALLS, "swallow": True}))
    assert "NaN or infinite" in said


@pytest.mark.parametrize("takes", ["scores", ["labels", "scores"]])
def test_a_metric_that_can_use_them_says_so(tmp_path, takes):
    result = run(tmp_path, part("Says", bad=2), part("Given"), part("Gives", takes=takes))
    assert value(result) == 0.25


def test_scikit_learn_metrics_may_take_scores_as_they_are(tmp_path):
    score = {
        "_target_": "sweeper.metrics.SklearnMetric",
        "function": f"{__name__}.share_not_finite",
        "takes": "scores",
    }
    assert value(run(tmp_path, part("Says", bad=2), part("Given"), score)) == 1 / 8


def share_not_finite(truth: Any, scores: Any) -> float:
    assert (len(truth), scores.shape) == (4, (4, 2))
    return float((~np.isfinite(scores)).mean())


# Targets

WRONG = {
    "zeros": [0.0, 0.0],
    "ones": [1.0, 1.0],
    "several": [1.0, 1.0],
    "negative": [-1.0, 1.0],
    "nan": [np.nan, 1.0],
    "too large": [0.0, 2.0],
}
SOFT = [0.25, 0.75]
FINE = [0.0, 1.0]


@pytest.mark.parametrize("capability", [EVALUATE, ROBUSTNESS, CALLS], ids=["evaluate", "robustness", "calls"])
def test_targets_of_all_zeros_fail_the_combination(tmp_path, capability):
    dataset = part("Given", targets=[FINE, [0.0, 0.0], FINE])
    said = failure(run(tmp_path, part("Says"), dataset, capability=capability))
    assert "A target of dataset 'given' is not one-hot: datum 'datum-1' has [0, 0]" in said


@pytest.mark.parametrize("target", [*WRONG.values(), SOFT], ids=[*WRONG, "soft"])
def test_targets_that_are_not_one_hot_are_refused_by_whatever_reads_labels(target):
    dataset = Given([FINE, target, FINE, FINE])
    accuracy = SklearnMetric("sklearn.metrics.accuracy_score")
    for attempt in (
        lambda: Evaluate().run([Says()], [dataset], [accuracy]),
        lambda: Robustness(LowLight, [0.5]).run([Says()], [dataset], [accuracy]),
        lambda: DataQuality().run(datasets=[dataset]),
        lambda: as_arrays(dataset),
        lambda: SklearnClassifier(_classifier(), dataset),
    ):
        with pytest.raises(PartError, match="dataset 'given' is not one-hot: datum 'datum-1'"):
            attempt()


def _classifier() -> Any:
    from sklearn.naive_bayes import GaussianNB

    return GaussianNB()


@pytest.mark.parametrize("metric", [SklearnMetric("sklearn.metrics.accuracy_score"), ExpectedCalibrationError()])
@pytest.mark.parametrize("target", [*WRONG.values(), SOFT], ids=[*WRONG, "soft"])
def test_metrics_refuse_them_on_their_own_too(metric, target):
    metric.reset()
    metric.update([np.array(FINE)], [np.array(FINE)], [{"id": "first"}])
    metric.update([np.array(FINE)], [np.array(target)], [{"id": "second"}])
    with pytest.raises(PartError, match="not one-hot: datum 'second'"):
        metric.compute()


@pytest.mark.parametrize("dtype", [np.bool_, np.int64, np.uint8, np.float16, np.float64])
def test_one_hot_targets_of_any_type_will_do(dtype):
    dataset = Given([np.array(FINE, dtype=dtype), np.array([1, 0], dtype=dtype)] * 2)
    run = Evaluate().run([Says()], [dataset], [SklearnMetric("sklearn.metrics.accuracy_score")])
    assert run.values == {"accuracy_score": 0.0}


@pytest.mark.parametrize("length", [1, 3])
def test_targets_of_another_length_are_refused(length):
    dataset = Given([FINE, np.eye(length)[0], FINE])
    with pytest.raises(PartError, match=f"'datum-1' has {length} entries, others 2"):
        Evaluate().run([Says()], [dataset], [SklearnMetric("sklearn.metrics.accuracy_score")])


@pytest.mark.parametrize("capability", [EVALUATE, CALLS], ids=["evaluate", "calls"])
@pytest.mark.parametrize("target", [1, 0.5])
def test_one_number_is_no_class_of_several(tmp_path, capability, target):
    dataset = part("Given", targets=[target] * 3, names=CAT_DOG)
    said = failure(run(tmp_path, part("Says", names=CAT_DOG), dataset, part("Gives"), capability))
    assert f"A target of dataset 'given' is not one-hot: datum 'datum-0' has {target}. " in said


def test_an_empty_target_is_no_class():
    with pytest.raises(PartError, match=r"not one-hot: datum 'datum-0' has \[\]"):
        Evaluate().run([Says()], [Given([[], []])], [Gives()])


def test_another_task_has_targets_of_its_own(tmp_path):
    dataset = part("Given", {"task": "regression"}, targets=[1, 2, 3])
    model = part("Says", {"task": "regression"})
    assert value(run(tmp_path, model, dataset, part("Gives", {"task": "regression"}))) == 0.25


@pytest.mark.parametrize("target", [[1, 1], [0, 0], [0, 2]])
def test_numbers_in_arrays_of_objects_are_looked_at(target):
    dataset = Given([np.array(FINE, dtype=object), np.array(target, dtype=object)])
    with pytest.raises(PartError, match="not one-hot: datum 'datum-1'"):
        Evaluate().run([Says()], [dataset], [Gives()])


@pytest.mark.parametrize(
    ("how", "ends"), [("fields", "not one-hot: number 1 has [0, 0]"), ("attribute", "was not read item by item")]
)
def test_however_a_capability_reads_the_targets_they_are_checked_or_it_is_said(tmp_path, how, ends):
    calls = part("CallsByFields", ONE_EACH, how=how)
    dataset = part("GivenByField", targets=[FINE, [0.0, 0.0]], names=CAT_DOG)
    result = run(tmp_path, part("Says", names=CAT_DOG), dataset, capability=calls)
    (stored,) = result.store.attempts().to_pylist()
    assert ends.replace("number", "datum number") in (stored["error_message"] or stored["warnings"])


def test_scores_of_several_lengths_are_one_error(tmp_path):
    said = failure(run(tmp_path, part("Says", kind="ragged"), part("Given")))
    assert "got predictions or targets that are not a batch of vectors over the same classes" in said


@pytest.mark.parametrize(
    ("capability", "metric", "sweep"),
    [
        ({**EVALUATE, "soft_targets": True}, ACCURACY, None),
        (EVALUATE, {**ACCURACY, "soft_targets": True}, None),
        (EVALUATE, ACCURACY, {"soft_targets": True}),
        ({**ROBUSTNESS, "soft_targets": True}, ACCURACY, None),
        (ROBUSTNESS, ACCURACY, {"soft_targets": True}),
    ],
)
def test_soft_targets_count_where_a_choice_says_so(tmp_path, capability, metric, sweep):
    result = run(tmp_path, part("Says"), part("Given", sweep, targets=[SOFT, FINE, SOFT, FINE]), metric, capability)
    assert value(result) == 0.5
    assert "Dataset 'given' has soft targets: their largest entry is taken for the class." in warnings(result)


def test_what_is_no_distribution_never_counts(tmp_path):
    dataset = part("Given", {"soft_targets": True}, targets=[SOFT, [0.2, 0.2]])
    assert "'datum-1' has [0.2, 0.2]" in failure(run(tmp_path, part("Says"), dataset))


def test_soft_targets_for_training_and_data_quality():
    dataset = Given([[0.9, 0.1], [0.2, 0.8]] * 5)
    assert as_arrays(dataset, soft_targets=True).labels.tolist() == [0, 1] * 5
    assert SklearnClassifier(_classifier(), dataset, soft_targets=True).metadata["index2label"] == {0: "0", 1: "1"}
    assert DataQuality(soft_targets=True).run(datasets=[dataset]).n_items == 10


def test_shift_reads_no_labels():
    data = [Given([[0.0, 0.0]] * 6), Given([[0.0, 0.0]] * 6, id="other")]
    assert Shift().run(datasets=data).shifted is False


# Names of classes

CAT_DOG, DOG_CAT, ANT_BEE = ({0: a, 1: b} for a, b in (("cat", "dog"), ("dog", "cat"), ("ant", "bee")))
INVENTED = {0: "0", 1: "1"}


@pytest.mark.parametrize("capability", [EVALUATE, ROBUSTNESS, CALLS], ids=["evaluate", "robustness", "calls"])
@pytest.mark.parametrize("theirs", [DOG_CAT, ANT_BEE, {"0": "dog", "1": "cat"}, ["dog", "cat"]])
def test_other_names_on_an_index_that_occurs_fail_the_combination(tmp_path, capability, theirs):
    said = failure(run(tmp_path, part("Says", names=CAT_DOG), part("Given", names=theirs), capability=capability))
    assert "Model 'says' and dataset 'given' mean different classes" in said
    assert (
        f"index 0 is '{dict(enumerate(theirs.values() if isinstance(theirs, dict) else theirs))[0]}' in the data"
        in said
    )
    assert "and 'cat' to the model" in said
    assert "Reindexed" in said
    assert "label_space: ignore" in said


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (CAT_DOG, CAT_DOG),
        (CAT_DOG, {"0": "cat", "1": "dog"}),
        (["cat", "dog"], CAT_DOG),
        ({**CAT_DOG, 2: "bird"}, CAT_DOG),
        (CAT_DOG, {**CAT_DOG, 2: "bird"}),
        ({**CAT_DOG, 2: "bird"}, {**CAT_DOG, 2: "fish"}),
    ],
)
def test_names_that_agree_on_what_occurs_will_do(tmp_path, ours, theirs):
    result = run(tmp_path, part("Says", names=ours), part("Given", names=theirs))
    assert value(result) == 1
    assert warnings(result) == []


def test_a_class_that_the_model_does_not_know_fails_the_combination(tmp_path):
    said = failure(run(tmp_path, part("Says", names={0: "cat"}), part("Given", names=CAT_DOG)))
    assert "index 1 is 'dog' in the data and not among the model's classes" in said


def test_a_model_may_know_more_classes(tmp_path):
    more = {**CAT_DOG, 2: "bird"}
    for metric, expected in ((ACCURACY, 1), ({"_target_": "sweeper.metrics.ExpectedCalibrationError"}, 0)):
        result = run(tmp_path, part("Says", names=more, classes=3), part("Given", names=CAT_DOG), metric)
        assert value(result) == expected


def test_other_numbers_of_classes_need_names(tmp_path):
    said = failure(run(tmp_path, part("Says", classes=3), part("Given", names=CAT_DOG)))
    assert "gives 3 scores and the targets of dataset 'given' have 2 entries" in said


@pytest.mark.parametrize("capability", [EVALUATE, ROBUSTNESS, CALLS], ids=["evaluate", "robustness", "calls"])
@pytest.mark.parametrize(
    ("ours", "theirs", "sides"),
    [
        (None, None, ["Model 'says'", "Dataset 'given'"]),
        (INVENTED, INVENTED, ["Model 'says'", "Dataset 'given'"]),
        (INVENTED, CAT_DOG, ["Model 'says'"]),
        (CAT_DOG, {"0": "0", "1": "1"}, ["Dataset 'given'"]),
        (CAT_DOG, {0: "cat"}, ["Dataset 'given'"]),
    ],
)
def test_missing_names_are_said_beside_the_value(tmp_path, capability, ours, theirs, sides):
    result = run(tmp_path, part("Says", names=ours), part("Given", names=theirs), capability=capability)
    assert value(result) == 1
    assert [line.partition(" does not name its classes")[0] for line in warnings(result)] == sides


def test_names_that_are_none_are_refused(tmp_path):
    said = failure(run(tmp_path, part("Says", names="cat,dog"), part("Given", names=CAT_DOG)))
    assert "Model 'says' has the index2label 'cat,dog'; MAITE asks for a mapping" in said


@pytest.mark.parametrize("side", ["model", "dataset"])
def test_names_may_be_ignored(tmp_path, side):
    said = {"label_space": "ignore"}
    model = part("Says", said if side == "model" else None, names=CAT_DOG)
    dataset = part("Given", said if side == "dataset" else None, names=ANT_BEE)
    result = run(tmp_path, model, dataset)
    assert value(result) == 1
    assert warnings(result) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "why"),
    [
        ({**CAT_DOG, 2: "bird"}, CAT_DOG, "the model lists {0: 'cat', 1: 'dog', 2: 'bird'}, the dataset {0: 'cat'"),
        (INVENTED, INVENTED, "does not name its classes"),
    ],
)
def test_strict_wants_the_same_names_whatever_occurs(tmp_path, ours, theirs, why):
    model, strict = part("Says", {"label_space": "ignore"}, names=ours), {"label_space": "strict"}
    said = failure(run(tmp_path, model, part("Given", strict, names=theirs)))
    assert "label_space is strict" in said
    assert why in said


def test_strict_takes_what_is_the_same(tmp_path):
    strict = {"label_space": "strict"}
    assert value(run(tmp_path, part("Says", strict, names=CAT_DOG), part("Given", names=CAT_DOG))) == 1


def test_detections_mean_classes_too(tmp_path):
    model, dataset = part("Detector", names=CAT_DOG), part("Boxed", label=1, names=DOG_CAT)
    assert "index 1 is 'cat' in the data and 'dog' to the model" in failure(
        run(tmp_path, model, dataset, part("Gives"))
    )


def test_the_digits_need_no_warning(tmp_path):
    result = sweeper.sweep(
        [
            "model=[naive_bayes]",
            "dataset=[digits,digits_dark]",
            "metric=[accuracy]",
            "capability=[evaluate,robustness]",
            "job_backend.kind=inline",
            f"analytics_store.uri={tmp_path}",
        ],
        progress=False,
    )
    assert result.exit_status == 0
    assert {row["warnings"] for row in result.store.attempts().to_pylist()} == {None}


# The form of what is returned


def broken(**what: Any) -> dict[str, Any]:
    return {"model": part("Says"), "dataset": part("Given"), "metric": ACCURACY} | what


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (broken(dataset=part("Given", id=7)), "has the id 7 (int); MAITE asks for metadata = {'id': TEXT"),
        (broken(model=part("Says", id=7)), "has the id 7 (int); MAITE asks for metadata = {'id': TEXT"),
        (broken(metric=part("Gives", id=7)), "has the id 7 (int); MAITE asks for metadata = {'id': TEXT"),
        (broken(dataset=part("Given", metadata=False)), "The dataset of type check_parts.Given has no metadata"),
        (broken(model=part("Says", metadata=False)), "The model of type check_parts.Says has no metadata"),
        (broken(dataset=part("Given", drop="metadata")), "Item 0 of dataset 'given' is a tuple of 2; MAITE asks for ("),
        (broken(dataset=part("Given", drop="id")), "Item 0 of dataset 'given' has the metadata {}; MAITE asks for"),
        (broken(model=part("Says", kind="short")), "Model says gave 3 predictions for 4 data; MAITE asks for"),
        (broken(model=part("Says", kind="none")), "Model says gave a NoneType for a batch of 4 inputs; MAITE asks"),
        (broken(model=part("Says", kind="generator")), "Model says gave a iterator for a batch of 4"),
        (broken(model=part("Says", kind="mapping")), "Model says gave a dict for a batch of 4 inputs; MAITE asks"),
        (broken(model=part("Says", kind="number")), "Model says gave a "),
        (
            broken(metric=part("Gives", kind="number")),
            "compute() of metric 'gives' gave 0.25 (float); MAITE asks for a",
        ),
        (broken(metric=part("Gives", kind="numpy")), "(float64); MAITE asks for a mapping from names to values"),
        (broken(metric=part("Gives", kind="array")), "compute() of metric 'gives' gave array([0.25, 0.25]) (ndarray)"),
        (broken(metric=part("Gives", kind="tensor")), "compute() of metric 'gives' gave tensor(0.2500) (Tensor)"),
        (broken(metric=part("Gives", kind="none")), "compute() of metric 'gives' gave None; MAITE asks for a mapping"),
        (broken(metric=part("Gives", kind="list")), "compute() of metric 'gives' gave [0.25] (list); MAITE asks for a"),
    ],
)
@pytest.mark.parametrize("capability", [EVALUATE, ROBUSTNESS], ids=["evaluate", "robustness"])
def test_what_is_not_of_maites_form_is_one_error_that_names_the_part(tmp_path, capability, parts, why):
    if parts["metric"].get("kind") == "tensor":
        pytest.importorskip("torch")
    assert why in failure(run(tmp_path, capability=capability, **parts))


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (broken(dataset=part("Given", id=7)), "has the id 7 (int)"),
        (broken(dataset=part("Given", drop="metadata")), "Item 0 of dataset 'given' is a tuple of 2"),
        (broken(model=part("Says", metadata=False)), "The model of type check_parts.Says has no metadata"),
        (broken(model=part("Says", kind="short")), "Model says gave 0 predictions for 1 data"),
        (broken(model=part("Says", kind="none")), "Model says gave a NoneType for a batch of 1 inputs"),
    ],
)
def test_also_where_a_capability_calls_the_model_itself(tmp_path, parts, why):
    assert why in failure(run(tmp_path, capability=CALLS, **parts))


def test_an_augmentation_keeps_the_number_of_data(tmp_path):
    augmentation = {"_target_": f"{PARTS}.Unchanged", "_partial_": True, "lose": True}
    said = failure(run(tmp_path, part("Says"), part("Given"), capability={**ROBUSTNESS, "augmentation": augmentation}))
    assert "Augmentation unchanged=0.5 gave [3, 3, 3]" in said


@pytest.mark.parametrize(
    ("kind", "gave"),
    [("none", "gave None;"), ("number", "gave 0.5 (float) without"), ("mapping", "(dict) without run_uid")],
)
def test_a_capability_returns_a_run(tmp_path, kind, gave):
    nothing = {"arity": {"datasets": "ZERO", "models": "ZERO", "metrics": "ZERO"}}
    said = failure(run(tmp_path, part("Says"), part("Given"), capability=part("Returns", nothing, kind=kind)))
    assert said.startswith("run() of capability 'tests.returns' gave")
    assert gave in said
    assert "it must return a run with run_uid, capability_id and extract()" in said


def test_label_issues_are_null_where_no_label_could_be_checked(tmp_path):
    quality = {"_target_": "sweeper.capabilities.DataQuality"}
    result = run(tmp_path, part("Says"), part("Given"), capability=quality)
    found = {row["key"]: row["value"] for row in result.rows}
    assert (found["label_issues.share"], found["label_issues.checked_share"]) == (None, 0)
    assert found["exact_duplicates.share"] == 0
    assert "not checked" in DataQuality().run(datasets=[Given()]).collect_md_report(0.5)


# Both backends


@pytest.mark.usefixtures("ray_session")
def test_both_backends_refuse_alike(tmp_path):
    config = {
        "capability": {"evaluate": EVALUATE, "robustness": ROBUSTNESS, "calls": {**CALLS, "_sweep_": {**ONE_EACH}}},
        "model": {
            "good": part("Says", names=CAT_DOG),
            "nan": part("Says", names=CAT_DOG, bad=2),
            "other": part("Says", names=DOG_CAT),
            "nameless": part("Says"),
            "short": part("Says", kind="short"),
        },
        "dataset": {
            "right": part("Given", names=CAT_DOG),
            "zeros": part("Given", names=CAT_DOG, targets=[FINE, [0.0, 0.0], FINE, FINE]),
            "pairs": part("Given", names=CAT_DOG, drop="metadata"),
        },
        "metric": {"accuracy": ACCURACY, "scalar": part("Gives", kind="number")},
    }
    ended = {kind: _ended(config, tmp_path / kind, kind) for kind in ("inline", "ray-simple")}
    assert ended["inline"] == ended["ray-simple"]
    completed = {label for label, (status, *_) in ended["inline"].items() if status == "completed"}
    assert completed == {
        *((c, "right", m, "accuracy") for c in ("evaluate", "robustness") for m in ("good", "nameless")),
        *(("calls", "right", m, "") for m in ("good", "nameless")),
    }


def _ended(config: dict[str, Any], where: Path, kind: str) -> dict[tuple[str, ...], tuple[Any, ...]]:
    settings = {"analytics_store": {"uri": str(where)}, "job_backend": {"kind": kind}, "max_same_error": None}
    result = sweeper.sweep({**config, **settings}, progress=False)
    return {
        tuple(row[axis] for axis in ("capability", "dataset", "model", "metric")): (
            row["status"],
            row["error_type"],
            row["error_message"],
            row["warnings"],
        )
        for row in result.store.attempts().to_pylist()
    }


def test_a_null_is_shown_as_such():
    import report_parts

    row = {"capability": "c", "dataset": "d", "model": "", "metric": "", "scope": "overall", "higher_is_better": False}
    shown = report_parts.tables_text([{**row, "key": "share", "value": None}, {**row, "key": "count", "value": 2.0}])
    assert [line.split()[-1] for line in shown.splitlines()[-2:]] == ["null", "2"]
