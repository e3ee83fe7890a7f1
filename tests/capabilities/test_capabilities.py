"""Capabilities find what was planted, agree with MAITE and with themselves, and refuse the wrong parts."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maite import tasks
from sklearn.linear_model import LogisticRegression

from sweeper.augmentations import LowLight, Rotation, SensorNoise
from sweeper.capabilities import DataQuality, Evaluate, Predictions, Robustness, Shift, predict
from sweeper.capabilities.data_quality_checks import class_balance, exact_duplicates, near_duplicates
from sweeper.capabilities.pixel_features import average_pool, pixel_names
from sweeper.capabilities.predictions import MetadataBatch
from sweeper.capabilities.shift import _feature_tests
from sweeper.datasets import ArrayDataset, Augmented, Digits, as_arrays
from sweeper.errors import PartError
from sweeper.metrics import ExpectedCalibrationError, SklearnMetric
from sweeper.models import SklearnClassifier
from sweeper.records import columns
from sweeper.vocabulary import Arity

DIGITS = Digits()


@pytest.fixture(scope="module")
def model():
    return SklearnClassifier(LogisticRegression(max_iter=1000), Digits("train"))


@pytest.fixture
def accuracy():
    return SklearnMetric("sklearn.metrics.accuracy_score", key="accuracy")


def dataset(images, labels, n_classes=10, id="made"):
    return ArrayDataset(images, labels, index2label={i: f"class {i}" for i in range(n_classes)}, id=id)


def with_images(images, labels):
    """The test digits, with more images appended; the added ones get the ids 540, 541, ..."""
    return dataset(np.concatenate([DIGITS.images, images]), np.concatenate([DIGITS.labels, labels]))


# The contract


CASES = {
    "evaluate": (Evaluate(), Arity.ONE, Arity.ONE, Arity.ONE),
    "robustness": (Robustness(LowLight, [0.5]), Arity.ONE, Arity.ONE, Arity.ONE),
    "data_quality": (DataQuality(), Arity.ONE, Arity.ZERO, Arity.ZERO),
    "shift": (Shift(), Arity.TWO, Arity.ZERO, Arity.ZERO),
}
COUNTS = {Arity.ZERO: 0, Arity.ONE: 1, Arity.TWO: 2}
ALL = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def parts(case, model, metric, change=()):
    _, n_datasets, n_models, n_metrics = case
    counts = {"datasets": COUNTS[n_datasets], "models": COUNTS[n_models], "metrics": COUNTS[n_metrics], **dict(change)}
    stock = {
        "datasets": [DIGITS, Augmented(DIGITS, LowLight(0.5)), DIGITS],
        "models": [model] * 3,
        "metrics": [metric] * 3,
    }
    return {axis: stock[axis][:count] for axis, count in counts.items()}


@ALL
def test_runs_keep_the_contract(case, model, accuracy):
    capability = case[0]
    given_parts = parts(case, model, accuracy)
    run = capability.run(**given_parts, config=None, use_cache=False)
    again = capability.run(**given_parts)
    assert (capability.supports_datasets, capability.supports_models, capability.supports_metrics) == case[1:]
    assert run.capability_id == capability.id == f"sweeper.{next(k for k, v in CASES.items() if v is case)}"
    assert [m["id"] for m in run.dataset_metadata] == [d.metadata["id"] for d in given_parts["datasets"]]
    assert [m["id"] for m in run.model_metadata] == [m.metadata["id"] for m in given_parts["models"]]
    assert [m["id"] for m in run.metric_metadata] == [m.metadata["id"] for m in given_parts["metrics"]]
    assert len(run.run_uid) == 32
    assert run.run_uid != again.run_uid


@ALL
def test_rows_are_typed_and_reproducible(case, model, accuracy):
    def rows():
        return case[0].run(**parts(case, model, accuracy)).extract()

    first = rows()
    assert first
    for row in first:
        for name, (kind, nullable) in columns(type(row)).items():
            value = getattr(row, name)
            assert type(value) is kind or (value is None and nullable), (name, value)
    keys = [(row.output_key, getattr(row, "class_name", None), getattr(row, "item_id", None)) for row in first]
    assert len(set(keys)) == len(keys)
    same = {"run_uid": "", "created_at": first[0].created_at}
    assert [dataclasses.replace(row, **same) for row in first] == [dataclasses.replace(row, **same) for row in rows()]


@ALL
def test_runs_travel_and_report(case, model, accuracy):
    run = pickle.loads(pickle.dumps(case[0].run(**parts(case, model, accuracy))))
    report = run.collect_md_report(0.9)
    assert report.startswith("# ")
    assert run.dataset_metadata[0]["id"] in report


@ALL
@pytest.mark.parametrize("axis", ["datasets", "models", "metrics"])
def test_another_number_of_parts_is_refused(case, axis, model, accuracy):
    right = len(parts(case, model, accuracy)[axis])
    for count in {0, 1, 2, 3} - {right}:
        with pytest.raises(PartError, match=rf"{case[0].id} takes .* {axis[:-1]}s?; got {count}"):
            case[0].run(**parts(case, model, accuracy, {axis: count}))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"models": ["svm"]}, "str as its model, which is not a MAITE Model"),
        ({"datasets": [[1, 2]]}, "list as its dataset"),
        ({"metrics": [len]}, "as its metric"),
        ({"config": {"batch_size": 3}}, "takes no config"),
        ({"use_cache": True}, "keeps no cache"),
    ],
)
def test_parts_of_the_wrong_kind_are_refused(wrong, message, model, accuracy):
    with pytest.raises(PartError, match=message):
        Evaluate().run(**{**parts(CASES["evaluate"], model, accuracy), **wrong})


def test_importing_the_parts_loads_no_heavy_library():
    code = (
        "import sys, sweeper.capabilities, sweeper.datasets, sweeper.models, sweeper.metrics, sweeper.augmentations\n"
        "heavy = {'torch', 'ray', 'sklearn', 'scipy', 'cleanlab', 'pandas', 'duckdb', 'pyarrow', 'imagehash', 'PIL'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# Predictions


def test_predictions_are_those_of_maite(model):
    made = predict(model, DIGITS, LowLight(0.5), batch_size=100)
    answers, data = tasks.predict(
        model=model, dataset=DIGITS, augmentation=LowLight(0.5), batch_size=100, return_augmented_data=True
    )
    assert len(made) == 540
    assert [len(batch) for batch in made.prediction_batches] == [100] * 5 + [40]
    for mine, theirs in zip(made.prediction_batches, answers, strict=True):
        np.testing.assert_array_equal(mine, np.stack(theirs))
    for mine, (_, theirs, _) in zip(made.target_batches, data, strict=True):
        np.testing.assert_array_equal(mine, np.stack(theirs))
    assert [list(batch) for batch in made.metadata_batches] == [list(metadata) for _, _, metadata in data]


def test_metadata_travel_closed_and_are_the_same_when_they_are_opened():
    metadata = [{"id": "a", "place": {"x": 1}}, {"id": "b"}]
    sent = pickle.dumps(MetadataBatch(metadata), protocol=5)
    for _ in range(2):  # also when nobody looked before it is sent on
        arrived = pickle.loads(sent)
        assert len(arrived) == 2
        sent = pickle.dumps(arrived, protocol=5)
    assert b"place" in sent
    assert (arrived[1], arrived[-2:], list(arrived)) == (metadata[1], metadata, metadata)
    assert list(pickle.loads(pickle.dumps(arrived))) == metadata
    assert list(pickle.loads(pickle.dumps(MetadataBatch([])))) == []


def test_metadata_that_only_ray_can_pickle_travel_as_they_are():
    from ray import cloudpickle

    class Place:
        name = "here"

    (arrived,) = pickle.loads(cloudpickle.dumps(MetadataBatch([Place()])))
    assert arrived.name == "here"


def test_prediction_is_silent_and_lets_the_model_speak(model, capfd):
    class Speaking:
        metadata = {"id": "speaking"}  # noqa: RUF012 - a user's own class

        def __call__(self, batch):
            print("a word from the model", file=sys.stderr)
            return model(batch)

    stderr = sys.stderr
    predict(Speaking(), DIGITS, batch_size=300)
    assert sys.stderr is stderr
    assert capfd.readouterr().err == "a word from the model\n" * 2


def test_a_failing_model_leaves_stderr_as_it_was(model):
    stderr = sys.stderr
    with pytest.raises(PartError, match="takes images of shape"):
        predict(model, dataset(np.zeros((1, 1, 4, 4)), [0]))
    assert sys.stderr is stderr


def test_regular_batches_are_arrays_that_pickle_out_of_band(model):
    made = predict(model, DIGITS)
    assert {type(batch) for batch in (*made.prediction_batches, *made.target_batches)} == {np.ndarray}
    buffers: list[pickle.PickleBuffer] = []
    rest = pickle.dumps(made, protocol=5, buffer_callback=buffers.append)
    assert sum(buffer.raw().nbytes for buffer in buffers) == 2 * 540 * 10 * 4
    assert len(rest) < 10_000


class Detections:
    """A detection dataset, model and metric in one: targets are objects, a different number of boxes for each image."""

    metadata = {"id": "detections"}  # noqa: RUF012 - a user's own class

    @dataclasses.dataclass
    class Target:
        boxes: np.ndarray
        labels: np.ndarray
        scores: np.ndarray

    def __len__(self):
        return 3

    def __getitem__(self, index):
        if index >= 3:
            raise IndexError(index)
        target = self.Target(np.zeros((index + 1, 4)), np.zeros(index + 1), np.ones(index + 1))
        return np.zeros((3, 4, 4)), target, {"id": index}

    def __call__(self, batch):
        return [self[index][1] for index in range(len(batch))]

    def reset(self):
        self.boxes = 0

    def update(self, predictions, targets, metadata):
        self.boxes += sum(len(target.boxes) for target in targets)

    def compute(self):
        return {"boxes": np.float32(self.boxes), "per_class": np.zeros(2), "task": "detection", "ok": True}


def test_detection_targets_stay_as_they_are_and_only_numbers_count():
    run = Evaluate(batch_size=2).run([Detections()], [Detections()], [Detections()])
    assert run.values == {"boxes": 6.0}
    assert run.extract()[0].higher_is_better is None


def test_ragged_arrays_stay_lists():
    class Ragged(Detections):
        def __getitem__(self, index):
            image, target, metadata = super().__getitem__(index)
            return image, target.scores, metadata

    (batch,) = predict(Ragged(), Ragged()).target_batches
    assert [len(scores) for scores in batch] == [1, 2, 3]


@pytest.mark.parametrize(
    ("targets", "stacked"),
    [
        ([np.ones((2, 3)), np.zeros((2, 3))], True),
        ([np.array(1.0), np.array(2.0)], True),
        ([np.ones((0, 4)), np.ones((0, 4))], True),
        ([np.ones(2, np.float32), np.ones(2, np.float64)], False),
        ([np.ones(2), np.ma.masked_array([1.0, 2.0], [True, False])], False),
        ([np.array([{}]), np.array([{}])], False),
        ([np.ones(2), [1.0, 1.0]], False),
    ],
    ids=["arrays", "numbers", "empty", "dtypes", "masked", "objects", "mixed"],
)
def test_arrays_of_one_kind_travel_as_one(targets: list[np.ndarray], stacked: bool):
    class Targets(Detections):
        def __len__(self):
            return len(targets)

        def __getitem__(self, index):
            return np.zeros((3, 4, 4)), targets[index], {"id": index}

    (batch,) = predict(Targets(), Targets()).target_batches
    assert isinstance(batch, np.ndarray) == stacked
    if stacked:
        np.testing.assert_array_equal(batch, np.stack(targets))
    else:
        for arrived, sent in zip(batch, targets, strict=True):
            assert type(arrived) is type(sent)
            assert getattr(arrived, "dtype", None) == getattr(sent, "dtype", None)
            assert repr(arrived) == repr(sent)


def test_capabilities_say_how_their_predictions_are_made():
    """Whoever predicts in their stead asks for `augmentations()` and `batch_size`."""
    assert (Evaluate(batch_size=7).batch_size, Evaluate().augmentations()) == (7, {"": None})
    assert Robustness(LowLight, [0.5], batch_size=7).batch_size == 7


@pytest.mark.parametrize(
    ("data", "batch_size", "message"),
    [(DIGITS, 0, "at least 1"), (dataset(np.zeros((0, 1, 8, 8)), []), 64, "is empty")],
)
def test_prediction_refuses_what_it_cannot_do(model, data, batch_size, message):
    with pytest.raises(PartError, match=message):
        predict(model, data, batch_size=batch_size)


def test_a_model_that_loses_predictions_is_refused():
    class Losing:
        metadata = {"id": "losing"}  # noqa: RUF012 - a user's own class

        def __call__(self, batch):
            return [np.ones(10)]

    with pytest.raises(PartError, match="losing gave 1 predictions for 64 data"):
        predict(Losing(), DIGITS)


def test_a_metric_without_a_number_is_refused(model):
    class Wordy(SklearnMetric):
        def compute(self):
            return {"verdict": "good"}

    with pytest.raises(PartError, match=r"no number; its keys: \['verdict'\]"):
        predict(model, DIGITS).score(Wordy("sklearn.metrics.accuracy_score"))


# Evaluate


def test_evaluation_is_that_of_maite(model, accuracy):
    run = Evaluate().run([model], [DIGITS], [accuracy])
    expected, _, _ = tasks.evaluate(model=model, dataset=DIGITS, metric=accuracy, batch_size=64)
    assert run.values == dict(expected)
    assert run.n_items == 540


def test_the_row_has_the_columns_of_checkmaite_and_then_our_own(model):
    (row,) = Evaluate().run([model], [DIGITS], [ExpectedCalibrationError()]).extract()
    theirs = ["dataset_id", "model_id", "metric_id", "output_key", "output_value", "scope", "class_name"]
    assert list(columns(type(row))) == ["run_uid", "created_at", *theirs, "higher_is_better", "n_items"]
    assert type(row).table_name == "maite_evaluation"
    assert (row.dataset_id, row.metric_id) == ("digits[test]", "expected_calibration_error")
    assert (row.output_key, row.scope, row.class_name, row.higher_is_better) == ("ece", "overall", None, False)


def test_predictions_made_before_are_used(model, accuracy):
    class Unwilling:
        metadata = model.metadata

        def __call__(self, batch):
            raise AssertionError("predicted twice")

    made = pickle.loads(pickle.dumps(predict(model, DIGITS)))
    run = Evaluate().run([Unwilling()], [DIGITS], [accuracy], predictions={"": made})
    assert run.values == Evaluate().run([model], [DIGITS], [accuracy]).values


@pytest.mark.parametrize(("higher", "verdict"), [(True, "met"), (False, "not met")])
def test_the_report_holds_values_against_the_threshold(model, higher, verdict):
    metric = SklearnMetric("sklearn.metrics.accuracy_score", higher_is_better=higher)
    assert f" {verdict} " in Evaluate().run([model], [DIGITS], [metric]).collect_md_report(0.9)


# Robustness


def test_robustness_is_the_evaluation_at_each_severity(model, accuracy):
    run = Robustness(partial(SensorNoise, seed=3), [0.1, 0.4]).run([model], [DIGITS], [accuracy])
    data = [DIGITS, Augmented(DIGITS, SensorNoise(0.1, seed=3)), Augmented(DIGITS, SensorNoise(0.4, seed=3))]
    expected = [Evaluate().run([model], [d], [accuracy]).values["accuracy"] for d in data]
    assert run.curves["accuracy"].values == pytest.approx(expected)
    first, second, third = expected
    area = (0.1 * (first + second) / 2 + 0.3 * (second + third) / 2) / 0.4
    assert run.curves["accuracy"].area == pytest.approx(area)
    assert first > second > third


def test_robustness_rows(model, accuracy):
    rows = Robustness(Rotation, [10, 20]).run([model], [DIGITS], [accuracy]).extract()
    assert [row.output_key for row in rows] == ["accuracy@0", "accuracy@10", "accuracy@20", "accuracy.area"]
    assert [row.severity for row in rows] == [0, 10, 20, None]
    assert [row.severity_index for row in rows] == [0, 1, 2, None]
    assert [row.scope for row in rows] == ["severity"] * 3 + ["overall"]
    assert {(row.augmentation, row.parameter, row.metric_key, row.higher_is_better) for row in rows} == {
        ("Rotation", "severity", "accuracy", True)
    }


@given(st.floats(0, 1), st.lists(st.floats(0.01, 1), min_size=1, max_size=5, unique=True))
@settings(max_examples=20, deadline=None)
def test_a_curve_that_stays_has_its_value_as_area(value, severities):
    class Constant(Detections):
        def update(self, predictions, targets, metadata):
            assert len(predictions) == len(targets)

        def compute(self):
            return {"v": value}

    run = Robustness(LowLight, sorted(severities)).run([Detections()], [Plain()], [Constant()])
    assert run.curves["v"].area == pytest.approx(value, abs=1e-9)


class Plain(Detections):
    """A classification dataset of three images."""

    def __getitem__(self, index):
        image, _, metadata = super().__getitem__(index)
        return image, np.zeros(2), metadata


def test_robustness_takes_any_factory_and_falling_parameters(model, accuracy):
    def lamp(brightness):
        return LowLight(1 - brightness)

    by_lamp = Robustness(lamp, [0.75, 0.5], parameter="brightness", baseline=1.0).run([model], [DIGITS], [accuracy])
    by_loss = Robustness(LowLight, [0.25, 0.5]).run([model], [DIGITS], [accuracy])
    assert by_lamp.curves == by_loss.curves
    assert by_lamp.severities == (1.0, 0.75, 0.5)


def test_robustness_uses_predictions_by_the_labels_of_its_augmentations(model, accuracy):
    capability = Robustness(LowLight, [0.5])
    made = {label: predict(model, DIGITS, a) for label, a in capability.augmentations().items()}
    assert list(made) == ["", "severity=0.5"]
    assert all(isinstance(p, Predictions) for p in made.values())
    run = capability.run([model], [DIGITS], [accuracy], predictions=made)
    assert run.curves == capability.run([model], [DIGITS], [accuracy]).curves


@pytest.mark.parametrize(
    ("augmentation", "arguments", "message"),
    [
        (LowLight(0.5), {"severities": [0.5]}, "_partial_: true"),
        ("LowLight", {"severities": [0.5]}, "_partial_: true"),
        (LowLight, {"severities": []}, "one or more"),
        (LowLight, {"severities": [0.5, 0.5]}, "further"),
        (LowLight, {"severities": [0.0, 0.5]}, "further|one side"),
        (LowLight, {"severities": [-0.5, 0.6]}, "one side"),
        (LowLight, {"severities": [0.5], "parameter": "strength"}, "strength=0.5"),
        (lambda severity: len, {"severities": [0.5]}, "not a MAITE Augmentation"),
        (LowLight, {"severities": [0.5, 1.5]}, "severity of low_light is 1.5"),
    ],
)
def test_robustness_refuses_what_is_not_allowed(augmentation, arguments, message):
    with pytest.raises(PartError, match=message):
        Robustness(augmentation, **arguments)


# Data quality


def found(run, check):
    return [finding.item_id for finding in run.findings[check]]


@given(st.lists(st.integers(0, 539), min_size=1, max_size=5))
def test_exact_duplicates_are_found_with_their_originals(copied):
    findings = exact_duplicates(as_arrays(with_images(DIGITS.images[copied], DIGITS.labels[copied])))
    assert [finding.item_id for finding in findings] == [540 + i for i in range(len(copied))]
    assert [finding.detail for finding in findings] == [str(i) for i in copied]


def test_near_duplicates_are_found_and_are_no_exact_ones():
    images = np.random.default_rng(0).random((30, 1, 32, 32)).astype(np.float32)
    near = np.clip(images[:3] + np.float32(0.004), 0, 1)
    run = DataQuality().run(datasets=[dataset(np.concatenate([images, near, images[:1]]), [0, 1] * 17)])
    assert sorted(found(run, "near_duplicates")) == [30, 31, 32]
    assert sorted(f.detail for f in run.findings["near_duplicates"]) == ["0", "1", "2"]
    assert found(run, "exact_duplicates") == [33]


@pytest.mark.parametrize(("scale", "shift"), [(255, 0), (2, -1), (1 / 64, 0)])
def test_near_duplicates_do_not_depend_on_the_range_of_the_images(scale, shift):
    images = np.random.default_rng(0).random((40, 1, 32, 32), dtype=np.float32)
    images[39] = images[0] + 0.01
    (expected,) = near_duplicates(as_arrays(dataset(images, np.zeros(40, int))), 2)
    (twin,) = near_duplicates(as_arrays(dataset(images * scale + shift, np.zeros(40, int))), 2)
    assert (twin.item_id, twin.detail) == (expected.item_id, expected.detail) == (39, "0")


def test_near_duplicates_do_not_depend_on_blocks(monkeypatch):
    data = as_arrays(DIGITS)
    whole = near_duplicates(data, 6)
    monkeypatch.setattr("sweeper.capabilities.data_quality_checks._BLOCK", 7)
    assert near_duplicates(data, 6) == whole
    assert len(whole) > 10


def test_mislabelled_images_are_found():
    rng = np.random.default_rng(0)
    train = Digits("train")
    wrong = rng.choice(len(train), 40, replace=False)
    labels = train.labels.copy()
    labels[wrong] = (labels[wrong] + rng.integers(1, 10, 40)) % 10
    run = DataQuality().run(datasets=[dataset(train.images, labels)])
    issues = found(run, "label_issues")
    hits = set(issues) & set(wrong.tolist())
    assert len(hits) >= 0.75 * 40
    assert len(hits) >= 0.75 * len(issues)
    right = {f.item_id: f.detail for f in run.findings["label_issues"] if f.item_id in hits}
    told = sum(detail.endswith(f"-> class {train.labels[i]}") for i, detail in right.items())
    assert told >= 0.9 * len(hits)


def test_clean_labels_are_mostly_left_alone():
    assert len(found(DataQuality().run(datasets=[Digits("train")]), "label_issues")) <= 0.005 * 1257


def test_dark_bright_and_flat_images_are_found():
    odd = np.stack([np.zeros((1, 8, 8)), np.ones((1, 8, 8)), np.full((1, 8, 8), 0.3)]).astype(np.float32)
    run = DataQuality().run(datasets=[with_images(odd, [0, 1, 2])])
    assert set(found(run, "brightness_outliers")) == {540, 541}
    assert set(found(run, "contrast_outliers")) == {540, 541, 542}
    assert not found(DataQuality().run(datasets=[DIGITS]), "brightness_outliers")


def test_one_odd_image_among_equal_ones_is_found():
    images = np.full((50, 1, 4, 4), 0.5, dtype=np.float32)
    images[7] = 0.9
    run = DataQuality().run(datasets=[dataset(images, [0, 1] * 25)])
    assert found(run, "brightness_outliers") == [7]
    assert found(run, "contrast_outliers") == []


@pytest.mark.parametrize(
    ("labels", "n_classes", "evenness", "ratio", "empty"),
    [
        ([0, 0, 1, 1], 2, 1.0, 1.0, 0),
        ([0, 0, 0, 1], 2, 0.8112781, 3.0, 0),
        ([0, 0, 1, 1], 4, 0.5, 1.0, 2),
        ([1, 1, 1, 1], 3, 0.0, 1.0, 2),
    ],
)
def test_class_balance(labels, n_classes, evenness, ratio, empty):
    data = as_arrays(dataset(np.zeros((4, 1, 2, 2)), labels, n_classes))
    balance = class_balance(data, [str(i) for i in range(n_classes)])
    assert balance.evenness == pytest.approx(evenness)
    assert (balance.imbalance_ratio, balance.empty_classes) == (ratio, empty)
    assert sum(balance.counts.values()) == 4


def test_small_classes_are_not_checked_and_that_is_said():
    kept = np.flatnonzero((DIGITS.labels != 3) | (np.cumsum(DIGITS.labels == 3) <= 4))
    run = DataQuality().run(datasets=[dataset(DIGITS.images[kept], DIGITS.labels[kept])])
    assert run.labels_checked == len(kept) - 4
    tiny = DataQuality().run(datasets=[dataset(DIGITS.images[:3], DIGITS.labels[:3])])
    assert (tiny.labels_checked, tiny.findings["label_issues"]) == (0, ())


def test_data_quality_rows():
    run = DataQuality().run(datasets=[with_images(DIGITS.images[:2], DIGITS.labels[:2])])
    rows = run.extract()
    assert {row.dataset_id for row in rows} == {"made"}
    by_scope = {scope: [row for row in rows if row.scope == scope] for scope in ("overall", "class", "item")}
    assert sum(map(len, by_scope.values())) == len(rows)
    shares = {row.output_key: row.output_value for row in by_scope["overall"]}
    assert shares["exact_duplicates.share"] == pytest.approx(2 / 542)
    assert [row.class_name for row in by_scope["class"]] == [f"class {i}" for i in range(10)]
    assert sum(row.output_value for row in by_scope["class"]) == 542
    exact = [row for row in by_scope["item"] if row.check == "exact_duplicates"]
    assert [(row.item_id, row.detail) for row in exact] == [("540", "0"), ("541", "1")]


@pytest.mark.parametrize("wrong", [{"near_distance": -1}, {"outlier_z": 0}, {"side": 0}, {"folds": 1}])
def test_data_quality_refuses_what_is_not_allowed(wrong):
    with pytest.raises(PartError, match=next(iter(wrong))):
        DataQuality(**wrong)


# Shift


def gaussian(seed, n=60, mean=0.5, deviation=0.1):
    images = np.random.default_rng(seed).normal(mean, deviation, (n, 1, 4, 4))
    return dataset(images, np.zeros(n, dtype=int), id=f"gaussian{seed}")


@pytest.mark.parametrize(
    "condition", [LowLight(0.3), SensorNoise(0.1), Rotation(10)], ids=lambda condition: condition.name
)
def test_digits_under_a_condition_are_shifted(condition):
    run = Shift().run(datasets=[Digits("train"), Augmented(DIGITS, condition)])
    assert run.shifted
    assert run.classifier.auc > 0.9
    assert run.extract()[0].shifted is True


def test_two_halves_of_the_digits_are_not_shifted():
    run = Shift().run(datasets=[Digits("train"), DIGITS])
    assert not run.shifted
    assert run.classifier.auc == pytest.approx(0.5, abs=0.06)
    assert "does not differ" in run.collect_md_report(0)


def test_a_shift_in_one_pixel_is_found_there():
    reference, candidate = gaussian(0, 200), gaussian(1, 200)
    candidate.images[:, 0, 2, 3] += 0.15
    run = Shift().run(datasets=[reference, candidate])
    assert run.shifted
    assert run.shifted_features[0].feature == "c0_y2_x3"
    assert {test.feature for test in run.shifted_features} <= {"c0_y2_x3", "brightness", "contrast"}


def test_the_classifier_finds_what_no_single_pixel_shows():
    rng = np.random.default_rng(0)
    pixels = rng.random((300, 1, 1, 2))
    alike, opposite = pixels.copy(), rng.random((300, 1, 1, 2))
    alike[..., 1], opposite[..., 1] = alike[..., 0], 1 - opposite[..., 0]
    run = Shift().run(datasets=[dataset(alike, np.zeros(300, int)), dataset(opposite, np.zeros(300, int))])
    assert run.classifier.shifted
    assert not {"c0_y0_x0", "c0_y0_x1"} & {test.feature for test in run.shifted_features}


def test_feature_tests_keep_their_level_without_a_shift():
    """200 comparisons at level 0.05: more than 20 alarms have a probability below 0.001 where the level holds."""
    rng = np.random.default_rng(0)
    features = rng.random((200, 2, 50, 20), dtype=np.float32)
    alarms = sum(any(t.shifted for t in _feature_tests(["f"] * 20, a, b, 0.05)) for a, b in features)
    assert alarms <= 20


@pytest.mark.slow
def test_the_verdict_keeps_its_level_without_a_shift():
    """100 comparisons at alpha 0.05: more than 13 alarms have a probability below 0.001 where the level holds."""
    alarms = sum(Shift().run(datasets=[gaussian(2 * i), gaussian(2 * i + 1)]).shifted for i in range(100))
    assert alarms <= 13


def test_shift_rows():
    run = Shift().run(datasets=[gaussian(0), gaussian(1, mean=0.6)])
    rows = run.extract()
    assert [row.output_key for row in rows[:4]] == [
        "shifted", "classifier.auc", "ks.shifted_share", "ks.max_statistic"
    ]  # fmt: skip
    assert {(row.reference_id, row.candidate_id) for row in rows} == {("gaussian0", "gaussian1")}
    features = [row for row in rows if row.scope == "feature"]
    assert [row.feature for row in features] == [*pixel_names((1, 4, 4)), "brightness", "contrast"]
    assert all(row.p_value <= row.adjusted_p_value for row in features)
    assert rows[2].output_value == pytest.approx(sum(row.shifted for row in features) / 18)


def test_shift_refuses_images_of_another_shape_and_too_few():
    with pytest.raises(PartError, match=r"\(1, 8, 8\) and \(1, 4, 4\)"):
        Shift().run(datasets=[DIGITS, gaussian(0)])
    with pytest.raises(PartError, match="needs 5 images"):
        Shift().run(datasets=[DIGITS, dataset(DIGITS.images[:4], DIGITS.labels[:4])])


@pytest.mark.parametrize("wrong", [{"alpha": 0}, {"alpha": 1}, {"side": 0}, {"folds": 1}])
def test_shift_refuses_what_is_not_allowed(wrong):
    with pytest.raises(PartError, match=next(iter(wrong))):
        Shift(**wrong)


# Features


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 16))
def test_pooling_averages_blocks(height, width, side):
    images = np.random.default_rng(0).random((2, 3, height, width)).astype(np.float32)
    small = average_pool(images, side)
    assert small.shape == (2, 3, min(height, side), min(width, side))
    if height % small.shape[2] == 0 and width % small.shape[3] == 0:
        blocks = images.reshape(2, 3, small.shape[2], height // small.shape[2], small.shape[3], -1)
        np.testing.assert_allclose(small, blocks.mean(axis=(3, 5)), rtol=1e-5)


def test_pooling_leaves_small_images_alone_and_names_follow_memory_order():
    images = np.zeros((1, 2, 2, 2), dtype=np.float32)
    assert average_pool(images, 16) is images
    assert pixel_names((2, 1, 2)) == ["c0_y0_x0", "c0_y0_x1", "c1_y0_x0", "c1_y0_x1"]


# Speed, as promised for two cores; libraries are loaded before


@pytest.mark.bench
@pytest.mark.parametrize(("name", "seconds"), [("evaluate", 0.3), ("robustness", 1), ("data_quality", 5), ("shift", 3)])
def test_speed_on_the_digits(name, seconds, model, accuracy):
    capability = Robustness(SensorNoise, [0.1, 0.2, 0.3, 0.4, 0.5]) if name == "robustness" else CASES[name][0]
    given_parts = parts(CASES[name], model, accuracy)
    capability.run(**given_parts)
    start = time.perf_counter()
    capability.run(**given_parts)
    assert time.perf_counter() - start < seconds
